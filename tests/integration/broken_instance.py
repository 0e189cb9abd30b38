# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A healthy instance, and methods that damage it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from instance import LabInstance
from lab import Lab
from mail_servers import password_server
from queue_action import QUEUE_ACTION

SENDER = "notifications@lab.example"
MAIN = "starttls_any_sender"

Diagnosis = dict[str, Any]


@dataclass(frozen=True)
class BrokenInstance:
    """A healthy instance, and methods that damage it.

    :ivar how: options of the examination that a fault needs.
    """

    instance: LabInstance
    lab: Lab
    runs: list[Thread] = field(default_factory=list)
    how: dict[str, Any] = field(default_factory=dict)
    cleanup: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def healthy(cls, lab: Lab, name: str) -> BrokenInstance:
        """Let its mail leave encrypted, from its own domain, and its crons have run half an hour ago."""
        instance = LabInstance.fresh(lab, name)
        instance.sql(
            "UPDATE ir_cron SET nextcall = now() at time zone 'utc' + interval '30 minutes', "
            "lastcall = now() at time zone 'utc' - interval '30 minutes'"
        )
        broken = cls(instance, lab)
        with instance.session() as session:
            session.write("res.company", broken.ids("res.company"), {"email": "info@lab.example"})
            session.write("res.users", broken.ids("res.users", ["login", "=", "admin"]), {"email": "admin@lab.example"})
        domain = {"name": "lab.example", "companies": [instance.read("res.company")[0]["name"]]}
        # Without alias domains, their parameters have this effect.
        parameters = {"mail.catchall.domain": "lab.example", "mail.default.from": "notifications"}
        instance.enforce(
            {
                **({} if instance.lacks else {"alias_domains": [{"default_from": "notifications", **domain}]}),
                "parameters": {"web.base.url": "https://odoo.lab.example", **(parameters if instance.lacks else {})},
                "servers": [
                    password_server(lab, MAIN, smtp_encryption=instance.strict("starttls"), from_filter="lab.example")
                ],
            }
        )
        instance.sql("DELETE FROM mail_mail")  # Odoo may notify a user of a new address
        return broken

    def examine(self, **how: Any) -> Diagnosis:
        with self.instance.session() as session:
            return diagnose(session, Examination(**{**self.how, **how}))

    def ids(self, model: str, *domain: Any) -> list[int]:
        return [record["id"] for record in self.instance.read(model, *domain, fields=("id",))]

    def write(self, model: str, values: dict[str, Any], *domain: Any) -> None:
        with self.instance.session() as session:
            session.write(model, self.ids(model, *domain), values)

    def create(self, model: str, **values: Any) -> int:
        with self.instance.session() as session:
            return session.create(model, [values])[0]

    def server(self, **values: Any) -> None:
        """Change the mail server without the collection."""
        self.write("ir.mail_server", values, ["name", "=", MAIN])

    def through(self, smtp_name: str, **values: Any) -> None:
        """Replace the mail server by another one of the lab."""
        smtp = self.lab.smtp[smtp_name]
        login = {"smtp_user": smtp.user or False, "smtp_pass": smtp.password or False}
        self.server(**{"smtp_host": smtp.host, "smtp_port": smtp.port, **login, **values})

    def queue_action(self, **values: Any) -> None:
        self.write("ir.cron", values, QUEUE_ACTION)

    def run_queue(self) -> None:
        """Run it as a worker does: with its lock, its cursor and its failures."""
        # Up to 18.0 the failure of a run is also the answer.
        with self.instance.session() as session, suppress(Rejected):
            session.call("ir.cron", "method_direct_trigger", self.ids("ir.cron", QUEUE_ACTION))

    def begin_queue(self) -> None:
        """Start a run of the queue without waiting for its end."""
        self._begin(self.run_queue)

    def work_queue(self) -> None:
        """Run due crons as a worker does.

        Up to 18.0 a manual run does not count failures and does not record its start.
        """
        self.lab.shell(self.instance.database, "env['ir.cron']._process_jobs(env.cr.dbname)")

    def begin_worker(self) -> None:
        """Start the work of a worker without waiting for its end."""
        self._begin(self.work_queue)

    def _begin(self, run: Callable[[], None]) -> None:
        self.runs.append(Thread(target=run))
        self.runs[-1].start()

    def rest(self) -> None:
        """End every running operation, so that another database may use the name."""
        if self.runs:  # a slow server would keep them; the server of another broken instance is not changed
            self.lab.smtp[MAIN].reset()
        for run in self.runs:
            run.join()
        self.cleanup.close()

    def drop(self) -> None:
        """End every running operation, and drop the database."""
        self.rest()
        self.lab.drop(self.instance.database)

    def mail(self, count: int = 1, **values: Any) -> None:
        own = {
            "state": "outgoing",
            "email_from": SENDER,
            "body_html": "<p>A test.</p>",
            "email_to": "to@else.example",
            **values,
        }
        with self.instance.session() as session:
            session.create("mail.mail", [{"subject": f"Mail {n}", "auto_delete": False, **own} for n in range(count)])

    def parameter(self, key: str, value: str) -> None:
        self.instance.enforce({"parameters": {key: value}})

    def age_mails(self, span: str) -> None:
        self.instance.sql(f"UPDATE mail_mail SET create_date = create_date - interval '{span}'")

    def admin_address(self, address: str | bool) -> None:
        """Change the address in its own table: Odoo would write to the old address of a user."""
        self.write("res.partner", {"email": address}, ["user_ids.login", "=", "admin"])

    def with_alias_domains(self) -> BrokenInstance:
        """Return the same.

        :raises NotApplicable: the instance has no alias domains.
        """
        self.instance.needs("mail.alias.domain")
        return self

    def overdue(self, minutes: int = 20) -> None:
        """Make every action due for this time, with no run since."""
        self.instance.sql(
            f"UPDATE ir_cron SET nextcall = now() at time zone 'utc' - interval '{minutes} minutes', "
            f"lastcall = now() at time zone 'utc' - interval '{minutes + 60} minutes'"
        )


# The id of the expected finding, and a function that causes it.
Fault = tuple[str, Callable[[BrokenInstance], None]]
