# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several instances exported into one inventory: shared declarations are written once, and each instance gets its
complete declaration.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from drift import compare, report_of
from instance import LabInstance
from inventory import run_on

SERVER = {"name": "Main", "smtp_host": "smtp.invalid", "smtp_port": 587, "smtp_encryption": "starttls"}


@pytest.mark.in_process
def test_shared_declarations_are_written_once(fresh: Callable[[str], LabInstance], tmp_path: Path) -> None:
    databases = {name: fresh(f"export_common_{name}") for name in ("acme", "globex")}
    for name, database in databases.items():
        own = {"name": f"Only {name}", "smtp_host": f"{name}.invalid", "from_filter": f"{name}.example"}
        database.enforce({"servers": [{**SERVER, "from_filter": f"mail.{name}.example"}, own]})
        database.sql("UPDATE ir_cron SET nextcall = '2090-01-01'; DELETE FROM ir_cron_trigger")
    hosts = {
        name: {f"odoo_{option}": value for option, value in database.quick_options().items()}
        for name, database in databases.items()
    }
    exported = run_on(tmp_path, "export", hosts, export_common=True)
    assert exported.exit_code == 0, exported.output
    common = yaml.safe_load((tmp_path / "group_vars/all/mail.yml").read_text())
    (shared,) = common["odoo_mail_servers"]
    assert (shared["name"], shared["smtp_host"]) == ("Main", "smtp.invalid")
    assert "from_filter" not in shared
    own_file = yaml.safe_load((tmp_path / "host_vars/acme/mail.yml").read_text())
    assert {one["name"] for one in own_file["odoo_mail_servers__host"]} == {"Main", "Only acme"}
    assert "odoo_mail_crons__host" not in own_file

    run = compare(tmp_path, hosts)
    assert (run.exit_code, report_of(tmp_path)["verdict"]["status"]) == (0, "clean"), run.output
    again = run_on(tmp_path, "export", hosts, export_common=True, export_overwrite=True)
    assert "changed=0" in again.output
