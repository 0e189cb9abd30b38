/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import { barParts, barWidth, countsInWords } from "../../plugins/plugin_utils/drift/page/scripts/status_bars.mjs";
import { NO_COUNTS } from "./reports.mjs";

test("the parts of a bar fill it, drift at the bottom", () => {
  const parts = barParts({ ...NO_COUNTS, clean: 50, drifted: 25, failed: 25 }, 48);
  assert.deepEqual(parts, [
    { status: "drifted", y: 36, height: 12 },
    { status: "failed", y: 24, height: 12 },
    { status: "clean", y: 0, height: 24 },
  ]);
});

test("a rare status can be seen", () => {
  const parts = barParts({ ...NO_COUNTS, clean: 999, drifted: 1 }, 48);
  assert.deepEqual(parts[0], { status: "drifted", y: 45, height: 3 });
});

test("a bar is never higher than its space", () => {
  const counts = { clean: 1, corrected: 1, accepted: 1, drifted: 94, unknown: 1, failed: 1, unreachable: 1 };
  const parts = barParts(counts, 48);
  assert.ok(parts.every((part) => part.y >= 0 && part.height > 0));
  assert.equal(
    parts.reduce((sum, part) => sum + part.height, 0),
    48,
  );
});

test("a run without instances has no bar", () => {
  assert.deepEqual(barParts(NO_COUNTS, 48), []);
});

test("few bars are wide, many are narrow", () => {
  assert.equal(barWidth(2), 14);
  assert.equal(barWidth(30), 9);
  assert.equal(barWidth(60), 4);
  assert.equal(barWidth(1000), 4);
});

test("the counts of a run are named, the worst first", () => {
  assert.equal(countsInWords({ ...NO_COUNTS, clean: 3, drifted: 1 }), "1 drifted, 3 clean");
  assert.equal(countsInWords(NO_COUNTS), "no instances");
});
