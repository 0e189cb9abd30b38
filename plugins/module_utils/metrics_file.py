# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of metrics that a task writes. A file that cannot be written takes nothing from the task's result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text
from ansible_collections.postmaster.odoo.plugins.module_utils.prometheus import Gauge, prometheus_text, write_metrics

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import OdooModule


@dataclass(frozen=True)
class MetricsFile:
    """One file.

    :param path: empty if nothing is to be written.
    :param labels: labels of all samples: the instance.
    :param secrets: secrets that no label may contain.
    """

    path: str
    labels: Mapping[str, str]
    secrets: Collection[str] = field(repr=False)

    def read(self) -> str:
        """Return the text of the file, empty if it cannot be read."""
        try:
            return read_text(self.path) if self.path else ""
        except (OSError, UnicodeDecodeError):
            return ""

    def write(self, gauges: Iterable[Gauge]) -> str:
        """Replace the file. Return an error as one sentence, or an empty text."""
        if not self.path:
            return ""
        try:
            write_metrics(self.path, prometheus_text(gauges, self.labels, self.secrets))
        except Invalid as error:
            return error.message
        return ""


def metrics_file_of(module: OdooModule) -> MetricsFile:
    """Return the file of the option `metrics_file`. In check mode nothing is written."""
    params = module.params
    return MetricsFile(
        path="" if module.check_mode else params["metrics_file"] or "",
        labels={"url": (params["url"] or "").rstrip("/"), "database": params["database"] or ""},
        secrets=frozenset(map(str, module.no_log_values)),
    )
