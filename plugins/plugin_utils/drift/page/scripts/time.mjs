/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Times of the report, which are UTC, and durations. */

import { plural } from "./text.mjs";

const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone: "UTC" });
const DATE_AND_CLOCK = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });

/**
 * Return a time in a format, or the text itself if it is not a time.
 *
 * @param {Intl.DateTimeFormat} format
 * @param {string} text
 */
function formatTime(format, text) {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? String(text) : format.format(time);
}

/** @param {string} text */
export function formatDate(text) {
  return formatTime(DATE, text);
}

/** @param {string} text */
export function formatClock(text) {
  return `${formatTime(CLOCK, text)} UTC`;
}

/** @param {string} text */
export function formatDateAndClock(text) {
  return `${formatTime(DATE_AND_CLOCK, text)} UTC`;
}

/**
 * Return a duration in its largest sensible unit.
 *
 * @param {number} milliseconds
 */
export function formatDuration(milliseconds) {
  const minutes = Math.round(milliseconds / 60000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return plural(minutes, "minute");
  if (minutes < 48 * 60) return plural(Math.round(minutes / 60), "hour");
  const days = Math.round(minutes / 1440);
  if (days < 60) return plural(days, "day");
  return days < 730 ? plural(Math.round(days / 30.44), "month") : plural(Math.round(days / 365.25), "year");
}

/**
 * Return since when a difference exists.
 *
 * @param {string} since the time of the first report that has it
 * @param {string} generated the time of this report
 */
export function formatSince(since, generated) {
  if (since === generated) return "first seen in this run";
  return `since ${formatDateAndClock(since)}, for ${formatDuration(Date.parse(generated) - Date.parse(since))}`;
}
