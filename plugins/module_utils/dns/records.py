# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DNS records to publish, and problems of records."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class DnsRecord:
    """A record to publish.

    :param type: `TXT`, `CNAME`, `MX`, `PTR` or an address type.
    :param value: the value as in a zone file, without quotes.
    """

    name: str
    type: str
    value: str

    def __str__(self) -> str:
        value = f'"{self.value}"' if self.type == "TXT" else self.value
        return f"{self.name}. {self.type} {value}"

    def as_result(self) -> dict[str, str]:
        """Return the record as it is in a task's result."""
        return {"name": self.name, "type": self.type, "value": self.value}


@dataclass(frozen=True)
class Problem:
    """A problem of the records of a domain.

    :param finding: the id of the finding in the doctor's catalogue.
    :param subject: the affected domain or address.
    :param evidence: one line.
    :param records: the records to publish.
    :param advice: one more sentence for the remedy.
    :param severity: if it differs from that of the finding.
    """

    finding: str
    subject: str
    evidence: str
    records: tuple[DnsRecord, ...] = ()
    advice: str = ""
    severity: str = ""


def tags_of(record: str) -> dict[str, str]:
    """Return the tags of a record of DKIM or DMARC (RFC 6376 §3.2), such as `v=DKIM1; p=…`. If a tag is repeated, the first one counts."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        name, is_tag, value = part.partition("=")
        if is_tag:
            tags.setdefault(name.strip().lower(), re.sub(r"\s+", " ", value.strip()))
    return tags
