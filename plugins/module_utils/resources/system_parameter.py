# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""System parameters: `ir.config_parameter`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.alias_domain import ALIAS_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import PlanContext, ReadFacts
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron_deletion import finish_deletion
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import (
    BASE_URL,
    BASE_URL_KEY,
    DELETION_KEY,
    IS_NEUTRALIZED,
    LOCK_KEY,
    MAILING_SERVER_KEY,
    MAX_EMAIL_SIZE_KEY,
    OF_ALIAS_DOMAINS,
    PUT_OFF_KEY,
    SENDING_KEY,
    ignored_parameters,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import (
    CLIENT_PARAMETERS,
    OAUTH2_METHODS,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    PLAIN_TEXT,
    Declaration,
    ResourceType,
    Stage,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.stored_parameters import (
    PARAMETER_MODEL,
    boolean_of,
    stores_false,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import is_secret_name
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import masked

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Field
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.consent import Connection
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import PlannedResource, TypeContext
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.record_index import RecordIndex
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


# System parameters that contain unfinished work of an interrupted run.
_NOTES = (DELETION_KEY,)
_OWN_KEYS = (ATTEMPTS_KEY, BASE_URL_KEY, DELETION_KEY, LOCK_KEY, PUT_OFF_KEY, SENDING_KEY)


class SystemParameter(ResourceType):
    """A system parameter. An empty value means `absent`: up to 19.0 Odoo stores no empty values, and from 20.0 on a blank one is undefined.

    A declared boolean stays a boolean until `prepare_instance` has found whether the instance stores booleans.
    """

    name = "system_parameter"
    label = "system parameter"
    model = PARAMETER_MODEL
    title = "Parameter"
    key_field = "key"
    stack_option = "parameters"
    is_described_specially = True
    stack_argument: ClassVar[Mapping[str, Any]] = {"type": "dict"}
    free_texts = frozenset({"value"})
    needed_fields = frozenset({"value"})
    has_unique_name = True
    directives = frozenset({"secret"})
    known_fields: ClassVar[Mapping[str, Any]] = {"key": PLAIN_TEXT, "value": PLAIN_TEXT}
    options: ClassVar[Mapping[str, Any]] = {
        "key": {"type": "str", "required": True, "no_log": False},
        "value": {"type": "raw"},
        "secret": {"type": "bool"},
    }

    def stack_entries(self, value: Any) -> Iterable[Mapping[str, Any]]:
        entries = [{"key": key, **(one if _has_options(one) else {"value": one})} for key, one in (value or {}).items()]
        return [entry for entry in entries if entry.get("value") is not None]

    def declare(self, options: Mapping[str, Any]) -> Declaration:
        given = dict(options)
        if isinstance(given.get("value"), (dict, list)):
            return super().declare(given)
        if given.get("value") is not None:
            if given["value"] == "":
                given["state"] = "absent"
            if not isinstance(given["value"], bool):
                given["value"] = str(given["value"])
        return super().declare(given)

    def problems(self, given: Mapping[str, Any]) -> Iterator[str]:
        if not isinstance(given.get("secret", False), bool):
            yield f"secret must be true or false, not {given['secret']!r}"
        if isinstance(given.get("value"), (dict, list)):
            yield (
                "value must be a text, number or boolean (in a stack also a dictionary with value and secret). "
                "Write structured data as the text that Odoo expects"
            )
        if given.get("key") in _OWN_KEYS:
            yield "this key is reserved for the collection: choose another key"

    def prepare_instance(
        self, session: Session, declarations: Sequence[Declaration], *, update_list: bool
    ) -> Sequence[Declaration]:
        """Convert booleans for instances up to 19.0: true is its text, false means absent, as in Odoo's `set_param`. It takes one call if needed."""
        if not any(isinstance(one.options.get("value"), bool) for one in declarations) or stores_false(session):
            return declarations
        return [_without_boolean(one) for one in declarations]

    def domain(self, declarations: Sequence[Declaration]) -> list[Any]:
        declared = {declaration.key for declaration in declarations}
        # The rules of mail servers depend on these parameters, even if they are not declared.
        judged_by = {BASE_URL, DELETION_KEY, IS_NEUTRALIZED, LOCK_KEY, MAILING_SERVER_KEY, MAX_EMAIL_SIZE_KEY}
        return [["key", "in", sorted(declared | CLIENT_PARAMETERS | judged_by)]]

    def note_facts(
        self, rows: list[dict[str, Any]], declarations: Sequence[Declaration], facts: ReadFacts
    ) -> list[dict[str, Any]]:
        facts.parameters = {row["key"]: row["value"] or "" for row in rows}
        return rows

    def ask_facts(self, session: Session, declarations: Sequence[Declaration], facts: ReadFacts) -> None:
        """Read whether alias domains exist. This takes one call, and only if a parameter is declared that they have replaced."""
        declared = frozenset(one.key for one in declarations if one.state != "absent")
        has_alias_domains = bool(declared & OF_ALIAS_DOMAINS) and session.has_model(ALIAS_DOMAIN.model)
        facts.ignored_parameters = declared & ignored_parameters(has_alias_domains=has_alias_domains)

    def expected_facts(self, declarations: Sequence[Declaration], facts: ReadFacts) -> ReadFacts:
        expected = {key: value for key, value in facts.parameters.items() if value}
        for declaration in declarations:
            expected.pop(declaration.key, None)
            if declaration.state != "absent":
                expected[declaration.key] = str(_values(declaration).get("value") or "")
        return replace(facts, parameters=expected)

    def find(self, declaration: Declaration, records: RecordIndex) -> Found | None:
        found = super().find(declaration, records)
        is_blank = found is not None and not found.values["value"]
        return None if is_blank and declaration.state == "absent" else found

    def adapt(self, context: PlanContext) -> list[str]:
        value, found = context.declaration.options.get("value"), context.found
        if isinstance(value, bool) and found and boolean_of(found.values["value"] or "") is value:
            del context.values["value"]
        return []

    def remarks(self, context: PlanContext) -> Iterator[str]:
        key = context.declaration.key
        if key in context.instance.ignored_parameters & OF_ALIAS_DOMAINS:
            yield f"{context.declaration.label} has no effect: this Odoo uses the setting of the alias domain. Declare an alias domain instead."
        elif key in context.instance.ignored_parameters:
            yield f"{context.declaration.label} has no effect: no version of Odoo reads it. Remove it from the declaration."

    def leftovers(self, context: TypeContext) -> Iterator[Step]:
        for found in context.records:
            if found.values["key"] in _NOTES:
                yield Step(self.name, found.values["key"], "delete", record_id=found.id, values=found.values)

    def stage(self, step: Step) -> Stage:
        return Stage.LEFTOVERS if step.key in _NOTES else Stage.RECORDS

    def inseparable(self, steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
        """Yield the two parameters of each OAuth2 client. The id of one client with the secret of another would never work."""
        for method in OAUTH2_METHODS.values():
            for action in ("create", "update"):
                pair = [
                    one for one in steps if one.action == action and one.key in (method.client_id, method.client_secret)
                ]
                if len(pair) > 1:
                    yield pair

    def fits_batch(self, first: Step, step: Step) -> bool:
        return not {first.key, step.key} & set(_NOTES) and super().fits_batch(first, step)

    def perform(self, session: Session, steps: Sequence[Step]) -> Sequence[int | None]:
        first = steps[0]
        if first.key == DELETION_KEY:
            finish_deletion(session, first.record_id or 0, str(first.values["value"] or ""))
            return [None]
        if first.action == "update" and any(step.values != first.values for step in steps):
            return self._load(session, steps)
        return super().perform(session, steps)

    def _load(self, session: Session, steps: Sequence[Step]) -> list[int | None]:
        """Write different values to several parameters in one transaction."""
        rows = [[str(step.record_id), step.values["value"]] for step in steps]
        answer = session.call(self.model, "load", fields=[".id", "value"], data=rows)
        if not answer["ids"]:
            raise Rejected(" ".join(str(message["message"]) for message in answer["messages"]))
        return [step.record_id for step in steps]

    def finish(self, step: Step, context: PlanContext) -> Step:
        if not (is_secret_name(step.key) or _is_secret(context.declaration)):
            return super().finish(step, context)
        changes = tuple(
            replace(change, before=masked(change.before), after=masked(change.after), secret=True)
            if change.field == "value"
            else change
            for change in step.changes
        )
        return replace(step, changes=changes)

    def declared_secrets(self, declaration: Declaration) -> frozenset[str]:
        return super().declared_secrets(declaration) | ({"value"} if _is_secret(declaration) else frozenset())

    def tied_names(self, name: str) -> frozenset[str]:
        """Return the id and the secret of one OAuth2 client."""
        pairs = (frozenset({method.client_id, method.client_secret}) for method in OAUTH2_METHODS.values())
        return next((pair - {name} for pair in pairs if name in pair), frozenset())

    def is_reserved(self, name: str) -> bool:
        return name in _OWN_KEYS

    def extra_report(self, resource: PlannedResource, connection: Connection | None) -> dict[str, Any]:
        if not (resource.found and _is_secret(resource.declaration)):
            return {}
        return {"value": masked(resource.found.values.get("value"))}

    def report(self, found: Found, fields: Mapping[str, Field]) -> dict[str, Any]:
        shown = super().report(found, fields)
        if is_secret_name(str(shown.get("key"))):
            shown["value"] = masked(shown.get("value"))
        return shown


def _has_options(value: Any) -> bool:
    """Return whether a stack declares a parameter with options, instead of its value alone."""
    return isinstance(value, Mapping) and value.keys() in ({"value"}, {"value", "secret"})


def _values(declaration: Declaration) -> Mapping[str, Any]:
    """Return the declared values, or the values that a rollback restores."""
    return declaration.former.values if declaration.former else declaration.options


def _is_secret(declaration: Declaration) -> bool:
    """Return whether the declaration marks the value as a secret."""
    former = declaration.former
    return bool(former and "value" in former.secret) or bool(declaration.options.get("secret"))


def _without_boolean(declaration: Declaration) -> Declaration:
    """Return the declaration of a parameter for an instance that does not store false."""
    value = declaration.options.get("value")
    if not isinstance(value, bool):
        return declaration
    state = declaration.state if value else "absent"
    return replace(declaration, state=state, options={**declaration.options, "value": str(value)})


SYSTEM_PARAMETER = SystemParameter()
