# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A refusal of an SMTP server, and its correct class. `known_refusals.py` lists them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """A reply of an SMTP server.

    :param lines: as the server sends them. :param passes: whether another attempt can help. :param source: the origin
    of the reply.
    """

    stage: str
    lines: str
    outcome: str
    passes: bool
    source: str

    @property
    def code(self) -> int:
        return int(self.lines[:3])

    @property
    def text(self) -> bytes:
        """Return the reply as smtplib does: without the codes, on one line."""
        return b"\n".join(line[4:].strip().encode() for line in self.lines.split("\n"))
