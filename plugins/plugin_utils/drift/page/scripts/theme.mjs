/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Light or dark colours. */

import { selectById } from "./elements.mjs";

const STORAGE_KEY = "drift-theme";

/** Apply the colours that the user chose, or those of the system. */
export function startTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const select = selectById("theme");
  const paint = () => {
    document.documentElement.dataset.theme = select.value || (dark.matches ? "dark" : "light");
  };
  select.value = readTheme();
  paint();
  dark.addEventListener("change", paint);
  select.addEventListener("change", () => {
    storeTheme(select.value);
    paint();
  });
}

// Some servers of reports forbid storage. The choice then lasts until the page is closed.

function readTheme() {
  try {
    return localStorage.getItem(STORAGE_KEY) || "";
  } catch {
    return "";
  }
}

/** @param {string} theme */
function storeTheme(theme) {
  try {
    localStorage.setItem(STORAGE_KEY, theme);
  } catch {
    // The page works without it.
  }
}
