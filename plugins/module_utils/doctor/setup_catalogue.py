# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings about the settings of the instance."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind

SETUP_KINDS: Mapping[str, Kind] = {
    "alias_domain_missing": Kind(
        "setup",
        "warning",
        "A company has no alias domain, so bounces and replies do not come back to Odoo",
        "Declare an alias domain: run postmaster.odoo.alias_domain with the company in companies. Up to 16.0, set the system parameter mail.catchall.domain.",
        one_per="instance",
    ),
    "default_from_missing": Kind(
        "setup",
        "warning",
        "There is no address that notifications are sent from",
        "Set the address: run postmaster.odoo.alias_domain with default_from. Up to 16.0, set the system parameter mail.default.from.",
    ),
    "base_url_localhost": Kind(
        "setup",
        "warning",
        "Links in mails lead nowhere, or to the reader's own machine",
        "Set the system parameter web.base.url to the address that people use. Set web.base.url.freeze to True, so that Odoo does not change it.",
    ),
    "parameter_ignored": Kind(
        "setup",
        "info",
        "A system parameter has no effect",
        "Delete {name}. From 17.0 on the alias domain has these settings: use postmaster.odoo.alias_domain. No version of Odoo reads mail.force.smtp.from.",
    ),
    "sample_address": Kind(
        "setup",
        "warning",
        "Addresses of Odoo's demonstration data are in use",
        "Set the email addresses of the company, the administrator and the alias domain to your own addresses.",
    ),
    "batch_size_extreme": Kind(
        "setup",
        "warning",
        "A batch size is far too small or far too large",
        "Remove the setting, or set it to a few hundred.",
    ),
}
