# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a queue policy, and the values of the crons of its rules.

The lanes replace the code of Odoo's own queue cron. So there is one queue and one schedule, and no race. Programs that trigger or watch the
queue cron still work. Every other rule has its own cron with the external ID `postmaster_odoo.queue_…`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import DAYS, MINUTES, beyond
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import MAX_ATTEMPTS_OF_POLICY
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import Lane, Listener
from ansible_collections.postmaster.odoo.plugins.module_utils.text import shown

_BATCH = 100
# Seconds. It is not a default of the option, so that a given value without lanes is an error.
_SETTLE = 60
_DAY_SECONDS = 24 * 60 * 60

OPTIONS: Mapping[str, Any] = {
    "lanes": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "domain": {"type": "raw"},
            "batch": {"type": "int", "default": _BATCH},
        },
    },
    "interval": {"type": "int"},
    "settle": {"type": "int"},
    "backoff": {
        "type": "dict",
        "options": {
            "enabled": {"type": "bool", "default": True},
            "first_delay": {"type": "int", "default": 5},
            "max_delay": {"type": "int", "default": 60},
            "give_up_after": {"type": "int", "default": 4320},
            "max_attempts": {"type": "int", "default": MAX_ATTEMPTS_OF_POLICY},
        },
    },
    "stale_after": {"type": "int"},
    "purge_after": {"type": "int"},
    "watchdog": {
        "type": "dict",
        "mutually_exclusive": [["channel", "user"]],
        "options": {
            "enabled": {"type": "bool", "default": True},
            "interval": {"type": "int", "default": 5},
            "max_overdue": {"type": "int", "default": 30},
            "max_outgoing": {"type": "int"},
            "channel": {"type": "str"},
            "user": {"type": "str"},
        },
    },
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}

# The rules that have their own cron, by the external IDs of these crons.
OWN_CRONS: Mapping[str, str] = {
    queue_jobs.BACKOFF: "backoff",
    queue_jobs.STALE: "stale_after",
    queue_jobs.PURGE: "purge_after",
    queue_jobs.WATCHDOG: "watchdog",
}
LANES = "lanes"
# The external ID of each rule's cron.
RULES: Mapping[str, str] = {LANES: QUEUE, **{rule: xml_id for xml_id, rule in OWN_CRONS.items()}}

# The fields of Odoo's queue cron that the lanes may change. They are restored when the lanes are removed.
_INTERVAL = ("interval_number", "interval_type")
_QUEUE_FIELDS = ("code", "active", *_INTERVAL)


