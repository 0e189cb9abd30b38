# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declaring: what no Odoo would take is refused before one is asked, all of it at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, NothingDeclared
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.alias_domain import ALIAS_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER, repeats_secret
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import is_secret_name, secrets_in

ALL = (ADDON, SYSTEM_PARAMETER, ALIAS_DOMAIN, MAIL_SERVER, CRON)
MAIN = {"name": "Main"}
QUEUE = {"xml_id": "mail.ir_cron_mail_scheduler_action"}


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (
            MAIL_SERVER,
            {**MAIN, "smtp_port": 70000},
            "mail server 'Main': smtp_port must be between 1 and 65535, not 70000.",
        ),
        (MAIL_SERVER, {**MAIN, "smtp_port": 0}, "not 0"),
        (MAIL_SERVER, {**MAIN, "smtp_timeout": 0}, "smtp_timeout must be at least 1 second, not 0"),
        (
            MAIL_SERVER,
            {**MAIN, "max_email_size": -1.0},
            "max_email_size must be a number of megabytes from 0 on, not -1",
        ),
        (
            MAIL_SERVER,
            {**MAIN, "xml_id": "no_dot"},
            "xml_id 'no_dot' is not a valid external ID (expected module.name)",
        ),
        (MAIL_SERVER, {**MAIN, "xml_id": "post master.main"}, "xml_id 'post master.main' is not a valid external ID"),
        (CRON, {**QUEUE, "interval_number": 0}, "interval_number must be at least 1, not 0"),
        (CRON, {**QUEUE, "max_overdue": 0}, "max_overdue must be at least 1, not 0"),
        (CRON, {**QUEUE, "max_overdue": 10**18}, "max_overdue must be at most 52560000"),
        (CRON, {**QUEUE, "interval_number": 10**9}, "interval_number must be at most 52560000"),
        (CRON, {**QUEUE, "interval_number": 1178, "interval_type": "months"}, "interval_number must be at most 1177"),
        (CRON, {**QUEUE, "numbercall": -2}, "numbercall must be at least -1, not -2"),
        (CRON, {**QUEUE, "priority": -1}, "priority must be at least 0, not -1"),
        (ALIAS_DOMAIN, {"name": "Acme.example"}, "name 'Acme.example' is not a valid domain"),
        (
            ALIAS_DOMAIN,
            {"name": "sales@acme.example"},
            "alias domain 'sales@acme.example': name 'sales@acme.example' is not a valid domain",
        ),
        (
            ALIAS_DOMAIN,
            {"name": "acme.example", "bounce_alias": "bounce@acme.example"},
            "bounce_alias 'bounce@acme.example' is not a valid alias",
        ),
        (
            ALIAS_DOMAIN,
            {"name": "acme.example", "catchall_alias": "a, b"},
            "catchall_alias 'a, b' is not a valid alias",
        ),
        (
            ALIAS_DOMAIN,
            {"name": "acme.example", "default_from": "No Reply"},
            "default_from 'No Reply' is not a valid alias",
        ),
        (SYSTEM_PARAMETER, {"key": " ", "value": "x"}, "key must not be empty"),
        (SYSTEM_PARAMETER, {"key": "a", "value": {"b": 1}}, "value must be a text, number or boolean"),
        (SYSTEM_PARAMETER, {"key": "a", "value": ["b"]}, "value must be a text, number or boolean"),
    ],
)
def test_what_no_odoo_would_take(kind: ResourceType, options: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid) as caught:
        kind.declare(options)
    assert words in caught.value.message


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        MAIL_SERVER.declare({"name": "Main", "smtp_port": 0, "smtp_timeout": 0, "xml_id": "x"})
    assert all(word in caught.value.message for word in ("smtp_port", "smtp_timeout", "xml_id"))


