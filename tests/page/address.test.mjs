/*
Copyright (c) 2026 the postmaster.odoo contributors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
*/

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress, parseAddress } from "../../plugins/plugin_utils/drift/page/scripts/address.mjs";
import { KINDS } from "./reports.mjs";

const KNOWN = { kinds: KINDS, instances: new Set(["acme", "a&b=c#d +%"]), baseline: true };

/** @param {string} hash */
const parse = (hash) => parseAddress(hash, KNOWN);

test("an empty address is the state at the start", () => {
  assert.deepEqual(parse(""), {
    view: "instances",
    statuses: new Set(),
    kinds: new Set(),
    words: "",
    only: false,
    sort: "",
    folded: new Set(),
    named: new Set(),
    open: null,
  });
  assert.equal(formatAddress(parse("")), "#");
});

for (const address of [
  "#view=differences&status=drifted%2Cmissing&kind=mail_server%2Cother&q=a+b&only=1&sort=name&folded=cron&named=mail_server",
  "#sort=inventory&instance=acme",
  "#instance=acme&resource=mail_server",
  "#instance=acme&resource=mail_server&key=",
  "#instance=a%26b%3Dc%23d+%2B%25&resource=new_thing&key=%22%0A%E2%80%8B",
  "#resource=mail_server&key=Main",
  "#baseline=1",
]) {
  test(`${address} is read and written without a loss`, () => assert.equal(formatAddress(parse(address)), address));
}

test("names that the report does not have are dropped", () => {
  const address = "#view=x&status=bad%2Cdrifted%2C&kind=bad&only=2&sort=bad&folded=bad&named=bad&instance=nobody&x=y";
  assert.equal(formatAddress(parse(address)), "#status=drifted");
});

test("a resource needs its key, unless an instance is open", () => {
  assert.equal(parse("#resource=mail_server").open, null);
  assert.equal(parse("#key=Main").open, null);
  assert.equal(parse("#instance=nobody&resource=mail_server&key=Main").open, null);
});

test("the baseline opens only if there is one", () => {
  assert.deepEqual(parse("#baseline=1").open, { baseline: true });
  assert.equal(parseAddress("#baseline=1", { ...KNOWN, baseline: false }).open, null);
});
