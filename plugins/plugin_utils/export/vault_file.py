# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The encrypted file with an instance's secrets, host_vars/HOST/vault.yml."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import is_encrypted

from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.yaml_text import TEMPLATE, comment, entries
from ansible_collections.postmaster.odoo.plugins.plugin_utils.untrusted_yaml import is_nested_deeply
from ansible_collections.postmaster.odoo.plugins.plugin_utils.vault import Vault

_CANNOT = "The existing vault file cannot be merged, because {}. Move it away."
_HEAD = "The secrets of {host}, to which mail.yml refers."


class VaultFile:
    """One file, and the vault secrets of this run.

    :param vault_id: the ID of the vault secret to encrypt a new file with; None for the choice of `ansible-vault encrypt`.
    :raises AnsibleError: if the run has no vault secret, or none with this ID.
    """

    def __init__(self, path: str, vault_id: str | None) -> None:
        self._path = Path(path)
        self._vault = Vault(vault_id)

    def content(self, host: str, values: Mapping[str, str], head: str = _HEAD) -> str:
        """Return the new encrypted content of the file. Other variables are preserved. Without a change, it is the existing content.

        :param head: the comment at the top of a new file.
        :raises AnsibleError: if the file exists and cannot be read.
        """
        stored = self._read()
        before = self._decrypted(stored) if stored else None
        text = merged(before, values) if before else _new(head.format(host=host), values)
        if stored and text == before and is_encrypted(stored):
            return stored
        return self._vault.encrypted(text)

    def text_of(self, name: str) -> str | None:
        """Return the text of a variable in the file; None if the file does not have it.

        :raises AnsibleError: if the file cannot be read, or the variable is not a plain text.
        """
        stored = self._read()
        if not stored:
            return None
        known = _variables(self._decrypted(stored))
        if known is None:
            raise AnsibleError(_CANNOT.format("it does not contain one variable in each line"))
        if name not in known:
            return None
        kind, text = _meaning(known[name][1])
        if kind != "text":
            raise AnsibleError(
                f"{self._path}: the variable {name} is not a plain text. Remove it, or choose another variable."
            )
        return str(text)

    def is_plain(self) -> bool:
        """Return whether the file exists and is not encrypted.

        :raises AnsibleError: if the file cannot be read.
        """
        stored = self._read().strip()
        return bool(stored) and not is_encrypted(stored)

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return the variables that the file does not contain; all if it does not exist.

        :raises AnsibleError: if the file exists and cannot be read.
        """
        stored = self._read()
        known = _variables(self._decrypted(stored)) if stored else None
        return [name for name in names if name not in (known or {})]

    def _read(self) -> str:
        try:
            return read_text(self._path)
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise AnsibleError(f"{self._path} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise AnsibleError(f"{self._path} cannot be read: it is not text in UTF-8.") from None

    def _decrypted(self, stored: str) -> str:
        if not is_encrypted(stored):
            return stored
        return self._vault.decrypted(stored, self._path)


def merged(text: str, values: Mapping[str, str]) -> str:
    """Return a text of variables with new values for some. The lines of other variables do not change.

    :raises AnsibleError: if the text does not have the format of such a file.
    """
    before = _variables(text)
    if before is None:
        raise AnsibleError(_CANNOT.format("it does not contain one variable in each line"))
    new = _with_values(text, before, values)
    # The text is encrypted next, so an error would not be visible.
    after = _variables(new)
    expected = {name: _meaning(node) for name, (_key, node) in before.items()}
    for name, value in values.items():
        expected[name] = ("text", value)
    if after is None or {name: _meaning(node) for name, (_key, node) in after.items()} != expected:
        raise AnsibleError(_CANNOT.format("new values would break its format"))
    return new


def _with_values(text: str, known: Mapping[str, tuple[Any, Any]], values: Mapping[str, str]) -> str:
    for name in reversed([name for name in known if name in values]):
        key, node = known[name]
        if _meaning(node) == ("text", values[name]):
            continue
        start, end = key.start_mark.index, node.end_mark.index
        tail = text[start:end]
        lines = "\n".join(entries({name: values[name]}))
        text = text[:start] + lines + tail[len(tail.rstrip("\n")) :] + text[end:]
    missing = {name: value for name, value in values.items() if name not in known}
    if not missing:
        return text
    # Blank lines at the end of the file may belong to a block text.
    return "\n".join([text.removesuffix("\n"), *entries(missing)]) + "\n"


def _variables(text: str) -> dict[str, tuple[Any, Any]] | None:
    """Return the nodes of names and values by name; None if the text is not a mapping with distinct names."""
    if is_nested_deeply(text):
        return None
    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
        _meaning(document)
    except (yaml.YAMLError, RecursionError):
        return None
    if document is None:
        return {}
    if not isinstance(document, yaml.MappingNode) or document.flow_style:
        return None
    names = [key.value for key, _value in document.value]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return None
    return {key.value: (key, value) for key, value in document.value}


def _meaning(node: Any, known: dict[int, str] | None = None) -> Any:
    """Return a digest of a value as Ansible reads it, to compare values.

    :param known: the digests of nodes. A node with many aliases is read only once.
    :raises RecursionError: if the value is nested too deeply, or contains itself.
    """
    if not isinstance(node, (yaml.MappingNode, yaml.SequenceNode)):
        is_text = node is not None and (
            node.tag == "!unsafe" or (node.tag == "tag:yaml.org,2002:str" and not TEMPLATE.search(node.value))
        )
        return None if node is None else ("text" if is_text else node.tag, node.value)
    known = {} if known is None else known
    if id(node) not in known:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [one for pair in node.value for one in pair]
        meanings = [node.tag, *(_meaning(one, known) for one in parts)]
        known[id(node)] = hashlib.sha256(repr(meanings).encode("utf-8", "surrogatepass")).hexdigest()
    return type(node).__name__, known[id(node)]


def _new(head: str, values: Mapping[str, str]) -> str:
    return "\n".join(["---", *comment(head), *entries(values)]) + "\n"
