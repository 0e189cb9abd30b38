# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vault secrets of this run: what encrypts texts, and what opens them."""

from __future__ import annotations

from pathlib import Path

from ansible.constants import config
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecretsContext, match_encrypt_secret


def has_vault_secrets() -> bool:
    """Return whether Ansible was given anything to encrypt with."""
    context = VaultSecretsContext.current(optional=True)
    return bool(context and context.secrets)


class Vault:
    """Encrypts and opens texts.

    :param vault_id: which vault secret to encrypt with; None as `ansible-vault encrypt` chooses.
    :raises AnsibleError: the run was given none, or none that fits.
    """

    def __init__(self, vault_id: str | None) -> None:
        context = VaultSecretsContext.current(optional=True)
        secrets = context.secrets if context else []
        if not secrets:
            raise AnsibleError(
                "Secrets can only be stored encrypted, and this run was given nothing to encrypt with: add --vault-password-file, --vault-id or "
                "--ask-vault-pass. The role export works without if export_vault is left out."
            )
        chosen = vault_id or config.get_config_value("DEFAULT_VAULT_ENCRYPT_IDENTITY")
        self._vault = VaultLib(secrets)
        try:
            self._vault_id, self._secret = match_encrypt_secret(secrets, encrypt_vault_id=chosen)
        except AnsibleError:
            known = ", ".join(sorted({name for name, _secret in secrets}))
            raise AnsibleError(f"This run was given no vault secret of the id {chosen!r}, but: {known}.") from None

    def encrypted(self, text: str) -> str:
        """Return a text encrypted."""
        return str(self._vault.encrypt(text, self._secret, self._vault_id).decode())

    def decrypted(self, stored: str, path: Path) -> str:
        """Return the text of an encrypted file. What is encrypted next is encrypted with the secret that opened it.

        :raises AnsibleError: none of the secrets opens it, or it contains no text in UTF-8.
        """
        try:
            plain, self._vault_id, used = self._vault.decrypt_and_get_vault_id(stored)
        except AnsibleError:
            raise AnsibleError(
                f"{path} is there, and none of the vault secrets of this run opens it: give the one that it was encrypted with, or move "
                "it away."
            ) from None
        # As ansible-vault edit does: whoever could open it still can.
        self._secret = used
        try:
            return str(plain.decode())
        except UnicodeDecodeError:
            raise AnsibleError(f"{path} cannot be read: it is not text in UTF-8.") from None
