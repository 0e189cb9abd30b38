# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An instance with thousands of mail servers: `python tests/bench mail_servers`.

A description and an export may each take 3 times as long as a list of the mail servers. All three run in every round,
so that other load of the machine affects all of them alike. Then 300 mail servers, 100 crons and 200 system parameters
are created, which may take 60 calls.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import connect
from databases import quiet_database
from lab import Lab
from limits import Limit, judge
from playbook import playbook

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SERVERS = int(os.environ.get("SERVERS", "5000"))
DATABASE = "bench_servers"
LIST, DESCRIBE, EXPORT = "mail_server_info", "mail_stack_info", "export"


def fill(lab: Lab, database: str) -> None:
    """Create the mail servers directly in the database, each with its own login and sender."""
    lab.sql(
        database,
        "INSERT INTO ir_mail_server (name, smtp_host, smtp_port, smtp_user, smtp_pass, smtp_authentication, smtp_encryption, from_filter, sequence, "
        "active, create_date, write_date) SELECT 'Server ' || n, 'smtp' || n || '.provider.example', 587, 'user' || n, 'made-up-password-' || n, "
        f"'login', 'starttls', 'customer' || n || '.example', 10, true, now(), now() FROM generate_series(1, {SERVERS}) n",
    )


def many() -> dict[str, object]:
    """Return a stack of 600 records."""
    return {
        "servers": [{"name": f"New {number}", "smtp_host": f"new{number}.provider.example"} for number in range(300)],
        "crons": [
            {"name": f"New {number}", "model": "mail.mail", "code": "model.search([], limit=1)", "active": False}
            for number in range(100)
        ],
        "parameters": {f"mail.made_up.{number}": str(number) for number in range(200)},
    }


def timed(name: str, environment: dict[str, str]) -> float:
    """Return the duration of a playbook that leaves no file, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        playbook(name, environment, "-e", json.dumps({"export_folder": folder}))
        return time.perf_counter() - started


def create_many(environment: dict[str, str]) -> tuple[int, float]:
    """Return the calls and the seconds that it takes to create 600 records without verification."""
    options = RunOptions()
    started = time.perf_counter()
    with connect(
        url=environment["ODOO_URL"],
        database=DATABASE,
        username=environment["ODOO_USERNAME"],
        api_key=environment["ODOO_API_KEY"],
        timeout=120,
    ) as session:
        plan = enforce_stack(session, read_declared_stack(many(), options), options).plan
        calls = len(session.calls)
    if len(plan) != 600:
        raise SystemExit(f"{len(plan)} records were created, and not 600.")
    return calls, time.perf_counter() - started


def main() -> None:
    lab = Lab.load()
    quiet_database(lab, DATABASE)
    environment = {**os.environ, **lab.environment(DATABASE), "PYTHONPATH": os.pathsep.join(sys.path[:2])}
    calls, seconds = create_many(environment)
    lab.sql(DATABASE, "DELETE FROM ir_mail_server")
    fill(lab, DATABASE)
    seconds_of: dict[str, list[float]] = {LIST: [], DESCRIBE: [], EXPORT: []}
    for _round in range(ROUNDS):
        for name, times in seconds_of.items():
            times.append(timed(name, environment))
    lab.drop(DATABASE)
    medians = {name: statistics.median(times) for name, times in seconds_of.items()}
    print(f"{SERVERS} mail servers; median of {ROUNDS} rounds, seconds")
    for name, median in medians.items():
        print(f"{median:8.2f}  {name}")
    print(f"{seconds:8.2f}  600 records created, in {calls} calls")
    judge(
        Limit(f"{DESCRIBE}, times {LIST}", medians[DESCRIBE] / medians[LIST], at_most=3),
        Limit(f"{EXPORT}, times {LIST}", medians[EXPORT] / medians[LIST], at_most=3),
        Limit("calls to create 300 mail servers, 100 crons and 200 system parameters", calls, at_most=60),
    )
