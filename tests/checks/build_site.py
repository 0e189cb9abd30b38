# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the documentation site, and check its links.

    python tests/checks/build_site.py FOLDER

The site is FOLDER/html. The exit code is 1 if Sphinx or antsibull-docs warns, if a link leads nowhere, or if a finding of the doctor has no page.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CATALOGUE, Finding
from site_links import broken_links
from site_pages import Pages, SiteError

CHECKOUT = Path(__file__).resolve().parents[2]
# The public address of the site.
SITE = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))["documentation"]
COLLECTION = "postmaster.odoo"
ANTSIBULL_DOCS = ["antsibull-docs", "--config-file", CHECKOUT / "tests/checks/antsibull-docs.cfg"]
SHARED = ["--use-current", "--squash-hierarchy", "--fail-on-error"]


def write_sources(folder: Path) -> None:
    """Write the sources of Sphinx: its settings, the pages of the plugins, and all other pages."""
    pages = folder / "rst"
    title = f"{COLLECTION} documentation"
    named = ["--project", COLLECTION, "--title", title, "--copyright", "the postmaster.odoo contributors"]
    run([*ANTSIBULL_DOCS, "sphinx-init", *SHARED, "--sphinx-theme", "furo", *named, "--dest-dir", folder, COLLECTION])
    with (folder / "conf.py").open("a", encoding="utf-8") as settings:
        settings.write("\n\n" + (CHECKOUT / "docs/docsite/conf.py").read_text(encoding="utf-8"))
    (folder / "_static").mkdir()
    shutil.copy(CHECKOUT / "docs/docsite/site.css", folder / "_static")
    (pages / "index.rst").unlink()  # docs/docsite/index.md replaces it
    (pages / "plugins").mkdir(mode=0o755)
    run([*ANTSIBULL_DOCS, "collection", *SHARED, "--dest-dir", pages / "plugins", COLLECTION])
    Pages(CHECKOUT, CATALOGUE).write(pages)


def run(command: list[str | Path]) -> None:
    """Run a program; exit if it fails."""
    if subprocess.run(command, check=False).returncode:
        sys.exit(1)


def findings_without_page(html: Path) -> list[str]:
    """Return the findings whose `documentation` is not a page of the site."""
    links = {name: Finding(name, "").as_result()["documentation"] for name in CATALOGUE}
    return [
        f"{name}: {link} is not a page of the site"
        for name, link in links.items()
        if not (link.startswith(SITE) and (html / link.removeprefix(SITE)).is_file())
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the documentation site, and check its links.")
    parser.add_argument("folder", type=Path, help="the site is its subfolder html; everything in it is replaced")
    folder = parser.parse_args().folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        write_sources(folder)
    except SiteError as error:
        print(error)
        return 1
    html = folder / "html"
    run(["sphinx-build", "-q", "-W", "--keep-going", "-d", folder / "doctrees", "-c", folder, folder / "rst", html])
    errors = [*broken_links(html), *findings_without_page(html)]
    print("\n".join([*errors, f"{len(list(html.rglob('*.html')))} pages, {len(errors)} errors"]))
    return int(bool(errors))


if __name__ == "__main__":
    sys.exit(main())
