# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The data that the doctor has read from an instance, and the limits for it. Plain data without secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import DAYS, MINUTES, MOST, beyond
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.report import Report
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.deadline import Deadline
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import is_neutralized
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import Route, Rules

Record = Mapping[str, Any]

# The parameter with the number of mails that one run of the queue sends. It overrides the number in the code of the cron (17.0 on).
QUEUE_BATCH = "mail.mail.queue.batch.size"
_BATCH_IN_CODE = re.compile(r"process_email_queue\([^)]*batch_size\s*=\s*(\d+)")


@dataclass(frozen=True)
class Limits:
    """The limits of the checks. Ages and delays are in minutes, or in days if the name contains `days`.

    :param max_running: how long a run of a cron can take. A longer one counts as killed.
    :raises Invalid: if a number is negative, or too large to compute a date with.
    """

    max_outgoing: int = 1000
    max_age: int = 120
    max_exceptions: int = 0
    max_overdue: int = 10
    max_running: int = 60
    stale_days: int = 7
    warn_days: int = 30
    error_days: int = 7

    def __post_init__(self) -> None:
        most = {
            **dict.fromkeys(("max_age", "max_overdue", "max_running"), MINUTES),
            **dict.fromkeys(("stale_days", "warn_days", "error_days"), DAYS),
        }
        problems = [
            problem
            for name, value in vars(self).items()
            for problem in beyond(name, value, least=0, most=most.get(name, MOST))
        ]
        if problems:
            raise Invalid(f"{'; '.join(problems)}.")


@dataclass(frozen=True)
class ObservedSender:
    """An address that the instance sends from, with its source: `company YourCompany`, `user admin`, `recent mail`, …"""

    address: str
    source: str


@dataclass(frozen=True)
class Observation:
    """One instance at one moment. Data that was not requested, or that this version of Odoo does not have, is empty.

    :param crons: every cron, as `cron_info` lists it; those that mail depends on also with `write_date` and `code`.
    :param progress: the latest runs, the newest first, with `cron_id`, `create_date` and `timed_out_counter`. None up to 17.0, because
        there Odoo stores nothing about a run before its end.
    :param late_triggers: overdue triggers of active crons, the oldest first; not all if there are very many.
    :param notices: Odoo's messages to administrators about crons that it disabled (18.0 on), with `date` and `body`, the newest first.
    :param locked: for each overdue cron that was probed, whether a worker has locked it.
    :param servers: every mail server, as `mail_server_info` lists it, with `problems` of its login.
    :param offers_strict: whether this Odoo can verify certificates (19.0).
    :param rules: the settings of each company's alias domain that routing depends on.
    :param senders: the addresses that the instance really sends from.
    :param named: senders of templates that name their mail server, with the id of that server.
    :param recent: the senders of recent mail and of aliases, with each route of it.
    :param queue: as `mail_queue_info` returns it.
    :param late: the number of mails that have been waiting for longer than `max_age`.
    :param stale: the number of mails that have been waiting for longer than `stale_days`.
    :param tests: as `mail_server_test` returns them.
    :param probes: results of `smtp_probe` by the ids of the mail servers.
    :param sent_without_server: if no server is active, the latest mail sent since the last change of a mail server: `id` and `write_date`.
    :param relay_probe: the result of `smtp_probe` for the server of odoo.conf.
    :param configuration: the options of odoo.conf.
    :param deadlines: everything that expires or can expire.
    :param dns: the records that mail depends on; None if they were not read.
    """

    now: datetime
    parameters: Mapping[str, str] = field(default_factory=dict)
    crons: Sequence[Record] = ()
    progress: Sequence[Record] | None = None
    late_triggers: Sequence[Record] = ()
    pending_addons: Mapping[str, str] = field(default_factory=dict)
    notices: Sequence[Record] = ()
    locked: Mapping[int, bool] = field(default_factory=dict)
    servers: Sequence[Record] = ()
    offers_strict: bool = False
    rules: Sequence[Rules] = ()
    senders: Sequence[ObservedSender] = ()
    named: Sequence[tuple[ObservedSender, int]] = ()
    recent: Sequence[tuple[str, Route]] = ()
    queue: Record = field(default_factory=dict)
    late: int = 0
    stale: int = 0
    companies: Sequence[Record] = ()
    alias_domains: Sequence[Record] | None = None
    tests: Sequence[Record] = ()
    probes: Mapping[int, Record] = field(default_factory=dict)
    sent_without_server: Record | None = None
    relay_probe: Record | None = None
    configuration: Mapping[str, str] = field(default_factory=dict)
    deadlines: Sequence[Deadline] = ()
    dns: Report | None = None

    @property
    def is_neutralized(self) -> bool:
        """Return whether this is a neutralized copy."""
        return is_neutralized(self.parameters)

    @property
    def queue_batch(self) -> int | None:
        """Return the number of mails that one run of the queue sends; None if the instance does not set it."""
        wanted = self.parameters.get(QUEUE_BATCH, "")
        if wanted.isdecimal() and int(wanted):
            return int(wanted)
        queues = [cron for cron in self.crons if cron["xml_id"] == QUEUE]
        return batch_in_code(queues[0]) if queues else None

    @property
    def shared_servers(self) -> list[Record]:
        """Return the active mail servers that do not belong to a user."""
        return [server for server in self.servers if server["active"] and not server.get("owner_user_id")]


def batch_in_code(cron: Record) -> int | None:
    """Return the number of mails per run in the code of the queue's cron; None if the code does not set it."""
    found = _BATCH_IN_CODE.search(cron.get("code") or "")
    return int(found[1]) if found else None
