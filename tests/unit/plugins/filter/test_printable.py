# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The small filters of texts, values and paths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.filter import controller_path, printable

FILTERS = {**printable.FilterModule().filters(), **controller_path.FilterModule().filters()}


@pytest.mark.parametrize(
    ("test_value", "test_text"),
    [(None, "(none)"), ("", "(none)"), ("a\nb\x1b", "a b\\u001b"), (5, "5"), (False, "false"), (["a"], '["a"]')],
)
def test_a_value_is_a_text(test_value: Any, test_text: str) -> None:
    assert FILTERS["value_text"](test_value) == test_text


def test_slack_obeys_nothing() -> None:
    assert FILTERS["slack"]("<!channel> a & b") == "&lt;!channel&gt; a &amp; b"


def test_a_path_is_below_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ann")
    assert FILTERS["controller_path"]("out/../reports") == str(tmp_path / "reports")
    assert FILTERS["controller_path"]("~/reports") == "/home/ann/reports"
    assert FILTERS["controller_path"]("/srv/reports") == "/srv/reports"


@pytest.mark.parametrize("test_name", ["controller_path", "slack", "markdown"])
def test_a_value_that_is_not_a_text_is_refused(test_name: str) -> None:
    with pytest.raises(AnsibleFilterError, match="expected a text"):
        FILTERS[test_name](5)
