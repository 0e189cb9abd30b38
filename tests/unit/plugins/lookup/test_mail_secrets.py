# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup that reads secrets: its errors show no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecret, VaultSecretsContext
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar

from ansible_collections.postmaster.odoo.plugins.lookup import mail_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable

SECRET = "it's a made-up password"
CONNECTION = {"url": "http://odoo.acme.example", "database": "acme", "username": "admin", "password": SECRET}


def refusal(monkeypatch: pytest.MonkeyPatch, folder: Path, connection: dict[str, Any]) -> str:
    """Return the error of a run without an answer from Odoo."""

    def connect(**options: Any) -> Any:
        raise Unreachable(f"407 Proxy: {options['password'].upper()} {options['proxy']}")

    context = VaultSecretsContext([("default", VaultSecret(b"made up"))])
    monkeypatch.setattr(VaultSecretsContext, "_current", context)
    lookup_loader.add_directory(str(Path(mail_secrets.__file__).parent))
    lookup = lookup_loader.get("mail_secrets", loader=DataLoader(), templar=Templar(loader=DataLoader()))
    # Ansible has loaded another copy of the module.
    monkeypatch.setitem(lookup.run.__func__.__globals__, "connect", connect)
    with pytest.raises(AnsibleError) as caught:
        lookup.run(["acme"], {}, path=str(folder / "vault.yml"), connection=connection)
    return str(caught.value)


def test_an_error_repeats_no_credential(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    proxy = "http://me:made-up-proxy-password@proxy.acme.example"
    text = refusal(monkeypatch, tmp_path, {**CONNECTION, "proxy": proxy})
    assert "407 Proxy: ******** http://me:********@proxy.acme.example" in text


@pytest.mark.parametrize("timeout", [SECRET, [SECRET], {"in": SECRET}])
def test_a_value_of_a_wrong_type_shows_no_credential(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, timeout: Any
) -> None:
    text = refusal(monkeypatch, tmp_path, {**CONNECTION, "timeout": timeout})
    assert "timeout" in text
    assert "made-up" not in text


@pytest.mark.parametrize("timeout", [float("inf"), "1e999999999", 0, 2**40])
def test_an_invalid_timeout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, timeout: Any) -> None:
    assert "timeout" in refusal(monkeypatch, tmp_path, {**CONNECTION, "timeout": timeout})
