# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of other settings that mail depends on: alias domains, the base URL of links, batch sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import (
    QUEUE_BATCH,
    Limits,
    Observation,
    batch_in_code,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.settings_checks import (
    about_parameter,
    check_ignored_parameters,
    check_sample_addresses,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.alias_domain import ALIAS_DOMAIN
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import BASE_URL
from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted, some

# Odoo's defaults are 50 mails to render at once, and 1000 or more to send.
BATCH_SIZES = ("mail.batch_size", QUEUE_BATCH, "mail.session.batch.size")
_SMALLEST, _LARGEST = 10, 20000
_OWN_MACHINE = re.compile(r"localhost|.*\.localhost|127(\.\d+){3}|0\.0\.0\.0|::1", re.IGNORECASE)


def check_setup(seen: Observation, limits: Limits) -> Iterator[Finding]:
    """Yield findings about settings that mail depends on."""
    yield from _alias_domains(seen)
    url = seen.parameters.get(BASE_URL, "")
    if _leads_nowhere(url):
        yield Finding("base_url_localhost", f"{BASE_URL} is {url!r}.", about_parameter(BASE_URL))
    yield from _batch_sizes(seen)
    yield from check_ignored_parameters(seen)
    yield from check_sample_addresses(seen)


def _leads_nowhere(url: str) -> bool:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return True
    return not host or bool(_OWN_MACHINE.fullmatch(host))


def _alias_domains(seen: Observation) -> Iterator[Finding]:
    if seen.alias_domains is None:  # up to 16.0
        if not seen.parameters.get("mail.catchall.domain"):
            yield Finding(
                "alias_domain_missing", "mail.catchall.domain is not set.", about_parameter("mail.catchall.domain")
            )
        if not seen.parameters.get("mail.default.from"):
            yield Finding("default_from_missing", "mail.default.from is not set.", about_parameter("mail.default.from"))
        return
    without = [company for company in seen.companies if not company["alias_domain_id"]]
    if without:
        names = some(repr(company["name"]) for company in without)
        count = counted(len(seen.companies), "company", "companies")
        has = "has" if len(without) == 1 else "have"
        domains = counted(len(seen.alias_domains), "alias domain")
        evidence = f"{len(without)} of {count} {has} no alias domain: {names}. The instance has {domains}."
        about = {"model": "res.company", "id": without[0]["id"], "name": without[0]["name"]}
        yield Finding("alias_domain_missing", evidence, about)
    for domain in seen.alias_domains:
        if not domain["default_from"]:
            about = {"model": ALIAS_DOMAIN.model, "id": domain["id"], "name": domain["name"]}
            yield Finding("default_from_missing", f"The alias domain {domain['name']!r} has no default_from.", about)


def _batch_sizes(seen: Observation) -> Iterator[Finding]:
    for key in BATCH_SIZES:
        value = seen.parameters.get(key)
        if not value:
            continue
        try:
            size = int(value)
        except ValueError:
            evidence = f"{key} is {value!r}, which is not a number, so the code that reads it fails."
            yield Finding("batch_size_extreme", evidence, about_parameter(key), "error")
        else:
            yield from _batch_size(size, f"{key} is {size}.", about_parameter(key), limits_rate=key == QUEUE_BATCH)
    for cron in seen.crons:
        if cron["xml_id"] == QUEUE:
            about = {"model": "ir.cron", "id": cron["id"], "name": cron["name"], "xml_id": QUEUE}
            in_code = batch_in_code(cron)
            evidence = f"{cron['name']!r} sends at most {counted(in_code or 0, 'mail')} in a run."
            if in_code is not None:
                yield from _batch_size(in_code, evidence, about, limits_rate=True)


def _batch_size(size: int, evidence: str, about: dict[str, object], *, limits_rate: bool) -> Iterator[Finding]:
    """Yield a finding about a batch size. A small one may be set to comply with a provider's limit."""
    if limits_rate and 0 < size < _SMALLEST:
        yield Finding(
            "batch_size_extreme",
            evidence,
            about,
            "info",
            remedy="If the setting is there to comply with a provider's limit, do nothing. Otherwise remove it.",
        )
    elif not _SMALLEST <= size <= _LARGEST:
        yield Finding("batch_size_extreme", evidence, about)
