/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The header: verdict, run and icon. */

import { badge, symbol } from "./badges.mjs";
import { byId, createElement } from "./elements.mjs";
import { headline, isPartialRun, withoutDifferences } from "./headline.mjs";
import { report, rows } from "./page_data.mjs";
import { ICON_COLOURS, STATES } from "./statuses.mjs";
import { plural, readableKey } from "./text.mjs";
import { formatDateAndClock, formatDuration } from "./time.mjs";

// Longer facts of the run are cut off.
const LONGEST_FACT = 60;

/** Show the header. */
export function showHeader() {
  const words = headline(report, rows);
  const { status } = report.verdict;
  document.title = `Drift report: ${words}`;
  byId("verdict").append(symbol(status), createElement("span", {}, words));
  byId("run").append(...runFacts().flatMap((fact) => [" ", runFact(fact)]));
  const plays = report.run.without_hosts || [];
  byId("nobody").append(
    ...plays.map((play) =>
      createElement("li", {}, badge("unknown"), ` No host matches the play ${readableKey(play)}.`),
    ),
  );
  byId("nobody").hidden = !plays.length;
  /** @type {HTMLLinkElement} */ (byId("icon")).href = icon(status);
}

/** Return the facts of the run, the time as an element that is kept up to date. */
function runFacts() {
  const { verdict, run } = report;
  const { playbook, seconds, limit, tags, skip_tags: skipped, start_at_task: start } = run;
  const facts = [
    differencesInWords() || withoutDifferences(report, rows),
    generatedTime(),
    `${playbook} in ${seconds < 100 ? seconds.toFixed(1) : Math.round(seconds)} s`,
    limit && `limited to ${limit}`,
    isPartialRun(run) && "only a part was compared",
    tags?.length && `only ${tags.join(", ")}`,
    skipped?.length && `without ${skipped.join(", ")}`,
    start && `from the task ${start}`,
    `exit code ${verdict.exit_code}`,
  ];
  return /** @type {(string | HTMLElement)[]} */ (facts.filter(Boolean));
}

/** Return the number of differences, or "" if there is none. */
function differencesInWords() {
  const { differences } = report.verdict;
  const total = Object.values(differences).reduce((one, other) => one + other, 0);
  const statuses = /** @type {(keyof typeof differences)[]} */ (["drifted", "corrected", "accepted"]);
  const counted = statuses.filter((status) => differences[status]).map((status) => `${differences[status]} ${status}`);
  return total ? `${plural(total, "difference")}: ${counted.join(", ")}` : "";
}

/** Return the time of the report with its age, which is renewed every minute. */
function generatedTime() {
  const element = createElement("time", { datetime: report.generated });
  const showAge = () => {
    const passed = Date.now() - Date.parse(report.generated);
    element.textContent = formatDateAndClock(report.generated) + (passed > 0 ? `, ${formatDuration(passed)} ago` : "");
  };
  showAge();
  setInterval(showAge, 60000);
  return element;
}

/** @param {string | HTMLElement} fact */
function runFact(fact) {
  const long = typeof fact === "string" && fact.length > LONGEST_FACT;
  return createElement("span", { title: long ? fact : null }, long ? `${fact.slice(0, LONGEST_FACT)}\u2026` : fact);
}

/** @param {import("drift-report").Status} status */
function icon(status) {
  const drawing = [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">',
    `<rect width="16" height="16" rx="3" fill="${ICON_COLOURS[status]}"/>`,
    '<text x="8" y="12.5" font-size="13" font-family="sans-serif" font-weight="bold" text-anchor="middle" fill="#fff">',
    `${STATES[status].symbol}</text></svg>`,
  ];
  return `data:image/svg+xml,${encodeURIComponent(drawing.join(""))}`;
}
