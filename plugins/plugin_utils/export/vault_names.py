# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables are called that hold an instance's secrets."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError

_DIGITS = 6
# Somebody has to read and to type them.
_LONGEST = 60


def vault_names(host: str, secrets: Sequence[Mapping[str, Any]]) -> list[str]:
    """A name for each secret: `vault_acme_transactional_smtp_pass`.

    A name depends on nothing but what the secret belongs to, so that it stays when others come and go; only where two would be the same is a
    checksum added to both.

    :param secrets: as `mail_stack_info` returns them.
    :raises AnsibleError: two would have the same name all the same, and one value would be taken for the other.
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
    option = "" if secret["resource"] == "system_parameter" else str(secret["option"]).rpartition(".")[2]
    owner = _slug(secret["key"])
    if not owner or len(owner) > _LONGEST:
        owner = "_".join(filter(None, (owner[:_LONGEST].strip("_"), _checksum(secret))))
    return "_".join(filter(None, ("vault", _slug(host), owner, option)))


def _slug(text: str) -> str:
    """Small letters, digits and single underscores; what has no place among these is lost."""
    ascii_text = unicodedata.normalize("NFKD", str(text)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", ascii_text.lower()).strip("_")


def _checksum(secret: Mapping[str, Any]) -> str:
    parts = (secret["resource"], secret["key"], secret["identity"], secret["option"])
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:_DIGITS]
