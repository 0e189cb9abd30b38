/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The cells of the matrix by their place, and the one that has the focus. */

/**
 * @typedef {import("./columns.mjs").ShownColumn} ShownColumn
 * @typedef {import("./grid_moves.mjs").Place} Place
 * @typedef {import("./matrix_cells.mjs").InstanceRow} InstanceRow
 * @typedef {import("./rows.mjs").Row} Row
 */

/** The matrix as it is shown. */
export const matrix = {
  /** @type {ShownColumn[]} */
  columns: [],
  /** The rows of the headings. @type {HTMLTableRowElement[]} */
  head: [],
  /** The rows of the instances. @type {InstanceRow[]} */
  body: [],
  /** The only cell that the Tab key reaches. @type {HTMLTableCellElement | null} */
  cell: null,
  /** The subject of that cell. @type {{ row: Row | number | null, column: string | null, kind: string | null }} */
  active: { row: null, column: null, kind: null },
};

/**
 * Return the place of the active cell after rows or columns have changed, or null if its row is gone.
 *
 * @returns {Place | null}
 */
export function activePlace() {
  const { row, column, kind } = matrix.active;
  if (row === null) return null;
  const position = typeof row === "number" ? row : matrix.body.findIndex((tr) => tr.row === row) + 2;
  if (typeof row !== "number" && position < 2) return null;
  const same = matrix.columns.findIndex((one) => one.id === column) + 1;
  return { row: position, column: same || matrix.columns.findIndex((one) => one.kind === kind) + 1 };
}

/** @param {Place} place */
function cellAt({ row, column }) {
  if (row > 1) {
    const { cells } = matrix.body[row - 2];
    return cells[Math.min(column, cells.length - 1)];
  }
  const [kinds, keys] = matrix.head;
  if (column === 0) return kinds.cells[0];
  if (row === 1) return keys.cells[column - 1];
  let before = 0;
  for (const cell of [...kinds.cells].slice(1)) {
    before += cell.colSpan;
    if (before >= column) return cell;
  }
  return kinds.cells[kinds.cells.length - 1];
}

/**
 * Return the row of an instance that a cell is in, or null if the cell is a heading.
 *
 * @param {Element} cell
 * @returns {InstanceRow | null}
 */
export function instanceRowOf(cell) {
  const tr = /** @type {InstanceRow} */ (cell.parentNode);
  return tr.row ? tr : null;
}

/**
 * Return the place of a cell.
 *
 * @param {HTMLTableCellElement} cell
 * @returns {Place}
 */
export function placeOf(cell) {
  const tr = instanceRowOf(cell);
  if (tr) return { row: matrix.body.indexOf(tr) + 2, column: cell.cellIndex };
  const [kinds, keys] = matrix.head;
  if (cell.parentNode === keys) return { row: 1, column: cell.cellIndex + 1 };
  let column = cell.cellIndex === 0 ? 0 : 1;
  for (const other of [...kinds.cells].slice(1, cell.cellIndex)) column += other.colSpan;
  return { row: 0, column };
}

/**
 * Make a cell the one that the Tab key reaches.
 *
 * @param {Place} place
 * @param {boolean} focus whether it gets the focus too
 */
export function activateCell(place, focus) {
  const cell = cellAt(place);
  if (matrix.cell) matrix.cell.tabIndex = -1;
  matrix.cell = cell;
  cell.tabIndex = 0;
  const column = place.column ? matrix.columns[place.column - 1] : null;
  matrix.active = {
    row: place.row > 1 ? matrix.body[place.row - 2].row : place.row,
    column: column?.id ?? null,
    kind: column?.kind ?? null,
  };
  if (focus) {
    cell.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
