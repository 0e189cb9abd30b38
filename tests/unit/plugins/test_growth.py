# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No work grows with the square of the number of mail servers, crons, system parameters, routes, alias domains or
senders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import dns_options
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from ansible_collections.postmaster.odoo.plugins.module_utils.export.describe import Description
from ansible_collections.postmaster.odoo.plugins.module_utils.export.read import read_instance
from ansible_collections.postmaster.odoo.plugins.module_utils.export.scope import Scope
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.info import read_mail_server_info
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.mail_file import common_file, mail_file
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_entries import keys_of
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_variables import stack_arguments_of
from ansible_collections.postmaster.odoo.tests.unit.dns_server import dns_server
from ansible_collections.postmaster.odoo.tests.unit.enforcing import oauth2_server, run
from ansible_collections.postmaster.odoo.tests.unit.operations import growth
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

SIZE = 25
LINEAR = 1.05

Work = Callable[[], object]


def servers(count: int, **options: Any) -> list[dict[str, Any]]:
    """Return mail servers with different logins, passwords and senders, and an encryption that gives remarks."""
    return [
        {
            "name": f"Server {number}",
            "smtp_host": f"smtp{number}.provider.example",
            "smtp_encryption": "starttls",
            "smtp_user": f"user{number}",
            "smtp_pass": f"made-up-password-{number}",
            "from_filter": f"customer{number}.example",
            **options,
        }
        for number in range(count)
    ]


def crons(count: int) -> list[dict[str, Any]]:
    code = "model.search([], limit=1)"
    return [{"name": f"Sweep {number}", "model": "mail.mail", "code": code} for number in range(count)]


def domains(count: int) -> list[dict[str, Any]]:
    return [{"name": f"customer{number}.example"} for number in range(count)]


def routes(count: int) -> list[dict[str, Any]]:
    return [{"from": f"sales@customer{number}.example", "server": f"Server {number}"} for number in range(count)]


def whole(count: int) -> dict[str, Any]:
    return {
        "servers": servers(count),
        "crons": crons(count),
        "parameters": {f"mail.made_up.{number}": str(number) for number in range(count)},
        "alias_domains": domains(count),
        "routes": routes(count),
    }


@cache
def instance(count: int) -> SimulatedOdoo:
    """Return an instance with many records of every kind, companies and users for the alias domains, and undeclared
    mail servers.

    It is only read.
    """
    odoo = SimulatedOdoo("19.0")
    run(odoo, whole(count))
    for server in servers(count):
        odoo.add("ir.mail_server", **{**server, "name": f"Unmanaged {server['name']}"})
    of_name = {row["name"]: key for key, row in odoo.records.tables["mail.alias.domain"].items()}
    for number in range(count):
        domain = f"customer{number}.example"
        of_company = {"name": f"Company {number}", "email": f"office@{domain}", "alias_domain_id": of_name[domain]}
        company = odoo.add("res.company", **of_company)
        odoo.add("res.users", login=f"user{number}", name=f"User {number}", email=f"user{number}@{domain}")
        message = odoo.add("mail.message", email_from=f"sales@{domain}", record_company_id=company)
        odoo.add("mail.notification", mail_message_id=message, notification_type="email")
    return odoo


def created(count: int) -> Work:
    odoo, stack = SimulatedOdoo("19.0"), whole(count)
    return lambda: run(odoo, stack)


def checked(count: int) -> Work:
    """Every mail server differs, and as many again are archived."""
    odoo, stack = instance(count), {**whole(count), "servers": servers(count, smtp_port=2525)}
    return lambda: run(odoo, stack, check=True, unmanaged="archive", verify="connection")


def waiting(count: int) -> Work:
    """Each mail server waits for a consent, and has a route."""
    odoo = SimulatedOdoo("19.0")
    found = [
        oauth2_server("outlook", name=f"Server {number}", from_filter=f"customer{number}.example")
        for number in range(count)
    ]
    return lambda: run(odoo, {"servers": found, "routes": routes(count)}, check=True, verify="connection")


def listed(count: int) -> Work:
    odoo = instance(count)
    return lambda: read_mail_server_info(odoo.session(read_only=True), name=None, xml_id=None)


def described(count: int) -> Work:
    odoo = instance(count)
    return lambda: describe(odoo)


def examined(count: int) -> Work:
    odoo = instance(count)
    return lambda: diagnose(odoo.session(), Examination(live_tests=False))


def resolved(count: int) -> Work:
    """Return the work of resolving `count` mail servers.

    Each company has a domain without any record. One half of the mail servers has declared records.
    """
    odoo = instance(count)
    relays = [
        {"server": server["name"], "addresses": ["203.0.113.10"], "dkim_selectors": ["s1"]} for server in servers(count)
    ]

    def look() -> None:
        with dns_server() as server:
            options = {"nameservers": [server.nameserver], "nameserver_timeout": 60, "relays": relays}
            diagnose(odoo.session(), Examination(checks=["dns"], dns=dns_options(options)))

    return look


def replayed(count: int) -> Work:
    """Mail of each company, which leaves through another server afterwards."""
    odoo = instance(count)
    others = [
        {"name": f"Other {number}", "smtp_host": "smtp.other.example", "from_filter": f"sales@customer{number}.example"}
        for number in range(count)
    ]
    return lambda: run(odoo, {"servers": others}, check=True, replay_days=30)


def describe(odoo: SimulatedOdoo) -> dict[str, Any]:
    return Description(read_instance(odoo.session(read_only=True), Scope(parameters=("*",)))).as_result()


def written(count: int) -> Work:
    answer = describe(instance(count))
    return lambda: mail_file(answer, "acme")


def written_in_common(count: int) -> Work:
    answer = describe(instance(count))

    def write() -> None:
        _text, common = common_file({"acme": answer, "other": answer})
        mail_file(answer, "acme", common)

    return write


def merged(count: int) -> Work:
    """Two layers, of which the second one changes each entry of the first."""
    later = [{"name": server["name"], "smtp_port": 2525} for server in servers(count)]
    variables: Mapping[str, Any] = {"odoo_mail_servers": servers(count), "odoo_mail_servers__customer": later}

    def resolve(names: Any) -> dict[str, Any]:
        return {name: variables[name] for name in names}

    return lambda: stack_arguments_of(variables, resolve, lambda _name: "")


@pytest.mark.parametrize(
    "work",
    [created, checked, waiting, listed, described, examined, resolved, replayed, written, written_in_common, merged],
    ids=lambda work: work.__name__,
)
def test_work_grows_in_proportion_to_the_instance(work: Callable[[int], Work]) -> None:
    assert growth(work, SIZE) < LINEAR


def test_quadratic_growth_is_found() -> None:
    """The measurement itself: every entry is compared with every other one."""

    def pairs(count: int) -> Work:
        found = servers(count)
        return lambda: [keys_of("servers").are_same(one, other) for one in found for other in found]

    assert growth(pairs, SIZE) > 1.6
