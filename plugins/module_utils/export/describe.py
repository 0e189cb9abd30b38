# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declarations that describe existing records exactly. Pure functions; fields and rules come from the resources."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.plan import plan_record
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.export.confidential import (
    AS_VARIABLE,
    LEFT_OUT_FOR_SECRET,
    KnownSecrets,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.export.read import ExportedInstance
from ansible_collections.postmaster.odoo.plugins.module_utils.export.remarks import (
    LEFT_OUT,
    SUSPICIOUS,
    Remark,
    Secret,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.export.scope import NOT_PORTABLE
from ansible_collections.postmaster.odoo.plugins.module_utils.export.suspicions import (
    of_cron,
    of_findings,
    of_parameter,
    of_server,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.export.undeclarable import (
    option_problem,
    server_problem,
    without_label,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.installed import installed_options
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import STOCK_CODES
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.options import LANES
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.alias_domain import ALIAS_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import InstanceFacts, PlanContext
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER, repeats_secret
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server_login import LOGIN_OPTIONS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import OAUTH2_METHODS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.records import Records, resolve
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import (
    XML_ID,
    ResourceType,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import is_secret_name

_ELSEWHERE = "another addon (mail_environment) takes it from a file of the Odoo server. Change it in that file"
_NAMELESS = "(a name that is not shown)"
_Names = Counter[Any]
_ONE_CALL = re.compile(r"model\.\w+\([^()\n]*\)")


class Description:
    """A complete instance as options of `mail_stack` and `queue_policy`.

    :param credentials: the credentials of the run, which must not be written in clear text.
    :ivar stack: the options without secrets.
    :ivar queue_policy: the options of the queue policy; None if none is installed.
    """

    def __init__(self, instance: ExportedInstance, credentials: Iterable[str] = ()) -> None:
        self._instance = instance
        read = [(MAIL_SERVER, instance.servers), *instance.others.items()]
        secrets = [one for kind, records in read for found in records.found for one in kind.secrets_of(found.values)]
        self._known = KnownSecrets([*secrets, *credentials])
        self._facts = InstanceFacts(instance.now, parameters=instance.all_parameters)
        # The resource type, the key and the position of each declared record, by its model and id.
        self._positions: dict[tuple[str, int], tuple[str, str, int]] = {}
        self._server_names = _count_names(MAIL_SERVER, instance.servers.found)
        self._companies_by_id = {company.id: company for company in instance.companies}
        self._company_names = Counter(company.name for company in instance.companies)
        self.stack: dict[str, Any] = {}
        self.queue_policy: dict[str, Any] | None = None
        self.secrets: list[Secret] = []
        self._remarks: dict[Remark, None] = {}
        self._addons()
        self._parameters()
        self._alias_domains()
        self._servers()
        self._crons()
        self._others()
        self._policy()
        self._doctor()

    def as_result(self, digest_key: str | None = None) -> dict[str, Any]:
        """Return the description as a part of a task's result.

        :param digest_key: the parameter of `Secret.as_result`.
        """
        return {
            "stack": self.stack,
            "queue_policy": self.queue_policy,
            "secrets": [secret.as_result(digest_key) for secret in self.secrets],
            "remarks": [remark.as_result() for remark in self.remarks],
        }

    @property
    def remarks(self) -> list[Remark]:
        """The remarks for a person, each once."""
        return list(self._remarks)

    # --- parts that are not lists of records ---

    def _addons(self) -> None:
        self.stack["addons"] = sorted(self._instance.addons)
        for name, state in sorted(self._instance.pending.items()):
            self._remark(SUSPICIOUS, f"{name} waits ({state}), and no cron runs until this is finished", "addon", name)

    def _parameters(self) -> None:
        declared: dict[str, str] = {}
        for key, value in sorted(self._instance.parameters.items()):
            if key in NOT_PORTABLE:
                self._remark(
                    LEFT_OUT,
                    f"{key} contains the id of a record, which is different on every instance",
                    "system_parameter",
                    key,
                )
                continue
            try:
                SYSTEM_PARAMETER.declare({"key": key, "value": value})
            except Invalid as error:
                self._remark(LEFT_OUT, error.message, "system_parameter", key)
                continue
            is_secret = is_secret_name(key) or self._known.show_in(value)
            objection = self._known.objection(key) or ("" if is_secret else self._known.objection(value))
            if objection:
                self._remark(SUSPICIOUS, f"{key} is left out: {objection}", "system_parameter", key, absent=True)
                continue
            if is_secret:
                self.secrets.append(Secret("system_parameter", key, key, None, "value", value))
                if not is_secret_name(key):
                    self._remark(
                        SUSPICIOUS, "it contains a secret, but its name does not show this", "system_parameter", key
                    )
            else:
                declared[key] = value
            has_domains = self._instance.alias_domains is not None
            for message in of_parameter(key, value, has_alias_domains=has_domains):
                self._remark(SUSPICIOUS, message, "system_parameter", key)
        self.stack["parameters"] = declared

    def _policy(self) -> None:
        crons = {rule: found.values for rule, found in self._instance.policy.items()}
        options, remarks = installed_options(crons, self._instance.listener)
        for option in [option for option, value in options.items() if self._known.objection(value)]:
            words = f"{option} is left out: {self._known.objection(options.pop(option))}"
            self._remark(SUSPICIOUS, words, "queue_policy", option, absent=True)
        self.queue_policy = options or None
        for message in remarks:
            self._remark(SUSPICIOUS, message, "queue_policy", message.partition(":")[0])

    def _doctor(self) -> None:
        """Add the doctor's findings about declared records. Their texts contain nothing that soon changes."""
        for finding, record, option in of_findings(self._instance.findings):
            title, remedy = finding.kind.title, finding.as_result()["remedy"]
            place = self._positions.get(record) if record else None
            if record is None:
                self._remark(SUSPICIOUS, f"{title}. {remedy}")
            elif place is not None:
                self._remark(SUSPICIOUS, f"{title}. {remedy}", *place, option)

    # --- records ---

    def _alias_domains(self) -> None:
        records = self._instance.alias_domains
        if records is None:
            return
        self.stack["alias_domains"] = []
        names = _count_names(ALIAS_DOMAIN, records.found)
        for found in _in_odoos_order(records):
            identity = self._identity(ALIAS_DOMAIN, found, names)
            if identity is None:
                continue
            options, left_out = self._options(ALIAS_DOMAIN, found, records, identity, without={"companies"})
            companies, strangers = self._companies(found)
            if not strangers:
                options["companies"] = companies
            left_out += [("companies", message) for message in strangers]
            self._append(ALIAS_DOMAIN, found, options, left_out)

    def _companies(self, found: Found) -> tuple[list[str], list[str]]:
        """Return the companies of an alias domain in their declared form, and reasons why they cannot be declared."""
        ids = sorted(set(found.values["company_ids"]) & self._companies_by_id.keys())
        own = [self._companies_by_id[company_id] for company_id in ids]
        nameless = [company.name for company in own if not company.xml_id and self._company_names[company.name] > 1]
        messages = [f"several companies have the name {name!r}: rename all but one" for name in nameless]
        return sorted(company.xml_id or company.name for company in own), messages

    def _servers(self) -> None:
        records = self._instance.servers
        self.stack["servers"] = []
        names = _count_names(MAIL_SERVER, [one for one in records.found if MAIL_SERVER.is_own(one.values)])
        for found in _in_odoos_order(records):
            reason = server_problem(found)
            if reason:
                name = found.values["name"]
                is_secret = self._shows_secret(MAIL_SERVER.secrets_of(found.values), name)
                self._remark(LEFT_OUT, reason, MAIL_SERVER.name, _NAMELESS if is_secret else name)
                continue
            identity = self._identity(MAIL_SERVER, found, names)
            if identity is None:
                continue
            empty = {name for name in MAIL_SERVER.heavy_fields if not found.values.get(name)}
            options, left_out = self._options(MAIL_SERVER, found, records, identity, without=empty)
            method = OAUTH2_METHODS.get(options.get("smtp_authentication", ""))
            token = found.values.get(method.refresh_token) if method else None
            if token:
                options["oauth2"] = {"refresh_token": token}
            left_out += self._drop_what_would_change(found, records, options)
            is_namesake = self._server_names[found.values["name"]] > 1
            self._append(MAIL_SERVER, found, options, left_out, of_server(found.values, namesake=is_namesake))

    def _drop_what_would_change(self, found: Found, records: Records, options: dict[str, Any]) -> list[tuple[str, str]]:
        """Remove options that exist in Odoo but that the collection would reject or change. Return them with the reasons."""
        dropped: list[tuple[str, str]] = []
        try:
            declaration = MAIL_SERVER.declare(options)
        except Invalid as error:  # each option alone was valid
            for name in MAIL_SERVER.heavy_fields:
                options.pop(name, None)
            dropped.append(("smtp_ssl_certificate", without_label(error.message)))
            declaration = MAIL_SERVER.declare(options)
        values, _problems = resolve(declaration, records, self._facts)
        context = PlanContext(declaration, found, records.fields, self._facts, values)
        refusals = list(MAIL_SERVER.refusals(context))
        if refusals:
            for name in LOGIN_OPTIONS:
                options.pop(name, None)
            words = "; ".join(error.message for error in refusals)
            return [*dropped, ("smtp_authentication", f"the login cannot be declared in its current form: {words}")]
        MAIL_SERVER.adapt(context)
        step = plan_record(MAIL_SERVER.wanted(declaration, values), found, records.fields)
        if step is not None:
            for name in ("smtp_authentication", "oauth2"):
                options.pop(name, None)
            fields = ", ".join(change.field for change in step.changes)
            dropped.append(("smtp_authentication", f"declaring it would also clear fields of another login: {fields}"))
        return dropped

    def _crons(self) -> None:
        records = self._instance.crons
        self.stack["crons"] = []
        of_addons = self._instance.of_addons
        of_model: dict[str, list[Found]] = {}
        for found in records.found:
            of_model.setdefault(found.values["model_name"], []).append(found)
        names = {model: _count_names(CRON, alike) for model, alike in of_model.items()}
        for found in sorted(records.found, key=lambda one: _cron_order(one, of_addons)):
            without = {"code", "nextcall"}  # Odoo changes nextcall at each run; the code is declared with the name
            code = found.values.get("code") or ""
            of_addon = found.id in of_addons
            identity = self._cron_of_addon(found, code) if of_addon else self._own_cron(found, names, code)
            if identity is None:
                continue
            if found.values.get("numbercall", -1) != -1:  # up to 17.0
                without |= {"numbercall"}
            options, left_out = self._options(CRON, found, records, identity, without=without)
            if "code" in options:
                options["code"] = options.pop("code")  # the longest comes last
            self._append(CRON, found, options, left_out, self._suspicions_of_cron(found, options))

    def _suspicions_of_cron(self, found: Found, options: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
        yield from of_cron(found.values)
        if found.id in self._instance.of_addons and "code" in options:
            yield "code", "this cron belongs to an addon, but its code is not the usual code of an addon"
        if self._known.show_in(str(found.values.get("code") or "")):
            yield "code", "it seems to contain a secret: move the secret to a system parameter"

    def _others(self) -> None:
        """Add the records of resource types that need no special description."""
        for kind, records in self._instance.others.items():
            self.stack[kind.stack_option] = []
            own = [found for found in records.found if kind.is_own(found.values)]
            names = _count_names(kind, own)
            for found in sorted(own, key=lambda one: (str(one.values.get(kind.key_field)), one.id)):
                identity = self._identity(kind, found, names)
                if identity is not None:
                    options, left_out = self._options(kind, found, records, identity, without=set())
                    self._append(kind, found, options, left_out)

    def _cron_of_addon(self, found: Found, code: str) -> dict[str, Any]:
        """Return the external ID of an addon's cron. If the code was changed, also return the name and the code."""
        keeps_lanes = found.xml_id == QUEUE and LANES in self._instance.policy
        if found.values["state"] != "code" or not code.strip() or keeps_lanes or _is_stock(str(found.xml_id), code):
            return {"xml_id": found.xml_id}
        objection = self._known.objection(found.values["name"])
        if objection:
            words = f"name and code are left out: {objection}"
            self._remark(SUSPICIOUS, words, CRON.name, found.xml_id, absent=True)
            return {"xml_id": found.xml_id}
        return {"name": found.values["name"], "xml_id": found.xml_id, "model": found.values["model_name"], "code": code}

    def _own_cron(self, found: Found, names: Mapping[str, _Names], code: str) -> dict[str, Any] | None:
        """Return the options that identify a cron of the user's own; None if it cannot be declared.

        :param names: the number of crons with each name, by the model of the cron.
        """
        if found.values["state"] != "code":
            self._remark(
                LEFT_OUT, "it does not run Python code, so it cannot be declared", CRON.name, found.values["name"]
            )
            return None
        model = found.values["model_name"]
        return self._identity(CRON, found, names[model], also={"model": model, "code": code})

    # --- one record ---

    def _identity(
        self, kind: ResourceType, found: Found, names: _Names, also: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Return the options that identify a record: its name, and its external ID if it has one. If that is impossible, add a remark and return None.

        :param names: the number of records with each name, among the records that must be distinguished.
        """
        name = str(found.values.get(kind.key_field) or "")
        namesakes = names[found.values.get(kind.key_field)]
        objection = self._known.objection(name) or self._known.objection(found.xml_id)
        if objection or self._shows_secret(kind.secrets_of(found.values), name):
            words = f"it is left out because of its name: {objection or LEFT_OUT_FOR_SECRET}"
            self._remark(SUSPICIOUS, words, kind.name, _NAMELESS, absent=True)
            return None
        pinned = {"xml_id": found.xml_id} if found.xml_id and XML_ID.fullmatch(found.xml_id) else {}
        if namesakes > 1 and not pinned:
            self._remark(
                LEFT_OUT,
                f"{namesakes} {kind.label}s have this name, and this one has no external ID to distinguish it. "
                "Rename all but one in Odoo, then export again",
                kind.name,
                name,
            )
            return None
        identity = {kind.key_field: name, **pinned, **(also or {})}
        try:
            kind.declare(identity)
        except Invalid as error:
            self._remark(LEFT_OUT, without_label(error.message), kind.name, name)
            return None
        return identity

    def _options(
        self, kind: ResourceType, found: Found, records: Records, identity: Mapping[str, Any], *, without: set[str]
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Return all options of a record that can be declared, and the other options with the reasons."""
        options: dict[str, Any] = dict(identity)
        candidates: dict[str, Any] = {}
        left_out = []
        elsewhere = kind.managed_elsewhere(found, records.fields)
        for option in kind.options:
            name = kind.field_names.get(option, option)
            if option in identity or option in without | kind.identity_options | kind.directives:
                continue
            if (
                name not in found.values
                or name not in records.fields
                or (option == kind.key_field and "xml_id" in identity)
            ):
                continue
            if name in elsewhere:
                left_out.append((option, _ELSEWHERE))
                continue
            candidates[option] = records.fields[name].declared(found.values[name])
        # Nearly all records can be declared completely, so this is checked first.
        if not option_problem(kind, found, records, identity, candidates, self._facts):
            return {**options, **candidates}, left_out
        for option, value in candidates.items():
            problem = option_problem(kind, found, records, identity, {option: value}, self._facts)
            if problem:
                left_out.append((option, problem))
            else:
                options[option] = value
        return options, left_out

    def _append(
        self,
        kind: ResourceType,
        found: Found,
        options: dict[str, Any],
        left_out: Iterable[tuple[str, str]],
        suspicious: Iterable[tuple[str | None, str]] = (),
    ) -> None:
        """Add a record to the stack, and add its secrets and remarks separately.

        :param left_out: options that cannot be declared, with the reasons.
        :param suspicious: options that should be checked, with the reasons; None for the whole record.
        """
        position = len(self.stack[kind.stack_option])
        key = str(options.get(kind.key_field) or options.get("xml_id"))
        identity = str(options.get("xml_id") or " of ".join(filter(None, (key, options.get("model")))))
        shown: dict[str, Any] = {}
        secrets = kind.secrets_of(found.values)
        for option, value in options.items():
            if option == "oauth2":
                token = value["refresh_token"]
                self.secrets.append(Secret(kind.name, key, identity, position, "oauth2.refresh_token", token))
            elif value and self._is_secret(kind, secrets, option, value):
                self.secrets.append(Secret(kind.name, key, identity, position, option, value))
                is_own = option in kind.secret_fields | kind.heavy_fields or repeats_secret(secrets, str(value))
                if not is_own and self._known.are_in(value):
                    self._remark(SUSPICIOUS, AS_VARIABLE, kind.name, key, position, option)
            elif self._known.objection(value):
                words = f"{option} is left out: {self._known.objection(value)}"
                self._remark(SUSPICIOUS, words, kind.name, key, position, option, absent=True)
            else:
                shown[option] = value
        self.stack[kind.stack_option].append(shown)
        self._positions[kind.model, found.id] = (kind.name, key, position)
        for option, message in left_out:
            words = re.sub(rf"^{option}(?= )", "it", message)
            self._remark(LEFT_OUT, f"{option} is left out: {words}", kind.name, key, position, option)
        for about, message in suspicious:
            self._remark(SUSPICIOUS, message, kind.name, key, position, about)

    def _is_secret(self, kind: ResourceType, secrets: Collection[str], option: str, value: Any) -> bool:
        """Return whether the value of an option is a secret.

        :param secrets: the secrets of the record.
        """
        if option in kind.secret_fields or option in kind.exported_as_secret:
            return True
        return isinstance(value, str) and self._shows_secret(secrets, value)

    def _shows_secret(self, secrets: Collection[str], text: str) -> bool:
        return repeats_secret(secrets, text) or self._known.show_in(text)

    def _remark(
        self,
        kind: str,
        message: str,
        resource: str | None = None,
        key: str | None = None,
        position: int | None = None,
        option: str | None = None,
        *,
        absent: bool = False,
    ) -> None:
        """Add a remark once. Names and messages that would show a secret, or that are masks, are replaced."""
        if self._known.objection(key):
            key, message = _NAMELESS, message.replace(str(key), "it")
        if self._known.objection(message):
            message = "a remark about it is not shown, because it contains a secret or a mask"
        remark = Remark(kind, message.rstrip("."), resource, key, position, option, absent or kind == LEFT_OUT)
        self._remarks.setdefault(remark)


def _count_names(kind: ResourceType, records: Iterable[Found]) -> _Names:
    """Return the number of records with each name."""
    return Counter(one.values.get(kind.key_field) for one in records)


def _in_odoos_order(records: Records) -> list[Found]:
    """Return records in the order in which Odoo tries them and in which they must be created. Among equal sequences the older record is first."""
    return sorted(records.found, key=lambda one: (one.values.get("sequence") or 0, one.id))


def _cron_order(found: Found, of_addons: frozenset[int]) -> tuple[bool, str, str]:
    own = found.id not in of_addons
    return own, str(found.values["name"] if own else found.xml_id), str(found.values["model_name"])


def _is_stock(xml_id: str, code: str) -> bool:
    """Return whether the code of an addon's cron is probably still the addon's: a single call of a method."""
    return code.strip() in STOCK_CODES if xml_id == QUEUE else bool(_ONE_CALL.fullmatch(code.strip()))
