# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks, which are pure: what was seen on one side, findings on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.cron_checks import check_crons
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits, Observation, Sender
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.odoo_configuration import (
    LOCAL,
    read_configuration,
    relay_of,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.queue_checks import check_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.routing_checks import check_routing
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.server_checks import check_servers
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.setup_checks import check_setup
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import (
    STOCK_CODE,
    WATCHDOG,
    Lane,
    lanes_code,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import Rules

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=timezone.utc)

Check = Callable[[Observation, Limits], Iterator[Finding]]


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def results(check: Check, **seen: Any) -> dict[str, dict[str, Any]]:
    """The findings by their ids; none may come twice."""
    findings = [finding.as_result() for finding in check(Observation(NOW, **seen), Limits())]
    by_id = {finding["id"]: finding for finding in findings}
    assert len(by_id) == len(findings)
    return by_id


# Scheduled actions


def cron(
    number: int = 3, xml_id: str | None = QUEUE, *, last: float | None = 30, due: float = -30, **values: Any
) -> dict[str, Any]:
    """An action that ended `last` minutes ago and was due `due` minutes ago; on schedule unless told otherwise."""
    own = {
        "id": number,
        "xml_id": xml_id,
        "name": f"Action {number}",
        "active": True,
        "interval_number": 1,
        "interval_type": "hours",
        "lastcall": None if last is None else ago(last),
        "nextcall": ago(due),
        "write_date": ago(5000),
    }
    return {**own, **values}


def other(**values: Any) -> dict[str, Any]:
    """An action that has nothing to do with mail."""
    return cron(9, "base.autovacuum_job", **values)


def run(cron_id: int, minutes: float, *, ended: bool) -> dict[str, Any]:
    """What Odoo notes of a run."""
    return {"cron_id": cron_id, "create_date": ago(minutes), "timed_out_counter": 0 if ended else 1}


def crons(*listed: dict[str, Any], **seen: Any) -> dict[str, dict[str, Any]]:
    return results(check_crons, crons=listed, **seen)


def test_on_schedule() -> None:
    assert crons(cron(), other()) == {}
    assert crons(cron(due=9), other()) == {}  # within max_overdue


@pytest.mark.parametrize(("xml_id", "severity"), [(QUEUE, "error"), (WATCHDOG, "warning")])
def test_what_stops_one_action(xml_id: str, severity: str) -> None:
    rest = [] if xml_id == QUEUE else [cron(1)]
    bad = {"failure_count": 2, "first_failure_date": ago(90)}
    assert {one["severity"] for one in crons(*rest, cron(7, xml_id, active=False)).values()} == {severity}
    found = crons(*rest, cron(7, xml_id, due=-125, **bad))
    assert {name: one["severity"] for name, one in found.items()} == {
        "cron_far_future": severity,
        "cron_failing": severity,
    }


def test_an_action_that_is_none_of_mails_may_be_as_it_is() -> None:
    assert crons(cron(), other(active=False), cron(8, None, failure_count=3, due=-99999)) == {}


def test_an_action_that_was_deleted() -> None:
    (finding,) = crons(other()).values()
    assert (finding["id"], finding["fixable"]) == ("cron_disabled", None)


@pytest.mark.parametrize(
    ("told", "changed", "number", "found"),
    [
        (100, 200, 3, "cron_auto_disabled"),
        (100, 50, 3, "cron_disabled"),  # a user has had a hand in it since
        (100, 200, 31, "cron_disabled"),  # another action
    ],
)
def test_who_has_disabled_it(told: float, changed: float, number: int, found: str) -> None:
    notice = {"date": ago(told), "body": f"Cron job 'Action' ({number}) has been deactivated after failing 5 times."}
    (finding,) = crons(cron(active=False, write_date=ago(changed)), notices=[notice]).values()
    assert finding["id"] == found
    assert (notice["body"] in finding["evidence"]) is (found == "cron_auto_disabled")


def test_inactive_on_purpose() -> None:
    assert crons(cron(active=False), parameters={"database.is_neutralized": "true"}) == {}


STOPPED = (cron(last=80, due=20), other(last=90, due=15))


@pytest.mark.parametrize(
    ("listed", "progress", "found"),
    [
        # 18.0 on: Odoo notes when a run begins.
        (STOPPED, [run(3, 80, ended=True)], "cron_overdue_no_worker"),
        (STOPPED, [], "cron_overdue_no_worker"),
        (STOPPED, [run(3, 19, ended=False), run(3, 80, ended=True)], "cron_overdue_running"),
        (STOPPED, [run(9, 14, ended=False)], "cron_overdue_running"),  # another holds the only worker
        (STOPPED, [run(3, 600, ended=False)], "cron_overdue_no_worker"),  # killed
        ((cron(last=80, due=20), other(last=2)), [run(9, 2, ended=True)], "cron_overdue_running"),  # others are
        ((cron(), other(last=90, due=15)), [run(9, 14, ended=False)], None),  # no mail is held up
        ((cron(), other(last=90, due=15)), [], "cron_overdue_no_worker"),  # mail will be, once it is due
        # It has been at it for hours, and others run meanwhile.
        (
            (cron(last=200, due=180), other(last=1)),
            [run(9, 1, ended=True), run(3, 180, ended=False)],
            "cron_overdue_running",
        ),
        ((cron(last=4400, due=4320), other(last=1)), [], "cron_overdue_running"),
        (
            (cron(), other(last=200, due=120)),
            [run(9, 120, ended=False)],
            None,
        ),  # a long job that mail does not wait for
        # Up to 17.0 only when one has ended.
        (STOPPED, None, "cron_overdue_no_worker"),
        ((cron(last=80, due=20), other(last=15)), None, "cron_overdue_running"),
        ((cron(last=80, due=20), other(last=18, due=12)), None, "cron_overdue_no_worker"),  # died since
        ((cron(last=None, due=20),), None, "cron_overdue_no_worker"),
    ],
)
def test_overdue(listed: tuple[dict[str, Any], ...], progress: list[dict[str, Any]] | None, found: str | None) -> None:
    findings = crons(*listed, progress=progress)
    assert set(findings) == ({found} if found else set())


def test_a_queue_that_hangs() -> None:
    """It does not become less of a problem with time."""
    idle = other(last=1)
    for minutes, severity in ((20, "warning"), (70, "error"), (4320, "error")):
        begun = run(3, minutes, ended=False)
        (finding,) = crons(cron(last=minutes + 60, due=minutes), idle, progress=[run(9, 1, ended=True), begun]).values()
        assert (finding["id"], finding["severity"]) == ("cron_overdue_running", severity)
        assert begun["create_date"] in finding["evidence"]
    (dead,) = crons(cron(last=200, due=180), progress=[run(3, 180, ended=False)]).values()
    assert dead["id"] == "cron_overdue_no_worker"
    assert f"It started at {ago(180)} UTC and has not ended." in dead["evidence"]


def test_a_lock_is_proof() -> None:
    idle, held = dict.fromkeys((3, 9), False), {3: False, 9: True}
    unfinished = [run(3, 19, ended=False)]
    assert set(crons(*STOPPED, progress=unfinished, locked=idle)) == {"cron_overdue_no_worker"}
    assert set(crons(*STOPPED, progress=[], locked=held)) == {"cron_overdue_running"}
    assert set(crons(cron(last=80, due=20), progress=unfinished, locked={3: False})) == {"cron_overdue_no_worker"}


def test_pending_addons_explain_why_nothing_runs() -> None:
    findings = crons(*STOPPED, progress=[], pending_addons={"crm": "to upgrade", "base": "to install"})
    assert set(findings) == {"addons_pending"}
    assert (
        findings["addons_pending"]["evidence"]
        == "base (to install), crm (to upgrade). 2 of 2 active crons are overdue."
    )


def test_calls_that_nobody_takes() -> None:
    trigger = {"cron_id": [3, "Action 3"], "call_at": ago(30)}
    (finding,) = crons(cron(), late_triggers=[trigger, trigger]).values()
    assert finding["id"] == "cron_trigger_backlog"
    assert finding["evidence"] == f"2 triggers of 'Action 3' have not been processed. The oldest is from {ago(30)} UTC."
    assert finding["evidence"] in crons(*STOPPED, late_triggers=[trigger] * 2)["cron_overdue_no_worker"]["evidence"]


def test_a_call_whose_run_takes_its_time() -> None:
    """Odoo forgets a call when its run has ended, not before."""
    mailing = cron(7, "mass_mailing.ir_cron_mass_mailing_queue", last=5000)

    def called(minutes: int, progress: list[dict[str, Any]], **seen: Any) -> set[str]:
        trigger = {"cron_id": [7, "Action 7"], "call_at": ago(minutes)}
        return set(crons(cron(), mailing, progress=progress, late_triggers=[trigger], **seen))

    assert called(15, [run(7, 15, ended=False)]) == set()
    assert called(15, [], locked={7: True}) == set()
    assert called(40, []) == set()  # a worker has been there 30 minutes ago
    assert called(15, []) == {"cron_trigger_backlog"}
    assert called(70, [run(7, 70, ended=False)]) == {"cron_overdue_running"}


def test_an_action_that_fails() -> None:
    once, often = ({"failure_count": count, "first_failure_date": ago(90)} for count in (1, 2))
    (finding,) = crons(cron(**once)).values()
    assert (finding["id"], finding["severity"]) == ("cron_failing", "warning")
    assert finding["evidence"] == f"'Action 3' has failed once since {ago(90)} UTC."
    assert crons(cron(**often))["cron_failing"]["severity"] == "error"


@pytest.mark.parametrize(
    ("code", "sends"),
    [
        ("model.process_email_queue(batch_size=1000)", True),
        (STOCK_CODE, True),
        (lanes_code([Lane("all", [], 5)], settle=0), True),
        ("env['mail.mail'].search([]).send()", True),
        ("pass", False),
        ("# model.process_email_queue()", False),
        ("model.process_email_queue(", False),
        ("", False),
    ],
)
def test_what_the_queues_action_does(code: str, *, sends: bool) -> None:
    assert set(crons(cron(code=code))) == (set() if sends else {"cron_code_changed"})


def test_a_queue_that_runs_too_seldom() -> None:
    seldom = {"interval_number": 3, "interval_type": "months"}
    (finding,) = crons(cron(**seldom)).values()
    assert (finding["id"], finding["severity"], finding["fixable"]) == ("cron_far_future", "warning", None)
    assert "interval_number" in finding["remedy"]
    assert crons(cron(interval_number=2)) == {}
    assert crons(cron(), other(**seldom)) == {}


# Mail servers


def server(number: int = 1, **values: Any) -> dict[str, Any]:
    own = {
        "id": number,
        "xml_id": None,
        "name": f"Server {number}",
        "active": True,
        "sequence": 10,
        "smtp_host": f"smtp{number}.example",
        "smtp_port": 587,
        "smtp_encryption": "starttls",
        "smtp_authentication": "login",
        "smtp_user": "robot",
        "smtp_pass": "********",
        "from_filter": f"d{number}.example",
        "connected": None,
        "authorize_url": None,
        "problems": [],
        "remarks": [],
        "leads_nowhere": False,
    }
    return {**own, **values}


def servers(*listed: dict[str, Any], **seen: Any) -> dict[str, dict[str, Any]]:
    return results(check_servers, servers=listed, **seen)


def test_good_servers() -> None:
    assert servers(server(), server(2), tests=[{"id": 1, "outcome": "ok", "message": "Fine"}]) == {}


def test_no_server_is_active() -> None:
    archived, personal = server(active=False), server(2, owner_user_id="ann")
    finding = servers(archived, personal)["no_active_server"]
    assert finding["severity"] == "error"
    assert "Archived mail servers: 'Server 1'." in finding["evidence"]


@pytest.mark.parametrize(
    ("configuration", "sent", "probed", "severity"),
    [
        ({}, False, None, "error"),
        ({"smtp_server": "relay.example"}, False, None, "info"),
        ({"smtp_server": "localhost", "smtp_port": "25"}, False, None, "info"),
        ({}, True, None, "warning"),
        ({"smtp_server": "localhost"}, True, None, "info"),
        ({"smtp_server": "localhost"}, False, "ok", "info"),
        ({"smtp_server": "localhost"}, True, "unreachable", "error"),
    ],
)
def test_the_relay_of_the_configuration_file(
    configuration: dict[str, str], probed: str | None, severity: str, *, sent: bool
) -> None:
    finding = servers(
        server(active=False),
        configuration=configuration,
        sent_without_server={"id": 12, "write_date": ago(5)} if sent else None,
        relay_probe={"outcome": probed, "message": "localhost:25: …"} if probed else None,
    )["no_active_server"]
    assert finding["severity"] == severity
    relay = configuration.get("smtp_server")
    assert (f"Odoo sends through {relay}:25" in finding["evidence"]) is bool(relay)
    assert ("Mail 12 was sent through it" in finding["evidence"]) is sent


@pytest.mark.parametrize(
    ("outcome", "message", "found"),
    [
        ("unreachable", "Connection refused", "server_unreachable"),
        ("dns", "…", "server_dns"),
        ("timeout", "…", "server_timeout"),
        ("disconnected", "…", "server_disconnected"),
        ("tls", "…", "tls_mismatch"),
        ("starttls_unsupported", "…", "tls_mismatch"),
        ("certificate", "certificate verify failed", "certificate_untrusted"),
        ("certificate", "Could not load your certificate / private key.", "server_unconfigured"),
        ("auth", "535", "auth_failed"),
        ("auth_unsupported", "…", "auth_unsupported"),
        ("sender_rejected", "…", "sender_rejected"),
        ("recipient_rejected", "…", "recipient_rejected"),
        ("throttled", "421", "throttled"),
        ("throttled", "(454, b'4.7.0 TLS not available due to local problem')", "tls_mismatch"),
        ("throttled", "Server replied with following exception: 4.7.0 TLS not available", "tls_mismatch"),  # 16
        ("throttled", "(454, b'4.7.0 Temporary authentication failure')", "throttled"),
        ("unknown", "(504, b'5.5.4 Unrecognized authentication type')", "auth_unsupported"),
        ("unconfigured", "int() argument must be …", "server_unconfigured"),
        ("unconfigured", "Please configure an email on the current user to …", "server_untested"),
        ("unknown", "Hm", "server_failing"),
    ],
)
def test_what_a_test_came_to(outcome: str, message: str, found: str) -> None:
    (finding,) = servers(server(), tests=[{"id": 1, "outcome": outcome, "message": message}]).values()
    assert finding["id"] == found
    assert message in finding["evidence"]
    assert finding["fixable"] is None


def test_a_server_that_refuses_for_now() -> None:
    """What is sent through it meanwhile fails for good."""
    (finding,) = servers(server(), tests=[{"id": 1, "outcome": "throttled", "message": "421"}]).values()
    assert finding["severity"] == "error"
    assert "Send fewer" not in finding["remedy"]


@pytest.mark.parametrize(
    ("authentication", "advised"),
    [("login", "smtp_pass"), ("certificate", "smtp_ssl_certificate"), ("gmail", "connect_oauth")],
)
def test_a_refused_login_by_the_way_to_log_in(authentication: str, advised: str) -> None:
    test = {"id": 1, "outcome": "auth", "message": "535"}
    listed = server(smtp_authentication=authentication, connected=True)
    assert advised in servers(listed, tests=[test])["auth_failed"]["remedy"]


def test_a_server_that_takes_its_settings_from_odoo_conf() -> None:
    own = {"smtp_authentication": "cli", "smtp_host": None, "smtp_encryption": "none"}
    test = {"id": 1, "outcome": "unreachable", "message": "Connection refused"}
    (finding,) = servers(
        server(**own), server(2, **{**own, "smtp_host": "x.example"}), tests=[test], offers_strict=True
    ).values()
    assert finding["id"] == "server_unreachable"
    assert "(the server of odoo.conf):" in finding["evidence"]
    assert "odoo.conf" in finding["remedy"]
    twins = servers(server(**own), server(2, **{**own, "from_filter": "d1.example"}))
    assert set(twins) == {"duplicate_servers"}


def test_what_the_probe_saw_where_odoo_saw_little() -> None:
    test = {"id": 1, "outcome": "disconnected", "message": "Connection unexpectedly closed"}
    probe = {"outcome": "throttled", "message": "421 Try later", "suggestion": None}
    (finding,) = servers(server(), tests=[test], probes={1: probe}).values()
    assert finding["id"] == "throttled"


@pytest.mark.parametrize(
    ("outcome", "message", "found"),
    [
        ("throttled", "mx.example:25, starttls: 454 4.7.0 Not now", "tls_mismatch"),
        ("timeout", "mx.example:465, tls: no answer within 30 s", "server_timeout"),
    ],
)
def test_what_the_probe_saw_alone(outcome: str, message: str, found: str) -> None:
    assert set(servers(server(), probes={1: {"outcome": outcome, "message": message}})) == {found}


def test_no_password_is_advised_to_go_in_clear() -> None:
    test = {"id": 1, "outcome": "starttls_unsupported", "message": "…"}
    probe = {
        "outcome": "starttls_unsupported",
        "message": "…",
        "suggestion": "Use smtp_encryption: none, smtp_port: 25.",
    }
    with_login, without = (
        servers(server(smtp_pass=secret), tests=[test], probes={1: probe}) for secret in ("********", None)
    )
    assert "none" not in with_login["tls_mismatch"]["remedy"]
    assert without["tls_mismatch"]["remedy"] == probe["suggestion"]


def test_what_speaking_smtp_adds() -> None:
    probe = {"outcome": "tls", "message": "smtp1.example:587, tls: wrong version.", "suggestion": "Use smtp_port: 465."}
    test = {"id": 1, "outcome": "timeout", "message": "timed out"}
    (finding,) = servers(server(), tests=[test], probes={1: probe}).values()
    assert (finding["id"], finding["remedy"]) == ("server_timeout", "Use smtp_port: 465.")
    assert "wrong version" in finding["evidence"]
    # In check mode it is all there is.
    for tests in ([], [{**test, "outcome": "not_tested"}]):
        (finding,) = servers(server(), tests=tests, probes={1: probe}).values()
        assert finding["id"] == "tls_mismatch"
    assert servers(server(), probes={1: {**probe, "outcome": "ok"}}) == {}


def test_the_certificate_that_was_seen() -> None:
    leaf = {"names": ["mx.example"], "issuer": "CN=Authority", "not_after": "2026-01-02T00:00:00Z"}
    probe = {"outcome": "ok", "message": "It works.", "suggestion": "Use none.", "tls": {"chain": [leaf]}}
    test = {"id": 1, "outcome": "certificate", "message": "certificate has expired"}
    (finding,) = servers(server(), tests=[test], probes={1: probe}).values()
    assert (
        "Its certificate is for mx.example, issued by CN=Authority, and expires on 2026-01-02." in finding["evidence"]
    )
    assert finding["remedy"] != probe["suggestion"]


def gmail(**values: Any) -> dict[str, Any]:
    return server(**{"smtp_authentication": "gmail", "smtp_pass": None, "connected": True, **values})


def test_oauth2() -> None:
    assert servers(gmail(), offers_strict=True) == {}
    waiting = servers(gmail(connected=False, authorize_url="https://accounts.example/x"))
    assert "https://accounts.example/x" in waiting["oauth_not_connected"]["remedy"]
    # What is missing explains the test.
    test = [{"id": 1, "outcome": "auth", "message": "Authentication Required"}]
    assert set(servers(gmail(connected=False), tests=test)) == {"oauth_not_connected"}
    assert set(servers(gmail(problems=["no secret"]), tests=test)) == {"oauth_misconfigured"}
    assert servers(gmail(remarks=["no client"]))["oauth_misconfigured"]["severity"] == "warning"
    assert set(servers(gmail(), tests=test)) == {"auth_failed"}


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("An error occurred when fetching the access token.", "connect_oauth"),
        ("HTTPSConnectionPool(host='oauth2.googleapis.com', port=443): Max retries exceeded", "over HTTPS"),
    ],
)
def test_no_access_token(message: str, remedy: str) -> None:
    (finding,) = servers(gmail(), tests=[{"id": 1, "outcome": "dns", "message": message}]).values()
    assert finding["id"] == "oauth_refresh_failed"
    assert remedy in finding["remedy"]


