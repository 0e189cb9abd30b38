# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interrupt the connection at each call of a play, and examine the remaining records and the result of its next run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import RunOptions, enforce_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import READ_METHODS, Session, connect
from instance import LabInstance
from lab import FaultProxy, Lab, When

# The collection's own records, and postponed mails.
_LEFTOVERS = """
SELECT 'mail server ' || name AS what FROM ir_mail_server WHERE name LIKE '%(postmaster.odoo%'
UNION ALL
SELECT 'parameter ' || key FROM ir_config_parameter WHERE key LIKE 'postmaster_odoo.%' AND key <> 'postmaster_odoo.attempts'
UNION ALL
SELECT 'action ' || (name->>'en_US') FROM ir_act_server
WHERE name->>'en_US' LIKE 'postmaster.odoo%' OR usage = 'ir_cron' AND id NOT IN (SELECT ir_actions_server_id FROM ir_cron)
UNION ALL
SELECT 'external ID ' || name FROM ir_model_data
WHERE module LIKE 'postmaster%' AND model = 'ir.cron' AND res_id NOT IN (SELECT id FROM ir_cron)
UNION ALL
SELECT 'external ID ' || name FROM ir_model_data WHERE module = 'postmaster_odoo' AND model = 'ir.actions.server'
UNION ALL
SELECT 'addon ' || name || ' ' || state FROM ir_module_module WHERE state LIKE 'to %'
UNION ALL
SELECT subject FROM mail_message WHERE subject LIKE 'Canary through %'
UNION ALL
SELECT 'mail put off until ' || scheduled_date FROM mail_mail WHERE state = 'outgoing' AND scheduled_date > now() at time zone 'utc'
ORDER BY 1
"""
# Simulate that much time since a client was killed.
_TIME_PASSES = """
UPDATE ir_config_parameter SET write_date = write_date - interval '2 hours' WHERE key LIKE 'postmaster_odoo.%';
UPDATE ir_act_server SET create_date = create_date - interval '2 hours' WHERE name->>'en_US' LIKE 'postmaster.odoo%'
"""


@dataclass(frozen=True)
class Cut:
    """The place where the connection is interrupted.

    :param number: the number of the call. :param lasting: later calls fail too, as if the client were killed.
    """

    number: int
    when: When
    lasting: bool

    def __str__(self) -> str:
        return f"{'lasting, ' if self.lasting else ''}{self.when} call {self.number}"


_KINDS: tuple[tuple[When, bool], ...] = (("before", False), ("after", False), ("after", True))


@dataclass
class Tally:
    """The results of all interruptions of one play.

    :ivar worse: interruptions that left live settings worse than before.
    :ivar stuck: interruptions after which the next run failed or left a difference.
    :ivar left: interruptions after which the next run left records behind.
    :ivar false_alarms: runs that failed with their last call, although everything was done.
    """

    tried: int = 0
    worse: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Return the violated conditions, a sentence for each interruption."""
        return [*self.worse, *self.stuck, *self.left, *self.false_alarms]

    def row(self, play: str) -> str:
        """Return the tally as a row of a table."""
        counts = (self.tried, self.tried - len(self.stuck), len(self.left), len(self.worse), len(self.false_alarms))
        return f"{play:24}" + "".join(f"{count:>14}" for count in counts)

    @staticmethod
    def head() -> str:
        """Return the headings of the columns."""
        names = ("tried", "converged", "leftovers", "live worse", "false alarms")
        return f"{'play':24}" + "".join(f"{name:>14}" for name in names)


class Snapshot:
    """The tables that plays change, in their present state, to restore them after each interruption."""

    _TABLES = (
        "ir_act_server",
        "ir_config_parameter",
        "ir_cron",
        "ir_cron_progress",
        "ir_cron_trigger",
        "ir_mail_server",
        "ir_model_data",
        "mail_mail",
        "mail_message",
    )

    def __init__(self, instance: LabInstance, name: str) -> None:
        self._instance = instance
        self._name = name
        names = ", ".join(f"'{table}'" for table in self._TABLES)
        found = instance.sql(f"SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename IN ({names})")
        self._tables = [row["tablename"] for row in found]
        copies = (f"CREATE TABLE {name}.{table} AS TABLE {table}" for table in self._tables)
        instance.sql("; ".join((f"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}", *copies)))

    def restore(self) -> None:
        """Restore the tables, and clear Odoo's caches of them."""
        restored = (
            f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {self._name}.{table}" for table in self._tables
        )
        # The restore disables triggers, and so foreign keys. They are valid again after all tables are restored.
        self._instance.sql("; ".join(("BEGIN; SET LOCAL session_replication_role = replica", *restored, "COMMIT")))
        with self._instance.session() as session:
            (row,) = session.search_read("ir.config_parameter", [["key", "=", "web.base.url"]], ["value"])
            session.write("ir.config_parameter", [row["id"]], {"value": row["value"]})


