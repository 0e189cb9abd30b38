# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A DNS server for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.postmaster.odoo.tests.unit.dns_server import DnsServer, dns_server


@pytest.fixture(scope="module")
def shared_server() -> Iterator[DnsServer]:
    with dns_server() as server:
        yield server


@pytest.fixture
def server(shared_server: DnsServer) -> DnsServer:
    shared_server.clear()
    return shared_server
