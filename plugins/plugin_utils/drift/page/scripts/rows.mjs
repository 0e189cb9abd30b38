/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The instances of a report as rows. */

import { stateOf, UNJUDGED } from "./statuses.mjs";
import { searchText } from "./text.mjs";

/**
 * @typedef {import("drift-report").DriftReportOfPostmasterOdoo} Report
 * @typedef {import("./statuses.mjs").State} State
 * @typedef {import("./resource_kinds.mjs").ResourceKinds} ResourceKinds
 */

/**
 * A difference of the report. Its values can be of any type.
 *
 * @typedef {Omit<import("drift-report").Difference, "before" | "after"> & { before: unknown, after: unknown }} Difference
 */

/**
 * A resource of an instance.
 *
 * @typedef {object} ComparedResource
 * @property {string} resource
 * @property {string} key
 * @property {string} id unique in an instance, the same in all instances
 * @property {string} kind the ID of its kind
 * @property {string} [action]
 * @property {State} state
 * @property {Difference[]} differences
 * @property {string} searchText
 */

/**
 * An instance.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {import("drift-report").Status} status
 * @property {import("drift-report").Instance["errors"]} errors
 * @property {string[]} warnings
 * @property {import("drift-report").Replay} [replay]
 * @property {ComparedResource[]} resources
 * @property {Map<string, ComparedResource>} byId
 * @property {Set<State>} states the states by which the instance can be filtered
 * @property {number} differing the number of resources that differ
 * @property {string} searchText
 * @property {State | "none"} unjudged the status if the instance was not compared completely, otherwise none
 */

/**
 * Return the ID of a resource. A key may contain every character except a line break at this place.
 *
 * @param {string} resource
 * @param {string} key
 */
export function resourceId(resource, key) {
  return `${resource}\n${key}`;
}

/**
 * Tell whether a resource differs from its declaration.
 *
 * @param {ComparedResource} resource
 */
export function differs(resource) {
  return resource.state !== "clean";
}

/**
 * Return the rows of a report, in the order of the inventory.
 *
 * @param {Report["instances"]} instances
 * @param {ResourceKinds} kinds
 * @returns {Row[]}
 */
export function buildRows(instances, kinds) {
  return instances.map((instance) => {
    const resources = instance.resources.map((resource) => comparedResource(instance.instance, resource, kinds));
    const partial = /** @type {State[]} */ (["missing", "unmanaged"]).filter((state) =>
      resources.some((resource) => resource.state === state),
    );
    return {
      name: instance.instance,
      status: instance.status,
      errors: instance.errors,
      warnings: instance.warnings,
      replay: instance.replay,
      resources,
      byId: new Map(resources.map((resource) => [resource.id, resource])),
      states: new Set([instance.status, ...partial]),
      differing: resources.filter(differs).length,
      searchText: searchText([instance.instance, ...instance.errors.flatMap((error) => [error.kind, error.message])]),
      unjudged: UNJUDGED.has(instance.status) ? instance.status : "none",
    };
  });
}

/**
 * @param {string} instance
 * @param {import("drift-report").Resource} resource
 * @param {ResourceKinds} kinds
 * @returns {ComparedResource}
 */
function comparedResource(instance, resource, kinds) {
  const differences = resource.differences || [];
  const fields = differences.map((difference) => difference.field || "");
  return {
    resource: resource.resource,
    key: resource.key,
    id: resourceId(resource.resource, resource.key),
    kind: kinds.kindOf(resource.resource),
    action: resource.action,
    state: stateOf(resource),
    differences,
    searchText: searchText([instance, kinds.singular(resource.resource), resource.resource, resource.key, ...fields]),
  };
}
