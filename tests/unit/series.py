# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The series of Odoo that unit tests run on, and their features according to their facts."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.read_series import READ_SERIES
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import load_facts

# Series whose facts were recorded from a running server.
RECORDED = ("16.0", "17.0", "18.0", "19.0")
# In addition, series whose facts were only read in Odoo's sources.
SERIES = (*RECORDED, *READ_SERIES)

_PARAMETERS = {series: load_facts(series).models["ir.config_parameter"] for series in SERIES}
_SERVERS = {series: load_facts(series).models["ir.mail_server"] for series in SERIES}

HAVE_ALIAS_DOMAINS = [series for series in SERIES if "mail.alias.domain" in load_facts(series).models]
HAVE_SERVERS_WITHOUT_HOST = [series for series in SERIES if not _SERVERS[series]["smtp_host"].get("required")]
# `from_filter` takes a list in the same series whose servers can log in by the settings of the command line.
HAVE_SENDER_LISTS = [series for series in SERIES if "cli" in _SERVERS[series]["smtp_authentication"]["selection"]]
HAVE_STRICT_TLS = [series for series in SERIES if "ssl_strict" in _SERVERS[series]["smtp_encryption"]["selection"]]
HAVE_PERSONAL_SERVERS = [series for series in SERIES if "owner_user_id" in _SERVERS[series]]
HAVE_SIZE_LIMITS = [series for series in SERIES if "max_email_size" in _SERVERS[series]]
HAVE_FORMATTED_GROUPS = [series for series in SERIES if "formatted_read_group" in load_facts(series).groups]
# The series that store false as the text of a system parameter are those in which the text may be blank.
STORE_FALSE = [series for series in SERIES if not _PARAMETERS[series]["value"].get("required")]
COUNT_RUNS = [series for series in SERIES if "numbercall" in load_facts(series).models["ir.cron"]]


def since(major: int) -> list[str]:
    """Return the series from a major version on, for behavior that the facts of a series do not show."""
    return [series for series in SERIES if int(series.partition(".")[0]) >= major]
