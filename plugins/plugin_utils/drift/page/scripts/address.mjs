/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The address of the page (the part after #), which contains the state of the page. */

import { isState } from "./statuses.mjs";

/**
 * The subject of the details: an instance or a part of it, a resource of all instances, or the baseline.
 *
 * @typedef {object} DetailsSubject
 * @property {string} [instance]
 * @property {string | null} [resource] a resource or a kind
 * @property {string | null} [key]
 * @property {true} [baseline]
 */

/**
 * @typedef {object} PageState
 * @property {"instances" | "differences"} view
 * @property {Set<string>} statuses the statuses to show; empty: all
 * @property {Set<string>} kinds the kinds to show; empty: all
 * @property {string} words the search
 * @property {boolean} only show only what differs
 * @property {string} sort "" is worst first
 * @property {Set<string>} folded the kinds that are one column
 * @property {Set<string>} named the kinds whose last column names its resources
 * @property {DetailsSubject | null} open
 */

/**
 * The names in a report. Other names in an address are ignored.
 *
 * @typedef {object} Known
 * @property {{ has(id: string): boolean }} kinds
 * @property {{ has(name: string): boolean }} instances
 * @property {boolean} baseline
 */

const ORDERS = ["inventory", "name"];

/**
 * Return the state that an address contains.
 *
 * @param {string} hash the address, with or without its #
 * @param {Known} known
 * @returns {PageState}
 */
export function parseAddress(hash, known) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  /** @type {(name: string, isKnown: (one: string) => boolean) => Set<string>} */
  const set = (name, isKnown) => new Set((given.get(name) || "").split(",").filter(isKnown));
  /** @type {(id: string) => boolean} */
  const isKind = (id) => known.kinds.has(id);
  const sort = given.get("sort") || "";
  return {
    view: given.get("view") === "differences" ? "differences" : "instances",
    statuses: set("status", isState),
    kinds: set("kind", isKind),
    words: given.get("q") || "",
    only: given.get("only") === "1",
    sort: ORDERS.includes(sort) ? sort : "",
    folded: set("folded", isKind),
    named: set("named", isKind),
    open: parseSubject(given, known),
  };
}

/**
 * @param {URLSearchParams} given
 * @param {Known} known
 * @returns {DetailsSubject | null}
 */
function parseSubject(given, known) {
  const [instance, resource, key] = ["instance", "resource", "key"].map((name) => given.get(name));
  if (instance !== null && known.instances.has(instance)) return { instance, resource, key };
  if (instance === null && resource !== null && key !== null) return { resource, key };
  return given.has("baseline") && known.baseline ? { baseline: true } : null;
}

/**
 * Return the address of a state, with its #.
 *
 * @param {PageState} state
 */
export function formatAddress(state) {
  const given = new URLSearchParams();
  /** @type {(name: string, value: string) => void} */
  const put = (name, value) => {
    if (value) given.set(name, value);
  };
  put("view", state.view === "instances" ? "" : state.view);
  put("status", [...state.statuses].join(","));
  put("kind", [...state.kinds].join(","));
  put("q", state.words);
  put("only", state.only ? "1" : "");
  put("sort", state.sort);
  put("folded", [...state.folded].join(","));
  put("named", [...state.named].join(","));
  for (const [name, value] of Object.entries(state.open || {})) {
    if (value !== null && value !== undefined) given.set(name, value === true ? "1" : value);
  }
  return `#${given}`;
}
