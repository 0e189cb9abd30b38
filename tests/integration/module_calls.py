# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that cover every kind of call of every module. Each task finds the records that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from instance import LabInstance
from mail_servers import Options, password_server
from queue_action import IS_QUEUE_ACTION

QUEUE = "mail.ir_cron_mail_scheduler_action"
OWN_CRON = {
    "xml_id": "postmaster.permissions",
    "name": "Own",
    "model": "res.partner",
    "code": "model.search([], limit=1)",
}
# It depends only on installed addons.
ADDON = "google_recaptcha"


@dataclass(frozen=True)
class Task:
    """A module with its options, and the preparation that it needs before it runs (`before`) and while it runs
    (`around`).

    :ivar expects: the kind of the error that the task ends with; None for a task that succeeds.
    """

    module: str
    options: Options = field(default_factory=dict)
    before: Callable[[LabInstance], Any] = lambda _instance: None
    around: Callable[[LabInstance], AbstractContextManager[None]] = lambda _instance: nullcontext()
    expects: str | None = None


def _mails(instance: LabInstance, state: str) -> None:
    """Create two mails that a module can take, and no other ones."""
    instance.sql("DELETE FROM mail_mail")
    mail = {"email_from": "info@lab.example", "email_to": "someone@lab.example", "body_html": "<p>Mail</p>"}
    document = {"model": "res.partner", "res_id": 1, "state": state}
    with instance.session() as session:
        session.create("mail.mail", [{**mail, **document, "subject": f"Mail {number}"} for number in range(2)])


def _failed(instance: LabInstance) -> None:
    _mails(instance, "exception")
    instance.sql("UPDATE mail_mail SET failure_reason = 'Connection unexpectedly closed: timed out'")


def _pending(instance: LabInstance) -> None:
    instance.sql(f"UPDATE ir_module_module SET state = 'to install' WHERE name = '{ADDON}'")


def _outdated(instance: LabInstance) -> None:
    instance.sql(f"UPDATE ir_module_module SET latest_version = '0.1' WHERE name = '{ADDON}'")


@contextmanager
def _queue_runs_for_hours(instance: LabInstance) -> Iterator[None]:
    """Create a record for the lock probe of the doctor. The lock also keeps Odoo's workers away."""
    instance.sql(
        "UPDATE ir_cron SET nextcall = now() at time zone 'utc' - interval '2 hours', "
        f"lastcall = now() at time zone 'utc' - interval '3 hours' WHERE {IS_QUEUE_ACTION}"
    )
    with instance.locked("ir_cron", IS_QUEUE_ACTION):
        yield


def _on_time(instance: LabInstance) -> None:
    instance.sql(f"UPDATE ir_cron SET nextcall = '2090-01-01' WHERE {IS_QUEUE_ACTION}")


def _left_by_killed_runs(instance: LabInstance) -> None:
    """Create records that a killed run may leave: a copy of a mail server, a server action and a note."""
    with instance.session() as session:
        copy = {"name": "Main (postmaster.odoo candidate)", "smtp_host": "smtp.invalid", "active": False}
        session.create("ir.mail_server", [copy])
        (model,) = session.search_read("ir.model", [["model", "=", "ir.mail_server"]], ["id"])
        session.create(
            "ir.actions.server",
            [{"name": "postmaster.odoo: mail server 7, 0a1b", "model_id": model["id"], "state": "code"}],
        )
        session.create("ir.config_parameter", [{"key": "postmaster_odoo.deletion", "value": "{}"}])


def _another_server(instance: LabInstance) -> None:
    with instance.session() as session:
        session.create("ir.mail_server", [{"name": "Other", "smtp_host": "smtp.invalid"}])


def _web_base_url(instance: LabInstance) -> None:
    instance.enforce({"parameters": {"web.base.url": "https://odoo.lab.example"}})


