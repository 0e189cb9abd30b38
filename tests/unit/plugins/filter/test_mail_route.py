# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter mail_route, and a check that its documentation is up to date."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.filter import mail_route as plugin
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import RULES

mail_route = plugin.FilterModule().filters()["mail_route"]
DOCUMENTED = yaml.safe_load(Path(plugin.__file__).with_suffix(".yml").read_text(encoding="utf-8"))

SERVERS: list[dict[str, Any]] = [
    {"id": 1, "name": "Any", "sequence": 1, "from_filter": None, "active": True, "owner_user_id": None},
    {"id": 2, "name": "Acme", "sequence": 9, "from_filter": "acme.example, shop.example", "active": True},
    {
        "id": 3,
        "name": "Ann's",
        "sequence": 0,
        "from_filter": "ann@acme.example",
        "active": True,
        "owner_user_id": "Ann",
    },
]


def test_a_sender_with_a_server() -> None:
    assert mail_route("ann@acme.example", SERVERS, bounce="bounce@acme.example") == {
        "server": "Acme",
        "email_from": "ann@acme.example",
        "envelope_from": "bounce@acme.example",
        "rewritten": False,
        "rule": "domain",
    }


def test_a_sender_without_a_server() -> None:
    found = mail_route("ann@else.example", SERVERS, notifications="notifications@third.example")
    assert (found["server"], found["rule"]) == ("Any", "unfiltered")
    assert (found["email_from"], found["rewritten"]) == ('"ann" <notifications@third.example>', True)


def test_other_deciding_values() -> None:
    assert mail_route("ann@acme.example", SERVERS, personal=True)["server"] == "Ann's"
    assert mail_route("ann@acme.example", SERVERS, several=False)["server"] == "Any"
    found = mail_route("a@acme.example", [], notifications="n@shop.example", config_filter="shop.example")
    assert (found["server"], found["email_from"]) == (None, '"a" <n@shop.example>')


@pytest.mark.parametrize("servers", [None, "Acme", [1], [{"from_filter": "acme.example"}], {"name": "Acme"}])
def test_a_value_that_is_not_a_list_of_servers(servers: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="expected the list mail_servers"):
        mail_route("ann@acme.example", servers)


def test_a_value_that_is_not_a_sender() -> None:
    with pytest.raises(AnsibleFilterError, match="None is not valid"):
        mail_route(None, SERVERS)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"id": "one"}, "id of mail server 'Acme' is not a number: 'one'"),
        ({"sequence": "high"}, "sequence of mail server 'Acme' is not a number: 'high'"),
        ({"from_filter": ["acme.example"]}, "from_filter of mail server 'Acme' is not a text: "),
        ({"from_filter": 5}, "from_filter of mail server 'Acme' is not a text: 5"),
        ({"active": "false"}, "active of mail server 'Acme' is not a boolean: 'false'"),
    ],
)
def test_a_value_that_is_not_a_mail_server(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        mail_route("ann@acme.example", [{"name": "Acme", **wrong}])
    assert words in str(caught.value)


def test_optional_keys() -> None:
    empty = {"name": "Acme", "id": None, "sequence": None, "from_filter": False, "active": None}
    assert mail_route("ann@acme.example", [empty])["server"] == "Acme"


def test_one_sender_at_a_time() -> None:
    with pytest.raises(AnsibleFilterError, match="expected one sender"):
        mail_route("ann@acme.example, bob@else.example", SERVERS)


def test_every_option_and_every_rule_is_documented() -> None:
    parameters = inspect.signature(plugin.mail_route).parameters
    options = DOCUMENTED["DOCUMENTATION"]["options"]
    assert ["_input", *list(parameters)[1:]] == list(options)
    for name, parameter in list(parameters.items())[2:]:
        assert options[name].get("default", "") == parameter.default
    returned = DOCUMENTED["RETURN"]["_value"]["contains"]
    assert returned.keys() == mail_route("a@b.example", []).keys()
    assert all(f"V({rule})" in returned["rule"]["description"][0] for rule in RULES)
