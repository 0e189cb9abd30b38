/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** The view by difference: each difference once, with the instances that have it. */

import { badge } from "./badges.mjs";
import { countGroups, groupDifferences, sortedVariants } from "./difference_groups.mjs";
import { byId, createElement } from "./elements.mjs";
import { openDetails } from "./navigation.mjs";
import { resourceKinds } from "./page_data.mjs";
import { declaredBlock, remarkList } from "./resource_blocks.mjs";
import { isMissing } from "./statuses.mjs";
import { plural, readableKey } from "./text.mjs";
import { beforeAndAfter } from "./values.mjs";

/**
 * @typedef {import("./difference_groups.mjs").Group} Group
 * @typedef {import("./difference_groups.mjs").GroupEntry} GroupEntry
 * @typedef {import("./difference_groups.mjs").DifferenceGroup} DifferenceGroup
 * @typedef {import("./difference_groups.mjs").ProblemGroup} ProblemGroup
 */

// The number of instances of a group that are shown at first.
const MOST_CHIPS = 12;

/** @param {GroupEntry} entry */
function instanceButton({ row, resource }) {
  /** @type {(event: MouseEvent) => void} */
  const onclick = (event) => {
    openDetails(
      { instance: row.name, resource: resource?.resource, key: resource?.key },
      /** @type {Element} */ (event.currentTarget),
    );
  };
  return createElement("button", { type: "button", class: "chip", onclick }, row.name);
}

/** @param {GroupEntry[]} entries */
function instanceButtons(entries) {
  const list = createElement("div", { class: "chips" }, entries.slice(0, MOST_CHIPS).map(instanceButton));
  const others = entries.slice(MOST_CHIPS);
  if (others.length) {
    const onclick = () => {
      const rest = others.map(instanceButton);
      more.replaceWith(...rest);
      rest[0].focus();
    };
    const more = createElement("button", { type: "button", class: "link", onclick }, `and ${others.length} more`);
    list.append(more);
  }
  return list;
}

/**
 * Return a group as an item of a list.
 *
 * @param {Group} group
 */
export function groupItem(group) {
  return group.type === "problem" ? problemItem(group) : differenceItem(group);
}

/** @param {ProblemGroup} group */
function problemItem(group) {
  const title = createElement("h3", {}, group.error ?? group.state);
  return createElement(
    "li",
    { "data-of": "error" },
    heading(group, [title]),
    sortedVariants(group).map(({ values, entries }) =>
      createElement("div", { class: "variant" }, createElement("p", {}, values), instanceButtons(entries)),
    ),
  );
}

/** @param {DifferenceGroup} group */
function differenceItem(group) {
  const { resource, field } = group;
  const title = [
    createElement("h3", {}, readableKey(resource.key), field === null ? "" : [" ", createElement("code", {}, field)]),
    createElement("span", { class: "quiet" }, resourceKinds.singular(resource.resource)),
  ];
  return createElement(
    "li",
    { "data-of": "difference" },
    heading(group, title),
    sortedVariants(group).map(({ values, entries }) => {
      const block = isMissing(resource) ? declaredBlock(values, null) : beforeAndAfter(values[0]);
      return createElement("div", { class: "variant" }, block, instanceButtons(entries));
    }),
    remarkList(group.differences),
  );
}

/**
 * @param {Group} group
 * @param {HTMLElement[]} title
 */
function heading(group, title) {
  const many = createElement("span", { class: "many" }, plural(group.instances.size, "instance"));
  return createElement("div", { class: "heading" }, badge(group.state), title, many);
}

/**
 * Show the groups of a selection. Return the number of instances and the number of differences in words.
 *
 * @param {import("./selection.mjs").Selection} selection
 */
export function showDifferences(selection) {
  const groups = groupDifferences(selection.shown);
  byId("differences").replaceChildren(
    groups.length
      ? createElement("ul", { class: "list", "aria-label": "Differences" }, groups.map(groupItem))
      : createElement("p", { class: "empty" }, "Nothing here differs."),
  );
  const { problems, differences, instances } = countGroups(groups);
  const found = [];
  if (differences || !problems) found.push(plural(differences, "difference"));
  if (problems) found.push(plural(problems, "problem"));
  return { instances, words: found.join(" and ") };
}
