# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adoption of an instance that exists: exported, then provisioned on the same instance without a change, and on an empty one to equality."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adopted import SECRETS, Adoption, add_company, furnish, still
from instance import LabInstance
from inventory import shown
from lab import Lab
from playbook import Run
from process_list import process_list
from test_managed_elsewhere import ADDONS, CONFIGURATION, NAME, OWNED_FIELDS

pytestmark = pytest.mark.in_process

PRIVATE_KEY = "client_private_key"


def hidden(lab: Lab) -> list[str]:
    """What must not be seen: the secrets, and a line of the private key."""
    key = lab.description["smtp"][PRIVATE_KEY]
    return [*SECRETS.values(), "made-up-personal", Path(key).read_text().splitlines()[1]]


def assert_unseen(secrets: list[str], text: str) -> None:
    forms = {form for secret in secrets for form in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1])}
    assert [form for form in forms if form in text] == []


@pytest.fixture(scope="module")
def grown(lab: Lab, fresh: Callable[[str], LabInstance]) -> LabInstance:
    """An instance that has everything."""
    database = fresh("integration_export")
    furnish(database)
    return database


@pytest.fixture
def adoption(grown: LabInstance, tmp_path: Path) -> Adoption:
    still(grown)
    return Adoption(tmp_path / "project", "acme", grown)


def exported(adoption: Adoption, *arguments: str, **variables: Any) -> Run:
    run = adoption.run("export", *arguments, **variables)
    assert run.exit_code == 0, run.output
    return run


def changed(run: Run) -> list[str]:
    """Nothing failed, and these tasks have changed something."""
    assert run.exit_code == 0, run.output
    return [name for name, result in run.results.items() if result.get("changed")]


def test_a_round_trip(adoption: Adoption, lab: Lab, fresh: Callable[[str], LabInstance], tmp_path: Path) -> None:
    grown = adoption.database
    before = grown.fingerprint()
    with process_list() as processes:
        run = exported(adoption, "-vvvv", "--diff", export_vault=True)
    assert grown.fingerprint() == before

    # No secret is anywhere but in what is encrypted.
    secrets = hidden(lab)
    assert_unseen(secrets, run.output)
    assert_unseen(secrets, "\n".join(processes))
    for file in adoption.folder.rglob("*"):
        if file.is_file():
            assert_unseen(secrets, file.read_text(errors="replace"))
    assert adoption.text("vault.yml").startswith("$ANSIBLE_VAULT;1.1;AES256\n")
    assert stat.S_IMODE((adoption.host_vars / "vault.yml").stat().st_mode) == 0o600
    held = adoption.secrets()
    assert set(SECRETS.values()) - {SECRETS["in_code"]} < set(held.values())
    assert not any("personal" in value for value in held.values())

    # On the same instance it changes nothing.
    assert changed(adoption.run("drift")) == []
    assert changed(adoption.enforce("--check")) == []
    assert changed(adoption.enforce()) == []
    assert grown.fingerprint() == before

    # A second export is the same to the letter, ciphertext and all.
    first = {name: adoption.text(name) for name in ("mail.yml", "vault.yml")}
    assert changed(exported(adoption, export_vault=True, export_overwrite=True)) == []
    assert {name: adoption.text(name) for name in first} == first

    # On an empty one it comes to the same.
    empty = fresh("integration_export_empty")
    add_company(empty)
    other = Adoption(tmp_path / "other", "globex", empty)
    other.host_vars.parent.mkdir()
    adoption.host_vars.rename(other.host_vars)
    enforced = other.enforce()
    assert changed(enforced) == ["Enforce the mail of the instance"]
    assert_unseen(secrets, enforced.output)
    assert changed(other.enforce()) == []
    still(empty)
    declared, values = other.text("mail.yml"), other.secrets()
    exported(other, export_vault=True, export_overwrite=True)
    assert without_personal(declared) == other.text("mail.yml").replace("globex", "acme")
    renewed = {name: value for name, value in other.secrets().items() if name.startswith("vault_globex_")}
    assert {name.replace("globex", "acme"): value for name, value in renewed.items()} == values


