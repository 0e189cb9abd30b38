# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail servers, system parameters and alias domains: created, unchanged, changed, found again, removed.

Every change here is made with `apply`. It checks the first guarantee: check mode predicts the change, and a second run
changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous
from instance import Instance, apply

NAME = "postmaster-test"
HARMLESS = {"name": NAME, "sequence": 900, "from_filter": f"{NAME}.invalid", "smtp_host": "mail.invalid"}


@pytest.fixture(autouse=True)
def _nothing_stays(instance: Instance) -> Iterator[None]:
    yield
    with instance.session() as session:
        for model, key in (("ir.mail_server", "name"), ("ir.config_parameter", "key"), ("mail.alias.domain", "name")):
            if not session.has_model(model):
                continue
            made = session.search_read(model, [[key, "=like", f"{NAME}%"]], [key])
            if made:
                session.unlink(model, [record["id"] for record in made])


def server(instance: Instance, *fields: str) -> dict[str, Any]:
    """Return the only server that a test has created, as it is in Odoo."""
    (record,) = instance.read("ir.mail_server", ["name", "=like", f"{NAME}%"], fields=("name", *fields))
    return record


def apply_server(instance: Instance, **options: Any) -> list[dict[str, Any]]:
    return apply(instance, {"servers": [{"name": NAME, **options}]})


def changes(field: str, before: Any, after: Any) -> list[dict[str, Any]]:
    return [{"field": field, "before": before, "after": after}]


def test_a_server_is_created_with_the_declared_values(instance: Instance) -> None:
    declared = {**HARMLESS, "smtp_port": 587, "smtp_encryption": "starttls", "smtp_user": "u", "smtp_pass": "p-made-up"}
    (step,) = apply(instance, {"servers": [declared]})
    shown = {**declared, "smtp_pass": "********", "active": True}
    assert step["action"] == "create"
    assert {change["field"]: change["after"] for change in step["changes"]} == shown
    assert server(instance, *declared) == {"id": server(instance)["id"], **declared}


def test_only_differences_are_updated(instance: Instance) -> None:
    apply(instance, {"servers": [{**HARMLESS, "smtp_port": 25}]})
    (step,) = apply(instance, {"servers": [{**HARMLESS, "smtp_port": 2525}]})
    assert step["action"] == "update"
    assert step["changes"] == changes("smtp_port", 25, 2525)


def test_an_option_that_is_unset_is_not_managed(instance: Instance) -> None:
    apply(instance, {"servers": [{**HARMLESS, "smtp_user": "u", "smtp_debug": True}]})
    assert apply_server(instance) == []
    assert apply_server(instance, smtp_user=None, smtp_debug=None) == []
    assert server(instance, "smtp_user", "smtp_debug") == {**server(instance), "smtp_user": "u", "smtp_debug": True}


def test_a_declared_server_is_active_by_default(instance: Instance) -> None:
    apply(instance, {"servers": [{**HARMLESS, "active": False}]})
    (step,) = apply_server(instance)
    assert (step["action"], step["changes"]) == ("unarchive", changes("active", False, True))
    (step,) = apply_server(instance, active=False)
    assert (step["action"], step["changes"]) == ("archive", changes("active", True, False))


def test_an_empty_string_clears_a_field(instance: Instance) -> None:
    apply(instance, {"servers": [{**HARMLESS, "smtp_user": "u", "smtp_pass": "p-made-up"}]})
    (step,) = apply_server(instance, smtp_user="", smtp_pass="")
    assert step["changes"] == changes("smtp_user", "u", None) + changes("smtp_pass", "********", None)
    assert server(instance, "smtp_user", "smtp_pass") == {**server(instance), "smtp_user": False, "smtp_pass": False}


def test_false_and_zero_are_values(instance: Instance) -> None:
    apply(instance, {"servers": [{**HARMLESS, "smtp_debug": True, "sequence": 5}]})
    (step,) = apply_server(instance, smtp_debug=False, sequence=0)
    assert step["changes"] == changes("smtp_debug", True, False) + changes("sequence", 5, 0)


def test_a_changed_password_is_drift_that_shows_no_password(instance: Instance) -> None:
    apply(instance, {"servers": [{**HARMLESS, "smtp_pass": "old-made-up"}]})
    (step,) = apply_server(instance, smtp_pass="new-and-longer-made-up")
    assert step["changes"] == changes("smtp_pass", "********", "********")
    assert server(instance, "smtp_pass")["smtp_pass"] == "new-and-longer-made-up"


def test_order_case_and_spaces_of_a_from_filter_are_not_drift(instance: Instance) -> None:
    instance.needs_sender_lists()
    apply(instance, {"servers": [{**HARMLESS, "from_filter": "a.invalid,Sales@B.invalid"}]})
    assert apply_server(instance, from_filter=" sales@b.invalid ,A.INVALID") == []
    (step,) = apply_server(instance, from_filter="a.invalid")
    assert step["changes"] == changes("from_filter", "a.invalid,Sales@B.invalid", "a.invalid")


