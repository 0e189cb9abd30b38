# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmarks: `python tests/bench` runs all of them, `python tests/bench NAME` one of them. All except `drift_page`
need a running lab.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / ".work/collections")]

# As on the machine of a user. Without bytecode, Ansible itself takes twice as long.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import drift_page
import fleet
import mail_doctor
import mail_queue
import mail_servers
import queue_policy
import replay
import stack

if __name__ == "__main__":
    benchmarks = {
        benchmark.__name__: benchmark
        for benchmark in (stack, fleet, drift_page, mail_queue, queue_policy, mail_doctor, mail_servers, replay)
    }
    for chosen in sys.argv[1:] or benchmarks:
        benchmarks[chosen].main()
