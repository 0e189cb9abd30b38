/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The footer: the symbols and the keys. */

import { symbol } from "./badges.mjs";
import { byId, createElement } from "./elements.mjs";
import { STATE_NAMES, STATES } from "./statuses.mjs";

/** Show the footer. */
export function showFooter() {
  /** @type {(text: string) => HTMLElement} */
  const key = (text) => createElement("kbd", {}, text);
  byId("foot").append(
    createElement(
      "ul",
      { "aria-label": "Symbols" },
      STATE_NAMES.map((state) => createElement("li", { title: STATES[state].meaning }, symbol(state), state)),
    ),
    createElement(
      "p",
      { class: "keyboard" },
      key("/"),
      " search, ",
      key("arrows"),
      " move, ",
      key("Enter"),
      " opens, ",
      key("Esc"),
      " closes",
    ),
  );
}
