/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import { difference, instance, resource, rowsOf } from "./reports.mjs";

test("a row counts the resources that differ", () => {
  const [row] = rowsOf(
    instance("acme", [
      resource("mail_server", "Main", [difference("smtp_port", 25, 587), difference("active", false, true)]),
      resource("cron", "queue", [difference("active", false, true, { status: "accepted" })]),
      resource("cron", "other"),
    ]),
  );
  assert.equal(row.differing, 2);
  assert.equal(row.byId.get("cron\nqueue")?.state, "accepted");
});

test("an instance can be filtered by its status and by missing and unmanaged resources", () => {
  const [row] = rowsOf(
    instance("acme", [
      resource("mail_server", "Main", [difference("active", null, true)], "create"),
      resource("cron", "queue", [difference(null, "present", null)], "unmanaged"),
    ]),
  );
  assert.deepEqual([...row.states].sort(), ["drifted", "missing", "unmanaged"]);
});

test("a resource is found by instance, kind, key and field, and an instance by its errors", () => {
  const [row] = rowsOf(
    instance("Acme", [resource("mail_server", "Main", [difference("smtp_port", 25, 587)])], {
      status: "failed",
      errors: [{ task: "Task", kind: "authentication", message: "Wrong PASSWORD" }],
    }),
  );
  for (const word of ["acme", "mail server", "mail_server", "main", "smtp_port"]) {
    assert.ok(row.resources[0].searchText.includes(word), word);
  }
  for (const word of ["acme", "authentication", "wrong password"]) assert.ok(row.searchText.includes(word), word);
});

test("only instances that were not compared completely are unjudged", () => {
  const statuses = /** @type {const} */ (["clean", "drifted", "unknown", "failed", "unreachable"]);
  const rows = rowsOf(...statuses.map((status) => instance(status, [], { status })));
  assert.deepEqual(
    rows.map((row) => row.unjudged),
    ["none", "none", "unknown", "failed", "unreachable"],
  );
});
