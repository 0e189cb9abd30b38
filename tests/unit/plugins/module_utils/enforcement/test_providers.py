# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mail server by the name of its provider, on every series."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_providers import PROVIDERS
from ansible_collections.postmaster.odoo.tests.unit.enforcing import (
    changes,
    refused,
    refused_unwritten,
    run,
    server,
)
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def declared(**options: Any) -> dict[str, Any]:
    return {"servers": [{"name": "Main", **options}]}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_fills_in_host_port_and_encryption(odoo: SimulatedOdoo, provider: str) -> None:
    preset = PROVIDERS[provider]
    plan = run(odoo, declared(provider=provider)).plan
    main = server(odoo, "Main")
    assert main["smtp_host"] == preset.host
    assert (main["smtp_port"], main["smtp_encryption"]) == (preset.ports[preset.encryption], preset.encryption)
    assert {"smtp_host", "smtp_port", "smtp_encryption"} <= set(changes(plan))
    assert not {"provider", "provider_region"} & set(changes(plan))
    assert run(odoo, declared(provider=provider)).plan == ()


def test_what_a_provider_fills_in_is_enforced(odoo: SimulatedOdoo) -> None:
    odoo.add("ir.mail_server", name="Main", smtp_host="old.example", smtp_port=25)
    plan = run(
        odoo, declared(provider="mailgun", provider_region="eu", smtp_port=2525, smtp_encryption="starttls")
    ).plan
    assert changes(plan) == {
        "smtp_host": ("old.example", "smtp.eu.mailgun.org"),
        "smtp_port": (25, 2525),
        "smtp_encryption": ("none", "starttls"),
    }


def test_providers_problems_are_told_with_the_others(odoo: SimulatedOdoo) -> None:
    options = {"provider": "gmail", "provider_region": "eu", "smtp_timeout": 0}
    text = refused_unwritten(Invalid, odoo, declared(**options))
    assert text.startswith("mail server 'Main': provider_region 'eu' cannot be used with the provider gmail")
    assert "smtp_timeout must be at least 1 second" in text
    assert "provider_region 'eu' needs provider" in refused(Invalid, odoo, declared(provider_region="eu"))
