/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

/** Notes on an instance in addition to its resources: errors, warnings, the mail of real senders, and problems of the baseline. */

import { badge } from "./badges.mjs";
import { createElement } from "./elements.mjs";
import { resourceKinds } from "./page_data.mjs";
import { UNJUDGED } from "./statuses.mjs";
import { plural, readableKey } from "./text.mjs";
import { formatDate, formatDateAndClock } from "./time.mjs";

/**
 * Return the errors and warnings of an instance.
 *
 * @param {import("./rows.mjs").Row} row
 */
export function errorsAndWarnings({ status, errors, warnings }) {
  const state = UNJUDGED.has(status) ? status : "unknown";
  return [
    ...errors.map(({ task, kind, message }) =>
      createElement(
        "p",
        { class: "note", "data-state": state },
        createElement("b", {}, `${task}: ${kind}`),
        "\n",
        message,
      ),
    ),
    ...warnings.map((warning) => createElement("p", { class: "note", "data-state": "unknown" }, warning)),
  ];
}

/**
 * Return the changes of the plan for the mail of real senders.
 *
 * @param {import("drift-report").Replay} replay
 */
export function replayBlock(replay) {
  const { days, mails, changed, senders, left_out: leftOut, counted_since: countedSince, since, complete } = replay;
  const sentences = [
    `${plural(changed.mails, "message")} of ${mails} from ${plural(changed.senders, "sender")} leave in another way with this plan.`,
    countedSince !== since &&
      ` Messages are counted since ${formatDateAndClock(`${countedSince.replace(" ", "T")}Z`)}.`,
    !complete && " Not all senders were compared.",
    leftOut > 0 && ` ${plural(leftOut, "more sender")} not listed here.`,
  ];
  const title = createElement("h3", {}, `Mail of the last ${plural(days, "day")}`);
  return createElement(
    "section",
    { class: "replay" },
    title,
    createElement("p", {}, sentences.filter(Boolean).join("")),
    senders.map(senderBlock),
  );
}

/** @param {import("drift-report").Replay["senders"][number]} sender */
function senderBlock({ from, mails, sources, change }) {
  const name = createElement("h4", {}, from ? readableKey(from) : "no sender");
  const origin = createElement("span", { class: "quiet" }, mails ? plural(mails, "message") : sources.join(", "));
  return createElement(
    "article",
    { class: "resource" },
    createElement("div", { class: "heading" }, name, origin),
    createElement("p", { class: "marks" }, change),
  );
}

/**
 * Return a problem of the baseline.
 *
 * @param {import("drift-report").Problem} problem
 */
export function problemBlock({ instance, resource, key, field, problem, expires, reason, owner }) {
  const words =
    problem === "expired"
      ? `accepted until ${formatDate(expires)}`
      : "nothing there differs like this any more, so the entry can go";
  const heading = [
    createElement("h4", {}, readableKey(key), field ? [" ", createElement("code", {}, field)] : ""),
    createElement("span", { class: "quiet" }, resourceKinds.singular(resource)),
    badge("drifted", problem),
  ];
  return createElement(
    "article",
    { class: "resource" },
    createElement("div", { class: "heading" }, heading),
    createElement(
      "p",
      { class: "marks" },
      `On ${instance && instance !== "*" ? instance : "every instance"}: ${words}.`,
    ),
    createElement("p", { class: "marks" }, reason, " ", createElement("span", {}, `(${owner})`)),
  );
}
