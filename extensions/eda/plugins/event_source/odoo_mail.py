# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An event source of ansible-rulebook for the doctor's findings about the mail of Odoo instances."""

from __future__ import annotations

DOCUMENTATION = r"""
---
short_description: Events about the mail of Odoo instances
description:
  - Examines instances at an interval, as the module C(postmaster.odoo.mail_doctor) does. It sends an event if a finding appears, changes its severity or
    its repair, or clears. The thresholds of the queue and the expiry of keys and certificates are findings too.
  - If an instance cannot be queried, it has the finding V(not_queried). Its other findings do not change until it answers again.
  - After a start, all findings appear. Each examination opens a new connection.
  - An event is C(odoo_mail) with C(change) (V(appeared), V(changed), V(persists) or V(cleared)), C(instance) and C(finding). The finding has C(id),
    C(check), C(severity), C(title), C(evidence), C(remedy), C(fixable), C(resource) and C(documentation).
  - C(meta.hosts) of an event names the instance, so that ansible-rulebook limits playbooks to it.
  - Secrets are masked in events. Texts of Odoo are never evaluated as templates.
options:
  instances:
    description:
      - The instances. Each has a C(name), which should be its host in the inventory. Each also has the connection options of the modules, C(url),
        C(database), C(username), C(password), C(api_key), C(transport), C(validate_certs), C(ca_path), C(timeout), C(proxy) and C(connections).
      - An option that an instance does not have comes from the environment (C(ODOO_URL) and so on).
    type: list
    elements: dict
    required: true
  interval:
    description:
      - The number of seconds between the examinations of an instance.
    type: int
    default: 300
  severity:
    description:
      - The least severity of findings that cause events, V(error), V(warning) or V(info).
    type: str
    default: warning
  repeat_after:
    description:
      - The number of seconds after which a remaining finding causes an event again, with the C(change) V(persists). V(0) means never.
    type: int
    default: 0
  at_once:
    description:
      - The number of instances that are examined in parallel.
    type: int
    default: 4
  live_tests:
    description:
      - Whether Odoo tests its mail servers at each examination.
    type: bool
    default: false
  checks, max_outgoing, max_age, max_exceptions, max_overdue, max_running, stale_days, warn_days, error_days, declared_dates, probe, lock_probe, config_file:
    description:
      - As the options of the module C(postmaster.odoo.mail_doctor), with the same defaults.
"""

EXAMPLES = r"""
- postmaster.odoo.odoo_mail:
    interval: 60
    max_age: 30
    instances:
      - name: acme
        url: https://acme.example
        database: acme
        api_key: "{{ acme_api_key }}"
"""

import asyncio
import importlib.util
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.events.watched_instance import WatchedInstance


async def main(queue: asyncio.Queue[dict[str, Any]], args: dict[str, Any]) -> None:
    """Send events until the source is cancelled."""
    _find_collection()
    from ansible_collections.postmaster.odoo.plugins.module_utils.events.source_options import read_options

    options = read_options(args)
    # asyncio's own executor uses at most as many threads as the machine has processors, plus four.
    executor = ThreadPoolExecutor(options.at_once, thread_name_prefix="odoo_mail")
    try:
        await asyncio.gather(*(_watch(instance, queue, executor, options.interval) for instance in options.instances))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


async def _watch(
    instance: WatchedInstance, queue: asyncio.Queue[dict[str, Any]], executor: ThreadPoolExecutor, interval: float
) -> None:
    loop = asyncio.get_running_loop()
    while True:
        began, events = await loop.run_in_executor(executor, _poll, instance)
        for event in events:
            await queue.put(event)
        await asyncio.sleep(max(0.0, began + interval - time.monotonic()))


def _poll(instance: WatchedInstance) -> tuple[float, list[dict[str, Any]]]:
    """Return the start of an examination, in seconds of the monotonic clock, and its events."""
    return time.monotonic(), instance.poll()


def _find_collection() -> None:
    """Make the collection importable, because ansible-rulebook runs this file by its path."""
    if importlib.util.find_spec("ansible_collections") and importlib.util.find_spec("ansible_collections.postmaster"):
        return
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader([str(Path(__file__).absolute().parents[7])])
