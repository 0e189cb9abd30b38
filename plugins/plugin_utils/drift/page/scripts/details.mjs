/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The details: an instance or a part of it, a resource of all instances, or the baseline. */

import { badge } from "./badges.mjs";
import { groupDifferences } from "./difference_groups.mjs";
import { groupItem } from "./difference_list.mjs";
import { byId, createElement, present } from "./elements.mjs";
import { errorsAndWarnings, problemBlock, replayBlock } from "./instance_notes.mjs";
import { closeDetails, detailsOpener, openDetails, pageState } from "./navigation.mjs";
import { report, resourceKinds, rows, rowsByName } from "./page_data.mjs";
import { cleanBlock, resourceBlock } from "./resource_blocks.mjs";
import { differs, resourceId } from "./rows.mjs";
import { plural, readableKey } from "./text.mjs";

/**
 * @typedef {import("./address.mjs").DetailsSubject} DetailsSubject
 * @typedef {import("./elements.mjs").Child} Child
 * @typedef {import("./rows.mjs").Row} Row
 * @typedef {import("./rows.mjs").ComparedResource} ComparedResource
 * @typedef {import("./selection.mjs").SelectedRow} SelectedRow
 */

// The width up to which the details cover the rest of the page.
const covering = matchMedia("(max-width: 64rem)");

/**
 * @param {string} title
 * @param {Child} subtitle
 * @param {Child[]} content
 */
function detailsWithTitle(title, subtitle, content) {
  const heading = createElement("h2", { id: "about", tabindex: -1 }, title);
  const close = {
    type: "button",
    class: "button",
    id: "close",
    "aria-label": "Close the details",
    onclick: closeDetails,
  };
  return [
    createElement(
      "header",
      {},
      createElement("div", {}, heading, createElement("p", { class: "quiet" }, subtitle)),
      createElement("button", close, "Close"),
    ),
    ...present(content),
  ];
}

/**
 * Return a section, or null if it has no content.
 *
 * @param {string | null} title
 * @param {(HTMLElement | null)[]} content
 */
function section(title, content) {
  if (!content.length) return null;
  return createElement("section", {}, title && createElement("h3", {}, title), content);
}

/** @param {Row} row */
function comparedInWords(row) {
  if (!row.resources.length) return "nothing was compared";
  const all = plural(row.resources.length, "resource");
  return row.differing
    ? `${row.differing} of ${all} ${row.differing === 1 ? "differs" : "differ"}`
    : `${all} as declared`;
}

/**
 * Return the resources of an instance that are asked for: all, those of a kind, or one.
 *
 * @param {Row} row
 * @param {DetailsSubject} subject
 */
function resourcesOf(row, { resource, key }) {
  if (typeof resource !== "string") return row.resources;
  if (typeof key !== "string") return row.resources.filter((one) => one.kind === resource);
  return row.resources.filter((one) => one.resource === resource && one.key === key);
}

/**
 * @param {Row} row
 * @param {DetailsSubject} subject
 */
function instanceDetails(row, subject) {
  const chosen = resourcesOf(row, subject);
  const differing = chosen.filter(differs);
  const clean = chosen.filter((resource) => !differs(resource));
  if (chosen.length !== row.resources.length) {
    const onclick = () => openDetails({ instance: row.name }, detailsOpener());
    const all = createElement(
      "button",
      { type: "button", class: "link", id: "whole", onclick },
      `Everything of ${row.name}`,
    );
    return detailsWithTitle(
      row.name,
      [badge(row.status), " ", all],
      [section(null, differing.map(resourceBlock)), clean.length > 0 && cleanBlock(clean)],
    );
  }
  const problems = report.baseline ? report.baseline.problems.filter((problem) => problem.instance === row.name) : [];
  return detailsWithTitle(
    row.name,
    [badge(row.status), " ", comparedInWords(row)],
    [
      section(null, errorsAndWarnings(row)),
      section(null, differing.map(resourceBlock)),
      row.replay && replayBlock(row.replay),
      clean.length > 0 && cleanBlock(clean),
      section("Baseline", problems.map(problemBlock)),
    ],
  );
}

/**
 * @param {string} resource
 * @param {string} key
 */
function resourceDetails(resource, key) {
  const id = resourceId(resource, key);
  const having = rows.filter((row) => row.byId.has(id));
  const differing = having
    .map((row) => resourcesOnly(row, (one) => one.id === id && differs(one)))
    .filter((entry) => entry.differing.length);
  const instances = plural(having.length, "instance");
  const words = differing.length ? `differs on ${differing.length} of ${instances}` : `as declared on ${instances}`;
  return detailsWithTitle(
    readableKey(key),
    [resourceKinds.singular(resource), ": ", words],
    [groupSection(null, differing)],
  );
}

function baselineDetails() {
  if (!report.baseline) return [];
  const { file, accepted, problems } = report.baseline;
  const acceptedRows = rows.map((row) => {
    const { differing, ...rest } = resourcesOnly(row, () => true);
    return { ...rest, differing: differing.map(acceptedOnly).filter((resource) => resource.differences.length) };
  });
  return detailsWithTitle(
    "Baseline",
    `${file}: ${plural(accepted, "entry accepts", "entries accept")} what differs, ${plural(problems.length, "problem")}`,
    [section("Problems", problems.map(problemBlock)), groupSection("Accepted", acceptedRows)],
  );
}

/**
 * Return a row with some of its resources and without its errors.
 *
 * @param {Row} row
 * @param {(resource: ComparedResource) => boolean} isWanted
 * @returns {SelectedRow}
 */
function resourcesOnly(row, isWanted) {
  return { row: { ...row, errors: [] }, differing: row.resources.filter(isWanted), unjudged: false };
}

/**
 * Return a resource with its accepted differences.
 *
 * @param {ComparedResource} resource
 */
function acceptedOnly(resource) {
  return { ...resource, differences: resource.differences.filter((difference) => difference.accepted) };
}

/**
 * @param {string | null} title
 * @param {SelectedRow[]} shown
 */
function groupSection(title, shown) {
  const items = groupDifferences(shown).map((group) => {
    const item = groupItem(group);
    item.className = "resource";
    return item;
  });
  return section(title, items.length ? [createElement("ul", {}, items)] : []);
}

/** @param {DetailsSubject} subject */
function detailsOf(subject) {
  const { instance, resource, key } = subject;
  if (subject.baseline) return baselineDetails();
  const row = instance === undefined ? undefined : rowsByName.get(instance);
  return row ? instanceDetails(row, subject) : resourceDetails(String(resource), String(key));
}

/** Show the details that the state of the page asks for, or none. */
export function showDetails() {
  const panel = byId("details");
  const subject = pageState.open;
  const wanted = subject ? JSON.stringify(subject) : "";
  if (panel.dataset.about !== wanted) {
    panel.dataset.about = wanted;
    panel.replaceChildren(...(subject ? detailsOf(subject) : []));
    panel.scrollTop = 0;
  }
  panel.hidden = !subject;
  limitFocus();
}

/** Keep the focus in the details while they cover the rest of the page. */
function limitFocus() {
  const covered = covering.matches && !byId("details").hidden;
  for (const part of ["top", "counts", "tools", "main", "foot", "skip"]) byId(part).inert = covered;
}

/** Adapt the details to the width of the window whenever it changes. */
export function startDetails() {
  covering.addEventListener("change", limitFocus);
}
