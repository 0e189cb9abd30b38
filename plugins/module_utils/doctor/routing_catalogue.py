# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings about the mail server that a mail leaves through."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind

ROUTING_KINDS: Mapping[str, Kind] = {
    "sender_without_server": Kind(
        "routing",
        "warning",
        "No mail server has a from_filter for some addresses that Odoo sends from",
        "Add the addresses, or their domain, to the from_filter of a server that may send from them. Or set default_from of the alias domain.",
        one_per="instance",
    ),
    "from_filter_unmatched": Kind(
        "routing",
        "warning",
        "Entries of a from_filter match no sender",
        "Separate addresses and domains with commas, and write domains without @: acme.example, sales@acme.example. Up to 16.0 Odoo accepts"
        " only one entry.",
    ),
    "route_shadowed": Kind(
        "routing",
        "warning",
        "Odoo can never choose a mail server, because another one takes all of its mail",
        "Give the mail server its own from_filter or a lower sequence than the other one, or archive it.",
    ),
    "from_rewritten": Kind(
        "routing",
        "info",
        "Odoo replaces some sender addresses with its notifications address",
        "If those domains are not yours, do nothing. Otherwise add them to the from_filter of a server that may send from them.",
        one_per="instance",
    ),
}
