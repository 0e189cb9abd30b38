/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatClock,
  formatDate,
  formatDateAndClock,
  formatDuration,
  formatSince,
} from "../../plugins/plugin_utils/drift/page/scripts/time.mjs";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test("times are UTC in every time zone", () => {
  assert.equal(formatDate("2026-11-24T23:59:00Z"), "24 Nov 2026");
  assert.equal(formatClock("2026-11-24T23:59:00Z"), "23:59 UTC");
  assert.equal(formatDateAndClock("2026-11-24T00:01:00Z"), "24 Nov 2026, 00:01 UTC");
  assert.equal(formatDate("2027-01-31"), "31 Jan 2027");
});

test("a text that is not a time is shown as it is", () => {
  assert.equal(formatDate("soon"), "soon");
});

/** @type {[number, string][]} */
const DURATIONS = [
  [29_000, "less than a minute"],
  [MINUTE, "1 minute"],
  [59 * MINUTE, "59 minutes"],
  [HOUR, "1 hour"],
  [47 * HOUR, "47 hours"],
  [2 * DAY, "2 days"],
  [59 * DAY, "59 days"],
  [60 * DAY, "2 months"],
  [729 * DAY, "24 months"],
  [730 * DAY, "2 years"],
];

for (const [milliseconds, words] of DURATIONS) {
  test(`a duration is ${words}`, () => assert.equal(formatDuration(milliseconds), words));
}

test("a difference exists since a time, for a duration", () => {
  const since = formatSince("2026-11-20T15:00:00Z", "2026-11-24T15:00:00Z");
  assert.equal(since, "since 20 Nov 2026, 15:00 UTC, for 4 days");
});

test("a difference of this report only is first seen in this run", () => {
  assert.equal(formatSince("2026-11-24T15:00:00Z", "2026-11-24T15:00:00Z"), "first seen in this run");
});
