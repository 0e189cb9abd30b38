#!/usr/bin/python

# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mail_rollback
short_description: Restore the mail settings of an Odoo instance from a snapshot
version_added: 1.0.0
description:
  - Restores the settings that a run of M(postmaster.odoo.mail_stack) with O(postmaster.odoo.mail_stack#module:snapshot_folder) has changed. Fields get
    their exact former values. Records that the run has created are deleted, and records that it has deleted are created again. External IDs that it has
    added are removed.
  - Only the records and fields in the snapshot are compared and written. Everything else stays, including later changes by other people.
  - As in M(postmaster.odoo.mail_stack), all records are compared first, only one run writes at a time, and written values are read back. In check mode the
    task shows the plan and writes nothing. If a rollback is interrupted, run it again. After a completed rollback, a second one changes nothing.
  - A record is identified by its id together with its name, or by its external ID. Only records that the run has created are deleted. So records of other
    people that have the same name stay as they are.
  - If something cannot be restored safely, it stays as it is, and the rest is restored. RV(not_restorable) lists it with the reasons. RV(without_secrets)
    lists the secrets that the snapshot does not contain.
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
extends_documentation_fragment:
  - postmaster.odoo.connection
  - postmaster.odoo.attributes
  - postmaster.odoo.activate_neutralized
  - postmaster.odoo.verify
options:
  snapshot:
    description:
      - The snapshot file on the controller. A relative path is relative to O(snapshot_folder), if that is set.
      - V(latest) is the newest snapshot of the instance in O(snapshot_folder). Snapshots that were taken before a rollback are ignored. The file
        must belong to the user who runs Ansible or to root. Other users must not be able to write the file or the folder. If you give a path, this is not
        checked.
      - The task needs the connection C(local), without C(become) and C(async). An encrypted file needs the vault secret that it was encrypted with.
    type: path
    required: true
  snapshot_folder:
    description:
      - The folder of the snapshots. Before the rollback, the module also writes a snapshot of the current settings to it, so that you can undo the
        rollback. The name of that file ends with C(_before_rollback.yml), and V(latest) ignores it.
      - Required with O(snapshot=latest). If not set, no snapshot is taken before the rollback.
    type: path
  other_address:
    description:
      - Whether a snapshot of another URL or database is accepted, for example because the instance has moved.
      - A changed record is then also found by its name alone, if only one record has it. No record is deleted by its name alone.
    type: bool
    default: false
notes:
  - The next run of M(postmaster.odoo.mail_stack) enforces the declaration again. Correct the declaration before that.
seealso:
  - module: postmaster.odoo.mail_stack
"""

EXAMPLES = r"""
---
- name: Show the plan for a rollback of the last run
  postmaster.odoo.mail_rollback:
    snapshot: latest
    snapshot_folder: "{{ inventory_dir }}/../snapshots"
  check_mode: true

- name: Restore a specific snapshot, and test the mail servers before they go live
  postmaster.odoo.mail_rollback:
    snapshot: "{{ inventory_dir }}/../snapshots/odoo.acme.example_acme_20261130T020000Z.yml"
    verify: connection
"""

RETURN = r"""
---
restored:
  description:
    - The path of the snapshot that was restored.
  returned: success
  type: str
  sample: /etc/ansible/snapshots/odoo.acme.example_acme_20261130T020000Z.yml
taken:
  description:
    - The time at which the snapshot was taken, UTC.
  returned: success
  type: str
  sample: "2026-11-30T02:00:00Z"
snapshot:
  description:
    - The path of the snapshot that was taken before the rollback. Null without O(snapshot_folder), and if nothing had to be changed.
  returned: success, and failure after the instance was queried
  type: str
  sample: /etc/ansible/snapshots/odoo.acme.example_acme_20261130T021500Z_before_rollback.yml
plan:
  description:
    - The steps of the rollback. In check mode, the steps that it would take, as in M(postmaster.odoo.mail_stack). Secrets are masked.
  returned: always
  type: list
  elements: dict
  sample:
    - resource: mail_server
      key: Transactional
      action: update
      changes:
        - {field: smtp_port, before: 25, after: 587}
complete:
  description:
    - Whether everything that the run had changed is as it was before, or would be in check mode. If V(false), see RV(not_restorable), RV(without_secrets)
      and the warnings.
  returned: success
  type: bool
  sample: true
not_restorable:
  description:
    - Changes of the run that a rollback does not restore.
  returned: success
  type: list
  elements: dict
  contains:
    resource:
      description: The kind of resource.
      returned: always
      type: str
      sample: addon
    key:
      description: The name, the key or the external ID of the resource.
      returned: always
      type: str
      sample: mass_mailing
    reason:
      description: The reason why it is not restored, and a workaround.
      returned: always
      type: str
      sample: It stays installed, because removing it would delete all of its data. Uninstall it in Odoo if nothing else uses it.
  sample: []
without_secrets:
  description:
    - The secrets that the snapshot does not contain because the run had no vault secret to encrypt them with. They are not changed.
  returned: success
  type: list
  elements: dict
  contains:
    resource:
      description: The kind of resource.
      returned: always
      type: str
      sample: mail_server
    key:
      description: The name, the key or the external ID of the resource.
      returned: always
      type: str
      sample: Transactional
    field:
      description: The field.
      returned: always
      type: str
      sample: smtp_pass
  sample: []
verifications:
  description:
    - The results of O(verify), as in M(postmaster.odoo.mail_stack).
  returned: success, and failure after the instance was queried
  type: list
  elements: dict
  sample: []
error_kind:
  description:
    - The kind of the error, as in M(postmaster.odoo.mail_stack).
  returned: failure
  type: str
  sample: invalid
"""

import os
from typing import TYPE_CHECKING

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import (
    OdooModule,
    Specification,
    run_module,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import credentials_of
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import DeclaredStack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.diff import plan_diff
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.arguments import ACTIVATE_NEUTRALIZED, VERIFY
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.former_state import FormerState
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import SnapshotDocument
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

SPECIFICATION = Specification(
    options={
        "snapshot": {"type": "path", "required": True},
        "snapshot_folder": {"type": "path"},
        "other_address": {"type": "bool", "default": False},
        **ACTIVATE_NEUTRALIZED,
        **VERIFY,
    },
    rules={"required_if": [["snapshot", "latest", ["snapshot_folder"]]]},
)


def run(module: OdooModule) -> None:
    """Restore the former state that a snapshot contains."""
    params = module.params
    options = RunOptions(
        activate_neutralized=params["activate_neutralized"], verify=params["verify"], canary_to=params["canary_to"]
    )
    name = params["snapshot"]
    snapshots = module.snapshots(params["snapshot_folder"] or os.path.dirname(os.path.abspath(name)))
    if not params["snapshot_folder"]:
        name = os.path.abspath(name)
    with module.session() as session:
        path, document = snapshots.read(name, session.url, session.database)
        module.hide(document.secrets)
        if not params["other_address"]:
            _refuse_foreign(document, path, session)
        former_state = None
        if params["snapshot_folder"]:
            file = snapshots.file(session.url, session.database, of_rollback=True)
            former_state = FormerState(session, file, credentials_of(params))
        declared = DeclaredStack(tuple(document.declarations(elsewhere=params["other_address"])))
        outcome = enforce_stack(session, declared, options, former_state)
    losses = dict.fromkeys([*document.losses, *outcome.losses])
    values = {
        "restored": path,
        "taken": document.taken,
        "snapshot": outcome.snapshot,
        "plan": [step.as_result() for step in outcome.plan],
        "complete": not (losses or document.left_out or outcome.warnings),
        "not_restorable": [loss.as_result() for loss in losses],
        "without_secrets": document.secrets_left_out(),
        "verifications": outcome.verifications,
        **({"diff": plan_diff(outcome.plan)} if module.shows_diff else {}),
    }
    module.exit_with(TaskResult(values, bool(outcome.plan), [*outcome.warnings, *_warnings(document)]))


def _refuse_foreign(document: SnapshotDocument, path: str, session: Session) -> None:
    # Schemes and host names are not case-sensitive.
    if (document.url.lower(), document.database) != (session.url.lower(), session.database):
        raise Invalid(
            f"The snapshot {path} is of the database {document.database} at {document.url}, and this is the database {session.database} at "
            f"{session.url}. Nothing was changed. If it is the same instance at another address, set other_address to true."
        )


def _warnings(document: SnapshotDocument) -> list[str]:
    """Return a warning about secrets that the snapshot does not contain."""
    if not document.left_out:
        return []
    names = ", ".join(f"{resource} {key} ({field})" for resource, key, field in document.left_out)
    return [f"The snapshot does not contain these secrets, so they stay as they are: {names}. Set them yourself."]


def main() -> None:
    """Run as a module."""
    run_module(SPECIFICATION, run)


if __name__ == "__main__":
    main()
