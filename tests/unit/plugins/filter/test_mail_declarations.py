# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that turn findings into a file, and a check that their documentation is up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.filter import mail_declarations, mail_secret_variables
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_variables import stack_arguments_of

FILTERS = mail_declarations.FilterModule().filters() | mail_secret_variables.FilterModule().filters()

FOUND: dict[str, Any] = {
    "stack": {
        "addons": ["mail"],
        "parameters": {"mail.z": "1"},
        "servers": [{"name": "Main", "smtp_port": 25, "smtp_debug": False}],
        "crons": [],
    },
    "queue_policy": {"stale_after": 7},
    "secrets": [
        {
            "resource": "system_parameter",
            "key": "mail.secret",
            "identity": "mail.secret",
            "position": None,
            "option": "value",
        },
        {"resource": "mail_server", "key": "Main", "identity": "Main", "position": 0, "option": "smtp_pass"},
        {"resource": "mail_server", "key": "Main", "identity": "Main", "position": 0, "option": "oauth2.refresh_token"},
    ],
    "remarks": [
        {"resource": None, "key": None, "position": None, "option": None, "kind": "suspicious", "message": "all of it"},
        {
            "resource": "mail_server",
            "key": "Gone",
            "position": None,
            "option": None,
            "kind": "left_out",
            "message": "why",
        },
        {
            "resource": "mail_server",
            "key": "Main",
            "position": 0,
            "option": "smtp_port",
            "kind": "suspicious",
            "message": "odd",
        },
        {
            "resource": "mail_server",
            "key": "Main",
            "position": 0,
            "option": "smtp_host",
            "kind": "left_out",
            "message": "file",
        },
        {
            "resource": "system_parameter",
            "key": "mail.id",
            "position": None,
            "option": None,
            "kind": "left_out",
            "message": "id",
        },
        {
            "resource": "queue_policy",
            "key": "stale_after",
            "position": None,
            "option": None,
            "kind": "suspicious",
            "message": "?",
        },
    ],
}

FILE = """
# CHECK: all of it.

odoo_mail_addons:
  - mail

# LEFT OUT: id.
odoo_mail_parameters:
  mail.secret: "{{ vault_acme_mail_secret }}"
  mail.z: "1"

# Nothing was tested. To test new settings of mail servers before they go live:
# odoo_mail_verify: connection

# LEFT OUT: Gone: why.
odoo_mail_servers:
  # LEFT OUT: file.
  - name: Main
    # CHECK: odd.
    smtp_port: 25
    smtp_pass: "{{ vault_acme_main_smtp_pass }}"
    oauth2:
      refresh_token: "{{ vault_acme_main_refresh_token }}"
    smtp_debug: false

odoo_mail_crons: []

# CHECK: ?
odoo_queue_stale_after: 7
"""


@pytest.mark.parametrize(("name", "shown"), [(" lead", "' lead'"), ("a: b", "'a: b'"), ("Büro", "Büro")])
def test_the_end_of_a_name_is_visible(name: str, shown: str) -> None:
    gone = {
        "resource": "mail_server",
        "key": name,
        "position": None,
        "option": None,
        "kind": "left_out",
        "message": "x",
    }
    assert f"# LEFT OUT: {shown}: x.\n" in FILTERS["mail_declarations"]({**FOUND, "remarks": [gone]}, "acme")


def test_every_key_is_in_its_place() -> None:
    text = FILTERS["mail_declarations"](FOUND, "acme")
    head, _newline, rest = text.partition("declared here.\n")
    assert head.startswith("---\n# The mail settings of acme in Odoo")
    assert f"\n{rest}" == FILE


def test_the_variables_equal_those_of_the_file() -> None:
    names = FILTERS["mail_secret_variables"](FOUND, "acme")
    assert names == ["vault_acme_mail_secret", "vault_acme_main_smtp_pass", "vault_acme_main_refresh_token"]


@pytest.mark.parametrize("name", ["mail_declarations", "mail_secret_variables"])
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"{name}: .*expected a result of postmaster.odoo.mail_stack_info"):
        FILTERS[name]({"failed": True}, "acme")


@pytest.mark.parametrize("answers", [None, {}, {"acme": {"failed": True}}])
def test_common_declarations_need_results(answers: Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"(results|a result) of postmaster.odoo.mail_stack_info"):
        FILTERS["mail_common_declarations"](answers)


