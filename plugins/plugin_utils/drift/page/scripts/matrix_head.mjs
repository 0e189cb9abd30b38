/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The headings of the matrix: the kinds, and below them the resources. */

import { stateIn } from "./columns.mjs";
import { createElement } from "./elements.mjs";
import { rows } from "./page_data.mjs";
import { plural } from "./text.mjs";

/**
 * @typedef {import("./columns.mjs").ColumnGroup} ColumnGroup
 * @typedef {import("./columns.mjs").ShownColumn} ShownColumn
 * @typedef {import("./selection.mjs").Selection} Selection
 */

/**
 * Return the headings of columns.
 *
 * @param {ColumnGroup[]} groups
 * @param {Selection} selection
 */
export function createHead(groups, selection) {
  const corner = { role: "columnheader", class: "corner", rowspan: 2, tabindex: -1 };
  const words = rows.length === 1 ? "Instance" : "Instances";
  return createElement(
    "thead",
    { role: "rowgroup" },
    createElement("tr", { role: "row", class: "kinds" }, createElement("th", corner, words), groups.map(kindHeading)),
    createElement(
      "tr",
      { role: "row", class: "keys" },
      groups.flatMap((group) => group.columns.map((column) => columnHeading(column, selection))),
    ),
  );
}

/** @param {ColumnGroup} group */
function kindHeading({ kind, count, alone, folded, columns }) {
  const properties = {
    role: "columnheader",
    colspan: columns.length,
    tabindex: -1,
    "data-fold": alone ? null : kind.id,
    "aria-expanded": alone ? null : String(!folded),
    "aria-label": `${kind.many}, ${count}`,
    title: `${kind.many}: ${count}`,
  };
  const label = createElement("span", {}, kind.many);
  const heading = createElement(
    "th",
    properties,
    createElement("div", { class: `kind${alone ? " alone" : ""}`, "data-folded": String(folded) }, label),
  );
  heading.style.gridColumn = `span ${columns.length}`;
  return heading;
}

/**
 * @param {ShownColumn} column
 * @param {Selection} selection
 */
function columnHeading(column, selection) {
  const differing = selection.shown.filter(({ row }) => !["none", "clean"].includes(stateIn(row, column))).length;
  const mark = createElement(
    "span",
    { class: "number", title: differing ? `differs on ${plural(differing, "instance")}` : null },
    differing && rows.length > 1 ? String(differing) : "",
  );
  return column.type === "one" ? resourceHeading(column, differing, mark) : sharedHeading(column, mark);
}

/**
 * @param {Extract<ShownColumn, { type: "one" }>} column
 * @param {number} differing
 * @param {HTMLElement} mark
 */
function resourceHeading({ prefix, label, resource, key }, differing, mark) {
  const title = prefix + label;
  const properties = {
    role: "columnheader",
    tabindex: -1,
    title,
    "data-resource": resource,
    "data-key": key,
    "aria-label": `${title}${differing ? `, differs on ${differing}` : ""}`,
  };
  const words = createElement("span", { class: "label" }, prefix ? createElement("i", {}, prefix) : null, label);
  return createElement("th", properties, createElement("div", { class: "key" }, words, mark));
}

/**
 * @param {Extract<ShownColumn, { type: "several" }>} column
 * @param {HTMLElement} mark
 */
function sharedHeading({ kind, ids, label, folded, named }, mark) {
  const properties = {
    role: "columnheader",
    tabindex: -1,
    title: folded ? label : `${plural(ids.size, "other resource")}: ${named ? "count" : "name"} them`,
    [folded ? "data-fold" : "data-name"]: kind,
    "aria-expanded": String(named),
    "aria-label": label,
  };
  const words = createElement("span", { class: "label" }, label);
  return createElement(
    "th",
    properties,
    createElement("div", { class: `key fold${named ? " wide" : ""}`, "data-folded": String(!named) }, words, mark),
  );
}
