# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records as the declarations that say exactly what they are. Pure; fields and rules are those of the resources."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.plan import plan_record
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.export.confidential import (
    AS_VARIABLE,
    LEFT_OUT_FOR_SECRET,
    KnownSecrets,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.export.read import Instance
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

_ELSEWHERE = "another addon takes it from a file of the Odoo server (mail_environment), where it is to be changed"
_NAMELESS = "(a name that is not shown)"
_Names = Counter[Any]
_ONE_CALL = re.compile(r"model\.\w+\([^()\n]*\)")


class Description:
    """A whole instance as options of `mail_stack` and `queue_policy`.

    :param credentials: what the run logs in with, and must not be written in clear.
    :ivar stack: without secrets. :ivar queue_policy: None where none is installed.
    """

    def __init__(self, instance: Instance, credentials: Iterable[str] = ()) -> None:
        self._instance = instance
        of_servers = (secret for server in instance.servers.found for secret in MAIL_SERVER.secrets_of(server.values))
        self._known = KnownSecrets([*of_servers, *credentials])
        self._facts = InstanceFacts(instance.now, parameters=instance.all_parameters)
        self._positions: dict[tuple[str, int], tuple[str, int]] = {}
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
        """The description in a task's result.

        :param digest_key: as in `Secret.as_result`.
        """
        return {
            "stack": self.stack,
            "queue_policy": self.queue_policy,
            "secrets": [secret.as_result(digest_key) for secret in self.secrets],
            "remarks": [remark.as_result() for remark in self.remarks],
        }

    @property
    def remarks(self) -> list[Remark]:
        """What somebody should look at, each remark once."""
        return list(self._remarks)

    # --- what is not a list of records ---

    def _addons(self) -> None:
        self.stack["addons"] = sorted(self._instance.addons)
        for name, state in sorted(self._instance.pending.items()):
            self._remark(SUSPICIOUS, f"{name} waits ({state}), and no scheduled action runs meanwhile", "addon", name)

    def _parameters(self) -> None:
        declared: dict[str, str] = {}
        for key, value in sorted(self._instance.parameters.items()):
            if key in NOT_PORTABLE:
                self._remark(
                    LEFT_OUT,
                    f"{key} holds the id of a record, which is another one on every instance",
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
                    self._remark(SUSPICIOUS, "it holds a secret that its name does not tell", "system_parameter", key)
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
        """What the doctor finds of a declared record, in words that hold for longer than a minute."""
        for finding, record, option in of_findings(self._instance.findings):
            title, remedy = finding.kind.title, finding.as_result()["remedy"]
            place = self._positions.get(record) if record else None
            if record is None:
                self._remark(SUSPICIOUS, f"{title}. {remedy}")
            elif place is not None:
                kind = {MAIL_SERVER.model: MAIL_SERVER, CRON.model: CRON, ALIAS_DOMAIN.model: ALIAS_DOMAIN}[record[0]]
                self._remark(SUSPICIOUS, f"{title}. {remedy}", kind.name, place[0], place[1], option)

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
            self._append(ALIAS_DOMAIN, "alias_domains", found, options, left_out)

    def _companies(self, found: Found) -> tuple[list[str], list[str]]:
        """The companies of an alias domain, as one declares them, and why that cannot be."""
        ids = sorted(set(found.values["company_ids"]) & self._companies_by_id.keys())
        own = [self._companies_by_id[company_id] for company_id in ids]
        nameless = [company.name for company in own if not company.xml_id and self._company_names[company.name] > 1]
        messages = [f"several companies are called {name!r}: rename all but one" for name in nameless]
        return sorted(company.xml_id or company.name for company in own), messages

    def _servers(self) -> None:
        records = self._instance.servers
        self.stack["servers"] = []
        names = _count_names(MAIL_SERVER, [one for one in records.found if MAIL_SERVER.is_own(one.values)])
        for found in _in_odoos_order(records):
            reason = _not_to_declare(found)
            if reason:
                name = found.values["name"]
                is_secret = self._shows_secret(self._secrets_of(MAIL_SERVER, found), name)
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
            self._append(MAIL_SERVER, "servers", found, options, left_out)

    def _drop_what_would_change(self, found: Found, records: Records, options: dict[str, Any]) -> list[tuple[str, str]]:
        """Take out what Odoo holds, but what the collection would refuse, or would not leave as it is; says why."""
        dropped: list[tuple[str, str]] = []
        try:
            declaration = MAIL_SERVER.declare(options)
        except Invalid as error:  # each by itself was right
            for name in MAIL_SERVER.heavy_fields:
                options.pop(name, None)
            dropped.append(("smtp_ssl_certificate", _without_label(error.message)))
            declaration = MAIL_SERVER.declare(options)
        values, _problems = resolve(declaration, records, self._facts)
        context = PlanContext(declaration, found, records.fields, self._facts, values)
        refusals = list(MAIL_SERVER.refusals(context))
        if refusals:
            for name in LOGIN_OPTIONS:
                options.pop(name, None)
            words = "; ".join(error.message for error in refusals)
            return [*dropped, ("smtp_authentication", f"how it logs in could not be declared as it is: {words}")]
        MAIL_SERVER.adapt(context)
        step = plan_record(MAIL_SERVER.wanted(declaration, values), found, records.fields)
        if step is not None:
            for name in ("smtp_authentication", "oauth2"):
                options.pop(name, None)
            fields = ", ".join(change.field for change in step.changes)
            dropped.append(
                ("smtp_authentication", f"declaring it would also clear what another way to log in has left: {fields}")
            )
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
            without = {"code", "nextcall"}  # what Odoo moves on with each run; the code is declared with the name
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
            self._append(CRON, "crons", found, options, left_out)

    def _others(self) -> None:
        """The records of resource types that need no description of their own."""
        for kind, records in self._instance.others.items():
            self.stack[kind.stack_option] = []
            own = [found for found in records.found if kind.is_own(found.values)]
            names = _count_names(kind, own)
            for found in sorted(own, key=lambda one: (str(one.values.get(kind.key_field)), one.id)):
                identity = self._identity(kind, found, names)
                if identity is not None:
                    options, left_out = self._options(kind, found, records, identity, without=set())
                    self._append(kind, kind.stack_option, found, options, left_out)

    def _cron_of_addon(self, found: Found, code: str) -> dict[str, Any]:
        """Its external id; and with the name its code, where that is not what an addon ships."""
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
        """What a scheduled action of somebody's own is known by; none where it cannot be declared.

        :param names: how often each name is there, by the model of the action.
        """
        if found.values["state"] != "code":
            self._remark(
                LEFT_OUT, "it runs no code of its own, and only such can be declared", CRON.name, found.values["name"]
            )
            return None
        model = found.values["model_name"]
        return self._identity(CRON, found, names[model], also={"model": model, "code": code})

    # --- one record ---

    def _identity(
        self, kind: ResourceType, found: Found, names: _Names, also: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """What one record is declared by: its name, and its external id where it has one; None, and a remark, where nothing will do.

        :param names: how often each name is there, among the records that must be told apart.
        """
        name = str(found.values.get(kind.key_field) or "")
        namesakes = names[found.values.get(kind.key_field)]
        objection = self._known.objection(name) or self._known.objection(found.xml_id)
        if objection or self._shows_secret(self._secrets_of(kind, found), name):
            words = f"it is left out for its name: {objection or LEFT_OUT_FOR_SECRET}"
            self._remark(SUSPICIOUS, words, kind.name, _NAMELESS, absent=True)
            return None
        pinned = {"xml_id": found.xml_id} if found.xml_id and XML_ID.fullmatch(found.xml_id) else {}
        if namesakes > 1 and not pinned:
            self._remark(
                LEFT_OUT,
                f"{namesakes} {kind.label}s bear this name, and this one has no external id, so that nothing tells it from the others. "
                "Rename all but one in Odoo, then export again",
                kind.name,
                name,
            )
            return None
        identity = {kind.key_field: name, **pinned, **(also or {})}
        try:
            kind.declare(identity)
        except Invalid as error:
            self._remark(LEFT_OUT, _without_label(error.message), kind.name, name)
            return None
        return identity

    def _options(
        self, kind: ResourceType, found: Found, records: Records, identity: Mapping[str, Any], *, without: set[str]
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Every option that the resource has and the instance holds, and what of it cannot be declared, and why."""
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
        # Of nearly all records everything can be declared.
        if not _problem(kind, found, records, identity, candidates, self._facts):
            return {**options, **candidates}, left_out
        for option, value in candidates.items():
            problem = _problem(kind, found, records, identity, {option: value}, self._facts)
            if problem:
                left_out.append((option, problem))
            else:
                options[option] = value
        return options, left_out

    def _append(
        self, kind: ResourceType, part: str, found: Found, options: dict[str, Any], left_out: list[tuple[str, str]]
    ) -> None:
        """Put a record into the stack, and its secrets and what is to be said of it beside it."""
        position = len(self.stack[part])
        key = str(options.get(kind.key_field) or options.get("xml_id"))
        identity = str(options.get("xml_id") or " of ".join(filter(None, (key, options.get("model")))))
        shown: dict[str, Any] = {}
        secrets = self._secrets_of(kind, found)
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
        self.stack[part].append(shown)
        self._positions[kind.model, found.id] = (key, position)
        for option, message in left_out:
            words = re.sub(rf"^{option}(?= )", "it", message)
            self._remark(LEFT_OUT, f"{option} is left out: {words}", kind.name, key, position, option)
        for about, message in self._suspicions(kind, found, options):
            self._remark(SUSPICIOUS, message, kind.name, key, position, about)

    def _suspicions(
        self, kind: ResourceType, found: Found, options: Mapping[str, Any]
    ) -> Iterator[tuple[str | None, str]]:
        if kind is MAIL_SERVER:
            yield from of_server(found.values, namesake=self._server_names[found.values["name"]] > 1)
        elif kind is CRON:
            yield from of_cron(found.values)
            if found.id in self._instance.of_addons and "code" in options:
                yield "code", "an addon has brought this action, and its code is not what addons ship"
            if self._known.show_in(str(found.values.get("code") or "")):
                yield "code", "it seems to hold a secret: keep that in a system parameter"

    def _is_secret(self, kind: ResourceType, secrets: Collection[str], option: str, value: Any) -> bool:
        """Return whether the value of an option is a secret.

        :param secrets: of the record.
        """
        if option in kind.secret_fields or (kind is MAIL_SERVER and option in kind.heavy_fields):
            return True
        return isinstance(value, str) and self._shows_secret(secrets, value)

    def _shows_secret(self, secrets: Collection[str], text: str) -> bool:
        return repeats_secret(secrets, text) or self._known.show_in(text)

    def _secrets_of(self, kind: ResourceType, found: Found) -> set[str]:
        return MAIL_SERVER.secrets_of(found.values) if kind is MAIL_SERVER else set()

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
        """Note a remark once. A name or a message that would show a secret, or is a mask, is replaced."""
        if self._known.objection(key):
            key, message = _NAMELESS, message.replace(str(key), "it")
        if self._known.objection(message):
            message = "a remark on it is not shown, because it contains a secret or a mask"
        remark = Remark(kind, message.rstrip("."), resource, key, position, option, absent or kind == LEFT_OUT)
        self._remarks.setdefault(remark)


def _count_names(kind: ResourceType, records: Iterable[Found]) -> _Names:
    """Return how many records have each name."""
    return Counter(one.values.get(kind.key_field) for one in records)


def _in_odoos_order(records: Records) -> list[Found]:
    """As Odoo tries them, which is the order to create them in: among records of one sequence the older one is first."""
    return sorted(records.found, key=lambda one: (one.values.get("sequence") or 0, one.id))


def _cron_order(found: Found, of_addons: frozenset[int]) -> tuple[bool, str, str]:
    own = found.id not in of_addons
    return own, str(found.values["name"] if own else found.xml_id), str(found.values["model_name"])


def _is_stock(xml_id: str, code: str) -> bool:
    """Whether code of an addon's action is, as far as can be told, still the addon's: they ship one call of a method."""
    return code.strip() in STOCK_CODES if xml_id == QUEUE else bool(_ONE_CALL.fullmatch(code.strip()))


def _not_to_declare(found: Found) -> str:
    """Why a mail server is nobody's to declare; empty where it is."""
    if not MAIL_SERVER.is_own(found.values):
        return "it is a user's own, which this collection never touches"
    if MAIL_SERVER.is_candidate(found):
        return "a run that was killed has left it behind; the next run that declares mail servers removes it"
    if MAIL_SERVER.is_neutralization_dummy(found):
        return "Odoo's neutralization has put it there, so that no mail leaves"
    return ""


def _problem(
    kind: ResourceType,
    found: Found,
    records: Records,
    identity: Mapping[str, Any],
    options: Mapping[str, Any],
    instance: InstanceFacts,
) -> str:
    """Why one of the options would not be taken, or would not be the same again; empty where all would."""
    try:
        declaration = kind.declare({**identity, **options})
    except OdooError as error:
        return _without_label(error.message)
    given = {option: declaration.options[option] for option in options}
    values, problems = resolve(replace(declaration, options=given), records, instance)
    if problems:
        return problems[0].message
    names = (kind.field_names.get(option, option) for option in options)
    if not all(records.fields[name].same(found.values[name], values[name]) for name in names):
        return "what Odoo holds is written in a way that declaring it would change"
    return ""


def _without_label(message: str) -> str:
    """A message without the resource that it begins with."""
    return re.sub(r"^[a-z ]+'.*?': ", "", message).rstrip(".")
