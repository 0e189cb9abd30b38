# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""New secrets go into a vault file beside everything else that is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret, VaultSecretsContext
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.vault_file import VaultFile, merged

TEXT = """\
---
# Who logs in to Odoo
vault_acme_odoo_api_key: made-up-key # since January
vault_acme_a: old
other: !unsafe "{{ other }}"
vault_acme_b: |
  two
  lines
last: {a: [1, 2]}
"""


def test_what_is_the_same_is_left_alone_to_the_letter() -> None:
    assert merged(TEXT, {"vault_acme_a": "old", "vault_acme_b": "two\nlines\n"}) == TEXT


def test_only_the_lines_of_what_differs_are_others() -> None:
    new = merged(TEXT, {"vault_acme_a": "new", "vault_acme_b": "one line", "vault_acme_c": "c"})
    assert new == (
        TEXT.replace("vault_acme_a: old", "vault_acme_a: new").replace(
            "vault_acme_b: |\n  two\n  lines\n", "vault_acme_b: one line\n"
        )
        + "vault_acme_c: c\n"
    )


def test_one_line_becomes_several() -> None:
    assert merged("a: x\nb: y\n", {"a": "1\n2\n"}) == "a: |\n  1\n  2\nb: y\n"


@given(st.dictionaries(st.sampled_from("abc"), st.text("a\n: '\"#{é", max_size=9)), st.text("a\n: é", max_size=9))
def test_all_of_it_holds_afterwards(values: dict[str, str], stored: str) -> None:
    before = "\n".join(["# first", f"a: {stored!r}".replace("\n", " "), "z: kept", "b: |", "  x", "  y", ""])
    after = merged(before, values).replace("!unsafe ", "")
    expected = {**yaml.safe_load(before), **values}
    assert yaml.safe_load(after) == expected


@pytest.mark.parametrize("text", ["- a", "{a: b}", "a: [", "text"])
def test_what_holds_no_variables_is_not_touched(text: str) -> None:
    with pytest.raises(AnsibleError, match="Move it away"):
        merged(text, {"a": "b"})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x foo\nb: *x\n", "made-up"),
        ("b: 1\n...\n", "made-up"),
        ("? a\n: 1\n", "made-up"),
        ("  c: 1\n  b: 2\n", "made-up"),
        ("a: x # said of it\n", "two\nlines\n"),
        ("a: x\na: y\n", "made-up"),
        ("b: 1\n--- \nc: 2\n", "made-up"),
    ],
)
def test_what_would_break_is_not_touched(text: str, value: str) -> None:
    with pytest.raises(AnsibleError, match=r"cannot be merged, because .*\. Move it away"):
        merged(text, {"a": value})


@pytest.mark.parametrize("stored", ["5", "true", "null", "'{{ x }}'"])
def test_what_only_looks_like_the_secret_is_another_value(stored: str) -> None:
    secret = stored.strip("'")
    loaded = yaml.safe_load(merged(f"a: {stored}\n", {"a": secret}).replace("!unsafe ", "!!str "))
    assert loaded == {"a": secret}
    assert merged(f"a: {stored}\n", {"a": secret}) != f"a: {stored}\n"


def test_the_blank_lines_of_others_stay() -> None:
    assert yaml.safe_load(merged("b: >+\n  x\n\n", {"a": "made-up"})) == {"b": "x\n\n", "a": "made-up"}


@pytest.fixture
def given_secrets(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, VaultSecret]]:
    """What a run was given."""
    secrets = [("default", VaultSecret(b"made-up-one")), ("production", VaultSecret(b"made-up-two"))]
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext(secrets))
    return secrets


def test_a_file_stays_as_it_is_until_a_value_differs(
    tmp_path: Path, given_secrets: list[tuple[str, VaultSecret]]
) -> None:
    path = tmp_path / "vault.yml"
    first = VaultFile(str(path), None).content("acme", {"vault_acme_a": "made-up"})
    path.write_text(first)
    assert VaultFile(str(path), None).content("acme", {"vault_acme_a": "made-up"}) == first
    assert VaultFile(str(path), None).content("acme", {"vault_acme_a": "another"}) != first
    assert "vault_acme_a: made-up" in VaultLib(given_secrets).decrypt(first).decode()


def test_what_a_file_that_is_there_lacks_is_known(tmp_path: Path, given_secrets: list[tuple[str, VaultSecret]]) -> None:
    path = tmp_path / "vault.yml"
    values = {"vault_acme_a": "made-up", "vault_acme_b": "made-up"}
    assert VaultFile(str(path), None).missing(values) == ["vault_acme_a", "vault_acme_b"]
    path.write_text(VaultLib(given_secrets).encrypt("vault_acme_b: x\n", given_secrets[0][1]).decode())
    assert VaultFile(str(path), None).missing(values) == ["vault_acme_a"]


def test_a_file_keeps_the_secret_that_opens_it(tmp_path: Path, given_secrets: list[tuple[str, VaultSecret]]) -> None:
    path = tmp_path / "vault.yml"
    path.write_text(VaultFile(str(path), "production").content("acme", {"a": "b"}))
    renewed = VaultFile(str(path), None).content("acme", {"a": "c"})
    assert renewed.startswith("$ANSIBLE_VAULT;1.2;AES256;production\n")
    assert VaultLib(given_secrets[1:]).decrypt(renewed)


def test_an_unknown_vault_id_is_named_with_those_that_are_known(
    tmp_path: Path, given_secrets: list[tuple[str, VaultSecret]]
) -> None:
    with pytest.raises(AnsibleError, match=r"with the ID 'staging'. Use one of its IDs: default, production\."):
        VaultFile(str(tmp_path / "vault.yml"), "staging")


def test_nothing_to_encrypt_with_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(VaultSecretsContext, "_current", VaultSecretsContext([]))
    with pytest.raises(AnsibleError, match="--vault-password-file, --vault-id or --ask-vault-pass"):
        VaultFile(str(tmp_path / "vault.yml"), None)
