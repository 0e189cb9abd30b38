# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of parameters, companies and alias domains, each with its expected finding."""

from __future__ import annotations

from broken_instance import Fault

SETUP_FAULTS: dict[str, Fault] = {
    "a parameter of former versions": (
        "parameter_ignored",
        lambda it: it.with_alias_domains().parameter("mail.catchall.domain", "lab.example"),
    ),
    "a parameter that nobody reads": (
        "parameter_ignored",
        lambda it: it.parameter("mail.force.smtp.from", "info@lab.example"),
    ),
    "the company's first address": (
        "sample_address",
        lambda it: it.write("res.company", {"email": "info@yourcompany.com"}),
    ),
    "a company without alias domain": (
        "alias_domain_missing",
        lambda it: it.with_alias_domains().write("res.company", {"alias_domain_id": False}),
    ),
    "no address for notifications": (
        "default_from_missing",
        lambda it: it.with_alias_domains().write("mail.alias.domain", {"default_from": False}),
    ),
    "links to no address": ("base_url_localhost", lambda it: it.parameter("web.base.url", "http://[::1")),
    "links to localhost": ("base_url_localhost", lambda it: it.parameter("web.base.url", "http://localhost:8069")),
    "one mail at a time": ("batch_size_extreme", lambda it: it.parameter("mail.session.batch.size", "1")),
    "a batch size that is none": ("batch_size_extreme", lambda it: it.parameter("mail.session.batch.size", "many")),
}
