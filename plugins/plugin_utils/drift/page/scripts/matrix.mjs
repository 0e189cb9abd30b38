/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The view by instance: a matrix of instances and resources. */

import { isWithoutCells, shownColumns, stateIn } from "./columns.mjs";
import { byId, createElement } from "./elements.mjs";
import { moved } from "./grid_moves.mjs";
import { createRow } from "./matrix_cells.mjs";
import { activateCell, activePlace, instanceRowOf, matrix, placeOf } from "./matrix_focus.mjs";
import { createHead } from "./matrix_head.mjs";
import { navigate, openDetails, pageState } from "./navigation.mjs";
import { kindColumns, resourceKinds, rows, rowsByName } from "./page_data.mjs";
import { toggled } from "./selection.mjs";
import { readableKey } from "./text.mjs";

/**
 * @typedef {import("./columns.mjs").ShownColumn} ShownColumn
 * @typedef {import("./matrix_cells.mjs").InstanceRow} InstanceRow
 * @typedef {import("./rows.mjs").Row} Row
 */

// The rows that were created for the present columns.
/** @type {Map<Row, InstanceRow>} */
let createdRows = new Map();

/** @type {string | null} */
let createdColumns = null;

/**
 * Show the rows and columns of a selection.
 *
 * @param {import("./selection.mjs").Selection} selection
 */
export function showMatrix(selection) {
  const groups = shownColumns(kindColumns, pageState, selection, resourceKinds);
  const columns = groups.flatMap((group) => group.columns);
  forgetRowsOfOther(columns);
  matrix.columns = columns;
  matrix.body = selection.shown.map(({ row }) => rowOf(row));
  const scroller = byId("instances");
  const [left, top] = matrix.head.length ? [scroller.scrollLeft, scroller.scrollTop] : [0, 0];
  const focused = scroller.contains(document.activeElement);
  if (!matrix.body.length) {
    scroller.replaceChildren(
      createElement("p", { class: "empty" }, rows.length ? "Nothing matches." : "There is no instance in this report."),
    );
    return;
  }
  const head = createHead(groups, selection);
  scroller.replaceChildren(createTable(columns, head));
  if (left || top) scroller.scrollTo(left, top);
  matrix.head = [...head.rows];
  activateCell(activePlace() || { row: 2, column: 0 }, focused);
}

/** @param {ShownColumn[]} columns */
function forgetRowsOfOther(columns) {
  const wanted = columns.map((column) => `${column.id}\n${column.named}`).join("\n\n");
  if (wanted === createdColumns) return;
  createdColumns = wanted;
  createdRows = new Map();
}

/** @param {Row} row */
function rowOf(row) {
  const tr = createdRows.get(row) ?? createRow(row, matrix.columns);
  createdRows.set(row, tr);
  return tr;
}

/**
 * @param {ShownColumn[]} columns
 * @param {HTMLTableSectionElement} head
 */
function createTable(columns, head) {
  const size = { "aria-rowcount": matrix.body.length + 2, "aria-colcount": columns.length + 1 };
  const body = createElement("tbody", { role: "rowgroup" }, matrix.body);
  const table = createElement(
    "table",
    { class: "matrix", role: "grid", "aria-label": "Instances and resources", ...size },
    head,
    body,
  );
  // If there is room, columns are wider than they must be.
  const least = columns.reduce((sum, column) => sum + column.width + 2, 0);
  table.style.width = `clamp(calc(var(--first) + ${least}px), 100% - 2.5rem, calc(var(--first) + ${least * 1.6}px))`;
  const widths = columns.map(({ width }) => `minmax(${width}px, ${width}fr)`);
  table.style.setProperty("--columns", ["var(--first)", ...widths].join(" "));
  const longest = Math.max(0, ...columns.map(({ prefix, label }) => (prefix + label).length));
  document.documentElement.style.setProperty(
    "--longest",
    columns.length ? `${Math.max(4.5, longest * 0.43 + 2.2)}rem` : "2rem",
  );
  return table;
}

/** Mark the row and the cell whose details are open. */
export function markOpenCell() {
  for (const marked of byId("instances").querySelectorAll(".open")) marked.classList.remove("open");
  const subject = pageState.open;
  const row = subject?.instance ? rowsByName.get(subject.instance) : undefined;
  const tr = row && createdRows.get(row);
  if (!subject || !tr) return;
  tr.classList.add("open");
  const { resource, key } = subject;
  if (!resource) return;
  const column = matrix.columns.findIndex((one) =>
    one.type === "one" ? one.resource === resource && one.key === key : one.kind === resource && !key,
  );
  if (column >= 0) tr.cells[column + 1]?.classList.add("open");
}

/** Connect the matrix to mouse and keyboard. */
export function startMatrix() {
  const scroller = byId("instances");
  scroller.addEventListener("keydown", pressKey);
  scroller.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (cell) openCell(cell);
  });
  scroller.addEventListener("focusin", (event) => {
    const cell = cellOf(event);
    if (cell && cell.tabIndex !== 0) activateCell(placeOf(cell), false);
  });
  scroller.addEventListener("mouseover", (event) => {
    const cell = cellOf(event);
    if (cell) showTooltip(cell);
  });
}

/**
 * Return the cell that an event is in.
 *
 * @param {Event} event
 * @returns {HTMLTableCellElement | null}
 */
function cellOf(event) {
  return /** @type {Element} */ (event.target).closest("td, th");
}

/** @param {KeyboardEvent} event */
function pressKey(event) {
  const cell = cellOf(event);
  if (!cell || event.altKey || event.metaKey) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    openCell(cell);
    return;
  }
  const last = { row: matrix.body.length + 1, column: matrix.columns.length };
  const to = moved(event.key, placeOf(cell), last, cell.colSpan, event.ctrlKey);
  if (!to) return;
  event.preventDefault();
  activateCell(to, true);
}

/**
 * Open the details of a cell, or fold or unfold its columns.
 *
 * @param {HTMLTableCellElement} cell
 */
function openCell(cell) {
  activateCell(placeOf(cell), true);
  const { fold, name, resource, key } = cell.dataset;
  const tr = instanceRowOf(cell);
  if (fold) navigate({ folded: toggled(pageState.folded, fold) });
  else if (name) navigate({ named: toggled(pageState.named, name) });
  else if (key !== undefined) openDetails({ resource, key }, cell);
  else if (tr) openDetails(subjectOf(tr.row, matrix.columns[cell.cellIndex - 1]), cell);
}

/**
 * @param {Row} row
 * @param {ShownColumn | undefined} column
 */
function subjectOf(row, column) {
  if (!column || isWithoutCells(row) || stateIn(row, column) === "none") return { instance: row.name };
  if (column.type === "one") return { instance: row.name, resource: column.resource, key: column.key };
  return { instance: row.name, resource: column.kind };
}

/** @param {HTMLTableCellElement} cell */
function showTooltip(cell) {
  const tr = instanceRowOf(cell);
  if (!tr || cell.tagName !== "TD" || cell.title) return;
  const label = cell.getAttribute("aria-label");
  const { row } = tr;
  if (isWithoutCells(row)) {
    cell.title = `${row.name}: ${label}`;
    return;
  }
  const column = matrix.columns[cell.cellIndex - 1];
  const name = column.type === "one" ? readableKey(column.key) : resourceKinds.plural(column.kind);
  cell.title = `${row.name}, ${name}: ${label}`;
}
