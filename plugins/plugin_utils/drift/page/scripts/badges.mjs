/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Symbols and badges of states. */

import { createElement } from "./elements.mjs";
import { STATES } from "./statuses.mjs";

/** @typedef {import("./statuses.mjs").State} State */

/**
 * Return the symbol of a state. Screen readers skip it.
 *
 * @param {State} state
 */
export function symbol(state) {
  return createElement("span", { class: "symbol", "data-state": state, "aria-hidden": "true" }, STATES[state].symbol);
}

/**
 * Return the symbol of a state with its word, or with other words.
 *
 * @param {State} state
 * @param {string} [words]
 */
export function badge(state, words = state) {
  return createElement("span", { class: "badge", "data-state": state }, `${STATES[state].symbol} ${words}`);
}
