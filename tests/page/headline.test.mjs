/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import { headline, isPartialRun, withoutDifferences } from "../../plugins/plugin_utils/drift/page/scripts/headline.mjs";
import { instance, report, resource, rowsOf } from "./reports.mjs";

/**
 * @typedef {import("./reports.mjs").Report} Report
 * @typedef {import("drift-report").Status} Status
 */

/**
 * Return the headline of a report on instances with these statuses.
 *
 * @param {Status[]} statuses
 * @param {Partial<Report["run"]>} [run]
 * @param {Status} [verdict]
 * @param {Report["baseline"]} [baseline]
 */
function words(statuses, run = {}, verdict = "clean", baseline = undefined) {
  const instances = statuses.map((status, position) => instance(`acme-${position + 1}`, [], { status }));
  const document = report(instances, baseline ? { baseline } : {});
  Object.assign(document.run, run);
  document.verdict.status = verdict;
  return headline(document, rowsOf(...instances));
}

/** @type {[Status[], string][]} */
const HEADLINES = [
  [[], "No instance was looked at"],
  [["clean"], "acme-1 is as declared"],
  [["clean", "clean"], "All 2 instances are as declared"],
  [["drifted"], "acme-1 has drifted"],
  [["drifted", "clean"], "1 of 2 instances has drifted"],
  [["drifted", "drifted", "failed"], "2 of 3 instances have drifted and 1 failed"],
  [
    ["drifted", "failed", "unreachable", "unknown"],
    "1 of 4 instances has drifted, 1 failed, 1 is unreachable and 1 could not be judged",
  ],
  [["corrected", "clean"], "1 of 2 instances had drifted and is corrected"],
  [["accepted", "accepted"], "2 of 2 instances differ as accepted"],
  [["drifted", "corrected"], "1 of 2 instances has drifted"],
];

for (const [statuses, expected] of HEADLINES) {
  test(`the headline is: ${expected}`, () => assert.equal(words(statuses), expected));
}

test("plays without hosts come first if they make the verdict", () => {
  assert.equal(
    words(["clean"], { without_hosts: ["Mail"] }, "unknown"),
    "No host matches a play and acme-1 is as declared",
  );
  assert.equal(
    words(["failed", "clean"], { without_hosts: ["Mail", "Queue"] }, "failed"),
    "1 of 2 instances failed and no host matches 2 plays",
  );
});

test("not all instances are as declared if a play has no host", () => {
  const expected = "No host matches a play and 2 instances are as declared";
  assert.equal(words(["clean", "clean"], { without_hosts: ["Mail"] }, "unknown"), expected);
});

test("problems of the baseline are named if they make the verdict", () => {
  const entry = {
    instance: "*",
    resource: "cron",
    key: "x",
    field: null,
    reason: "r",
    owner: "o",
    expires: "2026-01-31",
  };
  const baseline = {
    file: "baseline.yml",
    accepted: 0,
    problems: [{ ...entry, problem: /** @type {const} */ ("unmatched") }],
  };
  assert.equal(words(["clean"], {}, "drifted", baseline), "acme-1 is as declared and the baseline has 1 problem");
  assert.equal(words(["drifted"], {}, "drifted", baseline), "acme-1 has drifted");
});

test("a run with tags is a part", () => {
  const run = { playbook: "p", seconds: 1 };
  assert.ok(!isPartialRun({ ...run, limit: "acme*" }));
  assert.ok(isPartialRun({ ...run, tags: ["servers"] }));
  assert.ok(isPartialRun({ ...run, skip_tags: ["servers"] }));
  assert.ok(isPartialRun({ ...run, start_at_task: "Task" }));
});

test("no differences is said only of a complete comparison", () => {
  const compared = instance("a", [resource("cron", "x")]);
  const failed = instance("b", [], { status: "failed" });
  const run = { playbook: "p", seconds: 1 };
  const partial = report([compared], { run: { ...run, tags: ["x"] } });
  const unmatched = report([compared], { run: { ...run, without_hosts: ["Mail"] } });
  assert.equal(withoutDifferences(report([]), rowsOf()), "nothing was compared");
  assert.equal(withoutDifferences(report([compared]), rowsOf(compared)), "no differences");
  for (const [document, rows] of /** @type {const} */ ([
    [partial, rowsOf(compared)],
    [unmatched, rowsOf(compared)],
    [report([compared, failed]), rowsOf(compared, failed)],
  ])) {
    assert.equal(withoutDifferences(document, rows), "no differences in what was compared");
  }
});
