/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import { distinctRemarks, distinctTimes } from "../../plugins/plugin_utils/drift/page/scripts/remarks.mjs";
import { difference } from "./reports.mjs";

/**
 * @param {string} name
 * @param {Partial<import("./reports.mjs").Difference>} more
 * @returns {[import("./reports.mjs").Difference, string]}
 */
const on = (name, more) => [difference("smtp_port", 25, 587, more), name];

test("a remark on all instances names none of them", () => {
  const pairs = ["a", "b"].map((name) => on(name, { remark: "Because." }));
  assert.deepEqual(distinctRemarks(pairs, "remark"), [{ value: "Because.", where: "" }]);
});

test("a remark on some instances names the first three", () => {
  const pairs = [..."abcde"].map((name) => on(name, { remark: "Because." }));
  const [remark] = distinctRemarks([...pairs, on("f", {})], "remark");
  assert.equal(remark.where, "a, b, c and 2 more");
});

test("different remarks are listed each", () => {
  const remarks = distinctRemarks([on("a", { remark: "One." }), on("b", { remark: "Two." })], "remark");
  assert.deepEqual(remarks, [
    { value: "One.", where: "a" },
    { value: "Two.", where: "b" },
  ]);
});

test("equal entries of the baseline are one remark", () => {
  const accepted = () => ({ reason: "Until the move", owner: "mail team", expires: "2027-01-31" });
  const remarks = distinctRemarks([on("a", { accepted: accepted() }), on("b", { accepted: accepted() })], "accepted");
  assert.deepEqual(remarks, [{ value: accepted(), where: "" }]);
});

test("differences of one instance need no name", () => {
  assert.deepEqual(distinctRemarks([[difference("a", 1, 2, { remark: "Because." })]], "remark"), [
    { value: "Because.", where: "" },
  ]);
});

test("times are distinct and the earliest is first", () => {
  const [late, early] = ["2026-11-20T00:00:00Z", "2026-10-01T00:00:00Z"];
  const pairs = [on("a", { since: late }), on("b", { since: early }), on("c", { since: late })];
  assert.deepEqual(distinctTimes(pairs), [early, late]);
});
