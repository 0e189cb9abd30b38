# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mask that is shown in place of a secret. It always has the same length."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

MASK = "********"
# Ansible's own replacements of secrets (ansible.module_utils.common.parameters).
_OF_ANSIBLE = re.compile(r"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER|(?<!\*)\*{8}(?!\*)")


def is_masked(text: str) -> bool:
    """Return whether a text of one line is a mask or contains one. Lines of asterisks in code do not count."""
    return "\n" not in text and _OF_ANSIBLE.search(text) is not None


def masked_if_known(value: Any, secrets: Collection[str]) -> Any:
    """Return the mask if a value is one of the secrets, with or without blanks around it. Else, return the value.

    :param secrets: without the blanks around them.
    """
    return masked(value) if isinstance(value, str) and value.strip() and value.strip() in secrets else value


def masked(value: Any) -> str | None:
    """Return the mask if there is a secret; None if the value is empty."""
    return MASK if value not in (None, False, "") else None
