/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The state of the page and its changes. */

import { formatAddress, parseAddress } from "./address.mjs";
import { byId } from "./elements.mjs";
import { report, resourceKinds, rows, rowsByName } from "./page_data.mjs";

/**
 * @typedef {import("./address.mjs").PageState} PageState
 * @typedef {import("./address.mjs").DetailsSubject} DetailsSubject
 */

/** The state that the address contains. */
function stateOfAddress() {
  return parseAddress(location.hash, {
    kinds: resourceKinds,
    instances: rowsByName,
    baseline: Boolean(report.baseline),
  });
}

export const pageState = stateOfAddress();

let redraw = () => {};

// The element that opened the details.
/** @type {Element | null} */
let openedBy = null;

/**
 * Start with the state of the address, and redraw the page after every change.
 *
 * @param {() => void} draw
 */
export function startNavigation(draw) {
  redraw = draw;
  // A report of one instance starts with its details.
  if (rows.length === 1 && !location.hash) pageState.open = { instance: rows[0].name };
  addEventListener("hashchange", () => {
    Object.assign(pageState, stateOfAddress());
    redraw();
  });
}

/**
 * Change the state, the address and the page.
 *
 * @param {Partial<PageState>} changes
 * @param {boolean} [step] whether the change is a step in the browser's history: what is looked at is one, how it is filtered is not
 */
export function navigate(changes, step = false) {
  Object.assign(pageState, changes);
  const wanted = formatAddress(pageState);
  if (wanted !== (location.hash || "#")) history[step ? "pushState" : "replaceState"](null, "", wanted);
  redraw();
}

/** @returns {Element | null} the element that opened the details */
export function detailsOpener() {
  return openedBy;
}

/**
 * Open the details and focus their heading.
 *
 * @param {DetailsSubject} subject
 * @param {Element | null} [from] the element that gets the focus back
 */
export function openDetails(subject, from) {
  openedBy = from || document.activeElement;
  navigate({ open: subject }, true);
  document.getElementById("about")?.focus({ preventScroll: true });
}

/** Close the details and focus the element that opened them. */
export function closeDetails() {
  const back = openedBy;
  navigate({ open: null }, true);
  const active = /** @type {HTMLElement | null} */ (byId("instances").querySelector('[tabindex="0"]'));
  const target = back instanceof HTMLElement && back.isConnected && back.offsetParent ? back : active;
  if (target?.offsetParent) target.focus();
  else byId("main").focus();
}
