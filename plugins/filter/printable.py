# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters `printable`, `markdown`, `slack` and `value_text`: texts of an instance without commands for terminals, logs, Markdown or chats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.module_utils import text


def printable(value: Any) -> Any:
    """Return a value in which every text is on one line and contains no commands for a terminal or a log."""
    if isinstance(value, str):
        return text.printable(value)
    if isinstance(value, Mapping):
        return {printable(name): printable(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(item) for item in value]
    return value


def markdown(value: Any) -> str:
    """Return a text as Markdown that shows it literally.

    :raises AnsibleFilterError: the value is not a text.
    """
    if not isinstance(value, str):
        raise AnsibleFilterError(f"markdown: the value has the type {type(value).__name__} (expected a text).")
    return text.markdown(value)


def slack(value: Any) -> str:
    """Return a text as a message for Slack that shows it and obeys nothing in it.

    :raises AnsibleFilterError: the value is not a text.
    """
    if not isinstance(value, str):
        raise AnsibleFilterError(f"slack: the value has the type {type(value).__name__} (expected a text).")
    return text.slack(value)


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Any]:
        return {"printable": printable, "markdown": markdown, "slack": slack, "value_text": text.value_text}
