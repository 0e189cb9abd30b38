# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks on a hostile simulated Odoo. Each task runs to its end, and its result is returned."""

from __future__ import annotations

import contextlib
import io
import json
import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from ansible.module_utils.testing import patch_module_args

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import OdooModule
from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys import web_client
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement import lock
from ansible_collections.postmaster.odoo.plugins.module_utils.queue import put_off
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import reverse_proxy
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import READ_METHODS
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp import connection_test
from ansible_collections.postmaster.odoo.tests.unit.clock import Clock
from ansible_collections.postmaster.odoo.tests.unit.hostile.answering_odoo import AnsweringOdoo
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import CONNECTION, module_named

# No answer may delay a task longer. A test without any wait takes much less.
SECONDS = 10.0
# Neither an answer nor an input may use more memory.
MEGABYTES = 300


@dataclass(frozen=True)
class Task:
    """A task, in check mode unless it `applies`.

    :ivar fails: the beginning of its error if Odoo answers normally; empty if it succeeds.
    """

    module: str
    options: Mapping[str, Any] = field(default_factory=dict)
    applies: bool = False
    fails: str = ""


_SERVER = {"name": "Main", "smtp_host": "smtp.acme.example", "smtp_user": "odoo", "smtp_pass": "made-up-password"}
_GMAIL = {
    "name": "Sales",
    "smtp_host": "smtp.gmail.com",
    "smtp_port": 587,
    "smtp_encryption": "starttls",
    "smtp_authentication": "gmail",
    "smtp_user": "sales@acme.example",
    "oauth2": {"client_id": "made-up-client", "client_secret": "made-up-secret", "refresh_token": "made-up-token"},
}
_STACK: Mapping[str, Any] = {
    "addons": ["mail"],
    "parameters": {"mail.bounce.alias": "bounce", "acme.number": 5},
    "alias_domains": [{"name": "acme.example", "bounce_alias": "bounce"}],
    "servers": [_SERVER, {**_SERVER, "name": "Pinned", "xml_id": "acme.pinned"}, _GMAIL],
    "crons": [{"xml_id": "mail.ir_cron_mail_scheduler_action", "priority": 2}],
    "routes": [{"from": "odoo@acme.example", "server": "Main"}],
}
_PASSWORD = {"username": "admin", "password": "made-up-password"}
# A port without a listener, and a short timeout.
_DNS = {"nameservers": ["127.0.0.1:1"], "nameserver_timeout": 0.01}
CHECKS = (
    Task("mail_stack", _STACK),
    Task("mail_stack", {**_STACK, "verify": "connection", "unmanaged": "archive"}),
    Task("mail_stack", {"servers": [_SERVER], "replay": {"days": 30}}),
    Task("mail_server", {**_SERVER, "state": "absent"}),
    Task("mail_server", {**_GMAIL, "smtp_port": 25}),
    Task("cron", {"name": "Nightly", "model": "res.partner", "code": "pass", "interval_number": 1}),
    Task("system_parameter", {"key": "mail.bounce.alias", "value": "b"}),
    Task("alias_domain", {"name": "acme.example", "default_from": "odoo"}),
    Task("addon", {"name": "mass_mailing", "state": "latest"}),
    Task("queue_policy", {"lanes": [{"name": "bulk"}], "purge_after": 5}),
    Task("mail_server_info"),
    Task("cron_info"),
    Task("mail_stack_info", {"more_parameters": ["*"], "more_crons": ["*"]}),
    Task("mail_doctor", {"live_tests": False, "fail_on": "never"}),
    Task("mail_doctor", {"checks": ["dns"], **_DNS}),
    Task("mail_dns_info", _DNS, fails="No name server answered"),
    Task("mail_queue_info", {"by": ["server", "from_domain"], "max_outgoing": 5}),
    Task("mail_queue", {"action": "process"}),
    Task("mail_queue", {"action": "retry", "failure_class": ["unreachable"]}),
    Task("mail_server_test"),
    Task("own_records", {"state": "absent"}),
    Task("pending_addons", {"action": "call_off"}),
    Task("api_key", {"name": "Ansible", "state": "absent", **_PASSWORD}),
)
APPLIED = (
    Task("mail_stack", {**_STACK, "verify": "connection"}, applies=True),
    Task("mail_stack", {**_STACK, "verify": "none"}, applies=True),
    Task("mail_doctor", {"lock_probe": True, "fail_on": "never"}, applies=True),
    Task("mail_queue", {"action": "process"}, applies=True),
    Task("mail_queue", {"action": "retry"}, applies=True),
    Task("mail_server_test", {"canary": "somebody@acme.example", "fail_on_error": False}, applies=True),
    Task("own_records", {"state": "absent"}, applies=True),
    Task("queue_policy", {"stale_after": 5}, applies=True),
    Task("api_key", {"name": "Ansible", "state": "absent", **_PASSWORD}, applies=True),
)


