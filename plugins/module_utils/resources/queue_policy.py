# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the queue policy. Each rule is one cron of the instance, and is compared and shown by its options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import MINUTES
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Found, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Ambiguous,
    OdooError,
    Timeout,
    Unreachable,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.installed import installed_rule
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import Lane, Listener
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.options import (
    LANES,
    OPTIONS,
    RULES,
    QueuePolicy,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON, Cron
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import XML_ID, Declaration
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.external_ids import read_external_ids

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Field
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import PlanContext
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_MODEL = "mail.mail"


class QueueRule(Cron):
    """A rule of the queue policy. A stack declares the policy as a whole; `prepare_instance` makes one declaration for each rule."""

    name = "queue_policy"
    label = "queue policy"
    title = "Queue rule"
    stack_option = "queue_policy"
    is_described_specially = True
    stack_argument: ClassVar[Mapping[str, Any]] = {"type": "dict", "options": OPTIONS}
    options: ClassVar[Mapping[str, Any]] = OPTIONS
    option_rules: ClassVar[Mapping[str, Any]] = {}
    field_names: ClassVar[Mapping[str, Any]] = {}
    active_by_default = False
    has_unmanaged = True
    may_arrive = False
    heavy_fields: ClassVar[frozenset[str]] = frozenset()
    info_fields = CRON.info_fields | {"active", "code", "interval_number", "interval_type", "nextcall", "model_name"}

    # --- declaring ---

    def declares(self, value: Any) -> bool:
        """Return whether an option of the policy is given. The interval of the lanes is one: without lanes it is an error."""
        return value is not None and (
            value.get("state") == "absent"
            or not value
            or any(given is not None for option, given in value.items() if option != "state")
        )

    def stack_entries(self, value: Any) -> Iterable[Mapping[str, Any]]:
        """Return the options of each rule, so that an invalid rule does not hide the others."""
        if not value or value.get("state") == "absent":
            return [value] if value else []
        of_rules = [(rule, *(_OF_LANES if rule == LANES else ())) for rule in RULES]
        entries = [{name: value[name] for name in names if value.get(name) is not None} for names in of_rules]
        return [entry for entry in entries if entry]

    def declare(self, options: Mapping[str, Any]) -> Declaration:
        policy = QueuePolicy(options)
        rules = policy.declared_rules
        key = rules[0] if len(rules) == 1 else ""
        return Declaration(self, key, {"policy": policy, "listener": None, "problems": ()}, policy.state)

    def declared_fields(self, declaration: Declaration) -> dict[str, Any]:
        policy, rule = declaration.options["policy"], declaration.key
        if rule in ("", LANES) or declaration.state == "absent":
            return {}
        values = dict(policy.cron_values(rule, declaration.options["listener"]))
        if declaration.options["problems"]:
            # The code contains the id of the listener, which is unknown.
            del values["code"]
        return values

    # --- reading ---

    def prepare_instance(
        self, session: Session, declarations: Sequence[Declaration], *, update_list: bool
    ) -> Sequence[Declaration]:
        """Return a declaration for each rule. If the instance rejects a lane's domain or the listener, `refusals` yields the errors.

        :raises Unreachable: the instance does not answer.
        :raises Timeout: the same.
        """
        return [rule for declaration in declarations for rule in self._rules(session, declaration.options["policy"])]

    def _rules(self, session: Session, policy: QueuePolicy) -> list[Declaration]:
        problems: dict[str, list[OdooError]] = {}
        for lane in policy.lanes:
            with _collected(problems.setdefault(LANES, [])):
                _try_domain(session, lane)
        listener = None
        with _collected(problems.setdefault("watchdog", [])):
            listener = _find_listener(session, policy.listener)
        rules = policy.declared_rules
        if LANES in rules and policy.removes(LANES) and QUEUE not in read_external_ids(session, {QUEUE}):
            rules.remove(LANES)
        return [
            Declaration(
                self,
                rule,
                {"policy": policy, "listener": listener, "problems": problems.get(rule, ())},
                "absent" if policy.removes(rule) and rule != LANES else "present",
                RULES[rule],
            )
            for rule in rules
        ]

    def domain(self, declarations: Sequence[Declaration]) -> list[Any]:
        """Return the domain of crons on mails, and of rules that somebody has moved to another model."""
        return ["|", ["model_name", "=", _MODEL], ["code", "like", queue_jobs.MARK]]

    def matches(self, declaration: Declaration, record: Found) -> bool:
        return False

    # --- planning ---

    def missing(self, declaration: Declaration) -> str | None:
        if declaration.key != LANES:
            return None
        return f"they need Odoo's own cron {QUEUE}, which was deleted or belongs to another model: upgrade the addon mail to restore it"

    def refusals(self, context: PlanContext) -> Iterator[OdooError]:
        yield from super().refusals(context)
        yield from context.declaration.options["problems"]

    def adapt(self, context: PlanContext) -> list[str]:
        self.keep_running(context)
        if context.declaration.key == LANES and context.found:
            policy, found = context.declaration.options["policy"], context.found.values
            context.values.update(policy.lanes_values(found))
            # The next run was planned with the former interval. If it is later than the new interval allows, it becomes now.
            if policy.changes_interval(found):
                self.put_on_schedule(context, MINUTES)
        return []

    def finish(self, step: Step, context: PlanContext) -> Step:
        """Return the step with changes of options, and with changes of other fields only if no option shows the difference."""
        if step.removes:
            return step
        before = _readable(context.declaration.key, context.found)
        after = context.declaration.options["policy"].summary(context.declaration.key)
        changes = [
            Change(name, before.get(name), after.get(name))
            for name in dict.fromkeys([*before, *after])
            if before.get(name) != after.get(name) and name not in _LISTENER
        ]
        changes += self._listener_changes(context, after)
        generated = {"code", "interval_number", "interval_type"} if changes else set()
        if step.action == "create":
            return replace(step, changes=tuple(changes))
        told = [_told(change) for change in step.changes if change.field not in generated]
        return replace(step, changes=(*changes, *told))

    @staticmethod
    def _listener_changes(context: PlanContext, after: Mapping[str, Any]) -> Iterable[Change]:
        """Yield the change of the watchdog's listener, because the code contains its id but not its name."""
        if context.declaration.key != "watchdog" or context.declaration.options["problems"]:
            return
        found = context.found.values if context.found else {}
        stored = queue_jobs.listener_in(str(found.get("code") or ""))
        if stored != context.declaration.options["listener"]:
            option = next((name for name in _LISTENER if name in after), "channel")
            yield Change(option, f"{stored.model} {stored.id}" if stored else None, after.get(option))

    def yields_to_others(self, declaration: Declaration) -> bool:
        """Return true for lanes that are removed: they only restore fields that no other declaration names."""
        return bool(declaration.options["policy"].removes(declaration.key))

    def is_unmanaged(self, found: Found, *, neutralized: bool) -> bool:
        return bool(found.values.get("active")) and self._rule_of(found) is not None

    def unmanaged_key(self, found: Found) -> str:
        return self._rule_of(found) or super().unmanaged_key(found)

    def unmanaged_key_of(self, entry: Mapping[str, Any]) -> str | None:
        return next((rule for rule in RULES if rule in entry), LANES)

    @staticmethod
    def _rule_of(found: Found) -> str | None:
        """Return the rule that a cron belongs to by its code; None if it does not belong to the policy."""
        part = queue_jobs.part_of(str(found.values.get("code") or ""))
        return next((rule for rule in RULES if part and rule.startswith(part)), None)

    # --- reporting ---

    def report(self, found: Found, fields: Mapping[str, Field]) -> dict[str, Any]:
        shown = super().report(found, fields)
        rule = self._rule_of(found)
        shown.pop("code", None)
        return {**shown, "options": _readable(rule, found) if rule else {}}


_LISTENER = ("channel", "user")
# The options of the lanes' cron.
_OF_LANES = ("interval", "settle")


@contextmanager
def _collected(problems: list[OdooError]) -> Iterator[None]:
    """Collect the error of a rule. If the instance does not answer, no rule can be compared."""
    try:
        yield
    except (Timeout, Unreachable):
        raise
    except OdooError as error:
        problems.append(error)


def _told(change: Change) -> Change:
    """Return a change for people: without code, and without a time that differs between check mode and the run after it."""
    if change.field == "code":
        return replace(change, before="changed by hand or by another version", after="as generated")
    return replace(change, after="now") if change.field == "nextcall" else change


def _readable(rule: str, found: Found | None) -> dict[str, Any]:
    """Return an installed rule by its options; empty if there is no rule or it cannot be parsed."""
    try:
        return installed_rule(rule, found.values) if found else {}
    except ValueError:
        return {}


def _try_domain(session: Session, lane: Lane) -> None:
    """Search with a lane's domain once in Odoo. A wrong field would otherwise stop the lane later, without notice."""
    try:
        session.call(_MODEL, "search", domain=[*lane.domain], limit=1)
    except OdooError as error:
        raise type(error)(
            f"lane {lane.name!r}: its domain does not work on this instance: {error.message.rstrip('.')}"
        ) from error


def _find_listener(session: Session, named: tuple[str, str] | None) -> Listener | None:
    """Return the recipient of the watchdog's messages.

    :raises Unsupported: no record has the name.
    :raises Ambiguous: several records have the name.
    """
    if named is None:
        return None
    option, name = named
    if option == "user":
        users = session.search_read("res.users", [["login", "=", name]], ["partner_id"])
        found = [user["partner_id"][0] for user in users]
        model = "res.partner"
    else:
        # mail.channel up to 16.0
        model = "discuss.channel" if session.has_model("discuss.channel") else "mail.channel"
        found = [channel["id"] for channel in session.search_read(model, [["name", "=", name]], ["name"])]
        if not found and XML_ID.fullmatch(name):
            pinned = read_external_ids(session, {name}).values()
            found = [row["res_id"] for row in pinned if row["model"] == model]
    if not found:
        raise Unsupported(f"watchdog.{option}: there is no {option} {name!r}: check the name")
    if len(found) > 1:
        raise Ambiguous(f"watchdog.{option}: {len(found)} records have the name {name!r}: use the external ID instead")
    return Listener(model, found[0])


QUEUE_POLICY = QueueRule()