def _queue_tasks() -> Iterable[Task]:
    """Yield the tasks of the modules that read and change mails."""
    yield Task("mail_queue", {"action": "process"}, lambda it: _mails(it, "outgoing"))
    yield Task("mail_queue", {"action": "retry"}, _failed)
    yield Task("mail_queue", {"action": "cancel"}, lambda it: _mails(it, "outgoing"))
    yield Task("mail_queue", {"action": "purge", "states": ["exception"]}, _failed)
    yield Task("mail_queue_info", {"by": ["server", "from_domain"]}, _failed)
    yield Task("mail_doctor", {"lock_probe": True, "fail_on": "never"}, around=_queue_runs_for_hours)
    silent = {"nameservers": ["127.0.0.1:9"], "nameserver_timeout": 1}
    yield Task("mail_dns_info", silent, _on_time, expects="timeout")
    yield Task("mail_doctor", {"checks": ["dns"], "fail_on": "never", **silent})


def _addon_tasks() -> Iterable[Task]:
    yield Task("addon", {"name": ADDON})
    yield Task("addon", {"name": ADDON, "state": "latest"}, _outdated)
    yield Task("addon", {"name": ADDON, "state": "absent"})
    yield Task("addon", {"name": "no_such_addon", "update_list": True}, expects="unsupported")
    yield Task("pending_addons", {"action": "call_off"}, _pending)
    yield Task("pending_addons", {"action": "finish"}, _pending)


def tasks(instance: LabInstance, folder: Path) -> Iterable[Task]:
    """Yield the tasks.

    :param folder: the folder where `api_key` stores its key, and `mail_stack` its snapshot.
    """
    encryption = {"smtp_encryption": instance.strict("starttls")}
    main = password_server(instance.lab, "starttls_any_sender", name="Main", xml_id="postmaster.main", **encryption)
    canary = {"verify": "canary", "canary_to": "canary@lab.example"}
    yield Task("mail_server", {**main, "smtp_encryption": "none"})
    yield Task("mail_server", {**main, **canary})
    yield Task("mail_server", {"name": "Other", "state": "absent"}, _another_server)
    yield Task("mail_server_test", {"name": "Main", "canary": "canary@lab.example"})
    yield Task("mail_server_info")

    yield Task("cron", {"xml_id": QUEUE, "interval_number": 8, "interval_type": "minutes", "run": True})
    yield Task("cron", OWN_CRON)
    yield Task("cron", {**OWN_CRON, "state": "absent"})
    yield Task("cron_info")

    yield Task("system_parameter", {"key": "permissions.tried", "value": "1"})
    yield Task("system_parameter", {"key": "permissions.tried", "value": "2"})

    yield Task("alias_domain", {"name": "permissions.example"})
    yield Task("alias_domain", {"name": "permissions.example", "bounce_alias": "returned"})
    yield Task("alias_domain", {"name": "permissions.example", "state": "absent"})

    yield from _addon_tasks()
    yield from _queue_tasks()

    yield Task("queue_policy", {"stale_after": 7, "lanes": [{"name": "all"}]})
    yield Task("queue_policy", {"state": "absent"})

    stack = {
        "parameters": {"permissions.stack": "1"},
        "servers": [{**main, "sequence": 8}],
        "crons": [{"xml_id": QUEUE, "interval_number": 9, "interval_type": "minutes"}],
    }
    snapshots = {"snapshot_folder": str(folder)}
    yield Task("mail_stack", {**stack, **snapshots, "replay": {"days": 30}})
    yield Task("mail_rollback", {**snapshots, "snapshot": "latest"})
    yield Task("mail_stack_info")
    yield Task("own_records", {"state": "absent"}, _left_by_killed_runs)

    key = {"name": "Ansible", "vault_file": str(folder / "vault.yml"), "vault_variable": "vault_key"}
    yield Task("api_key", key, _web_base_url)
    yield Task("api_key", {**key, "state": "absent"})
