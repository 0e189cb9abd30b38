# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields by type: how declared values are written, compared and shown."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Invalid, OdooError, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.fields import OdooField, References, field_of

REFERENCES = References()
for model, record_id, natural_name in (
    ("res.users", 1, "__system__"),
    ("res.users", 2, "admin"),
    ("res.company", 1, "Acme"),
    ("res.company", 2, "Branch"),
    ("res.company", 3, "Twin"),
    ("res.company", 4, "Twin"),
):
    REFERENCES.add(model, record_id, natural_name)
REFERENCES.add_xml_id("res.users", 2, "base.user_admin")
REFERENCES.add_xml_id("res.company", 4, "base.twin")


def field(kind: str, *, secret: bool = False, address_list: bool = False, **description: Any) -> OdooField:
    return field_of(
        "x", {"type": kind, **description}, REFERENCES, odoo="Odoo 18.0", secret=secret, address_list=address_list
    )


SENDERS = field("char", address_list=True)
SELECTION = field("selection", selection=[["none", "None"], ["starttls", "TLS (STARTTLS)"]])
USER = field("many2one", relation="res.users")
COMPANIES = field("one2many", relation="res.company")
BINARY = field("binary")


def checksum(content: str) -> str:
    return "sha256:" + hashlib.sha256(content.encode()).hexdigest()


def encoded(content: str) -> str:
    return base64.b64encode(content.encode()).decode()


@pytest.mark.parametrize(
    ("of", "declared", "written"),
    [
        (field("char"), "smtp.acme.example", "smtp.acme.example"),
        (field("char"), "", False),
        (field("text"), 500, "500"),
        (field("html"), "<p/>", "<p/>"),
        (field("reference"), "res.users,1", "res.users,1"),  # a type without a class is text
        (SENDERS, " Sales@acme.example , acme.example,", " Sales@acme.example , acme.example,"),
        (SENDERS, "", False),
        (field("boolean"), False, False),
        (field("boolean"), True, True),
        (field("integer"), 0, 0),
        (field("float"), 10, 10.0),
        (field("monetary"), 2.5, 2.5),
        (SELECTION, "starttls", "starttls"),
        (SELECTION, "", False),
        (field("datetime"), "2026-01-31 06:00:00", "2026-01-31 06:00:00"),
        (field("datetime"), "2026-01-31T06:00:00", "2026-01-31 06:00:00"),
        (field("datetime"), " 2026-01-31T06:00:00Z ", "2026-01-31 06:00:00"),
        (field("datetime"), "2026-01-31T06:00:00+01:00", "2026-01-31 05:00:00"),
        (field("datetime"), "2026-01-31 23:30:00-02:00", "2026-02-01 01:30:00"),
        (field("datetime"), "2026-01-31T06:00:00.250", "2026-01-31 06:00:00"),
        (field("datetime"), "2026-01-31", "2026-01-31 00:00:00"),
        (field("datetime"), datetime(2026, 1, 31, 6), "2026-01-31 06:00:00"),
        (field("datetime"), "", False),
        (BINARY, "certificate", encoded("certificate")),
        (BINARY, b"certificate", encoded("certificate")),
        (BINARY, "", False),
        (USER, "admin", 2),
        (USER, "base.user_admin", 2),
        (USER, "", False),
        (COMPANIES, ["Branch", "Acme"], [[6, 0, [1, 2]]]),
        (COMPANIES, ["base.twin"], [[6, 0, [4]]]),
        (COMPANIES, [], [[6, 0, []]]),
    ],
)
def test_how_a_declared_value_is_written(of: OdooField, declared: Any, written: Any) -> None:
    assert of.wire(declared) == written