@pytest.mark.parametrize(
    ("values", "strict", "found"),
    [
        ({"smtp_encryption": "none"}, True, "plaintext_password"),
        ({"smtp_encryption": "none", "smtp_pass": None}, True, None),
        ({"smtp_encryption": "none", "smtp_host": "127.0.0.1"}, True, None),
        ({}, True, "unverified_tls"),
        ({"smtp_encryption": "ssl"}, True, "unverified_tls"),
        ({"smtp_encryption": "ssl_strict"}, True, None),
        ({}, False, None),  # up to 18.0 there is no other
    ],
)
def test_secrecy(values: dict[str, Any], strict: bool, found: str | None) -> None:
    assert set(servers(server(**values), offers_strict=strict)) == ({found} if found else set())


def test_twins() -> None:
    same = {"smtp_host": "SMTP.example", "from_filter": "b.example, a.example"}
    finding = servers(
        server(1, **same), server(2, **{**same, "smtp_host": "smtp.example", "from_filter": "a.example,b.example"})
    )
    assert finding["duplicate_servers"]["resource"]["id"] == 2
    assert servers(server(1, **same), server(2, **same, smtp_user="other")) == {}
    assert servers(server(1, **same), server(2, **same, active=False)) == {}


@pytest.mark.parametrize("parameters", [{"database.is_neutralized": "True"}, {}])
def test_a_neutralized_copy(parameters: dict[str, str]) -> None:
    dummy = server(5, name="neutralization - disable emails", smtp_host="invalid", leads_nowhere=True)
    test = [{"id": 5, "outcome": "dns", "message": "…"}]
    (finding,) = servers(server(active=False), dummy, parameters=parameters, tests=test).values()
    assert finding["id"] == "neutralized"


