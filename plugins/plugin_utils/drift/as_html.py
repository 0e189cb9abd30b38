# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render a report as one HTML page for people. The page contains the report, and its script shows it."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import page_assembly
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import all_kinds

_REPORT = "@REPORT@"

# Characters that could end a script element or start a comment in it. JSON has them in strings only, and there they can be escaped.
_MARKUP = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&"})


def render(report: Mapping[str, Any]) -> str:
    """Return the page as text. It is complete without other files, and its Content-Security-Policy allows no request.

    :raises ValueError: the report contains a number that JSON cannot express.
    """
    style, script = f"\n{page_assembly.style()}", f"\n{page_assembly.script()}"
    page = page_assembly.template()
    for placeholder, text in {
        "@POLICY@": _policy(style, script),
        "@STYLE@": style,
        "@SCRIPT@": script,
        "@RESOURCE_KINDS@": _data([asdict(kind) for kind in all_kinds()]),
    }.items():
        page = page.replace(placeholder, text)
    before, after = page.split(_REPORT)  # not replace: the report may contain any of these words
    return before + _data(report) + after


def _data(document: Any) -> str:
    """Return the document as JSON for a script element: ASCII only, without a character of markup."""
    return json.dumps(document, allow_nan=False, separators=(",", ":")).translate(_MARKUP)


def _policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy: the page may run its own script and use its own style, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src data:",  # the icon
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _hash(text: str) -> str:
    """Return the content of an inline element as the policy names it."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
