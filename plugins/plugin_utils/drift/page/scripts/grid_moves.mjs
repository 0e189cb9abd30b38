/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Moves in the matrix by keyboard. Rows 0 and 1 are the headings, column 0 is the instances. */

/** @typedef {{ row: number, column: number }} Place */

const PAGE = 10;

/** @type {Record<string, (from: Place, last: Place, span: number, control: boolean) => Place>} */
const MOVES = {
  ArrowUp: (from) => ({ ...from, row: from.row - 1 }),
  ArrowDown: (from) => ({ ...from, row: from.row + 1 }),
  ArrowLeft: (from) => ({ ...from, column: from.column - 1 }),
  ArrowRight: (from, _last, span) => ({ ...from, column: from.column + span }),
  Home: (from, _last, _span, control) => ({ row: control ? 2 : from.row, column: 0 }),
  End: (from, last, _span, control) => ({ row: control ? last.row : from.row, column: last.column }),
  PageUp: (from) => ({ ...from, row: Math.max(2, from.row - PAGE) }),
  PageDown: (from) => ({ ...from, row: from.row + PAGE }),
};

/**
 * Return the place that a key leads to, or null if the key does not move.
 *
 * @param {string} key
 * @param {Place} from
 * @param {Place} last the last row and column
 * @param {number} span the number of columns of the cell
 * @param {boolean} control whether the Control key is pressed
 */
export function moved(key, from, last, span, control) {
  if (!Object.hasOwn(MOVES, key)) return null;
  // The corner spans both rows of the headings.
  if (key === "ArrowDown" && from.row === 0 && from.column === 0) return { row: 2, column: 0 };
  const to = MOVES[key](from, last, span, control);
  return { row: Math.min(last.row, Math.max(0, to.row)), column: Math.min(last.column, Math.max(0, to.column)) };
}
