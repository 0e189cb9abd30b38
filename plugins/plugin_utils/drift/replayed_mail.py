# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes of a plan to the mail of real senders, in the form of a report: the result of `replay`, without unaffected senders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted, printable

# The largest number of senders of an instance in a report.
_NAMED = 200


def replayed_mail(replay: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a result's `replay` that a report contains."""
    changed = [sender for sender in replay["senders"] if sender["effects"]]
    return {
        **{name: replay[name] for name in ("days", "since", "counted_since", "complete", "mails")},
        "changed": replay["changed"],
        "senders": changed[:_NAMED],
        "left_out": replay["changed"]["senders"] - min(len(changed), _NAMED),
    }


def replay_headline(instance: Mapping[str, Any]) -> str:
    """Return one sentence about the changes of a plan to the mail of an instance; empty if nothing was compared."""
    replay = instance.get("replay")
    if replay is None:
        return ""
    changed = replay["changed"]
    of = f"{changed['mails']} of {counted(replay['mails'], 'message')} from {counted(changed['senders'], 'sender')}"
    return f"Of the last {counted(replay['days'], 'day')}, {of} leave in another way with this plan."


def replay_rows(instance: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each sender with changes, the number of its messages, and a text about the change; printable."""
    replay = instance.get("replay") or {"senders": (), "left_out": 0}
    for sender in replay["senders"]:
        yield printable(sender["from"]) or "(no sender)", str(sender["mails"]), printable(sender["change"])
    if replay["left_out"]:
        yield counted(replay["left_out"], "more sender"), "", "the result of the task lists up to 1000"
