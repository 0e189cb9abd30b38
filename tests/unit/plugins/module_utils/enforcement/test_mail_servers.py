# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail servers on every series, from the declaration to the records in Odoo."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.diff import plan_diff
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    Invalid,
    Rejected,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.info import read_info
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    actions,
    changes,
    refuse_creating,
    refused,
    refused_unwritten,
    run,
    server,
    servers,
    written,
)
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_logins import MASK
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.enforcement.declared_mail_servers import (
    MAIN,
    declared,
)
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_SENDER_LISTS, HAVE_SERVERS_WITHOUT_HOST, SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


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


def test_only_differences_are_written(odoo: SimulatedOdoo) -> None:
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
def test_equal_values_in_different_forms(odoo: SimulatedOdoo, stored: dict[str, Any], option: dict[str, Any]) -> None:
    odoo.add("ir.mail_server", name="Main", **stored)
    assert run(odoo, declared(**option)).plan == ()


@pytest.mark.parametrize("option", ["smtp_user", "smtp_pass", "from_filter"])
def test_an_empty_text_clears_a_field(odoo: SimulatedOdoo, option: str) -> None:
    run(odoo, declared(**MAIN))
    outcome = run(odoo, declared(**{option: ""}))
    assert changes(outcome.plan)[option][1] is None
    assert server(odoo, "Main")[option] is False


# Hosts


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
def test_a_server_without_a_host_is_not_activated(
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
        # The record belongs to other software. Its other declared fields are still enforced.
        ({"smtp_host": False}, {"sequence": 5}),
    ],
)
def test_servers_that_need_no_host(odoo: SimulatedOdoo, stored: dict[str, Any] | None, options: dict[str, Any]) -> None:
    if stored is not None:
        odoo.add("ir.mail_server", name="Main", **stored)
    assert run(odoo, {"servers": [{"name": "Main", **options}]}).plan != ()
    assert run(odoo, {"servers": [{"name": "Main", **options}]}).plan == ()


@pytest.mark.parametrize("series", [series for series in SERIES if series not in HAVE_SERVERS_WITHOUT_HOST])
def test_a_host_is_required_if_odoo_requires_one(odoo: SimulatedOdoo) -> None:
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
def test_a_host_is_only_a_name(odoo: SimulatedOdoo, host: str, words: str) -> None:
    stack = {"servers": [{**MAIN, "smtp_host": host}]}
    if words:
        with pytest.raises(Invalid, match=words):
            run(odoo, stack)
        assert written(odoo) == []
    else:
        run(odoo, stack)


def test_an_invalid_stored_host_does_not_prevent_other_declarations(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Main", smtp_host="smtp.acme.example:587")
    assert actions(run(odoo, {"servers": [{"name": "Main", "sequence": 3}]}).plan) == [("update", "Main")]


# Secrets


def test_secrets_are_compared_and_never_shown(odoo: SimulatedOdoo) -> None:
    run(odoo, declared(**MAIN))
    outcome = run(odoo, declared(smtp_pass="battery-staple"))
    assert changes(outcome.plan) == {"smtp_pass": (MASK, MASK)}
    assert outcome.records[0]["smtp_pass"] == MASK
    assert server(odoo, "Main")["smtp_pass"] == "battery-staple"
    assert not any(secret in repr(outcome) for secret in ("correct-horse", "battery-staple"))


def pem(what: str, content: str) -> str:
    """They are not a certificate and a key, but have the same frames."""
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


def test_a_user_that_equals_the_password_is_a_secret(odoo: SimulatedOdoo) -> None:
    """Postmark's token is both."""
    run(odoo, declared(smtp_user="old-token", smtp_pass="old-token"))
    outcome = run(odoo, declared(smtp_user="new-token", smtp_pass="new-token"))
    assert changes(outcome.plan) == {"smtp_user": (MASK, MASK), "smtp_pass": (MASK, MASK)}
    assert outcome.records[0]["smtp_user"] == MASK
    assert not any(secret in repr(outcome) for secret in ("old-token", "new-token"))
    assert "# differs" in plan_diff(outcome.plan)[0]["after"]
    assert read_info(odoo.session(), MAIL_SERVER)[0]["smtp_user"] == MASK


# Senders


@pytest.mark.parametrize("series", HAVE_SENDER_LISTS)
def test_the_order_of_senders_is_not_a_difference(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Main", from_filter="B.example,a@a.example")
    assert run(odoo, declared(from_filter=" a@A.example , b.example, b.example")).plan == ()


@pytest.mark.parametrize("entry", ["two words", "a@b@c", "@acme.example", "a@", "<a@acme.example>", ".acme.example"])
def test_a_value_that_is_not_a_sender_is_refused(odoo: SimulatedOdoo, entry: str) -> None:
    text = refused_unwritten(Invalid, odoo, declared(from_filter=f"acme.example, {entry}"))
    assert f"from_filter contains {entry!r}, which is neither an email address nor a domain" in text


@pytest.mark.parametrize("series", [series for series in SERIES if series not in HAVE_SENDER_LISTS])
def test_a_list_of_senders_exists_since_17(odoo: SimulatedOdoo) -> None:
    """16.0 accepts one, and matches nothing if there are several."""
    text = refused_unwritten(Unsupported, odoo, declared(from_filter="acme.example, sales@acme.example"))
    assert "accepts only one address or domain: declare one server for each" in text
    assert "from_filter contains 2 entries" in text
    run(odoo, declared(from_filter="acme.example"))
    run(odoo, declared(from_filter=""))
    assert server(odoo, "Main")["from_filter"] is False


# Errors


@pytest.mark.parametrize("existing", [True, False])
def test_a_value_that_odoo_does_not_keep_is_rejected(odoo: SimulatedOdoo, existing: bool) -> None:
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


def test_a_failing_server_does_not_undo_those_before_it(odoo: SimulatedOdoo) -> None:
    refuse_creating(odoo, "Second")
    with pytest.raises(Rejected) as caught:
        run(odoo, {"servers": [MAIN, {**MAIN, "name": "Second"}, {**MAIN, "name": "Third"}]})
    assert actions(caught.value.details["applied"]) == [("create", "Main")]
    assert [one["name"] for one in servers(odoo)] == ["Main"]
    assert ("ir.mail_server", "create") in written(odoo)
