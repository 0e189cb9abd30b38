# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail servers on every series, from the declaration to what Odoo holds."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.diff import plan_diff
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    Ambiguous,
    Invalid,
    OdooError,
    Rejected,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.info import read_info
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    actions,
    changes,
    neutralize,
    refuse_creating,
    refused,
    refused_unwritten,
    run,
    server,
    servers,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.series import (
    HAVE_SENDER_LISTS,
    HAVE_SERVERS_WITHOUT_HOST,
    HAVE_STRICT_TLS,
    SERIES,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

MASK = "********"
MAIN: dict[str, Any] = {
    "name": "Main",
    "smtp_host": "smtp.acme.example",
    "smtp_port": 587,
    "smtp_encryption": "starttls",
    "smtp_authentication": "login",
    "smtp_user": "apikey",
    "smtp_pass": "correct-horse",
    "from_filter": "acme.example",
    "sequence": 5,
    "smtp_debug": True,
}
GMAIL = {
    "name": "Gmail",
    "smtp_host": "smtp.gmail.com",
    "smtp_authentication": "gmail",
    "smtp_encryption": "starttls",
    "smtp_user": "sales@acme.example",
}
TIMEOUT = {"ir.mail_server": {"smtp_timeout": {"store": True, "type": "integer"}}}


def declared(**options: Any) -> dict[str, Any]:
    return {"servers": [{"name": "Main", "smtp_host": "smtp.acme.example", **options}]}


def test_the_life_of_a_server(odoo: SimulatedOdoo) -> None:
    def step(**options: Any) -> list[tuple[str, str]]:
        plan = run(odoo, declared(**options)).plan
        assert run(odoo, declared(**options)).plan == ()
        return actions(plan)

    assert step(**MAIN) == [("create", "Main")]
    assert {name: server(odoo, "Main")[name] for name in MAIN} == MAIN
    assert step(smtp_port=465, smtp_encryption="ssl") == [("update", "Main")]
    assert step(active=False) == [("archive", "Main")]
    assert server(odoo, "Main")["active"] is False
    assert step(active=True, sequence=7) == [("unarchive", "Main")]
    assert server(odoo, "Main")["smtp_host"] == "smtp.acme.example"
    assert step(state="absent") == [("delete", "Main")]
    assert servers(odoo) == []


def test_only_what_differs_is_written(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(**MAIN))
    odoo.log.clear()
    plan = run(odoo, declared(**{**MAIN, "smtp_port": 2525})).plan
    assert changes(plan) == {"smtp_port": (587, 2525)}
    (write,) = [arguments for _model, method, _ids, arguments in odoo.log if method == "write"]
    assert write["vals"] == {"smtp_port": 2525}


@pytest.mark.parametrize(
    ("stored", "option"),
    [
        ({"from_filter": "A.example"}, {"from_filter": " a.example "}),
        ({"smtp_user": False}, {"smtp_user": ""}),
        ({"smtp_debug": False}, {"smtp_debug": False}),
        ({"smtp_user": "x", "smtp_pass": "y"}, {}),
    ],
)
def test_what_is_no_difference(odoo: SimulatedOdoo, stored: dict[str, Any], option: dict[str, Any]) -> None:
    odoo.add("ir.mail_server", name="Main", **stored)
    assert run(odoo, declared(**option)).plan == ()


@pytest.mark.parametrize("series", HAVE_SENDER_LISTS)
def test_the_order_of_senders_is_no_difference(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Main", from_filter="B.example,a@a.example")
    assert run(odoo, declared(from_filter=" a@A.example , b.example, b.example")).plan == ()


@pytest.mark.parametrize("series", HAVE_SERVERS_WITHOUT_HOST)
def test_an_empty_text_clears_the_host(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(**MAIN))
    run(odoo, declared(smtp_host="", active=False))
    assert server(odoo, "Main")["smtp_host"] is False


@pytest.mark.parametrize("series", HAVE_SERVERS_WITHOUT_HOST)
@pytest.mark.parametrize(
    ("stored", "options"),
    [
        (None, {}),
        (None, {"smtp_host": "", "active": True}),
        (None, {"smtp_authentication": "gmail", "smtp_encryption": "starttls", "smtp_user": "a@acme.example"}),
        ({"smtp_host": "smtp.acme.example"}, {"smtp_host": ""}),
        ({"smtp_host": False, "active": False}, {"sequence": 5}),
        ({"smtp_host": False, "smtp_authentication": "cli"}, {"smtp_authentication": "login"}),
    ],
)
def test_no_server_without_a_host_comes_into_use(
    odoo: SimulatedOdoo, stored: dict[str, Any] | None, options: dict[str, Any]
) -> None:
    if stored is not None:
        odoo.add("ir.mail_server", name="Main", **stored)
    text = refused_unwritten(Invalid, odoo, {"servers": [{"name": "Main", **options}]})
    assert "'Main': smtp_host is empty, so mail through this server would fail" in text


@pytest.mark.parametrize("series", HAVE_SERVERS_WITHOUT_HOST)
@pytest.mark.parametrize(
    ("stored", "options"),
    [
        (None, {"active": False}),
        (None, {"provider": "gmail"}),
        (None, {"smtp_authentication": "cli"}),
        ({"smtp_host": "smtp.acme.example"}, {"sequence": 5}),
        # Somebody else's work: what else is declared of it is enforced all the same.
        ({"smtp_host": False}, {"sequence": 5}),
    ],
)
def test_servers_that_need_no_host(odoo: SimulatedOdoo, stored: dict[str, Any] | None, options: dict[str, Any]) -> None:
    if stored is not None:
        odoo.add("ir.mail_server", name="Main", **stored)
    assert run(odoo, {"servers": [{"name": "Main", **options}]}).plan != ()
    assert run(odoo, {"servers": [{"name": "Main", **options}]}).plan == ()


@pytest.mark.parametrize("option", ["smtp_user", "smtp_pass", "from_filter"])
def test_an_empty_text_clears(odoo: SimulatedOdoo, option: str) -> None:
    run(odoo, declared(**MAIN))
    outcome = run(odoo, declared(**{option: ""}))
    assert changes(outcome.plan)[option][1] is None
    assert server(odoo, "Main")[option] is False


def test_secrets_are_compared_and_never_shown(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(**MAIN))
    outcome = run(odoo, declared(smtp_pass="battery-staple"))
    assert changes(outcome.plan) == {"smtp_pass": (MASK, MASK)}
    assert outcome.records[0]["smtp_pass"] == MASK
    assert server(odoo, "Main")["smtp_pass"] == "battery-staple"
    assert not any(secret in repr(outcome) for secret in ("correct-horse", "battery-staple"))


def pem(what: str, content: str) -> str:
    """No certificate and no key, but framed like one."""
    return f"-----BEGIN {what}-----\n{content}\n-----END {what}-----\n"


def test_certificates_are_compared_and_shown_by_checksum(odoo: SimulatedOdoo) -> None:
    options = {
        "smtp_authentication": "certificate",
        "smtp_encryption": "ssl",
        "smtp_ssl_certificate": pem("CERTIFICATE", "made up"),
        "smtp_ssl_private_key": pem("PRIVATE KEY", "made up"),
    }
    plan = run(odoo, declared(**options)).plan
    assert changes(plan)["smtp_ssl_certificate"][1].startswith("sha256:")
    assert changes(plan)["smtp_ssl_private_key"] == (None, MASK)
    assert run(odoo, declared(**options)).plan == ()
    renewed = run(odoo, declared(**{**options, "smtp_ssl_private_key": pem("PRIVATE KEY", "renewed")}))
    assert changes(renewed.plan) == {"smtp_ssl_private_key": (MASK, MASK)}
    assert "BEGIN" not in repr(renewed)


# Identity


def test_a_pin_is_created_with_the_record_and_survives_renaming(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(xml_id="postmaster.main"))
    pinned = odoo.ref("postmaster.main")
    outcome = run(odoo, {"servers": [{"name": "Renamed", "xml_id": "postmaster.main"}]})
    assert changes(outcome.plan) == {"name": ("Main", "Renamed")}
    assert outcome.records[0]["xml_id"] == "postmaster.main"
    assert [one["id"] for one in servers(odoo)] == [pinned]


def test_a_pin_is_added_to_the_record_of_the_name(odoo: SimulatedOdoo) -> None:
    existing = odoo.add("ir.mail_server", name="Main")
    plan = run(odoo, declared(xml_id="postmaster.main")).plan
    assert changes(plan) == {"xml_id": (None, "postmaster.main")}
    assert odoo.ref("postmaster.main") == existing
    assert run(odoo, declared(xml_id="postmaster.main")).plan == ()


def test_a_pin_tells_twins_apart(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Main")
    twin = odoo.add("ir.mail_server", name="Main")
    odoo.add("ir.model.data", module="postmaster", name="main", model="ir.mail_server", res_id=twin)
    run(odoo, declared(xml_id="postmaster.main", smtp_port=2525))
    assert [one["smtp_port"] for one in servers(odoo)] == [25, 2525]


def test_a_pin_of_another_model_is_refused(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Invalid, odoo, declared(xml_id="base.user_admin"))
    assert "mail server 'Main': the external ID base.user_admin belongs to a record of res.users" in text


def test_a_pin_whose_record_is_gone_is_set_anew(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.model.data", module="postmaster", name="main", model="ir.mail_server", res_id=999)
    run(odoo, declared(xml_id="postmaster.main"))
    assert [one["id"] for one in servers(odoo)] == [odoo.ref("postmaster.main")]
    assert run(odoo, declared(xml_id="postmaster.main")).plan == ()


@pytest.mark.parametrize("active", [True, False])
def test_one_name_for_two_records_is_ambiguous(odoo: SimulatedOdoo, active: bool) -> None:
    ids = [odoo.add("ir.mail_server", name="Main", active=active) for _twin in range(2)]
    text = refused_unwritten(Ambiguous, odoo, declared(smtp_port=25))
    assert f"mail server 'Main': 2 records match (ids {ids[0]}, {ids[1]})" in text


def test_one_server_is_declared_once(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Invalid, odoo, {"servers": [{"name": "Main"}, {"name": "Main", "smtp_port": 1}]})
    assert "mail server 'Main' is declared twice" in text


def test_two_declarations_of_one_record_are_refused(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(xml_id="postmaster.main"))
    odoo.log.clear()
    stack = {"servers": [{"name": "Main"}, {"name": "Other", "xml_id": "postmaster.main"}]}
    text = refused_unwritten(Ambiguous, odoo, stack)
    assert "'Main' and mail server 'Other' are the same record" in text


# What nobody declared


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("unmanaged", "listed", "archived"),
    [("ignore", [], []), ("report", ["Old"], []), ("archive", ["Old"], ["Old"])],
)
def test_unmanaged_servers(
    odoo: SimulatedOdoo, unmanaged: str, check: bool, listed: list[str], archived: list[str]
) -> None:
    odoo.add("ir.mail_server", name="Main")
    odoo.add("ir.mail_server", name="Old")
    odoo.add("ir.mail_server", name="Archived", active=False)
    outcome = run(odoo, declared(), check=check, unmanaged=unmanaged)
    assert actions(outcome.plan) == [("archive", name) for name in archived]
    inactive = [one["name"] for one in servers(odoo) if not one["active"]]
    assert inactive == ([] if check else archived) + ["Archived"]
    if check or not archived:
        assert [one["name"] for one in outcome.unmanaged] == listed
    else:
        assert run(odoo, declared(), unmanaged=unmanaged).plan == ()


def test_a_server_in_use_is_not_archived(odoo: SimulatedOdoo) -> None:
    used = odoo.add("ir.mail_server", name="Main")
    odoo.add("mail.template", name="Invoice", mail_server_id=used)
    text = refused_unwritten(Rejected, odoo, declared(active=False))
    assert "You cannot archive this Outgoing Mail Server (Main)" in text
    assert "the mail templates 'Invoice'" in text
    assert server(odoo, "Main")["active"] is True


def test_what_nobody_declared_but_something_uses_is_not_archived(odoo: SimulatedOdoo) -> None:
    odoo.add("mailing.mailing", subject="News", mail_server_id=odoo.add("ir.mail_server", name="Used"))
    odoo.add("ir.mail_server", name="Unused")
    for check in (True, False):
        outcome = run(odoo, declared(sequence=3), unmanaged="archive", check=check)
        assert ("archive", "Unused") in actions(outcome.plan)
        assert ("archive", "Used") not in actions(outcome.plan)
        assert any("'Used'" in warning and "'News'" in warning for warning in outcome.warnings)
    assert run(odoo, declared(sequence=3), unmanaged="archive").plan == ()


@pytest.mark.parametrize("series", ["19.0", "20.0"])
def test_personal_servers_are_their_owners(odoo: SimulatedOdoo) -> None:
    personal = odoo.add("ir.mail_server", name="Main", smtp_host="personal.example", owner_user_id=2)
    outcome = run(odoo, declared(smtp_host="smtp.acme.example"), unmanaged="archive")
    assert actions(outcome.plan) == [("create", "Main")]
    assert outcome.unmanaged == []
    assert odoo.record("ir.mail_server", personal)["smtp_host"] == "personal.example"
    assert odoo.record("ir.mail_server", personal)["active"] is True
    assert actions(run(odoo, declared(state="absent")).plan) == [("delete", "Main")]
    assert [one["id"] for one in servers(odoo)] == [personal]


@pytest.mark.parametrize("series", ["19.0", "20.0"])
def test_a_pin_of_a_personal_server_is_refused(odoo: SimulatedOdoo) -> None:
    personal = odoo.add("ir.mail_server", name="Mine", owner_user_id=2)
    odoo.add("ir.model.data", module="postmaster", name="main", model="ir.mail_server", res_id=personal)
    assert "postmaster.main" in refused_unwritten(OdooError, odoo, declared(xml_id="postmaster.main"))


# What a deletion takes


@pytest.mark.parametrize("check", [True, False])
def test_deleting_a_server_tells_who_loses_it(odoo: SimulatedOdoo, check: bool) -> None:
    used = odoo.add("ir.mail_server", name="Main")
    odoo.add("mail.template", name="Invoice", mail_server_id=used)
    odoo.add("mail.template", name="Offer", mail_server_id=used)
    odoo.add("mailing.mailing", subject="News", mail_server_id=used)
    outcome = run(odoo, declared(state="absent"), check=check)
    assert actions(outcome.plan) == [("delete", "Main")]
    (warning,) = outcome.warnings
    assert warning.startswith(
        "mail server 'Main': deleting it removes it from the mail templates 'Invoice', 'Offer' and the mailings 'News'. "
    )
    assert bool(servers(odoo)) is check


def test_deleting_what_nobody_uses_is_no_news(odoo: SimulatedOdoo) -> None:
    other = odoo.add("ir.mail_server", name="Other")
    odoo.add("mail.template", name="Invoice", mail_server_id=other)
    odoo.add("ir.mail_server", name="Main")
    assert run(odoo, declared(state="absent")).warnings == []
    assert run(odoo, declared(state="absent")).warnings == []


def test_deleting_where_there_are_no_mailings(series: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={"mass_mailing"})
    used = odoo.add("ir.mail_server", name="Main")
    odoo.add("mail.template", name="Invoice", mail_server_id=used)
    assert len(run(odoo, declared(state="absent")).warnings) == 1


# Senders


@pytest.mark.parametrize("entry", ["two words", "a@b@c", "@acme.example", "a@", "<a@acme.example>", ".acme.example"])
def test_what_is_no_sender_is_refused(odoo: SimulatedOdoo, entry: str) -> None:
    text = refused_unwritten(Invalid, odoo, declared(from_filter=f"acme.example, {entry}"))
    assert f"from_filter contains {entry!r}, which is neither an email address nor a domain" in text


@pytest.mark.parametrize("series", [series for series in SERIES if series not in HAVE_SENDER_LISTS])
def test_a_list_of_senders_came_with_17(odoo: SimulatedOdoo) -> None:
    """16.0 takes one, and matches nothing if there are more."""
    text = refused_unwritten(Unsupported, odoo, declared(from_filter="acme.example, sales@acme.example"))
    assert "accepts only one address or domain: declare one server for each" in text
    assert "from_filter contains 2 entries" in text
    run(odoo, declared(from_filter="acme.example"))
    run(odoo, declared(from_filter=""))
    assert server(odoo, "Main")["from_filter"] is False


# Neutralized copies


@pytest.mark.parametrize("options", [{}, {"active": True}])
def test_on_a_neutralized_copy_nothing_is_activated(odoo: SimulatedOdoo, options: dict[str, Any]) -> None:
    odoo.add("ir.mail_server", name="Old")
    neutralize(odoo)
    stack = {
        "servers": [
            {"name": "Old", **options, "smtp_port": 587},
            {"name": "New", "smtp_host": "mx.acme.example", **options},
        ]
    }
    outcome = run(odoo, stack, unmanaged="archive")
    assert actions(outcome.plan) == [("update", "Old"), ("create", "New")]
    assert not server(odoo, "Old")["active"]
    assert not server(odoo, "New")["active"]
    assert server(odoo, "neutralization - disable emails")["active"]
    again = run(odoo, stack, unmanaged="archive")
    assert again.plan == ()
    if options:
        assert ["neutralized copy" in warning for warning in again.warnings] == [True, True]


def test_a_neutralized_copy_may_be_meant_to_send(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Main")
    neutralize(odoo)
    outcome = run(odoo, declared(active=True), activate_neutralized=True)
    assert actions(outcome.plan) == [("unarchive", "Main")]
    assert outcome.warnings == []


def test_what_was_activated_on_a_neutralized_copy_stays(odoo: SimulatedOdoo) -> None:
    neutralize(odoo)
    odoo.add("ir.mail_server", name="Main")
    outcome = run(odoo, declared(active=True))
    assert (outcome.plan, outcome.warnings) == ((), [])
    assert actions(run(odoo, declared(state="absent")).plan) == [("delete", "Main")]


# What this instance has


@pytest.mark.parametrize("encryption", ["starttls_strict", "ssl_strict"])
@pytest.mark.parametrize("series", [series for series in SERIES if series not in HAVE_STRICT_TLS])
def test_strict_encryption_came_with_19(odoo: SimulatedOdoo, series: str, encryption: str) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(smtp_port=587, smtp_encryption=encryption))
    assert text.startswith(f"mail server 'Main': smtp_encryption '{encryption}' is not a valid value on Odoo {series}")
    assert "(expected one of none, starttls, ssl" in text
    assert "database simulated at http://odoo.example" in text


@pytest.mark.parametrize("series", ["19.0", "20.0"])
def test_strict_encryption_on_19(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(smtp_encryption="starttls_strict"))
    assert server(odoo, "Main")["smtp_encryption"] == "starttls_strict"


def test_smtp_timeout_is_in_no_version(odoo: SimulatedOdoo, series: str) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(smtp_timeout=30))
    assert "mail server 'Main': smtp_timeout does not exist on this instance" in text
    assert f"Odoo {series}" in text


def test_smtp_timeout_where_an_addon_brings_it(series: str) -> None:
    odoo = SimulatedOdoo(series, extra_fields=TIMEOUT)
    assert changes(run(odoo, declared(smtp_timeout=30)).plan)["smtp_timeout"] == (None, 30)
    assert run(odoo, declared(smtp_timeout=30)).plan == ()
    assert changes(run(odoo, declared(smtp_timeout=20)).plan) == {"smtp_timeout": (30, 20)}


def test_a_short_timeout_is_warned_of(series: str) -> None:
    odoo = SimulatedOdoo(series, extra_fields=TIMEOUT)
    (warning,) = run(odoo, declared(smtp_timeout=29)).warnings
    assert warning.startswith("mail server 'Main': smtp_timeout 29 is short")
    assert run(odoo, declared(smtp_timeout=30)).warnings == []


def test_a_timeout_names_the_role_that_brings_it(odoo: SimulatedOdoo) -> None:
    assert "postmaster.odoo.smtp_timeout" in refused_unwritten(Unsupported, odoo, declared(smtp_timeout=30))


@pytest.mark.parametrize("series", ["16.0", "17.0"])
def test_max_email_size_is_not_in_17(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(max_email_size=10.0))
    assert "max_email_size does not exist on this instance" in text
    assert "base.default_max_email_size" not in text  # which 17.0 does not read


@pytest.mark.parametrize("series", ["20.0"])
def test_max_email_size_is_one_parameter_in_20(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(max_email_size=10.0))
    assert "max_email_size does not exist on this instance" in text
    assert "declare the system parameter base.default_max_email_size" in text


@pytest.mark.parametrize("series", ["18.0", "19.0"])
def test_max_email_size_since_18(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(max_email_size=10.5))
    assert server(odoo, "Main")["max_email_size"] == 10.5
    assert run(odoo, declared(max_email_size=10.5)).plan == ()


def test_all_that_is_unsupported_is_told_at_once(odoo: SimulatedOdoo) -> None:
    text = refused_unwritten(Unsupported, odoo, declared(smtp_timeout=30, smtp_encryption="tls"))
    assert "smtp_timeout" in text
    assert "'tls'" in text


@pytest.mark.parametrize(("authentication", "addon"), [("gmail", "google_gmail"), ("outlook", "microsoft_outlook")])
def test_what_an_addon_would_bring_names_the_addon(series: str, authentication: str, addon: str) -> None:
    odoo = SimulatedOdoo(series, without_addons={addon})
    options = {**GMAIL, "smtp_authentication": authentication, "oauth2": {"client_id": "a", "client_secret": "b"}}
    text = refused_unwritten(Unsupported, odoo, {"servers": [options]})
    assert f"it belongs to the addon {addon}, which is not installed" in text
    stack = {"addons": [addon], "servers": [options]}
    predicted = run(odoo, stack, check=True).plan
    clients = [("create", f"{addon}_client_id"), ("create", f"{addon}_client_secret")]
    assert actions(predicted) == [("install", addon), *clients, ("create", "Gmail")]
    assert [step.as_result() for step in run(odoo, stack).plan] == [step.as_result() for step in predicted]
    assert server(odoo, "Gmail")["smtp_authentication"] == authentication
    assert run(odoo, stack).plan == ()


def test_odoos_own_rules_come_in_its_own_words(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key="google_gmail_client_id", value="a")
    odoo.add("ir.config_parameter", key="google_gmail_client_secret", value="b")
    odoo.add("ir.mail_server", **GMAIL)
    # Whoever does not speak of how to log in is not asked about it.
    odoo.records.tables["ir.mail_server"][1]["smtp_encryption"] = "ssl"
    text = refused(Rejected, odoo, {"servers": [{"name": "Gmail", "from_filter": "acme.example"}]})
    assert "Odoo rejected the call: Incorrect Connection Security for Gmail mail server" in text


# What goes wrong


@pytest.mark.parametrize("existing", [True, False])
def test_what_does_not_stick_is_rejected(odoo: SimulatedOdoo, existing: bool) -> None:
    if existing:
        odoo.add("ir.mail_server", name="Main")
    odoo.ignored_writes.add(("ir.mail_server", "smtp_user"))
    text = refused(Rejected, odoo, declared(smtp_user="apikey", smtp_port=587))
    assert "mail_server 'Main': smtp_user did not take effect" in text
    assert server(odoo, "Main")["smtp_port"] == 587


def test_a_clerk_may_not(odoo: SimulatedOdoo) -> None:
    odoo.user = "clerk"
    text = refused_unwritten(AccessRefused, odoo, declared(smtp_pass="correct-horse"))
    assert "Use a user with the access right Administration / Settings" in text
    assert "correct-horse" not in text


def test_a_record_whose_pin_was_refused_was_made_all_the_same(odoo: SimulatedOdoo) -> None:
    def refuse_pins(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("ir.model.data", "create"):
            raise Rejected("no pins today")

    odoo.before.append(refuse_pins)
    with pytest.raises(Rejected) as caught:
        run(odoo, declared(xml_id="postmaster.main"))
    assert bool(caught.value.details["applied"]) == bool(servers(odoo))


def test_a_failing_server_leaves_those_before_it(odoo: SimulatedOdoo) -> None:
    refuse_creating(odoo, "Second")
    with pytest.raises(Rejected) as caught:
        run(odoo, {"servers": [MAIN, {**MAIN, "name": "Second"}, {**MAIN, "name": "Third"}]})
    assert actions(caught.value.details["applied"]) == [("create", "Main")]
    assert [one["name"] for one in servers(odoo)] == ["Main"]
    assert ("ir.mail_server", "create") in written(odoo)


def test_a_user_that_is_the_password_too_is_as_secret(odoo: SimulatedOdoo) -> None:
    """Postmark's token is both."""
    run(odoo, declared(smtp_user="old-token", smtp_pass="old-token"))
    outcome = run(odoo, declared(smtp_user="new-token", smtp_pass="new-token"))
    assert changes(outcome.plan) == {"smtp_user": (MASK, MASK), "smtp_pass": (MASK, MASK)}
    assert outcome.records[0]["smtp_user"] == MASK
    assert not any(secret in repr(outcome) for secret in ("old-token", "new-token"))
    assert "# differs" in plan_diff(outcome.plan)[0]["after"]
    assert read_info(odoo.session(), MAIL_SERVER)[0]["smtp_user"] == MASK


@pytest.mark.parametrize("unmanaged", [True, False])
def test_the_default_server_of_mailings_is_in_use(odoo: SimulatedOdoo, unmanaged: bool) -> None:
    used = odoo.add("ir.mail_server", name="Used")
    odoo.add("ir.config_parameter", key="mass_mailing.mail_server_id", value=str(used))
    if unmanaged:
        outcome = run(odoo, declared(sequence=3), unmanaged="archive")
        assert any("Email Marketing as its default server" in warning for warning in outcome.warnings)
    else:
        stack = {"servers": [{"name": "Used", "active": False}]}
        assert "Email Marketing as its default server" in refused_unwritten(Rejected, odoo, stack)
    assert server(odoo, "Used")["active"] is True


@pytest.mark.parametrize("series", [series for series in SERIES if series not in HAVE_SERVERS_WITHOUT_HOST])
def test_a_host_where_odoo_requires_one(odoo: SimulatedOdoo) -> None:
    assert "smtp_host is missing" in refused_unwritten(Invalid, odoo, {"servers": [{"name": "Main"}]})
    run(odoo, declared(smtp_host="smtp.acme.example"))


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("smtps://smtp.acme.example", "contains a scheme"),
        ("smtp.acme.example:587", "contains a port"),
        ("smtp.acme.example,mx.acme.example", "is not a valid host name"),
        ("two words", "is not a valid host name"),
        ("user@smtp.acme.example", "is not a valid host name"),
        ("::1", ""),
        ("[::1]", ""),
        ("10.0.0.7", ""),
        (" smtp.acme.example ", "must not begin or end with blanks"),
    ],
)
def test_a_host_is_a_name_alone(odoo: SimulatedOdoo, host: str, words: str) -> None:
    stack = {"servers": [{**MAIN, "smtp_host": host}]}
    if words:
        with pytest.raises(Invalid, match=words):
            run(odoo, stack)
        assert written(odoo) == []
    else:
        run(odoo, stack)


def test_a_host_that_somebody_has_stored_keeps_nobody_from_declaring_the_rest(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Main", smtp_host="smtp.acme.example:587")
    assert actions(run(odoo, {"servers": [{"name": "Main", "sequence": 3}]}).plan) == [("update", "Main")]