def test_settings_without_effect() -> None:
    configuration = {"smtp_server": "relay.example", "smtp_port": "587", "from_filter": "c.example"}
    seen = {"configuration": configuration, "parameters": {"mail.default.from_filter": "p.example"}}
    evidence = servers(server(), **seen)["config_file_overridden"]["evidence"]
    assert all(word in evidence for word in ("relay.example:587", "'c.example'", "'p.example'"))
    assert servers(server(smtp_authentication="cli"), **seen) == {}
    assert servers(server(), configuration={"smtp_server": "localhost", "smtp_port": "25"}) == {}


# Routing


def routing(*listed: dict[str, Any], senders: tuple[str, ...], notifications: str = "") -> dict[str, dict[str, Any]]:
    people = [Sender(address, f"user {number}") for number, address in enumerate(senders)]
    return results(check_routing, servers=listed, senders=people, rules=[Rules(notifications=notifications)])


def test_everybody_has_a_server() -> None:
    assert routing(server(), senders=("a@d1.example", "b@d1.example")) == {}
    assert routing(server(from_filter=None), senders=("a@else.example",)) == {}


def test_nobody_else_has() -> None:
    finding = routing(server(), senders=("a@d1.example", "b@else.example"))["sender_without_server"]
    assert finding["evidence"].startswith(
        "1 of 2 addresses: b@else.example (user 1). The first leaves through 'Server 1'"
    )


