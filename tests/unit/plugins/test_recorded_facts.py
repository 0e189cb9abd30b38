# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The recorded facts of running servers: the simulated Odoo repeats them, and the collection classifies them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import classify, classify_mail
from ansible_collections.postmaster.odoo.tests.unit.series import RECORDED
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import record_facts
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.mails import HANGS_UP
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.record_failures import SITUATIONS, odoo_message
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import load_facts

# The class of each situation: of a mail, and of the connection test.
CLASSES = {
    "authentication refused": "auth",
    "authentication unsupported": "auth_unsupported",
    "connection refused": "unreachable",
    "content refused": "throttled",
    "data refused": "too_large",
    "greeting refused": "client_blocked",
    "hangs up": "interrupted",
    "hangs up at once": "disconnected",
    "host unknown": "dns",
    "recipient refused": "recipient_rejected",
    "sender refused": "sender_rejected",
    "silent": "timeout",
    "starttls unsupported": "starttls_unsupported",
    "tls on a plain port": "tls",
}
CLASSES_OF_TESTS = {**CLASSES, "hangs up": "disconnected"}
# The connection test of 16.0 leaves out the code or the text of these.
SHORTENED = {
    "authentication unsupported": "unknown",
    "silent": "disconnected",
    "starttls unsupported": "unknown",
}


@pytest.fixture(params=RECORDED)
def series(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_each_situation_was_recorded(series: str) -> None:
    facts = load_facts(series)
    assert set(facts.failed_sendings) == set(CLASSES) == set(SITUATIONS)
    # The test sends no content.
    assert set(facts.failed_tests) == set(SITUATIONS) - {"data refused"}


@pytest.mark.parametrize("situation", CLASSES)
def test_reasons_of_mails_are_classified(odoo: SimulatedOdoo, situation: str) -> None:
    mail = odoo.add("mail.mail", subject="x", email_to="to@acme.example")
    odoo.delivery = lambda _mail: situation
    odoo.session().call("mail.mail", "process_email_queue")
    record = odoo.record("mail.mail", mail)
    assert record["state"] == "exception"
    assert classify_mail(record["failure_reason"], record["failure_type"] or "") == CLASSES[situation]


@pytest.mark.parametrize("situation", [one for one in CLASSES_OF_TESTS if one != "data refused"])
def test_messages_of_connection_tests_are_classified(odoo: SimulatedOdoo, situation: str) -> None:
    server = odoo.add("ir.mail_server", name="Main", from_filter="acme.example")
    odoo.smtp_outcomes[server] = situation
    with pytest.raises(Rejected) as caught:
        odoo.session().call("ir.mail_server", "test_smtp_connection", [server])
    expected = {**CLASSES_OF_TESTS, **(SHORTENED if odoo.series == "16.0" else {})}
    assert classify(caught.value.message) == expected[situation]


def test_a_server_that_hangs_up_ends_the_batch(odoo: SimulatedOdoo) -> None:
    for _mail in range(2):
        odoo.add("mail.mail", subject="x")
    odoo.delivery = lambda _mail: HANGS_UP
    odoo.session().call("mail.mail", "process_email_queue")
    assert sorted(mail["state"] for mail in odoo.records.tables["mail.mail"].values()) == ["exception", "outgoing"]


def test_bytes_are_decoded_up_to_17(series: str) -> None:
    reason = load_facts(series).failed_sendings["content refused"]["failure_reason"].rpartition("SMTPDataError: ")[2]
    assert reason == "451\n4.3.0 Try again later" if series in ("16.0", "17.0") else "(451, b'4.3.0 Try again later')"


@pytest.mark.parametrize("method", ["read_group", "formatted_read_group"])
def test_groups_are_those_of_the_facts(odoo: SimulatedOdoo, method: str) -> None:
    for _mail in range(2):
        odoo.add("mail.mail", subject="x", state="cancel")
    rows = odoo.facts.groups.get(method, [])
    assert bool(rows) is (method == "read_group" or odoo.major >= 19)
    for row in rows:
        fields, order = row["aggregates"], row["order"]
        how: dict[str, Any] = (
            {"fields": fields, "lazy": False} if method == "read_group" else {"aggregates": ["__count", *fields]}
        )
        if order:
            how["orderby" if method == "read_group" else "order"] = order
        assert answer(odoo, method, how) == (row.get("keys"), row.get("error"))


def answer(odoo: SimulatedOdoo, method: str, how: dict[str, Any]) -> tuple[list[str] | None, str | None]:
    """Return the keys of a group, or the error."""
    try:
        (group,) = odoo.session().call("mail.mail", method, domain=[], groupby=["state"], **how)
    except OdooError as error:
        return None, odoo_message(error)
    return sorted(group), None


def test_in_16_only_some_fields_sort_groups() -> None:
    rows = {(*row["aggregates"], row["order"]): row for row in load_facts("16.0").groups["read_group"]}
    assert "ambiguous" in rows["id:max", "id desc"]["error"]
    assert "error" in rows["newest:max(id)", "__count desc"]
    assert rows["id:max", None]["keys"] == ["__count", "state"]
    assert rows["newest:max(id)", "newest desc"]["keys"] == ["__count", "newest", "state"]


def test_only_16_has_no_logger_for_code(series: str) -> None:
    assert ("_logger" in load_facts(series).server_action_names) is (series != "16.0")


def test_defaults_are_those_of_the_facts(odoo: SimulatedOdoo) -> None:
    """One of them is the single run of a cron up to 17.0."""
    cron = odoo.record("ir.cron", odoo.add("ir.cron", name="x", model_id=1))
    assert cron.get("numbercall") == (1 if odoo.series in ("16.0", "17.0") else None)
    mail = odoo.record("mail.mail", odoo.add("mail.mail", subject="x"))
    assert mail["message_type"] == ("email" if odoo.series == "16.0" else "email_outgoing")


def test_the_files_are_those_of_the_series() -> None:
    assert {path.name for path in Path(record_facts.FACTS).iterdir()} == {f"odoo-{series}.json" for series in RECORDED}
