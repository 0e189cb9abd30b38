# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module `api_key` on a real Odoo, interrupted at any call: the vault file contains a valid key, and the next run
cleans up.

A sample of the interruptions is tested, or all of them with INTERRUPTIONS=all (`make interruptions`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret, VaultSecretsContext

from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys import web_client
from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.own_keys import own_user_id
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import connect
from instance import LabInstance, offers_json2
from lab import FaultProxy, Lab
from single_module import run_module

pytestmark = pytest.mark.second_lab

SAMPLE = 1 if os.environ.get("INTERRUPTIONS") == "all" else int(os.environ.get("INTERRUPTIONS_STEP", "29"))
NAME, VARIABLE = "Ansible", "vault_acme_odoo_api_key"
BASE_URL = "https://odoo.lab.example"
SECRETS = [("default", VaultSecret(b"made-up-vault-password"))]
LEFT = "SELECT key FROM ir_config_parameter WHERE key LIKE 'postmaster_odoo.%'"
KEYS = "SELECT id, name FROM res_users_apikeys ORDER BY id"


class Owner:
    """An administrator with a vault file.

    :ivar with_key: whether to log in with the stored key too, which JSON-2 accepts.
    """

    def __init__(self, instance: LabInstance, folder: Path, *, with_key: bool) -> None:
        self.instance = instance
        self.file = folder / "vault.yml"
        self.with_key = with_key
        self.others = [row["id"] for row in instance.sql(KEYS)]

    @property
    def stored(self) -> str | None:
        """Return the key in the file."""
        if not self.file.exists():
            return None
        values = yaml.safe_load(VaultLib(SECRETS).decrypt(self.file.read_bytes()))
        return str(values[VARIABLE])

    def run(self, url: str = "", *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run the task as the action plugin does."""
        connection = self.instance.options("jsonrpc") | {"url": url or self.instance.url, "transport": "auto"}
        key = {"api_key": self.stored} if self.with_key and self.stored else {}
        wanted = {"name": NAME, "vault_file": str(self.file), "vault_variable": VARIABLE}
        given = {**connection, **key, **wanted, **options}
        return run_module("api_key", given, check=check, no_log=bool(options.get("return_key")))

    def accepts(self, key: str | None) -> bool:
        """Return whether Odoo accepts a key."""
        try:
            with connect(
                url=self.instance.url, database=self.instance.database, username="admin", api_key=key
            ) as session:
                return own_user_id(session) == 2
        except OdooError:
            return False

    def settle(self) -> None:
        """Make the keys of the task half a day older."""
        self.instance.sql(
            f"UPDATE res_users_apikeys SET create_date = create_date - interval '13 hours' WHERE name LIKE '{NAME} %'"
        )

    @property
    def keys(self) -> list[str]:
        """Return the names of the keys that belong to the task."""
        return [row["name"] for row in self.instance.sql(KEYS) if row["id"] not in self.others]

    def problems(self) -> list[str]:
        """Return the problems after a run without an interruption."""
        address = self.instance.sql("SELECT value FROM ir_config_parameter WHERE key = 'web.base.url'")
        return [
            *([] if self.accepts(self.stored) else ["Odoo does not accept the stored key"]),
            *([] if len(self.keys) == 1 else [f"the user has the keys {self.keys}"]),
            *(f"{row['key']} is left" for row in self.instance.sql(LEFT)),
            *([] if address == [{"value": BASE_URL}] else [f"web.base.url is {address}"]),
            *([] if {*self.others} <= {row["id"] for row in self.instance.sql(KEYS)} else ["a foreign key is gone"]),
        ]


@pytest.fixture
def instance(lab: Lab) -> Iterator[LabInstance]:
    instance = LabInstance.fresh(lab, "api_key")
    instance.enforce({"parameters": {"web.base.url": BASE_URL}})
    yield instance
    lab.drop("api_key")


@pytest.fixture(params=[False, True], ids=["web client", "JSON-2"])
def owner(
    instance: LabInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Owner:
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext(SECRETS))
    monkeypatch.setattr(rpc_session, "_INSIST_DELAYS", (0.0, 0.1))
    # Runs are killed here, and no other user logs in meanwhile.
    monkeypatch.setattr(web_client, "_LOGIN", timedelta(0))
    if request.param and not offers_json2(instance.url):
        instance.options("json2")
    return Owner(instance, tmp_path, with_key=request.param)


def test_the_life_of_a_key(owner: Owner) -> None:
    predicted = owner.run(check=True)
    assert (predicted["changed"], owner.keys, owner.stored) == (True, [], None)
    first = owner.run()
    assert first["changed"], first
    assert owner.problems() == []
    key = str(owner.stored)
    assert key not in str(first)
    assert not owner.run()["changed"]
    assert owner.stored == key
    renewed = owner.run(renew_days=89, valid_days=90)
    assert not renewed["changed"] or not owner.instance.offers("res.users.apikeys", "expiration_date"), renewed
    replaced = owner.run(force=True, keep_former=False)
    assert [one["name"] for one in replaced["revoked"]] == [first["created"]["name"]], replaced
    assert owner.problems() == []
    assert not owner.accepts(key)
    gone = owner.run(state="absent")
    assert (gone["changed"], owner.keys, owner.accepts(owner.stored)) == (True, [], False), gone
    assert not owner.run(state="absent")["changed"]


def test_a_key_that_expires_soon_is_replaced(owner: Owner) -> None:
    owner.instance.needs("res.users.apikeys", "expiration_date")
    owner.run()
    owner.instance.sql(
        f"UPDATE res_users_apikeys SET expiration_date = now() + interval '20 days' WHERE name LIKE '{NAME} %'"
    )
    assert not owner.run(renew_days=10)["changed"]
    result = owner.run()
    assert result["changed"]
    assert "ends at" in result["reason"]
    assert len(owner.keys) == 2
    assert not owner.run()["changed"]
    owner.settle()
    assert [one["name"] for one in owner.run()["revoked"]] == [one["name"] for one in result["former_keys"]]
    assert owner.problems() == []


def test_a_discarded_checkout(owner: Owner) -> None:
    """The next run starts from the former file, and its key is still valid."""
    owner.run()
    key, former = owner.stored, owner.file.read_bytes()
    for _night in range(3):
        assert owner.run(force=True)["changed"]
        owner.file.write_bytes(former)
        owner.settle()
        assert owner.accepts(key)
    result = owner.run()
    assert "was not saved" in result["warnings"][0]
    assert len(result["revoked"]) == 1
    assert owner.problems() == []
    assert owner.stored == key


def test_cut_off_anywhere(owner: Owner) -> None:
    """Each interruption is a separate run, which begins with the state that the previous run has left."""
    owner.run()
    with FaultProxy(owner.instance.url) as proxy:
        proxy.heal()
        assert owner.run(proxy.url, force=True)["changed"]
        calls = len(proxy.calls)
        owner.settle()
        assert owner.run()["changed"]
        assert calls > 10
        wrong = []
        for index in range(0, calls * 4, SAMPLE):
            number, when, lasting = index // 4 + 1, ("before", "after")[index % 2], index % 4 > 1
            former = owner.stored
            proxy.cut(number, "after" if when == "after" else "before", lasting=lasting)
            failure = owner.run(proxy.url, force=True)
            called = proxy.calls[number - 1] if len(proxy.calls) >= number else "nothing"
            proxy.heal()
            where = (
                f"{'lasting, ' if lasting else ''}{when} call {number} ({called}): {failure.get('msg', 'no failure')}"
            )
            wrong += [] if owner.accepts(owner.stored) else [f"{where}: the stored key is not valid"]
            wrong += [] if owner.accepts(former) else [f"{where}: the former key is not valid"]
            owner.settle()
            after = owner.run(proxy.url)
            wrong += [f"{where}: then {after['msg']}"] if after.get("failed") else []
            wrong += [f"{where}: then {problem}" for problem in owner.problems()]
    assert wrong == []


def test_another_login_at_the_same_time(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task waits for its end, and restores the address if it never ends."""
    monkeypatch.setattr(web_client, "_LOGIN", timedelta(minutes=2))
    now = "now() at time zone 'utc'"
    owner.instance.sql(
        "INSERT INTO ir_config_parameter (key, value, create_date, write_date) "
        f"VALUES ('postmaster_odoo.web_base_url', '{BASE_URL}', {now}, {now})"
    )
    result = owner.run(lock_timeout=1)
    assert (result["failed"], result["error_kind"], owner.keys) == (True, "conflict", []), result
    assert "Another run has been logging in" in result["msg"]
    assert [row["key"] for row in owner.instance.sql(LEFT)] == ["postmaster_odoo.web_base_url"]
    owner.instance.sql(
        f"UPDATE ir_config_parameter SET write_date = {now} - interval '3 minutes' WHERE key LIKE 'postmaster_odoo.%'"
    )
    assert owner.run(lock_timeout=1)["changed"]
    assert owner.problems() == []


def test_two_files_of_the_same_name(owner: Owner) -> None:
    """The key in the first one stays valid."""
    owner.run()
    other = Owner(owner.instance, owner.file.parent, with_key=False)
    other.file = owner.file.with_name("other.yml")
    result = other.run()
    assert (result["failed"], result["error_kind"]) == (True, "invalid"), result
    assert "contains no key, but the user has keys with this name" in result["msg"]
    assert owner.problems() == []


def test_a_file_that_cannot_be_written(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new key is revoked again, and the former one stays."""
    owner.run()
    key = owner.stored

    def full(*_arguments: Any, **_options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        "ansible_collections.postmaster.odoo.plugins.plugin_utils.vault_variable.write_atomically", full
    )
    result = owner.run(force=True)
    assert (result["failed"], result["error_kind"]) == (True, "invalid")
    assert "No space left on device" in result["msg"]
    assert owner.stored == key
    assert owner.problems() == []


def test_a_key_of_another_user(owner: Owner) -> None:
    """The key is neither replaced nor lost."""
    owner.instance.add_user("other", password="made-up-password", system=True)
    other = Owner(owner.instance, owner.file.parent, with_key=False)
    other.instance = LabInstance(
        owner.instance.url, owner.instance.database, "other", "made-up-password", None, lab=owner.instance.lab
    )
    assert other.run()["changed"]
    key = owner.stored
    owner.with_key = False
    result = owner.run()
    assert (result["failed"], result["error_kind"]) == (True, "invalid"), result
    assert "another user" in result["msg"]
    assert str(key) not in str(result)
    assert owner.stored == key
    assert len(owner.keys) == 1


def test_a_wrong_password(owner: Owner) -> None:
    owner.run()
    result = owner.run(force=True, password="made-up-wrong")
    assert result["failed"]
    assert owner.problems() == []
