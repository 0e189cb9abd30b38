# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""System parameters on every series."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import RunOptions, enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.diff import plan_diff
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, Invalid, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER
from ansible_collections.postmaster.odoo.tests.unit.enforcing import actions, changes, refused, refused_unwritten, run
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_ALIAS_DOMAINS, SERIES, STORE_FALSE
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

KEY = "mail.session.batch.size"
SECRET = "google_gmail_client_secret"


def test_the_life_of_a_parameter(odoo: SimulatedOdoo) -> None:
    for value, action, stored in (("500", "create", "500"), (200, "update", "200"), ("", "delete", False)):
        stack = {"parameters": {KEY: value}}
        assert actions(run(odoo, stack).plan) == [(action, KEY)]
        assert odoo.parameter(KEY) == stored
        assert run(odoo, stack).plan == ()


@pytest.mark.parametrize("series", [series for series in SERIES if series not in STORE_FALSE])
def test_up_to_19_false_removes_a_parameter(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key=KEY, value="500")
    assert actions(run(odoo, {"parameters": {KEY: False}}).plan) == [("delete", KEY)]
    assert run(odoo, {"parameters": {KEY: False}}).plan == ()


@pytest.mark.parametrize("series", STORE_FALSE)
@pytest.mark.parametrize("stored", [None, "500", "True", False])
def test_from_20_on_false_is_stored(odoo: SimulatedOdoo, stored: Any) -> None:
    if stored is not None:
        odoo.add("ir.config_parameter", key=KEY, value=stored)
    stack = {"parameters": {KEY: False}}
    assert actions(run(odoo, stack, check=True).plan) == [("create" if stored is None else "update", KEY)]
    run(odoo, stack)
    assert odoo.parameter(KEY) == "False"
    assert run(odoo, stack).plan == ()


@pytest.mark.parametrize("series", STORE_FALSE)
@pytest.mark.parametrize(("stored", "value"), [("false", False), ("0", False), ("1", True), ("yes", True)])
def test_from_20_on_a_boolean_compares_as_one(odoo: SimulatedOdoo, stored: str, value: bool) -> None:
    odoo.add("ir.config_parameter", key=KEY, value=stored)
    assert run(odoo, {"parameters": {KEY: value}}).plan == ()
    assert actions(run(odoo, {"parameters": {KEY: not value}}).plan) == [("update", KEY)]
    assert actions(run(odoo, {"parameters": {KEY: str(value)}}).plan) == [
        ("update", KEY)
    ]  # a text is compared unchanged


@pytest.mark.parametrize("series", [series for series in SERIES if series not in STORE_FALSE])
def test_up_to_19_a_boolean_compares_as_its_text(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key=KEY, value="1")
    assert actions(run(odoo, {"parameters": {KEY: True}}).plan) == [("update", KEY)]


@pytest.mark.parametrize("series", STORE_FALSE)
def test_a_blank_parameter_counts_as_absent(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key=KEY, value=False)
    assert run(odoo, {"parameters": {KEY: ""}}).plan == ()
    assert actions(run(odoo, {"parameters": {KEY: "500"}}).plan) == [("update", KEY)]
    assert odoo.parameter(KEY) == "500"


def test_null_does_not_change_a_parameter(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key=KEY, value="500")
    assert run(odoo, {"parameters": {KEY: None, "acme.other": ""}}).plan == ()
    assert odoo.parameter(KEY) == "500"


@pytest.mark.parametrize(("value", "stored"), [(True, "True"), (0, "0"), (" 1 ", " 1 ")])
def test_values_are_text(odoo: SimulatedOdoo, value: Any, stored: str) -> None:
    run(odoo, {"parameters": {KEY: value}})
    assert odoo.parameter(KEY) == stored
    assert run(odoo, {"parameters": {KEY: value}}).plan == ()


def test_only_declared_parameters_are_reported(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key="database.secret", value="hidden-in-plain-sight")
    (record,) = run(odoo, {"parameters": {"web.base.url": "http://localhost:8069"}}).records
    assert (record["key"], record["value"]) == ("web.base.url", "http://localhost:8069")