def without_personal(text: str) -> str:
    """Less the remark on the user's own server, of which the declaration makes none."""
    return "".join(line for line in text.splitlines(keepends=True) if "LEFT OUT: Personal" not in line)


def test_a_check_writes_nothing_and_shows_what_it_would(adoption: Adoption, lab: Lab) -> None:
    run = exported(adoption, "--check", "--diff", export_vault=True)
    assert not adoption.host_vars.exists()
    assert "+odoo_mail_servers:" in run.output
    assert "$ANSIBLE_VAULT" not in run.output
    lines = shown(run, "Show the results")["acme"]
    assert lines[0].endswith("host_vars/acme/mail.yml: would be written")
    assert "vault.yml: would be written (encrypted, 11 secrets)" in lines[1]
    assert_unseen(hidden(lab), run.output)


def test_without_a_vault_password_nothing_is_read(adoption: Adoption) -> None:
    adoption.password.unlink()
    adoption.variables["odoo_url"] = "http://localhost:1"  # which would be another error
    run = adoption.run("export", export_vault=True)
    assert run.exit_code == 2
    assert "--vault-password-file, --vault-id or --ask-vault-pass" in run.output
    assert not adoption.host_vars.exists()


def test_without_the_secrets_it_says_which_variables_to_fill(adoption: Adoption) -> None:
    adoption.password.unlink()
    lines = shown(exported(adoption), "Show the results")["acme"]
    assert sorted(file.name for file in adoption.host_vars.iterdir()) == ["mail.yml"]
    assert lines[1].endswith("(export_vault: true writes it):")
    assert "  vault_acme_transactional_smtp_pass" in lines


def test_what_is_there_is_left_alone_unless_told(adoption: Adoption) -> None:
    adoption.host_vars.mkdir(parents=True)
    for name in ("mail.yml", "vault.yml"):
        (adoption.host_vars / name).write_text("somebody: wrote this\n")
    run = exported(adoption, export_vault=True)
    assert changed(run) == []
    assert adoption.text("mail.yml") == adoption.text("vault.yml") == "somebody: wrote this\n"
    lines = shown(run, "Show the results")["acme"]
    assert all("export_overwrite: true" in line for line in lines[:2])
    assert "encrypted" not in lines[1]
    assert "vault.yml does not contain" in lines[2]
    assert "  vault_acme_gmail_braces_refresh_token" in lines

    exported(adoption, export_vault=True, export_overwrite=True)
    assert "odoo_mail_servers:" in adoption.text("mail.yml")
    # A vault file keeps what it held, and is encrypted even if it was not.
    assert adoption.text("vault.yml").startswith("$ANSIBLE_VAULT")
    assert adoption.secrets()["somebody"] == "wrote this"
    assert adoption.secrets()["vault_acme_gmail_braces_refresh_token"] == SECRETS["gmail_token"]


def test_a_vault_file_that_no_secret_of_the_run_opens_is_an_error(adoption: Adoption) -> None:
    exported(adoption, export_vault=True)
    before = adoption.text("vault.yml")
    (adoption.host_vars / "vault.yml").rename(adoption.folder / "aside")  # else Ansible itself would not start
    adoption.password.write_text("another-made-up-password")
    exported(adoption, export_vault=True)
    encrypted_otherwise = adoption.text("vault.yml")
    (adoption.folder / "aside").rename(adoption.folder / "elsewhere.yml")
    folder = adoption.folder / "apart/host_vars/acme"
    folder.mkdir(parents=True)
    (folder / "vault.yml").write_text(before)
    run = adoption.run("export", export_vault=True, export_overwrite=True, export_folder=str(adoption.folder / "apart"))
    assert run.exit_code == 2
    assert "None of the vault secrets of this run decrypts the existing file" in run.output
    assert (folder / "vault.yml").read_text() == before != encrypted_otherwise


def test_a_vault_id_is_written_into_the_file(adoption: Adoption) -> None:
    """Over JSON-RPC, with a password."""
    adoption.variables = {f"odoo_{name}": value for name, value in adoption.database.options("jsonrpc").items()}
    run = adoption.run(
        *("export", "--vault-id", f"production@{adoption.password}"), export_vault=True, export_vault_id="production"
    )
    assert run.exit_code == 0, run.output
    assert adoption.text("vault.yml").startswith("$ANSIBLE_VAULT;1.2;AES256;production\n")


