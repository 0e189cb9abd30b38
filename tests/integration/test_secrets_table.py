# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of every shape in every module, while SMTP servers repeat them in nine encodings: they are in no output, file
or process list.

A sample of the secrets is tested, or all of them in both ways and over both transports with SECRETS=all (`make
secrets`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK
from ansible_collections.postmaster.odoo.tests.unit.hostile.encodings import SECRETS
from instance import LabInstance
from secrets_table import REPEATED, Table

pytestmark = pytest.mark.second_lab

ALL = os.environ.get("SECRETS") == "all"
# The distance between two secrets of a sample.
STEP = 1 if ALL else 19
NAMED = {f"s{number}": secret for number, secret in enumerate(SECRETS) if number % STEP == STEP // 2}


# The ways to run a module and the transports; a sample uses each once.
COMBINATIONS = {
    "in process, jsonrpc": (True, "jsonrpc"),
    "shipped, json2": (False, "json2"),
    **({"in process, json2": (True, "json2"), "shipped, jsonrpc": (False, "jsonrpc")} if ALL else {}),
}


@pytest.mark.parametrize(("in_process", "transport"), COMBINATIONS.values(), ids=COMBINATIONS)
def test_no_secret_is_shown(
    fresh: Callable[[str], LabInstance], tmp_path: Path, *, in_process: bool, transport: str
) -> None:
    instance = fresh(os.environ.get("SECRETS_DATABASE", "integration_secrets"))
    # A task in a separate process takes ten times as long.
    secrets = NAMED if ALL or in_process else dict(list(NAMED.items())[::4])
    table = Table(instance, tmp_path, secrets, in_process=in_process, transport=transport)
    table.run()
    assert table.shown() == {}

    # The test would prove little if nothing were repeated, or if every task failed.
    failed = {name for name, result in table.results.items() if result["failed"]}
    assert table.failing - failed == set()
    for name, secret in secrets.items():
        if secret.isascii():
            repeated = str(table.results[f"{name}: tested"])
            assert [encoding for encoding in REPEATED if encoding not in repeated] == []
            assert MASK in repeated
            assert f"{name}: parameter" not in failed
    for task, message in table.errors.items():
        assert MASK in message, task
        assert "refused" in message, task
        assert message.isprintable(), task
    assert len(table.errors) == 2 * len(secrets)
    print(
        f"{len(table.results)} tasks with {len(secrets)} secrets, {'in process' if in_process else 'shipped'}, {transport}"
    )
