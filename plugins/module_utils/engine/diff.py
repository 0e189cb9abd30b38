# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff of a plan: pairs of texts, before and after."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Change, Plan, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable, printable_lines


def plan_diff(plan: Plan) -> list[dict[str, str]]:
    """Return one before and after for each step, with the differing fields only."""
    return [_step_diff(step) for step in plan]


def _step_diff(step: Step) -> dict[str, str]:
    name = printable(f"{step.resource}: {step.key}")
    if step.removes:
        before, after = "present\n", ""
    else:
        before = "".join(_line(change, change.before) for change in step.changes if step.action != "create")
        after = "".join(
            _line(change, change.after, "  # differs" if _hides_difference(change) else "") for change in step.changes
        )
    return {"before": before, "after": after, "before_header": name, "after_header": f"{name} ({step.action})"}


def _hides_difference(change: Change) -> bool:
    """Return whether both values are masked secrets. They look alike, so a remark must say that they differ."""
    return change.secret and change.before is not None and change.after is not None


def _line(change: Change, value: Any, remark: str = "") -> str:
    if isinstance(value, str) and "\n" in value:  # such as code: a diff must show its lines
        return f"{change.field}: |{remark}\n{textwrap.indent(printable_lines(value), '  ')}\n"
    return f"{change.field}: {printable_lines(json.dumps(value, ensure_ascii=False))}{remark}\n"
