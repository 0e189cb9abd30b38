#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: api_key
short_description: Create, replace and revoke an API key of an Odoo user
version_added: 1.0.0
description:
  - Creates an API key for the user of the task, stores it in a vault file, and replaces it before it expires.
  - A key is replaced in the following order. The module creates a new key, logs in with it, stores it, reads it back, and logs in with the stored key. A
    later run revokes the former key (O(keep_former)). If a run is interrupted at any point, the file contains a valid key. The next run revokes keys that
    an interrupted run has left.
  - If the file is in a temporary checkout, such as one of CI or AWX, commit and push it after each change. If a run finds the former key in the file, it
    warns. It then revokes the lost key, and replaces the former key again. That works until the former key expires.
  - Odoo creates and revokes keys only after it has checked the password of their owner. So O(username) and O(password) are required.
  - With O(api_key) on Odoo 19.0 and newer, the module uses JSON-2. Otherwise it logs in to Odoo's web client. That does not work with two-factor
    authentication.
  - All keys of the user that are named O(name) belong to the task, with or without eight appended hexadecimal digits. The module does not touch other keys.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
attributes:
  diff_mode:
    support: none
    description: The module compares nothing of a key except its expiry.
options:
  name:
    description:
      - The description of the key in Odoo. The module appends eight hexadecimal digits to the name of each key that it creates.
    type: str
    required: true
  state:
    description:
      - V(present) makes sure that the user has one key of this name that is valid, stored, and does not expire within O(renew_days).
      - V(absent) revokes all keys of this name. The vault file is not changed.
    type: str
    choices: [present, absent]
    default: present
  vault_file:
    description:
      - The vault file on the controller in which the key is stored. Its other content, its mode and its owner are kept. A new file gets the mode V(0600).
        Its folder must exist.
      - A file that is not encrypted as a whole is rejected because the task would encrypt it. Single values with C(!vault) do not count as encrypted.
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
      - The ID of the vault secret that encrypts a new file. If not set, Ansible chooses it as C(ansible-vault encrypt) does.
    type: str
  valid_days:
    description:
      - The number of days from the creation of a key to its expiry. V(0) means no expiry, which Odoo permits only for administrators. Odoo also limits the
        number of days for other users.
      - Up to Odoo 17.0, keys do not expire in Odoo. The module then replaces a key as if it expired after this number of days.
    type: int
    default: 90
  renew_days:
    description:
      - The number of days before its expiry at which the key is replaced.
    type: int
    default: 30
  force:
    description:
      - Replaces the key now, whether or not the stored key is valid. Without this option, an invalid stored key is an error.
      - Without this option, the task fails if O(vault_file) contains no key but the user has valid keys named O(name). Another file may contain these keys.
    type: bool
    default: false
  keep_former:
    description:
      - Whether the former key stays valid for a while. A later run revokes it if that run finds the new key in O(vault_file) and the new key is at least 12
        hours old. So you keep access even if a checkout is discarded together with the new key.
      - With V(false), the former key is revoked right after the new key is stored. Use this, for example, if another person has the former key. In this
        case, never lose the file.
    type: bool
    default: true
  return_key:
    description:
      - Whether the result contains the key, for later tasks of the same play. The variables that a play has loaded still contain the former key.
      - The task then needs C(no_log=true).
    type: bool
    default: false
notes:
  - Later tasks of the same play still log in with the former key. With O(keep_former=false), this key is already revoked. Make the task the last one of the
    play, or load the file again with M(ansible.builtin.include_vars).
  - If an administrator logs in to the web client, Odoo overwrites the system parameter C(web.base.url). The module restores it.
seealso:
  - module: postmaster.odoo.mail_doctor
    description: Its check C(expiry) reports keys that expire soon.
"""

EXAMPLES = r"""
---
- name: Replace the API key of this collection's user a month before it expires
  postmaster.odoo.api_key:
    name: Ansible
    username: "{{ odoo_username }}"
    password: "{{ vault_acme_odoo_password }}"
    api_key: "{{ vault_acme_odoo_api_key }}"
    vault_file: "{{ inventory_dir }}/host_vars/acme/vault.yml"
    vault_variable: vault_acme_odoo_api_key
  delegate_to: localhost

- name: Revoke the API key
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
    - The reason why a new key is or was needed. Empty if no new key is needed.
  returned: success
  type: str
  sample: the key 'Ansible 3f9a2c1b' ends at 2026-12-04 00:00 UTC
created:
  description:
    - The name and the expiry of the new key. Null if none was created. In check mode the name is null.
  returned: success
  type: dict
  sample: {name: Ansible 8d41f07e, ends: "2027-02-27T12:00:00+00:00"}
revoked:
  description:
    - The keys that were revoked. In check mode, those that would be revoked.
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
    - The keys of the task before the run, each as in RV(revoked).
  returned: success
  type: list
  elements: dict
  sample:
    - id: 3
      name: Ansible 3f9a2c1b
      created: "2026-09-05T12:00:00+00:00"
      ends: "2026-12-04T00:00:00+00:00"
key:
  description:
    - The valid key.
  returned: success and O(return_key=true), not in check mode
  type: str
error_kind:
  description:
    - The kind of the error, as in M(postmaster.odoo.mail_stack).
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
# A name that Ansible accepts for a variable.
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def run(module: OdooModule) -> None:
    """Create, replace or revoke the key, and report."""
    params = module.params
    _refuse(module)
    wanted = WantedKey(
        params["name"].strip(), params["valid_days"], params["renew_days"], params["force"], params["keep_former"]
    )
    with _session(module) as session:
        access = Access(
            session,
            params["password"],
            # Odoo's dialogs need an HTTP request. JSON-2 has one, and it overwrites no system parameter.
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
        problems.append(
            "vault_variable is not a valid name of a variable (letters, digits and underscores, no digit first)"
        )
    if params["return_key"] and not module.no_log:
        problems.append("return_key needs no_log: true on the task, or the key would be shown")
    if problems:
        raise Invalid(f"{'; '.join(problems)}.")


def _session(module: OdooModule) -> Session:
    """Open the session of the task. If the API key is no longer valid, use the password."""
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
