# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that turn what was found into a file, and that their documentation is in step with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.filter import mail_declarations, mail_secret_variables

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

# Nothing was tested. To have new settings of mail servers tested before they go live:
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
def test_one_sees_where_a_name_ends(name: str, shown: str) -> None:
    gone = {
        "resource": "mail_server",
        "key": name,
        "position": None,
        "option": None,
        "kind": "left_out",
        "message": "x",
    }
    assert f"# LEFT OUT: {shown}: x.\n" in FILTERS["mail_declarations"]({**FOUND, "remarks": [gone]}, "acme")


def test_everything_stands_where_it_belongs() -> None:
    text = FILTERS["mail_declarations"](FOUND, "acme")
    head, _newline, rest = text.partition("LEFT OUT.\n")
    assert head.startswith("---\n# The mail of acme ")
    assert f"\n{rest}" == FILE


def test_the_variables_are_those_of_the_file() -> None:
    names = FILTERS["mail_secret_variables"](FOUND, "acme")
    assert names == ["vault_acme_mail_secret", "vault_acme_main_smtp_pass", "vault_acme_main_refresh_token"]


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"{name} takes a result of postmaster.odoo.mail_stack_info"):
        FILTERS[name]({"failed": True}, "acme")


def test_a_file_is_of_a_host() -> None:
    with pytest.raises(AnsibleFilterError, match="the name of the host"):
        FILTERS["mail_declarations"](FOUND, None)


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_each_is_documented(name: str) -> None:
    documented = yaml.safe_load((Path(mail_declarations.__file__).parent / f"{name}.yml").read_text(encoding="utf-8"))
    assert documented["DOCUMENTATION"]["name"] == name
    assert documented["DOCUMENTATION"]["options"].keys() == {"_input", "host"}
