/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** A resource that differs, with its differences and the remarks on them. */

import { badge } from "./badges.mjs";
import { createElement } from "./elements.mjs";
import { kindColumns, report, resourceKinds } from "./page_data.mjs";
import { distinctRemarks, distinctTimes } from "./remarks.mjs";
import { isMissing } from "./statuses.mjs";
import { plural, readableKey } from "./text.mjs";
import { formatDate, formatSince } from "./time.mjs";
import { beforeAndAfter, declaredValue } from "./values.mjs";

/**
 * @typedef {import("./elements.mjs").Child} Child
 * @typedef {import("./rows.mjs").ComparedResource} ComparedResource
 * @typedef {import("./rows.mjs").Difference} Difference
 * @typedef {import("./remarks.mjs").DifferenceOf} DifferenceOf
 */

/**
 * Return the remarks on differences that have the same values.
 *
 * @param {DifferenceOf[]} pairs
 */
export function remarkList(pairs) {
  const times = distinctTimes(pairs);
  const items = times.slice(0, 1).map((time) => {
    const longest = times.length > 1 && time !== report.generated ? " at the longest" : "";
    return createElement("li", {}, formatSince(time, report.generated), longest);
  });
  /** @type {(words: string, where: string, text: Child) => void} */
  const add = (words, where, text) => {
    items.push(createElement("li", {}, createElement("b", {}, words), where && ` on ${where}`, ": ", text));
  };
  for (const { value, where } of distinctRemarks(pairs, "remark")) add("Cause", where, value);
  for (const { where } of distinctRemarks(pairs, "managed_elsewhere")) {
    add("Managed elsewhere", where, "the instance takes it from its configuration, so it has to be changed there.");
  }
  for (const { value, where } of distinctRemarks(pairs, "accepted")) add("Accepted", where, entryOfBaseline(value));
  for (const { value, where } of distinctRemarks(pairs, "expired"))
    add("No longer accepted", where, entryOfBaseline(value));
  return items.length ? createElement("ul", { class: "marks" }, items) : null;
}

/**
 * @param {import("drift-report").Entry} entry
 * @returns {Child}
 */
function entryOfBaseline({ reason, owner, expires }) {
  return [`${reason} (${owner}, `, createElement("span", {}, `until ${formatDate(expires)}`), ")"];
}

/**
 * Return a difference with its remarks.
 *
 * @param {Difference} difference
 * @param {string} status that of the resource, which is not repeated
 */
function differenceBlock(difference, status) {
  const { field } = difference;
  const ownStatus = difference.status === status ? null : badge(difference.status);
  const name = field === null ? null : createElement("h4", {}, createElement("code", {}, field));
  return createElement(
    "div",
    { class: "difference" },
    name || ownStatus ? createElement("div", { class: "heading" }, name, ownStatus) : null,
    beforeAndAfter(difference),
    remarkList([[difference]]),
  );
}

/**
 * Return the declared fields of a record that does not exist.
 *
 * @param {Difference[]} differences
 * @param {Child} remarks
 */
export function declaredBlock(differences, remarks) {
  const isMade = differences.every((difference) => difference.status === "corrected");
  const fields = differences.filter((difference) => difference.field !== null).map(declaredField);
  return createElement(
    "div",
    { class: "difference" },
    createElement("p", {}, isMade ? "It was declared, and not there: it is made." : "It is declared, and not there."),
    fields.length ? createElement("table", { class: "fields" }, fields) : null,
    remarks,
  );
}

/** @param {Difference} difference */
function declaredField(difference) {
  const name = createElement("th", { scope: "row" }, createElement("code", {}, difference.field));
  return createElement("tr", {}, name, createElement("td", { class: "after" }, declaredValue(difference)));
}

/**
 * Return a resource with its differences.
 *
 * @param {ComparedResource} resource
 */
export function resourceBlock(resource) {
  const { state, differences } = resource;
  const status = state === "unmanaged" ? "drifted" : state;
  const heading = [
    createElement("h4", {}, readableKey(resource.key)),
    createElement("span", { class: "quiet" }, resourceKinds.singular(resource.resource)),
    badge(state),
  ];
  return createElement(
    "article",
    { class: "resource" },
    createElement("div", { class: "heading" }, heading),
    isMissing(resource)
      ? declaredBlock(differences, remarkList(differences.map((difference) => [difference])))
      : differences.map((difference) => differenceBlock(difference, status)),
  );
}

/**
 * Return the names of resources without differences, by kind.
 *
 * @param {ComparedResource[]} resources
 */
export function cleanBlock(resources) {
  const kinds = kindColumns
    .map(({ kind }) => kind)
    .filter((kind) => resources.some((resource) => resource.kind === kind.id));
  /** @type {(resource: ComparedResource) => string} */
  const name = ({ kind, resource, key }) =>
    kind === "other" ? `${resourceKinds.singular(resource)}: ${readableKey(key)}` : readableKey(key);
  const groups = kinds.map((kind) => {
    const names = resources.filter((resource) => resource.kind === kind.id).map(name);
    return [createElement("dt", { class: "quiet" }, kind.many), createElement("dd", {}, names.join(", "))];
  });
  const title = createElement("h3", {}, `${plural(resources.length, "resource")} as declared`);
  return createElement("section", {}, title, createElement("dl", { class: "clean" }, groups));
}
