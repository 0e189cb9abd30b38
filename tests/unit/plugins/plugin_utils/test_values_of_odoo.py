# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that Odoo returns, if they equal or contain the password of the task: through both front ends, and in the exported file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.mail_file import mail_file
from ansible_collections.postmaster.odoo.tests.unit.enforcing import QUEUE
from ansible_collections.postmaster.odoo.tests.unit.plugins.plugin_utils.test_in_process import action
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.tasks import connect_to, module_named, shipped

ANSIBLE_MASKS = ("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "********")
SHORT, LONG = "admin", "hunter22"
CODE = "for mail in model.search([('state', '=', 'exception')]):\n    mail.mark_outgoing()  # by the {}"

Answer = dict[str, Any]


@pytest.fixture
def series() -> str:
    """One is enough: versions differ below the front end."""
    return "19.0"


@pytest.fixture(params=["in process", "shipped"])
def ask(
    request: pytest.FixtureRequest,
    odoo: SimulatedOdoo,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Answer]:
    """Run a module that asks, with a password."""
    connect_to(odoo, monkeypatch)

    def run(module: str, password: str, **options: Any) -> Answer:
        given = {"username": "admin", "password": password, "api_key": None, **options}
        if request.param == "shipped":
            return shipped(module, given, capsys)
        return action(module, given).run(task_vars={})

    return run


def furnish(odoo: SimulatedOdoo, word: str) -> None:
    """Have a word everywhere: in names, values, a list, a key, code, and as the whole of a value."""
    odoo.add(
        "ir.mail_server",
        name=f"An {word}istrator's",
        smtp_host=f"{word}.example",
        smtp_user=word,
        smtp_pass="made-up-pass",
    )
    odoo.add("ir.mail_server", name=word, smtp_host="smtp.acme.example", from_filter=f"{word}.example")
    odoo.add("ir.config_parameter", key="mail.catchall.alias", value=word)
    odoo.add("ir.config_parameter", key=f"mail.server.{word}", value="1")
    odoo.add("ir.config_parameter", key="mail.server.note", value=f"ask the {word}.")
    company = odoo.add("res.company", name=f"{word} and Sons")
    odoo.add("mail.alias.domain", name="acme.example", bounce_alias=word, company_ids=[company])
    (model,) = [one for one in odoo.records.tables["ir.model"].values() if one["model"] == "mail.mail"]
    odoo.add("ir.cron", name="Sweep", model_id=model["id"], state="code", code=CODE.format(word))


def file_of(answer: Answer) -> tuple[str, Any]:
    text = mail_file(answer, "acme")
    return text, yaml.safe_load(text.replace("!unsafe ", ""))


def test_a_short_password_is_in_values_by_chance(odoo: SimulatedOdoo, ask: Callable[..., Answer]) -> None:
    furnish(odoo, SHORT)
    answer = ask("mail_stack_info", SHORT)
    assert not [mask for mask in ANSIBLE_MASKS if mask in json.dumps({**answer, "invocation": None})]
    # The same as with a password that is nowhere.
    other = ask("mail_stack_info", "zzz")
    assert {**answer, "invocation": None} == {**other, "invocation": None}
    text, declared = file_of(answer)
    assert not [mask for mask in ANSIBLE_MASKS if mask in text]
    assert {one["name"] for one in declared["odoo_mail_servers"]} == {"An administrator's", "admin"}
    assert declared["odoo_mail_servers"][0]["smtp_user"] == "admin"
    assert declared["odoo_mail_parameters"]["mail.server.admin"] == "1"
    assert declared["odoo_mail_alias_domains"][0]["companies"] == ["YourCompany", "admin and Sons"]


def test_a_longer_one_is_a_secret_there_too(odoo: SimulatedOdoo, ask: Callable[..., Answer]) -> None:
    furnish(odoo, LONG)
    answer = ask("mail_stack_info", LONG)
    assert LONG not in json.dumps(answer)
    text, declared = file_of(answer)
    assert not [word for word in (LONG, *ANSIBLE_MASKS) if word in text]
    # Texts are variables, and everything that cannot be one is left out.
    assert declared["odoo_mail_servers"] == []
    assert (
        text.count("# CHECK: (a name that is not shown): it is left out because of its name: it contains a secret") == 1
    )
    assert declared["odoo_mail_parameters"]["mail.catchall.alias"] == "{{ vault_acme_mail_catchall_alias }}"
    assert "mail.server.note" in declared["odoo_mail_parameters"]
    assert len([one for one in declared["odoo_mail_parameters"] if one.startswith("mail.server.")]) == 1
    (domain,) = declared["odoo_mail_alias_domains"]
    assert domain["bounce_alias"].startswith("{{ vault_acme_")
    assert "companies" not in domain
    assert "# CHECK: companies is left out: it contains a secret" in " ".join(text.split("\n"))
    sweep = next(one for one in declared["odoo_mail_crons"] if one.get("name") == "Sweep")
    assert sweep["code"].startswith("{{ vault_acme_")
    assert "CHECK: it contains a secret of this run" in text


def test_the_places_of_secrets_are_those_of_the_vault_file(odoo: SimulatedOdoo, ask: Callable[..., Answer]) -> None:
    """The lookup that writes them knows the same credentials."""
    from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import credentials_of
    from ansible_collections.postmaster.odoo.plugins.module_utils.export.describe import Description
    from ansible_collections.postmaster.odoo.plugins.module_utils.export.read import read_instance
    from ansible_collections.postmaster.odoo.plugins.module_utils.export.scope import Scope

    furnish(odoo, LONG)
    connection = {"username": "admin", "password": LONG, "url": "http://odoo.example", "proxy": None}
    described = Description(read_instance(odoo.session(read_only=True), Scope()), credentials_of(connection))
    assert [secret.as_result() for secret in described.secrets] == ask("mail_stack_info", LONG)["secrets"]
    assert {secret.value for secret in described.secrets} >= {LONG, CODE.format(LONG)}


def test_a_password_that_is_the_user_hides_nothing(odoo: SimulatedOdoo, ask: Callable[..., Answer]) -> None:
    odoo.add("ir.config_parameter", key="mail.catchall.alias", value="postmaster")
    answer = ask("mail_stack_info", "postmaster", username="postmaster")
    assert answer["stack"]["parameters"]["mail.catchall.alias"] == "postmaster"


@pytest.mark.parametrize("mask", ["VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "An ********istrator"])
def test_a_mask_in_odoo_is_left_out(odoo: SimulatedOdoo, ask: Callable[..., Answer], mask: str) -> None:
    """As an earlier export may have brought it there."""
    odoo.add("ir.mail_server", name="Main", smtp_host="a.example", smtp_user=mask)
    odoo.add("ir.mail_server", name=mask, smtp_host="a.example")
    odoo.add("ir.config_parameter", key="mail.catchall.alias", value=mask)
    text, declared = file_of(ask("mail_stack_info", "zzz"))
    assert mask not in text
    (main,) = declared["odoo_mail_servers"]
    assert "smtp_user" not in main
    assert "mail.catchall.alias" not in declared["odoo_mail_parameters"]
    comments = " ".join(line.strip().removeprefix("# ") for line in text.splitlines())
    for what in (
        "smtp_user is left out",
        "(a name that is not shown): it is left out because of its name",
        "mail.catchall.alias is left out",
    ):
        assert f"CHECK: {what}: it is a mask instead of a value" in comments


def test_code_with_lines_of_asterisks_is_no_mask(odoo: SimulatedOdoo, ask: Callable[..., Answer]) -> None:
    furnish(odoo, "admin\n    # ********")
    answer = ask("mail_stack_info", "zzz")
    assert next(one for one in answer["stack"]["crons"] if one.get("name") == "Sweep")["code"].endswith("# ********")


@pytest.mark.parametrize(("module", "records"), [("mail_server_info", "mail_servers"), ("cron_info", "crons")])
@pytest.mark.parametrize(("word", "is_shown"), [(SHORT, True), (LONG, False)])
def test_modules_that_ask(
    odoo: SimulatedOdoo, ask: Callable[..., Answer], module: str, records: str, word: str, is_shown: bool
) -> None:
    furnish(odoo, word)
    answer = ask(module, word, query="[].[name, user_id]")
    shown = json.dumps({records: answer[records], "query_result": answer["query_result"]})
    assert ("VALUE_SPECIFIED" in shown) is False
    if module == "mail_server_info":
        assert (f"An {word}istrator's" in shown) is is_shown
        assert ("An ********istrator's" in shown) is not is_shown
        assert [name for name, _user in answer["query_result"]] == [one["name"] for one in answer[records]]
    elif not is_shown:
        assert word not in shown
    if "invocation" in answer:  # ansible-core 2.21 leaves it out
        assert answer["invocation"]["module_args"]["password"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def test_the_password_itself_is_in_no_result(odoo: SimulatedOdoo, ask: Callable[..., Answer]) -> None:
    for module in ("mail_stack_info", "mail_server_info", "cron_info"):
        assert module_named(module).SPECIFICATION.connection
        answer = ask(module, "zzz")
        assert "zzz" not in json.dumps(answer)
    assert QUEUE in json.dumps(answer)
