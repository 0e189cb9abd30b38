#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: pending_addons
short_description: Finish or cancel pending changes of Odoo's addons
version_added: 1.0.0
description:
  - If an addon (C(ir.module.module)) waits to be installed, upgraded or removed, Odoo runs no scheduled action (cron) and rejects changes to other addons.
    This happens if a person has clicked a button but never confirmed it, or if an upgrade was interrupted.
  - The module does the same as Odoo's own dialog, for all pending addons together. If nothing is pending, it does nothing.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  action:
    description:
      - V(call_off) removes the marks. Addons to be installed are not installed. Addons to be upgraded or removed stay installed. If an upgrade was
        interrupted in the middle, this does not complete it.
      - V(finish) installs, upgrades and removes the addons, and waits until Odoo has finished. B(If an addon is removed, its data is deleted.)
    type: str
    required: true
    choices: [call_off, finish]
seealso:
  - module: postmaster.odoo.addon

  - module: postmaster.odoo.mail_doctor
    description: Reports pending addons as the finding C(addons_pending).
"""

EXAMPLES = r"""
---
- name: List the pending addons
  postmaster.odoo.pending_addons:
    action: call_off
  check_mode: true

- name: Cancel all pending changes
  postmaster.odoo.pending_addons:
    action: call_off
"""

RETURN = r"""
---
addons:
  description:
    - The addons that were pending. In check mode, the addons that are pending.
  returned: always, unless the instance could not be queried
  type: list
  elements: dict
  contains:
    name:
      description: The technical name of the addon.
      returned: always
      type: str
      sample: digest
    state:
      description: The pending change, V(to install), V(to upgrade) or V(to remove).
      returned: always
      type: str
      sample: to upgrade
  sample:
    - name: digest
      state: to upgrade
error_kind:
  description:
    - The kind of the error, as in M(postmaster.odoo.mail_stack).
  returned: failure
  type: str
  sample: rejected
"""

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.pending_addons import resolve

SPECIFICATION = Specification(
    options={"action": {"type": "str", "required": True, "choices": ["call_off", "finish"]}},
)


def run(module: OdooModule) -> None:
    """Finish or cancel the pending changes and report the addons."""
    with module.session() as session:
        addons = resolve(session, module.params["action"])
    module.exit_json(changed=bool(addons), addons=addons)


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
