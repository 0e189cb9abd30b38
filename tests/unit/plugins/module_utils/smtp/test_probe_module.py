# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module smtp_probe: its results, invalid options, and its documentation."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.dialogue import STAGES
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.probing import (
    AUTH,
    HOST,
    SECRET,
    USER,
    echo,
)
from ansible_collections.postmaster.odoo.tests.unit.returned import differences
from ansible_collections.postmaster.odoo.tests.unit.smtp_server import smtp_server
from ansible_collections.postmaster.odoo.tests.unit.tasks import module_named, shipped


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("fail_on_error", [True, False])
def test_the_module(check: bool, fail_on_error: bool, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"smtp_host": HOST, "smtp_user": USER, "smtp_pass": SECRET, "fail_on_error": fail_on_error}
    with smtp_server(**AUTH, replies={"AUTH": echo}) as server:
        result = shipped("smtp_probe", {**given, "smtp_port": server.port}, capsys, check=check)
    assert differences("smtp_probe", result) == []
    assert (result["outcome"], result["changed"], result.get("failed", False)) == ("auth", False, fail_on_error)
    if fail_on_error:
        assert result["error_kind"] == "rejected"
        assert result["msg"] == f"{result['message']} {result['suggestion']}"
    assert SECRET not in str(result)
    with smtp_server(**AUTH) as server:
        result = shipped("smtp_probe", {**given, "smtp_port": server.port, "helo": "x.example"}, capsys, check=check)
    assert differences("smtp_probe", result) == []
    assert (result["outcome"], result["changed"]) == ("ok", False)
    assert SECRET not in str(result)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"password": SECRET}, "user"),
        ({"user": USER, "password": SECRET, "access_token": SECRET}, "mutually exclusive"),
        ({"recipient": USER}, "sender"),
        ({"client_certificate": "x"}, "client_private_key"),
        ({"encryption": "tls"}, "encryption"),
        ({"url": "https://odoo.example"}, "url"),
        ({"pasword": SECRET}, "pasword"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_options_that_the_module_rejects(given: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = shipped("smtp_probe", {"host": HOST, **given}, capsys)
    assert result["failed"] is True
    assert words in result["msg"]
    assert SECRET not in str(result)


def test_the_documentation_names_every_outcome_and_stage() -> None:
    text = module_named("smtp_probe").RETURN
    assert all(f"V({stage})" in text for stage in STAGES)
    assert "M(postmaster.odoo.mail_server_test)" in text  # its page lists the outcomes
