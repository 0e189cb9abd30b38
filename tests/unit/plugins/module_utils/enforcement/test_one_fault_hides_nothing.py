# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check mode compares everything that can be compared. A run with the same fault writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    Ambiguous,
    Invalid,
    OdooError,
    Rejected,
    Unsupported,
)
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    actions,
    changes,
    oauth2_server,
    refused_unwritten,
    run,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_ALIAS_DOMAINS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

HOST = {"smtp_host": "smtp.acme.example"}
# A server whose port is not as declared.
DRIFTED = {"name": "Drifted", **HOST, "smtp_port": 587}
PORT = ("update", "Drifted")


def found(odoo: SimulatedOdoo, **options: Any) -> OdooError:
    """Return the error of check mode on a stack, after the same error of a run that has written nothing."""
    kind = options.pop("kind", Invalid)
    unmanaged = options.pop("unmanaged", "report")
    refused_unwritten(kind, odoo, options, unmanaged=unmanaged)
    with pytest.raises(kind) as caught:
        run(odoo, options, check=True, unmanaged=unmanaged)
    return caught.value


def unmanaged_in(error: OdooError) -> list[str]:
    return [str(one["key"]) for one in error.details["unmanaged"]]


@pytest.fixture
def drifted(odoo: SimulatedOdoo) -> SimulatedOdoo:
    odoo.add("ir.mail_server", name="Drifted", smtp_port=25, **HOST)
    return odoo


def test_an_external_id_of_another_model(drifted: SimulatedOdoo) -> None:
    drifted.add("ir.mail_server", name="Pinned", **HOST)
    drifted.add("ir.mail_server", name="Nobody's", **HOST)
    drifted.add("ir.model.data", module="acme", name="clerk", model="res.partner", res_id=1)
    pinned = {"name": "Pinned", "xml_id": "base.user_admin", **HOST}
    error = found(drifted, servers=[pinned, DRIFTED], crons=[{"xml_id": "acme.clerk", "active": True}])
    assert "base.user_admin belongs to a record of res.users" in error.message
    assert "acme.clerk belongs to a record of res.partner" in error.message
    assert actions(error.details["predicted"]) == [PORT]
    assert [one["key"] for one in error.details["records"]] == ["Drifted"]
    assert unmanaged_in(error) == ["Nobody's"]


@pytest.mark.parametrize("series", ["19.0"])
def test_an_external_id_of_a_personal_server(drifted: SimulatedOdoo) -> None:
    personal = drifted.add("ir.mail_server", name="ann@acme.example", owner_user_id=2, **HOST)
    drifted.add("ir.model.data", module="acme", name="mine", model="ir.mail_server", res_id=personal)
    error = found(drifted, servers=[{"name": "Mine", "xml_id": "acme.mine", **HOST}, DRIFTED])
    assert "belongs to a personal mail server" in error.message
    assert actions(error.details["predicted"]) == [PORT]


def test_one_external_id_in_two_types(drifted: SimulatedOdoo) -> None:
    drifted.add("ir.model.data", module="acme", name="main", model="ir.mail_server", res_id=drifted_id(drifted))
    server = {**DRIFTED, "xml_id": "acme.main"}
    cron = {"name": "Main", "xml_id": "acme.main", "model": "mail.mail", "code": "pass"}
    error = found(drifted, servers=[server], crons=[cron])
    assert "acme.main belongs to a record of ir.mail_server, not of ir.cron" in error.message
    assert actions(error.details["predicted"]) == [PORT]


def drifted_id(odoo: SimulatedOdoo) -> int:
    (record_id,) = (key for key, one in odoo.records.tables["ir.mail_server"].items() if one["name"] == "Drifted")
    return record_id


def test_an_unsupported_option_and_drift_of_the_same_record(drifted: SimulatedOdoo) -> None:
    error = found(drifted, servers=[{**DRIFTED, "smtp_timeout": 30}], kind=Unsupported)
    assert "smtp_timeout does not exist on this instance" in error.message
    assert changes(error.details["predicted"]) == {"smtp_port": (25, 587)}


def test_an_unsupported_option_of_a_missing_record(odoo: SimulatedOdoo) -> None:
    error = found(odoo, servers=[{**DRIFTED, "smtp_timeout": 30}], kind=Unsupported)
    assert actions(error.details["predicted"]) == [("create", "Drifted")]


def test_a_refused_combination_and_drift_of_the_same_record(drifted: SimulatedOdoo) -> None:
    drifted.add("ir.config_parameter", key="mail.mailing.server", value="x")
    error = found(drifted, servers=[{**DRIFTED, "smtp_host": ""}])
    assert "smtp_host is empty" in error.message
    assert changes(error.details["predicted"])["smtp_port"] == (25, 587)


