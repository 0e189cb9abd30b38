# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment of docs/execution-environment, without the steps that need a container engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
DEFINITION = CHECKOUT / "docs/execution-environment"


def run(folder: Path, *command: str) -> str:
    """Return the output of one of the environment's programs.

    :param folder: for files that the program leaves behind.
    """
    programs = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "ANSIBLE_HOME": str(folder / "home")}
    program = str(programs / command[0])
    done = subprocess.run(
        [program, *command[1:]], cwd=CHECKOUT, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the build context that ansible-builder passes to the container engine."""
    folder = tmp_path_factory.mktemp("context")
    definition = str(DEFINITION / "execution-environment.yml")
    run(
        folder,
        "ansible-builder",
        "create",
        "--file",
        definition,
        "--context",
        str(folder),
        "--output-filename",
        "Containerfile",
    )
    return folder


def test_the_build_context_is_complete(context: Path) -> None:
    steps = (context / "Containerfile").read_text().splitlines()
    assert 'ARG EE_BASE_IMAGE="quay.io/centos/centos:stream10"' in steps
    (installed,) = (step for step in steps if step.startswith("ARG ANSIBLE_INSTALL_REFS="))
    assert "ansible-core>=2.19" in installed
    assert "ansible-runner" in installed
    # Without git the collection cannot be fetched. It is needed before that step, and not in the image.
    galaxy = steps[steps.index("FROM base AS galaxy") : steps.index("FROM base AS builder")]
    fetches = [number for number, step in enumerate(galaxy) if "collection install" in step]
    assert galaxy.index("RUN $PKGMGR install -y git-core") < fetches[0]
    assert "git-core" not in "\n".join(steps[steps.index("FROM base AS builder") :])


def test_it_installs_the_present_version_of_the_collection(context: Path) -> None:
    wanted = yaml.safe_load((context / "_build/requirements.yml").read_text())
    galaxy = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())
    assert wanted == {
        "collections": [{"name": f"{galaxy['repository']}.git", "type": "git", "version": galaxy["version"]}]
    }


def test_the_collection_lists_its_imports(tmp_path: Path) -> None:
    """The collection is built and installed, because ansible-builder examines it in this form within the image."""
    run(tmp_path, "ansible-galaxy", "collection", "build", "--output-path", str(tmp_path))
    (artifact,) = tmp_path.glob("*.tar.gz")
    collections = tmp_path / "collections"
    run(
        tmp_path,
        "ansible-galaxy",
        "collection",
        "install",
        str(artifact),
        "--offline",
        "--force",  # although the checkout is on the path too
        "--collections-path",
        str(collections),
    )
    found = yaml.safe_load(run(tmp_path, "ansible-builder", "introspect", str(collections)))
    imported = {requirement.partition("#")[0].strip() for requirement in found["python"]}
    assert imported == {"dnspython>=2.4", "idna", "jmespath", "odoorpc>=0.10.1"}
    assert found["system"] == []
