# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a task, before the bridge to Ansible hands it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Threshold


@dataclass(frozen=True)
class TaskResult:
    """What a module returns.

    :param values: the return values, without `changed`.
    :param of_odoo: return values that show what Odoo holds, without its secrets. Ansible replaces nothing in them that equals a secret by chance.
    :param failure: the message if the task fails, with the kind of the error.
    """

    values: Mapping[str, Any]
    changed: bool = False
    warnings: Sequence[str] = ()
    failure: str = ""
    error_kind: str = ""
    of_odoo: Mapping[str, Any] = field(default_factory=dict)


def threshold_result(
    values: Mapping[str, Any], exceeded: Sequence[str], warnings: Sequence[str] = (), metrics_error: str = ""
) -> TaskResult:
    """Return a result that fails if something is worse than the user allows, or if the metrics could not be written.

    :param exceeded: one sentence for each threshold that is exceeded.
    :param metrics_error: one sentence.
    """
    kind = Threshold.kind if exceeded else Invalid.kind if metrics_error else ""
    if metrics_error:
        values = {**values, "metrics_error": metrics_error}
        warnings = [*warnings, metrics_error]
    return TaskResult(values, warnings=warnings, failure=" ".join([*exceeded, metrics_error]).strip(), error_kind=kind)
