# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays that lose the connection at any call: the next run converges, nothing is left behind, and the live servers
never get worse.

A sample of the interruptions of each play is tested, or all of them with INTERRUPTIONS=all (`make interruptions`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.filter.heal_plan import heal_plan
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement import heartbeat, lock
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.queue import put_off
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.removal.own_records import (
    find_own_records,
    remove_own_records,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.server_tests import run_tests
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from instance import LabInstance
from interruptions import Play, Snapshot, StackPlay, Tally
from lab import FaultProxy, Lab
from mail_servers import Options, oauth2_server, password_server
from token_endpoint import TokenEndpoint

pytestmark = pytest.mark.second_lab

ALL = os.environ.get("INTERRUPTIONS") == "all"
# The number of interruptions of each play in a sample.
SAMPLE = 2
QUEUE = "mail.ir_cron_mail_scheduler_action"
CRON_OF_ONES_OWN = {"name": "Interrupted", "model": "res.partner", "code": "model.search([], limit=1)"}
POLICY = {
    "lanes": [{"name": "all", "domain": [["id", ">", 0]], "batch": 100}],
    "interval": 5,
    "settle": 60,
    "backoff": {"enabled": True, "first_delay": 5, "max_delay": 60, "give_up_after": 4320, "max_attempts": 10},
    "stale_after": 7,
    "watchdog": {"enabled": True, "interval": 5, "max_overdue": 30},
}
PARAMETERS = {"postmaster.interrupted": "1"}
# It depends only on installed addons.
ADDON_NAME = "google_recaptcha"


class Create(StackPlay):
    options: Mapping[str, Any] = {"verify": "connection"}

    @property
    def stack(self) -> Mapping[str, Any]:
        server = password_server(self.lab, "starttls_any_sender", name="Main", xml_id="postmaster.main")
        return {
            "parameters": PARAMETERS,
            "servers": [server],
            "crons": [
                {**CRON_OF_ONES_OWN, "xml_id": "postmaster.cron"},
                {"xml_id": QUEUE, "interval_number": 5, "interval_type": "minutes"},
            ],
        }


class Canary(Create):
    options: Mapping[str, Any] = {"verify": "canary", "canary_to": "canary@elsewhere.example"}


class Update(Create):
    """The live server always has the former or the new settings."""

    @property
    def before(self) -> Mapping[str, Any]:
        server = password_server(self.lab, "plain", name="Main", xml_id="postmaster.main", smtp_user="", smtp_pass="")
        return {**super().stack, "servers": [server], "parameters": {"postmaster.interrupted": "0"}}

    def worse(self) -> list[str]:
        names = ("smtp_host", "smtp_port", "smtp_encryption", "smtp_user", "smtp_pass", "active")
        (live,) = self.instance.read("ir.mail_server", ["name", "=", "Main"], fields=names)
        for stack in (self.before, self.stack):
            (server,) = stack["servers"]
            if all((live[name] or "") == server.get(name, True) for name in names):
                return []
        return ["the live server has settings of before and of after"]


class Remove(Create):
    options: Mapping[str, Any] = {}

    @property
    def before(self) -> Mapping[str, Any]:
        return super().stack

    @property
    def stack(self) -> Mapping[str, Any]:
        return {
            "parameters": dict.fromkeys(PARAMETERS, ""),
            "servers": [{"xml_id": "postmaster.main", "name": "Main", "state": "absent"}],
            "crons": [{**CRON_OF_ONES_OWN, "xml_id": "postmaster.cron", "state": "absent"}],
        }


class OAuth2Play(StackPlay):
    """A provider whose refresh tokens expire when they are used.

    :ivar consent: the declared refresh token.
    """

    options: Mapping[str, Any] = {"verify": "connection"}

    def __init__(self, instance: LabInstance) -> None:
        super().__init__(instance)
        client = self._server({})["oauth2"]
        new = {"new-client-id": "new-client-secret-made-up"}
        self.endpoint = TokenEndpoint(
            self.lab.smtp["xoauth2"].token or "", {client["client_id"]: client["client_secret"], **new}
        )
        self.new_client = {"client_id": "new-client-id", "client_secret": new["new-client-id"]}
        self.endpoint_url = ""
        self.consent = ""

    def _server(self, oauth2: Options, **changed: Any) -> Options:
        return oauth2_server(self.lab, "outlook", oauth2=oauth2, name="Main", **changed)

    @contextmanager
    def surroundings(self) -> Iterator[None]:
        with self.endpoint.served() as self.endpoint_url:
            yield

    def prepare(self) -> None:
        self.consent = self.endpoint.consent()
        super().prepare()
        self.instance.enforce({"parameters": {"microsoft_outlook.endpoint": self.endpoint_url}})

    def reset(self) -> None:
        super().reset()
        self.endpoint.valid = {self.consent}

    def tokens(self) -> list[str]:
        """Return the refresh tokens that Odoo stores."""
        rows = self.instance.read("ir.mail_server", fields=("microsoft_outlook_refresh_token",))
        return [row["microsoft_outlook_refresh_token"] for row in rows]

    def differences(self) -> list[str]:
        spent = [token for token in self.tokens() if token not in self.endpoint.valid]
        return [*super().differences(), *(["the token of a server is spent"] if spent else [])]


class NewClient(OAuth2Play):
    """Every live server can always log in, with one of the two clients."""

    @property
    def stack(self) -> Mapping[str, Any]:
        return {"servers": [self._server(self.new_client)]}

    def prepare(self) -> None:
        super().prepare()
        self.instance.enforce({"servers": [self._server({"refresh_token": self.consent})]})

    def worse(self) -> list[str]:
        rows = self.instance.read(
            "ir.config_parameter", ["key", "like", "microsoft_outlook_client_"], fields=("key", "value")
        )
        client = {row["key"].removeprefix("microsoft_outlook_"): row["value"] for row in rows}
        faults = []
        if self.endpoint.clients.get(client.get("client_id", "")) != client.get("client_secret"):
            faults.append("the client has the id of one and the secret of the other")
        (token,) = (
            row["microsoft_outlook_refresh_token"]
            for row in self.instance.read(
                "ir.mail_server", ["name", "=", "Main"], fields=("microsoft_outlook_refresh_token",)
            )
        )
        if token not in self.endpoint.valid:
            faults.append("the live server's token is spent")
        return faults


class Consent(OAuth2Play):
    """A declared refresh token that one test uses up.

    Afterwards Odoo stores its successor, or the declared one is still valid.
    """

    @property
    def stack(self) -> Mapping[str, Any]:
        return {"servers": [self._server({"refresh_token": self.consent})]}

    def worse(self) -> list[str]:
        return [] if self.endpoint.valid & {self.consent, *self.tokens()} else ["the only valid token is lost"]


class ChangeOver(Consent):
    """A live server that logs in with a password so far."""

    @property
    def before(self) -> Mapping[str, Any]:
        return {"servers": [password_server(self.lab, "starttls_any_sender", name="Main")]}


class LiveTest(OAuth2Play):
    """A test of a live server that fails after the provider has replaced the refresh token. It needs no lock."""

    def prepare(self) -> None:
        super().prepare()
        self.instance.enforce({"servers": [self._server({"refresh_token": self.consent})]})

    @contextmanager
    def surroundings(self) -> Iterator[None]:
        smtp = self.lab.smtp["xoauth2"]
        smtp.configure(replies={"RCPT": "550 5.1.1 No such user"})
        with super().surroundings():
            yield
        smtp.reset()

    def run(self, session: Session) -> None:
        run_tests(session, name="Main", xml_id=None, canary=None)

    def differences(self) -> list[str]:
        return [f"the token {token} is spent" for token in self.tokens() if token not in self.endpoint.valid]

    def worse(self) -> list[str]:
        return self.differences()


class PolicyInstalled(StackPlay):
    @property
    def stack(self) -> Mapping[str, Any]:
        return {"queue_policy": {**POLICY}}


class PolicyRemoved(PolicyInstalled):
    @property
    def before(self) -> Mapping[str, Any]:
        return super().stack

    @property
    def stack(self) -> Mapping[str, Any]:
        return {"queue_policy": {"state": "absent"}}


class OwnRecords(PolicyRemoved):
    """The removal of everything that only the collection needs."""

    def run(self, session: Session) -> None:
        remove_own_records(session, find_own_records(session))

    def differences(self) -> list[str]:
        with self.instance.session() as session:
            return [f"{record.kind} {record.name} is left" for record in find_own_records(session)]


class AddonInstalled(StackPlay):
    """An addon, and a mail server after it."""

    @property
    def stack(self) -> Mapping[str, Any]:
        return {"addons": [ADDON_NAME], "servers": [password_server(self.lab, "plain", name="Main")]}

    def reset(self) -> None:
        with self.instance.session() as session:
            session.unlink("ir.mail_server", session.call("ir.mail_server", "search", domain=[["name", "=", "Main"]]))
            enforce(session, [ADDON.declare({"name": ADDON_NAME, "state": "absent"})], RunOptions())


class Queue(Play):
    """Due mails, each of which must arrive once."""

    may_go_on = True
    smtp_name = "plain"
    count = 5

    def reset(self) -> None:
        super().reset()
        self.lab.smtp[self.smtp_name].reset()

    def prepare(self) -> None:
        self.instance.enforce({"servers": [password_server(self.lab, self.smtp_name, name="Main", from_filter="")]})
        mail = {
            "email_from": "a@lab.example",
            "email_to": "b@lab.example",
            "body_html": "<p>Made up</p>",
            "state": "outgoing",
        }
        with self.instance.session() as session:
            session.create(
                "mail.mail",
                [{**mail, "subject": f"Mail {number}", "auto_delete": False} for number in range(self.count)],
            )

    def run(self, session: Session) -> None:
        work = act(session, "process", Selection(), batch_size=3)
        if work.error:
            raise work.error

    def differences(self) -> list[str]:
        subjects = [str(record["subject"]) for record in self.lab.smtp[self.smtp_name].accepted()]
        # 18.0 also informs a user whose email address was changed.
        arrived = sorted(subject for subject in subjects if subject.startswith("Mail "))
        return (
            [] if arrived == [f"Mail {number}" for number in range(self.count)] else [f"arrived: {', '.join(arrived)}"]
        )

    def worse(self) -> list[str]:
        arrived = [record["subject"] for record in self.lab.smtp[self.smtp_name].accepted()]
        return [] if len(arrived) == len(set(arrived)) else ["a mail arrived twice"]


class Heal(Queue):
    """The fixes of the role `heal`, in its order: mails that failed while the queue's cron was disabled."""

    def prepare(self) -> None:
        super().prepare()
        with self.instance.session() as session:
            mails = session.call("mail.mail", "search", domain=[])
            session.write("mail.mail", mails, {"state": "exception", "failure_reason": "451 4.7.1 Greylisted"})
            (row,) = session.search_read(
                "ir.model.data", [["module", "=", "mail"], ["name", "=", QUEUE.partition(".")[2]]], ["res_id"]
            )
            session.write("ir.cron", [row["res_id"]], {"active": False})
        # A run that created them a minute ago may still be sending them.
        self.instance.sql("UPDATE mail_mail SET create_date = create_date - interval '5 minutes'")

    def run(self, session: Session) -> None:
        diagnosis = diagnose(session, Examination())
        plan = heal_plan(diagnosis, ["crons", "transient", "interrupted"])
        if plan["crons"]:
            crons = [CRON.declare({"xml_id": cron["xml_id"], "max_overdue": 10}) for cron in plan["crons"]]
            enforce(session, crons, RunOptions())
        if plan["retry"]:
            act(session, "retry", Selection(failure_class=plan["retry"], transient_only=True, limit=100), batch_size=50)
        if plan["send"]:
            super().run(session)


PLAYS: dict[str, type[Play]] = {
    "create, verified": Create,
    "create, with a canary": Canary,
    "update": Update,
    "removal": Remove,
    "new OAuth2 client": NewClient,
    "OAuth2 consent": Consent,
    "change over to OAuth2": ChangeOver,
    "test of a live server": LiveTest,
    "policy installed": PolicyInstalled,
    "policy removed": PolicyRemoved,
    "own records removed": OwnRecords,
    "queue": Queue,
    "heal": Heal,
    "addon": AddonInstalled,
}


@pytest.fixture(scope="module")
def proxy(lab: Lab) -> Iterator[FaultProxy]:
    with FaultProxy(lab.environment("any")["ODOO_URL"]) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def shared(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """Return the database of all plays except that of addons."""
    instance = fresh("integration_interruptions")
    with instance.session() as session:
        user_ids = [row["id"] for row in session.search_read("res.users", [["login", "=", "admin"]], ["id"])]
        session.write("res.users", user_ids, {"email": "admin@lab.example"})
    return instance


@pytest.fixture(scope="module")
def pristine(shared: LabInstance) -> Snapshot:
    return Snapshot(shared, "pristine")


@pytest.fixture
def instance(name: str, request: pytest.FixtureRequest) -> LabInstance:
    """Return the database of a play, as Odoo installs it."""
    if PLAYS[name] is AddonInstalled:
        addons: LabInstance = request.getfixturevalue("fresh")("integration_interrupted_addon")
        return addons
    shared: LabInstance = request.getfixturevalue("shared")
    request.getfixturevalue("pristine").restore()
    return shared


@pytest.fixture(scope="module")
def table() -> Iterator[list[str]]:
    rows = [Tally.head()]
    yield rows
    print("\n" + "\n".join(rows))


@pytest.fixture(autouse=True)
def _in_no_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten every wait, for instance before a lock is read again.

    The wait for Odoo after the installation of an addon is not shortened, because Odoo is busy for seconds. No run
    renews its lock, because such a call would be counted with those of the play.
    """
    quick = SimpleNamespace(monotonic=lambda: 100 * time.monotonic(), sleep=lambda seconds: time.sleep(seconds / 100))
    for module in (lock,) if PLAYS[name] is AddonInstalled else (lock, put_off, rpc_session):
        monkeypatch.setattr(module, "time", quick)
    for constant in ("INTERVAL_SECONDS", "_CERTAIN_SECONDS"):
        monkeypatch.setattr(heartbeat, constant, 3600.0)


@pytest.mark.parametrize("name", PLAYS)
def test_every_interruption_converges(name: str, instance: LabInstance, proxy: FaultProxy, table: list[str]) -> None:
    play = PLAYS[name](instance)
    with play.surroundings():
        tally = play.cut(proxy, sample=None if ALL else SAMPLE)
    table.append(tally.row(name))
    print("\n".join(tally.problems))
    assert tally.tried > 0
    assert tally.problems == []
