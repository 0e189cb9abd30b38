# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The description of an instance.

If it is enforced, nothing changes: on the same instance, and on an empty one after the first run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.cron_checks import MAIL_CRONS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.setup_checks import BATCH_SIZES
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.export.describe import Description, Remark
from ansible_collections.postmaster.odoo.plugins.module_utils.export.read import read_instance
from ansible_collections.postmaster.odoo.plugins.module_utils.export.scope import Scope
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.options import OWN_CRONS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import CLIENT_PARAMETERS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import PARAMETERS
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE, neutralize, oauth2_server, run, written
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_ALIAS_DOMAINS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.environment import Environment
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

CODE = "for mail in model.search([('state', '=', 'exception')]):\n    mail.mark_outgoing()"
STACK = {
    "parameters": {"mail.session.batch.size": "500", "mail.server.note": "{{ a }}", "microsoft_outlook.endpoint": "x"},
    "alias_domains": [
        {"name": "acme.example", "bounce_alias": "returns", "companies": ["YourCompany"]},
        {"name": "second.example", "xml_id": "postmaster.second", "sequence": 3, "companies": []},
    ],
    "servers": [
        {
            "name": "Main",
            "smtp_host": "smtp.acme.example",
            "smtp_user": "u",
            "smtp_pass": "made-up-pass",
            "sequence": 7,
        },
        {"name": "Old", "xml_id": "postmaster.old", "active": False, "smtp_host": "old.example", "smtp_port": 2525},
        oauth2_server("gmail", name="Gmail", refresh_token="made-up-gmail-token"),
        oauth2_server("outlook", name="Outlook", refresh_token="made-up-outlook-token"),
    ],
    "crons": [
        {"xml_id": QUEUE, "interval_number": 5, "interval_type": "minutes"},
        {"name": "Again", "model": "mail.mail", "code": CODE, "user": "admin", "interval_number": 3},
        {"name": "Pinned", "xml_id": "postmaster.pinned", "model": "mail.mail", "code": CODE, "active": False},
    ],
}
POLICY: dict[str, Any] = {
    "lanes": [{"name": "first", "domain": [["id", ">", 5]], "batch": 3}],
    "settle": 60,
    "interval": 5,
    "backoff": {"enabled": True, "first_delay": 5, "max_delay": 60, "give_up_after": 4320, "max_attempts": 30},
    "stale_after": 7,
    "purge_after": 30,
    "watchdog": {"enabled": True, "interval": 5, "max_overdue": 30, "max_outgoing": 9, "user": "clerk"},
}


def stack_for(odoo: SimulatedOdoo) -> dict[str, Any]:
    """Return the part of the stack that the series has."""
    return {
        part: value for part, value in STACK.items() if part != "alias_domains" or odoo.series in HAVE_ALIAS_DOMAINS
    }


def describe(odoo: SimulatedOdoo, **scope: tuple[str, ...]) -> Description:
    return Description(read_instance(odoo.session(read_only=True), Scope(**scope)))


def whole(description: Description) -> dict[str, Any]:
    """Return the stack including its secrets."""
    stack: dict[str, Any] = {**description.stack, "parameters": dict(description.stack["parameters"])}
    parts = {"mail_server": "servers", "cron": "crons"}
    for part in ("servers", "crons"):
        stack[part] = [dict(record) for record in stack[part]]
    for secret in description.secrets:
        if secret.resource == "system_parameter":
            stack["parameters"][secret.key] = secret.value
            continue
        record = stack[parts[secret.resource]][secret.position]
        if secret.option.startswith("oauth2."):
            record["oauth2"] = {"refresh_token": secret.value}
        else:
            record[secret.option] = secret.value
    return stack


def install(odoo: SimulatedOdoo, policy: Mapping[str, Any], *, check: bool = False) -> Any:
    clerk = next(user for user in odoo.records.tables["res.users"].values() if user["login"] == "clerk")
    clerk["partner_id"] = clerk.get("partner_id") or odoo.add("res.partner", name="Clerk")
    return enforce(odoo.session(read_only=check), [QUEUE_POLICY.declare(policy)], RunOptions()).plan