@pytest.mark.parametrize(
    ("of", "declared", "kind", "words"),
    [
        (
            SELECTION,
            "starttls_strict",
            Unsupported,
            "x 'starttls_strict' is not a valid value on Odoo 18.0 (expected one of none, ",
        ),
        (SELECTION, "Starttls", Unsupported, "'Starttls'"),
        (SENDERS, "acme.example sales.example", Invalid, "contains 'acme.example sales.example', which is neither"),
        (SENDERS, "acme.example; sales.example", Invalid, "is neither"),
        (SENDERS, "Sales <sales@acme.example>", Invalid, "is neither"),
        (SENDERS, "sales@acme@example", Invalid, "is neither"),
        (SENDERS, "@acme.example", Invalid, "contains '@acme.example', which is neither"),
        (SENDERS, "*.acme.example", Invalid, "contains '*.acme.example', which is neither"),
        (SENDERS, "*@acme.example", Invalid, "contains '*@acme.example', which is neither"),
        (SENDERS, "https://acme.example", Invalid, "is neither"),
        (SENDERS, "acme.example,.example", Invalid, "contains '.example', which is neither"),
        (field("datetime"), "tomorrow", Invalid, "x 'tomorrow' is not a valid time"),
        (field("datetime"), "2026-02-30 06:00:00", Invalid, "2026-02-30"),
        (USER, "nobody", Unsupported, "no record of res.users with the name 'nobody'"),
        (USER, "base.user_root", Unsupported, "base.user_root"),
        (COMPANIES, ["Acme", "Nowhere"], Unsupported, "'Nowhere'"),
        (COMPANIES, ["Twin"], Ambiguous, "have the name 'Twin' (ids 3, 4): use the xml_id of the right one"),
    ],
)
def test_rejected_values(of: OdooField, declared: Any, kind: type[OdooError], words: str) -> None:
    with pytest.raises(kind) as caught:
        of.wire(declared)
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("of", "stored", "declared", "same"),
    [
        (field("char"), "a", "a", True),
        (field("char"), "a", "A", False),
        (field("char"), False, "", True),
        (field("char"), "", "", True),
        (field("char"), None, "a", False),
        (SENDERS, "acme.example, Sales@Acme.example", "sales@acme.example,ACME.example,", True),
        (SENDERS, "acme.example,acme.example", "acme.example", True),
        (SENDERS, False, " , ", True),
        (SENDERS, "acme.example", "acme.example,other.example", False),
        (SENDERS, "acme.example", "", False),
        (field("boolean"), False, False, True),
        (field("boolean"), None, False, True),
        (field("boolean"), True, False, False),
        (field("integer"), False, 0, True),
        (field("integer"), 25, 587, False),
        (field("float"), 0.30000000000000004, 0.3, True),
        (field("float"), False, 0, True),
        (field("float"), 10.0, 10.01, False),
        (SELECTION, "none", "none", True),
        (SELECTION, False, "", True),
        (SELECTION, "none", "starttls", False),
        (field("datetime"), "2026-01-31 06:00:00", "2026-01-31T07:00:00+01:00", True),
        (field("datetime"), "2026-01-31 06:00:00.123456", "2026-01-31 06:00:00", True),
        (field("datetime"), False, "", True),
        (field("datetime"), "2026-01-31 06:00:01", "2026-01-31 06:00:00", False),
        (BINARY, encoded("certificate"), "certificate", True),
        (BINARY, base64.encodebytes(b"certificate" * 20).decode(), "certificate" * 20, True),
        (BINARY, False, "", True),
        (BINARY, encoded("other"), "certificate", False),
        (USER, [2, "Administrator"], "admin", True),
        (USER, [2, "Administrator"], "base.user_admin", True),
        (USER, [1, "OdooBot"], "admin", False),
        (USER, False, "", True),
        (COMPANIES, [2, 1], ["Acme", "Branch"], True),
        (COMPANIES, [1], ["Acme", "Acme"], True),
        (COMPANIES, [1, 2], ["Acme"], False),
        (COMPANIES, [], [], True),
    ],
)
def test_when_a_stored_value_is_the_declared_one(of: OdooField, stored: Any, declared: Any, same: bool) -> None:
    assert of.same(stored, of.wire(declared)) is same


@pytest.mark.parametrize(
    ("of", "value", "shown"),
    [
        (field("char"), "a", "a"),
        (field("char"), False, None),
        (field("integer"), 0, 0),
        (field("boolean"), False, False),
        (SELECTION, False, None),
        (field("datetime"), False, None),
        (field("datetime"), "2026-01-31 06:00:00", "2026-01-31 06:00:00"),
        (BINARY, encoded("certificate"), checksum("certificate")),
        (BINARY, False, None),
        (USER, [2, "Administrator"], "admin"),
        (USER, 2, "admin"),
        (USER, 99, "res.users,99"),
        (USER, False, None),
        (COMPANIES, [2, 1], ["Acme", "Branch"]),
        (COMPANIES, [[6, 0, [1]]], ["Acme"]),
        (COMPANIES, [], []),
    ],
)
def test_how_a_value_looks(of: OdooField, value: Any, shown: Any) -> None:
    assert of.shown(value) == shown


