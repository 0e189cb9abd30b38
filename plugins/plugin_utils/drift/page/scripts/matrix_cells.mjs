/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The rows of the matrix and their cells. */

import { symbol } from "./badges.mjs";
import { isWithoutCells, resourcesIn, stateIn } from "./columns.mjs";
import { createElement } from "./elements.mjs";
import { differs } from "./rows.mjs";
import { STATE_NAMES, STATES } from "./statuses.mjs";
import { plural, readableKey } from "./text.mjs";

/**
 * @typedef {import("./columns.mjs").ShownColumn} ShownColumn
 * @typedef {import("./rows.mjs").Row} Row
 * @typedef {import("./rows.mjs").ComparedResource} ComparedResource
 * @typedef {import("./statuses.mjs").State} State
 */

/**
 * A row of the table, with the instance that it shows.
 *
 * @typedef {HTMLTableRowElement & { row: Row }} InstanceRow
 */

// Most cells are equal. A copy is much faster than a new element.
const CELLS = new Map(
  STATE_NAMES.map((state) => [/** @type {State | "none"} */ (state), newCell(state, state, STATES[state].symbol)]),
);
CELLS.set("none", newCell("none", "not declared here", ""));

/**
 * @param {State | "none"} state
 * @param {string} label
 * @param {string} text
 */
function newCell(state, label, text) {
  return createElement("td", { role: "gridcell", tabindex: -1, "data-state": state, "aria-label": label }, text);
}

/**
 * @param {Row} row
 * @param {ShownColumn} column
 */
function createCell(row, column) {
  const state = stateIn(row, column);
  const cell = /** @type {HTMLTableCellElement} */ (CELLS.get(state)?.cloneNode(true));
  if (state === "none") return cell;
  const resources = resourcesIn(row, column);
  const differing = resources.filter(differs);
  if (column.type === "one") {
    if (differing.length) cell.setAttribute("aria-label", stateWithFields(state, differing[0]));
    return cell;
  }
  cell.setAttribute(
    "aria-label",
    differing.length ? `${state}, ${differing.length} of ${resources.length}` : `clean, ${resources.length}`,
  );
  if (column.named) {
    cell.className = "names";
    cell.replaceChildren(...resources.map(namedResource));
  } else {
    cell.textContent = `${STATES[state].symbol} ${differing.length || resources.length}`;
  }
  return cell;
}

/**
 * @param {State} state
 * @param {ComparedResource} resource
 */
function stateWithFields(state, { differences }) {
  const isWhole = state === "missing" || state === "unmanaged" || !differences.length;
  return isWhole ? state : `${state}, ${plural(differences.length, "field")}`;
}

/** @param {ComparedResource} resource */
function namedResource({ state, key }) {
  return createElement("span", { class: "named", "data-state": state }, `${STATES[state].symbol} ${readableKey(key)}`);
}

/**
 * Return the only cell of an instance that was not compared.
 *
 * @param {Row} row
 * @param {State} state
 * @param {number} columns
 */
function createWholeCell(row, state, columns) {
  const [error] = row.errors;
  const label = `${state}: ${error ? readableKey(error.message) : "nothing was compared"}`;
  const cell = createElement(
    "td",
    { class: "whole", role: "gridcell", tabindex: -1, colspan: columns, "data-state": state, "aria-label": label },
    `${STATES[state].symbol} ${label}`,
  );
  cell.style.gridColumn = `span ${columns}`;
  return cell;
}

/**
 * Return the row of an instance.
 *
 * @param {Row} row
 * @param {ShownColumn[]} columns
 */
export function createRow(row, columns) {
  const label = `${row.name}, ${row.status}${row.differing ? `, ${plural(row.differing, "resource")} differing` : ""}`;
  const name = createElement(
    "th",
    { role: "rowheader", tabindex: -1, "aria-label": label, title: row.name },
    createElement(
      "div",
      { class: "row" },
      symbol(row.status),
      createElement("span", { class: "name" }, row.name),
      createElement("span", { class: "number" }, row.differing ? String(row.differing) : ""),
    ),
  );
  const { unjudged } = row;
  const isWhole = isWithoutCells(row) && unjudged !== "none" && columns.length;
  const cells = isWhole
    ? [createWholeCell(row, unjudged, columns.length)]
    : columns.map((column) => createCell(row, column));
  return Object.assign(createElement("tr", { role: "row" }, name, cells), { row });
}
