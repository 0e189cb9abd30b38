# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook that works on no host fails. Ansible skips a play without hosts, and the run is successful."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from inventory import run_on

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
# ansible-rulebook limits this one to the host of an event.
WITHOUT_OPTION = {"notify"}
NAMES = sorted(path.stem for path in PLAYBOOKS.glob("*.yml") if path.stem not in WITHOUT_OPTION)
# Nothing is ever asked of them.
HOSTS = {name: {"odoo_url": "http://127.0.0.1:9", "odoo_database": name} for name in ("acme", "staging")}


@pytest.mark.parametrize("test_name", NAMES)
def test_no_host_is_an_error(test_name: str, tmp_path: Path) -> None:
    option = f"{test_name}_hosts"
    run = run_on(tmp_path / "misspelt", test_name, HOSTS, **{option: "acmee"})
    assert run.exit_code not in (0, None), run.output
    assert f"No host of the inventory matches {option}: acmee." in " ".join(run.output.split())
    run = run_on(tmp_path / "limit", test_name, HOSTS, "--limit", "staging", **{option: "acme"})
    assert run.exit_code not in (0, None), run.output
    words = f"No host of the inventory matches {option} within the limit staging: acme."
    assert words in " ".join(run.output.split())


def test_each_playbook_names_its_option() -> None:
    for name in NAMES:
        text = (PLAYBOOKS / f"{name}.yml").read_text(encoding="utf-8")
        assert re.search(rf"^# {name}_hosts: ", text, re.MULTILINE), name


@pytest.mark.parametrize(
    ("test_arguments", "test_variables", "test_words"),
    [
        ((), {}, "Set compare_with to a host of the inventory"),
        (("--limit", "acme"), {}, "Set compare_with to a host of the inventory"),
        ((), {"compare_with": "stagingg"}, "Set compare_with to a host of the inventory"),
        (("--limit", "acme"), {"compare_with": "staging"}, "The --limit excludes the host staging. Include it."),
        (("--limit", "staging"), {"compare_with": "staging"}, "There is no host to compare with staging"),
        ((), {"compare_with": "staging", "compare_hosts": "staging"}, "There is no host to compare with staging"),
        ((), {"compare_with": "staging", "compare_hosts": "acmee"}, "No host of the inventory matches compare_hosts"),
    ],
)
def test_a_comparison_without_two_hosts_is_an_error(
    test_arguments: tuple[str, ...], test_variables: dict[str, str], test_words: str, tmp_path: Path
) -> None:
    run = run_on(tmp_path, "compare", HOSTS, *test_arguments, **test_variables)
    assert run.exit_code != 0, run.output
    assert test_words in " ".join(run.output.split())
    assert "Read the mail of the instance" not in run.output
    assert "undefined" not in run.output


@pytest.mark.parametrize("test_arguments", [(), ("--limit", "acme")])
def test_a_rollback_without_a_snapshot_is_an_error(test_arguments: tuple[str, ...], tmp_path: Path) -> None:
    run = run_on(tmp_path, "rollback", HOSTS, *test_arguments)
    assert run.exit_code != 0, run.output
    assert "Set rollback_snapshot to a snapshot file, or to latest." in run.output
