/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The buttons that filter: by status, by kind, and the baseline's. */

import { symbol } from "./badges.mjs";
import { byId, createElement, inputById, selectById } from "./elements.mjs";
import { navigate, openDetails, pageState } from "./navigation.mjs";
import { kindColumns, report, rows } from "./page_data.mjs";
import { toggled } from "./selection.mjs";
import { STATES } from "./statuses.mjs";
import { plural } from "./text.mjs";

/** @typedef {import("./statuses.mjs").State} State */

// In the order of their buttons.
/** @type {State[]} */
const COUNTED = [
  "drifted",
  "missing",
  "unmanaged",
  "failed",
  "unreachable",
  "unknown",
  "corrected",
  "accepted",
  "clean",
];

// The time between the last key and the search, in milliseconds.
const TYPING = 120;

/** Show the buttons and connect the inputs. */
export function showFilters() {
  byId("counts").append(...COUNTED.flatMap(statusButton));
  if (report.baseline) byId("counts").append(baselineButton(report.baseline));
  byId("kinds").append(...kindColumns.map(({ kind }) => kindButton(kind)));
  byId("kinds").hidden = kindColumns.length < 2;
  connectInputs();
}

/** @param {State} status */
function statusButton(status) {
  const isPart = status === "missing" || status === "unmanaged";
  const count = isPart ? rows.filter((row) => row.states.has(status)).length : report.verdict.instances[status];
  if (isPart && !count) return [];
  const properties = {
    type: "button",
    class: `count${count ? "" : " none"}${isPart ? " of" : ""}`,
    "data-status": status,
    "aria-pressed": "false",
    title: isPart ? `Instances with a resource that is ${STATES[status].meaning}` : null,
    onclick: () => navigate({ statuses: toggled(pageState.statuses, status) }),
  };
  return [
    createElement(
      "button",
      properties,
      symbol(status),
      createElement("b", {}, String(count)),
      createElement("span", {}, status),
    ),
  ];
}

/** @param {NonNullable<import("./rows.mjs").Report["baseline"]>} baseline */
function baselineButton({ problems, accepted }) {
  const words = problems.length ? plural(problems.length, "problem") : plural(accepted, "entry", "entries");
  /** @type {(event: MouseEvent) => void} */
  const onclick = (event) => openDetails({ baseline: true }, /** @type {Element} */ (event.currentTarget));
  return createElement(
    "button",
    { type: "button", class: "count", id: "baseline", onclick },
    symbol(problems.length ? "drifted" : "accepted"),
    createElement("span", {}, `baseline: ${words}`),
  );
}

/** @param {import("./resource_kinds.mjs").Kind} kind */
function kindButton(kind) {
  const onclick = () => navigate({ kinds: toggled(pageState.kinds, kind.id) });
  return createElement(
    "button",
    { type: "button", class: "button", "data-kind": kind.id, "aria-pressed": "false", onclick },
    kind.many,
  );
}

function connectInputs() {
  const search = inputById("search");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => navigate({ words: search.value }), TYPING);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !search.value) return;
    event.stopPropagation();
    search.value = "";
    navigate({ words: "" });
  });
  inputById("only").addEventListener("change", () => navigate({ only: inputById("only").checked }));
  selectById("sort").addEventListener("change", () => navigate({ sort: selectById("sort").value }));
  byId("reset").addEventListener("click", () => {
    navigate({ words: "", only: false, statuses: new Set(), kinds: new Set() });
    search.focus();
  });
  for (const button of viewButtons()) button.addEventListener("click", () => navigate({ view: viewOf(button) }, true));
}

/** @returns {NodeListOf<HTMLElement>} */
function viewButtons() {
  return document.querySelectorAll("[data-view]");
}

/** @param {HTMLElement} button */
function viewOf(button) {
  return button.dataset.view === "differences" ? "differences" : "instances";
}

/** Show the state of the page in the buttons and inputs. */
export function updateFilters() {
  const byInstance = pageState.view === "instances";
  byId("differing").hidden = !byInstance;
  byId("order").hidden = !byInstance || rows.length < 2;
  for (const button of viewButtons()) press(button, viewOf(button) === pageState.view);
  /** @type {NodeListOf<HTMLElement>} */
  const statusButtons = byId("counts").querySelectorAll("[data-status]");
  for (const button of statusButtons) press(button, pageState.statuses.has(String(button.dataset.status)));
  /** @type {NodeListOf<HTMLElement>} */
  const kindButtons = byId("kinds").querySelectorAll("[data-kind]");
  for (const button of kindButtons) press(button, pageState.kinds.has(String(button.dataset.kind)));
  const search = inputById("search");
  // A blank at the end is being typed.
  if (search.value.trim() !== pageState.words.trim()) search.value = pageState.words;
  inputById("only").checked = pageState.only;
  selectById("sort").value = pageState.sort;
  byId("reset").hidden = !(pageState.words || pageState.only || pageState.statuses.size || pageState.kinds.size);
}

/**
 * @param {HTMLElement} button
 * @param {boolean} pressed
 */
function press(button, pressed) {
  button.setAttribute("aria-pressed", String(pressed));
}
