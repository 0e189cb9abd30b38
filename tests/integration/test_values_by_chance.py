# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An export of an instance whose administrator's password is also in names and values: no mask of Ansible gets into its files."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adopted import Adoption, still
from instance import LabInstance

pytestmark = pytest.mark.in_process

MASKS = ("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "********")
CODE = "# asks the {word}\nmodel.search([('state', '=', 'exception')]).mark_outgoing()"
SHORT, LONG = "admin", "hunter22"


def stack_with(word: str) -> dict[str, Any]:
    """A word in names, in values, as a whole value, in a key, in a list and in code."""
    return {
        "parameters": {f"mail.server.{word}": "1", "mail.server.note": f"ask the {word}.", "mail.catchall.alias": word},
        "servers": [
            {
                "name": f"An {word}istrator",
                "smtp_host": f"{word}.example",
                "smtp_user": word,
                "smtp_pass": "made-up-pass",
                "from_filter": f"{word}.example, b.example",
            },
            {"name": "Main", "smtp_host": "smtp.acme.example", "smtp_user": word, "from_filter": "acme.example"},
        ],
        "crons": [{"name": "Sweep", "model": "mail.mail", "code": CODE.format(word=word), "user": "admin"}],
    }


def instance_of(database: LabInstance, password: str) -> LabInstance:
    """The database, furnished, with another password of its administrator."""
    stack = stack_with(password)
    if not database.takes_sender_lists:
        for server in stack["servers"]:
            server["from_filter"] = server["from_filter"].partition(",")[0]
    database.enforce(stack, unmanaged="ignore")
    # Odoo takes a password in clear, and hashes it at the next login.
    database.sql(f"UPDATE res_users SET password = '{password}' WHERE login = '{database.username}'")
    changed = replace(database, password=password, api_key=None)
    still(changed)
    return changed


def exported(instance: LabInstance, folder: Path, *, in_process: bool) -> Adoption:
    adoption = Adoption(folder, "acme", instance)
    adoption.variables |= {"postmaster_odoo_in_process": in_process, "ansible_python_interpreter": sys.executable}
    run = adoption.run("export", export_vault=True)
    assert run.exit_code == 0, run.output
    return adoption


def both_front_ends(instance: LabInstance, folder: Path) -> Adoption:
    """Export through both, and hold them to the same file."""
    one, other = (exported(instance, folder / str(way), in_process=way) for way in (True, False))
    assert one.text("mail.yml") == other.text("mail.yml")
    assert not [mask for mask in MASKS if mask in one.text("mail.yml")]
    assert one.secrets() == other.secrets()
    return one


def test_a_short_password_in_values(database: LabInstance, tmp_path: Path) -> None:
    instance = instance_of(database, SHORT)
    adoption = both_front_ends(instance, tmp_path)
    text = adoption.text("mail.yml")
    for line in (
        "name: An administrator",
        "smtp_user: admin",
        'from_filter: "admin.example, b.example"' if database.takes_sender_lists else "from_filter: admin.example",
        'mail.server.admin: "1"',
        "mail.server.note: ask the admin.",
        "user: admin",
        "# asks the admin",
    ):
        assert line in text, line
    assert "made-up-pass" not in text
    checked = adoption.run("provision", "--check")
    assert checked.exit_code == 0, checked.output
    assert [name for name, result in checked.results.items() if result.get("changed")] == []


def test_a_longer_password_in_values(database: LabInstance, tmp_path: Path) -> None:
    instance = instance_of(database, LONG)
    adoption = both_front_ends(instance, tmp_path)
    text = adoption.text("mail.yml")
    assert LONG not in text
    comments = " ".join(line.strip().removeprefix("# ") for line in text.splitlines())
    assert "CHECK: (a name that is not shown): it is left out because of its name: it contains a secret" in comments
    assert "CHECK: it contains a secret of this run" in comments
    assert 'smtp_user: "{{ vault_acme_main_smtp_user }}"' in text
    assert adoption.secrets()["vault_acme_main_smtp_user"] == LONG
    # What is declared is what is there.
    checked = adoption.run("provision", "--check", odoo_mail_unmanaged="ignore")
    assert checked.exit_code == 0, checked.output
    assert [name for name, result in checked.results.items() if result.get("changed")] == []
    assert LONG not in json.dumps(checked.results)
