# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read an instance for a diagnosis.

The number of calls is constant, plus one for each OAuth2 mail server that is not connected.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.cron_checks import MAIL_CRONS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import (
    Limits,
    Observation,
    ObservedSender,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.setup_checks import BATCH_SIZES
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.attempts import MAIL
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import ask_queue, due
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON, PENDING
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.alias_domain import ALIAS_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.consent import authorize_url
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import InstanceFacts, PlanContext
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.info import read_info
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import (
    BASE_URL,
    IS_NEUTRALIZED,
    MAILING_SERVER_KEY,
    OF_ALIAS_DOMAINS,
    READ_BY_NOBODY,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server_options import host_problems
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import CLIENT_PARAMETERS, OAUTH2_METHODS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.records import Records, read_all
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import Declaration
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.replay import Deliveries
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import Route, address_of
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.senders import read_senders
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import PARAMETERS, build_table, read_routing
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.external_ids import read_external_ids
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import is_secret_name
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import masked

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_PARAMETERS = frozenset(
    {
        *BATCH_SIZES,
        *CLIENT_PARAMETERS,
        BASE_URL,
        IS_NEUTRALIZED,
        MAILING_SERVER_KEY,
        *OF_ALIAS_DOMAINS,
        *READ_BY_NOBODY,
        *PARAMETERS,
    }
)
_PROGRESS = "ir.cron.progress"
_CHANNEL = "mail.channel_admin"
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
# Mails and templates that name a mail server are sent through it, with any sender.
_UNBOUND = [["mail_server_id", "=", False]]
# The largest numbers of records that are read.
_RUNS, _TRIGGERS, _PEOPLE, _TEMPLATES, _RECENT = 200, 500, 2000, 1000, 200
# The DNS checks read the mail of this number of days.
_DAYS = 30


def read_servers(session: Session, checks: Collection[str]) -> Records | None:
    """Return every mail server with its secrets; None if these checks need none."""
    return read_all(session, MAIL_SERVER) if {"server", "routing", "expiry", "dns"} & set(checks) else None


def observe(
    session: Session,
    limits: Limits,
    checks: Collection[str],
    servers: Records | None,
    configuration: Mapping[str, str] | None = None,
) -> Observation:
    """Return the data that these checks need.

    :param servers: the result of `read_servers`.
    :param configuration: the options of odoo.conf, if it could be read.
    """
    stored: dict[str, str] = {}
    if set(checks) - {"queue"}:
        rows = session.search_read("ir.config_parameter", [["key", "in", sorted(_PARAMETERS)]], ["key", "value"])
        stored = {row["key"]: row["value"] or "" for row in rows}
        # Odoo keeps the parameter when the addon is removed.
        if MAILING_SERVER_KEY in stored and not session.has_model("mailing.mailing"):
            del stored[MAILING_SERVER_KEY]
    shown = {key: (masked(value) or "") if is_secret_name(key) else value for key, value in stored.items()}
    seen = Observation(session.now, shown, configuration=configuration or {})
    if {"cron", "setup"} & set(checks):
        seen = replace(seen, crons=_crons(session))
    if "cron" in checks:
        seen = _see_workers(session, seen, limits)
    if servers is not None:
        encryptions = dict(session.fields(MAIL_SERVER.model)["smtp_encryption"]["selection"])
        listed = [_server(session, found, servers, stored) for found in servers.found]
        seen = replace(seen, servers=listed, offers_strict="starttls_strict" in encryptions)
        if "server" in checks and not seen.shared_servers:
            seen = replace(seen, sent_without_server=_sent_without_server(session))
    if {"routing", "setup", "dns"} & set(checks):
        seen = _see_senders(session, seen)
    if "dns" in checks:
        seen = replace(seen, named=_named_senders(session), recent=_recent_routes(session))
    if "queue" in checks:
        seen = _see_queue(session, seen, limits)
    return seen


def _crons(session: Session) -> list[dict[str, Any]]:
    """Return every cron, with additional fields for those that mail depends on."""
    crons = read_info(session, CRON)
    ids = [cron["id"] for cron in crons if cron["xml_id"] in MAIL_CRONS]
    details = session.search_read(CRON.model, [["id", "in", ids]], ["code", "write_date"])
    of_id = {row["id"]: row for row in details}
    return [{**cron, **of_id.get(cron["id"], {})} for cron in crons]


def _see_workers(session: Session, seen: Observation, limits: Limits) -> Observation:
    """Return an observation with the signs of workers, and with the addons whose installation stops the crons."""
    progress = None
    if session.has_model(_PROGRESS):
        fields = ["cron_id", "create_date", "timed_out_counter"]
        progress = session.search_read(_PROGRESS, [], fields, order="id desc", limit=_RUNS)
        progress = [{**row, "cron_id": row["cron_id"][0]} for row in progress]
    late = (seen.now - timedelta(minutes=limits.max_overdue)).strftime(DATETIME_FORMAT)
    # Odoo does not delete the triggers of inactive crons.
    domain = [["call_at", "<", late], ["cron_id.active", "=", True]]
    triggers = session.search_read(
        "ir.cron.trigger", domain, ["cron_id", "call_at"], order="call_at, id", limit=_TRIGGERS
    )
    addons = session.search_read(ADDON.model, [["state", "in", list(PENDING)]], ["name", "state"])
    pending = {addon["name"]: addon["state"] for addon in addons}
    return replace(
        seen, progress=progress, late_triggers=triggers, pending_addons=pending, notices=_notices(session, seen)
    )


def _notices(session: Session, seen: Observation) -> list[dict[str, Any]]:
    """Return Odoo's messages to the administrators' channel about crons that it disabled. They are always in English (18.0 on)."""
    inactive = [cron for cron in seen.crons if cron["xml_id"] in MAIL_CRONS and not cron["active"]]
    channel = read_external_ids(session, {_CHANNEL}).get(_CHANNEL) if inactive else None
    if channel is None:
        return []
    domain = [
        *(["model", "=", channel["model"]], ["res_id", "=", channel["res_id"]]),
        ["body", "ilike", "has been deactivated after failing"],
    ]
    try:
        rows = session.search_read("mail.message", domain, ["date", "body"], order="id desc", limit=_RECENT)
    except AccessRefused:  # the user may not read the channel
        return []
    return [{"date": row["date"], "body": _plain(row["body"])} for row in rows]


def _plain(body: str) -> str:
    """Return the text of a message."""
    return html.unescape(re.sub(r"<[^>]*>", " ", body)).strip()


def _server(session: Session, found: Found, servers: Records, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return a mail server as `mail_server_info` lists it, with the problems of its login, and whether neutralization created it."""
    report = MAIL_SERVER.report(found, servers.fields)
    method = OAUTH2_METHODS.get(report["smtp_authentication"])
    waits = method is not None and report["active"] and not report["connected"]
    host = "" if report["smtp_authentication"] == "cli" else str(report["smtp_host"] or "")
    # The rules are those for a declaration that contains only the login method.
    options = {key: report[key] for key in ("name", "smtp_authentication")}
    # The name is not validated, because a test copy has a name that cannot be declared.
    declaration = Declaration(MAIL_SERVER, report["name"], options)
    context = PlanContext(declaration, found, servers.fields, InstanceFacts(session.now, parameters=parameters))
    return {
        **report,
        "authorize_url": authorize_url(session, found.id, method) if method and waits else None,
        "problems": [*host_problems(host), *(error.message for error in MAIL_SERVER.refusals(context))],
        "remarks": list(MAIL_SERVER.remarks(context)),
        "leads_nowhere": MAIL_SERVER.is_neutralization_dummy(found),
    }


def _sent_without_server(session: Session) -> dict[str, Any] | None:
    """Return the latest mail that was sent since the last change of a mail server. Odoo deletes most sent mails."""
    newest = "write_date desc"
    servers = session.search_read(MAIL_SERVER.model, [], ["write_date"], order=newest, limit=1)
    since = [["write_date", ">", server["write_date"]] for server in servers]
    sent = session.search_read(MAIL, [["state", "=", "sent"], *since], ["write_date"], order=newest, limit=1)
    return sent[0] if sent else None


def _see_senders(session: Session, seen: Observation) -> Observation:
    """Return an observation with the addresses that Odoo sends from, and the rules that replace them."""
    domains: list[dict[str, Any]] | None = None
    company_fields = ["name", "email"]
    if session.has_model(ALIAS_DOMAIN.model):
        fields = ["name", "default_from", "default_from_email", "bounce_alias"]
        domains = session.search_read(ALIAS_DOMAIN.model, [], fields, order="sequence, id")
        company_fields.append("alias_domain_id")
    companies = session.search_read("res.company", [], company_fields)
    users = session.search_read(
        "res.users", [["active", "=", True], ["share", "=", False]], ["login", "email"], limit=_PEOPLE
    )
    templates = session.search_read(
        "mail.template", [["email_from", "!=", False], *_UNBOUND], ["name", "email_from"], limit=_TEMPLATES
    )
    recent = session.search_read(MAIL, _UNBOUND, ["email_from"], order="id desc", limit=_RECENT)
    found = [
        *((domain["default_from_email"], f"alias domain {domain['name']}") for domain in domains or ()),
        *((company["email"], f"company {company['name']}") for company in companies),
        *((user["email"], f"user {user['login']}") for user in users),
        *((template["email_from"], f"template {template['name']}") for template in templates),
        *((mail["email_from"], "recent mail") for mail in recent),
    ]
    senders: dict[str, ObservedSender] = {}
    for text, source in found:
        if address := _address(text):
            senders.setdefault(address, ObservedSender(address, source))
    routing = build_table(
        session,
        seen.servers,
        seen.parameters,
        None if domains is None else {domain["id"]: domain for domain in domains},
        {company["id"]: (company.get("alias_domain_id") or [None])[0] for company in companies},
    )
    fallback = seen.configuration.get("email_from", "")
    rules = [replace(one, notifications=one.notifications or fallback) for one in routing.rules]
    return replace(seen, companies=companies, alias_domains=domains, senders=list(senders.values()), rules=rules)


def _named_senders(session: Session) -> list[tuple[ObservedSender, int]]:
    """Return the senders of templates that name their mail server, with its id."""
    templates = session.search_read(
        "mail.template",
        [["email_from", "!=", False], ["mail_server_id", "!=", False]],
        ["name", "email_from", "mail_server_id"],
        limit=_TEMPLATES,
    )
    senders: dict[tuple[str, int], ObservedSender] = {}
    for template in templates:
        if address := _address(template["email_from"]):
            sender = ObservedSender(address, f"template {template['name']}")
            senders.setdefault((address, template["mail_server_id"][0]), sender)
    return [(sender, server_id) for (_text, server_id), sender in senders.items()]


def _recent_routes(session: Session) -> list[tuple[str, Route]]:
    """Return the senders of recent mail and of aliases, with their routes. The source is messages, because Odoo deletes most mails."""
    table = read_routing(session)
    deliveries = Deliveries(table)
    return [
        (address_of(sender.email_from), route)
        for sender in read_senders(session, table, _DAYS).senders
        for route in deliveries.routes(sender)
    ]


def _address(text: str | None) -> str:
    """Return the address of a sender; empty if it contains an expression that Odoo renders later."""
    address = address_of(_EXPRESSION.sub("{}", text or ""))
    return "" if "{" in address else address


def _see_queue(session: Session, seen: Observation, limits: Limits) -> Observation:
    def waiting_for(**span: int) -> int:
        moment = (seen.now - timedelta(**span)).strftime(DATETIME_FORMAT)
        return int(session.call(MAIL, "search_count", domain=[*due(moment), ["create_date", "<=", moment]]))

    late, stale = waiting_for(minutes=limits.max_age), waiting_for(days=limits.stale_days)
    return replace(seen, queue=ask_queue(session), late=late, stale=stale)
