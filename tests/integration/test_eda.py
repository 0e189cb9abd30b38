# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks with ansible-rulebook on a real Odoo: a stopped cron is repaired automatically, and a webhook is
notified.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.postmaster.odoo.tests.unit.local_server import serving
from broken_instance import BrokenInstance
from lab import Lab
from playbook import COLLECTIONS
from queue_action import QUEUE_ACTION

PROGRAMS = Path(__file__).resolve().parents[2] / ".venv/eda/bin"
# JVM, Ansible and Odoo take 15 seconds on two idle cores.
PATIENCE = 120
SECRET_OPTIONS = {"password", "api_key"}
VAULT_PASSWORD = "made-up-vault-password"
VAULT = VaultLib([("default", VaultSecret(VAULT_PASSWORD.encode()))])


@pytest.fixture(scope="module")
def broken(lab: Lab) -> Iterator[BrokenInstance]:
    """Return a healthy instance without workers, which would run overdue actions."""
    lab.start_odoo(max_cron_threads=0)
    instance = BrokenInstance.healthy(lab, "eda")
    yield instance
    lab.stop_odoo()
    instance.drop()
    lab.start_odoo()


@contextmanager
def rulebook(
    folder: Path, name: str, broken: BrokenInstance, environment: Mapping[str, str] | None = None
) -> Iterator[Path]:
    """Run a rulebook of the collection for as long as the context lasts, and return the file of its output.

    The inventory is a folder. Its variables, and the secrets among those of the rulebook, are encrypted with Ansible
    Vault.
    """
    program = PROGRAMS / "ansible-rulebook"
    assert program.exists(), f"{program} is missing: run make environments"
    options = broken.instance.options()
    connection = {name: value for name, value in options.items() if name != "transport"}
    group = {f"odoo_{name}": value for name, value in connection.items()}
    variables = {"odoo_mail_interval": 2, "odoo_mail_instances": [{"name": "acme", **connection}]}
    (folder / "inventory/group_vars").mkdir(parents=True)
    (folder / "inventory/hosts.yml").write_text("all: {hosts: {acme: }}\n")
    (folder / "password").write_text(VAULT_PASSWORD)
    (folder / "inventory/group_vars/all.yml").write_bytes(VAULT.encrypt(json.dumps(group)))
    (folder / "odoo_mail.yml").write_text(with_encrypted_secrets(variables))
    output = folder / "output.txt"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "ODOO_"))}
    with output.open("w") as file:
        process = subprocess.Popen(
            [
                *(program, "--rulebook", f"postmaster.odoo.{name}", "--inventory", "inventory"),
                *("--vars", "odoo_mail.yml", "--vault-password-file", "password", "--print-events"),
            ],
            cwd=folder,
            env={
                **inherited,
                "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
                "ANSIBLE_HOME": str(folder / "home"),
                # ansible-rulebook does not pass its own vault password to playbooks.
                "ANSIBLE_VAULT_PASSWORD_FILE": str(folder / "password"),
                "PATH": f"{PROGRAMS}:{os.environ['PATH']}",
                **(environment or {}),
            },
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield output
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def with_encrypted_secrets(variables: Mapping[str, Any]) -> str:
    """Return the file of a rulebook's variables. ansible-rulebook does not read one that is encrypted as a whole."""
    (instance,) = variables["odoo_mail_instances"]
    plain = {name: value for name, value in instance.items() if name not in SECRET_OPTIONS}
    lines = [f"odoo_mail_interval: {variables['odoo_mail_interval']}", "odoo_mail_instances:", "  - name: acme"]
    lines += [f"    {name}: {json.dumps(value)}" for name, value in plain.items() if name != "name"]
    for name in instance.keys() & SECRET_OPTIONS:
        encrypted = VAULT.encrypt(instance[name]).decode().splitlines()
        lines += [f"    {name}: !vault |", *(f"      {line}" for line in encrypted)]
    return "\n".join(lines) + "\n"


def wait_until(condition: Callable[[], bool], output: Path) -> None:
    """Return when a condition is true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, output.read_text()[-5_000:]
        time.sleep(0.5)


def queue_is_active(broken: BrokenInstance) -> bool:
    (cron,) = broken.instance.read("ir.cron", QUEUE_ACTION, ["active", "in", [True, False]], fields=("active",))
    return bool(cron["active"])


def secrets(broken: BrokenInstance) -> list[str]:
    given: dict[str, Any] = broken.instance.options()
    return [given[name] for name in ("password", "api_key") if given.get(name)]


def test_a_stopped_cron_is_repaired_automatically(broken: BrokenInstance, tmp_path: Path) -> None:
    with rulebook(tmp_path, "heal_mail", broken) as output:
        broken.queue_action(active=False)
        wait_until(lambda: queue_is_active(broken), output)
        wait_until(lambda: "'change': 'cleared'" in output.read_text(), output)
    text = output.read_text()
    assert "cron_disabled" in text
    assert not [secret for secret in secrets(broken) if secret in text]


def test_a_webhook_is_notified_and_nothing_is_changed(broken: BrokenInstance, tmp_path: Path) -> None:
    broken.queue_action(active=False)
    with serving() as server:
        url = f"{server.url}/webhook-token-made-up"
        with rulebook(tmp_path, "notify_mail", broken, {"ODOO_MAIL_WEBHOOK_URL": url}) as output:
            wait_until(lambda: bool(server.requests), output)
            assert not queue_is_active(broken)
            broken.queue_action(active=True)
            wait_until(lambda: any(": cleared: " in one.json["text"] for one in server.requests), output)
    first = server.requests[0].json["text"]
    assert first.startswith("acme: appeared: error cron_disabled: 'Mail: Email Queue Manager' is inactive.")
    assert first.endswith("/findings/cron_disabled.html")
    told = output.read_text() + "".join(str(request.body) for request in server.requests)
    assert "webhook-token-made-up" not in told
    assert not [secret for secret in secrets(broken) if secret in told]
