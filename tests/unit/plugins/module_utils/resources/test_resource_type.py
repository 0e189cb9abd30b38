# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The docstring of `ResourceType` names all hooks, in the order in which a run calls them."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MailServer
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo
from ansible_collections.postmaster.odoo.tests.unit.snapshots import FileInMemory, run_with_snapshot

HOOKS = {
    name
    for name, value in vars(ResourceType).items()
    if callable(getattr(ResourceType, name)) and not name.startswith("_") and not isinstance(value, type)
}
DOCUMENTED = [
    name for name in dict.fromkeys(re.findall(r"`(\w+)`", inspect.getdoc(ResourceType) or "")) if name in HOOKS
]


def test_every_hook_is_documented() -> None:
    assert sorted(HOOKS - set(DOCUMENTED)) == []


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_run_calls_the_hooks_in_the_documented_order(
    odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    odoo.add("ir.mail_server", name="Main", smtp_host="old.acme.example", smtp_pass="made-up-password")
    called: dict[str, None] = {}
    for name in HOOKS:
        monkeypatch.setattr(MailServer, name, noting(name, inspect.getattr_static(MailServer, name), called))
    stack = {"servers": [{"name": "Main", "smtp_host": "smtp.acme.example", "state": state}]}
    run_with_snapshot(odoo, stack, FileInMemory(can_encrypt=False), unmanaged="report")
    assert {"declare", "find", "stage", "perform"} <= called.keys()
    assert list(called) == [name for name in DOCUMENTED if name in called]


def noting(name: str, hook: Any, called: dict[str, None]) -> Any:
    """Return the hook of a resource type, which notes its first call."""
    if isinstance(hook, staticmethod):
        return staticmethod(noting(name, hook.__func__, called))

    def noted(*args: Any, **options: Any) -> Any:
        called.setdefault(name)
        return hook(*args, **options)

    return noted
