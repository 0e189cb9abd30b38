/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The data of the page: the report, and values that are computed from it once. */

import { buildColumns } from "./columns.mjs";
import { byId } from "./elements.mjs";
import { ResourceKinds } from "./resource_kinds.mjs";
import { buildRows } from "./rows.mjs";

/** @param {string} id the script element with the data */
function readJson(id) {
  return JSON.parse(byId(id).textContent || "");
}

/** @type {import("./rows.mjs").Report} */
export const report = readJson("report");

export const resourceKinds = new ResourceKinds(readJson("resource-kinds"));

export const rows = buildRows(report.instances, resourceKinds);

export const rowsByName = new Map(rows.map((row) => [row.name, row]));

export const kindColumns = buildColumns(rows, resourceKinds);
