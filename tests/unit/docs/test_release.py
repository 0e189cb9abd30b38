# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The version is the same in all files: it is the newest release of the changelog."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
PINNED = ["docs/pipelines/requirements.yml", "docs/execution-environment/requirements.yml"]
IMAGES = ["docs/pipelines/awx.yml", "docs/execution-environment/execution-environment.yml", "docs/fleet.md"]
DOCUMENTED = [
    *CHECKOUT.glob("plugins/*/*.py"),
    *CHECKOUT.glob("plugins/filter/*.yml"),
    *CHECKOUT.glob("roles/*/meta/argument_specs.yml"),
]


def content(path: str) -> Any:
    return yaml.safe_load((CHECKOUT / path).read_text(encoding="utf-8"))


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


RELEASES = sorted(content("changelogs/changelog.yaml")["releases"], key=number)
VERSION = content("galaxy.yml")["version"]


def test_the_collection_has_the_version_of_the_newest_release() -> None:
    assert RELEASES[-1] == VERSION
    assert f"## v{VERSION}".replace(".", "\\.") in (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PINNED)
def test_a_pin_names_the_newest_release(path: str) -> None:
    assert [collection["version"] for collection in content(path)["collections"]] == [VERSION]


@pytest.mark.parametrize("path", IMAGES)
def test_an_image_is_tagged_with_the_newest_release(path: str) -> None:
    tags = re.findall(r"\bodoo-mail:([\d.]+)", (CHECKOUT / path).read_text(encoding="utf-8"))
    assert set(tags) == {VERSION}


def test_the_artifact_contains_no_file_that_git_ignores() -> None:
    ignored = {line.strip("/") for line in (CHECKOUT / ".gitignore").read_text(encoding="utf-8").splitlines()}
    # ansible-galaxy itself ignores the latter.
    left_out = {*content("galaxy.yml")["build_ignore"], "tests/output", "__pycache__", "*.retry"}
    assert {name for name in ignored if name and not name.startswith("#")} <= left_out


def test_a_feature_is_at_most_one_release_ahead() -> None:
    added = {
        version
        for path in DOCUMENTED
        for version in re.findall(r"version_added: (\S+)", path.read_text(encoding="utf-8"))
    }
    # The next version increases one of the three parts, and sets the ones after it to zero.
    major, minor, patch = number(VERSION)
    following = {(major + 1, 0, 0), (major, minor + 1, 0), (major, minor, patch + 1)}
    assert {number(version) for version in added} <= {*map(number, RELEASES), *following}
    assert number(RELEASES[0]) in {number(version) for version in added}
