/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The states of instances, resources and differences: their symbols, colours and order. */

/**
 * The status of an instance, or that of a resource. The page divides drifted resources into drifted, missing and unmanaged.
 *
 * @typedef {import("drift-report").Status | "missing" | "unmanaged"} State
 */

/** @type {Record<State, { symbol: string, meaning?: string }>} */
export const STATES = {
  clean: { symbol: "\u2713" },
  accepted: { symbol: "\u2248" },
  corrected: { symbol: "\u21bb" },
  drifted: { symbol: "\u2260" },
  unmanaged: { symbol: "+", meaning: "there, and nobody declared it" },
  missing: { symbol: "\u2212", meaning: "declared, and not there" },
  unknown: { symbol: "?" },
  failed: { symbol: "!" },
  unreachable: { symbol: "\u00d7" },
};

/** All states. */
export const STATE_NAMES = /** @type {State[]} */ (Object.keys(STATES));

/** The colour of the page's icon. @type {Record<import("drift-report").Status, string>} */
export const ICON_COLOURS = {
  clean: "#3d6b4b",
  accepted: "#5a45a8",
  corrected: "#0c636d",
  drifted: "#b35309",
  unknown: "#4b515c",
  failed: "#b3261e",
  unreachable: "#4c4f58",
};

/** Statuses of instances that were not compared completely. @type {ReadonlySet<string>} */
export const UNJUDGED = new Set(["unknown", "failed", "unreachable"]);

// From the best to the worst. "none" is a cell without a resource.
const RANKS = [
  "none",
  "clean",
  "corrected",
  "accepted",
  "unmanaged",
  "missing",
  "drifted",
  "unknown",
  "failed",
  "unreachable",
];

/**
 * Return the rank of a state. A higher rank is worse.
 *
 * @param {State | "none"} state
 */
export function rankOf(state) {
  return RANKS.indexOf(state);
}

/**
 * Return the worst of states, or "none" if there are none.
 *
 * @param {State[]} states
 * @returns {State | "none"}
 */
export function worstOf(states) {
  return states.reduce(
    (one, other) => (rankOf(other) > rankOf(one) ? other : one),
    /** @type {State | "none"} */ ("none"),
  );
}

/**
 * Tell whether a text is the name of a state.
 *
 * @param {string} text
 * @returns {text is State}
 */
export function isState(text) {
  return Object.hasOwn(STATES, text);
}

/**
 * Tell whether a resource is declared and does not exist.
 *
 * @param {{ action?: string }} resource
 */
export function isMissing(resource) {
  return resource.action === "create" || resource.action === "install";
}

/**
 * Return the state of a resource of the report.
 *
 * @param {{ status: "clean" | "corrected" | "accepted" | "drifted", action?: string }} resource
 * @returns {State}
 */
export function stateOf(resource) {
  if (resource.status !== "drifted") return resource.status;
  if (resource.action === "unmanaged") return "unmanaged";
  return isMissing(resource) ? "missing" : "drifted";
}
