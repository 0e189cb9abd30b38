# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings about the DNS records that mail depends on."""

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
        "The SPF record of a domain is not valid, so it authorizes no server",
        "Publish exactly one valid SPF record for {name}.",
    ),
    "spf_too_many_lookups": Kind(
        "dns",
        "warning",
        "The SPF record of a domain needs more than ten lookups, so it is not valid",
        "Publish an SPF record for {name} that needs at most ten lookups.",
    ),
    "spf_permissive": Kind(
        "dns",
        "warning",
        "The SPF record of a domain authorizes every server",
        "Publish an SPF record for {name} that names only the servers that send for it.",
    ),
    "spf_unknown": Kind(
        "dns",
        "info",
        "It is not known whether the SPF record of a domain authorizes the mail server, because the result is different for each mail",
        "Send a mail from {name} to your own mailbox, and read spf= in its header Authentication-Results.",
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
        "The domain of a sender has no valid DMARC policy",
        "Publish a DMARC record for {name}. Large mailbox providers require one from everybody who sends many mails.",
    ),
    "dmarc_unaligned": Kind(
        "dns",
        "warning",
        "Mail cannot pass DMARC: neither SPF nor DKIM authenticates the sender's domain",
        "Have the mail server sign for {name}, or use a bounce address in this domain.",
    ),
    "mx_missing": Kind(
        "dns",
        "warning",
        "A domain for bounces and replies receives no mail",
        "Publish an MX record for {name} that names the server that receives its mail.",
    ),
    "ptr_missing": Kind(
        "dns",
        "error",
        "An IP address that sends mail has no name that resolves to the same address",
        "Have the owner of the address {name} publish a PTR record, and publish an address record for its name.",
    ),
    "domain_invalid": Kind(
        "dns",
        "warning",
        "The domain of a sender, or a domain for replies, cannot exist in the DNS",
        "Change the sender or the alias domain to a domain that exists. No record can be published for {name}.",
    ),
    "dns_unanswered": Kind(
        "dns",
        "warning",
        "Name servers did not answer, so the state of some records is not known",
        "Check nameservers, and check whether this machine may query them. Then run the check again.",
    ),
    "dns_undeclared": Kind(
        "dns",
        "info",
        "Some records cannot be checked, because the instance does not show the values that they should have",
        "Declare in relays the addresses or the spf_include of the mail server, and its dkim_selectors.",
    ),
}
