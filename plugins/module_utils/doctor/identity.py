# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether findings of two diagnoses are the same finding, although its numbers and samples differ."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

# An instance has at most one of each. If it has a resource, that is a sample: the first one of several records.
ONE_FOR_AN_INSTANCE = frozenset(
    {
        "addons_pending",
        "alias_domain_missing",
        "backlog",
        "cron_overdue_no_worker",
        "cron_overdue_running",
        "cron_trigger_backlog",
        "from_rewritten",
        "interrupted_batch",
        "neutralized",
        "oldest_too_old",
        "queue_batch_full",
        "queue_blocked",
        "sender_without_server",
        "stale_outgoing",
    }
)
# An instance has at most one of each for each name: the class of failed mails. The ID is that of a sample.
ONE_FOR_A_NAME = frozenset({"failures_by_class", "given_up", "no_recipient", "throttled"})


def identity_of(finding: Mapping[str, Any]) -> Hashable:
    """Return a value that two findings have in common if they are the same finding.

    :param finding: as in the result of a diagnosis.
    """
    about = finding["resource"] or {}
    if finding["id"] in ONE_FOR_AN_INSTANCE:
        return (finding["id"],)
    if finding["id"] in ONE_FOR_A_NAME or about.get("id") is None:
        return (finding["id"], about.get("model"), about.get("name") or about.get("xml_id"))
    # A record keeps its ID if somebody renames it.
    return (finding["id"], about["model"], about["id"])
