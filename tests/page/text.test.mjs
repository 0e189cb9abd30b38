/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import { joinPhrases, plural, readableKey, searchText } from "../../plugins/plugin_utils/drift/page/scripts/text.mjs";

test("a count has the singular for one only", () => {
  assert.equal(plural(0, "field"), "0 fields");
  assert.equal(plural(1, "field"), "1 field");
  assert.equal(plural(2, "entry", "entries"), "2 entries");
});

test("a key without invisible characters is shown as it is", () => {
  for (const key of ["Transactional", "a b", 'say "hi"', "Größe", "\u4e2d"]) assert.equal(readableKey(key), key);
});

test("a key with invisible characters is quoted and escaped", () => {
  assert.equal(readableKey(""), '""');
  assert.equal(readableKey(" a"), '" a"');
  assert.equal(readableKey("a "), '"a "');
  assert.equal(readableKey("a  b"), '"a  b"');
  assert.equal(readableKey("a\tb"), '"a\\u0009b"');
  assert.equal(readableKey("a\u00a0b"), '"a\\u00a0b"');
  assert.equal(readableKey("a\u200bb"), '"a\\u200bb"');
  assert.equal(readableKey("a\u2028b"), '"a\\u2028b"');
  assert.equal(readableKey(' "\\'), '" \\"\\\\"');
});

test("keys that differ in invisible characters only are shown differently", () => {
  const keys = ["a b", "a  b", "a\tb", "a\u00a0b", "ab", "a\u200bb", " ab", "ab "];
  assert.equal(new Set(keys.map(readableKey)).size, keys.length);
});

test("phrases are joined as a sentence", () => {
  assert.equal(joinPhrases(["a"]), "a");
  assert.equal(joinPhrases(["a", "b"]), "a and b");
  assert.equal(joinPhrases(["a", "b", "c"]), "a, b and c");
});

test("a search text is in lower case and keeps its texts apart", () => {
  assert.equal(searchText(["Mail", "Server"]), "mail\nserver");
});
