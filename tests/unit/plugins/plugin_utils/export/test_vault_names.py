# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of variables of secrets are valid, unique, and stable."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.vault_names import vault_names


def secret(
    key: str, option: str = "smtp_pass", resource: str = "mail_server", identity: str | None = None
) -> dict[str, Any]:
    return {"resource": resource, "key": key, "identity": identity or key, "position": 0, "option": option}


def test_they_contain_the_host_and_the_resource() -> None:
    given = [
        secret("Sales Gmail", "oauth2.refresh_token"),
        secret("google_gmail_client_secret", "value", "system_parameter"),
        secret("postmaster.push", "code", "cron"),
    ]
    assert vault_names("acme-1.example", given) == [
        "vault_acme_1_example_sales_gmail_refresh_token",
        "vault_acme_1_example_google_gmail_client_secret",
        "vault_acme_1_example_postmaster_push_code",
    ]


def test_equal_names_are_distinguished_in_any_order() -> None:
    alike = [secret("Büro Süd"), secret("buro_sud"), secret("Other")]
    names = vault_names("acme", alike)
    assert len(set(names)) == 3
    assert names[2] == "vault_acme_other_smtp_pass"
    assert vault_names("acme", alike[::-1]) == names[::-1]


def test_a_name_without_a_latin_letter_still_has_a_variable() -> None:
    (name,) = vault_names("acme", [secret("販売")])
    assert name == f"vault_acme_{name.split('_')[2]}_smtp_pass"
    assert len(name.split("_")[2]) == 6


@given(st.text(min_size=1), st.lists(st.text(min_size=1), unique=True, max_size=8))
def test_they_are_identifiers_and_unique(host: str, keys: list[str]) -> None:
    names = vault_names(host, [secret(key) for key in keys])
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name.isascii() for name in names)


@given(
    st.text(min_size=1),
    st.sets(st.tuples(st.sampled_from(["Relay", "relay", "販売"]), st.text(min_size=1)), max_size=8),
)
def test_resources_of_the_same_name_are_distinguished_by_their_identity(host: str, given: set[tuple[str, str]]) -> None:
    names = vault_names(host, [secret(key, identity=identity) for key, identity in given])
    assert len(set(names)) == len(names)


def test_two_indistinguishable_resources_are_refused() -> None:
    with pytest.raises(
        AnsibleError, match=r"'Relay', 'Relay' would share the variable vault_acme_relay_smtp_pass_\w+: rename"
    ):
        vault_names("acme", [secret("Relay"), secret("Relay")])


def test_a_long_name_is_cut_and_still_unique() -> None:
    first, second = vault_names("acme", [secret("x" * 300), secret("x" * 301)])
    assert first != second
    assert len(first) < 100
