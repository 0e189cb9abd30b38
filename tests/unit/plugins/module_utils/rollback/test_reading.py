# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots that somebody has edited or damaged: each is refused with a message, and none ends in an internal error."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former, Loss
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import LOCK_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.reading import read_document
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import (
    SavedRecord,
    SnapshotDocument,
)

FORMER = Former(
    name="Main",
    record_id=5,
    namesakes=[3],
    identity={"model_name": "res.partner"},
    values={"smtp_host": "smtp.acme.example", "smtp_port": 25, "smtp_pass": False},
    references={"user_id": 2, "company_ids": [1, 2], "other_id": False},
    reference_names={"user_id": ["admin"], "company_ids": ["A", "B"], "other_id": []},
    secret=frozenset({"smtp_pass"}),
)
RECORD = SavedRecord("mail_server", "Main", "present", "acme.main", FORMER)
PARAMETER = SavedRecord("system_parameter", "a.b", "present", None, Former(name="a.b", values={"value": "x"}))
WHOLE = SnapshotDocument(
    "https://odoo.acme.example", "acme", "19.0", [RECORD, PARAMETER], [Loss("addon", "crm", "It stays.")], "now"
).as_document()


def damaged(**changes: Any) -> dict[str, Any]:
    """Return the document with changes in its first record."""
    data = copy.deepcopy(WHOLE)
    data["records"][0].update(changes)
    return data


def test_a_whole_document_is_read() -> None:
    assert read_document(copy.deepcopy(WHOLE), "x").as_document() == WHOLE


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("text", "is not a snapshot"),
        ({}, "is not a snapshot"),
        ({**WHOLE, "postmaster_odoo_snapshot": 2}, "the unknown format"),
        ({**WHOLE, "url": 5}, "url must be a text"),
        ({**WHOLE, "records": {}}, "records must be a list"),
        ({**WHOLE, "records": ["x"]}, "its resource is not known"),
        ({**WHOLE, "not_restorable": [{"key": "x"}]}, "not_restorable must be"),
        ({**WHOLE, "without_secrets": [{"resource": "x", "key": [1], "field": "x"}]}, "without_secrets must be"),
    ],
)
def test_a_damaged_document_is_refused(data: Any, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        read_document(data, "x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("resource", "addon"),
        ("resource", "queue_policy"),
        ("resource", ["a"]),
        ("key", 5),
        ("state", "x"),
        ("state", ["present"]),
        ("xml_id", "no external ID"),
        ("xml_id_added", 5),
        ("name", None),
        ("name", "Main (postmaster.odoo candidate)"),
        ("name_written", 5),
        ("id", -5),
        ("id", True),
        ("id", 10**30),
        ("identity", {"model_name": [1]}),
        ("namesakes", ["a"]),
        ("namesakes", 8),
        ("whole", 1),
        ("values", "x"),
        ("values", {1: 2}),
        ("values", {"smtp_host": [1]}),
        ("values", {"smtp_host": None}),
        ("values", {"smtp_host": 5}),
        ("values", {"smtp_port": "abc"}),
        ("values", {"max_email_size": float("nan")}),
        ("values", {"max_email_size": float("inf")}),
        ("values", {"smtp_port": True}),
        ("values", {"active": "maybe"}),
        ("values", {"user_id": 5}),
        ("references", {"owner_user_id": {"a": 1}}),
        ("references", {"owner_user_id": True}),
        ("references", {"owner_user_id": "x"}),
        ("references", {1: 1}),
        ("reference_names", {"user_id": "admin"}),
        ("reference_names", {"user_id": [5]}),
        ("secrets", [{"a": 1}]),
        ("secrets", "smtp_pass"),
    ],
)
def test_a_damaged_record_is_refused(name: str, value: Any) -> None:
    with pytest.raises(Invalid, match="x is damaged: record 1: "):
        read_document(damaged(**{name: value}), "x")


@pytest.mark.parametrize("name", list(RECORD.as_document()))
def test_a_record_that_lacks_something_is_refused(name: str) -> None:
    data = copy.deepcopy(WHOLE)
    del data["records"][0][name]
    with pytest.raises(Invalid, match="is damaged"):
        read_document(data, "x")


@pytest.mark.parametrize(
    "changes",
    [
        {"values": {"value": {"a": 1}}},
        {"values": {"value": 5}},
        {"values": {"key": "c.d", "value": "x"}},
        {"key": "c.d"},
        {"key": LOCK_KEY, "name": LOCK_KEY},
    ],
)
def test_a_damaged_parameter_is_refused(changes: dict[str, Any]) -> None:
    data = copy.deepcopy(WHOLE)
    data["records"][1].update(changes)
    with pytest.raises(Invalid, match="record 2: "):
        read_document(data, "x")
