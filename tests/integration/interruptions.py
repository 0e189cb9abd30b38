# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut the connection at each call of a play, and look at what the play leaves and whether its next run converges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import RunOptions, enforce_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session, connect
from instance import LabInstance
from lab import FaultProxy, Lab, When

# Whatever only the collection needs, and mails that somebody has put off.
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
SELECT 'mail put off until ' || scheduled_date FROM mail_mail WHERE state = 'outgoing' AND scheduled_date > now() at time zone 'utc'
ORDER BY 1
"""
# As if so much time had passed since a client was killed.
_TIME_PASSES = """
UPDATE ir_config_parameter SET write_date = write_date - interval '10 minutes' WHERE key LIKE 'postmaster_odoo.%'
"""


@dataclass(frozen=True)
class Cut:
    """Where the connection is cut.

    :param number: of the call. :param lasting: the client is as good as killed.
    """

    number: int
    when: When
    lasting: bool

    def __str__(self) -> str:
        return f"{'lasting, ' if self.lasting else ''}{self.when} call {self.number}"


@dataclass
class Tally:
    """The results of all cuts of one play.

    :ivar worse: cuts that left live settings worse than before. :ivar stuck: cuts after which the next run failed or left a difference.
    :ivar left: cuts after which the next run left something. :ivar false_alarms: runs that failed with their last call, although all was done.
    """

    tried: int = 0
    worse: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What does not hold, a sentence for each cut."""
        return [*self.worse, *self.stuck, *self.left, *self.false_alarms]

    def row(self, play: str) -> str:
        """Return the tally as a row of a table."""
        counts = (self.tried, self.tried - len(self.stuck), len(self.left), len(self.worse), len(self.false_alarms))
        return f"{play:24}" + "".join(f"{count:>14}" for count in counts)

    @staticmethod
    def head() -> str:
        """Return the heads of the columns."""
        names = ("tried", "converged", "leftovers", "live worse", "false alarms")
        return f"{'play':24}" + "".join(f"{name:>14}" for name in names)


class Baseline:
    """A database as it is now, to restore it after each interruption."""

    _MODELS = ("ir.cron", "ir.actions.server", "ir.mail_server", "ir.config_parameter", "ir.model.data")

    def __init__(self, instance: LabInstance) -> None:
        self._instance = instance
        self._newest = {
            model: max((row["id"] for row in instance.read(model, fields=("id",))), default=0) for model in self._MODELS
        }
        fields = ("active", "interval_number", "interval_type", "nextcall", "code")
        self._crons = instance.read("ir.cron", fields=fields)

    def restore(self) -> None:
        """Delete the records that were added, and give the crons back what they had."""
        with self._instance.session() as session:
            for model, newest in self._newest.items():
                added = [row["id"] for row in session.search_read(model, [["id", ">", newest]], ["id"])]
                if added:
                    session.unlink(model, added)
            found = {row["id"]: row for row in session.search_read("ir.cron", [], self._crons[0].keys() - {"id"})}
            for cron in self._crons:
                if found[cron["id"]] != cron:
                    session.write(
                        "ir.cron", [cron["id"]], {name: value for name, value in cron.items() if name != "id"}
                    )
        # Odoo lets nobody delete mails without a document.
        self._instance.sql("DELETE FROM ir_cron_trigger; DELETE FROM mail_mail")


class Play:
    """Something that the collection does to one database.

    :ivar may_go_on: Odoo may continue its work without the client, so that a lock is kept although the client lives.
    """

    may_go_on = False

    def __init__(self, instance: LabInstance) -> None:
        self.instance = instance
        self._baseline = Baseline(instance)
        self._calls = 0

    @property
    def lab(self) -> Lab:
        return self.instance.lab

    def reset(self) -> None:
        """Make the database as it is before the play."""
        self._baseline.restore()

    def run(self, session: Session) -> None:
        """Do it.

        :raises OdooError: it did not succeed.
        """
        raise NotImplementedError

    def differences(self) -> list[str]:
        """Return what is not as the play is to make it."""
        raise NotImplementedError

    def worse(self) -> list[str]:
        """Return how the database is worse than before and after the play, while it is interrupted."""
        return []

    # --- cutting ---

    def cut_everywhere(self, proxy: FaultProxy, *, step: int = 1) -> Tally:
        """Cut at every call of the play, or at every `step`-th."""
        tally = Tally()
        for cut in self._cuts(proxy, step):
            self._try(proxy, cut, tally)
        return tally

    def _cuts(self, proxy: FaultProxy, step: int) -> Iterator[Cut]:
        self.reset()
        proxy.heal()
        with self._through(proxy) as session:
            self.run(session)
        self._calls = len(proxy.calls)
        assert self.differences() == []
        for index in range(0, self._calls * 4, step):
            yield Cut(index // 4 + 1, ("before", "after")[index % 2], lasting=index % 4 > 1)

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
        if failure and cut.number == self._calls and self.differences() == []:
            tally.false_alarms.append(f"{where}: only the last call was lost, but: {failure}")
        if cut.lasting or self.may_go_on:
            self.instance.sql(_TIME_PASSES)
        failure = self._attempt(proxy)
        wrong = [failure] if failure else self.differences()
        tally.stuck += [f"{where}: then {'; '.join(wrong)}"] if wrong else []
        left = self.leftovers()
        tally.left += [f"{where}: leaves {', '.join(left)}"] if left else []

    def _attempt(self, proxy: FaultProxy) -> str | None:
        """Run once; why it failed, if it did."""
        try:
            with self._through(proxy) as session:
                self.run(session)
        except OdooError as error:
            return f"{error.kind}: {error.message}"
        return None

    def _through(self, proxy: FaultProxy) -> Session:
        return connect(**{**self.instance.quick_options(), "url": proxy.url})

    def leftovers(self) -> list[str]:
        """Return what only an interrupted run needs."""
        return [row["what"] for row in self.instance.sql(_LEFTOVERS)]


class StackPlay(Play):
    """A stack that is enforced.

    :ivar before: the stack that is there before. :ivar stack: the one that is declared. :ivar options: of the run.
    """

    options: Mapping[str, Any] = {}

    @property
    def before(self) -> Mapping[str, Any]:
        return {}

    @property
    def stack(self) -> Mapping[str, Any]:
        raise NotImplementedError

    def reset(self) -> None:
        super().reset()
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
