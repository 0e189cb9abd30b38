/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import { selectRows, toggled } from "../../plugins/plugin_utils/drift/page/scripts/selection.mjs";
import { difference, instance, resource, rowsOf } from "./reports.mjs";

const DRIFT = [difference("smtp_port", 25, 587)];
const ROWS = rowsOf(
  instance("acme-10", [resource("mail_server", "Main"), resource("cron", "queue")]),
  instance("acme-9", [resource("mail_server", "Main", DRIFT), resource("cron", "queue")]),
  instance("acme-2", [resource("mail_server", "Main", DRIFT), resource("cron", "queue", DRIFT)]),
  instance("broken", [], { status: "failed", errors: [{ task: "Task", kind: "timeout", message: "No answer." }] }),
);
const ALL = {
  statuses: /** @type {Set<string>} */ (new Set()),
  kinds: /** @type {Set<string>} */ (new Set()),
  words: "",
  only: false,
  sort: "",
};

/** @param {Partial<typeof ALL>} filters */
const select = (filters) => selectRows(ROWS, { ...ALL, ...filters });

/** @param {Partial<typeof ALL>} filters */
const names = (filters) => select(filters).shown.map(({ row }) => row.name);

test("the worst instance comes first, then the one with more differences", () => {
  assert.deepEqual(names({}), ["broken", "acme-2", "acme-9", "acme-10"]);
});

test("the order is that of the inventory or of the names", () => {
  assert.deepEqual(names({ sort: "inventory" }), ["acme-10", "acme-9", "acme-2", "broken"]);
  assert.deepEqual(names({ sort: "name" }), ["acme-2", "acme-9", "acme-10", "broken"]);
});

test("equal instances stay in the order of the inventory", () => {
  const rows = rowsOf(instance("b", [resource("cron", "x")]), instance("a", [resource("cron", "x")]));
  assert.deepEqual(
    selectRows(rows, ALL).shown.map(({ row }) => row.name),
    ["b", "a"],
  );
});

test("statuses are alternatives", () => {
  assert.deepEqual(names({ statuses: new Set(["failed"]) }), ["broken"]);
  assert.deepEqual(names({ statuses: new Set(["failed", "clean"]) }), ["broken", "acme-10"]);
});

test("a kind limits the resources, not the instances", () => {
  const selection = select({ kinds: new Set(["cron"]) });
  assert.deepEqual([...selection.ids], ["cron\nqueue"]);
  assert.equal(selection.shown.length, 4);
  assert.deepEqual(
    selection.shown.map(({ differing }) => differing.length),
    [0, 1, 0, 0],
  );
});

test("a search needs all its words, in any case and order", () => {
  assert.deepEqual(names({ words: "MAIN  port " }), ["acme-2", "acme-9"]);
  assert.deepEqual(names({ words: "queue acme-9" }), ["acme-9"]);
  assert.deepEqual(names({ words: "port queue" }), ["acme-2"]);
  assert.deepEqual(names({ words: "answer" }), ["broken"]);
  assert.deepEqual(names({ words: "nothing" }), []);
});

test("a search and the filter of differences limit the columns, statuses do not", () => {
  assert.ok(select({ statuses: new Set(["failed"]) }).all);
  assert.ok(!select({ words: "x" }).all);
  assert.ok(!select({ only: true }).all);
});

test("the filter of differences keeps instances that could not be judged", () => {
  assert.deepEqual(names({ only: true }), ["broken", "acme-2", "acme-9"]);
  assert.deepEqual(names({ only: true, kinds: new Set(["cron"]) }), ["broken", "acme-2"]);
  assert.deepEqual(names({ only: true, words: "acme" }), ["acme-2", "acme-9"]);
});

test("a toggled value is added or removed, and the set itself is not changed", () => {
  const set = new Set(["a"]);
  assert.deepEqual(toggled(set, "b"), new Set(["a", "b"]));
  assert.deepEqual(toggled(set, "a"), new Set());
  assert.deepEqual(set, new Set(["a"]));
});
