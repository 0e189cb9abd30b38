# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fast path: run a module of this collection inside Ansible's worker process, instead of a new Python process.

`meta/runtime.yml` assigns every module of the collection to this plugin. Modules that must run on another host, as another user, with another
Python, or in the background are shipped as usual.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.module_utils import basic
from ansible.module_utils.common.json import Direction, get_module_decoder, get_module_encoder
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template
from ansible.utils.display import Display

from ansible_collections.postmaster.odoo.plugins.module_utils.ansible_module import OdooModule, Specification, drive
from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import secrets_in_environment
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import secrets_in
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import safe_message
from ansible_collections.postmaster.odoo.plugins.plugin_utils.connection_variables import with_connection_variables
from ansible_collections.postmaster.odoo.plugins.plugin_utils.inventory_level import inventory_level
from ansible_collections.postmaster.odoo.plugins.plugin_utils.python_environment import is_same_environment
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_fields import StackFields
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_variables import (
    Resolve,
    StackVariableError,
    layers_of,
    stack_arguments_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from ansible_collections.postmaster.odoo.plugins.plugin_utils.snapshot_files import SnapshotFiles
    from ansible_collections.postmaster.odoo.plugins.plugin_utils.vault_variable import VaultVariable

_MODULES = "ansible_collections.postmaster.odoo.plugins.modules"
_PROFILE = "legacy"  # the serialization profile of every Python module


class _Finished(BaseException):
    """The module has finished. Like the SystemExit of a shipped module, this is not a subclass of Exception."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__()
        self.result = result


class _InProcessModule(OdooModule):
    """A module that gets its arguments from the caller, and returns its result to the caller."""

    def __init__(self, specification: Any, arguments: dict[str, Any]) -> None:
        self._arguments = arguments
        self._own_warnings: list[str] = []
        super().__init__(specification)

    def _load_params(self) -> None:
        # A shipped module reads them here (ansible.module_utils.basic._load_params), with the same encoding.
        encoder = get_module_encoder(_PROFILE, Direction.CONTROLLER_TO_MODULE)
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": self._arguments}, cls=encoder).encode()
        basic._ANSIBLE_PROFILE = _PROFILE
        super()._load_params()

    def _check_locale(self) -> None:
        """Do nothing, because the controller has its own locale."""

    def _set_cwd(self) -> None:
        """Do nothing, because the controller does not change its working directory."""

    def warn(self, warning: str, **_how: Any) -> None:
        """Add a warning to the result, as in a shipped module. On the controller, Ansible would print it at once."""
        self._own_warnings.append(warning)

    def progress(self, text: str) -> None:
        """Print the progress with -v, through the display of the worker."""
        Display().v(safe_message(f"{self._name}: {text}", map(str, self.no_log_values)))

    def vault_variable(self, path: str, name: str, vault_id: str | None) -> VaultVariable:
        """Return a variable of a vault file on this controller."""
        # Takes 6 ms, and only the module api_key needs it.
        from ansible_collections.postmaster.odoo.plugins.plugin_utils.vault_variable import VaultVariable

        return VaultVariable(path, name, vault_id)

    def snapshots(self, folder: str) -> SnapshotFiles:
        """Return a folder with snapshot files on this controller."""
        # Takes 8 ms, and a check never needs it.
        from ansible_collections.postmaster.odoo.plugins.plugin_utils.snapshot_files import SnapshotFiles

        return SnapshotFiles(folder)

    def _record_module_result(self, o: dict[str, Any]) -> None:
        warnings = {"warnings": list(self._own_warnings)} if self._own_warnings else {}
        raise _Finished({**o, **warnings, **self._of_odoo})


def _as_received(result: dict[str, Any]) -> Any:
    """Return a result in the form that a shipped module returns: plain data, untrusted."""
    encoder = get_module_encoder(_PROFILE, Direction.MODULE_TO_CONTROLLER)
    decoder = get_module_decoder(_PROFILE, Direction.MODULE_TO_CONTROLLER)
    return json.loads(json.dumps(result, cls=encoder), cls=decoder)


def _with_warnings(result: dict[str, Any], warnings: Sequence[str]) -> dict[str, Any]:
    """Return a result with more warnings."""
    return {**result, "warnings": [*result.get("warnings", ()), *warnings]} if warnings else result


class ActionModule(ActionBase):
    """The action plugin of every module of the collection."""

    _supports_async = True
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task's module, in this process if the result is the same, or else as a shipped module."""
        variables = task_vars or {}
        result = super().run(tmp, variables)
        name = self._task.action.rpartition(".")[2]
        module = importlib.import_module(f"{_MODULES}.{name}")
        arguments = dict(self._task.args)
        warnings: list[str] = []
        if boolean(arguments.get("from_inventory") or False):
            arguments, warnings = self._with_stack(arguments, variables, module.SPECIFICATION)
        if module.SPECIFICATION.connection:
            arguments = with_connection_variables(arguments, variables, lambda names: self._values(names, variables))
        obstacle = self._obstacle(variables)
        if obstacle:
            Display().v(f"{name}: shipped as a module, because {obstacle}", host=variables.get("inventory_hostname"))
            wrap_async = self._task.async_val and not self._connection.has_native_async
            result.update(self._execute_module(module_args=arguments, task_vars=variables, wrap_async=wrap_async))
            if not wrap_async:
                self._remove_tmp_path(self._connection._shell.tmpdir)
            return _with_warnings(result, warnings)
        reason = "the connection is local and its Python is Ansible's"
        Display().v(f"{name}: runs inside Ansible's worker, because {reason}", host=variables.get("inventory_hostname"))
        self._update_module_args(self._task.action, arguments, variables)
        with self._environment():
            try:
                drive(_InProcessModule(module.SPECIFICATION, arguments), module.run)
            except _Finished as finished:
                result.update(_as_received(finished.result))
        return {
            key: value for key, value in _with_warnings(result, warnings).items() if not key.startswith("_ansible_")
        }

    def _values(self, names: Collection[str], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of variables. A variable that resolves to `omit` is left out."""
        expressions = {name: trust_as_template(f"{{{{ {name} }}}}") for name in names if name in variables}
        values: dict[str, Any] = self._templar.template(expressions)
        return values

    def _with_stack(
        self,
        arguments: dict[str, Any],
        variables: dict[str, Any],
        specification: Specification,
    ) -> tuple[dict[str, Any], list[str]]:
        """Return the arguments, with missing options from the variables of the host, and warnings.

        :raises AnsibleActionFail: if a variable is not known, or layers contradict each other.
        """
        given = {name: value for name, value in arguments.items() if value is not None}
        manager = self._task.get_variable_manager()

        def level_of(variable: str) -> str:
            if manager is None or manager._inventory is None:
                return ""
            return inventory_level(manager._inventory, self._loader, variables["inventory_hostname"], variable)

        parts = given.get("parts")
        names: Collection[str] = variables
        resolve: Resolve = functools.partial(self._values, variables=variables)
        warnings: list[str] = []
        if specification.stack_fields:
            ((option, fields),) = specification.stack_fields.items()
            names = layers_of(option, variables)
            some = StackFields(self._templar.template, fields)
            resolve, warnings = some.values, some.warnings
        resolved: dict[str, Any] = {}

        def resolve_noted(wanted: Collection[str]) -> Mapping[str, Any]:
            values = resolve(wanted)
            resolved.update(values)
            return values

        try:
            declared = stack_arguments_of(names, resolve_noted, level_of, parts if parts is None else list(parts))
        except StackVariableError as error:
            known = {*secrets_in(resolved), *secrets_in_environment()}
            raise AnsibleActionFail(safe_message(str(error), known), result={"error_kind": Invalid.kind}) from None
        return {**specification.of_stack(declared), **given}, warnings

    def _obstacle(self, variables: dict[str, Any]) -> str | None:
        """Return the reason why the result in this process may differ from that of a shipped module, or None."""
        if self._connection.transport not in ("local", "ansible.builtin.local"):
            return f"the connection is {self._connection.transport}"
        if self._task.async_val:
            return "the task runs in the background (async)"
        if self._connection.become is not None:
            return "the task becomes another user"
        if not boolean(self._templar.template(variables.get("postmaster_odoo_in_process", True))):
            return "postmaster_odoo_in_process is false"
        interpreter = self._interpreter(variables)
        if interpreter.startswith("auto"):
            return None
        task_environment: dict[str, Any] = {}
        self._compute_environment_string(task_environment)
        if not is_same_environment(interpreter, sys.executable, task_environment.get("PATH")):
            return f"its interpreter {interpreter} is another Python environment than Ansible's ({sys.executable})"
        return None

    def _interpreter(self, variables: dict[str, Any]) -> str:
        """Return the interpreter for the task: that of the host that it is delegated to, or that of Ansible's configuration."""
        host = self._task.delegate_to
        own = variables.get("ansible_delegated_vars", {}).get(host, {}) if host else variables
        interpreter = own.get("ansible_python_interpreter")
        if interpreter is None:
            interpreter = constants.config.get_config_value("INTERPRETER_PYTHON", variables={})
        return str(self._templar.template(interpreter))

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """Set the task's `environment` while the module runs."""
        task_environment: dict[str, Any] = {}
        self._compute_environment_string(task_environment)
        before = dict(os.environ)
        os.environ.update({name: str(value) for name, value in task_environment.items()})
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)
