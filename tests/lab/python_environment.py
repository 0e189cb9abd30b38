"""The lab's own virtual environment, with all packages that Odoo and the SMTP servers import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .errors import LabError
from .layout import PACKAGE, Layout
from .processes import clean_environment, run
from .steps import Progress, digest

REQUIREMENTS = PACKAGE / "requirements.txt"

# The limits in Odoo 19 (odoo/release.py: MIN_PY_VERSION, MAX_PY_VERSION).
OLDEST, NEWEST = (3, 10), (3, 13)


def key(layout: Layout) -> str:
    # A virtual environment cannot be moved, so its folder is part of the key. The Python that created it is not: tests
    # under several Pythons share one lab.
    return digest(REQUIREMENTS, str(layout.virtual_environment))


def create(layout: Layout, progress: Progress) -> None:
    """Create the environment from the package index of pip."""
    python = find_python()
    _ensure_venv_module(python, progress)
    shutil.rmtree(layout.virtual_environment, ignore_errors=True)
    run([python, "-m", "venv", layout.virtual_environment], "Creating the virtual environment")
    run(
        [
            layout.python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--prefer-binary",
            "-r",
            REQUIREMENTS,
        ],
        "Installing Odoo's Python requirements",
    )


def find_python() -> str:
    """Return the interpreter that runs this if Odoo supports it, otherwise another one on PATH."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    names = [f"python{OLDEST[0]}.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for name in names:
        # An existing file is not enough: a version manager's shim may refuse to run.
        if shutil.which(name) and _runs(name, "pass"):
            return str(shutil.which(name))
    raise LabError(
        f"Odoo 19 runs on Python 3.{OLDEST[1]} to 3.{NEWEST[1]}, this is 3.{sys.version_info[1]}, and none of "
        f"{', '.join(names)} runs from PATH: install one of them."
    )


def _ensure_venv_module(python: str, progress: Progress) -> None:
    if _runs(python, "import venv, ensurepip"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        version = run(
            [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], "Asking Python's version"
        ).strip()
        progress(f"Python's venv module is missing: installing python{version}-venv with apt-get ...")
        environment = clean_environment(DEBIAN_FRONTEND="noninteractive")
        run(["apt-get", "update"], "Updating apt's lists", environment=environment)
        run(
            ["apt-get", "install", "--yes", "--no-install-recommends", f"python{version}-venv"],
            "Installing Python's venv module",
            environment=environment,
        )
    if not _runs(python, "import venv, ensurepip"):
        raise LabError(f"{python} has no venv module: install it (apt-get install python3-venv) and start again.")


def _runs(python: str, code: str) -> bool:
    return not subprocess.run(
        [python, "-c", code], env=clean_environment(), capture_output=True, check=False
    ).returncode


def site_packages(layout: Layout) -> Path:
    for folder in layout.virtual_environment.glob("lib/python3*/site-packages"):
        return folder
    raise LabError(f"There is no lab in {layout.folder}: bring it up with `python3 tests/lab up`.")