def test_recipients_see_another() -> None:
    finding = routing(server(), senders=("a@d1.example", "b@else.example"), notifications="odoo@d1.example")
    assert set(finding) == {"from_rewritten"}
    assert "odoo@d1.example" in finding["from_rewritten"]["evidence"]


def test_a_company_of_its_own_alias_domain() -> None:
    """Mail of a company goes by the notifications address of its own domain."""
    rules = [Rules(notifications="odoo@d1.example"), Rules(notifications="odoo@d2.example")]
    people = [Sender("a@d2.example", "user a")]
    assert results(check_routing, servers=[server(), server(2)], senders=people, rules=rules) == {}


def test_a_server_behind_another() -> None:
    found = results(
        check_routing,
        servers=[server(), server(2, from_filter="d1.example")],
        rules=[Rules(notifications="odoo@d1.example")],
    )
    assert found["route_shadowed"]["resource"]["name"] == "Server 2"


def test_without_servers_nothing_is_routed() -> None:
    assert routing(server(active=False), senders=("a@d1.example",)) == {}
    assert routing(server(leads_nowhere=True), senders=("a@else.example",)) == {}


# The queue


def queue(failures: list[dict[str, Any]] | None = None, **values: Any) -> dict[str, Any]:
    failed = failures or []
    own = {
        "states": {"exception": sum(one["count"] for one in failed)},
        "due": 0,
        "oldest_due": {"id": 7, "since": ago(600), "age_minutes": 600},
        "failures": failed,
        "unclassified": 0,
        "interrupted": {"count": 0, "last_run": ago(30)},
        "left_behind": {"count": 0, "last_run": ago(30)},
    }
    return {**own, **values}