@pytest.mark.parametrize("default_from", ["notifications", "info@other.example", ""])
def test_default_from_may_be_a_whole_address(default_from: str) -> None:
    declaration = ALIAS_DOMAIN.declare({"name": "acme.example", "default_from": default_from})
    assert declaration.options["default_from"] == default_from


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_options_that_were_not_given_are_not_declared(kind: ResourceType) -> None:
    identity = {"key": "a", "name": "acme"} | ({} if kind is CRON else {"xml_id": "mail.x"})
    given = {name: identity.get(name) for name in (*kind.options, "xml_id")}
    declaration = kind.declare(given)
    assert not {name for name, value in declaration.options.items() if value is None}
    assert set(kind.declared_fields(declaration)) <= {kind.key_field, *({"active"} if kind.active_by_default else ())}


@pytest.mark.parametrize(
    ("value", "written"),
    [("500", "500"), (500, "500"), (True, True), (False, False), (0, "0"), (1.5, "1.5")],
)
def test_parameters_are_texts_or_booleans(value: Any, written: str | bool) -> None:
    declared = SYSTEM_PARAMETER.declare({"key": "a", "value": value}).options["value"]
    assert (type(declared), declared) == (type(written), written)


def test_an_empty_parameter_is_an_absent_one() -> None:
    assert SYSTEM_PARAMETER.declare({"key": "a", "value": ""}).state == "absent"
    assert SYSTEM_PARAMETER.declare({"key": "a", "value": "0"}).state == "present"


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("google_gmail_client_secret", True),
        ("microsoft_outlook_client_secret", True),
        ("database.secret", True),
        ("acme.smtp_password", True),
        ("acme.API_KEY", True),
        ("acme.access_token", True),
        ("smtp_passwd", True),
        ("google_gmail_client_id", False),
        ("auth_password_policy.minlength", False),
        ("mail.session.batch.size", False),
        ("web.base.url", False),
    ],
)
def test_which_parameters_are_secret(key: str, secret: bool) -> None:
    assert is_secret_name(key) is secret
    assert list(secrets_in({key: "value"})) == (["value"] if secret else [])


@pytest.mark.parametrize(
    "parameters", [None, "text", ["list"], {"a.secret": None}, {"a.secret": ""}, {"a.secret": True}]
)
def test_parameters_that_hold_no_secret(parameters: Any) -> None:
    """They have not been validated yet."""
    assert list(secrets_in(parameters)) == []


def test_a_stack_is_declared_in_the_order_it_is_built_in() -> None:
    stack = {
        "crons": [QUEUE],
        "servers": [MAIN],
        "alias_domains": [{"name": "acme.example"}],
        "parameters": {"a": "1", "b": None},
        "addons": ["google_gmail"],
        "unmanaged": "report",
    }
    declared = [(one.type.name, one.key) for one in read_declared_stack(stack, RunOptions()).declarations]
    assert declared == [
        ("addon", "google_gmail"),
        ("system_parameter", "a"),
        ("alias_domain", "acme.example"),
        ("mail_server", "Main"),
        ("cron", QUEUE["xml_id"]),
    ]
    for nothing in ({}, dict.fromkeys(stack), {"parameters": {}, "crons": []}):
        with pytest.raises(NothingDeclared):
            read_declared_stack(nothing, RunOptions())
    # That there are no others can be compared.
    assert read_declared_stack({"servers": []}, RunOptions(unmanaged="report")).declarations == ()


def test_an_error_does_not_repeat_what_may_be_a_password() -> None:
    with pytest.raises(Invalid) as caught:
        MAIL_SERVER.declare({**MAIN, "smtp_user": " correct-horse ", "smtp_pass": "correct-horse"})
    assert "smtp_user must not begin or end with blanks" in caught.value.message
    assert "correct-horse" not in caught.value.message


@pytest.mark.parametrize("user", ["pw", " pw", "pw\t", " pw "])
def test_a_user_that_is_the_password_is_masked(user: str) -> None:
    assert repeats_secret({" pw"}, user)
    assert not repeats_secret({" pw"}, "pwd")
    assert not repeats_secret({" "}, " ")