def messages(description: Description, *, about: str = "") -> list[str]:
    return [remark.message for remark in description.remarks if about in (remark.option, remark.key, "")]


def remark(description: Description, words: str) -> Remark:
    (found,) = [one for one in description.remarks if words in one.message]
    return found


def test_it_declares_the_existing_records_exactly(odoo: SimulatedOdoo) -> None:
    run(odoo, stack_for(odoo), unmanaged="ignore")
    odoo.log.clear()
    stack = whole(describe(odoo))
    assert run(odoo, stack).plan == ()
    assert written(odoo) == []


def test_an_empty_instance_becomes_the_same(odoo: SimulatedOdoo) -> None:
    run(odoo, stack_for(odoo), unmanaged="ignore")
    install(odoo, POLICY)
    first = describe(odoo)
    empty = SimulatedOdoo(odoo.series)
    run(empty, whole(first))
    assert first.queue_policy is not None
    install(empty, first.queue_policy)
    second = describe(empty)
    assert second.as_result() == first.as_result()
    assert [secret.value for secret in second.secrets] == [secret.value for secret in first.secrets]


def test_a_fresh_instance_is_described_too(odoo: SimulatedOdoo) -> None:
    description = describe(odoo)
    assert description.queue_policy is None
    assert description.secrets == []
    assert {"mail", "mass_mailing"} <= set(description.stack["addons"])
    assert QUEUE in [cron["xml_id"] for cron in description.stack["crons"]]
    assert run(odoo, whole(description)).plan == ()


def test_no_secret_is_in_the_result(odoo: SimulatedOdoo) -> None:
    run(odoo, stack_for(odoo), unmanaged="ignore")
    description = describe(odoo)
    shown = repr(description.as_result()) + repr(description.secrets)
    for secret in ("made-up-pass", "made-up-gmail-token", "made-up-outlook-token", "made-up-client-secret"):
        assert secret not in shown
        assert secret in [one.value for one in description.secrets]


def test_a_value_that_repeats_a_secret_is_a_secret(odoo: SimulatedOdoo) -> None:
    """Some providers use the token as the user too."""
    run(odoo, {"servers": [{"name": "Main", "smtp_host": "a.example", "smtp_user": "made-up", "smtp_pass": "made-up"}]})
    odoo.add("ir.config_parameter", key="mail.server.copy", value="the token is made-up")
    description = describe(odoo)
    assert [(one.key, one.option) for one in description.secrets] == [
        ("mail.server.copy", "value"),
        ("Main", "smtp_user"),
        ("Main", "smtp_pass"),
    ]
    assert remark(description, "the same as smtp_user").option == "smtp_pass"


@pytest.mark.parametrize(
    "text",
    [
        "smtp://user:made-up@relay.example",
        '{"smtp_password": "made-up", "port": 25}',
        "api_key = 'made-up'\nlog(api_key)",
        "requests.get('https://u:made-up@hook.example/x')",
        "server.login('user', 'made-up')",
        "https://hook.example/?client_secret=made-up",
        "-----BEGIN PRIVATE KEY-----\nmade-up\n-----END PRIVATE KEY-----",
    ],
)
def test_a_secret_among_other_words_is_found(odoo: SimulatedOdoo, text: str) -> None:
    odoo.add("ir.config_parameter", key="mail.server.note", value=text)
    run(odoo, {"crons": [{"name": "Own", "model": "mail.mail", "code": text}]})
    description = describe(odoo)
    assert [(one.key, one.option) for one in description.secrets] == [("mail.server.note", "value"), ("Own", "code")]
    assert "made-up" not in repr(description.as_result())


@pytest.mark.parametrize(
    "text", ["https://hook.example:8069/a@b", "state = 'exception'", "{'token_expiration': '5'}", "a key: b"]
)
def test_other_words_are_not_secrets(odoo: SimulatedOdoo, text: str) -> None:
    odoo.add("ir.config_parameter", key="mail.server.note", value=text)
    assert describe(odoo).secrets == []


