# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expiry dates on a real Odoo: each has its day and the right severity, and nothing else is reported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from ansible_collections.postmaster.odoo.tests.unit.certificates import issue, server_context
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import smtp_server
from instance import TRANSPORTS, LabInstance
from inventory import run_on, shown
from lab import Lab

DATABASE = "expiry"


@pytest.fixture
def instance(lab: Lab) -> Iterator[LabInstance]:
    yield LabInstance.fresh(lab, DATABASE)
    lab.drop(DATABASE)


def add_key(instance: LabInstance, days: int) -> None:
    instance.sql(
        "INSERT INTO res_users_apikeys (name, user_id, index, key, expiration_date) "
        f"VALUES ('Nightly', 2, '00000000', 'made-up', now() at time zone 'utc' + interval '{days} days 1 hour')"
    )


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_key_a_certificate_and_a_secret(instance: LabInstance, transport: str, tmp_path: Path) -> None:
    """A key that expires in five days, a certificate in twenty, a secret that expired yesterday.

    Up to 17.0 keys do not expire.
    """
    keys_expire = instance.offers("res.users.apikeys", "expiration_date")
    if keys_expire:
        add_key(instance, 5)
    certificate = issue("localhost", days=20).write_to(tmp_path / "server.pem")
    yesterday = (date.today() - timedelta(days=1)).isoformat()
    with smtp_server(tls=server_context(certificate)) as smtp:
        server = {
            "name": "Main",
            "smtp_host": "localhost",
            "smtp_port": smtp.port,
            "smtp_encryption": instance.strict("starttls"),
        }
        instance.enforce({"servers": [server]}, verify="none")
        how = Examination(
            checks=["expiry"],
            probe=True,
            live_tests=False,
            declared_dates=[{"name": "Main", "client_secret_expires": yesterday}],
        )
        with instance.session(transport, read_only=True) as session:
            diagnosis = diagnose(session, how)
    assert {finding["id"]: finding["severity"] for finding in diagnosis["findings"]} == {
        **({"api_key_expires": "error"} if keys_expire else {}),
        "client_secret_expires": "error",
        "certificate_expires": "warning",
    }
    days = {row["kind"]: row["days_left"] for row in diagnosis["expiry"] if row["severity"]}
    assert days.pop("client_secret") < 0
    assert days == {"certificate": 20, **({"api_key": 5} if keys_expire else {})}


def test_dates_from_the_inventory_in_the_reports(instance: LabInstance, tmp_path: Path) -> None:
    yesterday = (date.today() - timedelta(days=1)).isoformat()
    server = {"name": "Main", "smtp_host": "smtp.invalid", "smtp_pass_rotate_by": yesterday}
    unresolved = {"smtp_pass": "{{ vault_that_nobody_defines }}"}
    instance.enforce({"servers": [server]}, verify="none")
    variables = {
        **{f"odoo_{name}": value for name, value in instance.options("jsonrpc").items()},
        "odoo_mail_servers": [{**server, **unresolved}],
        "doctor_checks": ["expiry"],
    }
    reports = tmp_path / "reports"
    run = run_on(tmp_path, "doctor", {"acme": variables}, doctor_report_folder=str(reports))
    assert run.exit_code == 0, run.output
    lines = shown(run, "Show the findings")["acme"]
    assert any(line.startswith("* password_rotation_due: ") for line in lines), lines
    assert f"* {yesterday} (expired): The password of the mail server 'Main'" in lines[lines.index("EXPIRY") :]
    report = (reports / "doctor.md").read_text()
    assert "## Expiry" in report
    assert f"| {yesterday} | -1 | ended |" in report or f"| {yesterday} | -2 | ended |" in report
