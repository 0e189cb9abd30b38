#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: pending_addons
short_description: Finish or call off pending changes of Odoo's addons
version_added: 0.1.0
description:
  - As long as an addon (C(ir.module.module)) waits to be installed, upgraded or removed, Odoo runs no scheduled action and lets nobody change another
    addon. That stays so after somebody has pressed a button and never confirmed it, or after an upgrade that broke off.
  - Does to all of them what Odoo's own dialogue does to all of them. Where nothing is pending, nothing is done.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
options:
  action:
    description:
      - V(call_off) takes the marks away. What was to be installed is not, what was to be upgraded or removed stays installed as it is. An upgrade that
        broke off in the middle is not made up for by that.
      - V(finish) installs, upgrades and removes, and waits until Odoo has done it. B(An addon that is removed takes its data with it.)
    type: str
    required: true
    choices: [call_off, finish]
seealso:
  - module: postmaster.odoo.addon

  - module: postmaster.odoo.mail_doctor
    description: Its finding C(addons_pending).
"""

EXAMPLES = r"""
---
- name: What is pending?
  postmaster.odoo.pending_addons:
    action: call_off
  check_mode: true

- name: Nobody meant that upgrade
  postmaster.odoo.pending_addons:
    action: call_off
"""

RETURN = r"""
---
addons:
  description:
    - The addons that were pending; in check mode, those that are.
  returned: always, unless the instance could not be asked
  type: list
  elements: dict
  contains:
    name:
      description: The technical name.
      returned: always
      type: str
      sample: digest
    state:
      description: What it waits for, V(to install), V(to upgrade) or V(to remove).
      returned: always
      type: str
      sample: to upgrade
  sample:
    - name: digest
      state: to upgrade
error_kind:
  description:
    - What kind of error it is, as in M(postmaster.odoo.mail_stack).
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
    """Do it, and report."""
    with module.session() as session:
        addons = resolve(session, module.params["action"])
    module.exit_json(changed=bool(addons), addons=addons)


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
