/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The sentence that sums up a report. */

import { UNJUDGED } from "./statuses.mjs";
import { joinPhrases, plural } from "./text.mjs";

/**
 * @typedef {import("./rows.mjs").Report} Report
 * @typedef {import("./rows.mjs").Row} Row
 */

/**
 * Tell whether a run was limited to a part of its tasks.
 *
 * @param {Report["run"]} run
 */
export function isPartialRun(run) {
  return ["tags", "skip_tags", "start_at_task"].some((name) => name in run);
}

/**
 * Return the words for a report without differences.
 *
 * @param {Report} report
 * @param {Row[]} rows
 */
export function withoutDifferences(report, rows) {
  if (!rows.some((row) => row.resources.length)) return "nothing was compared";
  const incomplete =
    isPartialRun(report.run) || report.run.without_hosts?.length || rows.some((row) => UNJUDGED.has(row.status));
  return incomplete ? "no differences in what was compared" : "no differences";
}

/**
 * Return the headline of a report.
 *
 * @param {Report} report
 * @param {Row[]} rows
 */
export function headline(report, rows) {
  if (!rows.length) return "No instance was looked at";
  const { status, instances: counts } = report.verdict;
  const plays = report.run.without_hosts?.length ?? 0;
  const phrases = instancePhrases(counts, rows);
  if (!phrases.length) {
    phrases.push(
      rows.length === 1
        ? `${rows[0].name} is as declared`
        : `${plays ? rows.length : `All ${rows.length}`} instances are as declared`,
    );
  }
  const problems = report.baseline ? report.baseline.problems.length : 0;
  if (problems && status === "drifted" && !counts.drifted)
    phrases.push(`the baseline has ${plural(problems, "problem")}`);
  // The cause of the verdict comes first.
  const unmatched = `host matches ${plays === 1 ? "a play" : `${plays} plays`}`;
  if (plays && status === "unknown") phrases.unshift(`No ${unmatched}`);
  else if (plays) phrases.push(`no ${unmatched}`);
  return joinPhrases(phrases);
}

/**
 * Return a phrase for each status that matters most.
 *
 * @param {import("drift-report").InstanceCounts} counts
 * @param {Row[]} rows
 */
function instancePhrases(counts, rows) {
  /** @type {string[]} */
  const phrases = [];
  /** @type {(status: keyof typeof counts, one: string, many: string) => void} */
  const say = (status, one, many) => {
    const count = counts[status];
    if (!count) return;
    const subject = phrases.length ? count : rows.length === 1 ? rows[0].name : `${count} of ${rows.length} instances`;
    phrases.push(`${subject} ${count === 1 ? one : many}`);
  };
  say("drifted", "has drifted", "have drifted");
  say("failed", "failed", "failed");
  say("unreachable", "is unreachable", "are unreachable");
  say("unknown", "could not be judged", "could not be judged");
  if (!phrases.length) {
    say("corrected", "had drifted and is corrected", "had drifted and are corrected");
    say("accepted", "differs as accepted", "differ as accepted");
  }
  return phrases;
}
