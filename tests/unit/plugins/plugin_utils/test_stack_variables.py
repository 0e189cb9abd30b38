# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stack from inventory variables: layers, misspelt variables, conflicts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_variables import (
    StackVariableError,
    known_variables,
    stack_arguments_of,
)

ACME = {"name": "Main", "smtp_host": "smtp.acme.example", "sequence": 5}


def merged(
    variables: dict[str, Any], parts: list[str] | None = None, levels: dict[str, str] | None = None
) -> dict[str, Any]:
    def resolve(names: Any) -> dict[str, Any]:
        return {name: variables[name] for name in names}

    return stack_arguments_of(variables, resolve, lambda name: (levels or {}).get(name, ""), parts)


def test_variables_without_layers_are_handed_on() -> None:
    variables = {
        "odoo_url": "http://odoo.example",
        "odoo_mail_servers": [ACME],
        "odoo_mail_parameters": {"mail.batch_size": 50},
        "odoo_mail_verify": "connection",
        "odoo_mail_crons": None,
        "odoo_queue_stale_after": 7,
        "odoo_queue_backoff": {},
        "unrelated": 1,
    }
    assert merged(variables) == {
        "servers": [ACME],
        "parameters": {"mail.batch_size": 50},
        "verify": "connection",
        "queue_policy": {"stale_after": 7, "backoff": {}},
    }
    assert merged(variables, ["queue_policy"]) == {
        "verify": "connection",
        "queue_policy": {"stale_after": 7, "backoff": {}},
    }
    assert merged({"odoo_mail_servers": []}) == {"servers": []}
    assert merged({}) == {}


def test_layers_are_merged_by_key_in_the_order_of_their_suffixes() -> None:
    variables = {
        "odoo_mail_servers__20_customer": [
            {"name": "Main", "smtp_user": "acme"},
            {"name": "Shop", "smtp_host": "shop.example"},
        ],
        "odoo_mail_servers": [ACME, {"name": "Bulk", "smtp_host": "bulk.example"}],
        "odoo_mail_servers__30_host": [
            {"name": "Main", "smtp_user": "acme-1", "sequence": 7},
            {"name": "Bulk", "declared": False},
            {"name": "Shop", "state": "absent"},
        ],
    }
    assert merged(variables)["servers"] == [
        {**ACME, "smtp_user": "acme-1", "sequence": 7},
        {"name": "Shop", "smtp_host": "shop.example", "state": "absent"},
    ]


def test_each_kind_has_its_key() -> None:
    assert merged(
        {
            "odoo_mail_crons__a": [{"xml_id": "mail.a", "active": False}, {"name": "Own", "model": "mail.mail"}],
            "odoo_mail_crons__b": [{"xml_id": "mail.a", "interval_number": 5}, {"name": "Own", "model": "res.users"}],
            "odoo_mail_routes__a": [{"from": "a@acme.example", "server": "Main"}],
            "odoo_mail_routes__b": [
                {"from": "a@acme.example", "server": "Shop"},
                {"from": "b@acme.example", "server": "Main"},
            ],
            "odoo_mail_addons__a": ["mass_mailing", "google_gmail"],
            "odoo_mail_addons__b": ["microsoft_outlook", "mass_mailing", {"name": "google_gmail", "declared": False}],
            "odoo_mail_parameters__a": {"x": 1, "y": 2, "z": {"value": "s", "secret": True}},
            "odoo_mail_parameters__b": {"x": 3, "y": {"declared": False}},
            "odoo_queue_lanes__a": [{"name": "one", "batch": 5}],
            "odoo_queue_lanes__b": [{"name": "one", "batch": 6}],
            "odoo_queue_backoff__a": {"first_delay": 5, "max_delay": 60},
            "odoo_queue_backoff__b": {"first_delay": 6},
            "odoo_queue_stale_after": 7,
            "odoo_queue_stale_after__b": 9,
        }
    ) == {
        "crons": [
            {"xml_id": "mail.a", "active": False, "interval_number": 5},
            {"name": "Own", "model": "mail.mail"},
            {"name": "Own", "model": "res.users"},
        ],
        "routes": [{"from": "a@acme.example", "server": "Shop"}, {"from": "b@acme.example", "server": "Main"}],
        "addons": ["mass_mailing", "microsoft_outlook"],
        "parameters": {"x": 3, "z": {"value": "s", "secret": True}},
        "queue_policy": {
            "lanes": [{"name": "one", "batch": 6}],
            "backoff": {"first_delay": 6, "max_delay": 60},
            "stale_after": 9,
        },
    }


def test_a_later_layer_declares_again_what_an_earlier_one_takes_out() -> None:
    layers = {"odoo_mail_servers__10": [{"name": "Main", "declared": False}], "odoo_mail_servers__20": [ACME]}
    assert merged(layers)["servers"] == [ACME]
    with pytest.raises(StackVariableError, match="'Main declared'"):
        merged(layers, levels=dict.fromkeys(layers, "groups of depth 1"))
    assert merged({"odoo_mail_servers": [ACME], "odoo_mail_servers__a": [{"name": "Main", "declared": "no"}]}) == {
        "servers": []
    }
    with pytest.raises(StackVariableError, match="Set it to true or false"):
        merged({"odoo_mail_servers": [{**ACME, "declared": "perhaps"}]})


