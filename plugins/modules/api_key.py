#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: api_key
short_description: Create, replace and revoke an API key of an Odoo user
version_added: 0.1.0
description:
  - Gives the user that the task logs in as an API key, stores it in a vault file, and replaces it before it ends.
  - 'A key is replaced in this order: create the new key, log in with it, store it, read it back and log in with that. A later run revokes the former
    key; see O(keep_former). Wherever a run is interrupted, the file contains a valid key. The next run revokes what an interrupted one has left.'
  - If the file is in a checkout that does not stay, such as one of CI or of AWX, commit and push it whenever the task reports a change. A run that finds
    the former key in the file warns, revokes the lost key, and replaces the former one again. That works until the former key ends.
  - Odoo creates and revokes keys only after it has checked the password of their owner. So O(username) and O(password) are required.
  - With O(api_key) on Odoo 19.0 and newer, the module uses JSON-2. Otherwise it logs in to Odoo's web client. That does not work with two-factor
    authentication.
  - All keys of the user that are named O(name), with or without eight hexadecimal digits behind it, belong to the task. The others are not touched.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
attributes:
  diff_mode:
    support: none
    description: A key has nothing to compare but its end.
options:
  name:
    description:
      - The description of the key in Odoo. The module adds eight hexadecimal digits to the name of each key that it creates.
    type: str
    required: true
  state:
    description:
      - V(present) makes sure that the user has one such key, which is valid, stored, and does not end within O(renew_days).
      - V(absent) revokes all such keys. The vault file stays as it is.
    type: str
    choices: [present, absent]
    default: present
  vault_file:
    description:
      - The vault file on the controller in which the key is stored. Everything else in it stays, and so do its mode and its owner.
        A new file gets the mode V(0600); its folder must exist.
      - A file that is not encrypted as a whole is refused, because the task would encrypt it. Single values with C(!vault) do not count as encrypted.
      - Ansible must have a vault secret to open the file, or to encrypt a new one. The task needs the connection C(local), without C(become) and C(async).
      - Required with O(state=present).
    type: path
  vault_variable:
    description:
      - The variable in O(vault_file), such as V(vault_acme_odoo_api_key). Use it in the inventory variable C(odoo_api_key).
      - A second variable, whose name ends with C(_name), contains the name of the stored key and a digest of the key.
      - Required with O(state=present).
    type: str
  vault_id:
    description:
      - The ID of the vault secret to encrypt a new file with. If not set, Ansible chooses it as C(ansible-vault encrypt) does.
    type: str
  valid_days:
    description:
      - Days from the creation of a key to its end. V(0) is without an end, which Odoo permits administrators only. Odoo also limits the days of other users.
      - Up to Odoo 17.0 keys have no end. There the module replaces a key as if it had this one.
    type: int
    default: 90
  renew_days:
    description:
      - Days before its end from which on the key is replaced.
    type: int
    default: 30
  force:
    description:
      - Replace the key now, also if the stored one is not valid.
      - Without it, the task fails if O(vault_file) contains no key but the user has valid keys named O(name), because another file may contain them.
    type: bool
    default: false
  keep_former:
    description:
      - Whether the former key stays valid for a while. A run that finds the new key in O(vault_file) revokes it, if the new key is 12 hours old or older.
        So a checkout that is thrown away, together with the new key, locks nobody out.
      - With V(false) it is revoked right after the new key is stored, for example because somebody else knows it. Then keep the file in any case.
    type: bool
    default: true
  return_key:
    description:
      - Whether the result contains the key, for later tasks of the same play. The variables that a play has loaded still contain the former key.
      - The task needs C(no_log=true) then.
    type: bool
    default: false
notes:
  - After the task, later tasks of the play still log in with the former key. With O(keep_former=false) it is revoked then. Make it the last task of the
    play, or load the file again with M(ansible.builtin.include_vars).
  - The login to the web client as an administrator overwrites the system parameter C(web.base.url). The module restores it.
seealso:
  - module: postmaster.odoo.mail_doctor
    description: Its check C(expiry) reports keys that end soon.
"""

EXAMPLES = r"""
---
- name: Replace the API key of this collection's user a month before it ends
  postmaster.odoo.api_key:
    name: Ansible
    username: "{{ odoo_username }}"
    password: "{{ vault_acme_odoo_password }}"
    api_key: "{{ vault_acme_odoo_api_key }}"
    vault_file: "{{ inventory_dir }}/host_vars/acme/vault.yml"
    vault_variable: vault_acme_odoo_api_key
  delegate_to: localhost

- name: Revoke it
  postmaster.odoo.api_key:
    name: Ansible
    username: "{{ odoo_username }}"
    password: "{{ vault_acme_odoo_password }}"
    state: absent
"""

RETURN = r"""
---
reason:
  description:
    - Why a new key is needed, or was; empty if none is.
  returned: success
  type: str
  sample: the key 'Ansible 3f9a2c1b' ends at 2026-12-04 00:00 UTC
created:
  description:
    - The name and the end of the new key; null if none was created. In check mode its name is null.
  returned: success
  type: dict
  sample: {name: Ansible 8d41f07e, ends: "2027-02-27T12:00:00+00:00"}
