# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of SMTP servers on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.tests.unit.certificates import Issued, issue
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.probing import HOST


@pytest.fixture(scope="module")
def authority() -> Issued:
    """Return the issuer of the servers' certificates."""
    return issue("authority.example")


@pytest.fixture(scope="module")
def certificates(authority: Issued, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the certificates of servers and of their issuers."""
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "ca.pem").write_text(authority.certificate_pem)
    return {
        "ca": folder / "ca.pem",
        "trusted": issue(HOST, authority, days=20).write_to(folder / "trusted.pem", authority),
        "untrusted": issue(HOST).write_to(folder / "untrusted.pem"),
        "expired": issue(HOST, authority, days=-3).write_to(folder / "expired.pem", authority),
        "misnamed": issue("mail.other.example", authority).write_to(folder / "misnamed.pem", authority),
    }
