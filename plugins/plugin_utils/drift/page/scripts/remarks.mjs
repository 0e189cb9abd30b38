/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Remarks on a group of equal differences: since when they exist, their cause, and entries of the baseline. */

/**
 * @typedef {import("./rows.mjs").Difference} Difference
 * @typedef {[Difference, string?]} DifferenceOf a difference and its instance
 */

/**
 * A value that some of the differences have.
 *
 * @template Value
 * @typedef {object} Remark
 * @property {Value} value
 * @property {string} where the instances that have it, or "" if all have it
 */

/**
 * Return the distinct values of a property of differences, with the instances that have them.
 *
 * @template {"remark" | "managed_elsewhere" | "accepted" | "expired"} Name
 * @param {DifferenceOf[]} pairs
 * @param {Name} name
 * @returns {Remark<NonNullable<Difference[Name]>>[]}
 */
export function distinctRemarks(pairs, name) {
  const all = new Set(pairs.map(([, instance]) => instance));
  /** @type {Map<string, { value: NonNullable<Difference[Name]>, instances: (string | undefined)[] }>} */
  const found = new Map();
  for (const [difference, instance] of pairs) {
    const value = difference[name];
    if (!value) continue;
    const id = JSON.stringify(value);
    const remark = found.get(id) ?? { value, instances: [] };
    found.set(id, remark);
    remark.instances.push(instance);
  }
  return [...found.values()].map(({ value, instances }) => ({
    value,
    where: new Set(instances).size === all.size ? "" : namesInWords(instances),
  }));
}

/** @param {(string | undefined)[]} names */
function namesInWords(names) {
  return `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;
}

/**
 * Return the distinct times since when the differences exist, the earliest first.
 *
 * @param {DifferenceOf[]} pairs
 */
export function distinctTimes(pairs) {
  return [...new Set(pairs.map(([difference]) => difference.since).filter(Boolean))].sort();
}
