# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bridge to Ansible: an `AnsibleModule` with Odoo's sessions, errors, results and secrets.

A module file contains a `SPECIFICATION` and a `run(module)`. On a host, `run_module` runs it. On the controller, the action plugin
(`plugin_utils/in_process.py`) runs it with a subclass that neither reads standard input nor ends the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import refusable_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import (
    connection_arguments,
    refuse_out_of_bounds,
    secrets_in_environment,
    without_foreign_credentials,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.result import failed_result
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.interruption import cleaned_up_after_signals
from ansible_collections.postmaster.odoo.plugins.module_utils.result_scope import ResultScope
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc import session as rpc_session
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import secrets_in
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.encodings import literal_forms
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import (
    safe_message,
    without_secrets_in_words,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.rotation import SecretStore
    from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import SnapshotFolder
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
    from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult


@dataclass(frozen=True)
class Specification:
    """The options of a module without those of the connection, and their rules, in the form that `AnsibleModule` takes.

    :param scope: the records that the results describe, for a module that enforces.
    :param connection: whether the module connects to Odoo and has the connection options.
    :param of_stack: a function that returns the options of `mail_stack` to take from the variables of the host, for `from_inventory`.
    :param stack_fields: the fields that `of_stack` needs of the entries, by option of `mail_stack`. Only these fields are resolved. Empty for all fields.
    """

    options: Mapping[str, Any]
    rules: Mapping[str, Any] = field(default_factory=dict)
    scope: ResultScope = field(default_factory=ResultScope)
    connection: bool = True
    of_stack: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    stack_fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, Any]:
        """All options, in the form that `AnsibleModule` takes."""
        return {**(connection_arguments() if self.connection else {}), **self.options}


class OdooModule(AnsibleModule):
    """A task of this collection, on the controller or on a host."""

    def __init__(self, specification: Specification) -> None:
        self.scope = specification.scope
        self._specification = specification
        self._of_odoo: Mapping[str, Any] = {}
        super().__init__(
            argument_spec=specification.arguments,
            supports_check_mode=True,
            **specification.rules,
        )

    def _load_params(self) -> None:
        super()._load_params()
        self._take(self.params)

    def _take(self, arguments: Mapping[str, Any]) -> None:
        """Take the arguments. Null means that the option was not given; the versions of ansible-core coerce null to different values."""
        given = _without_nulls(arguments)
        self.hide(secrets_in(given))
        self.params = refusable_arguments(self._specification.arguments, given)
        if self._specification.connection:
            self.params = without_foreign_credentials(self.params)
            self.hide(secrets_in_environment())
        self.hide(secrets_in(self.params))

    def hide(self, secrets: Iterable[str]) -> None:
        """Make Ansible remove secrets from all output, also from the text form of a list or of a dictionary."""
        self.no_log_values.update(form for secret in secrets for form in literal_forms(secret))

    def session(self, *, read_only: bool = False, **instead: Any) -> Session:
        """Open the session that the connection options describe. In check mode it is read-only.

        :param instead: connection options that replace those of the task.
        """
        connection = {**{name: self.params[name] for name in connection_arguments()}, **instead}
        refuse_out_of_bounds(connection)
        return rpc_session.connect(**connection, read_only=read_only or self.check_mode)

    def exit_with(self, result: TaskResult) -> None:
        """End the task with a result, as a success or as a failure."""
        # Ansible removes secrets only in their plain form. Servers also return them encoded.
        secrets = frozenset(map(str, self.no_log_values))
        for warning in result.warnings:
            self.warn(safe_message(warning, secrets))
        self._of_odoo = result.of_odoo
        values = {"changed": result.changed, **without_secrets_in_words(result.values, secrets)}
        if result.failure:
            self.fail_json(msg=safe_message(result.failure, secrets), error_kind=result.error_kind, **values)
        self.exit_json(**values)

    def _record_module_result(self, o: dict[str, Any]) -> None:
        """Record the result after Ansible has removed the values of secret options from it."""
        super()._record_module_result({**o, **self._of_odoo})

    def vault_variable(self, path: str, name: str, vault_id: str | None) -> SecretStore:
        """Return a variable of a vault file. The files and the vault secrets of a run exist only on the controller.

        :raises Invalid: the task does not run in Ansible's own process on the controller.
        """
        raise Invalid(
            f"vault_file {path} can only be read and written on the controller. Run this task with connection local (or delegate_to localhost), without "
            "become and without async."
        )

    def snapshots(self, folder: str) -> SnapshotFolder:
        """Return a folder with snapshot files. The files and the vault secrets of a run exist only on the controller.

        :raises Invalid: the task does not run in Ansible's own process on the controller.
        """
        raise Invalid(
            f"Snapshots in {folder} can only be read and written on the controller. Run this task with connection local (or delegate_to localhost), without "
            "become and without async."
        )

    @property
    def shows_diff(self) -> bool:
        """Whether the task runs with `--diff`."""
        return bool(self._diff)

    def progress(self, text: str) -> None:
        """Report the progress of long work. A module on a host has no channel for it before its result, so this does nothing."""


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def drive(module: OdooModule, run: Callable[[OdooModule], None]) -> None:
    """Run a module's body and turn its errors into a failed result. If a signal ends the process, the body cleans up first."""
    with cleaned_up_after_signals():
        try:
            run(module)
        except OdooError as error:
            module.exit_with(failed_result(error, module.scope))


def run_module(specification: Specification, run: Callable[[OdooModule], None]) -> None:
    """Run a module as its `main` does on a host."""
    drive(OdooModule(specification), run)
