# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: matching_hosts
short_description: Check that a pattern of hosts matches at least one host
version_added: 1.0.0
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
description:
  - Returns a pattern of hosts unchanged. Fails if no host of the inventory matches it within the limit of the run (C(--limit)).
  - The playbooks of this collection use it for the C(hosts) of their plays. Ansible skips a play without hosts, and the run is successful. So without
    this check, a misspelled name of a group would look like a success.
options:
  _terms:
    description:
      - One pattern, as in the C(hosts) of a play.
    type: str
    required: true
  option:
    description:
      - The name of the variable that the pattern comes from, for the message.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Look at mail servers
  hosts: "{{ lookup('postmaster.odoo.matching_hosts', look_hosts | default('all'), option='look_hosts') }}"
  gather_facts: false
  tasks:
    - name: Read the mail servers
      postmaster.odoo.mail_server_info:
"""

RETURN = r"""
_raw:
  description:
    - The pattern.
  type: list
  elements: str
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.inventory.manager import InventoryManager
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the pattern.

        :raises AnsibleLookupError: no host matches.
        """
        self.set_options(var_options=variables, direct=kwargs)
        (pattern,) = terms
        # A check of the syntax has no inventory.
        if not context.CLIARGS.get("syntax") and not self._matches(pattern, variables or {}):
            limit = (variables or {}).get("ansible_limit")
            within = f" within the limit {limit}" if limit else ""
            raise AnsibleLookupError(
                f"No host of the inventory matches {self.get_option('option')}{within}: {pattern}."
            )
        return [pattern]

    def _matches(self, pattern: str, variables: Mapping[str, Any]) -> bool:
        inventory = InventoryManager(self._loader, parse=False)
        for group, hosts in variables["groups"].items():
            inventory.add_group(group)
            for host in hosts:
                inventory.add_host(host, group=group)
        inventory.subset(variables.get("ansible_limit"))
        return bool(inventory.list_hosts(pattern))