def failure(kind: str, count: int = 1, *, transient: bool = False) -> dict[str, Any]:
    reason = f"because {kind}"
    about = {"reason": reason, "reasons": [reason], "id": 4, "given_up": 0}
    return {"class": kind, "count": count, "transient": transient, **about}


def test_an_unknown_failure_shows_several_reasons() -> None:
    several = {**failure("unknown", 3), "reasons": ["because unknown", "for another one", "and a third"]}
    (finding,) = in_queue(failures=[several])
    assert finding["evidence"].endswith("because unknown Another reason: for another one Another reason: and a third")
    (known,) = in_queue(failures=[{**several, "class": "auth"}])
    assert "Another reason" not in known["evidence"]


def in_queue(
    *, late: int = 0, stale: int = 0, limits: Mapping[str, int] | None = None, **values: Any
) -> list[dict[str, Any]]:
    seen = Observation(NOW, queue=queue(**values), late=late, stale=stale)
    return [finding.as_result() for finding in check_queue(seen, Limits(**(limits or {})))]


def test_a_good_queue() -> None:
    assert in_queue(due=1000) == []


def test_waiting() -> None:
    assert [one["id"] for one in in_queue(due=1001)] == ["backlog"]
    (late,) = in_queue(late=3)
    assert (late["id"], late["severity"], late["resource"]["id"]) == ("oldest_too_old", "error", 7)
    (stale,) = in_queue(late=3, stale=3)
    assert (stale["id"], stale["fixable"]) == ("stale_outgoing", "stale")
    assert [one["id"] for one in in_queue(late=4, stale=3)] == ["stale_outgoing", "oldest_too_old"]