def test_the_name_of_a_server_is_not_shown_if_it_is_its_secret(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="made-up-token", smtp_host="a.example", smtp_pass="made-up-token")
    description = describe(odoo)
    assert description.stack["servers"] == []
    assert "made-up-token" not in repr(description.as_result())
    found = remark(description, "it is left out because of its name: it contains a secret of this run")
    assert (found.kind, found.key, found.resource) == ("suspicious", "(a name that is not shown)", "mail_server")


def test_the_policy_is_read_from_its_code(odoo: SimulatedOdoo) -> None:
    install(odoo, POLICY)
    description = describe(odoo)
    given = {name: value for name, value in POLICY.items() if name not in ("backoff", "watchdog", "lanes")}
    assert description.queue_policy == {
        **given,
        "lanes": [
            {"name": "first", "domain": "[('id', '>', 5)]", "batch": 3},
            {"name": "everything else", "batch": 100},
        ],
        "backoff": {"first_delay": 5, "max_delay": 60, "give_up_after": 4320, "max_attempts": 30},
        "watchdog": {"interval": 5, "max_overdue": 30, "max_outgoing": 9, "user": "clerk"},
    }
    assert install(odoo, description.queue_policy, check=True) == ()
    (queue,) = [cron for cron in description.stack["crons"] if cron["xml_id"] == QUEUE]
    assert "code" not in queue
    assert not set(OWN_CRONS) & {cron["xml_id"] for cron in description.stack["crons"]}


@pytest.mark.parametrize("part", sorted(POLICY.keys() - {"settle", "interval", "lanes"}))
def test_each_part_of_a_policy_by_itself(odoo: SimulatedOdoo, part: str) -> None:
    install(odoo, {part: POLICY[part]})
    policy = describe(odoo).queue_policy
    assert policy is not None
    assert install(odoo, policy, check=True) == ()


def test_a_part_that_a_user_has_changed(odoo: SimulatedOdoo) -> None:
    install(odoo, POLICY)
    odoo.record("ir.cron", odoo.ref("postmaster_odoo.queue_stale"))["code"] = "log('nothing')"
    odoo.record("ir.cron", odoo.ref("postmaster_odoo.queue_purge"))["active"] = False
    description = describe(odoo)
    assert "stale_after" not in (description.queue_policy or {})
    assert "the code of its cron" in remark(description, "postmaster_odoo.queue_stale").message
    assert remark(description, "active of postmaster_odoo.queue_purge").key == "purge_after"


def test_code_of_an_addons_action_is_declared_if_it_was_changed(odoo: SimulatedOdoo) -> None:
    xml_id = "mass_mailing.ir_cron_mass_mailing_queue"
    odoo.record("ir.cron", odoo.ref(xml_id))["code"] = CODE
    description = describe(odoo)
    (cron,) = [one for one in description.stack["crons"] if one["xml_id"] == xml_id]
    assert cron["code"] == CODE
    assert remark(description, "not the usual code of an addon").key == cron["name"]
    assert run(odoo, whole(description)).plan == ()


def test_records_of_the_same_name_without_external_ids_are_left_out(odoo: SimulatedOdoo) -> None:
    for host in ("a", "b"):
        odoo.add("ir.mail_server", name="Twin", smtp_host=host)
    description = describe(odoo)
    assert description.stack["servers"] == []
    assert len(description.remarks) >= 1
    found = remark(description, "2 mail servers have this name")
    assert (found.kind, found.key, found.position) == ("left_out", "Twin", None)


def test_records_of_the_same_name_with_external_ids_are_declared_with_these(odoo: SimulatedOdoo) -> None:
    for name in ("one", "two"):
        record_id = odoo.add("ir.mail_server", name="Twin", smtp_host=name)
        odoo.add("ir.model.data", module="acme", name=name, model="ir.mail_server", res_id=record_id)
    description = describe(odoo)
    assert [server["xml_id"] for server in description.stack["servers"]] == ["acme.one", "acme.two"]
    assert run(odoo, whole(description)).plan == ()
    empty = SimulatedOdoo(odoo.series)
    assert [step.key for step in run(empty, whole(description), verify="connection").plan][-2:] == [
        "Twin (acme.one)",
        "Twin (acme.two)",
    ]
    assert describe(empty).as_result() == description.as_result()


