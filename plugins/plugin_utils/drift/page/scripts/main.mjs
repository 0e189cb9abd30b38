/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Start the page. */

import { showDetails, startDetails } from "./details.mjs";
import { showDifferences } from "./difference_list.mjs";
import { byId, inputById } from "./elements.mjs";
import { showFilters, updateFilters } from "./filters.mjs";
import { showFooter } from "./footer.mjs";
import { showHeader } from "./header.mjs";
import { markOpenCell, showMatrix, startMatrix } from "./matrix.mjs";
import { closeDetails, pageState, startNavigation } from "./navigation.mjs";
import { rows } from "./page_data.mjs";
import { startPrint } from "./print.mjs";
import { selectRows } from "./selection.mjs";
import { plural } from "./text.mjs";
import { startTheme } from "./theme.mjs";
import { showTimeline } from "./timeline.mjs";

// The filters of the view that is shown.
/** @type {string | null} */
let shownFilters = null;

/** Show the state of the page. The view is drawn only if its filters have changed, not if the details have. */
function draw() {
  const { view, words, only, sort, statuses, kinds, folded, named } = pageState;
  const wanted = JSON.stringify([view, words, only, sort, [statuses, kinds, folded, named].map((set) => [...set])]);
  if (wanted !== shownFilters) {
    shownFilters = wanted;
    drawView();
  }
  showDetails();
  markOpenCell();
}

function drawView() {
  const selection = selectRows(rows, pageState);
  const byInstance = pageState.view === "instances";
  byId("instances").hidden = !byInstance;
  byId("differences").hidden = byInstance;
  if (byInstance) {
    showMatrix(selection);
    showMatches(instancesInWords(selection.shown.length));
  } else {
    const { words, instances } = showDifferences(selection);
    showMatches(`${words} on ${instancesInWords(instances)}`);
  }
  updateFilters();
}

/** @param {number} count */
function instancesInWords(count) {
  return count === rows.length ? plural(count, "instance") : `${count} of ${plural(rows.length, "instance")}`;
}

/** @param {string} words */
function showMatches(words) {
  // A screen reader reads the text again whenever it is set.
  if (words !== byId("matches").textContent) byId("matches").textContent = words;
}

function startKeyboard() {
  byId("skip").addEventListener("click", () => {
    /** @type {HTMLElement | null} */
    const active = byId("instances").querySelector('[tabindex="0"]');
    (active || byId("main")).focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && pageState.open) closeDetails();
    else if (event.key === "/" && !isTyping(event) && !byId("tools").inert) {
      event.preventDefault();
      inputById("search").select();
    }
  });
}

/** @param {Event} event */
function isTyping(event) {
  return Boolean(/** @type {Element} */ (event.target).closest("input, select"));
}

startTheme();
startMatrix();
startKeyboard();
startDetails();
startPrint();
showHeader();
showFilters();
showTimeline();
showFooter();
for (const part of ["skip", "top", "counts", "tools", "body", "foot"]) byId(part).hidden = false;
startNavigation(draw);
draw();
