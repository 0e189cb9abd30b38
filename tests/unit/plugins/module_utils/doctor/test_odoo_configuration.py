# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Odoo's configuration file, and the relay that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.odoo_configuration import (
    LOCAL,
    read_configuration,
    relay_of,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid


def test_the_configuration_file(tmp_path: Path) -> None:
    path = tmp_path / "odoo.conf"
    path.write_text(
        "[options]\nsmtp_server = relay.example\nsmtp_password = made-up\nfrom_filter = False\nsmtp_port = 587\n"
    )
    options = read_configuration(str(path))
    assert options == {"smtp_server": "relay.example", "smtp_port": "587"}
    assert relay_of(options) == ("relay.example", "587")
    assert relay_of({"smtp_server": "localhost"}) == LOCAL
    assert relay_of({"smtp_port": "2525"}) == ("localhost", "2525")
    assert relay_of({}) is None


@pytest.mark.parametrize("content", ["no section\n", "[queue_job]\nx = 1\n", None])
def test_something_that_is_not_a_configuration_file(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "odoo.conf"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Invalid, match=r"cannot read .* as Odoo's configuration file"):
        read_configuration(str(path))