def test_archived_and_activated_again(instance: Instance) -> None:
    apply(instance, {"servers": [HARMLESS]})
    (archived,) = apply_server(instance, active=False)
    assert (archived["action"], archived["changes"]) == ("archive", changes("active", True, False))
    (unarchived,) = apply_server(instance, active=True)
    assert (unarchived["action"], unarchived["changes"]) == ("unarchive", changes("active", False, True))


def test_deleted_and_then_absent(instance: Instance) -> None:
    apply(instance, {"servers": [HARMLESS]})
    (step,) = apply_server(instance, state="absent")
    assert (step["action"], step["changes"]) == ("delete", [])
    assert instance.read("ir.mail_server", ["name", "=", NAME]) == []


def test_an_external_id_finds_the_server_under_any_name(instance: Instance) -> None:
    pinned = {**HARMLESS, "xml_id": "postmaster.test_server"}
    (created,) = apply(instance, {"servers": [pinned]})
    assert {"field": "xml_id", "before": None, "after": "postmaster.test_server"} in created["changes"]
    before = server(instance)
    (renamed,) = apply(instance, {"servers": [{**pinned, "name": f"{NAME} renamed"}]})
    assert renamed["changes"] == changes("name", NAME, f"{NAME} renamed")
    assert server(instance)["id"] == before["id"]
    (deleted,) = apply(instance, {"servers": [{**pinned, "name": "whatever", "state": "absent"}]})
    assert deleted["action"] == "delete"


def test_a_server_with_the_name_gets_the_external_id(instance: Instance) -> None:
    apply(instance, {"servers": [HARMLESS]})
    (step,) = apply_server(instance, xml_id="postmaster.test_server")
    assert step["changes"] == changes("xml_id", None, "postmaster.test_server")
    pins = instance.read("ir.model.data", ["name", "=", "test_server"], fields=("module", "model", "res_id"))
    assert [(pin["module"], pin["model"], pin["res_id"]) for pin in pins] == [
        ("postmaster", "ir.mail_server", server(instance)["id"])
    ]


def test_an_external_id_distinguishes_servers_of_one_name(instance: Instance) -> None:
    apply(instance, {"servers": [{**HARMLESS, "xml_id": "postmaster.test_server"}]})
    with instance.session() as session:
        session.create("ir.mail_server", [{**HARMLESS, "smtp_port": 26}])
    (step,) = apply_server(instance, xml_id="postmaster.test_server", smtp_port=27)
    assert step["changes"] == changes("smtp_port", 25, 27)
    with pytest.raises(Ambiguous):
        instance.check({"servers": [{"name": NAME, "smtp_port": 27}]})


def test_a_client_certificate_is_compared_and_shown_by_checksum(instance: Instance) -> None:
    files = {
        f"smtp_ssl_{name}": f"-----BEGIN {frame}-----\nbWFkZSB1cA==\n-----END {frame}-----\n"
        for name, frame in (("certificate", "CERTIFICATE"), ("private_key", "PRIVATE KEY"))
    }
    (step,) = apply(instance, {"servers": [{**HARMLESS, **files}]})
    shown = {change["field"]: change["after"] for change in step["changes"]}
    assert shown["smtp_ssl_certificate"].startswith("sha256:")
    assert shown["smtp_ssl_private_key"] == "********"
    assert apply_server(instance, **files) == []


def test_a_parameter_is_created_changed_and_removed(instance: Instance) -> None:
    def apply_parameter(value: Any) -> list[dict[str, Any]]:
        return apply(instance, {"parameters": {f"{NAME}.parameter": value}})

    (created,) = apply_parameter(500)
    assert created["action"] == "create"
    assert apply_parameter("500") == []
    (updated,) = apply_parameter(True)
    assert updated["changes"] == changes("value", "500", "True")
    (removed,) = apply_parameter(False)
    assert removed["action"] == "delete"
    assert apply_parameter("") == []
    assert [step["action"] for step in apply_parameter("again")] == ["create"]
    (deleted,) = apply_parameter("")
    assert deleted["action"] == "delete"
    assert instance.read("ir.config_parameter", ["key", "=", f"{NAME}.parameter"], fields=("key",)) == []


def test_an_alias_domain_is_created_changed_and_renamed(instance: Instance) -> None:
    instance.needs("mail.alias.domain")

    def apply_domain(**options: Any) -> list[dict[str, Any]]:
        return apply(instance, {"alias_domains": [{"name": f"{NAME}.invalid", **options}]})

    (created,) = apply_domain(xml_id="postmaster.test_domain", default_from="hello", sequence=900)
    assert created["action"] == "create"
    (updated,) = apply_domain(default_from="robot@other.invalid", bounce_alias="returns")
    assert updated["changes"] == changes("default_from", "hello", "robot@other.invalid") + changes(
        "bounce_alias", "bounce", "returns"
    )
    (renamed,) = apply_domain(name=f"{NAME}-2.invalid", xml_id="postmaster.test_domain")
    assert renamed["changes"] == changes("name", f"{NAME}.invalid", f"{NAME}-2.invalid")
    (cleared,) = apply_domain(name=f"{NAME}-2.invalid", default_from="")
    assert cleared["changes"] == changes("default_from", "robot@other.invalid", None)
