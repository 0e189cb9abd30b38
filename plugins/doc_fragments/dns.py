# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How to ask for records in the DNS, and what is declared of mail servers."""

    DOCUMENTATION = r"""
options:
  nameservers:
    description:
      - The IP addresses of the name servers to ask, with a port where it is not 53, such as V(192.0.2.53), V(192.0.2.53:5353) or V([2001:db8::53]:5353).
      - They must answer for every domain, as the name servers of a provider do. If not set, those of the machine that runs the task are asked.
    type: list
    elements: str
  nameserver_timeout:
    description:
      - The longest time in seconds that one question may take. If the first two questions, three in a row, or twelve in all are not answered in this time,
        no further ones are asked.
    type: float
    default: 5
  relays:
    description:
      - The way that mail of each mail server takes to the Internet, as far as the instance does not show it.
      - Servers of known providers need no entry, unless an account has DKIM selectors of its own.
    type: list
    elements: dict
    suboptions:
      server:
        description:
          - The name of the mail server in Odoo, or its host. A server that the instance does not have is an error.
        type: str
        required: true
      addresses:
        description:
          - The IP addresses that its mail comes from. If not set, they are the public addresses of its host, provided that the host is in a domain
            that the instance sends from.
        type: list
        elements: str
      spf_include:
        description:
          - The domain that SPF records should include for this server, such as V(spf.provider.example).
        type: str
      envelope_domain:
        description:
          - The domain of the envelope sender, if the server puts one of its own in place of that of Odoo, for example a return path at a provider.
        type: str
      dkim_domain:
        description:
          - The domain that the server signs for. If not set, that of the C(From) header.
        type: str
      dkim_selectors:
        description:
          - The selectors of the DKIM keys that the server signs with. Each must have a key.
        type: list
        elements: str
"""
