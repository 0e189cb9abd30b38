# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `connect_oauth` fails if a declared server does not exist or could not be compared. tests/integration runs the whole playbook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

PLAYBOOK = Path(__file__).resolve().parents[3] / "playbooks" / "connect_oauth.yml"
COMPARES = "Look for declared servers that do not exist"
EXISTS = "Every declared server exists"
SALES = {"key": "Sales", "connected": False, "authorize_url": None}
RECORD = {"resource": "mail_server", "key": "Sales"}
NOT_FAILED = {"failed": False, "failed_when_result": False}


def play() -> Any:
    (loaded,) = DataLoader().load_from_file(str(PLAYBOOK), trusted_as_template=True)
    return loaded


def task(name: str) -> Any:
    (found,) = [one for one in play()["tasks"] if one["name"] == name]
    return found


def value(template: str, **variables: Any) -> Any:
    """Return the value of a template with the variables of the play."""
    known = {**play()["vars"], **variables}
    # The loader of the unit tests finds no filters of collections.
    for filtered in (" | map('postmaster.odoo.printable')", " | postmaster.odoo.printable"):
        template = template.replace(filtered, "")
    return Templar(loader=DataLoader(), variables=known).template(trust_as_template(template))


def holds(declared: dict[str, Any]) -> bool:
    """Return whether the playbook goes on after this result of the comparison."""
    conditions = task(EXISTS)["ansible.builtin.assert"]["that"]
    return all(value("{{ " + one + " }}", connect_oauth_declared=declared) for one in conditions)


@pytest.mark.parametrize(
    "declared",
    [
        {"skipped": True},
        {**NOT_FAILED, "connections": [SALES], "records": [RECORD]},
        {**NOT_FAILED, "connections": [SALES], "records": [RECORD], "error_kind": "not_connected", "msg": "open it"},
        {**NOT_FAILED, "plan": [], "error_kind": "nothing_declared", "msg": "Nothing is declared."},
    ],
)
def test_it_goes_on(declared: dict[str, Any]) -> None:
    assert holds(declared)


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (  # it would be created
            {**NOT_FAILED, "connections": [SALES], "records": [], "plan": [{"action": "create", "key": "Sales"}]},
            ["not in Odoo yet: Sales. Run"],
        ),
        (  # its addon is not installed, so it cannot be created
            {**NOT_FAILED, "connections": [SALES], "records": [], "error_kind": "unsupported", "msg": "no addon"},
            ["not in Odoo yet: Sales. Run", "could not be compared: no addon"],
        ),
        (  # a record of another type with the same key
            {**NOT_FAILED, "connections": [SALES], "records": [{"resource": "cron", "key": "Sales"}]},
            ["not in Odoo yet: Sales. Run"],
        ),
        ({**NOT_FAILED, "msg": "Unsupported parameters: smtp_prot"}, ["could not be compared: Unsupported parameters"]),
        (
            {**NOT_FAILED, "error_kind": "invalid", "msg": "odoo_mail_serverz is not known"},
            ["could not be compared: odoo_mail_serverz"],
        ),
    ],
)
def test_it_fails(declared: dict[str, Any], words: list[str]) -> None:
    assert not holds(declared)
    message = value(task(EXISTS)["ansible.builtin.assert"]["fail_msg"], connect_oauth_declared=declared)
    assert all(one in message for one in words), message


@pytest.mark.parametrize(
    ("variable", "compares"),
    [
        ("odoo_mail_servers", True),
        ("odoo_mail_servers__shop", True),
        ("odoo_mail_serverz", True),
        ("odoo_url", False),
    ],
)
def test_it_compares_a_host_with_any_variable_of_mail(variable: str, compares: bool) -> None:
    condition = re.fullmatch(r"lookup\('ansible\.builtin\.varnames', '(.+)'\) is truthy", task(COMPARES)["when"])
    assert condition
    assert bool(re.search(condition[1], variable)) is compares


def test_the_links_are_printed_first() -> None:
    """A misspelled variable ends the run in the comparison itself."""
    names = [one["name"] for one in play()["tasks"]]
    assert names.index("Open these links") < names.index(COMPARES) < names.index(EXISTS)
