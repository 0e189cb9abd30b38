# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The task of `mail_queue_info`: read the queue, write the metrics, and compare the queue with thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.metrics_file import metrics_file_of
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.metrics import queue_metrics
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import Thresholds, ask_queue, exceeded
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult, threshold_result

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import OdooModule


def inspect_queue(module: OdooModule) -> TaskResult:
    """Return the state of the queue.

    :raises OdooError: the instance could not be queried.
    """
    params = module.params
    thresholds = Thresholds(params["max_outgoing"], params["max_age"], params["max_exceptions"], params["fail_on"])
    with module.session(read_only=True) as session:
        queue = ask_queue(session, params["by"])
        moment, version = session.now, session.version.text
    problem = metrics_file_of(module).write(queue_metrics(queue, moment=moment.timestamp()))
    sentences = exceeded(queue, thresholds)
    values = {"queue": queue, "exceeded": sentences, "odoo_version": version}
    return threshold_result(values, sentences, metrics_error=problem)
