/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The two values of a difference: found and declared. */

import { createElement } from "./elements.mjs";
import { compareLines, splitAtDifference, withGaps } from "./line_diff.mjs";
import { plural } from "./text.mjs";

/** @typedef {import("./rows.mjs").Difference} Difference */

const SIGNS = { same: " ", gone: "\u2212", come: "+", gap: "" };
const SPOKEN = { same: null, gone: "found: ", come: "declared: " };
const SECRET = "a secret, shown nowhere";

/**
 * Return a value as text.
 *
 * @param {unknown} value
 */
function plainText(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, typeof value === "object" ? 2 : 0);
}

/** @param {string} words */
function wordsForValue(words) {
  return createElement("span", { class: "value word" }, words);
}

/**
 * Return a value. The part that differs from the other value is marked.
 *
 * @param {unknown} value
 * @param {unknown} [other]
 */
function valueElement(value, other) {
  if (value === null || value === undefined) return wordsForValue("not set");
  if (value === "") return wordsForValue("empty");
  const text = plainText(value);
  if (typeof value === "string" && typeof other === "string" && value !== other) {
    const parts = splitAtDifference(value, other);
    if (parts)
      return createElement("span", { class: "value" }, parts[0], createElement("mark", {}, parts[1]), parts[2]);
  }
  // The string "1" and the number 1 are different values.
  const isAmbiguous = text === plainText(other) && typeof value !== typeof other;
  return createElement("span", { class: "value" }, isAmbiguous ? JSON.stringify(value) : text);
}

/**
 * Return a declared value of a record that does not exist.
 *
 * @param {Difference} difference
 */
export function declaredValue(difference) {
  return difference.secret ? wordsForValue(SECRET) : valueElement(difference.after);
}

/**
 * Return two texts line by line.
 *
 * @param {string} before
 * @param {string} after
 */
function lineByLine(before, after) {
  const block = createElement("pre", { class: "code", tabindex: 0, "aria-label": "Line by line" });
  for (const line of withGaps(compareLines(before, after))) {
    const properties = { class: line.type, "data-sign": SIGNS[line.type] };
    if (line.type === "gap") {
      block.append(createElement("span", properties, `${plural(line.lines, "line")} alike`));
      continue;
    }
    const spoken = SPOKEN[line.type];
    // A zero width space gives an empty line its height.
    block.append(
      createElement(
        "span",
        properties,
        spoken && createElement("span", { class: "unseen" }, spoken),
        line.text || "\u200b",
      ),
    );
  }
  return block;
}

/** @param {unknown} value */
function isLong(value) {
  if (typeof value === "string") return value.includes("\n");
  return value !== null && typeof value === "object" && Object.keys(value).length > 1;
}

/**
 * Return the values of a difference.
 *
 * @param {Difference} difference
 */
export function beforeAndAfter(difference) {
  const { field, before, after, secret } = difference;
  if (secret)
    return createElement(
      "p",
      { class: "values" },
      wordsForValue("differs"),
      createElement("span", { class: "quiet" }, SECRET),
    );
  if (field === null && after === null) return createElement("p", {}, "It is there, and nobody declared it.");
  if (field === null && after === "absent") {
    const words =
      difference.status === "corrected"
        ? "It was there, and declared to be absent: it is removed."
        : "It is there, and declared to be absent.";
    return createElement("p", {}, words);
  }
  if ((isLong(before) || isLong(after)) && field !== null) return lineByLine(plainText(before), plainText(after));
  return createElement(
    "dl",
    { class: "values" },
    createElement("dt", {}, "found"),
    createElement("dd", { class: "before" }, valueElement(before, after)),
    createElement("dt", {}, "declared"),
    createElement("dd", { class: "after" }, valueElement(after, before)),
  );
}
