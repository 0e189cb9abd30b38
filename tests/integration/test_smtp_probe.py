# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes of SMTP servers of many behaviors, through both front ends; what they find is what Odoo's own test finds."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.probe import probe
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import settings_of
from ansible_collections.postmaster.odoo.plugins.modules.smtp_probe import SPECIFICATION
from instance import LabInstance
from lab import Lab, SmtpServer
from mail_servers import password_server, run_task
from playbook import Result, Run, Task, ansible_playbook, play

pytestmark = pytest.mark.in_process

SENDER = "sender@lab.example"
RECIPIENT = "recipient@elsewhere.example"
WRONG = "wrong-password-made-up"

# SMTP server, its behavior, what differs from what it wants, what comes of it, and a word of the message.
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any], str, str]] = {
    "plain": ("plain", {}, {}, "ok", "the sender and the recipient work"),
    "starttls": ("starttls", {}, {}, "ok", "TLS, the login, the sender"),
    "any sender": ("starttls_any_sender", {}, {"sender": "other@lab.example"}, "ok", "the login"),
    "ssl": ("ssl", {}, {}, "ok", "TLS, the login"),
    "a token": ("xoauth2", {}, {}, "ok", "TLS, the login"),
    "a certificate": ("client_certificate", {}, {}, "ok", "TLS, the sender"),
    "throttle": ("throttle", {}, {}, "ok", "no mail was sent"),
    "hangs up at DATA": ("drop", {}, {}, "ok", "no mail was sent"),
    "untrusted, not enforced": ("untrusted", {}, {"encryption": "starttls"}, "ok", "the login"),
    "untrusted": ("untrusted", {}, {}, "certificate", "unable to get local issuer certificate"),
    "expired": ("expired", {}, {}, "certificate", "certificate has expired"),
    "misnamed": ("misnamed", {}, {}, "certificate", "not valid for 'localhost'"),
    "silent": ("silent", {}, {}, "timeout", "banner: no answer within 1 s"),
    "slow, but alive": ("plain", {"delay": 0.05}, {}, "ok", "SMTP"),
    "too slow": ("plain", {"delay": 3}, {}, "timeout", "banner: no answer within 1 s"),
    "throttled": ("throttle", {"throttle_messages": 0}, {}, "throttled", "sender: 421 4.7.0 Too many messages"),
    "greylist": ("greylist", {}, {}, "throttled", "recipient: 451 4.7.1 Greylisted"),
    "hangs up at once": (
        "plain",
        {"drop_at": "CONNECT"},
        {},
        "disconnected",
        "banner: the server closed the connection",
    ),
    "hangs up at RCPT": (
        "plain",
        {"drop_at": "RCPT"},
        {},
        "disconnected",
        "recipient: the server closed the connection",
    ),
    "no such host": ("plain", {}, {"host": "smtp.invalid"}, "dns", "resolve: "),
    "nothing listens": ("plain", {}, {"port": "nowhere"}, "unreachable", "connect: Connection refused"),
    "SSL to a plain port": ("plain", {}, {"encryption": "ssl"}, "tls", "does not start with TLS"),
    "no STARTTLS": ("plain", {}, {"encryption": "starttls"}, "starttls_unsupported", "does not offer STARTTLS"),
    "plain to an SSL port": ("ssl", {}, {"encryption": "none"}, "timeout", "banner: no answer"),
    "no TLS": ("starttls", {}, {"encryption": "none"}, "auth_unsupported", "offers no login"),
    "no login, no TLS": (
        "starttls",
        {},
        {"encryption": "none", "user": None},
        "starttls_required",
        "Must issue a STARTTLS",
    ),
    "no login": ("starttls", {}, {"user": None}, "auth", "530 5.7.0 Authentication Required"),
    "wrong password": ("starttls", {}, {"password": WRONG}, "auth", "auth: 535 5.7.8"),
    "wrong token": ("xoauth2", {}, {"access_token": WRONG}, "auth", "auth: 535 5.7.8"),
    "a password for a token": ("xoauth2", {}, {"password": WRONG}, "auth_unsupported", "XOAUTH2, not PLAIN"),
    "nobody to log in at": ("plain", {}, {"user": "u", "password": WRONG}, "auth_unsupported", "offers no login"),
    "no certificate": ("client_certificate", {}, {"client_certificate": None}, "tls or disconnected", "certificate"),
    "somebody else's address": (
        "starttls",
        {},
        {"sender": "other@lab.example"},
        "sender_rejected",
        "sender: 553 5.7.1 <other@lab.example>",
    ),
    "no such recipient": (
        "plain",
        {"replies": {"RCPT": "550 5.1.1 No such user"}},
        {},
        "recipient_rejected",
        "recipient: 550 5.1.1 No such user",
    ),
}

# What is suggested where something else works.
SUGGESTIONS = {
    "SSL to a plain port": "smtp_encryption: none, ",
    "no STARTTLS": "smtp_encryption: none, ",
    "plain to an SSL port": "smtp_encryption: ssl, ",
    "no TLS": "smtp_encryption: starttls, ",
    "no login, no TLS": "smtp_encryption: starttls, ",
    "misnamed": "mail.other.example",
    "expired": "renewed",
    "no certificate": "smtp_authentication: certificate",
}


