/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "./reports.mjs";

test("resources of an unknown kind are of the kind other, the last one", () => {
  assert.equal(KINDS.kindOf("cron"), "cron");
  assert.equal(KINDS.kindOf("new_thing"), "other");
  assert.deepEqual(
    KINDS.list.map((kind) => kind.id),
    ["mail_server", "cron", "other"],
  );
});

test("every resource has a name, also one of an unknown kind", () => {
  assert.equal(KINDS.singular("mail_server"), "Mail server");
  assert.equal(KINDS.singular("new_thing_here"), "New thing here");
  assert.equal(KINDS.plural("mail_server"), "Mail servers");
  assert.equal(KINDS.plural("new_thing"), "Other");
});