def test_failures() -> None:
    kinds = ["throttled", "no_recipient", "dns", "interrupted", "auth"]
    findings = in_queue(failures=[failure(kind, transient=kind in ("throttled", "dns")) for kind in kinds])
    assert [(one["id"], one["resource"]["name"], one["fixable"]) for one in findings] == [
        ("throttled", "throttled", "transient"),
        ("no_recipient", "no_recipient", None),
        ("failures_by_class", "dns", "transient"),
        ("failures_by_class", "interrupted", "transient"),
        ("failures_by_class", "auth", None),
    ]
    assert "because auth" in findings[-1]["evidence"]
    assert in_queue(failures=[failure("auth", 5)], limits={"max_exceptions": 5}) == []
    assert len(in_queue(failures=[failure("auth", 5)], unclassified=3)) == 2


def test_left_behind() -> None:
    left = {"count": 4, "last_run": ago(30)}
    (finding,) = in_queue(interrupted=left, due=4)
    assert (finding["id"], finding["fixable"]) == ("interrupted_batch", "interrupted")
    assert "4 mails that come after it are still outgoing." in finding["evidence"]


def test_a_queue_that_sends_nothing() -> None:
    left = {"count": 4, "last_run": ago(30)}
    (finding,) = in_queue(left_behind=left, due=4)
    assert (finding["id"], finding["severity"], finding["fixable"]) == ("queue_blocked", "error", "interrupted")
    assert finding["evidence"].startswith("4 mails were due when the queue last ran")
    # A batch has no room for more.
    assert [one["id"] for one in in_queue(left_behind=left, due=1000)] == []
    assert [one["id"] for one in in_queue(left_behind=left, interrupted=left, due=4)] == ["interrupted_batch"]


