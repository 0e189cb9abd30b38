# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as one HTML page for people: page.html with the document in it, which its own script shows."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import all_kinds
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.text import STATUS_TEXT

_POLICY = "@POLICY@"
_REPORT = "@REPORT@"
_KINDS = "@KINDS@"
_STATUS_TEXT = "@STATUS_TEXT@"
_INLINE = r"<{tag}>(.*?)</{tag}>"

# What could end a script element, or begin a comment in it. JSON has them in strings only, and there they may be escaped.
_MARKUP = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&"})


def render(report: Mapping[str, Any]) -> str:
    """The page as text. It needs nothing beside it, and its policy lets it reach nothing.

    :raises ValueError: the report holds a number that JSON does not know.
    """
    page = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    page = page.replace(_KINDS, _data([asdict(kind) for kind in all_kinds()]))
    page = page.replace(_STATUS_TEXT, _data(dict(STATUS_TEXT)))
    page = page.replace(_POLICY, _policy(page))
    before, after = page.split(_REPORT)  # not replaced: a report may well hold such a word
    return before + _data(report) + after


def _data(document: Any) -> str:
    """The document as JSON that can stand in a script element: ASCII, and without a character of markup."""
    return json.dumps(document, allow_nan=False, separators=(",", ":")).translate(_MARKUP)


def _policy(page: str) -> str:
    """What a browser lets the page do: run its own script and wear its own style, and no more."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(page, 'script')}",
            f"style-src {_hash(page, 'style')}",
            "img-src data:",  # its icon
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _hash(page: str, tag: str) -> str:
    """The only inline element of its kind, as a policy names it."""
    (text,) = re.findall(_INLINE.format(tag=tag), page, re.DOTALL)
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