def test_a_file_that_the_folder_would_hide_is_an_error(adoption: Adoption) -> None:
    adoption.host_vars.parent.mkdir(parents=True)
    file = adoption.host_vars.with_suffix(".yml")
    file.write_text("odoo_timeout: 60\n")
    run = adoption.run("export")
    assert run.exit_code == 2
    assert f"{adoption.host_vars}/main.yml" in "".join(run.output.split("\n"))
    assert not adoption.host_vars.exists()


def test_a_relative_folder_is_where_the_user_stands(adoption: Adoption) -> None:
    """Ansible calls modules in the folder of the playbook, here one of the collection."""
    run = exported(adoption, export_folder="apart", export_vault=True)
    place = adoption.folder.resolve() / "apart/host_vars/acme"
    assert run.results["Show the results"]["msg"][0] == f"{place}/mail.yml: written"
    assert sorted(file.name for file in place.iterdir()) == ["mail.yml", "vault.yml"]


def test_a_host_of_no_file_has_no_place_to_write_to(adoption: Adoption) -> None:
    run = adoption.run("export", "--inventory", "nowhere,", "--limit", "nowhere")
    assert run.exit_code == 2
    assert "No inventory file contains this host" in run.results["Check that there is a folder to write to"]["msg"]


def test_what_shares_a_name(adoption: Adoption, database: LabInstance, fresh: Callable[[str], LabInstance]) -> None:
    """Told apart by external ids where there are any; else nothing is guessed."""
    with database.session() as session:
        ids = session.create(
            "ir.mail_server", [{"name": name, "smtp_host": f"{at}.invalid"} for at, name in enumerate("aabb")]
        )
        for record_id, name in ((ids[0], "first"), (ids[1], "second"), (ids[2], "third")):
            row = {"module": "acme", "name": name, "model": "ir.mail_server", "res_id": record_id}
            session.create("ir.model.data", [row])
    still(database)
    adoption.variables = Adoption(adoption.folder, "acme", database).variables
    run = exported(adoption, export_vault=True)
    text = adoption.text("mail.yml")
    assert [line for line in text.splitlines() if "xml_id: acme." in line] == [
        *(f"    xml_id: acme.{name}" for name in ("first", "second", "third")),
    ]
    assert "Rename all but one in Odoo" in "".join(shown(run, "Show the results")["acme"])
    assert changed(adoption.run("provision", "--check")) == []
    assert changed(adoption.run("provision")) == []
    adoption.variables = Adoption(adoption.folder, "acme", fresh("integration_export_twins")).variables
    assert changed(adoption.run("provision")) == ["Enforce the mail of the instance"]
    assert changed(adoption.run("provision")) == []


def test_fields_of_a_file_of_the_server_are_left_out(
    lab: Lab, fresh: Callable[[str], LabInstance], tmp_path: Path
) -> None:
    lab.fetch_addons(**ADDONS)
    database = fresh("integration_export_elsewhere")
    smtp = lab.smtp["starttls"]
    with lab.second_odoo(SERVER_ENV_CONFIG=CONFIGURATION.format(smtp=smtp)) as url:
        managed = replace(database, url=url)
        managed.enforce({"addons": ["mail_environment"]}, update_list=True)
        managed.enforce({"servers": [{"name": NAME, "smtp_encryption": "starttls", "from_filter": smtp.user}]})
        still(managed)
        adoption = Adoption(tmp_path / "project", "acme", managed)
        run = exported(adoption, export_vault=True)
        text = adoption.text("mail.yml")
        (server,) = run.results["Read the mail of the instance"]["stack"]["servers"]
        assert not set(OWNED_FIELDS) & server.keys()
        for field in OWNED_FIELDS:
            assert f"# LEFT OUT: {field} is left out: another addon (mail_environment) takes it from a file" in text
        assert str(smtp.password) not in text + run.output
        assert changed(adoption.run("provision", "--check")) == []
        assert changed(adoption.run("provision")) == []
