/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Texts: counts with their noun, and keys of resources. */

// Characters that a reader cannot see: controls, formatting, and every blank except the space.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[^\S ]/gu;

/**
 * Return a count with its noun.
 *
 * @param {number} count
 * @param {string} one the singular
 * @param {string} [many] the plural, if it is not the singular with an s
 */
export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * Return a key as text. It is quoted and escaped if a reader could not see all its characters.
 *
 * @param {string} key
 */
export function readableKey(key) {
  if (key !== "" && !/^ | $| {2}/.test(key) && key.search(INVISIBLE) < 0) return key;
  const escaped = key
    .replace(/["\\]/g, "\\$&")
    .replace(INVISIBLE, (character) => `\\u${Number(character.codePointAt(0)).toString(16).padStart(4, "0")}`);
  return `"${escaped}"`;
}

/**
 * Return parts of a sentence joined by commas and a final "and".
 *
 * @param {string[]} phrases at least one
 */
export function joinPhrases(phrases) {
  return phrases.length < 3 ? phrases.join(" and ") : `${phrases.slice(0, -1).join(", ")} and ${phrases.at(-1)}`;
}

/**
 * Return texts as one text in lower case that a search looks into.
 *
 * @param {string[]} texts
 */
export function searchText(texts) {
  return texts.join("\n").toLowerCase();
}