class Play:
    """A play: changes that the collection makes to one database.

    :ivar may_go_on: Odoo may continue its work without the client, so a lock is kept although the client lives.
    """

    may_go_on = False

    def __init__(self, instance: LabInstance) -> None:
        self.instance = instance
        self._before: Snapshot | None = None
        self._calls: list[str] = []

    @property
    def lab(self) -> Lab:
        return self.instance.lab

    def surroundings(self) -> AbstractContextManager[None]:
        """Provide everything that the play needs in addition to the database."""
        return nullcontext()

    def prepare(self) -> None:
        """Create the state of the database before the play."""

    def reset(self) -> None:
        """Create the complete state before the play."""
        if self._before is None:
            self.prepare()
            self._before = Snapshot(self.instance, "before_play")
        else:
            self._before.restore()

    def run(self, session: Session) -> None:
        """Run the play.

        :raises OdooError: it did not succeed.
        """
        raise NotImplementedError

    def differences(self) -> list[str]:
        """Return the differences from the state that the play must reach."""
        raise NotImplementedError

    def worse(self) -> list[str]:
        """Return the respects in which the database is worse during the play than before and after it."""
        return []

    # Interruptions

    def cut(self, proxy: FaultProxy, *, sample: int | None = None) -> Tally:
        """Interrupt the play at every call.

        :param sample: only at this number of calls; every other one writes.
        """
        tally = Tally()
        self.reset()
        proxy.heal()
        with self._through(proxy) as session:
            self.run(session)
        self._calls = list(proxy.calls)
        assert not (wrong := self.differences()), wrong
        for cut in self._cuts() if sample is None else self._sample(sample):
            self._try(proxy, cut, tally)
        return tally

    def _cuts(self) -> Iterator[Cut]:
        """Yield every interruption. For Odoo, a client that is killed before a call is the same as one killed after the
        previous call.
        """
        for number in range(1, len(self._calls) + 1):
            for when, lasting in _KINDS:
                yield Cut(number, when, lasting)

    def _sample(self, count: int) -> Iterator[Cut]:
        writing = [number for number, call in enumerate(self._calls, 1) if call.rpartition(".")[2] not in READ_METHODS]
        for index in range(count):
            numbers = range(1, len(self._calls) + 1) if index % 2 else writing
            # The plays have different interruptions at the same place.
            yield Cut(numbers[len(numbers) * index // count], *_KINDS[(index + len(writing)) % len(_KINDS)])

    def _try(self, proxy: FaultProxy, cut: Cut, tally: Tally) -> None:
        self.reset()
        proxy.cut(cut.number, cut.when, lasting=cut.lasting)
        failure = self._attempt(proxy)
        if len(proxy.calls) < cut.number:
            return
        called = proxy.calls[cut.number - 1]
        proxy.heal()
        tally.tried += 1
        where = f"{cut} ({called})"
        tally.worse += [f"{where}: {one}" for one in self.worse()]
        if failure and cut.number == len(self._calls) and self.differences() == []:
            tally.false_alarms.append(f"{where}: only the last call was lost, but: {failure}")
        if cut.lasting or self.may_go_on:
            self.instance.sql(_TIME_PASSES)
        failure = self._attempt(proxy)
        wrong = [failure] if failure else self.differences()
        tally.stuck += [f"{where}: then {'; '.join(wrong)}"] if wrong else []
        left = self.leftovers()
        tally.left += [f"{where}: leaves {', '.join(left)}"] if left else []

    def _attempt(self, proxy: FaultProxy) -> str | None:
        """Run once, and return the error, if there is one."""
        try:
            with self._through(proxy) as session:
                self.run(session)
        except OdooError as error:
            return f"{error.kind}: {error.message}"
        return None

    def _through(self, proxy: FaultProxy) -> Session:
        return connect(**{**self.instance.quick_options(), "url": proxy.url})

    def leftovers(self) -> list[str]:
        """Return the records that only an interrupted run needs."""
        return [row["what"] for row in self.instance.sql(_LEFTOVERS)]


class StackPlay(Play):
    """A stack that is enforced.

    :ivar before: the former stack. :ivar stack: the declared stack. :ivar options: of the run.
    """

    options: Mapping[str, Any] = {}

    @property
    def before(self) -> Mapping[str, Any]:
        return {}

    @property
    def stack(self) -> Mapping[str, Any]:
        raise NotImplementedError

    def prepare(self) -> None:
        if self.before:
            self.instance.enforce(self.before)

    def run(self, session: Session) -> None:
        run = RunOptions(**self.options)
        enforce_stack(session, read_declared_stack(self.stack, run), run)

    def differences(self) -> list[str]:
        with suppress(OdooError):
            plan = self.instance.check(self.stack, **self.options).plan
            return [f"{step.action} {step.resource} {step.key!r} is still to do" for step in plan]
        return ["it cannot be checked"]
