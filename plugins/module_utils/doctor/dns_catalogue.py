# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings about the records in the DNS that mail depends on."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind

DNS_KINDS: Mapping[str, Kind] = {
    "spf_missing": Kind(
        "dns",
        "warning",
        "A domain has no SPF record that authorizes the mail server",
        "Publish an SPF record for {name} that includes the provider, or the address of the server.",
    ),
    "spf_invalid": Kind(
        "dns",
        "warning",
        "The SPF record of a domain is an error, so that it authorizes nobody",
        "Publish exactly one valid SPF record for {name}.",
    ),
    "spf_too_many_lookups": Kind(
        "dns",
        "warning",
        "The SPF record of a domain needs more than ten lookups, so that it is an error",
        "Publish an SPF record for {name} that needs at most ten lookups.",
    ),
    "spf_permissive": Kind(
        "dns",
        "warning",
        "The SPF record of a domain authorizes every server",
        "Publish an SPF record for {name} that names only the servers which send for it.",
    ),
    "spf_unknown": Kind(
        "dns",
        "info",
        "Whether the SPF record of a domain authorizes the mail server is not known, because it depends on the single mail",
        "Send a mail from {name} to a mailbox of your own, and read spf= in its header Authentication-Results.",
    ),
    "dkim_missing": Kind(
        "dns",
        "warning",
        "A DKIM key is missing, revoked or not valid",
        "Publish the public key of the server that signs, for {name}.",
    ),
    "dmarc_missing": Kind(
        "dns",
        "warning",
        "A sender's domain has no valid DMARC policy",
        "Publish a DMARC record for {name}. Large providers of mailboxes demand one from everybody who sends much.",
    ),
    "dmarc_unaligned": Kind(
        "dns",
        "warning",
        "Mail cannot pass DMARC: neither SPF nor DKIM authenticates the sender's domain",
        "Have the mail server sign for {name}, or give bounces an address of this domain.",
    ),
    "mx_missing": Kind(
        "dns",
        "warning",
        "A domain that bounces and replies go to receives no mail",
        "Publish an MX record for {name} that names the server which receives its mail.",
    ),
    "ptr_missing": Kind(
        "dns",
        "error",
        "An address that mail comes from has no name that leads back to it",
        "Have the owner of the address {name} publish a PTR record, and publish an address record for its name.",
    ),
    "domain_invalid": Kind(
        "dns",
        "warning",
        "A domain that mail is from, or that replies go to, cannot exist in the DNS",
        "Change the sender or the alias domain to a domain that exists. No record can be published for {name}.",
    ),
    "dns_unanswered": Kind(
        "dns",
        "warning",
        "Name servers did not answer, so that the state of some records is not known",
        "Check nameservers, and whether this machine may ask them; then look again.",
    ),
    "dns_undeclared": Kind(
        "dns",
        "info",
        "Some records cannot be checked, because the instance does not show what they should be",
        "Declare it in relays: the addresses or the spf_include of the mail server, and its dkim_selectors.",
    ),
}
