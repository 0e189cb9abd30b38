/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The bars of the timeline: one for each run, with a part for each status. */

/**
 * @typedef {import("drift-report").InstanceCounts} InstanceCounts
 * @typedef {keyof InstanceCounts} CountedStatus
 */

// From the bottom of a bar to its top.
/** @type {CountedStatus[]} */
const STACKED = ["drifted", "failed", "unreachable", "unknown", "corrected", "accepted", "clean"];
const LOWEST = 3;

/**
 * Return the parts of a bar from its bottom to its top, in pixels. A part has at least three pixels, so that it can be seen.
 * Clean instances have the rest of the bar.
 *
 * @param {InstanceCounts} counts
 * @param {number} height
 */
export function barParts(counts, height) {
  const total = Object.values(counts).reduce((one, other) => one + other, 0) || 1;
  const parts = [];
  let y = height;
  for (const status of STACKED) {
    if (!counts[status] || y <= 0) continue;
    const high = status === "clean" ? y : Math.min(y, Math.max(LOWEST, Math.round((height * counts[status]) / total)));
    y -= high;
    parts.push({ status, y, height: high });
  }
  return parts;
}

/**
 * Return the width of the bars of a number of runs, in pixels.
 *
 * @param {number} runs
 */
export function barWidth(runs) {
  return Math.max(4, Math.min(14, Math.floor(300 / runs) - 1));
}

/**
 * Return the number of instances of each status in words.
 *
 * @param {InstanceCounts} counts
 */
export function countsInWords(counts) {
  const words = STACKED.filter((status) => counts[status]).map((status) => `${counts[status]} ${status}`);
  return words.join(", ") || "no instances";
}
