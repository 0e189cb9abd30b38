# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DNS records that somebody should publish."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class DnsRecord:
    """A record to publish.

    :param type: `TXT`, `CNAME`, `MX`, `PTR` or an address type.
    :param value: as a zone file has it, without quotes.
    """

    name: str
    type: str
    value: str

    def __str__(self) -> str:
        value = f'"{self.value}"' if self.type == "TXT" else self.value
        return f"{self.name}. {self.type} {value}"

    def as_result(self) -> dict[str, str]:
        """The record in a task's result."""
        return {"name": self.name, "type": self.type, "value": self.value}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the records of a domain.

    :param finding: the id of the finding in the doctor's catalogue.
    :param subject: the domain or address that it is about.
    :param evidence: one line.
    :param records: what to publish.
    :param advice: what else to do, one sentence.
    :param severity: if it is not the finding's own.
    """

    finding: str
    subject: str
    evidence: str
    records: tuple[DnsRecord, ...] = ()
    advice: str = ""
    severity: str = ""


def tags_of(record: str) -> dict[str, str]:
    """Return the tags of a record of DKIM or DMARC (RFC 6376 §3.2): `v=DKIM1; p=…`; of a repeated tag the first."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        name, is_tag, value = part.partition("=")
        if is_tag:
            tags.setdefault(name.strip().lower(), re.sub(r"\s+", " ", value.strip()))
    return tags
