/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Reports for the tests, as small as a test needs. */

import { ResourceKinds } from "../../plugins/plugin_utils/drift/page/scripts/resource_kinds.mjs";
import { buildRows } from "../../plugins/plugin_utils/drift/page/scripts/rows.mjs";

/**
 * @typedef {import("drift-report").Instance} Instance
 * @typedef {import("drift-report").Resource} Resource
 * @typedef {import("../../plugins/plugin_utils/drift/page/scripts/rows.mjs").Difference} Difference
 * @typedef {import("../../plugins/plugin_utils/drift/page/scripts/rows.mjs").Report} Report
 */

export const GENERATED = "2026-11-24T15:04:05Z";

export const KINDS = new ResourceKinds([
  { id: "mail_server", one: "Mail server", many: "Mail servers" },
  { id: "cron", one: "Scheduled action", many: "Scheduled actions" },
]);

/**
 * Return a difference that has drifted.
 *
 * @param {string | null} field
 * @param {unknown} before
 * @param {unknown} after
 * @param {Partial<Difference>} [more]
 * @returns {Difference}
 */
export function difference(field, before, after, more = {}) {
  return { field, before, after, status: "drifted", since: GENERATED, ...more };
}

/**
 * Return a resource: clean without differences, otherwise drifted.
 *
 * @param {string} kind
 * @param {string} key
 * @param {Difference[]} [differences]
 * @param {string} [action]
 * @returns {Resource}
 */
export function resource(kind, key, differences = [], action = "update") {
  if (!differences.length) return { resource: kind, key, status: "clean" };
  const { status } = differences[0];
  const listed = /** @type {Resource["differences"]} */ (/** @type {unknown} */ (differences));
  return { resource: kind, key, status, action, differences: listed };
}

/**
 * Return an instance.
 *
 * @param {string} name
 * @param {Resource[]} resources
 * @param {Partial<Instance>} [more]
 * @returns {Instance}
 */
export function instance(name, resources, more = {}) {
  const status = resources.some((one) => one.status === "drifted") ? "drifted" : "clean";
  return { instance: name, status, resources, errors: [], warnings: [], ...more };
}

/**
 * Return the rows of instances.
 *
 * @param {Instance[]} instances
 */
export function rowsOf(...instances) {
  return buildRows(instances, KINDS);
}

/** The counts of no instance. */
export const NO_COUNTS = { clean: 0, corrected: 0, accepted: 0, drifted: 0, unknown: 0, failed: 0, unreachable: 0 };

/**
 * Return a report on instances.
 *
 * @param {Instance[]} instances
 * @param {Partial<Report>} [more]
 * @returns {Report}
 */
export function report(instances, more = {}) {
  const counts = { ...NO_COUNTS };
  for (const { status } of instances) counts[status] += 1;
  return {
    format: 1,
    generated: GENERATED,
    run: { playbook: "postmaster.odoo.drift", seconds: 1 },
    verdict: {
      status: "clean",
      exit_code: 0,
      instances: counts,
      differences: { corrected: 0, accepted: 0, drifted: 0 },
    },
    instances,
    history: [],
    ...more,
  };
}
