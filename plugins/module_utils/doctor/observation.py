# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the doctor has seen of an instance, and what it holds to be still good. Plain data; no secret is in it."""

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

# How many mails a run of the queue takes, before what the code of its action says (17.0 on).
QUEUE_BATCH = "mail.mail.queue.batch.size"
_BATCH_IN_CODE = re.compile(r"process_email_queue\([^)]*batch_size\s*=\s*(\d+)")


@dataclass(frozen=True)
class Limits:
    """What is still good. Ages and delays are minutes, or days if their name says so.

    :param max_running: for how long an action may have been running before nobody believes that it still does.
    :raises Invalid: a number that is negative, or that no date can be reckoned with.
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
class Sender:
    """An address that the instance sends from, and whose it is: `company YourCompany`, `user admin`, `recent mail`, …"""

    address: str
    source: str


@dataclass(frozen=True)
class Observation:
    """One instance at one moment. What was not asked for, or what this Odoo does not have, is empty.

    :param crons: every scheduled action, as `cron_info` lists it; those that mail depends on also with `write_date` and `code`.
    :param progress: of the latest runs, the newest first: `cron_id`, `create_date`, `timed_out_counter`. None up to 17.0, where Odoo
        notes nothing of a run before its end.
    :param late_triggers: calls of active actions that nobody has taken in time, the oldest first; not all of very many.
    :param notices: what Odoo told its administrators of actions that it has disabled itself (18.0 on): `date` and `body`, the newest first.
    :param locked: of the overdue actions that were probed, whether a worker holds them.
    :param servers: every mail server, as `mail_server_info` lists it, with `problems` of its login.
    :param offers_strict: whether this Odoo can verify certificates (19.0).
    :param rules: what routing depends on, for each company's alias domain.
    :param senders: the addresses that the instance really sends from.
    :param named: senders of templates that name their mail server themselves, with its id.
    :param recent: the addresses of the mail of the last days and of aliases, with each route of it.
    :param queue: as `mail_queue_info` returns it; `stale` and `late` are counts of waiting mails, older than `stale_days` and than `max_age`.
    :param tests: as `mail_server_test` returns them. :param probes: what `smtp_probe` made of a server, by its id.
    :param sent_without_server: the latest mail that left since the last change of a mail server, where none is active: `id` and `write_date`.
    :param relay_probe: what `smtp_probe` made of the server of odoo.conf.
    :param configuration: of odoo.conf.
    :param deadlines: everything that ends, or could.
    :param dns: the records that mail depends on, None if nobody looked.
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
    senders: Sequence[Sender] = ()
    named: Sequence[tuple[Sender, int]] = ()
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
        """Whether this is a neutralized copy."""
        return is_neutralized(self.parameters)

    @property
    def queue_batch(self) -> int | None:
        """How many mails one run of the queue takes; None if the instance does not say."""
        wanted = self.parameters.get(QUEUE_BATCH, "")
        if wanted.isdecimal() and int(wanted):
            return int(wanted)
        queues = [cron for cron in self.crons if cron["xml_id"] == QUEUE]
        return batch_in_code(queues[0]) if queues else None

    @property
    def shared_servers(self) -> list[Record]:
        """The active mail servers that are not a user's own."""
        return [server for server in self.servers if server["active"] and not server.get("owner_user_id")]


def batch_in_code(cron: Record) -> int | None:
    """Return how many mails the code of the queue's action has one run take; None if it does not say."""
    found = _BATCH_IN_CODE.search(cron.get("code") or "")
    return int(found[1]) if found else None
