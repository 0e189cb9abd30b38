# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Encrypt and decrypt texts with the vault secrets of this run."""

from __future__ import annotations

from pathlib import Path

from ansible.constants import config
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecretsContext, match_encrypt_secret


def has_vault_secrets() -> bool:
    """Return whether Ansible has a vault secret."""
    context = VaultSecretsContext.current(optional=True)
    return bool(context and context.secrets)


class Vault:
    """The vault secrets of this run.

    :param vault_id: the ID of the vault secret to encrypt with; None for the choice of `ansible-vault encrypt`.
    :raises AnsibleError: if the run has no vault secret, or none with this ID.
    """

    def __init__(self, vault_id: str | None) -> None:
        context = VaultSecretsContext.current(optional=True)
        secrets = context.secrets if context else []
        if not secrets:
            raise AnsibleError(
                "Secrets can only be stored encrypted, and this run has no vault secret: add --vault-password-file, --vault-id or "
                "--ask-vault-pass. Without export_vault, the role export needs no vault secret."
            )
        chosen = vault_id or config.get_config_value("DEFAULT_VAULT_ENCRYPT_IDENTITY")
        self._vault = VaultLib(secrets)
        try:
            self._vault_id, self._secret = match_encrypt_secret(secrets, encrypt_vault_id=chosen)
        except AnsibleError:
            known = ", ".join(sorted({name for name, _secret in secrets}))
            raise AnsibleError(
                f"This run has no vault secret with the ID {chosen!r}. Use one of its IDs: {known}."
            ) from None

    def encrypted(self, text: str) -> str:
        """Return an encrypted text."""
        return str(self._vault.encrypt(text, self._secret, self._vault_id).decode())

    def decrypted(self, stored: str, path: Path) -> str:
        """Return the text of an encrypted file. The secret that decrypted it also encrypts the next text.

        :raises AnsibleError: if no secret decrypts it, or it is not text in UTF-8.
        """
        try:
            plain, self._vault_id, used = self._vault.decrypt_and_get_vault_id(stored)
        except AnsibleError:
            raise AnsibleError(
                f"None of the vault secrets of this run decrypts the existing file {path}: add the secret that encrypted it, or move "
                "the file away."
            ) from None
        # As in ansible-vault edit, the same users can still decrypt the file.
        self._secret = used
        try:
            return str(plain.decode())
        except UnicodeDecodeError:
            raise AnsibleError(f"{path} cannot be read: it is not text in UTF-8.") from None