def test_an_invalid_server_hides_no_unmanaged_one(drifted: SimulatedOdoo) -> None:
    for name in ("Invalid", "Left over"):
        drifted.add("ir.mail_server", name=name, **HOST)
    error = found(drifted, servers=[{"name": "Invalid ", "smtp_port": 25}, DRIFTED])
    assert unmanaged_in(error) == ["Left over"]
    assert actions(error.details["predicted"]) == [PORT]


def test_an_invalid_server_without_a_known_record_hides_the_unmanaged_ones(drifted: SimulatedOdoo) -> None:
    """Each of them may be the declared one."""
    drifted.add("ir.mail_server", name="Somebody's", **HOST)
    for invalid in ({"xml_id": "acme.gone", "smtp_port": 0}, {"name": "", "smtp_port": 25}):
        assert unmanaged_in(found(drifted, servers=[invalid, DRIFTED])) == []


def test_records_that_share_a_declared_name_are_not_unmanaged(drifted: SimulatedOdoo) -> None:
    for name in ("Twin", "Twin", "Left over"):
        drifted.add("ir.mail_server", name=name, **HOST)
    error = found(drifted, servers=[{"name": "Twin", **HOST}, DRIFTED], kind=Ambiguous)
    assert unmanaged_in(error) == ["Left over"]
    assert actions(error.details["predicted"]) == [PORT]


def test_nothing_is_archived_next_to_a_fault(drifted: SimulatedOdoo) -> None:
    drifted.add("ir.mail_server", name="Left over", **HOST)
    error = found(drifted, servers=[{"name": "Invalid ", **HOST}, DRIFTED], unmanaged="archive")
    assert actions(error.details["predicted"]) == [PORT]


def refuse_reading(odoo: SimulatedOdoo, model: str, method: str) -> None:
    """Let Odoo refuse to read a model."""

    def refuse(called: str, by: str, _ids: Any, _arguments: Mapping[str, Any]) -> None:
        if (called, by) == (model, method):
            raise AccessRefused(f"You are not allowed to access {model} records.")

    odoo.before.append(refuse)


@pytest.mark.parametrize("series", HAVE_ALIAS_DOMAINS)
@pytest.mark.parametrize("method", ["fields_get", "search_read"])
def test_a_type_that_the_user_may_not_read(drifted: SimulatedOdoo, method: str) -> None:
    refuse_reading(drifted, "mail.alias.domain", method)
    error = found(drifted, servers=[DRIFTED], alias_domains=[{"name": "acme.example"}], kind=AccessRefused)
    assert "mail.alias.domain" in error.message
    assert actions(error.details["predicted"]) == [PORT]


def test_without_access_to_the_parameters_nothing_is_compared(drifted: SimulatedOdoo) -> None:
    """Otherwise, a neutralized copy would be compared as if it were not neutralized."""
    refuse_reading(drifted, "ir.config_parameter", "search_read")
    assert found(drifted, servers=[DRIFTED], kind=AccessRefused).details["predicted"] == ()


@pytest.mark.parametrize("authentication", ["gmail"])
def test_a_missing_consent_hides_no_error(drifted: SimulatedOdoo, authentication: str) -> None:
    waiting = oauth2_server(authentication, required=True)
    stack = {"servers": [waiting, {"name": "Invalid ", **HOST}]}
    with pytest.raises(Invalid) as caught:
        run(drifted, stack, check=True)
    assert "must not begin or end with blanks" in caught.value.message
    assert "not connected" in caught.value.message
    assert [one["key"] for one in caught.value.details["connections"]] == ["Main"]


@pytest.mark.parametrize("without_addons", [["google_gmail"]])
def test_a_server_that_waits_for_an_addon_has_a_connection_but_no_record(
    series: str, without_addons: list[str]
) -> None:
    """The playbook `connect_oauth` finds missing servers by it."""
    odoo = SimulatedOdoo(series, without_addons=without_addons)
    error = found(odoo, servers=[oauth2_server("gmail", name="Sales")], kind=OdooError)
    assert [one["key"] for one in error.details["connections"]] == ["Sales"]
    assert error.details["records"] == []


def test_an_error_of_the_connections_hides_nothing(drifted: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise Rejected("no link")

    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.stack import Stack

    monkeypatch.setattr(Stack, "connections", refuse)
    with pytest.raises(Rejected) as caught:
        run(drifted, {"servers": [DRIFTED, {"name": "Invalid ", **HOST}]}, check=True)
    assert "must not begin or end with blanks" in caught.value.message
    assert actions(caught.value.details["predicted"]) == [PORT]
