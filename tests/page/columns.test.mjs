/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  buildColumns,
  isWithoutCells,
  resourcesIn,
  shownColumns,
  stateIn,
} from "../../plugins/plugin_utils/drift/page/scripts/columns.mjs";
import { difference, instance, KINDS, resource, rowsOf } from "./reports.mjs";

/** @typedef {import("../../plugins/plugin_utils/drift/page/scripts/rows.mjs").Row} Row */

const DRIFT = [difference("active", false, true)];
const EVERYTHING = { ids: /** @type {Set<string>} */ (new Set()), all: true };
const NOTHING = { kinds: new Set(), folded: new Set(), named: new Set() };

/** @param {number} count */
const numbers = (count) => Array.from({ length: count }, (_, position) => position);

/**
 * Return the labels of the columns that are shown.
 *
 * @param {Row[]} rows
 * @param {{ kinds?: Set<string>, folded?: Set<string>, named?: Set<string> }} [state]
 * @param {{ ids: Set<string>, all: boolean }} [selection]
 */
function labels(rows, state = {}, selection = EVERYTHING) {
  const groups = shownColumns(buildColumns(rows, KINDS), { ...NOTHING, ...state }, selection, KINDS);
  return groups.flatMap((group) => group.columns.map(({ prefix, label }) => prefix + label));
}

test("a kind without resources has no columns", () => {
  const [kind, ...others] = buildColumns(rowsOf(instance("a", [resource("cron", "x")])), KINDS);
  assert.equal(kind.kind.id, "cron");
  assert.deepEqual(others, []);
});

test("few resources have a column each, in the order of the report", () => {
  const rows = rowsOf(
    instance("a", [resource("cron", "y"), resource("cron", "x")]),
    instance("b", [resource("cron", "x")]),
  );
  assert.deepEqual(labels(rows), ["y", "x"]);
});

test("three or more resources of single instances share a column", () => {
  /** @type {(count: number) => Row[]} */
  const rows = (count) =>
    rowsOf(...numbers(count).map((n) => instance(`i${n}`, [resource("cron", "all"), resource("cron", `own ${n}`)])));
  assert.deepEqual(labels(rows(2)), ["all", "own 0", "own 1"]);
  assert.deepEqual(labels(rows(3)), ["all", "3 others"]);
});

test("of many resources, those that few instances have share a column", () => {
  const crons = numbers(13).map((n) => resource("cron", `c${n}`));
  const rows = rowsOf(instance("a", crons), instance("b", crons.slice(0, 12)));
  assert.deepEqual(labels(rows), [...numbers(12).map((n) => `c${n}`), "1 other"]);
});

test("of very many resources, only the most common have a column each", () => {
  const crons = numbers(30).map((n) => resource("cron", `c${n}`));
  const rows = rowsOf(instance("a", crons), instance("b", crons), instance("c", crons.slice(6)));
  assert.deepEqual(labels(rows), [...numbers(24).map((n) => `c${n + 6}`), "6 others"]);
});

test("one instance has a column for each of its first resources", () => {
  const rows = rowsOf(
    instance(
      "a",
      numbers(26).map((n) => resource("cron", `c${n}`)),
    ),
  );
  assert.deepEqual(labels(rows), [...numbers(24).map((n) => `c${n}`), "2 others"]);
});

test("a kind is a prefix if no heading shows it", () => {
  const rows = rowsOf(
    instance("a", [resource("mail_server", "Main"), resource("new_thing", "x"), resource("new_thing", "y")]),
  );
  assert.deepEqual(labels(rows), ["Mail server: Main", "New thing: x", "New thing: y"]);
});

test("a folded kind is one column", () => {
  const rows = rowsOf(instance("a", [resource("cron", "x"), resource("cron", "y"), resource("mail_server", "Main")]));
  assert.deepEqual(labels(rows, { folded: new Set(["cron"]) }), ["Mail server: Main", "2 resources"]);
});

test("filters limit the columns", () => {
  const rows = rowsOf(instance("a", [resource("cron", "x"), resource("cron", "y"), resource("mail_server", "Main")]));
  assert.deepEqual(labels(rows, { kinds: new Set(["cron"]) }), ["x", "y"]);
  assert.deepEqual(labels(rows, {}, { ids: new Set(["cron\ny"]), all: false }), ["Scheduled action: y"]);
  const folded = { folded: new Set(["cron"]) };
  assert.deepEqual(labels(rows, folded, { ids: new Set(["cron\ny"]), all: false }), ["2 resources"]);
});

test("only a shared column that is not folded names its resources", () => {
  const rows = rowsOf(...numbers(3).map((n) => instance(`i${n}`, [resource("cron", `own ${n}`)])));
  /** @type {(state: object) => boolean[]} */
  const named = (state) =>
    shownColumns(buildColumns(rows, KINDS), { ...NOTHING, ...state }, EVERYTHING, KINDS).map(
      (group) => group.columns[0].named,
    );
  assert.deepEqual(named({ named: new Set(["cron"]) }), [true]);
  assert.deepEqual(named({ named: new Set(["cron"]), folded: new Set(["cron"]) }), [false]);
  assert.deepEqual(named({}), [false]);
});

test("a cell has the worst state of its resources", () => {
  const rows = rowsOf(
    instance("a", [resource("cron", "own a", DRIFT), resource("cron", "own a2")]),
    instance("b", [resource("cron", "own b")]),
    instance("c", []),
  );
  const [{ rest }] = buildColumns(rows, KINDS);
  assert.ok(rest);
  assert.deepEqual(
    rows.map((row) => stateIn(row, rest)),
    ["drifted", "clean", "none"],
  );
  assert.deepEqual(
    resourcesIn(rows[0], rest).map((one) => one.key),
    ["own a", "own a2"],
  );
});

test("a cell of one resource has its state", () => {
  const rows = rowsOf(instance("a", [resource("cron", "x", DRIFT)]), instance("b", [resource("mail_server", "x")]));
  const column = buildColumns(rows, KINDS).find(({ kind }) => kind.id === "cron")?.single[0];
  assert.ok(column);
  assert.deepEqual(
    rows.map((row) => stateIn(row, column)),
    ["drifted", "none"],
  );
});

test("an instance has no cells if nothing of it was compared", () => {
  const rows = rowsOf(
    instance("a", [], { status: "unreachable" }),
    instance("b", [resource("cron", "x")], { status: "failed" }),
    instance("c", []),
  );
  assert.deepEqual(rows.map(isWithoutCells), [true, false, false]);
});