ADDRESSES = st.sampled_from(["acme.example", "Sales@acme.example", "OTHER.example", "info@other.example"])
SPACES = st.sampled_from(["", " ", "  "])


@given(st.lists(st.tuples(SPACES, ADDRESSES, SPACES), min_size=1), st.randoms())
def test_order_spaces_case_and_repetition_of_senders_do_not_matter(
    entries: list[tuple[str, str, str]], random: Any
) -> None:
    written = ",".join("".join(entry) for entry in entries)
    rewritten = [entry[1].swapcase() for entry in entries] + [entries[0][1]]
    random.shuffle(rewritten)
    assert SENDERS.same(SENDERS.wire(written), SENDERS.wire(",".join(rewritten)))
    assert not SENDERS.same(SENDERS.wire(written), SENDERS.wire(f"{written},new.example"))


MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
ZONES = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


@given(MOMENTS, ZONES)
def test_one_moment_is_the_same_in_every_zone(moment: datetime, zone: timezone) -> None:
    utc = moment.replace(tzinfo=timezone.utc)
    stored = moment.strftime("%Y-%m-%d %H:%M:%S")
    for text in (utc.isoformat(), utc.astimezone(zone).isoformat(), utc.astimezone(zone).isoformat(" ")):
        assert field("datetime").wire(text) == stored


DECLARED: dict[OdooField, st.SearchStrategy[Any]] = {
    field("char"): st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    SENDERS: st.lists(ADDRESSES).map(",".join),
    field("boolean"): st.booleans(),
    field("integer"): st.integers(-(2**31), 2**31 - 1),
    field("float"): st.floats(allow_nan=False),
    SELECTION: st.sampled_from(["none", "starttls", ""]),
    field("datetime"): MOMENTS | MOMENTS.map(str) | st.just(""),
    BINARY: st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.binary(),
    USER: st.sampled_from(["admin", "base.user_admin", "__system__", ""]),
    COMPANIES: st.lists(st.sampled_from(["Acme", "Branch", "base.twin"])),
}


@pytest.mark.parametrize("of", DECLARED, ids=lambda of: type(of).__name__)
@given(data=st.data())
def test_the_written_value_equals_the_declared_one(of: OdooField, data: st.DataObject) -> None:
    written = of.wire(data.draw(DECLARED[of]))
    assert of.same(written, written)
    json.dumps([written, of.shown(written)])  # both are plain data


@pytest.mark.parametrize("kind", ["char", "text", "binary"])
@given(secret=st.text(st.characters(categories=["L", "N"]), min_size=6))
def test_a_secret_is_always_masked(kind: str, secret: str) -> None:
    of = field(kind, secret=True)
    assert of.shown(of.wire(secret)) == of.shown(secret) == "********"
    assert of.shown(of.wire("")) is None


@pytest.mark.parametrize("xml_id_first", [True, False])
def test_a_name_in_the_form_of_an_external_id_takes_precedence(xml_id_first: bool) -> None:
    references = References()
    steps = [
        lambda: references.add_xml_id("res.company", 1, "base.acme"),
        lambda: references.add("res.company", 2, "base.acme"),
    ]
    for step in steps if xml_id_first else reversed(steps):
        step()
    assert references.id("res.company", "base.acme") == 2


@pytest.mark.parametrize("blank", [",", " ", " , "])
def test_an_empty_list_of_senders_is_an_empty_filter(blank: str) -> None:
    assert SENDERS.wire(blank) is False
    assert not SENDERS.same(blank, SENDERS.wire("")), "what matches nobody is not empty to Odoo"


def test_senders_in_any_script() -> None:
    assert SENDERS.wire("büro@zürich.example, 東京.example") == "büro@zürich.example, 東京.example"
