# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replacing an API key on simulated instances: the stored key is always valid, and remaining keys are found."""

from __future__ import annotations

import time
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import OdooModule
from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.rotation import (
    Access,
    WantedKey,
    plan_rotation,
    rotate,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, Invalid, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import BASE_URL, BASE_URL_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.interruptions import every_cut
from ansible_collections.postmaster.odoo.tests.unit.returned import differences
from ansible_collections.postmaster.odoo.tests.unit.rotating import (
    ANSIBLE,
    FORCED,
    FORCED_AT_ONCE,
    SETTLED,
    Store,
    access,
    log_in,
    names,
    run,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.api_keys import owner_of
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import shipped

FILE = {"name": "Ansible", "vault_file": "vault.yml", "vault_variable": "vault_key"}
PASSWORD = {"username": "admin", "password": "made-up-password"}


class FullStore(Store):
    """A store that cannot be written."""

    def write(self, secret: str, note: str) -> None:
        raise Invalid("No space left on device.")


class UnconfirmedStore(Store):
    """A store that is written, on a disk that does not confirm it."""

    def write(self, secret: str, note: str) -> None:
        super().write(secret, note)
        raise Invalid("The disk does not confirm it.")


class ForgetfulStore(Store):
    """A store that another run writes at the same time."""

    def write(self, secret: str, note: str) -> None:
        self.secret = "made-up-key-of-another-run"


@pytest.fixture
def odoo(series: str) -> SimulatedOdoo:
    return SimulatedOdoo(series)


def test_the_first_key(odoo: SimulatedOdoo) -> None:
    odoo.add("res.users.apikeys", name="Ansible of somebody", user_id=odoo.uid, scope=False)
    store, seen = Store(), []
    plan = plan_rotation(access(odoo), ANSIBLE, store)
    done = rotate(access(odoo, seen=seen), ANSIBLE, store, plan)
    assert (plan.reason, list(plan.former)) == ("no key is stored", [])
    assert store.secret == done.secret
    assert seen[0] == done.secret
    assert owner_of(odoo, str(store.secret)) == odoo.uid
    assert names(odoo) == ["Ansible of somebody", done.created]
    assert str(done.secret) not in repr(done)
    if odoo.major >= 18:
        key = next(row for row in odoo.records.tables["res.users.apikeys"].values() if row["name"] == done.created)
        assert key["expiration_date"] == (odoo.now + timedelta(days=90)).strftime("%Y-%m-%d %H:%M:%S")
    assert run(odoo, store).reason == ""


def test_a_key_is_replaced_before_it_expires(odoo: SimulatedOdoo) -> None:
    """Up to 17.0 its age decides."""
    store = Store()
    first = run(odoo, store)
    odoo.now += timedelta(days=59)
    assert run(odoo, store).reason == ""
    odoo.now += timedelta(days=2)
    second = run(odoo, store)
    assert "ends at" in second.reason
    assert [key.name for key in second.former] == [first.created]
    assert names(odoo) == [first.created, second.created]
    # A run of the same checkout proves nothing about the next one.
    assert not run(odoo, store).revoked
    assert owner_of(odoo, str(first.secret)) == odoo.uid
    odoo.now += SETTLED
    assert [key.name for key in run(odoo, store).revoked] == [first.created]
    assert names(odoo) == [second.created]
    assert owner_of(odoo, str(first.secret)) is None
    assert run(odoo, store).revoked == []


def test_the_former_key_is_revoked_at_once_on_request(odoo: SimulatedOdoo) -> None:
    store = Store()
    run(odoo, store)
    second = run(odoo, store, FORCED_AT_ONCE)
    assert names(odoo) == [second.created]


def test_a_key_without_an_expiry_date(odoo: SimulatedOdoo) -> None:
    store = Store()
    endless = WantedKey("Ansible", 0, 30)
    run(odoo, store, endless)
    odoo.now += timedelta(days=5000)
    assert run(odoo, store, endless).reason == ""


@pytest.mark.parametrize("keep_former", [True, False])
@pytest.mark.parametrize("is_replaced", [True, False])
def test_an_interruption_at_any_call(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, keep_former: bool, is_replaced: bool
) -> None:
    """The stored key is valid after each interruption, also in a checkout from before the run.

    A later run leaves one key.
    """
    monkeypatch.setattr(rpc_session, "_INSIST_DELAYS", (0.0, 0.0))
    stores: list[Store] = []
    former = Store()
    run(odoo, former)
    if not is_replaced:
        run(odoo, former, FORCED)
        odoo.now += SETTLED
    wanted = WantedKey("Ansible", 90, 30, force=is_replaced, keep_former=keep_former)
    now = odoo.now

    def attempt(session: Session) -> None:
        odoo.now = now
        stores.append(former.copy())
        run(odoo, stores[-1], wanted, session)

    tried = 0
    for where, succeeded in every_cut(odoo, attempt):
        tried += 1
        left = stores[-1]
        assert owner_of(odoo, str(left.secret)) == odoo.uid, where
        assert not keep_former or owner_of(odoo, str(former.secret)) == odoo.uid, where
        assert not succeeded or len(names(odoo)) == (2 if keep_former and is_replaced else 1), where
        odoo.now += SETTLED
        run(odoo, left)
        assert len(names(odoo)) == 1, where
        assert owner_of(odoo, str(left.secret)) == odoo.uid, where
    assert tried > (20 if is_replaced else 8)


def test_a_full_store(odoo: SimulatedOdoo) -> None:
    store = Store()
    first = run(odoo, store)
    full = FullStore(store.secret)
    with pytest.raises(Invalid, match="No space left"):
        run(odoo, full, FORCED)
    assert names(odoo) == [first.created]
    assert owner_of(odoo, str(full.secret)) == odoo.uid


def test_a_store_that_is_written_and_then_fails(odoo: SimulatedOdoo) -> None:
    """The stored key stays valid, and so does the former one."""
    store = Store()
    first = run(odoo, store)
    unconfirmed = UnconfirmedStore(store.secret, store.note)
    with pytest.raises(Invalid, match="does not confirm"):
        run(odoo, unconfirmed, FORCED_AT_ONCE)
    for secret in (first.secret, unconfirmed.secret):
        assert owner_of(odoo, str(secret)) == odoo.uid


def test_another_run_at_the_same_time(odoo: SimulatedOdoo) -> None:
    """Nothing is revoked."""
    store = Store()
    first = run(odoo, store)
    with pytest.raises(Conflict, match="another run has replaced it"):
        run(odoo, ForgetfulStore(store.secret), FORCED_AT_ONCE)
    assert first.created in names(odoo)


def test_a_stored_secret_that_odoo_refuses(odoo: SimulatedOdoo) -> None:
    """It may be the secret of another project: it is kept unless the user says otherwise."""
    store = Store("made-up-secret-of-something-else")
    with pytest.raises(Invalid, match="Odoo does not accept the key") as refused:
        run(odoo, store)
    assert "made-up" not in refused.value.message
    assert (store.secret, names(odoo)) == ("made-up-secret-of-something-else", [])
    run(odoo, store, FORCED)
    assert owner_of(odoo, str(store.secret)) == odoo.uid


def test_a_key_of_another_user(odoo: SimulatedOdoo) -> None:
    store = Store()
    run(odoo, store)
    foreign = odoo.add("res.users", login="other", name="Other")
    for row in odoo.records.tables["res.users.apikeys"].values():
        row["user_id"] = foreign

    def as_other(_secret: str) -> Session:
        session = odoo.session()
        session.call = lambda *_call, **_arguments: {"uid": foreign}  # type: ignore[method-assign]  # a stand-in
        return session

    reach = Access(odoo.session(), odoo.password, nullcontext, as_other, lambda _secret: None)
    for wanted in (ANSIBLE, FORCED):
        with pytest.raises(Invalid, match="belongs to another user"):
            plan_rotation(reach, wanted, store)


def test_a_former_key_under_another_name(odoo: SimulatedOdoo) -> None:
    store = Store()
    run(odoo, store, WantedKey("By hand", 90, 30))
    done = run(odoo, store)
    assert "still valid" in done.warnings[0]
    assert len(names(odoo)) == 2


def test_a_wrong_password(odoo: SimulatedOdoo) -> None:
    store = Store()
    first = run(odoo, store)
    reach = access(odoo)
    odoo.password = "made-up-other"
    with pytest.raises(rpc_session.OdooError, match="Incorrect Password"):
        rotate(reach, FORCED, store, plan_rotation(reach, FORCED, store))
    assert (store.secret, names(odoo)) == (first.secret, [first.created])


# --- the module ---


@pytest.fixture
def reached(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> SimulatedOdoo:
    """Lead every session of a module to the instance. The login to the web client overwrites the address of links."""
    odoo.store = Store()  # type: ignore[attr-defined]  # only this test adds it

    def connect(**options: Any) -> Session:
        if options["api_key"]:
            log_in(odoo, options["api_key"])
        session = odoo.session(read_only=options["read_only"])
        session.lock_timeout = options["lock_timeout"]
        return session

    def web_client(session: Session, _username: str, _password: str) -> Session:
        for row in odoo.records.tables["ir.config_parameter"].values():
            if row["key"] == BASE_URL:
                row["value"] = "http://127.0.0.1:8069"
        return odoo.session()

    monkeypatch.setattr(rpc_session, "connect", connect)
    monkeypatch.setattr(Session, "web_client", web_client)
    monkeypatch.setattr(OdooModule, "vault_variable", lambda *_arguments: odoo.store)  # type: ignore[attr-defined]  # only this test adds it
    return odoo


def task(capsys: pytest.CaptureFixture[str], *, check: bool = False, **options: Any) -> dict[str, Any]:
    result = shipped("api_key", {**FILE, "api_key": "", **PASSWORD, **options}, capsys, check=check)
    assert differences("api_key", result) == []
    return result


def test_the_module(reached: SimulatedOdoo, capsys: pytest.CaptureFixture[str]) -> None:
    before = reached.parameter(BASE_URL)
    predicted = task(capsys, check=True)
    assert (predicted["changed"], predicted["created"], names(reached)) == (True, {"name": None, "ends": None}, [])
    result = task(capsys)
    assert result["changed"], result
    assert [result["created"]["name"]] == names(reached)
    secret = reached.store.secret  # type: ignore[attr-defined]  # only this test adds it
    assert secret not in str(result)
    assert (reached.parameter(BASE_URL), reached.parameter(BASE_URL_KEY)) == (before, False)
    assert not task(capsys, api_key=secret)["changed"]
    gone = task(capsys, state="absent")
    assert ([one["name"] for one in gone["revoked"]], names(reached)) == ([result["created"]["name"]], [])
    assert not task(capsys, state="absent")["changed"]


def test_an_expired_api_key(reached: SimulatedOdoo, capsys: pytest.CaptureFixture[str]) -> None:
    """The password is used instead."""
    result = task(capsys, api_key="made-up-ended-key")
    assert result["changed"], result


def test_a_run_that_was_killed_during_its_login(reached: SimulatedOdoo, capsys: pytest.CaptureFixture[str]) -> None:
    task(capsys)
    before = reached.parameter(BASE_URL)
    for row in reached.records.tables["ir.config_parameter"].values():
        if row["key"] == BASE_URL:
            row["value"] = "http://127.0.0.1:8069"
    reached.add("ir.config_parameter", key=BASE_URL_KEY, value=before)
    reached.now += timedelta(minutes=3)
    assert not task(capsys)["changed"]
    assert (reached.parameter(BASE_URL), reached.parameter(BASE_URL_KEY)) == (before, False)


def test_another_run_that_logs_in(reached: SimulatedOdoo, capsys: pytest.CaptureFixture[str]) -> None:
    """Its parameter is not changed, because the address is wrong for a moment."""
    before = reached.parameter(BASE_URL)
    reached.add("ir.config_parameter", key=BASE_URL_KEY, value="https://kept.acme.example")
    result = task(capsys, lock_timeout=1)
    assert (result["failed"], result["error_kind"]) == (True, "conflict"), result
    assert "Another run has been logging in to the web client" in result["msg"]
    assert (reached.parameter(BASE_URL), reached.parameter(BASE_URL_KEY)) == (before, "https://kept.acme.example")
    assert names(reached) == []


def test_the_other_run_ends(
    reached: SimulatedOdoo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = reached.parameter(BASE_URL)
    other = reached.add("ir.config_parameter", key=BASE_URL_KEY, value=before)
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            del reached.records.tables["ir.config_parameter"][other]

    monkeypatch.setattr(time, "sleep", wait)
    assert task(capsys)["changed"]
    assert len(waited) == 3
    assert (reached.parameter(BASE_URL), reached.parameter(BASE_URL_KEY)) == (before, False)


def test_another_run_is_faster(reached: SimulatedOdoo, capsys: pytest.CaptureFixture[str]) -> None:
    """It has created the parameter between this run's read and its attempt."""
    before = reached.parameter(BASE_URL)
    refused: list[str] = []

    def refuse(model: str, method: str, _ids: Any, _arguments: Any) -> None:
        if (model, method) == ("ir.config_parameter", "create") and not refused:
            refused.append(method)
            raise Rejected("Key must be unique.")

    reached.before.append(refuse)
    assert task(capsys)["changed"]
    assert (refused, reached.parameter(BASE_URL), reached.parameter(BASE_URL_KEY)) == (["create"], before, False)


def test_a_frozen_address(reached: SimulatedOdoo, capsys: pytest.CaptureFixture[str]) -> None:
    reached.add("ir.config_parameter", key="web.base.url.freeze", value="True")
    task(capsys)
    assert "postmaster_odoo" not in str([call[3] for call in reached.log if call[1] == "create"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"valid_days": -1, "renew_days": 0}, "valid_days must be at least 0"),
        ({"renew_days": 90}, "renew_days must be less than valid_days"),
        ({"name": " "}, "name is empty"),
        ({"password": ""}, "username and password are required"),
        ({"vault_variable": "a-b"}, "vault_variable is not a valid name of a variable"),
        ({"return_key": True}, "return_key needs no_log"),
    ],
)
def test_refused_options(
    reached: SimulatedOdoo, capsys: pytest.CaptureFixture[str], options: dict[str, Any], words: str
) -> None:
    result = task(capsys, **options)
    assert (result["failed"], result["error_kind"]) == (True, "invalid"), result
    assert words in result["msg"]
    assert reached.log == []


def test_a_shipped_module_has_no_vault(
    reached: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(rpc_session, "connect", lambda **options: reached.session(read_only=options["read_only"]))
    result = task(capsys, vault_file=str(tmp_path / "vault.yml"))
    assert (result["failed"], result["error_kind"]) == (True, "invalid"), result
    assert "on the controller" in result["msg"]
    assert names(reached) == []


def test_the_key_is_returned_only_on_request(reached: SimulatedOdoo, capsys: pytest.CaptureFixture[str]) -> None:
    hidden = {"_ansible_no_log": True}
    assert "key" not in task(capsys, **hidden)
    for force in (False, True):
        result = task(capsys, return_key=True, force=force, **hidden)
        assert result["key"] == reached.store.secret  # type: ignore[attr-defined]  # only this test adds it
    assert "key" not in task(capsys, check=True, return_key=True, **hidden)