revoked:
  description:
    - The keys that were revoked; in check mode those that would be.
  returned: success
  type: list
  elements: dict
  sample:
    - id: 3
      name: Ansible 3f9a2c1b
      created: "2026-09-05T12:00:00+00:00"
      ends: "2026-12-04T00:00:00+00:00"
former_keys:
  description:
    - The keys of the task before it ran, each as in RV(revoked).
  returned: success
  type: list
  elements: dict
  sample: []
key:
  description:
    - The valid key.
  returned: success and O(return_key=true), not in check mode
  type: str
error_kind:
  description:
    - What kind of error it is, as in M(postmaster.odoo.mail_stack).
  returned: failure
  type: str
  sample: invalid
"""

import re
from contextlib import nullcontext
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.rotation import (
    Access,
    WantedKey,
    as_result,
    clean_up,
    own_keys,
    plan_rotation,
    remove_own_keys,
    rotate,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.web_client import restore_base_url, web_client
from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import DAYS, beyond
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AuthenticationFailed, Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult

SPECIFICATION = Specification(
    options={
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "vault_file": {"type": "path"},
        "vault_variable": {"type": "str"},
        "vault_id": {"type": "str"},
        "valid_days": {"type": "int", "default": 90},
        "renew_days": {"type": "int", "default": 30},
        "force": {"type": "bool", "default": False},
        "keep_former": {"type": "bool", "default": True},
        "return_key": {"type": "bool", "default": False, "no_log": False},
    },
    rules={"required_if": [["state", "present", ["vault_file", "vault_variable"]]]},
)
# What Ansible takes as the name of a variable.
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def run(module: OdooModule) -> None:
    """Create, replace or revoke, and report."""
    params = module.params
    _refuse(module)
    wanted = WantedKey(
        params["name"].strip(), params["valid_days"], params["renew_days"], params["force"], params["keep_former"]
    )
    with _session(module) as session:
        access = Access(
            session,
            params["password"],
            # JSON-2 shows Odoo a request, which its dialogs need, and overwrites nothing.
            lambda: (
                nullcontext(session)
                if session.transport.name == "json2"
                else web_client(session, params["username"], params["password"])
            ),
            lambda secret: module.session(api_key=secret, password=None),
            lambda secret: module.hide([secret]),
        )
        if not module.check_mode:
            restore_base_url(session)
        module.exit_with((_absent if params["state"] == "absent" else _present)(module, access, wanted))


def _refuse(module: OdooModule) -> None:
    params = module.params
    problems = [
        *beyond("valid_days", params["valid_days"], least=0, most=DAYS),
        *beyond("renew_days", params["renew_days"], least=0, most=DAYS),
    ]
    if not params["name"].strip():
        problems.append("name is empty")
    if not params["username"] or not params["password"]:
        problems.append(
            "username and password are required: Odoo checks the password before it creates or revokes a key"
        )
    if params["valid_days"] and params["renew_days"] >= params["valid_days"]:
        problems.append(
            f"renew_days must be less than valid_days ({params['valid_days']}), or each run would replace the key"
        )
    if params["vault_variable"] is not None and not _VARIABLE.fullmatch(params["vault_variable"]):
        problems.append("vault_variable is no name of a variable (letters, digits and underscores, no digit first)")
    if params["return_key"] and not module.no_log:
        problems.append("return_key needs no_log: true on the task, or the key would be shown")
    if problems:
        raise Invalid(f"{'; '.join(problems)}.")


def _session(module: OdooModule) -> Session:
    """Open the session of the task; with the password if the API key is not valid any more."""
    if module.params["api_key"]:
        try:
            session = module.session()
            session.call("res.users", "context_get")
        except AuthenticationFailed:
            return module.session(api_key=None, transport="auto")
        return session
    return module.session()


def _present(module: OdooModule, access: Access, wanted: WantedKey) -> TaskResult:
    params = module.params
    store = module.vault_variable(params["vault_file"], params["vault_variable"], params["vault_id"])
    with store.locked(params["lock_timeout"]):
        plan = plan_rotation(access, wanted, store)
        if plan.reason and not module.check_mode:
            done = rotate(access, wanted, store, plan)
            created: dict[str, Any] | None = {
                "name": done.created,
                "ends": done.ends.isoformat() if done.ends else None,
            }
        else:
            if plan.revoked and not module.check_mode:
                clean_up(access, plan)
            done = plan
            created = {"name": None, "ends": None} if plan.reason else None
    secret = done.secret or done.stored
    shown = {"key": secret} if params["return_key"] and not module.check_mode else {}
    values = {
        "reason": plan.reason,
        "created": created,
        "revoked": [as_result(key) for key in plan.revoked],
        "former_keys": [as_result(key) for key in plan.former],
    }
    return TaskResult(values, changed=bool(plan.reason or plan.revoked), warnings=done.warnings, of_odoo=shown)


def _absent(module: OdooModule, access: Access, wanted: WantedKey) -> TaskResult:
    keys = own_keys(access.session, wanted)
    if keys and not module.check_mode:
        remove_own_keys(access, keys)
    shown = [as_result(key) for key in keys]
    values = {"reason": "", "created": None, "revoked": shown, "former_keys": shown}
    return TaskResult(values, changed=bool(keys))


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
