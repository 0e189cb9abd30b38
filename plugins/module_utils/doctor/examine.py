# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task of `mail_doctor`: examine the instance, write the metrics, and judge the findings."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import diagnose, unmatched_dates, worst
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import DEFAULT_CHECKS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.metrics import checks_in, doctor_metrics
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.options import examination
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.metrics_file import MetricsFile, metrics_file_of
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult, threshold_result

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import OdooModule


def examine(module: OdooModule) -> TaskResult:
    """Return the findings of an instance.

    :raises OdooError: the instance could not be examined. The metrics say so, if that is not for wrong options.
    """
    how = examination(module.params)
    file = metrics_file_of(module)
    try:
        with module.session(read_only=not (how.live_tests or how.lock_probe)) as session:
            diagnosis = diagnose(session, how)
    except Invalid:
        raise
    except OdooError:
        # The error of the instance is worth more than that of the file.
        if problem := file.write(doctor_metrics(None, moment=time.time())):
            module.warn(problem)
        raise
    warnings = unmatched_dates(diagnosis)
    if kept := checks_to_keep(file, diagnosis):
        warnings.append(
            f"metrics_file {file.path} was not replaced: it contains findings of the checks {', '.join(kept)}, which did not run now. "
            "Remove the file if it is to have fewer checks."
        )
        problem = ""
    else:
        problem = file.write(doctor_metrics(diagnosis, moment=time.time()))
    return threshold_result(diagnosis, worst(diagnosis, module.params["fail_on"]), warnings, problem)


def checks_to_keep(file: MetricsFile, diagnosis: Mapping[str, Any]) -> list[str]:
    """Return the default checks that a file has findings of and that did not run. Without their findings, the metrics would say that all is well."""
    return sorted((checks_in(file.read()) & set(DEFAULT_CHECKS)).difference(diagnosis["checks"]))
