/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The columns of the matrix: the resources that have one, and the resources of a row in it. */

import { worstOf } from "./statuses.mjs";
import { plural, readableKey } from "./text.mjs";

/**
 * @typedef {import("./rows.mjs").Row} Row
 * @typedef {import("./rows.mjs").ComparedResource} ComparedResource
 * @typedef {import("./resource_kinds.mjs").ResourceKinds} ResourceKinds
 * @typedef {import("./resource_kinds.mjs").Kind} Kind
 * @typedef {import("./statuses.mjs").State} State
 */

/**
 * A column of one resource.
 *
 * @typedef {object} SingleColumn
 * @property {"one"} type
 * @property {string} id
 * @property {string} kind
 * @property {string} resource
 * @property {string} key
 * @property {number} instances the number of instances that have the resource
 */

/**
 * A column of several resources. Its ID has no line break, so it is different from every ID of a resource.
 *
 * @typedef {object} SharedColumn
 * @property {"several"} type
 * @property {string} id
 * @property {string} kind
 * @property {Set<string>} ids
 * @property {string} label
 */

/** @typedef {SingleColumn | SharedColumn} Column */

/**
 * @typedef {object} KindColumns
 * @property {Kind} kind
 * @property {number} count the number of resources
 * @property {SingleColumn[]} single
 * @property {SharedColumn | null} rest the resources without a column of their own
 * @property {SharedColumn} whole all resources, for the kind when it is folded
 */

/**
 * @typedef {object} ColumnDisplay
 * @property {boolean} named whether its cells name the resources
 * @property {boolean} folded whether it stands for its whole kind
 * @property {string} prefix the kind, if nothing else shows it
 * @property {string} label
 * @property {number} width in pixels, at least
 */

/** @typedef {Column & ColumnDisplay} ShownColumn */

/**
 * @typedef {object} ColumnGroup
 * @property {Kind} kind
 * @property {number} count
 * @property {boolean} alone whether the only column is that of one resource
 * @property {boolean} folded
 * @property {ShownColumn[]} columns
 */

// A kind with at most this number of resources has a column for each.
const FEW = 12;
// A kind has at most this number of columns.
const MANY = 24;
// If a kind has many resources, a column needs a resource that this share of the instances has.
const SHARED_BY = 0.1;

/**
 * Return the columns of each kind that has resources.
 *
 * @param {Row[]} rows
 * @param {ResourceKinds} kinds
 */
export function buildColumns(rows, kinds) {
  return kinds.list.map((kind) => columnsOfKind(kind, rows)).filter((columns) => columns.count);
}

/**
 * @param {Kind} kind
 * @param {Row[]} rows
 * @returns {KindColumns}
 */
function columnsOfKind(kind, rows) {
  /** @type {Map<string, SingleColumn>} */
  const byId = new Map();
  let having = 0;
  for (const row of rows) {
    const resources = row.resources.filter((resource) => resource.kind === kind.id);
    if (resources.length) having += 1;
    for (const { id, resource, key } of resources) {
      const column = byId.get(id);
      if (column) column.instances += 1;
      else byId.set(id, { id, kind: kind.id, type: "one", resource, key, instances: 1 });
    }
  }
  const all = [...byId.values()];
  const rest = new Set(withoutColumn(all, having, rows.length).map((column) => column.id));
  return {
    kind,
    count: all.length,
    single: all.filter((column) => !rest.has(column.id)),
    rest: rest.size === 0 ? null : sharedColumn(kind, "own", rest, plural(rest.size, "other")),
    whole: sharedColumn(kind, "all", new Set(byId.keys()), plural(all.length, "resource")),
  };
}

/**
 * Return the resources that share a column.
 *
 * @param {SingleColumn[]} all
 * @param {number} having the number of instances that have one of them
 * @param {number} instances
 */
function withoutColumn(all, having, instances) {
  if (all.length <= FEW) {
    // Resources of a single instance share a column: every customer has its own domain.
    const unique = all.filter((column) => column.instances === 1);
    return instances === 1 || unique.length < 3 ? [] : unique;
  }
  if (instances === 1) return all.slice(MANY);
  const shared = all
    .filter((column) => column.instances >= Math.max(2, having * SHARED_BY))
    .sort((one, other) => other.instances - one.instances)
    .slice(0, MANY);
  return all.filter((column) => !shared.includes(column));
}

/**
 * @param {Kind} kind
 * @param {string} suffix
 * @param {Set<string>} ids
 * @param {string} label
 * @returns {SharedColumn}
 */
function sharedColumn(kind, suffix, ids, label) {
  return { id: `${kind.id} ${suffix}`, kind: kind.id, type: "several", ids, label };
}

/**
 * Return the columns that are shown, by kind.
 *
 * @param {KindColumns[]} kindColumns
 * @param {Pick<import("./address.mjs").PageState, "kinds" | "folded" | "named">} state
 * @param {Pick<import("./selection.mjs").Selection, "ids" | "all">} selection
 * @param {ResourceKinds} kinds
 * @returns {ColumnGroup[]}
 */
export function shownColumns(kindColumns, state, selection, kinds) {
  /** @type {ColumnGroup[]} */
  const result = [];
  for (const { kind, count, single, rest, whole } of kindColumns) {
    if (state.kinds.size && !state.kinds.has(kind.id)) continue;
    const folded = state.folded.has(kind.id);
    const columns = folded ? [whole] : [...single, ...(rest ? [rest] : [])];
    const shown = columns.filter((column) => selection.all || idsOf(column).some((id) => selection.ids.has(id)));
    if (!shown.length) continue;
    const alone = shown.length === 1 && shown[0].type === "one";
    const named = !folded && state.named.has(kind.id);
    result.push({
      kind,
      count,
      alone,
      folded,
      columns: shown.map((column) => displayed(column, { alone, folded, named, kinds })),
    });
  }
  return result;
}

/** @param {Column} column */
function idsOf(column) {
  return column.type === "one" ? [column.id] : [...column.ids];
}

/**
 * @param {Column} column
 * @param {{ alone: boolean, folded: boolean, named: boolean, kinds: ResourceKinds }} how
 * @returns {ShownColumn}
 */
function displayed(column, { alone, folded, named, kinds }) {
  if (column.type === "one") {
    const prefix = column.kind === "other" || alone ? `${kinds.singular(column.resource)}: ` : "";
    return { ...column, named: false, folded, prefix, label: readableKey(column.key), width: 34 };
  }
  return { ...column, named, folded, prefix: "", width: named ? 340 : folded ? 96 : 52 };
}

/**
 * Return the resources that a row has in a column.
 *
 * @param {Row} row
 * @param {Column} column
 */
export function resourcesIn(row, column) {
  if (column.type === "several") return row.resources.filter((resource) => column.ids.has(resource.id));
  const resource = row.byId.get(column.id);
  return resource ? [resource] : [];
}

/**
 * Return the state of a row in a column, or "none" if the row has no resource in it.
 *
 * @param {Row} row
 * @param {Column} column
 */
export function stateIn(row, column) {
  return worstOf(resourcesIn(row, column).map((resource) => resource.state));
}

/**
 * Tell whether nothing of an instance was compared. Its row has one cell across all columns.
 *
 * @param {Row} row
 */
export function isWithoutCells(row) {
  return row.unjudged !== "none" && !row.resources.length;
}
