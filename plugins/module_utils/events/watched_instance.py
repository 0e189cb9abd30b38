# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance that is examined repeatedly, and the resulting events."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.events.changes import (
    LONGEST_TEXT,
    NOT_QUERIED,
    Finding,
    FindingChange,
    KnownFindings,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import safe_message

Event = dict[str, Any]

# Parts of a finding that contain only words of the catalogue. Rules compare them, so a coincidence must not mask anything in them.
_OURS = frozenset({"id", "check", "severity", "title", "fixable", "documentation", "error_kind", "model"})


@dataclass
class WatchedInstance:
    """One instance.

    :param name: the host of the inventory that it is.
    :param connection: the arguments of `rpc.session.connect`.
    :param secrets: the secrets that no event may contain.
    """

    name: str
    connection: Mapping[str, Any] = field(repr=False)
    examination: Examination
    known: KnownFindings
    secrets: Collection[str] = field(repr=False)

    def poll(self) -> list[Event]:
        """Examine the instance over a new connection, and return an event for each change."""
        how = self.examination
        try:
            with rpc_session.connect(**self.connection, read_only=not (how.live_tests or how.lock_probe)) as session:
                findings = diagnose(session, how)["findings"]
        except OdooError as error:
            return list(map(self._event, self.known.take_not_queried(_not_queried(error), time.monotonic())))
        return list(map(self._event, self.known.take(findings, time.monotonic())))

    def _event(self, change: FindingChange) -> Event:
        return {
            "odoo_mail": {
                "change": change.kind,
                "instance": self.name,
                "finding": self._shown(change.finding),
            },
            # ansible-rulebook limits a playbook to these hosts.
            "meta": {"hosts": [self.name]},
        }

    def _shown(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: item if name in _OURS else self._shown(item) for name, item in value.items()}
        if isinstance(value, str):
            return _without_templates(safe_message(value, self.secrets))[:LONGEST_TEXT]
        return value


def _not_queried(error: OdooError) -> Finding:
    return {
        "id": NOT_QUERIED,
        "check": NOT_QUERIED,
        "severity": "error",
        "title": "The instance could not be queried",
        "evidence": error.message,
        "remedy": "Correct the cause in the evidence, such as the address or the credentials. The instance is queried again.",
        "fixable": None,
        "resource": None,
        "error_kind": error.kind,
        "documentation": "",
    }


def _without_templates(text: str) -> str:
    """Return a text that Jinja does not run: ansible-rulebook passes events to playbooks as variables, which are templates there."""
    for begin in ("{{", "{%", "{#"):
        while begin in text:  # {{{ still has one after the first pass
            text = text.replace(begin, f"{begin[0]} {begin[1]}")
    return text
