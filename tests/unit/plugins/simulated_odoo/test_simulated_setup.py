# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""System parameters, external IDs and alias domains of the simulated Odoo."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.plugins.simulated_odoo.calls import (
    create,
    create_refused,
    read,
    refused,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_ALIAS_DOMAINS, RECORDED, STORE_FALSE


def test_parameters(session: Session, series: str) -> None:
    create(session, "ir.config_parameter", key="a.b", value="1")
    assert "Key must be unique" in create_refused(session, "ir.config_parameter", key="a.b", value="2")
    if series not in STORE_FALSE:
        create_refused(session, "ir.config_parameter", key="c.d", value=False)
    other = create(session, "ir.config_parameter", key="c.d", value=5)
    assert read(session, "ir.config_parameter", other, "value", "display_name") == {
        "id": other,
        "value": "5",
        "display_name": "c.d",
    }


def test_external_ids_are_unique(session: Session) -> None:
    values = {"module": "postmaster", "name": "main", "model": "ir.mail_server", "res_id": 1}
    (data,) = session.create("ir.model.data", [values])
    assert read(session, "ir.model.data", data, "complete_name")["complete_name"] == "postmaster.main"
    assert "already exists" in refused(Rejected, session, "ir.model.data", "create", vals_list=[values])


@pytest.mark.parametrize("series", [series for series in HAVE_ALIAS_DOMAINS if series in RECORDED])
def test_alias_domains(session: Session) -> None:
    first = create(session, "mail.alias.domain", name="acme.example")
    record = read(
        session, "mail.alias.domain", first, "bounce_email", "catchall_email", "default_from_email", "company_ids"
    )
    assert record == {
        "id": first,
        "bounce_email": "bounce@acme.example",
        "catchall_email": "catchall@acme.example",
        "default_from_email": "notifications@acme.example",
        "company_ids": [1],  # the first one is set for every company
    }
    assert "Bounce emails should be unique" in create_refused(session, "mail.alias.domain", name="acme.example")
    text = create_refused(session, "mail.alias.domain", name="acme.example", bounce_alias="other")
    assert "Catchall emails should be unique" in text
    second = create(session, "mail.alias.domain", name="other.example", default_from="Info@Other.example")
    session.write("mail.alias.domain", [second], {"company_ids": [[6, 0, [1]]]})
    assert read(session, "mail.alias.domain", first, "company_ids")["company_ids"] == []
    assert read(session, "mail.alias.domain", second, "company_ids")["company_ids"] == [1]
    assert read(session, "res.company", 1, "alias_domain_id")["alias_domain_id"] == [second, "other.example"]
    assert read(session, "mail.alias.domain", second, "default_from")["default_from"] == "info@other.example"
