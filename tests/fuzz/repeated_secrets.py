# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every secret, repeated by an SMTP server in every encoding, with the modules that show answers of a server."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from random import Random

from ansible_collections.postmaster.odoo.tests.unit.hostile.answering_odoo import AnsweringOdoo
from ansible_collections.postmaster.odoo.tests.unit.hostile.encodings import ENCODINGS, SECRETS, smtp_refusal
from ansible_collections.postmaster.odoo.tests.unit.hostile.plugins import PLUGINS, error_of
from ansible_collections.postmaster.odoo.tests.unit.hostile.tasks import Task, run, texts_of
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def fuzz_secrets(count: int, seed: int) -> Counter[str]:
    """Return the secrets that were shown, and how often.

    :param count: the greatest number of runs; a random choice of all if there are more.
    """
    faults: Counter[str] = Counter()
    cases = [
        (secret, encoding, task, transport)
        for secret in SECRETS
        for encoding in ENCODINGS
        for task in range(len(tasks_with(secret)))
        for transport in ("jsonrpc", "json2")
    ]
    Random(seed).shuffle(cases)
    for secret, encoding, number, transport in cases[:count]:
        task = tasks_with(secret)[number]
        repeated = ENCODINGS[encoding](secret)
        ending = run(task, AnsweringOdoo(repeating_odoo(secret, repeated)), transport)
        if ending.fault and not ending.fault.startswith("failed without a kind"):
            faults[f"{task.module}: {ending.fault}"] += 1
        if any(form in text for text in texts_of(ending.result) for form in (secret, repeated)):
            faults[f"{task.module}: {encoding} shows"] += 1
    faults.update(_fuzz_plugins(count, seed))
    print(f"  {len(cases)} cases: {len(SECRETS)} secrets in {len(ENCODINGS)} encodings")
    return faults


def _fuzz_plugins(count: int, seed: int) -> Counter[str]:
    """Return the secrets in the output of the plugins that call Odoo without a module."""
    faults: Counter[str] = Counter()
    cases = [(plugin, secret, encoding) for plugin in PLUGINS for secret in SECRETS for encoding in ENCODINGS]
    Random(seed).shuffle(cases)
    with tempfile.TemporaryDirectory() as folder:
        for plugin, secret, encoding in cases[:count]:
            repeated = ENCODINGS[encoding](secret)
            text = error_of(plugin, secret, f"\x1b[31m refused {repeated} ", Path(folder))
            if any(form in text for form in (secret, repeated)):
                faults[f"{plugin}: {encoding} shows"] += 1
            if not text.isprintable():
                faults[f"{plugin}: {encoding} is not printable"] += 1
    return faults


def tasks_with(secret: str) -> list[Task]:
    """Return the tasks that receive texts of an SMTP server."""
    server = {"name": "Main", "smtp_host": "smtp.acme.example", "smtp_user": "odoo", "smtp_pass": secret}
    return [
        Task("mail_server", {**server, "smtp_port": 587, "verify": "connection"}, applies=True),
        Task("mail_server", {**server, "smtp_user": f" {secret} "}),
        Task("mail_stack", {"servers": [server, {**server, "name": "New"}], "verify": "connection"}, applies=True),
        Task("mail_server_test", {"fail_on_error": False}, applies=True),
        Task("mail_server_test", {"canary": "somebody@acme.example"}, applies=True),
        Task("mail_queue_info"),
        Task("mail_queue", {"action": "process"}, applies=True),
        Task("mail_doctor", applies=True),
    ]


def repeating_odoo(secret: str, repeated: str) -> SimulatedOdoo:
    """Return an instance whose SMTP server refuses every login and repeats its credentials."""
    odoo = SimulatedOdoo("19.0")
    words = smtp_refusal(f"refused {repeated} ")
    odoo.smtp = lambda _server: f"Connection Test Failed! Here is what we got instead:\n {words}"
    odoo.delivery = lambda _mail: f"Mail Delivery Failed\n{words}"
    server = {"smtp_host": "smtp.acme.example", "smtp_pass": secret, "from_filter": "odoo@acme.example"}
    main = odoo.add("ir.mail_server", name="Main", smtp_user="odoo", **server)
    odoo.add("ir.mail_server", name="Blank", smtp_user=f" {secret} ", **server)
    for state, reason in (("outgoing", False), ("exception", words)):
        odoo.add("mail.mail", state=state, failure_reason=reason, mail_server_id=main, email_from="odoo@acme.example")
    return odoo
