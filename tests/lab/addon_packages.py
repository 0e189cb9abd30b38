"""Odoo addons of other publishers, from the package index of pip."""

from __future__ import annotations

import shutil

from .layout import Layout
from .processes import run
from .steps import Step


def step(layout: Layout, name: str, version: str) -> Step:
    """Return the step that installs an addon in the lab."""
    there = layout.extra_addons / name
    return Step(f"addon-{name}", f"Odoo addon {name}", version, there.exists, lambda: _fetch(layout, name, version))


def _fetch(layout: Layout, name: str, version: str) -> None:
    unpacked = layout.downloads / f"addon-{name}"
    shutil.rmtree(unpacked, ignore_errors=True)
    run(
        [
            *(layout.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            # Dependencies are left out, because Odoo itself is one of them.
            *("--no-deps", "--target", unpacked, f"odoo-addon-{name.replace('_', '-')}=={version}"),
        ],
        f"Fetching the Odoo addon {name}",
    )
    there = layout.extra_addons / name
    shutil.rmtree(there, ignore_errors=True)
    shutil.move(unpacked / "odoo" / "addons" / name, there)
    shutil.rmtree(unpacked)
