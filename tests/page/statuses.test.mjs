/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ICON_COLOURS,
  isState,
  rankOf,
  STATE_NAMES,
  STATES,
  stateOf,
  worstOf,
} from "../../plugins/plugin_utils/drift/page/scripts/statuses.mjs";

test("every state has a rank and a symbol of its own", () => {
  const ranks = STATE_NAMES.map(rankOf);
  assert.ok(Math.min(...ranks) > rankOf("none"));
  assert.equal(new Set(ranks).size, STATE_NAMES.length);
  assert.equal(new Set(STATE_NAMES.map((state) => STATES[state].symbol)).size, STATE_NAMES.length);
});

test("every status of an instance has a colour for the icon", () => {
  const statuses = STATE_NAMES.filter((state) => state !== "missing" && state !== "unmanaged");
  assert.deepEqual(Object.keys(ICON_COLOURS).sort(), statuses.sort());
});

test("the worst state wins, in any order", () => {
  assert.equal(worstOf([]), "none");
  assert.equal(worstOf(["clean", "drifted", "accepted"]), "drifted");
  assert.equal(worstOf(["unreachable", "failed", "clean"]), "unreachable");
  assert.equal(worstOf(["corrected", "clean"]), "corrected");
});

test("the action of the plan divides drifted resources", () => {
  assert.equal(stateOf({ status: "drifted", action: "update" }), "drifted");
  assert.equal(stateOf({ status: "drifted", action: "delete" }), "drifted");
  assert.equal(stateOf({ status: "drifted", action: "create" }), "missing");
  assert.equal(stateOf({ status: "drifted", action: "install" }), "missing");
  assert.equal(stateOf({ status: "drifted", action: "unmanaged" }), "unmanaged");
});

test("other statuses do not depend on the action", () => {
  assert.equal(stateOf({ status: "accepted", action: "unmanaged" }), "accepted");
  assert.equal(stateOf({ status: "corrected", action: "create" }), "corrected");
  assert.equal(stateOf({ status: "clean" }), "clean");
});

test("only names of states are states", () => {
  assert.ok(isState("drifted"));
  assert.ok(!isState(""));
  assert.ok(!isState("toString"));
});
