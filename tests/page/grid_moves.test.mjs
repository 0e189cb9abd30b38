/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import { moved } from "../../plugins/plugin_utils/drift/page/scripts/grid_moves.mjs";

// Two rows of headings, 30 instances, five columns.
const LAST = { row: 31, column: 5 };

/**
 * @param {string} key
 * @param {[number, number]} from
 * @param {{ span?: number, control?: boolean }} [how]
 */
function move(key, [row, column], { span = 1, control = false } = {}) {
  const to = moved(key, { row, column }, LAST, span, control);
  return to && [to.row, to.column];
}

test("arrows move by one cell", () => {
  assert.deepEqual(move("ArrowUp", [5, 2]), [4, 2]);
  assert.deepEqual(move("ArrowDown", [5, 2]), [6, 2]);
  assert.deepEqual(move("ArrowLeft", [5, 2]), [5, 1]);
  assert.deepEqual(move("ArrowRight", [5, 2]), [5, 3]);
});

test("the arrow to the right passes all columns of a wide cell", () => {
  assert.deepEqual(move("ArrowRight", [0, 1], { span: 3 }), [0, 4]);
});

test("no move leaves the matrix", () => {
  assert.deepEqual(move("ArrowUp", [0, 2]), [0, 2]);
  assert.deepEqual(move("ArrowDown", [31, 2]), [31, 2]);
  assert.deepEqual(move("ArrowLeft", [5, 0]), [5, 0]);
  assert.deepEqual(move("ArrowRight", [5, 5], { span: 5 }), [5, 5]);
  assert.deepEqual(move("PageDown", [28, 2]), [31, 2]);
});

test("pages stop at the first instance", () => {
  assert.deepEqual(move("PageUp", [20, 2]), [10, 2]);
  assert.deepEqual(move("PageUp", [5, 2]), [2, 2]);
});

test("Home and End stay in the row, with Control they go to the first and the last instance", () => {
  assert.deepEqual(move("Home", [5, 2]), [5, 0]);
  assert.deepEqual(move("End", [5, 2]), [5, 5]);
  assert.deepEqual(move("Home", [5, 2], { control: true }), [2, 0]);
  assert.deepEqual(move("End", [5, 2], { control: true }), [31, 5]);
});

test("the corner spans both headings", () => {
  assert.deepEqual(move("ArrowDown", [0, 0]), [2, 0]);
  assert.deepEqual(move("ArrowDown", [0, 1]), [1, 1]);
});

test("other keys do not move", () => {
  assert.equal(move("a", [5, 2]), null);
  assert.equal(move("toString", [5, 2]), null);
});
