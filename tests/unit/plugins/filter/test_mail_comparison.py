# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The comparison of two instances: every difference, and no secret."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.filter.mail_comparison import mail_comparison
from ansible_collections.postmaster.odoo.plugins.module_utils.export.describe import Description
from ansible_collections.postmaster.odoo.plugins.module_utils.export.read import read_instance
from ansible_collections.postmaster.odoo.plugins.module_utils.export.scope import Scope
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE, run
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

KEY = "made-up-key-of-this-run"
PASSWORDS = ("made-up-password-here", "made-up-password-there")
COMMON: dict[str, Any] = {
    "servers": [
        {
            "name": "Main",
            "xml_id": "postmaster.main",
            "smtp_host": "smtp.acme.example",
            "smtp_user": "a",
            "smtp_pass": PASSWORDS[0],
        },
        {"name": "Same", "smtp_host": "same.acme.example", "smtp_user": "b", "smtp_pass": PASSWORDS[0]},
    ],
    "parameters": {"mail.session.batch.size": "500"},
}


def answer(stack: dict[str, Any], key: str | None = KEY, *more: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the description of an instance.

    :param more: records that the collection has not created.
    """
    odoo = SimulatedOdoo("19.0")
    run(odoo, stack)
    for model, values in more:
        odoo.add(model, **values)
    return Description(read_instance(odoo.session(read_only=True), Scope())).as_result(key)


def test_an_instance_does_not_differ_from_itself() -> None:
    assert mail_comparison(answer(COMMON), answer(COMMON)) == {"differences": [], "not_compared": []}


def test_every_kind_of_difference() -> None:
    main, same = COMMON["servers"]
    other = {
        "servers": [
            {**main, "name": "Renamed", "smtp_port": 2525, "smtp_pass": PASSWORDS[1]},
            same,
            {"name": "New", "smtp_host": "new.example"},
        ],
        "parameters": {"mail.session.batch.size": "100", "mail.catchall.made_up": "x"},
        "crons": [{"xml_id": QUEUE, "interval_number": 5, "interval_type": "minutes"}],
        "queue_policy": {"stale_after": 7},
    }
    differences = mail_comparison(answer(COMMON), answer(other))["differences"]
    found = {(one["resource"], one["key"], one["field"]): (one["here"], one["there"]) for one in differences}
    assert found == {
        ("system_parameter", "mail.catchall.made_up", "value"): (None, "x"),
        ("system_parameter", "mail.session.batch.size", "value"): ("500", "100"),
        ("mail_server", "Main", "name"): ("Main", "Renamed"),
        ("mail_server", "Main", "smtp_port"): (25, 2525),
        ("mail_server", "Main", "smtp_pass"): ("********", "********"),
        ("mail_server", "New", ""): (None, "present"),
        ("cron", QUEUE, "interval_number"): (1, 5),
        ("cron", QUEUE, "interval_type"): ("hours", "minutes"),
        ("queue_policy", "stale_after", "value"): (None, 7),
    }
    assert [one["field"] for one in differences if one["secret"]] == ["smtp_pass"]
    assert not [password for password in PASSWORDS if password in repr(differences)]


NAMESAKE = ("ir.mail_server", {"name": "Same", "smtp_host": "other.example"})
PERSONAL = ("ir.mail_server", {"name": "Main", "smtp_host": "smtp.gmail.com", "owner_user_id": 2})
NOT_PORTABLE = ("ir.config_parameter", {"key": "mass_mailing.mail_server_id", "value": "7"})


def gaps(found: dict[str, Any]) -> list[tuple[str, ...]]:
    return [(one["side"], one["resource"], one["key"], one["field"]) for one in found["not_compared"]]


def test_records_of_the_same_name_are_not_compared() -> None:
    """They cannot be distinguished, so a description contains none of them."""
    one, two = answer(COMMON), answer(COMMON, KEY, NAMESAKE)
    left = ("mail_server", "Same", "")
    for here, there, expected in ((one, two, [("there", *left)]), (two, one, [("here", *left)])):
        found = mail_comparison(here, there)
        # The false difference would be that the instance with two has none.
        assert found["differences"] == []
        assert gaps(found) == expected
    assert gaps(mail_comparison(two, two)) == [("here", *left), ("there", *left)]
    assert "have this name" in mail_comparison(one, two)["not_compared"][0]["reason"]


def test_a_name_with_a_secret_is_not_compared() -> None:
    named = {"name": f"for {PASSWORDS[0]}", "smtp_host": "x.example", "smtp_pass": PASSWORDS[0]}
    found = mail_comparison(answer(COMMON), answer(COMMON, KEY, ("ir.mail_server", named)))
    assert gaps(found) == [("there", "mail_server", "(a name that is not shown)", "")]
    assert PASSWORDS[0] not in repr(found)


def test_an_option_with_a_secret_is_not_compared() -> None:
    """If the description of a record lacks one option, all other options are compared."""
    main, same = COMMON["servers"]
    other = {**COMMON, "servers": [main, {**same, "from_filter": f"{PASSWORDS[0]}.example", "smtp_port": 2525}]}
    found = mail_comparison(answer(COMMON), answer(other))
    fields = {one["field"] for one in found["differences"]} | {one["field"] for one in found["not_compared"]}
    assert {"from_filter", "smtp_port"} <= fields
    lost = {one["field"] for one in found["not_compared"]}
    assert not [one for one in found["differences"] if one["field"] in lost]


def test_everything_that_a_description_lacks_is_named() -> None:
    found = mail_comparison(answer(COMMON), answer(COMMON, KEY, NOT_PORTABLE, PERSONAL))
    assert found["differences"] == []
    assert {("there", "mail_server", "Main", "")} <= set(gaps(found))


def test_digests_of_another_key_are_not_compared() -> None:
    here, there = answer(COMMON), answer(COMMON, "another-made-up-key")
    assert {one["digest"] for one in here["secrets"]}.isdisjoint(one["digest"] for one in there["secrets"])
    assert {one["field"] for one in mail_comparison(here, there)["differences"]} == {"smtp_pass"}


@pytest.mark.parametrize("wrong", ["text", {}, None])
def test_something_that_is_not_a_result_is_refused(wrong: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="expected two results"):
        mail_comparison(wrong, wrong)


def test_results_without_digests_are_refused() -> None:
    without = answer(COMMON, None)
    with pytest.raises(AnsibleFilterError, match="digest_key"):
        mail_comparison(without, without)
