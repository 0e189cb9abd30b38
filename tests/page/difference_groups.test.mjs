/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countGroups,
  groupDifferences,
  sortedVariants,
} from "../../plugins/plugin_utils/drift/page/scripts/difference_groups.mjs";
import { selectRows } from "../../plugins/plugin_utils/drift/page/scripts/selection.mjs";
import { difference, instance, resource, rowsOf } from "./reports.mjs";

const ALL = { statuses: new Set(), kinds: new Set(), words: "", only: false, sort: "inventory" };

/** @param {import("./reports.mjs").Instance[]} instances */
const groupsOf = (...instances) => groupDifferences(selectRows(rowsOf(...instances), ALL).shown);

/**
 * @param {string} name
 * @param {import("./reports.mjs").Difference[]} differences
 */
const server = (name, ...differences) => instance(name, [resource("mail_server", "Main", differences)]);

/**
 * @typedef {import("../../plugins/plugin_utils/drift/page/scripts/difference_groups.mjs").Group} Group
 * @typedef {import("../../plugins/plugin_utils/drift/page/scripts/difference_groups.mjs").Variant<unknown>} Variant
 */

/** @param {Group} group */
function summary(group) {
  const variants = sortedVariants(/** @type {{ variants: Map<string, Variant> }} */ (group));
  return {
    of: group.type === "problem" ? group.error : group.field,
    state: group.state,
    variants: variants.map(({ entries }) => entries.map(({ row }) => row.name)),
  };
}

test("equal differences are one group, with a variant for each pair of values", () => {
  const groups = groupsOf(
    server("a", difference("smtp_port", 25, 587)),
    server("b", difference("smtp_port", 2525, 587)),
    server("c", difference("smtp_port", 2525, 587)),
  );
  assert.deepEqual(groups.map(summary), [{ of: "smtp_port", state: "drifted", variants: [["b", "c"], ["a"]] }]);
});

test("the group with the most instances is first", () => {
  const groups = groupsOf(
    server("a", difference("smtp_host", "x", "y"), difference("smtp_port", 25, 587)),
    server("b", difference("smtp_port", 25, 587)),
  );
  assert.deepEqual(
    groups.map((group) => summary(group).of),
    ["smtp_port", "smtp_host"],
  );
});

test("values of different types are different", () => {
  const [group] = groupsOf(server("a", difference("value", 1, "1")), server("b", difference("value", "1", 1)));
  assert.equal(group.variants.size, 2);
});

test("secrets are equal, because their values are not known", () => {
  const secret = { secret: /** @type {const} */ (true) };
  const [group] = groupsOf(
    server("a", difference("smtp_pass", "x", "y", secret)),
    server("b", difference("smtp_pass", "z", "y", secret)),
  );
  assert.equal(group.variants.size, 1);
});

test("statuses of one field are groups of their own", () => {
  const groups = groupsOf(
    server("a", difference("smtp_port", 25, 587)),
    server("b", difference("smtp_port", 25, 587, { status: "accepted" })),
  );
  assert.deepEqual(
    groups.map((group) => group.state),
    ["drifted", "accepted"],
  );
});

test("a missing or unmanaged resource is one group with all its fields", () => {
  const fields = [difference("smtp_host", null, "x"), difference("smtp_port", null, 587)];
  const groups = groupsOf(
    instance("a", [resource("mail_server", "Main", fields, "create")]),
    instance("b", [resource("mail_server", "Old", [difference(null, "present", null)], "unmanaged")]),
  );
  assert.deepEqual(groups.map(summary), [
    { of: null, state: "missing", variants: [["a"]] },
    { of: null, state: "unmanaged", variants: [["b"]] },
  ]);
  assert.equal(groups[0].type === "difference" && groups[0].differences.length, 2);
});

test("errors of one status and kind are a group, with a variant for each message", () => {
  const error = { task: "Task", kind: "timeout", message: "No answer." };
  const groups = groupsOf(
    instance("a", [], { status: "failed", errors: [error] }),
    instance("b", [], { status: "failed", errors: [{ ...error, message: "Slow." }] }),
    instance("c", [], { status: "unreachable", errors: [error] }),
  );
  assert.deepEqual(groups.map(summary), [
    { of: "timeout", state: "failed", variants: [["a"], ["b"]] },
    { of: "timeout", state: "unreachable", variants: [["c"]] },
  ]);
});

test("an instance that could not be judged is a problem without an error", () => {
  const [warned, silent] = groupsOf(
    instance("a", [], { status: "unknown", warnings: ["One.", "Two."] }),
    instance("b", [], { status: "failed" }),
  );
  assert.deepEqual([...warned.variants.keys()], ["One.\nTwo."]);
  assert.deepEqual(summary(warned), { of: null, state: "unknown", variants: [["a"]] });
  assert.deepEqual([...silent.variants.keys()], ["Nothing is known of it."]);
});

test("an error of an instance that was compared is a problem of the state unknown", () => {
  const errors = [{ task: "Task", kind: "ansible", message: "Broken." }];
  const groups = groupsOf(instance("a", [resource("cron", "x")], { status: "clean", errors }));
  assert.deepEqual(groups.map(summary), [{ of: "ansible", state: "unknown", variants: [["a"]] }]);
});

test("differences, problems and instances are counted", () => {
  const groups = groupsOf(
    server("a", difference("smtp_host", "x", "y"), difference("smtp_port", 25, 587)),
    server("b", difference("smtp_port", 25, 587)),
    instance("c", [], { status: "failed" }),
  );
  assert.deepEqual(countGroups(groups), { differences: 2, problems: 1, instances: 3 });
});
