# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials in a probe: none is shown, even if the server repeats it."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import Settings
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.probing import (
    HOST,
    LOGIN,
    SECRET,
    USER,
    echo,
    probed,
)
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import smtp_server


@pytest.mark.parametrize("how", [LOGIN, {"user": USER, "access_token": SECRET}, {"user": SECRET, "password": SECRET}])
def test_a_server_that_repeats_its_input(how: dict[str, Any]) -> None:
    with smtp_server(features=("AUTH PLAIN XOAUTH2",), replies={"AUTH": echo}) as server:
        result = probed(server, **how)
    sent = server.lines[1].split(" ")[2]
    assert result["outcome"] == "auth"
    assert sent not in str(result)
    assert SECRET not in str(result)
    assert "********" in result["message"]


def test_a_server_that_repeats_parts_of_a_password() -> None:
    replies = {"AUTH": "334 UGFzc3dvcmQ6", b64encode(SECRET.encode()).decode().upper(): echo}
    with smtp_server(features=("AUTH LOGIN",), replies=replies) as server:
        result = probed(server, **LOGIN)
    assert server.lines[2] == b64encode(SECRET.encode()).decode()
    assert result["outcome"] == "auth"
    assert server.lines[2] not in str(result)
    assert SECRET not in str(result)


@given(st.text(min_size=1), st.text(min_size=6), st.text())
def test_no_credential_remains_in_the_text_of_a_server(before: str, secret: str, after: str) -> None:
    settings = Settings(HOST, user="u", password=secret)
    encoded = b64encode(f"\0u\0{secret}".encode()).decode()
    assert secret not in settings.without_credentials(f"{before}{secret}{after}").replace("********", "")
    assert encoded not in settings.without_credentials(f"535 {encoded} {after}")


def test_settings_do_not_show_credentials() -> None:
    settings = Settings(HOST, user=USER, password=SECRET, access_token=SECRET, client_private_key=SECRET)
    assert SECRET not in repr(settings)
