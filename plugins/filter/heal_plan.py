# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `heal_plan`: the repairs for the findings of the doctor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import FIXES

Finding = Mapping[str, Any]

# The same value as `older_than` in `roles/heal/tasks/repair.yml`.
_YOUNGEST_SECONDS = 60


def heal_plan(diagnosis: Any, allow: Any) -> dict[str, Any]:
    """Return the repairs as inputs for the modules that perform them, and the reasons why repairs are held back.

    All repairs except the cancelling of stale mails cause mail to be sent. So they wait until no mail server is known to be broken, and until
    stale mails, which may no longer be wanted, are cancelled. Due mails are sent in any state of the cron.

    :param allow: classes of repairs.
    :raises AnsibleFilterError: the diagnosis is not a result of the doctor, or a class is not known.
    """
    if not isinstance(diagnosis, Mapping) or "findings" not in diagnosis:
        raise AnsibleFilterError(
            "heal_plan: the value is not valid (expected a result of postmaster.odoo.mail_doctor)."
        )
    if not isinstance(allow, Sequence) or isinstance(allow, str) or not set(allow) <= set(FIXES):
        raise AnsibleFilterError(
            f"heal_plan: allow {allow!r} is not valid (expected a list of classes of repairs: {', '.join(FIXES)})."
        )
    chosen = [finding for finding in diagnosis["findings"] if _is_allowed(finding, allow)]
    stale = [finding for finding in chosen if finding["fixable"] == "stale"]
    is_waiting = _is_waiting(diagnosis)
    held = list(_reasons_to_wait(diagnosis, allow)) if len(chosen) > len(stale) or is_waiting else []
    if held:
        chosen, is_waiting = stale, False
    crons = [finding["resource"] for finding in chosen if finding["fixable"] == "crons"]
    retry = sorted(finding["resource"]["name"] for finding in chosen if finding["fixable"] == "transient")
    return {
        "cancel": bool(stale),
        "addons": any(finding["fixable"] == "addons" for finding in chosen),
        # A cron can have two findings, but needs only one repair.
        "crons": list({cron["xml_id"]: {"name": cron["name"], "xml_id": cron["xml_id"]} for cron in crons}.values()),
        "retry": retry,
        "send": is_waiting or (len(chosen) > len(stale) and bool(retry or diagnosis["queue"]["due"])),
        "held": held,
    }


def _is_waiting(diagnosis: Mapping[str, Any]) -> bool:
    """Return whether an interrupted run has left mails that are due, mails that it has put off, or its lock.

    If there are stale mails, nothing is sent. Mails newer than a minute do not count because the program that created them may be sending them.
    """
    queue = diagnosis["queue"]
    if any(finding["id"] == "stale_outgoing" for finding in diagnosis["findings"]):
        return False
    oldest = queue.get("oldest_due") or {}
    is_abandoned = bool(queue.get("put_off")) or bool((queue.get("sending") or {}).get("expired"))
    return is_abandoned or (queue["due"] > 0 and oldest.get("age_seconds", 0) >= _YOUNGEST_SECONDS)


def _is_allowed(finding: Finding, allow: Sequence[str]) -> bool:
    """Return whether a finding may be repaired.

    Failed mails of the class `interrupted` can be retried with `transient`, and also with `interrupted`, like the rest of their batch.
    """
    is_cut_off = finding["fixable"] == "transient" and finding["resource"]["name"] == "interrupted"
    return finding["fixable"] in allow or (is_cut_off and "interrupted" in allow)


def _reasons_to_wait(diagnosis: Mapping[str, Any], allow: Sequence[str]) -> Iterator[str]:
    found = {finding["id"]: finding for finding in diagnosis["findings"]}
    if "neutralized" in found:
        yield "This database is a neutralized copy, which sends nothing on purpose."
        return
    broken = [
        finding for finding in diagnosis["findings"] if finding["severity"] == "error" and _is_of_a_server(finding)
    ]
    if broken:
        named = (f"{(finding['resource'] or {}).get('name') or 'Odoo'} ({finding['id']})" for finding in broken)
        yield f"Mail through a mail server that does not work fails permanently: {', '.join(named)}."
    if "stale_outgoing" in found and "stale" not in allow:
        yield (
            f"{found['stale_outgoing']['evidence']} Stale mails would also be sent. To cancel them, allow stale. To send them, raise doctor_stale_days."
        )


def _is_of_a_server(finding: Finding) -> bool:
    return finding["check"] == "server" or (finding["resource"] or {}).get("model") == "ir.mail_server"


class FilterModule:
    """The filter, for Ansible."""

    def filters(self) -> dict[str, Any]:
        return {"heal_plan": heal_plan}