def test_a_file_belongs_to_a_host() -> None:
    with pytest.raises(AnsibleFilterError, match="the name of the host"):
        FILTERS["mail_declarations"](FOUND, None)


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_each_is_documented(name: str) -> None:
    documented = yaml.safe_load((Path(mail_declarations.__file__).parent / f"{name}.yml").read_text(encoding="utf-8"))
    assert documented["DOCUMENTATION"]["name"] == name
    optional = {"mail_declarations": {"host", "others"}, "mail_secret_variables": {"host"}}
    assert documented["DOCUMENTATION"]["options"].keys() == {"_input", *optional.get(name, ())}


# Declarations that several hosts share


def layers(answers: dict[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the variables of the common file, and those of each host."""
    common = yaml.safe_load(FILTERS["mail_common_declarations"](answers)) or {}
    own = {
        host: yaml.safe_load(FILTERS["mail_declarations"](answer, host, others=answers)) or {}
        for host, answer in answers.items()
    }
    return common, own


def merged(variables: dict[str, Any]) -> dict[str, Any]:
    return stack_arguments_of(
        variables, lambda names: {name: variables[name] for name in names}, lambda _name: "", None
    )


def answer(**changed: Any) -> dict[str, Any]:
    return {"stack": {**FOUND["stack"], **changed}, "queue_policy": {"stale_after": 7}, "secrets": [], "remarks": []}


def test_shared_declarations_are_written_once() -> None:
    server = {"name": "Main", "smtp_port": 587, "smtp_host": "smtp.acme.example"}
    cron = {"xml_id": "mail.ir_cron_mail_scheduler_action", "interval_number": 5}
    answers = {
        "acme": answer(
            servers=[{**server, "smtp_user": "acme"}, {"name": "Shop", "smtp_host": "shop.example"}], crons=[cron]
        ),
        "globex": answer(
            servers=[{**server, "smtp_user": "globex"}], crons=[cron], parameters={"mail.z": "1", "mail.y": "2"}
        ),
    }
    answers["globex"]["queue_policy"] = {"stale_after": 7, "purge_after": 90}
    common, own = layers(answers)
    assert common == {
        "odoo_mail_addons": ["mail"],
        "odoo_mail_parameters": {"mail.z": "1"},
        "odoo_mail_servers": [server],
        "odoo_mail_crons": [cron],
        "odoo_queue_stale_after": 7,
    }
    assert own == {
        "acme": {
            "odoo_mail_servers__host": [
                {"name": "Main", "smtp_user": "acme"},
                {"name": "Shop", "smtp_host": "shop.example"},
            ]
        },
        "globex": {
            "odoo_mail_parameters__host": {"mail.y": "2"},
            "odoo_mail_servers__host": [{"name": "Main", "smtp_user": "globex"}],
            "odoo_queue_purge_after__host": 90,
        },
    }


SERVERS = st.lists(
    st.builds(
        lambda name, sequence, port: {"name": name, "sequence": sequence, "smtp_port": port},
        st.sampled_from(["A", "B", "C"]),
        st.integers(0, 2),
        st.sampled_from([25, 587]),
    ),
    max_size=3,
    unique_by=lambda one: one["name"],
)
ANSWERS = st.builds(
    lambda servers, addons, parameters: answer(servers=servers, addons=sorted(addons), parameters=parameters),
    SERVERS,
    st.sets(st.sampled_from(["mail", "mass_mailing", "digest"])),
    st.dictionaries(st.sampled_from(["mail.a", "mail.b"]), st.sampled_from(["1", "2"])),
)


@given(st.lists(ANSWERS, min_size=2, max_size=4))
def test_the_layers_add_up_to_the_declarations_of_each_host(found: list[dict[str, Any]]) -> None:
    answers = {f"host{position}": one for position, one in enumerate(found)}
    common, own = layers(answers)
    for host, one in answers.items():
        stack = merged({**common, **own[host]})
        for part in ("addons", "parameters"):
            assert sorted(stack.get(part, [])) == sorted(one["stack"][part])
        assert {each["name"]: each for each in stack.get("servers", [])} == {
            each["name"]: each for each in one["stack"]["servers"]
        }
