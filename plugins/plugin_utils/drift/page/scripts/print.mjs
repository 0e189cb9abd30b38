/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The page on paper: all that is selected, with its details. */

import { symbol } from "./badges.mjs";
import { byId, createElement, present } from "./elements.mjs";
import { errorsAndWarnings, problemBlock, replayBlock } from "./instance_notes.mjs";
import { pageState } from "./navigation.mjs";
import { report, resourceKinds, rows } from "./page_data.mjs";
import { resourceBlock } from "./resource_blocks.mjs";
import { selectRows } from "./selection.mjs";
import { isState, UNJUDGED } from "./statuses.mjs";
import { plural } from "./text.mjs";

/** @typedef {import("./selection.mjs").SelectedRow} SelectedRow */

/** Write the page for the printer before it prints, and remove it afterwards. */
export function startPrint() {
  addEventListener("beforeprint", () => byId("paper").replaceChildren(...paperContent()));
  addEventListener("afterprint", () => byId("paper").replaceChildren());
}

function paperContent() {
  const { shown } = selectRows(rows, pageState);
  const differing = shown.filter(
    ({ row, differing: resources }) => resources.length || row.errors.length || UNJUDGED.has(row.status),
  );
  const clean = shown.filter((entry) => !differing.includes(entry));
  const filters = filtersInWords();
  const problems = report.baseline?.problems ?? [];
  return present([
    filters.length > 0 && createElement("p", { class: "quiet" }, `Only a part is printed: ${filters.join("; ")}.`),
    problems.length > 0 &&
      createElement("section", {}, createElement("h2", {}, "Baseline: problems"), problems.map(problemBlock)),
    differing.map(instanceSection),
    clean.length > 0 && cleanSection(clean),
  ]);
}

function filtersInWords() {
  const statuses = [...pageState.statuses].filter(isState);
  const kinds = [...pageState.kinds].map((kind) => resourceKinds.plural(kind).toLowerCase());
  const filters = [];
  if (statuses.length) filters.push(`status ${statuses.join(", ")}`);
  if (kinds.length) filters.push(kinds.join(", "));
  if (pageState.words) filters.push(`search for ${pageState.words}`);
  return filters;
}

/** @param {SelectedRow} entry */
function instanceSection({ row, differing }) {
  const title = createElement("h2", {}, symbol(row.status), ` ${row.name}: ${row.status}`);
  return createElement(
    "section",
    {},
    title,
    errorsAndWarnings(row),
    differing.map(resourceBlock),
    row.replay && replayBlock(row.replay),
  );
}

/** @param {SelectedRow[]} entries */
function cleanSection(entries) {
  const title = createElement("h2", {}, `${plural(entries.length, "instance")} without differences`);
  return createElement("section", {}, title, createElement("p", {}, entries.map(({ row }) => row.name).join(", ")));
}
