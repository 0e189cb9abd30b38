# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of the variables that contain an instance's secrets."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import StackShape, stack_shape
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import resource_type

_DIGITS = 6
# Humans read and type these names.
_LONGEST = 60


def vault_names(host: str, secrets: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a name for each secret, such as `vault_acme_transactional_smtp_pass`.

    A name depends only on the record and the field of the secret, so it does not change when other secrets are added or removed. If two names
    would be the same, a checksum is added to both.

    :param secrets: as `mail_stack_info` returns them.
    :raises AnsibleError: if two names are still the same, because one secret would replace the other.
    """
    plain = [_name(host, secret) for secret in secrets]
    counts = Counter(plain)
    names = [
        name if counts[name] == 1 else f"{name}_{_checksum(secret)}"
        for name, secret in zip(plain, secrets, strict=True)
    ]
    for name, count in Counter(names).items():
        if count > 1:
            keys = ", ".join(repr(secret["key"]) for one, secret in zip(names, secrets, strict=True) if one == name)
            raise AnsibleError(f"The secrets of {keys} would share the variable {name}: rename all but one in Odoo.")
    return names


def _name(host: str, secret: Mapping[str, Any]) -> str:
    has_one_value = stack_shape(resource_type(secret["resource"])) is StackShape.VALUES
    option = "" if has_one_value else str(secret["option"]).rpartition(".")[2]
    owner = _slug(secret["key"])
    if not owner or len(owner) > _LONGEST:
        owner = "_".join(filter(None, (owner[:_LONGEST].strip("_"), _checksum(secret))))
    return "_".join(filter(None, ("vault", _slug(host), owner, option)))


def _slug(text: str) -> str:
    """Return a text in lower-case letters, digits and single underscores. Other characters are lost."""
    ascii_text = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", ascii_text.lower()).strip("_")


def _checksum(secret: Mapping[str, Any]) -> str:
    parts = (secret["resource"], secret["key"], secret["identity"], secret["option"])
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:_DIGITS]