def probe_of(lab: Lab, smtp: SmtpServer, **changed: Any) -> dict[str, Any]:
    """What a server wants of a probe, but for what is changed."""
    about = lab.description["smtp"]
    options: dict[str, Any] = {
        "host": smtp.host,
        "port": smtp.port,
        "encryption": smtp.encryption if smtp.encryption == "none" else f"{smtp.encryption}_strict",
        "user": smtp.user,
        "sender": smtp.user or SENDER,
        "recipient": RECIPIENT,
        "ca_path": about["ca"],
        "timeout": 1,
    }
    if smtp.authentication == "certificate":
        options["client_certificate"] = about["client_certificate"]
        options["client_private_key"] = about["client_private_key"]
    if "password" not in changed and "access_token" not in changed:
        options |= {"password": smtp.password, "access_token": smtp.token}
    options |= changed
    if options["port"] == "nowhere":
        options["port"] = about["nowhere"]["port"]
    if options["user"] is None:
        options |= {"password": None, "access_token": None}
    if options.get("client_certificate") is None:
        options["client_private_key"] = None
    return {name: value for name, value in options.items() if value is not None}


def task(name: str, options: dict[str, Any], **keywords: Any) -> Task:
    return {"name": name, "postmaster.odoo.smtp_probe": options, **keywords}


def run(folder: Path, *tasks: Task, in_process: bool = True, arguments: tuple[str, ...] = ()) -> Run:
    """Tasks with a password of Odoo's set for its group, which a probe must not take for a mail server's."""
    defaults = {"url": "http://odoo.invalid", "database": "none", "password": "odoo-password-made-up", "timeout": 0}
    done = ansible_playbook(
        folder,
        [
            play(
                *tasks,
                in_process=in_process,
                ignore_errors=True,
                module_defaults={"group/postmaster.odoo.odoo": defaults},
            )
        ],
        *("--inventory", "localhost,", *arguments),
    )
    assert done.exit_code == 0, done.output
    return done


def seconds_left_out(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: seconds_left_out(item) for key, item in value.items() if key != "seconds"}
    return [seconds_left_out(item) for item in value] if isinstance(value, list) else value


def probed(options: dict[str, Any]) -> Result:
    """What the module's own call finds, without a run of Ansible."""
    defaults = {name: option.get("default") for name, option in SPECIFICATION.options.items()}
    return probe(settings_of(defaults | options))


@pytest.mark.parametrize("case", CASES)
def test_what_a_probe_finds(case: str, lab: Lab) -> None:
    smtp, behavior, changed, outcome, why = CASES[case]
    server = lab.smtp[smtp]
    if smtp != "silent":  # which Odoo tests meanwhile
        server.configure(**behavior)
    result = probed(probe_of(lab, server, **changed))
    assert result["outcome"] in outcome.split(" or "), result["message"]  # for some it depends on who is quicker
    assert why in result["message"]
    assert SUGGESTIONS.get(case, "") in (result["suggestion"] or "")
    assert (result["suggestion"] is None) is (outcome == "ok")
    assert server.accepted() == []
    assert not [event for event in server.events() if event.get("verb") in ("DATA", "CONTENT")]


def test_both_front_ends_find_the_same(lab: Lab, tmp_path: Path) -> None:
    told = {case: CASES[case] for case in ("starttls", "untrusted", "wrong password", "no STARTTLS", "no such host")}
    tasks = [
        task(case, probe_of(lab, lab.smtp[smtp], **changed))
        for case, (smtp, _behavior, changed, _outcome, _why) in told.items()
    ]
    in_process, shipped = (run(tmp_path, *tasks, in_process=here).results for here in (True, False))
    assert seconds_left_out(in_process) == seconds_left_out(shipped)
    for case, (_smtp, _behavior, _changed, outcome, _why) in told.items():
        result = in_process[case]
        assert (result["outcome"], result["failed"], result["changed"]) == (outcome, outcome != "ok", False)
        assert result.get("error_kind") == ("rejected" if outcome != "ok" else None)


def test_every_server_of_the_lab_is_probed(lab: Lab) -> None:
    assert {smtp for smtp, _behavior, _changed, _outcome, _why in CASES.values()} == set(lab.smtp)