@pytest.mark.parametrize("check", [True, False])
def test_the_value_of_a_declared_secret_is_a_mask(odoo: SimulatedOdoo, check: bool) -> None:
    odoo.add("ir.config_parameter", key="acme.licence", value="old-licence")
    stack = {"parameters": {"acme.licence": {"value": "new-licence", "secret": True}}}
    outcome = run(odoo, stack, check=check)
    assert [change.as_result() for change in outcome.plan[0].changes] == [
        {"field": "value", "before": "********", "after": "********"}
    ]
    assert [one["value"] for one in outcome.records] == ["********"]
    assert "secret" not in outcome.records[0]
    if not check:
        assert odoo.parameter("acme.licence") == "new-licence"
        assert run(odoo, stack).plan == ()


def test_options_of_a_parameter_are_checked(odoo: SimulatedOdoo) -> None:
    for value in ({"value": "x", "secret": "maybe"}, {"value": "x", "secrets": True}):
        assert "acme.licence" in refused(Invalid, odoo, {"parameters": {"acme.licence": value}})


@pytest.mark.parametrize("check", [True, False])
def test_the_value_of_a_secret_is_a_mask(odoo: SimulatedOdoo, check: bool) -> None:
    odoo.add("ir.config_parameter", key=SECRET, value="old-secret")
    for value, after in (("new-secret", "********"), ("old-secret", None)):
        outcome = run(odoo, {"parameters": {SECRET: value}}, check=True)
        assert changes(outcome.plan) == ({"value": ("********", after)} if after else {})
        assert outcome.records[0]["value"] == "********"
    outcome = run(odoo, {"parameters": {SECRET: "new-secret"}}, check=check)
    assert odoo.parameter(SECRET) == ("old-secret" if check else "new-secret")
    assert not any(secret in repr(outcome) for secret in ("old-secret", "new-secret"))


def test_a_new_secret_is_a_mask(odoo: SimulatedOdoo) -> None:
    outcome = run(odoo, {"parameters": {SECRET: "new-secret"}})
    assert changes(outcome.plan) == {"key": (None, SECRET), "value": (None, "********")}
    assert "new-secret" not in repr(outcome)


def test_absent_is_deleted_once(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key=KEY, value="500")
    declaration = SYSTEM_PARAMETER.declare({"key": KEY, "state": "absent"})
    assert actions(enforce(odoo.session(), [declaration], RunOptions()).plan) == [("delete", KEY)]
    assert enforce(odoo.session(), [declaration], RunOptions()).plan == ()


def test_a_value_that_odoo_does_not_keep_is_rejected(odoo: SimulatedOdoo) -> None:
    def lose(model: str, method: str, *_rest: Any) -> None:
        if method == "write":
            odoo.ignored_writes.add((model, "value"))

    odoo.before.append(lose)
    text = refused(Rejected, odoo, {"parameters": {"web.base.url": "https://odoo.acme.example"}})
    assert "system_parameter 'web.base.url': value did not take effect" in text


def test_a_clerk_may_not(odoo: SimulatedOdoo) -> None:
    odoo.user = "clerk"
    assert "new-secret" not in refused_unwritten(AccessRefused, odoo, {"parameters": {SECRET: "new-secret"}})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://user:made-up-old@hook.example", "https://user:made-up-new@hook.example"),
        ("https://hook.example", "https://hook.example/?token=made-up-new"),
        ("password=made-up-old", "none"),
    ],
)
def test_a_value_that_contains_a_secret_is_masked(odoo: SimulatedOdoo, old: str, new: str) -> None:
    odoo.add("ir.config_parameter", key=KEY, value=old)
    outcome = run(odoo, {"parameters": {KEY: new}}, check=True)
    assert changes(outcome.plan) == {"value": ("********", "********")}
    assert plan_diff(outcome.plan)[0]["after"] == 'value: "********"  # differs\n'
    assert "made-up" not in repr(outcome.records)
    (record,) = run(odoo, {"parameters": {KEY: old}}, check=True).records
    assert "made-up" not in repr(record)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("mail.catchall.domain", "this Odoo uses the setting of the alias domain"),
        ("mail.default.from", "this Odoo uses the setting of the alias domain"),
        ("mail.force.smtp.from", "no version of Odoo reads it"),
        (KEY, ""),
    ],
)
def test_a_parameter_without_effect_is_declared_with_a_warning(odoo: SimulatedOdoo, key: str, words: str) -> None:
    if "alias domain" in words and odoo.series not in HAVE_ALIAS_DOMAINS:
        words = ""
    outcome = run(odoo, {"parameters": {key: "1"}})
    assert [words in one for one in outcome.warnings if "has no effect" in one] == ([True] if words else [])
    assert run(odoo, {"parameters": {key: ""}}).warnings == []
