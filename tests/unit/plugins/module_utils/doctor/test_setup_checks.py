# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of the setup: the base URL, batch sizes and alias domains."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.doctor.observations import cron, setup


@pytest.mark.parametrize(
    ("url", "bad"),
    [
        ("https://odoo.acme.example", False),
        ("http://localhost:8069", True),
        ("http://127.0.1.1", True),
        ("http://[::1]:8069", True),
        ("", True),
        ("https://localhost.acme.example", False),
        ("http://[::1", True),
        ("odoo.acme.example", True),
    ],
)
def test_targets_of_links(url: str, bad: bool) -> None:
    assert ("base_url_localhost" in setup({"web.base.url": url})) is bad


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        *(("500", None), (" 500 ", None), ("9", "warning"), ("20001", "warning"), ("-1", "warning")),
        *(("many", "error"), ("--5", "error"), ("²", "error")),
    ],
)
def test_batch_sizes(value: str, severity: str | None) -> None:
    finding = setup({"mail.session.batch.size": value}).get("batch_size_extreme")
    assert (finding["severity"] if finding else None) == severity


BATCH = [("1000", None), ("5", "info"), ("0", "warning"), ("20001", "warning")]


@pytest.mark.parametrize(("size", "severity"), BATCH)
def test_the_batch_of_the_queue(size: str, severity: str | None) -> None:
    """A small batch respects a provider's limit, and must not be removed."""
    action = cron(code=f"model.process_email_queue(batch_size={size})")
    for findings in (setup({}, crons=[action]), setup({"mail.mail.queue.batch.size": size})):
        assert [one["severity"] for one in findings.values()] == ([severity] if severity else [])
        assert all(
            one["remedy"].endswith("do nothing. Otherwise remove it.")
            for one in findings.values()
            if one["severity"] == "info"
        )


def test_alias_domains() -> None:
    bare = [{"id": 1, "name": "acme.example", "default_from": False}]
    assert set(setup({}, alias_domains=bare)) == {"default_from_missing"}
    lone = [{"id": 2, "name": "Lone", "alias_domain_id": False}]
    assert setup({}, companies=lone)["alias_domain_missing"]["resource"]["name"] == "Lone"
