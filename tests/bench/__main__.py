# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a check without drift takes, beside what it is measured against, in one run: `python tests/bench`.
Then the figures of the mail queue (`mail_queue.py`), of its policy (`queue_policy.py`) and of the doctor (`mail_doctor.py`); `python tests/bench
NAME` runs one of them.

The stack is that of the promise in the README: 3 mail servers, 4 crons and 5 parameters. Every contestant gets its turn in every round,
so that whatever else the machine does meets them alike; the medians are compared.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(CHECKOUT / ".work/collections")]

import mail_doctor
import mail_queue
import queue_policy
from lab import Lab

ROUNDS = int(os.environ.get("ROUNDS", "7"))
DATABASE = "bench"


def playbook(name: str, environment: dict[str, str], *arguments: str) -> None:
    """Run one of the benchmark's playbooks; its failure is the benchmark's."""
    path = str(HERE / "playbooks" / f"{name}.yml")
    command = [
        "ansible-playbook",
        "-i",
        "localhost,",
        "-e",
        f"ansible_python_interpreter={sys.executable}",
        path,
        *arguments,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}.yml failed:\n{done.stdout}{done.stderr}")


def bare_calls(environment: dict[str, str]) -> None:
    """The calls of such a check and nothing else, in a Python of its own: what no playbook can go below."""
    script = (
        "import os\n"
        "from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import connect\n"
        "session = connect(url=os.environ['ODOO_URL'], database=os.environ['ODOO_DATABASE'], api_key=os.environ['ODOO_API_KEY'])\n"
        "for model in ('ir.mail_server', 'ir.cron'):\n"
        "    session.fields(model)\n"
        "for model, field in (('ir.model.data', 'name'), ('ir.config_parameter', 'key'), ('ir.mail_server', 'name'),\n"
        "                     ('ir.cron', 'name'), ('res.users', 'login')):\n"
        "    session.search_read(model, [], [field], limit=10)\n"
    )
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)


def stack() -> None:
    """The benchmark of a check."""
    lab = Lab.load()
    lab.fresh(DATABASE)
    environment = {**os.environ, **lab.environment(DATABASE), "PYTHONPATH": str(CHECKOUT / ".work/collections")}
    by_key = {**environment, "ODOO_TRANSPORT": "json2"}
    by_password = {**environment, "ODOO_TRANSPORT": "jsonrpc", "ODOO_API_KEY": ""}
    playbook("stack", by_key)
    contestants: dict[str, Callable[[], None]] = {
        "a playbook whose only task is debug": lambda: playbook("debug", environment),
        "check, JSON-2 with an API key": lambda: playbook("stack", by_key, "--check"),
        "check, JSON-RPC with a password": lambda: playbook("stack", by_password, "--check"),
        "check, shipped as a module": lambda: playbook(
            "stack", by_key, "--check", "-e", "postmaster_odoo_in_process=false"
        ),
        "the bare calls, without Ansible": lambda: bare_calls(by_key),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _round in range(ROUNDS):
        for name, run in contestants.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    # The same by hand takes ten times as long; one round tells enough.
    started = time.perf_counter()
    playbook("by_hand", environment)
    seconds["a hand-written ansible.builtin.uri playbook"] = [time.perf_counter() - started]
    report(seconds)
    lab.drop(DATABASE)


def report(seconds: dict[str, list[float]]) -> None:
    """Print the medians, and each as a multiple of the first."""
    floor = statistics.median(next(iter(seconds.values())))
    print(f"3 mail servers, 4 crons, 5 parameters, no drift; median of {ROUNDS} rounds")
    print(f"{'seconds':>8}  {'lowest':>8}  {'times debug':>11}")
    for name, times in seconds.items():
        median = statistics.median(times)
        print(f"{median:8.2f}  {min(times):8.2f}  {median / floor:11.2f}  {name}")


if __name__ == "__main__":
    benchmarks = {
        "stack": stack,
        "mail_queue": mail_queue.main,
        "queue_policy": queue_policy.main,
        "mail_doctor": mail_doctor.main,
    }
    for chosen in sys.argv[1:] or benchmarks:
        benchmarks[chosen]()
