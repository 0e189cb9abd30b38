# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The duration of a check without drift, compared with alternatives in one run: `python tests/bench stack`.

The stack is that of the guarantee in the README: 3 mail servers, 4 crons and 5 parameters. Every candidate runs in
every round, so that other load of the machine affects all of them alike. The medians are compared. The limits for a
check over JSON-2:

- 1.2 times the shortest time that a playbook can take
- less than odoo-configurator's fastest way to rewrite everything
- 0.8 times the time of odoo-configurator record by record, which is its usual way

A hand-written playbook takes 8 times as long.

A slow link between the check and Odoo is also measured. Each new connection and each request takes a round trip of 100
ms. As with Odoo alone, each connection transports one request. With this link a check may take 0.9 s longer, and sends
the same number of requests.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import yaml

from databases import quiet_database
from lab import FaultProxy, Lab
from limits import Limit, judge
from odoo_configurator import OdooConfigurator
from playbook import HERE, playbook

ROUNDS = int(os.environ.get("ROUNDS", "7"))
DATABASE = "bench"
CHECKOUT = HERE.parents[1]

DEBUG = "a playbook whose only task is debug"
CHECK = "check, JSON-2 with an API key"
BY_PASSWORD = "check, JSON-RPC with a password"
ROUND_TRIP = 0.1
FAR = f", over a link of {1000 * ROUND_TRIP:.0f} ms"
KEPT = ", behind a reverse proxy"
BATCHED = "odoo-configurator's rewrite, JSON-2, in batches"
ONE_BY_ONE = "odoo-configurator's rewrite, JSON-2, one by one"
BY_HAND = "a hand-written ansible.builtin.uri playbook"


def bare_calls(environment: dict[str, str]) -> None:
    """Make only the calls of such a check in a separate Python: no playbook can be faster."""
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


def main() -> None:
    lab = Lab.load()
    quiet_database(lab, DATABASE)
    environment = {**os.environ, **lab.environment(DATABASE), "PYTHONPATH": str(CHECKOUT / ".work/collections")}
    by_key = {**environment, "ODOO_TRANSPORT": "json2"}
    by_password = {**environment, "ODOO_TRANSPORT": "jsonrpc", "ODOO_API_KEY": ""}
    stack = yaml.safe_load((HERE / "playbooks/stack.yml").read_text())[0]["tasks"][0]["postmaster.odoo.mail_stack"]
    links = {
        "": FaultProxy(environment["ODOO_URL"], keeps_open=False),
        FAR: FaultProxy(environment["ODOO_URL"], round_trip=ROUND_TRIP, keeps_open=False),
        FAR + KEPT: FaultProxy(environment["ODOO_URL"], round_trip=ROUND_TRIP),
    }
    rival = OdooConfigurator(CHECKOUT / ".work")
    batched, one_by_one = (rival.configuration(stack, batched=batched) for batched in (True, False))
    contestants: dict[str, Callable[[], object]] = {
        DEBUG: lambda: playbook("debug", environment),
        CHECK: lambda: playbook("stack", by_key, "--check"),
        BY_PASSWORD: lambda: playbook("stack", by_password, "--check"),
        "check, shipped as a module": lambda: playbook(
            "stack", by_key, "--check", "-e", "postmaster_odoo_in_process=false"
        ),
        "the bare calls, without Ansible": lambda: bare_calls(by_key),
        BATCHED: lambda: rival.run(batched, by_key),
        ONE_BY_ONE: lambda: rival.run(one_by_one, by_key),
    }
    # The other tool runs first. It creates its servers, and the collection then finds them. Each declares the records
    # of the other.
    rival.run(batched, by_key)
    playbook("stack", by_key)
    rival.run(one_by_one, by_key)
    if "changed=0" not in playbook("stack", by_key, "--check"):
        raise SystemExit("odoo-configurator and mail_stack do not declare the same.")
    requests: dict[str, int] = {}
    with ExitStack() as stack_of_links:
        for link, proxy in links.items():
            stack_of_links.enter_context(proxy)
            for name, credentials in ((CHECK, by_key), (BY_PASSWORD, by_password)):
                run = partial(playbook, "stack", {**credentials, "ODOO_URL": proxy.url}, "--check")
                run()  # the first login at a URL takes longer
                proxy.requests = 0
                run()
                requests[name + link] = proxy.requests
                if link:
                    contestants[name + link] = run
        # The other tools run last. Their writes clear Odoo's caches and the checked password, so each round begins with
        # a check that does not count.
        contestants.update({name: contestants.pop(name) for name in (BATCHED, ONE_BY_ONE)})
        seconds: dict[str, list[float]] = {name: [] for name in contestants}
        for _round in range(ROUNDS):
            playbook("stack", by_password, "--check")
            for name, run in contestants.items():
                seconds[name].append(timed(run))
    # A hand-written playbook takes ten times as long, so one round is enough.
    seconds[BY_HAND] = [timed(lambda: playbook("by_hand", environment))]
    report(seconds, requests)
    lab.drop(DATABASE)


def timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def report(seconds: dict[str, list[float]], requests: dict[str, int]) -> None:
    """Print the medians, each as a multiple of the first, and the limits.

    :param requests: the number of requests of a check.
    """
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    print(f"3 mail servers, 4 crons, 5 parameters, no drift; median of {ROUNDS} rounds")
    print(f"{'seconds':>8}  {'lowest':>8}  {'times debug':>11}  {'requests':>8}")
    for name, median in medians.items():
        print(
            f"{median:8.2f}  {min(seconds[name]):8.2f}  {median / medians[DEBUG]:11.2f}  {requests.get(name, ''):>8}  {name}"
        )
    far = [name + FAR + kept for name in (CHECK, BY_PASSWORD) for kept in ("", KEPT)]
    judge(
        *(
            Limit(
                f"seconds more than on the loopback: {name}",
                medians[name] - medians[name.partition(FAR)[0]],
                at_most=0.9,
            )
            for name in far
        ),
        *(
            Limit(f"requests more: {name}", requests[name] - requests[name.partition(FAR)[0]], at_most=0)
            for name in far
        ),
        Limit("the check, times debug", medians[CHECK] / medians[DEBUG], at_most=1.2),
        Limit("the check, times odoo-configurator's rewrite in batches", medians[CHECK] / medians[BATCHED], at_most=1),
        Limit(
            "the check, times odoo-configurator's rewrite one by one", medians[CHECK] / medians[ONE_BY_ONE], at_most=0.8
        ),
        Limit("by hand, times the check", medians[BY_HAND] / medians[CHECK], at_least=8),
    )
