# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of DNS queries, and the declared properties of mail servers."""

    DOCUMENTATION = r"""
options:
  nameservers:
    description:
      - The IP addresses of the name servers to query. Add the port if it is not 53, such as V(192.0.2.53), V(192.0.2.53:5353) or V([2001:db8::53]:5353).
      - They must answer for every domain, as the name servers of a provider do. If not set, the name servers of the host that runs the task are used.
    type: list
    elements: str
  nameserver_timeout:
    description:
      - The maximum number of seconds for one query. If the first two queries, three in a row, or twelve in total get no answer in this time, no further
        queries are sent.
    type: float
    default: 5
  relays:
    description:
      - The path from each mail server to the Internet, if the instance does not contain this information.
      - Servers of known providers need no entry, unless an account has DKIM selectors of its own.
    type: list
    elements: dict
    suboptions:
      server:
        description:
          - The name of the mail server in Odoo, or its host. If the instance does not have the server, the task fails.
        type: str
        required: true
      addresses:
        description:
          - The IP addresses that the server sends from. If not set, they are the public addresses of its host, provided that the host is in a domain that
            the instance sends from.
        type: list
        elements: str
      spf_include:
        description:
          - The domain that SPF records should include for this server, such as V(spf.provider.example).
        type: str
      envelope_domain:
        description:
          - The domain of the envelope sender. Set it if the server replaces Odoo's envelope sender, for example with a return path at a provider.
        type: str
      dkim_domain:
        description:
          - The domain of the DKIM signatures. If not set, it is the domain of the C(From) header.
        type: str
      dkim_selectors:
        description:
          - The selectors of the DKIM keys that the server signs with. Each selector must have a key.
        type: list
        elements: str
"""