class QueuePolicy:
    """A policy in the user's options. None counts as not given.

    :raises Invalid: if options are not valid; the message lists all problems.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._given = {name: value for name, value in options.items() if value is not None}
        self.state = str(self._given.pop("state", "present"))
        if self.state == "absent":
            self._given = {}
        problems: list[str] = []
        self.lanes = self._read_lanes(problems)
        problems += self._problems()
        if problems:
            raise Invalid(f"queue policy: {'; '.join(problems)}.")

    @property
    def listener(self) -> tuple[str, str] | None:
        """Return the receiver of alerts, as the option and its value: (channel or user, name)."""
        watchdog = self._part("watchdog") or {}
        named = [(option, watchdog[option]) for option in ("channel", "user") if watchdog.get(option)]
        return named[0] if named else None

    @property
    def declared_rules(self) -> list[str]:
        """Return the rules that the policy declares, including those that it removes."""
        return [rule for rule in RULES if self.state == "absent" or rule in self._given]

    def removes(self, rule: str) -> bool:
        """Return whether the policy removes a declared rule."""
        if rule == LANES:
            return not self.lanes
        return self._given.get(rule) in (None, 0) or not self._part_is_enabled(rule)

    def summary(self, rule: str) -> dict[str, Any]:
        """Return a declared rule as its options with their values."""
        if self.removes(rule):
            return {}
        if rule == LANES:
            interval = {"interval": self._given["interval"]} if "interval" in self._given else {}
            return {LANES: [shown_lane(lane) for lane in self.lanes], **interval, "settle": self._settle}
        value = self._given[rule]
        if not isinstance(value, Mapping):
            return {rule: value}
        return {name: one for name, one in (self._part(rule) or {}).items() if name != "enabled"}

    def cron_values(self, rule: str, listener: Listener | None) -> dict[str, Any]:
        """Return the fields of a declared rule's own cron."""
        backoff, watchdog = self._part("backoff"), self._part("watchdog")
        if rule == "backoff" and backoff is not None:
            code = queue_jobs.backoff_code(**{name: value for name, value in backoff.items() if name != "enabled"})
            return _cron("failed mails are tried again", code, min(5, backoff["first_delay"]))
        if rule == "stale_after":
            return _cron("stale mails are cancelled", queue_jobs.stale_code(self._given[rule]), 60)
        if rule == "purge_after":
            return _cron("old mails are purged", queue_jobs.purge_code(self._given[rule]), 60)
        if watchdog is None:
            raise ValueError(f"{rule} is not a declared rule")
        code = queue_jobs.watchdog_code(
            max_overdue=watchdog["max_overdue"], max_outgoing=watchdog.get("max_outgoing"), listener=listener
        )
        return _cron("the queue is kept running", code, watchdog["interval"])

    def lanes_values(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of Odoo's queue cron with the lanes, or with the values from before the lanes.

        :param found: the fields of the cron.
        """
        before = queue_jobs.before_of(str(found.get("code") or ""))
        if self.lanes:
            wanted: dict[str, Any] = {"active": True, "state": "code"}
            if "interval" in self._given:
                wanted.update(interval_number=self._given["interval"], interval_type="minutes")
            noted = before or {"code": found.get("code") or queue_jobs.STOCK_CODE}
            noted = {**{name: found.get(name) for name in wanted if name != "state"}, **noted}
            code = queue_jobs.lanes_code(self.lanes, settle=self._settle)
            return {"code": queue_jobs.with_before(code, noted), **wanted}
        return {name: before[name] for name in _QUEUE_FIELDS if before and name in before}

    def changes_interval(self, found: Mapping[str, Any]) -> bool:
        """Return whether the lanes change the interval of the queue cron."""
        wanted = self.lanes_values(found) if self.lanes else {}
        return any(name in wanted and wanted[name] != found.get(name) for name in _INTERVAL)

    @property
    def _settle(self) -> int:
        """Return the seconds during which the lanes do not touch a new mail."""
        return int(self._given.get("settle", _SETTLE))

    # --- the parts ---

    def _part(self, name: str) -> Mapping[str, Any] | None:
        """Return the options of a part that the policy installs; None if it does not."""
        part = self._given.get(name)
        if part is None or not part.get("enabled", True):
            return None
        return {option: value for option, value in part.items() if value is not None}

    def _part_is_enabled(self, rule: str) -> bool:
        value = self._given[rule]
        return not isinstance(value, Mapping) or bool(value.get("enabled", True))

    # --- problems of the options ---

    def _problems(self) -> Iterator[str]:
        backoff, watchdog = self._part("backoff") or {}, self._part("watchdog") or {}
        yield from beyond("interval", self._given.get("interval"), least=1, most=MINUTES)
        yield from beyond("settle", self._given.get("settle"), least=0, most=_DAY_SECONDS)
        for name in ("first_delay", "max_delay", "give_up_after"):
            yield from beyond(f"backoff.{name}", backoff.get(name), least=1, most=MINUTES)
        yield from beyond("backoff.max_attempts", backoff.get("max_attempts"), least=1)
        for name in ("stale_after", "purge_after"):
            yield from beyond(name, self._given.get(name), least=0, most=DAYS)
        for name in ("interval", "max_overdue"):
            yield from beyond(f"watchdog.{name}", watchdog.get(name), least=1, most=MINUTES)
        yield from beyond("watchdog.max_outgoing", watchdog.get("max_outgoing"), least=1)
        for name in ("channel", "user"):
            if watchdog.get(name) == "":
                yield f"watchdog.{name} must not be empty"
        if backoff and backoff["max_delay"] < backoff["first_delay"]:
            yield f"backoff.max_delay ({backoff['max_delay']}) must not be less than backoff.first_delay ({backoff['first_delay']})"
        if "interval" in self._given and not self.lanes:
            yield "interval needs lanes, because it is the interval of their cron"
        if "settle" in self._given and LANES not in self._given:
            yield "settle needs lanes, because only they leave new mails alone"

    def _read_lanes(self, problems: list[str]) -> list[Lane]:
        given = self._given.get("lanes") or []
        lanes: list[Lane] = []
        for position, one in enumerate(given):
            name = one["name"]
            if name in {lane.name for lane in lanes}:
                problems.append(f"lane {name!r} is declared twice")
            if not name:
                problems.append("a lane's name must not be empty")
            problems += beyond(f"lane {name!r}: batch", one["batch"], least=1)
            domain: list[Any] = []
            try:
                domain = read_domain(one.get("domain"))
            except ValueError as error:
                problems.append(f"lane {name!r}: {error}")
            else:
                if not domain and position < len(given) - 1:
                    problems.append(
                        f"lane {name!r}: a lane without a domain takes all mails, so it must be the last one"
                    )
            lanes.append(Lane(name, domain, one["batch"]))
        if lanes and lanes[-1].domain:
            lanes.append(Lane("everything else", [], _BATCH))
        return lanes


def read_domain(given: Any) -> list[Any]:
    """Return an Odoo domain from its text, or from a list of lists.

    :raises ValueError: if it is not a valid domain.
    """
    domain = given
    if isinstance(given, str):
        try:
            domain = ast.literal_eval(given.strip() or "[]")
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise ValueError(f"domain: {shown(given)} is not an Odoo domain with plain values") from None
    if domain is None:
        return []
    if not isinstance(domain, (list, tuple)):
        raise ValueError(f"domain: {shown(given)} is not a list of conditions")
    read: list[Any] = []
    # The number of conditions that the operators so far still need. Further conditions are joined with an implied "and".
    missing = 0
    for term in domain:
        if term in ("&", "|"):
            missing = max(missing, 1) + 1
            read.append(term)
        elif term == "!":
            missing = max(missing, 1)
            read.append(term)
        elif isinstance(term, (list, tuple)) and len(term) == 3 and all(isinstance(part, str) for part in term[:2]):
            if not _is_plain(term[2]):
                raise ValueError(f"domain: {term[2]!r} in {term!r} is not a plain value")
            missing = max(missing - 1, 0)
            read.append(tuple(term))
        else:
            raise ValueError(f"domain: {term!r} is neither a condition (field, operator, value) nor one of &, |, !")
    if missing:
        raise ValueError(f"domain: {given!r} is not complete, because an operator lacks a condition")
    return read


def _is_plain(value: Any) -> bool:
    """Return whether a value is the same in YAML, in JSON, and in the Python code that Odoo runs."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value))


def _cron(what: str, code: str, minutes: int) -> dict[str, Any]:
    return {
        "name": f"Mail queue: {what}",
        "model_id": "mail.mail",
        "state": "code",
        "code": code,
        "active": True,
        "interval_number": minutes,
        "interval_type": "minutes",
        # Odoo's own user, because an administrator does not have all rights on every mail.
        "user_id": "base.user_root",
    }


def shown_lane(lane: Lane) -> dict[str, Any]:
    """Return a lane as its options."""
    domain = {"domain": repr(list(lane.domain))} if lane.domain else {}
    return {"name": lane.name, **domain, "batch": lane.batch}