def test_a_layer_takes_out_an_option_as_a_whole() -> None:
    assert merged({"odoo_queue_stale_after": 7, "odoo_queue_stale_after__a": {"declared": False}}) == {}


def test_a_lane_goes_before_the_one_that_takes_everything_else() -> None:
    layers = {
        "odoo_queue_lanes": [{"name": "first", "domain": "[('a', '=', 1)]"}, {"name": "rest"}],
        "odoo_queue_lanes__a": [{"name": "own", "domain": "[('b', '=', 1)]"}],
    }
    assert [lane["name"] for lane in merged(layers)["queue_policy"]["lanes"]] == ["first", "own", "rest"]


def test_a_conflict_is_found_across_a_layer_of_another_level() -> None:
    layers = {f"odoo_mail_servers__{number}": [{"name": "Main", "sequence": number}] for number in (10, 20, 30)}
    levels = dict.fromkeys(layers, "groups of depth 1") | {"odoo_mail_servers__20": "the host a"}
    with pytest.raises(StackVariableError, match="odoo_mail_servers__10 and odoo_mail_servers__30"):
        merged(layers, levels=levels)


def test_what_one_variable_declares_twice_stays_twice() -> None:
    """The module refuses it, and names it."""
    assert merged({"odoo_mail_servers": [ACME, ACME]})["servers"] == [ACME, ACME]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("odoo_mail_serverz", "odoo_mail_servers"),
        ("odoo_mail_server", "odoo_mail_servers"),
        ("odoo_queue_stale_afer", "odoo_queue_stale_after"),
        ("odoo_mail_cron__acme", "odoo_mail_crons__acme"),
        ("odoo_mail_x", "odoo_mail_"),
    ],
)
def test_a_misspelt_variable_is_an_error_that_suggests_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(StackVariableError, match=f"The variable {name} is not known: did you mean {nearest}"):
        merged({name: [], "odoo_mail_servers": [ACME]}, ["crons"])


@pytest.mark.parametrize("name", ["odoo_mail_servers__", "odoo_mail_verify__acme"])
def test_a_layer_that_is_none(name: str) -> None:
    with pytest.raises(StackVariableError, match=name):
        merged({name: []})


@pytest.mark.parametrize(
    "entry", ["name=X smtp_pass=correct-horse", '{"name": "correct-horse"}', ["correct-horse"], 5, None]
)
@pytest.mark.parametrize(
    "variable", ["odoo_mail_servers", "odoo_mail_crons__a", "odoo_mail_routes", "odoo_queue_lanes"]
)
def test_an_entry_that_is_no_mapping_is_not_taken_for_a_name(variable: str, entry: Any) -> None:
    with pytest.raises(StackVariableError, match=f"Entry 2 of the variable {variable} is not a mapping") as caught:
        merged({variable: [{"name": "Main", "from": "a@acme.example"}, entry]})
    assert "correct-horse" not in str(caught.value)


def test_names_of_addons_are_texts() -> None:
    assert merged({"odoo_mail_addons": ["mail"], "odoo_mail_addons__a": [{"name": "crm"}]}) == {
        "addons": ["mail", "crm"]
    }


def test_layers_of_different_types_cannot_be_merged() -> None:
    with pytest.raises(StackVariableError, match="odoo_mail_servers, odoo_mail_servers__a cannot be merged"):
        merged({"odoo_mail_servers": [ACME], "odoo_mail_servers__a": {"name": "Main"}})


def test_two_values_of_one_level_are_an_error_that_names_both_variables() -> None:
    variables = {
        "odoo_mail_servers__eu": [{**ACME, "sequence": 5}],
        "odoo_mail_servers__shops": [{**ACME, "sequence": 6}],
    }
    same = dict.fromkeys(variables, "groups of depth 1")
    with pytest.raises(StackVariableError) as caught:
        merged(variables, levels=same)
    for text in (*variables, "'Main sequence'", "groups of depth 1"):
        assert text in str(caught.value)
    assert merged(variables, levels={**same, "odoo_mail_servers__shops": "the host a"})["servers"][0]["sequence"] == 6
    assert merged(variables)["servers"][0]["sequence"] == 6  # not set by the inventory
    scalars = {"odoo_queue_stale_after__a": 1, "odoo_queue_stale_after__b": 2}
    with pytest.raises(StackVariableError, match="'stale_after'"):
        merged(scalars, levels=dict.fromkeys(scalars, "all hosts"))
    # A variable without a suffix is the default.
    defaults = {"odoo_mail_servers": [ACME], "odoo_mail_servers__a": [{"name": "Main", "sequence": 9}]}
    assert merged(defaults, levels=dict.fromkeys(defaults, "all hosts"))["servers"][0]["sequence"] == 9


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=4), min_size=1, max_size=4))
def test_a_later_layer_wins_whatever_the_layers_are(layers: list[list[tuple[str, int]]]) -> None:
    layers = [list(dict(layer).items()) for layer in layers]
    variables = {
        f"odoo_mail_servers__{position}": [{"name": name, "sequence": number} for name, number in layer]
        for position, layer in enumerate(layers)
    }
    expected: dict[str, int] = {}
    for layer in layers:
        expected |= dict(layer)
    assert {one["name"]: one["sequence"] for one in merged(variables)["servers"]} == expected


def test_every_variable_is_known_once() -> None:
    assert len(set(known_variables())) == len(known_variables())
