/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  commonEnds,
  compareLines,
  splitAtDifference,
  withGaps,
} from "../../plugins/plugin_utils/drift/page/scripts/line_diff.mjs";

const SIGNS = { same: " ", gone: "-", come: "+" };

/**
 * @param {string} before
 * @param {string} after
 */
const diff = (before, after) => compareLines(before, after).map(({ type, text }) => SIGNS[type] + text);

test("equal ends do not overlap", () => {
  assert.deepEqual(commonEnds("aa", "aaa"), { start: 2, end: 0 });
  assert.deepEqual(commonEnds("abc", "axc"), { start: 1, end: 1 });
  assert.deepEqual(commonEnds("", "a"), { start: 0, end: 0 });
});

test("the part that differs is marked", () => {
  assert.deepEqual(splitAtDifference("smtp-old.example", "smtp.example"), ["smtp", "-old", ".example"]);
  assert.deepEqual(splitAtDifference("smtp.example", "smtp-old.example"), ["smtp", "", ".example"]);
});

test("texts that are short or have little in common are not marked", () => {
  assert.equal(splitAtDifference("abcdefg", "abcdefx"), null);
  assert.equal(splitAtDifference("alpha.example.org", "b"), null);
  assert.equal(splitAtDifference("first.alpha.org", "other.gamma.com"), null);
});

test("a changed line is gone and has come", () => {
  assert.deepEqual(diff("a\nb\nc\n", "a\nx\nc\n"), [" a", "-b", "+x", " c"]);
});

test("lines are inserted and removed at every place", () => {
  assert.deepEqual(diff("b", "a\nb"), ["+a", " b"]);
  assert.deepEqual(diff("a\nb", "a"), [" a", "-b"]);
  assert.deepEqual(diff("a\nc\nd", "a\nb\nc"), [" a", "+b", " c", "-d"]);
});

test("a line break at the end of one text only is a difference", () => {
  assert.deepEqual(diff("a\n", "a"), [" a", "-"]);
  assert.deepEqual(diff("a\n", "a\n"), [" a"]);
});

test("the lines of random texts are complete, and as many as possible are equal", () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed;
  };
  const text = () => Array.from({ length: 1 + (random() % 7) }, () => "abc"[random() % 3]);
  for (let round = 0; round < 500; round += 1) {
    const [before, after] = [text(), text()];
    const lines = compareLines(before.join("\n"), after.join("\n"));
    const of = (/** @type {string} */ other) => lines.filter(({ type }) => type !== other).map((line) => line.text);
    assert.deepEqual(of("come"), before);
    assert.deepEqual(of("gone"), after);
    assert.equal(lines.filter(({ type }) => type === "same").length, longestCommon(before, after));
  }
});

/**
 * Return the length of the longest common subsequence, in the simplest way.
 *
 * @param {string[]} one
 * @param {string[]} other
 * @returns {number}
 */
function longestCommon([first, ...one], [second, ...other]) {
  if (first === undefined || second === undefined) return 0;
  if (first === second) return 1 + longestCommon(one, other);
  return Math.max(longestCommon(one, [second, ...other]), longestCommon([first, ...one], other));
}

test("texts with too many lines differ as a whole between their equal ends", () => {
  /** @type {(letter: string) => string[]} */
  const many = (letter) => Array.from({ length: 2001 }, (_, position) => `${letter}${position % 2}`);
  const lines = compareLines(["start", ...many("a"), "end"].join("\n"), ["start", ...many("b"), "end"].join("\n"));
  assert.deepEqual(
    ["same", "gone", "come"].map((type) => lines.filter((line) => line.type === type).length),
    [2, 2001, 2001],
  );
});

test("equal lines that are not near a difference are a gap", () => {
  const before = Array.from({ length: 20 }, (_, position) => String(position));
  const after = before.map((line) => (line === "10" ? "x" : line));
  const lines = withGaps(compareLines(before.join("\n"), after.join("\n")));
  assert.deepEqual(
    lines.map((line) => (line.type === "gap" ? line.lines : SIGNS[line.type] + line.text)),
    [7, " 7", " 8", " 9", "-10", "+x", " 11", " 12", " 13", 6],
  );
});

test("every gap has its own count", () => {
  const before = Array.from({ length: 30 }, (_, position) => String(position));
  const after = before.filter((line) => line !== "5" && line !== "20");
  const gaps = withGaps(compareLines(before.join("\n"), after.join("\n"))).filter((line) => line.type === "gap");
  assert.deepEqual(gaps, [
    { type: "gap", lines: 2 },
    { type: "gap", lines: 8 },
    { type: "gap", lines: 6 },
  ]);
});
