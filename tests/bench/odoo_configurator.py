# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""odoo-configurator, a tool that rewrites the declared records even if they do not differ, on the same stack.

It gets its best conditions: JSON-2 with an API key, which it supports since 3.8, no login, and a separate environment
without other packages.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

VERSION = "3.8.0"

# It reports a missing database driver for sources that are not used here.
_HARMLESS = "odoo_configurator.sql"


class OdooConfigurator:
    """An installation in a separate folder, which is created if it is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / f"odoo-configurator-{VERSION}"
        self._program = self._folder / "bin/odoo-configurator"
        if not self._program.exists():
            print(f"Installing odoo-configurator {VERSION} ...", flush=True)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(self._folder)], check=True)
            install = [str(self._folder / "bin/python"), "-m", "pip", "install", f"odoo-configurator=={VERSION}"]
            done = subprocess.run(install, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"odoo-configurator cannot be installed:\n{done.stdout}{done.stderr}")

    def configuration(self, stack: dict[str, Any], *, batched: bool) -> Path:
        """Write a stack, as `mail_stack` accepts it, in the format of odoo-configurator.

        :param batched: all records of a model in one call, its fastest way; otherwise one by one, its usual way.
        """
        parameters = {key: {"key": key, "value": value} for key, value in stack["parameters"].items()}
        servers = {f"external_config.{server['name'].lower()}": server for server in stack["servers"]}
        crons = {cron["xml_id"]: {key: cron[key] for key in cron if key != "xml_id"} for cron in stack["crons"]}
        content = {
            "name": "bench",
            "version": 19.0,
            "no_notification": True,
            "Parameters": {"system_parameter": parameters},
            "Mail servers": {"datas": _records("ir.mail_server", servers, batched)},
            "Crons": {"datas": _records("ir.cron", crons, batched)},
        }
        path = self._folder / ("batched.yml" if batched else "one_by_one.yml")
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path

    def run(self, configuration: Path, environment: dict[str, str]) -> None:
        """Rewrite all records. The exit code is 0 even after a failure, so the log is examined."""
        credentials = {
            "ODOO_DB": environment["ODOO_DATABASE"],
            "ODOO_USER": environment["ODOO_USERNAME"],
            "ODOO_PASSWORD": environment["ODOO_API_KEY"],
        }
        done = subprocess.run(
            [str(self._program), "--lang", "en_US", str(configuration)],
            env={**environment, **credentials, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        errors = [line for line in done.stderr.splitlines() if " - ERROR - " in line and _HARMLESS not in line]
        if done.returncode or errors:
            raise SystemExit(f"odoo-configurator failed:\n{done.stdout}{done.stderr}")


def _records(model: str, records: dict[str, Any], batched: bool) -> dict[str, Any]:
    datas = {xml_id: {"model": model, "force_id": xml_id, "values": values} for xml_id, values in records.items()}
    return {"load": True, **datas} if batched else datas
