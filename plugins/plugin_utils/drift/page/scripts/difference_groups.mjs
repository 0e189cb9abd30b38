/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Equal differences and problems of several instances as one group. */

import { resourceId } from "./rows.mjs";
import { isMissing, UNJUDGED } from "./statuses.mjs";

/**
 * @typedef {import("./rows.mjs").Row} Row
 * @typedef {import("./rows.mjs").ComparedResource} ComparedResource
 * @typedef {import("./rows.mjs").Difference} Difference
 * @typedef {import("./statuses.mjs").State} State
 * @typedef {import("./selection.mjs").SelectedRow} SelectedRow
 */

/**
 * An instance of a group.
 *
 * @typedef {object} GroupEntry
 * @property {Row} row
 * @property {ComparedResource} [resource]
 */

/**
 * The instances with the same values.
 *
 * @template Values
 * @typedef {object} Variant
 * @property {Values} values
 * @property {GroupEntry[]} entries
 */

/**
 * A field, or a whole resource, that differs on some instances.
 *
 * @typedef {object} DifferenceGroup
 * @property {"difference"} type
 * @property {ComparedResource} resource
 * @property {string | null} field
 * @property {State} state
 * @property {Set<string>} instances
 * @property {Map<string, Variant<Difference[]>>} variants
 * @property {[Difference, string][]} differences with the name of the instance
 */

/**
 * An error of some instances, or their status if they have no error.
 *
 * @typedef {object} ProblemGroup
 * @property {"problem"} type
 * @property {string | null} error
 * @property {State} state
 * @property {Set<string>} instances
 * @property {Map<string, Variant<string>>} variants
 */

/** @typedef {DifferenceGroup | ProblemGroup} Group */

/**
 * Return the groups of rows, those with the most instances first.
 *
 * @param {SelectedRow[]} shown
 * @returns {Group[]}
 */
export function groupDifferences(shown) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const { row, differing, unjudged } of shown) {
    for (const resource of differing) addResource(groups, row, resource);
    if (unjudged || row.errors.length) addProblems(groups, row);
  }
  return [...groups.values()].sort((one, other) => other.instances.size - one.instances.size);
}

/**
 * @param {Map<string, Group>} groups
 * @param {Row} row
 * @param {ComparedResource} resource
 */
function addResource(groups, row, resource) {
  const { state, differences } = resource;
  if (isMissing(resource) || resource.action === "unmanaged") {
    const declared = JSON.stringify(differences.map(({ field, after }) => [field, after]));
    addDifferences(groups, `${resource.id}\n${state}`, {
      row,
      resource,
      field: null,
      state,
      differences,
      variant: declared,
    });
    return;
  }
  for (const difference of differences) {
    const { field, status, secret, before, after } = difference;
    const variant = secret ? "" : JSON.stringify([before, after]);
    addDifferences(groups, `${resource.id}\n${field}\n${status}`, {
      row,
      resource,
      field,
      state: status,
      differences: [difference],
      variant,
    });
  }
}

/**
 * @param {Map<string, Group>} groups
 * @param {string} id
 * @param {{ row: Row, resource: ComparedResource, field: string | null, state: State, differences: Difference[], variant: string }} found
 */
function addDifferences(groups, id, { row, resource, field, state, differences, variant }) {
  const group = /** @type {DifferenceGroup} */ (
    groups.get(id) ?? {
      type: "difference",
      resource,
      field,
      state,
      instances: new Set(),
      variants: new Map(),
      differences: [],
    }
  );
  groups.set(id, group);
  addEntry(group, row, variant, differences, { row, resource });
  group.differences.push(
    ...differences.map((difference) => /** @type {[Difference, string]} */ ([difference, row.name])),
  );
}

/**
 * @param {Map<string, Group>} groups
 * @param {Row} row
 */
function addProblems(groups, row) {
  const state = UNJUDGED.has(row.status) ? row.status : "unknown";
  /** @type {{ kind: string | null, message: string }[]} */
  const problems = row.errors.length
    ? row.errors
    : [{ kind: null, message: row.warnings.join("\n") || "Nothing is known of it." }];
  for (const { kind, message } of problems) {
    const id = resourceId("error", `${row.status}\n${kind ?? row.status}`);
    const group = /** @type {ProblemGroup} */ (
      groups.get(id) ?? { type: "problem", error: kind, state, instances: new Set(), variants: new Map() }
    );
    groups.set(id, group);
    addEntry(group, row, message, message, { row });
  }
}

/**
 * @template Values
 * @param {{ instances: Set<string>, variants: Map<string, Variant<Values>> }} group
 * @param {Row} row
 * @param {string} variant
 * @param {Values} values
 * @param {GroupEntry} entry
 */
function addEntry(group, row, variant, values, entry) {
  const found = group.variants.get(variant) ?? { values, entries: [] };
  group.variants.set(variant, found);
  found.entries.push(entry);
  group.instances.add(row.name);
}

/**
 * Return the variants of a group, those with the most instances first.
 *
 * @template Values
 * @param {{ variants: Map<string, Variant<Values>> }} group
 */
export function sortedVariants(group) {
  return [...group.variants.values()].sort((one, other) => other.entries.length - one.entries.length);
}

/**
 * Return the number of differences, problems, and instances of groups.
 *
 * @param {Group[]} groups
 */
export function countGroups(groups) {
  const problems = groups.filter((group) => group.type === "problem").length;
  const instances = new Set(groups.flatMap((group) => [...group.instances])).size;
  return { problems, differences: groups.length - problems, instances };
}
