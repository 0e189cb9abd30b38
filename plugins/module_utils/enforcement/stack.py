# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The declared resources of one instance: the target that the engine makes converge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.held_back import steps_once_in_use
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import exclusive_run, is_another_at_it
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.planner import (
    Planner,
    Planning,
    is_leftover,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.snapshot import Snapshot, take_snapshot
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.verification import (
    Trial,
    Verification,
    Verifier,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import server_environment
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.consent import Connection, authorize_url
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import CLIENT_PARAMETERS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import resource_type
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import (
    SYSTEM_PARAMETER,
    TRIAL_KEY,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.trial_parameters import (
    end_trial,
    interrupted_trial,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.assertions import (
    Assertion,
    failures,
    find_routes,
    refuse,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import read_routing

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.policy import Policy
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Plan, Step
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import Declaration
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


class Stack:
    """The declared resources of one instance, and the routes that are to come of them."""

    def __init__(
        self,
        session: Session,
        declarations: Sequence[Declaration],
        policy: Policy,
        assertions: Sequence[Assertion] = (),
    ) -> None:
        self._session = session
        self._policy = policy
        self._where = f"Odoo {session.version.text}, database {session.database} at {session.url}"
        self._planner = Planner(declarations, policy, where=self._where)
        self._assertions = assertions
        self._snapshot = Snapshot({}, {}, {}, frozenset(), {})
        self._planning = Planning()
        self._verifier = Verifier(session)
        self._pins: dict[str, dict[str, Any]] = {}
        self._authorize_urls: dict[int, str | None] = {}
        self.routes: list[dict[str, Any]] = []
        self.warnings: list[str] = []

    # --- the engine's Target ---

    def plan(self) -> Plan:
        """Read, compare, and say what is to be done."""
        self._snapshot = take_snapshot(self._session, self._planner.declarations, self._planner.types)
        # What another run is just trying is no leftover. (A run that writes waits for the other, and then looks again.)
        foreign = self._session.read_only and is_another_at_it(self._session, self._snapshot.parameters)
        self._planning = self._planner.plan(
            self._snapshot, self._session.now, self._verifier.settled, leftovers=not foreign
        )
        self._warn(self._planning.warnings)
        self._assert_routes()
        return self._planning.plan

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """One run at a time, which takes its candidates with it, however it ends."""
        with exclusive_run(self._session) as touch:
            self._verifier.before_trial = touch
            try:
                yield
            finally:
                self._verifier.discard()

    def next_steps(self, plan: Plan) -> Sequence[Step]:
        """What a killed run has left, then addons, each alone: they change what the rest is compared with."""
        leftovers = [step for step in plan if is_leftover(step)]
        return leftovers or [step for step in plan if step.resource == ADDON.name] or plan

    def prepare(self, steps: Sequence[Step]) -> None:
        """Refuse what would be written in vain, and test the mail servers that are to go live."""
        self._refuse_managed_elsewhere(steps)
        if self._policy.verify == "none":
            return
        clients = {
            step.key: step.values["value"]
            for step in steps
            if step.key in CLIENT_PARAMETERS and step.action != "delete"
        }
        trials = self._to_verify(steps)
        needed = clients if any(trial.new_client for trial in trials) else {}
        self._verifier.verify(trials, needed, self._snapshot.parameters)
        self._warn(self._verifier.warnings)

    def perform(self, step: Step) -> None:
        """Do one step; note the record where it is to have an external id."""
        if step.key == TRIAL_KEY:
            end_trial(self._session, interrupted_trial(self._snapshot.parameters))
            return
        kind = resource_type(step.resource)
        record_id = self._verifier.promote(step.key) if kind is MAIL_SERVER and step.action == "create" else None
        if record_id is None:
            rotated = self._verifier.rotated.get(step.record_id or 0, {}) if kind is MAIL_SERVER else {}
            record_id = kind.perform(self._session, replace(step, values={**step.values, **rotated}))
        if step.xml_id and record_id:
            self._pins[step.xml_id] = {"model": kind.model, "res_id": record_id}

    def complete(self) -> None:
        """Give the noted records their external ids, in one call however many they are."""
        new = []
        for xml_id, pin in self._pins.items():
            module, _dot, name = xml_id.partition(".")
            if xml_id in self._snapshot.pins:  # its record is gone, or it would have been found by it
                self._session.write("ir.model.data", [self._snapshot.pins[xml_id]], pin)
            else:
                new.append({"module": module, "name": name, "noupdate": True, **pin})
        self._pins.clear()
        if new:
            self._session.create("ir.model.data", new)

    # --- before and beside the plan ---

    def update_addon_list(self) -> None:
        """Let Odoo look for addons that it does not know yet, where a declared one is missing."""
        wanted = {one.key for one in self._planner.declarations if one.type is ADDON and one.state != "absent"}
        if not (wanted and self._policy.update_list) or self._session.read_only:
            return
        rows = self._session.search_read(ADDON.model, [["name", "in", sorted(wanted)]], ["name"])
        if wanted - {row["name"] for row in rows}:
            self._session.call(ADDON.model, "update_list")

    def _warn(self, warnings: Sequence[str]) -> None:
        """Once, however often it is planned; what the first look warned of still holds after the last."""
        self.warnings += [warning for warning in warnings if warning not in self.warnings]

    def _assert_routes(self) -> None:
        """Hold the asserted routes to what the plan leaves, before any of it is done."""
        if not self._assertions:
            return
        found = read_routing(self._session)
        names = {
            planned.declaration.xml_id: str(planned.effective.get("name") or planned.declaration.key)
            for planned in self._planning.mail_servers
            if planned.declaration.xml_id
        }
        once_in_use = found.after(steps_once_in_use(self._planning, found))
        refuse(failures(self._assertions, once_in_use, names), where=self._where)
        table = found.after(self._planning.plan)
        failed = failures(self._assertions, table, names)
        self._warn([f"{words} It holds once the server is in use." for words in failed.values()])
        self.routes = find_routes(self._assertions, table)

    def _refuse_managed_elsewhere(self, steps: Sequence[Step]) -> None:
        """Do not write where writing is known to be in vain."""
        refusals = []
        for step in steps:
            names = [change.field for change in step.changes if change.managed_elsewhere]
            if names:
                refusals.append(
                    f"{step.resource} {step.key!r}: {', '.join(names)} cannot be enforced: {self._owner(step)} manages it on this record, from a "
                    "configuration file of the Odoo server, and ignores what is written to it. Change it there, or leave it out here."
                )
        if refusals:
            raise Rejected(" ".join(refusals))

    def _owner(self, step: Step) -> str:
        model = resource_type(step.resource).model
        domain = [["model", "=", model], ["name", "=", server_environment.OWNER_FIELD]]
        owners = self._session.search_read("ir.model.fields", domain, ["modules"])
        return f"the addon {owners[0]['modules']}" if owners and owners[0]["modules"] else "another addon"

    def _to_verify(self, steps: Sequence[Step]) -> list[Trial]:
        """What these steps bring live, in a server itself or in the OAuth2 client that it logs in with."""
        changed = {step.key for step in steps if step.resource == SYSTEM_PARAMETER.name}
        trials = []
        for planned in self._planning.mail_servers:
            step = planned.step if planned.step in steps else None
            values = step.values if step else {}
            method = planned.method
            new_client = method is not None and bool({method.client_id, method.client_secret} & changed)
            is_live = planned.found is not None and MAIL_SERVER.effective(values, planned.found)["active"]
            affected = (step and MAIL_SERVER.needs_test(step, planned.found)) or (new_client and is_live)
            if affected and planned.connected is not False:
                trials.append(Trial(planned.declaration.key, planned.found, values, new_client))
        return trials

    # --- reporting ---

    def report(self) -> list[dict[str, Any]]:
        """The declared records as they were last found, secrets masked, each under the key that plans have for it."""
        reported = []
        for planned in self._planning.planned:
            kind, found = planned.declaration.type, planned.found
            if found is None:
                continue
            report = {
                "resource": kind.name,
                "key": planned.declaration.key,
                **kind.report(found, self._snapshot.records[kind].fields),
            }
            if kind is MAIL_SERVER:
                report["authorize_url"] = self._authorize_urls.get(found.id)
            reported.append(report)
        return reported

    def report_unmanaged(self) -> list[dict[str, Any]]:
        """Mail servers that nobody declared."""
        return [
            {"resource": MAIL_SERVER.name, "id": found.id, "name": found.values["name"]}
            for found in self._planning.unmanaged
        ]

    def connections(self) -> list[Connection]:
        """The consent of every declared mail server that logs in with OAuth2; a call for each that lacks it."""
        connections = []
        for planned in self._planning.mail_servers:
            if planned.method is None:
                continue
            found, connected = planned.found, bool(planned.connected)
            if found and not connected and planned.method.refresh_token in found.values:
                self._authorize_urls[found.id] = authorize_url(self._session, found.id, planned.method)
            url = self._authorize_urls.get(found.id) if found else None
            required = bool((planned.declaration.options.get("oauth2") or {}).get("required"))
            connections.append(Connection(planned.declaration.key, connected, url, required))
        return connections

    def verifications(self) -> list[Verification]:
        """What was tested, and what could not be."""
        if self._policy.verify == "none":
            return []
        verifications = dict(self._verifier.verifications)
        if self._session.read_only:
            for trial in self._to_verify(self._planning.plan):
                verifications[trial.key] = Verification(trial.key, "not_tested", "Not tested: check mode only reads.")
        for planned in self._planning.mail_servers:
            if planned.connected is False:
                key = planned.declaration.key
                words = "Not tested: it is not connected yet, and could not log in."
                verifications[key] = Verification(key, "not_tested", words)
        return list(verifications.values())
