# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options to test new settings of mail servers."""

    DOCUMENTATION = r"""
options:
  verify:
    description:
      - Whether new settings of mail servers are tested before they go live.
      - V(connection) creates an archived copy of the server with the new settings, the candidate. Odoo tests the connection of the candidate, and the
        module deletes it. If the test succeeds, the module changes the server itself. A new server is created archived, then tested, then activated.
      - If a test fails, nothing is written. The task then fails with the class of the failure and the reply of the SMTP server.
      - Servers that stay archived are not tested, nor are changes of only C(name), C(sequence), C(smtp_debug) and C(max_email_size). In check mode nothing
        is tested.
      - A server that needs OAuth2 and is not connected yet cannot be tested. A new one stays archived. An active one that logs in with another method is
        not changed. Warnings report both cases.
      - V(canary) also makes Odoo send a real mail to O(canary_to) through the candidate. If O(postmaster.odoo.mail_stack#module:routes) declares addresses
        for the server, there is one mail from each of them. SMTP servers reject some mails only after they have received them, for example because of an
        unverified sender, DMARC, or the content. The module waits for the final state of each mail, and deletes it.
    type: str
    choices: [none, connection, canary]
    default: none
  canary_to:
    description:
      - The email address that O(verify=canary) sends mail to.
      - If O(postmaster.odoo.mail_stack#module:routes) contains no address for a server, the sender is the first address of its C(from_filter). If there is
        none, it is the login, an address in the domain of C(from_filter), or Odoo's notifications address.
    type: str
    default: ''
"""
