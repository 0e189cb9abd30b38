# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a provider fills in, and that docs/providers.md says the same."""

from __future__ import annotations

import importlib
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.resources import mail_providers
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_providers import PROVIDERS, fill, problems

NAMES = {
    "gmail",
    "outlook",
    "office365",
    "ses",
    "sendgrid",
    "mailgun",
    "postmark",
    "mailjet",
    "brevo",
    "gandi",
    "ovh",
    "infomaniak",
}
COLLECTION = Path(importlib.import_module(mail_providers.__name__).__file__ or "").parents[3]
PAGE = (COLLECTION / "docs" / "providers.md").read_text(encoding="utf-8")

# The table: a row for each provider, its cells.
ROWS = {
    cells[0].strip("`"): cells[1:]
    for cells in (
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| `")
    )
}


def filled(**options: Any) -> tuple[Any, Any, Any]:
    result = fill(options)
    assert not {"provider", "provider_region"} & set(result)
    return result.get("smtp_host"), result.get("smtp_port"), result.get("smtp_encryption")


# The data


def test_the_providers() -> None:
    assert set(PROVIDERS) == NAMES


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_is_whole(name: str) -> None:
    provider = PROVIDERS[name]
    assert provider.encryption in provider.ports
    assert set(provider.ports) <= {"starttls", "ssl", "none"}
    assert {"starttls", "ssl"} & set(provider.ports)
    assert provider.encryption != "none"
    assert re.fullmatch(r"https://[^\s]+", provider.source)
    assert date.fromisoformat(provider.looked_up) >= date(2026, 1, 1)
    given = [provider.default_region, provider.regional_host, provider.region_pattern, provider.region_words]
    assert all(given) or not any(given)


@pytest.mark.parametrize("name", ["gmail", "outlook", "office365"])
def test_what_odoos_oauth2_demands(name: str) -> None:
    assert PROVIDERS[name].encryption == "starttls"


# Filling in


@pytest.mark.parametrize("name", PROVIDERS)
def test_all_that_a_provider_fills_in(name: str) -> None:
    provider = PROVIDERS[name]
    expected = (provider.host, provider.ports[provider.encryption], provider.encryption)
    assert filled(provider=name) == expected
    assert filled(provider=name, provider_region=None, smtp_host=None, smtp_port=None, smtp_encryption=None) == expected
    assert list(problems({"provider": name})) == []


def test_without_a_provider_nothing_is_filled_in() -> None:
    options = {"name": "Main", "smtp_host": "smtp.acme.example", "provider": None, "smtp_port": None}
    assert fill(options) == {"name": "Main", "smtp_host": "smtp.acme.example", "smtp_port": None}
    assert list(problems(options)) == []
    assert "provider" in options


def test_explicit_options_win() -> None:
    explicit = {"smtp_host": "smtp.acme.example", "smtp_port": 2525, "smtp_encryption": "starttls_strict"}
    assert fill({"provider": "gmail", **explicit}) == explicit
    assert fill({"provider": "gmail", "smtp_host": ""})["smtp_host"] == ""


@pytest.mark.parametrize(
    ("encryption", "port"), [("starttls", 587), ("starttls_strict", 587), ("ssl", 465), ("ssl_strict", 465)]
)
@pytest.mark.parametrize("name", ["gmail", "ses", "brevo", "infomaniak"])
def test_the_port_follows_the_encryption(name: str, encryption: str, port: int) -> None:
    assert filled(provider=name, smtp_encryption=encryption)[1:] == (port, encryption)


@pytest.mark.parametrize(("name", "port"), [("sendgrid", 587), ("ses", None)])
def test_no_encryption_has_a_port_only_where_the_provider_says_so(name: str, port: int | None) -> None:
    options = {"provider": name, "smtp_encryption": "none"}
    assert filled(**options)[1:] == (port, "none")
    assert list(problems(options)) == []
    assert ("smtp_port" in fill(options)) is (port is not None)


@pytest.mark.parametrize(
    ("name", "port", "encryption"), [("gmail", 465, "ssl"), ("brevo", 587, "starttls"), ("sendgrid", 587, "starttls")]
)
def test_the_encryption_follows_the_port(name: str, port: int, encryption: str) -> None:
    assert filled(provider=name, smtp_port=port)[1:] == (port, encryption)


@pytest.mark.parametrize(
    ("name", "region", "host"),
    [
        ("ses", "us-east-1", "email-smtp.us-east-1.amazonaws.com"),
        ("ses", "eu-west-1", "email-smtp.eu-west-1.amazonaws.com"),
        ("ses", "us-gov-west-1", "email-smtp.us-gov-west-1.amazonaws.com"),
        ("mailgun", "us", "smtp.mailgun.org"),
        ("mailgun", "eu", "smtp.eu.mailgun.org"),
    ],
)
def test_regions(name: str, region: str, host: str) -> None:
    assert filled(provider=name, provider_region=region)[0] == host
    assert list(problems({"provider": name, "provider_region": region})) == []


# What cannot be known


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"provider_region": "eu"}, "provider_region 'eu' needs provider"),
        ({"provider": "gmail", "provider_region": "eu"}, "the provider gmail, which has no regions"),
        (
            {"provider": "mailgun", "provider_region": "us-east-1"},
            "provider_region 'us-east-1' is not a region of the provider mailgun (expected us or eu)",
        ),
        (
            {"provider": "mailgun", "provider_region": ""},
            "provider_region '' is not a region of the provider mailgun (expected us or eu)",
        ),
        (
            {"provider": "ses", "provider_region": "eu"},
            "provider_region 'eu' is not a region of the provider ses (expected a region of AWS, such as eu-west-1)",
        ),
        (
            {"provider": "ses", "provider_region": "EU-WEST-1"},
            "provider_region 'EU-WEST-1' is not a region of the provider ses (expected a region of AWS, such as eu-west-1)",
        ),
        ({"provider": "ses", "provider_region": "eu-west-1.evil.example#"}, "such as eu-west-1"),
        ({"provider": "ses", "provider_region": "eu-west-1\n"}, "such as eu-west-1"),
        ({"provider": "acme"}, "provider 'acme' is not known (expected one of gmail, outlook,"),
        (
            {"provider": "gmail", "smtp_port": 2525},
            "smtp_port 2525 is not a known port of the provider gmail: set smtp_encryption too",
        ),
        (
            {"provider": "outlook", "smtp_encryption": "ssl"},
            "smtp_encryption ssl is not a known encryption of the provider outlook: set smtp_port too",
        ),
        (
            {"provider": "postmark", "smtp_encryption": "ssl_strict"},
            "smtp_encryption ssl_strict is not a known encryption of the provider",
        ),
    ],
)
def test_problems(options: dict[str, Any], words: str) -> None:
    (problem,) = problems(options)
    assert words in problem


def test_all_problems_at_once() -> None:
    assert len(list(problems({"provider": "gmail", "provider_region": "eu", "smtp_port": 26}))) == 2


# The page


def test_the_page_has_a_row_for_each_provider_in_order() -> None:
    assert list(ROWS) == list(PROVIDERS)


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_page_says_what_is_filled_in(name: str) -> None:
    provider = PROVIDERS[name]
    host, ports, encryption, source, remarks = ROWS[name]
    hosts = [provider.host, provider.regional_host] if provider.regional_host else [provider.host]
    if provider.default_region and provider.default_region in provider.host:
        hosts = [provider.regional_host]  # which is no exception then
    shown = [one.replace("{region}", "eu" if name == "mailgun" else "REGION") for one in hosts]
    assert re.findall("`([^`]+)`", host) == shown
    assert re.findall("`([a-z]+)` ([0-9]+)", ports) == [(one, str(port)) for one, port in provider.ports.items()]
    assert encryption == f"`{provider.encryption}`"
    assert re.findall(r"\]\(([^)]+)\)", source) == [provider.source]
    assert provider.looked_up in source
    assert remarks
    if provider.default_region:
        assert f"`{provider.default_region}`" in remarks


def test_the_examples_of_the_page_are_complete() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert examples
    for example in examples:
        for task in yaml.safe_load(example):
            options = task["postmaster.odoo.mail_server"]
            assert list(problems(options)) == []
            assert all(value is not None for value in filled(**options))
