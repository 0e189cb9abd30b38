# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DMARC records that replace existing ones. They are never less strict than the existing ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.dmarc import POLICIES
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import DnsRecord

# A tag with its value, with any separator. Only addresses of reports are lists.
_TAG = re.compile(
    r"\b(?P<name>p|sp|np|rua|ruf|fo|adkim|aspf|psd|pct|rf|ri|t)\s*=\s*(?P<value>[^;,\s]+(?:\s*,\s*(?!\w+\s*=)[^;,\s]+)*)",
    re.IGNORECASE,
)
_STRICTEST = {
    **dict.fromkeys(("p", "sp", "np"), POLICIES),
    **dict.fromkeys(("adkim", "aspf"), ("r", "s")),
}
_LISTS = ("rua", "ruf")


def repaired_policy(domain: str, texts: Sequence[str]) -> DnsRecord:
    """Return one valid record with the strictest policy and all addresses for reports of the records that a domain has.

    :param texts: the records, which may be invalid.
    """
    tags: dict[str, str] = {}
    for text in texts:
        for found in _TAG.finditer(text):
            name, value = found["name"].lower(), found["value"]
            tags[name] = _merged(name, tags.get(name), value)
    policy = tags.pop("p", "")
    tags.setdefault("rua", f"mailto:postmaster@{domain}")
    rest = [f"{name}={value}" for name, value in tags.items() if value]
    return DnsRecord(f"_dmarc.{domain}", "TXT", "; ".join(["v=DMARC1", f"p={policy or POLICIES[0]}", *rest]))


def _merged(name: str, former: str | None, value: str) -> str:
    """Return the value of a tag that two records have; empty if it is not valid."""
    if name in _LISTS:
        every = [one.strip() for one in (*(former or "").split(","), *value.split(",")) if one.strip()]
        return ",".join(dict.fromkeys(every))
    order = _STRICTEST.get(name)
    if order is None:
        return former or value
    known = [one for one in ((former or "").lower(), value.lower()) if one in order]
    return max(known, key=order.index, default="")
