/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Filters, search and order: which rows and resources the page shows. */

import { differs } from "./rows.mjs";
import { rankOf } from "./statuses.mjs";

/**
 * @typedef {import("./address.mjs").PageState} PageState
 * @typedef {import("./rows.mjs").Row} Row
 * @typedef {import("./rows.mjs").ComparedResource} ComparedResource
 */

/**
 * A row that is shown.
 *
 * @typedef {object} SelectedRow
 * @property {Row} row
 * @property {ComparedResource[]} differing the resources that match and differ
 * @property {boolean} unjudged the instance matches and was not compared completely
 */

/**
 * @typedef {object} Selection
 * @property {SelectedRow[]} shown
 * @property {Set<string>} ids the IDs of the resources that match
 * @property {boolean} all whether no search limits the resources
 */

/**
 * Return the rows and resources that match the filters, in the order that is asked for.
 *
 * @param {Row[]} rows
 * @param {Pick<PageState, "statuses" | "kinds" | "words" | "only" | "sort">} filters
 * @returns {Selection}
 */
export function selectRows(rows, filters) {
  const words = filters.words.toLowerCase().split(/\s+/).filter(Boolean);
  /** @type {(text: string) => boolean} */
  const matches = (text) => words.every((word) => text.includes(word));
  /** @type {SelectedRow[]} */
  const shown = [];
  /** @type {Set<string>} */
  const ids = new Set();
  for (const row of rows) {
    if (filters.statuses.size && ![...row.states].some((state) => filters.statuses.has(state))) continue;
    const named = matches(row.searchText);
    let hits = row.resources;
    if (filters.kinds.size) hits = hits.filter((resource) => filters.kinds.has(resource.kind));
    if (words.length) hits = hits.filter((resource) => matches(resource.searchText));
    const differing = hits.filter(differs);
    const unjudged = row.unjudged !== "none" && named;
    if (filters.only ? !differing.length && !unjudged : !hits.length && !named) continue;
    for (const resource of filters.only ? differing : hits) ids.add(resource.id);
    shown.push({ row, differing, unjudged });
  }
  sortRows(shown, filters.sort);
  return { shown, ids, all: !words.length && !filters.only };
}

/**
 * Sort rows in place. Rows that are equal keep their order, that of the inventory.
 *
 * @param {SelectedRow[]} shown
 * @param {string} order "" is worst first
 */
function sortRows(shown, order) {
  if (order === "") {
    /** @type {(one: SelectedRow) => number} */
    const badness = ({ row }) => rankOf(row.status) * 1e6 + row.differing;
    shown.sort((one, other) => badness(other) - badness(one));
  } else if (order === "name") {
    shown.sort((one, other) => one.row.name.localeCompare(other.row.name, "en", { numeric: true }));
  }
}

/**
 * Return a copy of a set with a value added, or removed if the set contains it.
 *
 * @param {Set<string>} set
 * @param {string} value
 */
export function toggled(set, value) {
  const result = new Set(set);
  if (!result.delete(value)) result.add(value);
  return result;
}