def instance(series: str) -> SimulatedOdoo:
    """Return an instance with records of every kind."""
    odoo = SimulatedOdoo(series)
    main = odoo.add("ir.mail_server", **_SERVER, from_filter="odoo@acme.example")
    odoo.add("ir.mail_server", name="Old", smtp_host="old.acme.example", from_filter="acme.example")
    odoo.add(
        "ir.mail_server",
        name="Sales",
        smtp_authentication="gmail",
        smtp_encryption="starttls",
        smtp_user="a@acme.example",
    )
    pinned = odoo.add("ir.mail_server", name="Pinned", smtp_host="smtp.acme.example")
    external_id = {"module": "acme", "name": "pinned", "model": "ir.mail_server", "res_id": pinned, "noupdate": True}
    odoo.records.insert("ir.model.data", external_id)
    odoo.add("ir.config_parameter", key="mail.bounce.alias", value="bounces")
    odoo.add("res.users.apikeys", name="Ansible", user_id=odoo.uid, scope=False)
    message = odoo.add("mail.message", email_from="a@acme.example", mail_server_id=main)
    odoo.add("mail.notification", mail_message_id=message, notification_type="email")
    for state, reason in (("outgoing", False), ("exception", "Connection refused"), ("sent", False)):
        odoo.add("mail.mail", state=state, failure_reason=reason, mail_server_id=main, email_from="a@acme.example")
    return odoo


@dataclass(frozen=True)
class Ending:
    """The end of a task: a result, or a defect of the collection.

    :ivar seconds: the processor time. Nothing in a task on a simulated Odoo waits, and the machine may be busy.
    """

    result: dict[str, Any] | None
    fault: str
    seconds: float
    answers: int


@contextlib.contextmanager
def nobody_waits() -> Iterator[None]:
    """Remove every wait between two calls of the collection."""
    clock = Clock()
    with contextlib.ExitStack() as patches:
        for module in (lock, put_off, rpc_session, connection_test, reverse_proxy, web_client):
            patches.enter_context(mock.patch.object(module, "time", clock))
        yield


def run(task: Task, odoo: AnsweringOdoo, transport: str) -> Ending:
    """Run a task as a module, on an Odoo that may answer anything.

    Calls are answered one after the other, so that answers have numbers.
    """
    connection = {**CONNECTION, "transport": transport, "username": "admin", "timeout": 30, "connections": 1}
    internal = {"_ansible_check_mode": not task.applies, "_ansible_diff": True}
    before = len(odoo.odoo.log)
    output, started, fault = io.StringIO(), time.process_time(), ""
    with (
        nobody_waits(),
        patch_module_args({**connection, **task.options, **internal}),
        mock.patch.object(OdooModule, "warn"),
        mock.patch.object(rpc_session, "HttpConnection", odoo.connection),
        contextlib.redirect_stdout(output),
    ):
        try:
            module_named(task.module).main()
        except SystemExit:
            pass
        except Exception:  # the test collects every error
            fault = last_of(traceback.format_exc())
    result = None if fault else json.loads(output.getvalue())
    if result is not None and result.get("failed") and not result.get("error_kind"):
        fault = f"failed without a kind: {result.get('msg')}"
    if not task.applies:
        wrote = [method for _model, method, *_rest in odoo.odoo.log[before:] if method not in READ_METHODS]
        if wrote:
            fault = f"check mode wrote: {wrote}"
    return Ending(result, fault, time.process_time() - started, odoo.answers)


def last_of(text: str) -> str:
    """Return the last place of a traceback that is in the collection, and the error."""
    lines = text.strip().splitlines()
    places = [line.strip() for line in lines if "/plugins/" in line]
    return f"{lines[-1][:150]} at {places[-1].rpartition('/plugins/')[2] if places else '?'}"


def texts_of(value: Any) -> Iterator[str]:
    """Yield all texts in a result."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from texts_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_of(item)
