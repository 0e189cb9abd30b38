# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookup matching_hosts. tests/integration/test_playbook_hosts.py runs the playbooks with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible import constants, context
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar
from ansible.utils.context_objects import CLIArgs

from ansible_collections.postmaster.odoo.plugins.lookup import matching_hosts

GROUPS = {"all": ["acme", "globex"], "ungrouped": [], "production": ["acme"]}


def run(pattern: str, limit: str | None = None, **variables: Any) -> list[str]:
    lookup_loader.add_directory(str(Path(matching_hosts.__file__).parent))
    lookup = lookup_loader.get("matching_hosts", loader=DataLoader(), templar=Templar(loader=DataLoader()))
    own = {"groups": GROUPS, **({"ansible_limit": limit} if limit else {}), **variables}
    found: list[str] = lookup.run([pattern], own, option="drift_hosts")
    return found


@pytest.fixture(autouse=True)
def command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Provide a command line without options, and the default for patterns without a host, which ansible-test changes."""
    monkeypatch.setattr(context, "CLIARGS", CLIArgs({}))
    monkeypatch.setattr(constants, "HOST_PATTERN_MISMATCH", "warning")


@pytest.mark.parametrize(
    ("test_pattern", "test_limit"),
    [("all", None), ("production", None), ("all:!acme", None), ("acm*", "production"), ("all", "globex,nobody")],
)
def test_a_pattern_that_matches_is_returned(test_pattern: str, test_limit: str | None) -> None:
    assert run(test_pattern, test_limit) == [test_pattern]


@pytest.mark.parametrize(
    ("test_pattern", "test_limit", "test_words"),
    [
        ("acmee", None, "No host of the inventory matches drift_hosts: acmee."),
        ("ungrouped", None, "No host of the inventory matches drift_hosts: ungrouped."),
        ("production", "globex", "No host of the inventory matches drift_hosts within the limit globex: production."),
    ],
)
def test_a_pattern_that_matches_nothing_is_an_error(test_pattern: str, test_limit: str | None, test_words: str) -> None:
    with pytest.raises(AnsibleError, match=test_words):
        run(test_pattern, test_limit)


def test_a_limit_may_be_in_a_file(tmp_path: Path) -> None:
    """Ansible writes such files itself, to retry the hosts that failed."""
    (tmp_path / "failed.retry").write_text("acme\n")
    assert run("production", f"@{tmp_path / 'failed.retry'}") == ["production"]
    (tmp_path / "failed.retry").write_text("globex\n")
    with pytest.raises(AnsibleError, match="within the limit"):
        run("production", f"@{tmp_path / 'failed.retry'}")


def test_a_check_of_the_syntax_needs_no_inventory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "CLIARGS", CLIArgs({"syntax": True}))
    assert run("all", groups={"all": [], "ungrouped": []}) == ["all"]
