# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue, and the page that explains it, are in step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor import finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import (
    CATALOGUE,
    CHECKS,
    FIXES,
    SEVERITIES,
    Finding,
    count_by_severity,
    sorted_results,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.text import some

PAGE = (Path(finding.__file__).parents[3] / "docs" / "findings.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (\w+)\n\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


def test_every_finding_has_its_section() -> None:
    assert list(SECTIONS) == list(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_section_says_what_the_catalogue_says(name: str) -> None:
    kind = CATALOGUE[name]
    heading, *explained = SECTIONS[name].strip().split("\n\n")
    fix = f" · fixable as `{kind.fix}`" if kind.fix else ""
    assert heading == f"{kind.title}. `{kind.severity}`{fix}"
    assert len(explained) >= 2
    assert explained[-1] == kind.remedy.format(name="…")


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_kind_is_well_formed(name: str) -> None:
    kind = CATALOGUE[name]
    assert kind.check in CHECKS
    assert kind.severity in SEVERITIES
    assert kind.fix in (None, *FIXES)
    assert "\n" not in kind.title + kind.remedy


def test_every_class_of_fixes_is_explained() -> None:
    assert all(f"`{fix}` (" in PAGE for fix in FIXES)
    assert {kind.fix for kind in CATALOGUE.values()} - {None} == set(FIXES)


def test_a_result() -> None:
    cron = {"model": "ir.cron", "id": 3, "name": "Queue", "xml_id": "mail.queue"}
    result = Finding("cron_disabled", "It is\n  inactive.", cron, "warning").as_result()
    assert (result["severity"], result["evidence"], result["fixable"]) == ("warning", "It is inactive.", "crons")
    assert "xml_id mail.queue" in result["remedy"]
    assert result["documentation"].endswith("/findings/cron_disabled.html")
    assert result["resource"] == cron
    other = Finding("throttled", "…", remedy="Wait.", fix="").as_result()
    assert (other["remedy"], other["fixable"], other["resource"]) == ("Wait.", None, None)


def test_the_worst_come_first() -> None:
    results = sorted_results(Finding(name, "…") for name in reversed(CATALOGUE))
    assert [SEVERITIES.index(one["severity"]) for one in results] == sorted(
        SEVERITIES.index(kind.severity) for kind in CATALOGUE.values()
    )
    assert sum(count_by_severity(results).values()) == len(CATALOGUE)
    assert results[0]["id"] == "cron_disabled"


def test_some_of_many() -> None:
    assert some("abc") == "a, b, c"
    assert some("abcdefgh", 3) == "a, b, c and 5 more"
