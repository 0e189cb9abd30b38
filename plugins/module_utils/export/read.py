# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mail settings of an instance, with all data for declarations and the findings of the doctor. Only reads."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.cron_checks import check_crons
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observe import observe
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.server_checks import check_servers
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.setup_checks import check_setup
from ansible_collections.postmaster.odoo.plugins.module_utils.export.scope import Scope
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.options import OWN_CRONS, RULES
from ansible_collections.postmaster.odoo.plugins.module_utils.resources import registry
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON, PENDING
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.alias_domain import ALIAS_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.records import Records, read_all
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

_CHECKS = ("cron", "server", "setup")
_COMPANY = "res.company"


@dataclass(frozen=True)
class Company:
    """A company.

    :param xml_id: its external ID from an addon; None for one from an export of Odoo, which has no meaning on other instances.
    """

    id: int
    name: str
    xml_id: str | None = None


@dataclass(frozen=True)
class ExportedInstance:
    """The data of an instance.

    :param addons: names of the installed addons for mail.
    :param pending: the pending ones among them, with their states.
    :param parameters: the system parameters for mail, by key.
    :param all_parameters: all system parameters.
    :param alias_domains: None if this Odoo has none (up to 16.0).
    :param crons: the crons for mail, without those of the queue policy.
    :param of_addons: the ids of the crons that belong to an addon.
    :param policy: the cron of each installed rule of the queue policy, by rule.
    :param listener: the recipient of the watchdog's messages, as the option and its value: (channel or user, name).
    :param findings: the findings of the doctor without tests.
    :param others: the records of the resource types that need no special description.
    """

    now: datetime
    addons: Sequence[str] = ()
    pending: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    all_parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    alias_domains: Records | None = None
    companies: Sequence[Company] = ()
    servers: Records = field(default_factory=lambda: Records([], {}))
    crons: Records = field(default_factory=lambda: Records([], {}))
    of_addons: frozenset[int] = frozenset()
    policy: Mapping[str, Found] = field(default_factory=dict)
    listener: tuple[str, str] | None = None
    findings: Sequence[Finding] = ()
    others: Mapping[ResourceType, Records] = field(default_factory=dict)


def read_instance(session: Session, scope: Scope) -> ExportedInstance:
    """Read an instance with a constant number of calls, plus one for each mail server that waits for consent."""
    servers = read_all(session, MAIL_SERVER, also=MAIL_SERVER.heavy_fields)
    crons = read_all(session, CRON, also=(*CRON.heavy_fields, "state"))
    rows = session.search_read(SYSTEM_PARAMETER.model, [], ["key", "value"])
    parameters = {row["key"]: row["value"] for row in rows if row["value"]}
    addons = session.search_read(
        ADDON.model, [["state", "in", ["installed", *PENDING]]], ["name", "state"], order="name"
    )
    installed = {row["name"]: row["state"] for row in addons if row["state"] != "to install"}
    of_addons = {cron.id for cron in crons.found if _module(cron.xml_id) in installed}
    rules = {xml_id: rule for rule, xml_id in RULES.items()}
    policy = {rules[cron.xml_id]: cron for cron in crons.found if cron.xml_id and _is_of_policy(cron)}
    listed = [
        cron
        for cron in crons.found
        if cron.xml_id not in OWN_CRONS
        and scope.has_cron(
            *(cron.values["name"], cron.values["model_name"], cron.xml_id), of_addon=cron.id in of_addons
        )
    ]
    needed = {_module(cron.xml_id) for cron in listed if cron.id in of_addons}
    seen = observe(session, Limits(), _CHECKS, servers)
    checks = (check_crons, check_servers, check_setup)
    return ExportedInstance(
        session.now,
        [name for name in installed if scope.has_addon(name) or name in needed],
        {row["name"]: row["state"] for row in addons if row["state"] in PENDING and scope.has_addon(row["name"])},
        {key: value for key, value in parameters.items() if scope.has_parameter(key)},
        parameters,
        read_all(session, ALIAS_DOMAIN) if session.has_model(ALIAS_DOMAIN.model) else None,
        _read_companies(session, installed),
        servers,
        Records(listed, crons.fields),
        frozenset(of_addons),
        policy,
        _read_listener(session, policy),
        [finding for check in checks for finding in check(seen, Limits())],
        {kind: read_all(session, kind) for kind in _others() if session.has_model(kind.model)},
    )


def _others() -> list[ResourceType]:
    """Return the resource types whose records need no special description."""
    return [kind for kind in registry.RESOURCE_TYPES if not kind.is_described_specially]


def _module(xml_id: str | None) -> str:
    return (xml_id or "").partition(".")[0]


def _is_of_policy(cron: Found) -> bool:
    """Return whether a cron belongs to the queue policy, or is Odoo's queue cron with lanes."""
    has_lanes = cron.xml_id == QUEUE and queue_jobs.before_of(str(cron.values.get("code") or "")) is not None
    return cron.xml_id in OWN_CRONS or has_lanes


def _read_companies(session: Session, installed: Container[str]) -> list[Company]:
    pins = session.search_read("ir.model.data", [["model", "=", _COMPANY]], ["module", "name", "res_id"])
    pinned = {row["res_id"]: f"{row['module']}.{row['name']}" for row in pins if row["module"] in installed}
    rows = session.search_read(_COMPANY, [], ["name"])
    return [Company(row["id"], row["name"], pinned.get(row["id"])) for row in rows]


def _read_listener(session: Session, policy: Mapping[str, Found]) -> tuple[str, str] | None:
    """Return the recipient of the watchdog's messages; None if there is no recipient or it has no name."""
    watchdog = policy.get("watchdog")
    listener = queue_jobs.listener_in(str(watchdog.values.get("code") or "")) if watchdog else None
    if listener is None:
        return None
    if listener.model == "res.partner":
        users = session.search_read("res.users", [["partner_id", "=", listener.id]], ["login"])
        return ("user", users[0]["login"]) if users else None
    channels = session.search_read(listener.model, [["id", "=", listener.id]], ["name"])
    names = [channel["name"] for channel in channels]
    if len(session.search_read(listener.model, [["name", "in", names]], ["name"])) > 1:
        domain = [["model", "=", listener.model], ["res_id", "=", listener.id]]
        names = [
            f"{row['module']}.{row['name']}" for row in session.search_read("ir.model.data", domain, ["module", "name"])
        ]
    return ("channel", names[0]) if names else None