def test_mails_that_are_given_up() -> None:
    (finding,) = in_queue(failures=[{**failure("throttled", 5), "given_up": 5}])
    assert (finding["id"], finding["severity"], finding["fixable"]) == ("given_up", "error", None)
    assert finding["evidence"].startswith("5 mails have failed as throttled at every attempt: because throttled")
    assert "failure_class throttled and max_attempts 0" in finding["remedy"]
    both = in_queue(failures=[{**failure("throttled", 5), "given_up": 2}])
    assert [(one["id"], one["evidence"].split(" ")[0]) for one in both] == [("given_up", "2"), ("throttled", "3")]


# The setup


def setup(parameters: Mapping[str, str], **seen: Any) -> dict[str, dict[str, Any]]:
    domains = [{"id": 1, "name": "acme.example", "default_from": "notifications"}]
    companies = [{"id": 1, "name": "Acme", "alias_domain_id": [1, "acme.example"]}]
    url = {"web.base.url": "https://odoo.acme.example"}
    own = {"alias_domains": domains, "companies": companies, "parameters": {**url, **parameters}}
    return results(check_setup, **{**own, **seen})


@pytest.mark.parametrize(
    ("url", "bad"),
    [
        ("https://odoo.acme.example", False),
        ("http://localhost:8069", True),
        ("http://127.0.1.1", True),
        ("http://[::1]:8069", True),
        ("", True),
        ("https://localhost.acme.example", False),
        ("http://[::1", True),
        ("odoo.acme.example", True),
    ],
)
def test_where_links_lead(url: str, bad: bool) -> None:
    assert ("base_url_localhost" in setup({"web.base.url": url})) is bad


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        *(("500", None), (" 500 ", None), ("9", "warning"), ("20001", "warning"), ("-1", "warning")),
        *(("many", "error"), ("--5", "error"), ("²", "error")),
    ],
)
def test_batch_sizes(value: str, severity: str | None) -> None:
    finding = setup({"mail.session.batch.size": value}).get("batch_size_extreme")
    assert (finding["severity"] if finding else None) == severity


BATCH = [("1000", None), ("5", "info"), ("0", "warning"), ("20001", "warning")]


@pytest.mark.parametrize(("size", "severity"), BATCH)
def test_the_batch_of_the_queue(size: str, severity: str | None) -> None:
    """A small one keeps to a provider's limit, and is not to be taken away."""
    action = cron(code=f"model.process_email_queue(batch_size={size})")
    for findings in (setup({}, crons=[action]), setup({"mail.mail.queue.batch.size": size})):
        assert [one["severity"] for one in findings.values()] == ([severity] if severity else [])
        assert all(
            one["remedy"].endswith("do nothing. Otherwise remove it.")
            for one in findings.values()
            if one["severity"] == "info"
        )


def test_alias_domains() -> None:
    bare = [{"id": 1, "name": "acme.example", "default_from": False}]
    assert set(setup({}, alias_domains=bare)) == {"default_from_missing"}
    lone = [{"id": 2, "name": "Lone", "alias_domain_id": False}]
    assert setup({}, companies=lone)["alias_domain_missing"]["resource"]["name"] == "Lone"


# odoo.conf


def test_the_configuration_file(tmp_path: Path) -> None:
    path = tmp_path / "odoo.conf"
    path.write_text(
        "[options]\nsmtp_server = relay.example\nsmtp_password = made-up\nfrom_filter = False\nsmtp_port = 587\n"
    )
    options = read_configuration(str(path))
    assert options == {"smtp_server": "relay.example", "smtp_port": "587"}
    assert relay_of(options) == ("relay.example", "587")
    assert relay_of({"smtp_server": "localhost"}) == LOCAL
    assert relay_of({"smtp_port": "2525"}) == ("localhost", "2525")
    assert relay_of({}) is None


@pytest.mark.parametrize("content", ["no section\n", "[queue_job]\nx = 1\n", None])
def test_what_is_no_configuration_file(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "odoo.conf"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Invalid, match=r"cannot read .* as Odoo's configuration file"):
        read_configuration(str(path))


