# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Escapes of YAML for characters that a terminal or the log of a CI job interprets, or that are invisible."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Return a text for a double-quoted scalar, with escapes for characters that are not printable, and for GitHub's `##[`.

    Quotes, backslashes and line breaks are not changed.
    """
    if not text.isprintable():
        text = "".join(char if char.isprintable() or char == "\n" else _escape(ord(char)) for char in text)
    return text.replace("##[", r"#\x23[")


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
