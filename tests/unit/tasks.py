# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that runs as on a host, on a simulated Odoo."""

from __future__ import annotations

import importlib
import json
from typing import Any
from unittest import mock

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import OdooModule
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

CONNECTION = {"url": "http://odoo.example", "database": "simulated", "api_key": "key-of-the-admin"}


def module_named(name: str) -> Any:
    """Return the file of a module."""
    return importlib.import_module(f"ansible_collections.postmaster.odoo.plugins.modules.{name}")


def connect_to(odoo: SimulatedOdoo, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Direct every session to a simulated Odoo; return the options of the sessions."""
    asked: list[dict[str, Any]] = []

    def connect(**options: Any) -> rpc_session.Session:
        asked.append(options)
        return odoo.session(read_only=options["read_only"])

    monkeypatch.setattr(rpc_session, "connect", connect)
    return asked


def shipped(
    name: str, options: dict[str, Any], capsys: pytest.CaptureFixture[str], *, check: bool = False, diff: bool = False
) -> dict[str, Any]:
    """Return the result that a module prints.

    Warnings are read from the module, because Ansible collects them for a whole process.
    """
    capsys.readouterr()
    warnings: list[str] = []
    internal = {"check_mode": check, "diff": diff, "module_name": f"postmaster.odoo.{name}"}
    connection = CONNECTION if module_named(name).SPECIFICATION.connection else {}
    arguments = {**connection, **options, **{f"_ansible_{key}": value for key, value in internal.items()}}
    with (
        patch_module_args(arguments),
        mock.patch.object(OdooModule, "warn", lambda _module, warning, **_how: warnings.append(warning)),
        pytest.raises(SystemExit),
    ):
        module_named(name).main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    result.pop("warnings", None)
    return {**result, "warnings": warnings} if warnings else result