def test_what_is_known_of_a_server(lab: Lab, tmp_path: Path) -> None:
    def check(name: str, **changed: Any) -> Task:
        return task(name, probe_of(lab, lab.smtp[name], **changed), check_mode=True)

    results = run(tmp_path, check("starttls"), check("ssl"), check("misnamed", encryption="starttls")).results
    starttls, implicit, misnamed = results["starttls"], results["ssl"], results["misnamed"]
    assert [stage["stage"] for stage in starttls["stages"]] == (
        ["resolve", "connect", "banner", "ehlo", "starttls", "tls", "ehlo", "auth", "sender", "recipient", "quit"]
    )
    assert "127.0.0.1" in starttls["addresses"]
    assert starttls["address"] == "127.0.0.1"
    assert "Lab SMTP" in starttls["banner"]
    assert starttls["size"] == 33554432
    assert "AUTH LOGIN PLAIN" in starttls["features"]
    assert (starttls["starttls"], implicit["starttls"]) == (True, None)
    assert starttls["auth_mechanisms"] == {"before_tls": [], "after_tls": ["LOGIN", "PLAIN"]}
    for result in (starttls, implicit):
        assert (result["tls"]["verified"], result["tls"]["verify_error"]) == (True, None)
        assert result["tls"]["version"] == "TLSv1.3"
        assert set(result["tls"]["chain"][0]["names"]) == {"localhost", "127.0.0.1"}
        assert result["tls"]["chain"][0]["days_left"] > 1000
    assert misnamed["outcome"] == "ok"
    assert misnamed["tls"]["verified"] is False
    assert "not valid for 'localhost'" in misnamed["tls"]["verify_error"]
    assert misnamed["tls"]["chain"][0]["names"] == ["mail.other.example"]


# What a probe and Odoo are told alike, and what both find.
ALIKE = (
    "starttls",
    "ssl",
    "wrong password",
    "untrusted",
    "SSL to a plain port",
    "no STARTTLS",
    "somebody else's address",
)


def test_odoo_finds_the_same(fresh: Callable[[str], LabInstance], lab: Lab, tmp_path: Path) -> None:
    instance = fresh("integration_smtp_probe")
    for case in ALIKE:
        smtp, behavior, changed, outcome, _why = CASES[case]
        if case == "untrusted" and instance.strict("starttls") == "starttls":
            continue
        lab.smtp[smtp].configure(**behavior)
        wanted = probe_of(lab, lab.smtp[smtp], **changed)
        encryption = wanted["encryption"]
        if encryption.endswith("_strict"):
            encryption = instance.strict(encryption.removesuffix("_strict"))
        declared = password_server(
            lab,
            smtp,
            name="Tested",
            smtp_encryption=encryption,
            smtp_pass=wanted.get("password", ""),
            from_filter=wanted["sender"],
        )
        instance.enforce({"servers": [declared]})
        tested = run_task(instance, tmp_path, "mail_server_test", {"name": "Tested", "fail_on_error": False})
        assert tested["tests"][0]["outcome"] == outcome, (case, tested["tests"])


def test_no_credential_is_seen(lab: Lab, tmp_path: Path) -> None:
    """At any verbosity, from servers that repeat what they were sent as well."""
    server, xoauth2 = lab.smtp["starttls"], lab.smtp["xoauth2"]
    assert server.password
    assert xoauth2.token
    key = Path(lab.description["smtp"]["client_private_key"]).read_text()
    plain = b64encode(f"\0{server.user}\0{server.password}".encode()).decode()
    bearer = b64encode(f"user={xoauth2.user}\1auth=Bearer {xoauth2.token}\1\1".encode()).decode()
    lab.smtp["starttls_any_sender"].configure(replies={"AUTH": f"535 5.7.8 Not {plain}, which is {server.password}"})
    given = {"smtp_password": server.password, "wrong_password": WRONG, "token": xoauth2.token, "private_key": key}
    (tmp_path / "given.json").write_text(json.dumps(given))
    by_password = probe_of(lab, server, password="{{ smtp_password }}")
    repeated = {**by_password, "port": lab.smtp["starttls_any_sender"].port}
    by_token = probe_of(lab, xoauth2, access_token="{{ token }}")
    by_certificate = probe_of(lab, lab.smtp["client_certificate"], client_private_key="{{ private_key }}")
    tasks = [
        task("password", by_password),
        task("token", by_token),
        task("certificate", by_certificate),
        task("wrong password", {**by_password, "password": "{{ wrong_password }}"}),
        task("wrong token", {**by_token, "access_token": "{{ wrong_password }}"}),
        task("repeated", repeated),
        task("misspelt", {**by_password, "pasword": "{{ wrong_password }}"}),
        task("in the wrong place", {**by_password, "port": "{{ smtp_password }}"}),
        task("a key for a certificate", {**by_certificate, "client_certificate": "{{ private_key }}"}),
    ]
    shown = ""
    for name, in_process in (("in_process", True), ("shipped", False)):
        folder = tmp_path / name
        done = ansible_playbook(
            folder,
            [play(*tasks, in_process=in_process, ignore_errors=True, vars_files=[str(tmp_path / "given.json")])],
            *("--inventory", "localhost,", "-vvvv", "--diff"),
            environment={"ANSIBLE_LOG_PATH": str(folder / "ansible.log")},
        )
        assert done.exit_code == 0, done.output
        assert [result["failed"] for result in done.results.values()] == [False] * 3 + [True] * 6
        assert "********" in done.results["repeated"]["message"]
        shown += done.output + (folder / "results.jsonl").read_text() + (folder / "ansible.log").read_text()
    secrets = [server.password, WRONG, xoauth2.token, plain, bearer, key.splitlines()[1]]
    assert [secret for secret in secrets if secret in shown] == []
