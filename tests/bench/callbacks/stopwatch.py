# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The duration of each task on each host: from the start of its worker to its result."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: stopwatch
type: notification
short_description: Time tasks
description: Appends one line of JSON for each task of each host to the file that the variable STOPWATCH_FILE names.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "stopwatch"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._started: dict[tuple[str, str], float] = {}

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._started[host.name, task._uuid] = time.perf_counter()

    def v2_runner_on_ok(self, result: Any, **_how: Any) -> None:
        seconds = time.perf_counter() - self._started.pop((result.host.name, result.task._uuid))
        with open(os.environ["STOPWATCH_FILE"], "a", encoding="utf-8") as lines:
            lines.write(json.dumps({"host": result.host.name, "task": result.task.name, "seconds": seconds}) + "\n")

    v2_runner_on_failed = v2_runner_on_skipped = v2_runner_on_unreachable = v2_runner_on_ok
