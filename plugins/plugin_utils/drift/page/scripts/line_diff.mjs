/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Differences between two texts: line by line, and within one line. */

/**
 * A line of one of the texts, or a number of equal lines that are left out.
 *
 * @typedef {{ type: "same" | "gone" | "come", text: string }} Line
 * @typedef {Line | { type: "gap", lines: number }} LineOrGap
 */

// The number of equal lines that are shown before and after a difference.
const CONTEXT = 3;
// The number of pairs of lines that are compared at most.
const COMPARABLE = 4e6;

/**
 * Return the number of elements that two sequences have in common at their start and at their end, without overlap.
 *
 * @param {ArrayLike<string>} one
 * @param {ArrayLike<string>} other
 */
export function commonEnds(one, other) {
  let [start, end] = [0, 0];
  const most = Math.min(one.length, other.length);
  while (start < most && one[start] === other[start]) start += 1;
  while (end < most - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
  return { start, end };
}

/**
 * Return a text in three parts. The middle part differs from the other text. Return null if the texts have too little in common.
 *
 * @param {string} text
 * @param {string} other
 * @returns {[string, string, string] | null}
 */
export function splitAtDifference(text, other) {
  const most = Math.min(text.length, other.length);
  const { start, end } = commonEnds(text, other);
  if (start + end < most / 2 || most < 8) return null;
  return [text.slice(0, start), text.slice(start, text.length - end), text.slice(text.length - end)];
}

/**
 * Return the lines of both texts in one order. The line break at the end of both is no line.
 *
 * @param {string} before
 * @param {string} after
 * @returns {Line[]}
 */
export function compareLines(before, after) {
  const ended = before.endsWith("\n") && after.endsWith("\n") ? -1 : undefined;
  const [found, declared] = [before.slice(0, ended).split("\n"), after.slice(0, ended).split("\n")];
  const { start, end } = commonEnds(found, declared);
  return [
    ...found.slice(0, start).map((text) => line("same", text)),
    ...compareMiddle(found.slice(start, found.length - end), declared.slice(start, declared.length - end)),
    ...found.slice(found.length - end).map((text) => line("same", text)),
  ];
}

/**
 * @param {Line["type"]} type
 * @param {string} text
 * @returns {Line}
 */
function line(type, text) {
  return { type, text };
}

/**
 * Return the lines between the common start and the common end, by their longest common subsequence. If there are too many lines, all of them are different.
 *
 * @param {string[]} found
 * @param {string[]} declared
 */
function compareMiddle(found, declared) {
  /** @type {Line[]} */
  const result = [];
  let [i, j] = [0, 0];
  if (found.length * declared.length <= COMPARABLE) {
    const wide = declared.length + 1;
    const common = commonLengths(found, declared);
    while (i < found.length && j < declared.length) {
      if (found[i] === declared[j]) {
        result.push(line("same", found[i]));
        i += 1;
        j += 1;
      } else if (common[(i + 1) * wide + j] >= common[i * wide + j + 1]) {
        result.push(line("gone", found[i]));
        i += 1;
      } else {
        result.push(line("come", declared[j]));
        j += 1;
      }
    }
  }
  return [
    ...result,
    ...found.slice(i).map((text) => line("gone", text)),
    ...declared.slice(j).map((text) => line("come", text)),
  ];
}

/**
 * Return the lengths of the longest common subsequences of all pairs of ends, as a table in one array.
 *
 * @param {string[]} found
 * @param {string[]} declared
 */
function commonLengths(found, declared) {
  const wide = declared.length + 1;
  const common = new Uint32Array((found.length + 1) * wide);
  for (let p = found.length - 1; p >= 0; p -= 1) {
    for (let q = declared.length - 1; q >= 0; q -= 1) {
      common[p * wide + q] =
        found[p] === declared[q]
          ? common[(p + 1) * wide + q + 1] + 1
          : Math.max(common[(p + 1) * wide + q], common[p * wide + q + 1]);
    }
  }
  return common;
}

/**
 * Return lines with gaps for the equal ones that are not near a difference.
 *
 * @param {Line[]} lines
 */
export function withGaps(lines) {
  const near = new Array(lines.length).fill(false);
  lines.forEach(({ type }, position) => {
    if (type !== "same") near.fill(true, Math.max(0, position - CONTEXT), position + CONTEXT + 1);
  });
  /** @type {LineOrGap[]} */
  const result = [];
  lines.forEach((one, position) => {
    const last = result.at(-1);
    if (near[position]) result.push(one);
    else if (last?.type === "gap") last.lines += 1;
    else result.push({ type: "gap", lines: 1 });
  });
  return result;
}