# What is still good


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_age": -5}, "max_age must be at least 0, not -5"),
        ({"max_overdue": 10**12}, "max_overdue must be at most"),
        (
            {"stale_days": 10**7, "max_exceptions": -1},
            "max_exceptions must be at least 0, not -1; stale_days must be at most",
        ),
    ],
)
def test_limits_that_are_none(limits: dict[str, int], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        Limits(**limits)


def test_an_action_without_runs_left() -> None:
    """Up to 17.0; whether it is overdue says nothing of workers then."""
    (finding,) = results(check_crons, crons=[cron(numbercall=0, due=600, last=600)]).values()
    assert (finding["id"], finding["fixable"]) == ("cron_no_runs_left", "crons")
    assert results(check_crons, crons=[cron(numbercall=-1)]) == {}


# Settings that somebody made


@pytest.mark.parametrize(
    ("host", "port", "catches"),
    [
        ("mailhog", 25, True),
        ("acme_mailpit_1", 1025, True),
        ("sandbox.smtp.mailtrap.io", 2525, True),
        ("live.smtp.mailtrap.io", 587, False),
        ("bulk.smtp.mailtrap.io", 587, False),
        ("localhost", 1025, False),  # the bridge of Proton Mail, which delivers
        ("mail.maildeveloper.example", 587, False),
        ("mailhog2", 1025, True),
        ("mailpit.acme.internal", 1025, True),
        ("smtp.acme.example", 587, False),
    ],
)
def test_a_test_catcher(host: str, port: int, catches: bool) -> None:
    about = {"smtp_host": host, "smtp_port": port}
    assert ("test_catcher" in servers(server(**about))) is catches
    # In a copy that is what one wants.
    assert "test_catcher" not in servers(server(**about), parameters={"database.is_neutralized": "true"})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("7", "which does not exist"),
        ("2", "'Server 2', which is archived"),
        ("3", "'Server 3', which belongs to a user"),
        ("1", ""),
        ("False", ""),
        ("", ""),
    ],
)
def test_the_server_of_mailings(value: str, words: str) -> None:
    listed = (server(), server(2, active=False), server(3, owner_user_id=5))
    found = servers(*listed, parameters={"mass_mailing.mail_server_id": value})
    assert ("mailing_server_unusable" in found) is bool(words)
    assert words in found.get("mailing_server_unusable", {"evidence": ""})["evidence"]


@pytest.mark.parametrize(
    ("from_filter", "lost"),
    [
        ("@acme.example", ["'@acme.example'"]),
        ("a.example;b.example", ["'a.example;b.example'"]),
        ("d1.example, two words", ["'two words'"]),
        (" , ", ["' , '"]),
        ("d1.example, a@acme.example", []),
        (None, []),
    ],
)
def test_a_filter_that_matches_nobody(from_filter: str | None, lost: list[str]) -> None:
    found = routing(server(from_filter=from_filter), senders=())
    assert ("from_filter_unmatched" in found) is bool(lost)
    for words in lost:
        assert words in found["from_filter_unmatched"]["evidence"]


def test_a_list_is_no_filter_for_former_versions() -> None:
    found = results(check_routing, servers=[server(from_filter="a.example,b.example")], rules=[Rules(several=False)])
    assert "These entries match no sender: 'a.example,b.example'." in found["from_filter_unmatched"]["evidence"]


def test_parameters_without_effect() -> None:
    parameters = {"mail.catchall.domain": "acme.example", "mail.default.from": ""}
    assert "mail.catchall.domain is 'acme.example'" in setup(parameters)["parameter_ignored"]["evidence"]
    # Up to 16.0 they are the settings themselves.
    assert "parameter_ignored" not in setup(parameters, alias_domains=None)
    assert "parameter_ignored" in setup({"mail.force.smtp.from": "a@acme.example"}, alias_domains=None)


def test_sample_addresses() -> None:
    def of(address: str, source: str) -> bool:
        return "sample_address" in setup({}, senders=[Sender(address, source)])

    assert of("info@yourcompany.com", "company YourCompany")
    assert of("admin@example.com", "user admin")
    assert not of("admin@example.com", "user joel")
    assert not of("info@acme.example", "company Acme")


def test_a_batch_that_is_too_small_for_the_queue() -> None:
    left = {"count": 4, "last_run": ago(30)}
    seen = Observation(NOW, queue=queue(left_behind=left, due=10), parameters={"mail.mail.queue.batch.size": "10"})
    (finding,) = check_queue(seen, Limits())
    assert finding.id == "queue_batch_full"
    assert "A run sends 10 mails." in finding.evidence
    in_code = Observation(NOW, queue=queue(left_behind=left, due=999), crons=[cron(code="f(batch_size=7)")])
    assert in_code.queue_batch is None
    sends_seven = cron(code="model.process_email_queue(batch_size=7)")
    assert Observation(NOW, crons=[sends_seven]).queue_batch == 7


def test_changed_code_matters_although_the_action_is_disabled() -> None:
    found = results(check_crons, crons=[cron(active=False, code="pass")])
    assert {"cron_disabled", "cron_code_changed"} <= found.keys()


def test_workers_of_another_odoo() -> None:
    configuration = {"max_cron_threads": "0"}
    found = results(check_crons, crons=[cron()], configuration=configuration)
    assert "The last sign of a worker: 'Action 3' ran" in found["cron_served_elsewhere"]["evidence"]
    assert "cron_served_elsewhere" not in results(check_crons, crons=[cron()])
    assert "cron_served_elsewhere" not in results(check_crons, crons=[cron(due=60)], configuration=configuration)
    # What a database says that was copied.
    old = results(check_crons, crons=[cron(last=3000)], configuration=configuration)
    assert "cron_served_elsewhere" not in old
    copy = {"database.is_neutralized": "true"}
    assert "cron_served_elsewhere" not in results(
        check_crons, crons=[cron()], configuration=configuration, parameters=copy
    )
