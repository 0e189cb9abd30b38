# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a task, before the bridge to Ansible processes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Threshold


@dataclass(frozen=True)
class TaskResult:
    """The result of a module.

    :param values: the return values, without `changed`.
    :param of_odoo: return values that show Odoo's own data, without its secrets. Ansible does not replace parts of them that equal a secret by chance.
    :param failure: the message if the task fails.
    :param error_kind: the kind of the error if the task fails.
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
    """Return a result that fails if a value is worse than the user allows, or if the metrics could not be written.

    :param exceeded: one sentence for each exceeded threshold.
    :param metrics_error: one sentence.
    """
    kind = Threshold.kind if exceeded else Invalid.kind if metrics_error else ""
    if metrics_error:
        values = {**values, "metrics_error": metrics_error}
        warnings = [*warnings, metrics_error]
    return TaskResult(values, warnings=warnings, failure=" ".join([*exceeded, metrics_error]).strip(), error_kind=kind)
