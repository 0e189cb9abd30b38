# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What both front ends share: an `AnsibleModule` that knows Odoo's sessions, errors, results and secrets.

A module file holds a `SPECIFICATION` and a `run(module)`. As a module on a host, `run_module` drives it; on the controller the
action plugin (`plugin_utils/in_process.py`) does the same with a subclass that neither reads standard input nor ends the process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import connection_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, OdooError, Rejected, Threshold
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import secrets_in

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import Outcome
    from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import Work
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


@dataclass(frozen=True)
class Specification:
    """A module's options beside those of the connection, and their rules, as `AnsibleModule` takes them.

    :param single: the resource that the module enforces one record of; its results then speak of that record.
    :param several: the resource that the module enforces several records of; its results speak of those.
    :param connection: whether the module talks to Odoo, and has the options of how.
    """

    options: Mapping[str, Any]
    rules: Mapping[str, Any] = field(default_factory=dict)
    single: str = ""
    several: str = ""
    connection: bool = True

    @property
    def arguments(self) -> dict[str, Any]:
        """All options, as `AnsibleModule` takes them."""
        return {**(connection_arguments() if self.connection else {}), **self.options}


class OdooModule(AnsibleModule):
    """A task of this collection, wherever it runs."""

    def __init__(self, specification: Specification) -> None:
        self._single = specification.single
        self._several = specification.several
        super().__init__(
            argument_spec=specification.arguments,
            supports_check_mode=True,
            **specification.rules,
        )

    def _load_params(self) -> None:
        super()._load_params()
        self._take(self.params)

    def _take(self, arguments: Mapping[str, Any]) -> None:
        """Take the arguments; a null is an option that was not given, whichever ansible-core coerces it to what."""
        self.params = _without_nulls(arguments)
        self.no_log_values.update(secrets_in(self.params))

    def session(self, *, read_only: bool = False) -> Session:
        """Open the session that the connection options describe; in check mode it can only read."""
        from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import connect

        connection = {name: self.params[name] for name in connection_arguments()}
        if connection["timeout"] < 1:
            raise Invalid(f"timeout must be at least 1 second, not {connection['timeout']}.")
        return connect(**connection, read_only=read_only or self.check_mode)

    def exit_enforced(self, outcome: Outcome, *, run: Mapping[str, Any] | None = None) -> None:
        """End with the result that every enforcing module has, and with what came of running what was enforced."""
        from ansible_collections.postmaster.odoo.plugins.module_utils.engine.diff import plan_diff

        for warning in outcome.warnings:
            self.warn(warning)
        result: dict[str, Any] = {
            "changed": bool(outcome.plan or run),
            "plan": [step.as_result() for step in outcome.plan],
        }
        if self._single:
            own = [record for record in outcome.records if record["resource"] == self._single]
            result["record"] = own[0] if own else None
        elif self._several:
            result["records"] = [record for record in outcome.records if record["resource"] == self._several]
        else:
            result.update(records=outcome.records, unmanaged=outcome.unmanaged, routes=outcome.routes)
        if run:
            result["run"] = dict(run)
        result.update(self._of_mail_servers(outcome.verifications, outcome.connections))
        if self._diff:
            result["diff"] = plan_diff(outcome.plan)
        self.exit_json(**result)

    def exit_tested(self, tests: list[dict[str, Any]], *, fail_on_error: bool) -> None:
        """End with the tests of mail servers."""
        from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.connection_test import failures

        failed = failures(tests)
        changed = any("canary" in test for test in tests)
        if failed and fail_on_error:
            message = f"{len(failed)} of {len(tests)} mail servers failed. " + " ".join(failed)
            self.fail_json(msg=message, error_kind="rejected", changed=changed, tests=tests)
        self.exit_json(changed=changed, tests=tests)

    def exit_probed(self, result: Mapping[str, Any], *, fail_on_error: bool) -> None:
        """End with what a probe of an SMTP server has found."""
        if result["outcome"] != "ok" and fail_on_error:
            message = " ".join(filter(None, (result["message"], result["suggestion"])))
            self.fail_json(msg=message, error_kind=Rejected.kind, changed=False, **result)
        self.exit_json(changed=False, **result)

    def exit_judged(self, answer: Mapping[str, Any], verdict: list[str]) -> None:
        """End with what was asked; as a failure with a verdict where it is worse than the user allows."""
        if verdict:
            self.fail_json(msg=" ".join(verdict), error_kind=Threshold.kind, changed=False, **answer)
        self.exit_json(changed=False, **answer)

    def exit_worked(self, work: Work) -> None:
        """End with what came of an action on the mail queue."""
        from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import warnings

        for warning in warnings(work):
            self.warn(warning)
        result = {"changed": bool(work.count), **work.as_result()}
        if work.error:
            self.fail_json(msg=work.error.message, error_kind=work.error.kind, **result)
        self.exit_json(**result)

    def progress(self, text: str) -> None:
        """Say how far long work has come. A module has no way to, before its result."""

    def fail_with(self, error: OdooError) -> None:
        """End with an error that a user is meant to read, and with what had been done before it."""
        applied = error.details.get("applied", ())
        steps = applied or error.details.get("predicted", ())
        message = error.message
        if applied:
            done = ", ".join(f"{step.action} {step.resource} {step.key!r}" for step in applied)
            message = f"{message.rstrip('.')}. Before that, this run did: {done}."
        tested = {}
        if "verifications" in error.details:
            tested = self._of_mail_servers(error.details["verifications"], error.details["connections"])
        self.fail_json(
            msg=message,
            error_kind=error.kind,
            changed=bool(steps),
            plan=[step.as_result() for step in steps],
            **tested,
        )

    def _of_mail_servers(
        self, verifications: list[dict[str, Any]], connections: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """How the tests of mail servers went, and which have a human's consent; nothing for modules without mail servers."""
        if not (self._single or self._several):
            return {"verifications": verifications, "connections": connections}
        if self._single != "mail_server":
            return {}
        connection = connections[0] if connections else {"connected": None, "authorize_url": None}
        return {
            "verification": verifications[0] if verifications else None,
            "connected": connection["connected"],
            "authorize_url": connection["authorize_url"],
        }


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def drive(module: OdooModule, run: Callable[[OdooModule], None]) -> None:
    """Run a module's body and turn its errors into a failed result."""
    try:
        run(module)
    except OdooError as error:
        module.fail_with(error)


def run_module(specification: Specification, run: Callable[[OdooModule], None]) -> None:
    """The `main` of a module."""
    drive(OdooModule(specification), run)
