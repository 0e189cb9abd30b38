/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The timeline: one bar for each of the last runs, and the same as a table for screen readers. */

import { byId, createElement, createShape } from "./elements.mjs";
import { report } from "./page_data.mjs";
import { barParts, barWidth, countsInWords } from "./status_bars.mjs";
import { plural } from "./text.mjs";
import { formatClock, formatDate, formatDateAndClock } from "./time.mjs";

const MOST_BARS = 60;
const HEIGHT = 48;
const GAP = 1;

/** Show the timeline if there is a former run. */
export function showTimeline() {
  const runs = [...report.history, { generated: report.generated, instances: report.verdict.instances }].slice(
    -MOST_BARS,
  );
  if (runs.length < 2) return;
  const width = barWidth(runs.length);
  const whole = (width + GAP) * runs.length;
  const svg = createShape("svg", {
    width: whole,
    height: HEIGHT,
    viewBox: `0 0 ${whole} ${HEIGHT}`,
    "aria-hidden": "true",
  });
  const table = createElement("table", {}, createElement("caption", {}, "Instances by status, run by run"));
  runs.forEach((run, position) => {
    const words = countsInWords(run.instances);
    const time = formatDateAndClock(run.generated);
    const bar = createShape("g", {}, createShape("title", {}, `${time}: ${words}`));
    for (const { status, y, height } of barParts(run.instances, HEIGHT)) {
      bar.append(createShape("rect", { "data-state": status, x: position * (width + GAP), y, width, height }));
    }
    svg.append(bar);
    table.append(createElement("tr", {}, createElement("th", { scope: "row" }, time), createElement("td", {}, words)));
  });
  byId("timeline").append(
    svg,
    caption(runs[0].generated, runs.length),
    createElement("div", { class: "unseen" }, table),
  );
}

/**
 * @param {string} first the time of the first run
 * @param {number} runs
 */
function caption(first, runs) {
  const last = report.generated;
  const format = formatDate(first) === formatDate(last) ? formatClock : formatDate;
  return createElement(
    "figcaption",
    {},
    createElement("span", {}, format(first)),
    createElement("span", {}, plural(runs, "run")),
    createElement("span", {}, format(last)),
  );
}
