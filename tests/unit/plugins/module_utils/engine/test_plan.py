# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of one record contains all differences and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found, Step, Wanted
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.plan import plan_record
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.fields import (
    AddressListField,
    BinaryField,
    BooleanField,
    FloatField,
    IntegerField,
    OdooField,
    TextField,
)

FIELDS: dict[str, OdooField] = {
    field.name: field
    for field in (
        TextField("host"),
        TextField("password", secret=True),
        BinaryField("private_key", secret=True),
        AddressListField("senders"),
        IntegerField("port"),
        FloatField("size"),
        BooleanField("active"),
    )
}
# None of these can be another field's text by chance.
SECRETS = st.text(st.characters(categories=["L"]), min_size=12, max_size=20).map(lambda text: f"secret-{text}")
DECLARED = st.fixed_dictionaries(
    {},
    optional={
        "host": st.text(st.characters(codec="utf-8", exclude_characters="\0")),
        "password": SECRETS | st.just(""),
        "private_key": SECRETS | st.just(""),
        "senders": st.lists(st.sampled_from(["acme.example", "Sales@acme.example", "x.example"])).map(" ,".join),
        "port": st.integers(0, 65535),
        "size": st.floats(0, 1e6),
        "active": st.booleans(),
    },
)
STORED = DECLARED.map(lambda declared: {name: FIELDS[name].wire(value) for name, value in declared.items()})
XML_IDS = st.none() | st.just("postmaster.main")
WANTED = st.builds(
    lambda state, values, xml_id: Wanted("mail_server", "Main", state, values if state == "present" else {}, xml_id),
    st.sampled_from(["present", "absent"]),
    STORED,
    XML_IDS,
)
FOUND = st.none() | st.builds(Found, st.integers(1, 99), STORED, XML_IDS)


def applied(step: Step | None, found: Found | None) -> Found | None:
    """Return the state of a store after a step."""
    if step is None:
        return found
    if step.action == "delete":
        return None
    before = found or Found(1, {})
    assert step.record_id == (found.id if found else None)
    return Found(before.id, {**before.values, **step.values}, step.xml_id or before.xml_id)


@given(WANTED, FOUND)
def test_a_plan_that_was_applied_leaves_nothing_to_plan(wanted: Wanted, found: Found | None) -> None:
    after = applied(plan_record(wanted, found, FIELDS), found)
    assert plan_record(wanted, after, FIELDS) is None


@given(STORED, XML_IDS)
def test_a_record_in_the_declared_state_needs_no_step(values: dict[str, Any], xml_id: str | None) -> None:
    found = Found(1, {**values, "other": "untouched"}, xml_id)
    assert plan_record(Wanted("mail_server", "Main", values=values, xml_id=xml_id), found, FIELDS) is None


@given(WANTED, FOUND)
def test_unset_fields_are_not_changed(wanted: Wanted, found: Found | None) -> None:
    step = plan_record(wanted, found, FIELDS)
    if step is None:
        return
    assert set(step.values) <= set(wanted.values)
    assert {change.field for change in step.changes} - {"xml_id"} <= set(step.values)
    after = applied(step, found)
    if found and after:
        untouched = set(found.values) - set(wanted.values)
        assert {name: after.values[name] for name in untouched} == {name: found.values[name] for name in untouched}


@given(WANTED, FOUND)
def test_only_differences_are_written(wanted: Wanted, found: Found | None) -> None:
    step = plan_record(wanted, found, FIELDS)
    if step and found and step.action != "delete":
        for name, value in step.values.items():
            assert not FIELDS[name].same(found.values.get(name), value)


@given(WANTED, FOUND)
def test_no_secret_leaves_a_step(wanted: Wanted, found: Found | None) -> None:
    step = plan_record(wanted, found, FIELDS)
    shown = f"{step!r} {step.as_result() if step else ''} {wanted!r} {found!r}"
    for values in (wanted.values, found.values if found else {}):
        for name in ("password", "private_key"):
            if values.get(name):
                assert str(values[name]) not in shown


@given(SECRETS, SECRETS)
def test_a_difference_of_secrets_is_visible(old: str, new: str) -> None:
    step = plan_record(Wanted("mail_server", "Main", values={"password": new}), Found(1, {"password": old}), FIELDS)
    assert (step is None) == (old == new)
    if step:
        assert [change.as_result() for change in step.changes] == [
            {"field": "password", "before": "********", "after": "********"}
        ]


def test_the_action_is_named_after_its_effect_on_the_record() -> None:
    def action(found: Found | None, **values: Any) -> str:
        state = values.pop("state", "present")
        step = plan_record(Wanted("mail_server", "Main", state, values), found, FIELDS)
        return step.action if step else "none"

    live, archived = Found(7, {"active": True, "port": 25}), Found(7, {"active": False, "port": 25})
    assert action(None, port=25) == "create"
    assert action(live, port=25) == "none"
    assert action(live, port=587) == "update"
    assert action(live, port=587, active=False) == action(archived, active=True) == "update"
    assert action(archived, state="absent") == "delete"
    assert action(None, state="absent") == "none"


def test_a_pin_alone_is_a_step() -> None:
    step = plan_record(Wanted("mail_server", "Main", xml_id="postmaster.main"), Found(7, {}), FIELDS)
    assert step is not None
    assert (step.action, dict(step.values), step.xml_id) == ("update", {}, "postmaster.main")
    assert [change.as_result() for change in step.changes] == [
        {"field": "xml_id", "before": None, "after": "postmaster.main"}
    ]