def test_secrets_of_records_of_the_same_name_are_distinguished(odoo: SimulatedOdoo) -> None:
    code = "password = 'made-up'"
    run(odoo, {"crons": [{"name": "Twin", "model": model, "code": code} for model in ("mail.mail", "res.partner")]})
    for name in ("one", "two"):
        record_id = odoo.add("ir.mail_server", name="Twin", smtp_host=name, smtp_pass=f"made-up-{name}")
        odoo.add("ir.model.data", module="acme", name=name, model="ir.mail_server", res_id=record_id)
    secrets = describe(odoo, crons=("Twin",)).as_result()["secrets"]
    assert [secret["key"] for secret in secrets] == ["Twin"] * 4
    # The names of their variables contain these.
    assert len({(secret["resource"], secret["identity"], secret["option"]) for secret in secrets}) == 4


def test_records_that_are_not_declared(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Main (postmaster.odoo candidate)", smtp_host="a", active=False)
    if odoo.major >= 19:
        odoo.add("ir.mail_server", name="Mine", smtp_host="b", owner_user_id=2)
    neutralize(odoo)
    description = describe(odoo)
    assert description.stack["servers"] == []
    left_out = [one.key for one in description.remarks if one.kind == "left_out"]
    assert ("Mine" in left_out) == (odoo.major >= 19)
    assert {"Main (postmaster.odoo candidate)", "neutralization - disable emails"} <= set(left_out)
    assert any("neutralized copy" in one.message and one.resource is None for one in description.remarks)
    assert run(odoo, whole(description), unmanaged="ignore").plan[1:] == ()


def test_the_id_of_a_record_is_left_out(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.config_parameter", key="mass_mailing.mail_server_id", value="5")
    description = describe(odoo)
    assert "mass_mailing.mail_server_id" not in description.stack["parameters"]
    assert remark(description, "the id of a record").kind == "left_out"


def test_an_authentication_that_would_be_refused_is_left_out(odoo: SimulatedOdoo) -> None:
    record_id = odoo.add("ir.mail_server", name="Half", smtp_host="a.example", smtp_encryption="ssl")
    odoo.record("ir.mail_server", record_id)["smtp_authentication"] = "certificate"
    description = describe(odoo)
    (server,) = description.stack["servers"]
    assert "smtp_authentication" not in server
    assert "needs smtp_ssl_certificate" in remark(description, "the login cannot be declared").message
    assert run(odoo, whole(description)).plan == ()


def test_tokens_of_a_former_authentication_are_kept(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Left", smtp_host="a.example", google_gmail_refresh_token="made-up-token")
    description = describe(odoo)
    assert "google_gmail_refresh_token" in remark(description, "would also clear").message
    assert "made-up-token" not in repr(description.as_result())
    assert run(odoo, whole(description)).plan == ()


def test_values_that_a_declaration_would_refuse_or_change_are_left_out(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Odd", smtp_host=" a.example", smtp_port=0, from_filter="not @ a sender")
    description = describe(odoo)
    (server,) = description.stack["servers"]
    assert not {"smtp_host", "smtp_port", "from_filter"} & server.keys()
    assert {one.option for one in description.remarks if one.kind == "left_out"} == {
        "smtp_host",
        "smtp_port",
        "from_filter",
    }
    assert remark(description, "from_filter").message.startswith("from_filter is left out: it contains")
    assert run(odoo, whole(description)).plan == ()


def test_fields_that_a_file_of_the_server_sets_are_left_out(series: str) -> None:
    odoo = SimulatedOdoo(series, environment=Environment({"Main": {"smtp_host": "file.example"}}))
    odoo.add("ir.mail_server", name="Main", smtp_port=587)
    description = describe(odoo)
    (server,) = description.stack["servers"]
    assert "smtp_host" not in server
    assert remark(description, "smtp_host is left out").option == "smtp_host"
    assert run(odoo, whole(description)).plan == ()


@pytest.mark.parametrize(
    ("values", "option", "words"),
    [
        ({"smtp_port": 587}, "smtp_encryption", "usually needs starttls"),
        ({"smtp_port": 465, "smtp_encryption": "starttls"}, "smtp_encryption", "usually needs ssl"),
        ({"smtp_port": 587, "smtp_encryption": "ssl"}, "smtp_encryption", "usually needs starttls"),
        ({"smtp_host": "smtp.gmial.com"}, "smtp_host", "did you mean smtp.gmail.com?"),
        ({"smtp_host": "smtp.sendgird.net"}, "smtp_host", "did you mean smtp.sendgrid.net?"),
        ({"smtp_host": False}, "smtp_host", "it is empty"),
        ({"from_filter": False}, "from_filter", "it is empty, so this server sends the mail of every sender"),
        ({"smtp_user": "u"}, "smtp_pass", "no password"),
        ({"smtp_pass": "made-up"}, "smtp_user", "no user"),
        ({"smtp_user": "u", "smtp_pass": "made-up"}, "smtp_encryption", "without encryption"),
        ({"smtp_debug": True}, "smtp_debug", "Use it only to find an error"),
        ({"active": False}, "active", "it is archived"),
    ],
)
def test_warnings_about_a_server(values: dict[str, Any], option: str, words: str) -> None:
    odoo = SimulatedOdoo("19.0")
    usual = {"smtp_host": "mail.acme.example", "from_filter": "acme.example"}
    odoo.add("ir.mail_server", name="Main", **{**usual, **values})
    found = remark(describe(odoo), words)
    assert (found.kind, found.resource, found.key, found.position) == ("suspicious", "mail_server", "Main", 0)
    assert found.option == option


@pytest.mark.parametrize(
    "host",
    [
        "smtp.gmail.com",
        "smtp.outlook.com",
        "email-smtp.eu-west-1.amazonaws.com",
        "smtp.eu.mailgun.org",
        "mail.acme.example",
    ],
)
def test_a_correct_host_gives_no_warning(host: str) -> None:
    odoo = SimulatedOdoo("19.0")
    odoo.add("ir.mail_server", name="Main", smtp_host=host, from_filter="acme.example")
    assert not [one for one in describe(odoo).remarks if one.option == "smtp_host"]


def test_actions_that_do_not_run_are_reported(odoo: SimulatedOdoo) -> None:
    queue = odoo.record("ir.cron", odoo.ref(QUEUE))
    queue.update(active=True, nextcall="2026-01-15 06:00:00")  # overdue, which is momentary and not part of the file
    odoo.record("ir.cron", odoo.ref("mail.ir_cron_delete_notification"))["active"] = False
    description = describe(odoo)
    assert not [one for one in description.remarks if one.key == QUEUE]
    inactive = [one.key for one in description.remarks if "it is inactive" in one.message]
    assert "mail.ir_cron_delete_notification" in inactive


def test_other_options_of_the_user(odoo: SimulatedOdoo) -> None:
    plain, more = describe(odoo), describe(odoo, parameters=("web.base.*",), crons=("base.*",), addons=("port*",))
    assert "web.base.url" in more.stack["parameters"].keys() - plain.stack["parameters"].keys()
    assert "base.autovacuum_job" in {cron["xml_id"] for cron in more.stack["crons"]}
    assert "portal" in more.stack["addons"]


def test_everything_that_the_doctor_and_routing_cover_concerns_mail() -> None:
    scope = Scope()
    for key in (*BATCH_SIZES, *PARAMETERS, *CLIENT_PARAMETERS):
        assert scope.has_parameter(key), key
    for xml_id in set(MAIL_CRONS) - set(OWN_CRONS):
        assert scope.has_cron("", "", xml_id, of_addon=True), xml_id


def test_the_number_of_calls_does_not_grow(odoo: SimulatedOdoo) -> None:
    def calls() -> int:
        odoo.log.clear()
        describe(odoo)
        return len(odoo.log)

    before = calls()
    run(
        odoo, {"servers": [{"name": f"S{at}", "smtp_host": "a"} for at in range(30)], "parameters": STACK["parameters"]}
    )
    assert calls() <= before + 1  # the tables of related records
