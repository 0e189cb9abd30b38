# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated instance: a transport that answers by itself."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, cast

from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.answers import refusal
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_version import ServerVersion
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import access, crons, fresh, refusals
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.environment import MODEL, Environment
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.methods import METHODS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.orm import ORM_METHODS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.records import Content, Records, Snapshot
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import Fields, Schema, load_facts
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.values import DATETIME_FORMAT

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection

# The host of a mail server that a test adds without one.
HOST = "smtp.acme.example"

# The content of a new database that differs in nothing from the facts, by its series.
_NEW_DATABASES: dict[str, Content] = {}

Hook = Callable[[str, str, "list[int] | None", dict[str, Any]], None]

# Methods of the model itself (`@api.model`); the others are called on records.
_OF_THE_MODEL = frozenset(
    {
        "check_object_reference",
        "context_get",
        "create",
        "fields_get",
        "formatted_read_group",
        "load",
        "name_create",
        "read_group",
        "search",
        "search_count",
        "search_read",
        "update_list",
    }
)


class SimulatedOdoo:
    """One database of a series with the facts of that series. It behaves as docs/development/odoo-behaviour.md
    describes.

    A test may set or read:

    - `now`: the server's clock. `user`: the login that calls. `password`: the password of the calling user.
      `api_keys`: the id and name of the record of each key that was created here.
    - `log`: every call, in order. `before`: functions that are called before each call, with its parts.
    - `smtp`, `delivery`: the result of a connection test and of sending a mail, for a record. None is success. Otherwise it is a situation of
      `record_failures.py`, which has Odoo's own text, or the message itself. `smtp_outcomes`: the same for a connection test, by the server's id.
    - `token_service`: the result of fetching an OAuth2 access token, for a record: None for success, otherwise Odoo's
      message. `tokens_fetched`: the number of successful calls.
    - `running_crons`: ids of crons that a worker is running. `cron_failures`: the exception of a run of a cron, by its id.
      `let_time_pass`: runs the crons that become due meanwhile. `server_log`: the level and text of log entries of crons' code.
    - `ignored_writes`: (model, field) whose writes get lost.
    - `environment`: the files of mail_environment, if that addon is installed.
    - `addons_path`: addons on the disk that are not yet in the database, with their fields.
      `versions_on_disk`: an addon's version there, if it is not the installed one.

    The parameters make the database different from the facts: without models, addons or fields, or with more fields.
    """

    name = "simulated"
    database = "simulated"

    def __init__(
        self,
        series: str,
        *,
        without_models: Iterable[str] = (),
        without_addons: Iterable[str] = (),
        without_fields: Iterable[tuple[str, str]] = (),
        extra_fields: Mapping[str, Fields] | None = None,
        environment: Environment | None = None,
    ) -> None:
        self.series = series
        self.major = int(series.partition(".")[0])
        self.facts = load_facts(series)
        self.schema = Schema(
            self.facts, without_models=without_models, without_fields=without_fields, extra_fields=extra_fields
        )
        self.environment = environment
        if environment:
            self.schema.models[MODEL].update(environment.fields(self.schema.models[MODEL]))
        self.now = datetime(2026, 1, 15, 12, 0, tzinfo=timezone.utc)
        self.user = "admin"
        self.password = "made-up-password"
        self.api_keys: dict[str, tuple[int, str]] = {}
        self.log: list[tuple[str, str, list[int] | None, dict[str, Any]]] = []
        self.before: list[Hook] = []
        self.smtp_outcomes: dict[int, str] = {}
        self.smtp: Callable[[Mapping[str, Any]], str | None] = lambda server: self.smtp_outcomes.get(server["id"])
        self.token_service: Callable[[Mapping[str, Any]], str | None] = lambda _server: None
        self.tokens_fetched = 0
        self.delivery: Callable[[Mapping[str, Any]], str | None] = lambda _mail: None
        self.cron_failures: dict[int, str] = {}
        self.running_crons: set[int] = set()
        self.server_log: list[tuple[str, str]] = []
        self.ignored_writes: set[tuple[str, str]] = set()
        self.addons_path: dict[str, Mapping[str, Fields]] = {}
        self.versions_on_disk: dict[str, str] = {}
        self.records: Records = Records(self)
        self._committed: Snapshot = {}
        # Filling takes longer than most tests, so most databases are copies.
        differs = without_models or without_addons or without_fields or extra_fields or environment
        if not differs and series in _NEW_DATABASES:
            self.records.load(_NEW_DATABASES[series])
        else:
            fresh.fill(self, frozenset(without_addons))
            if not differs:
                _NEW_DATABASES[series] = self.records.content()

    # For tests

    def session(self, *, read_only: bool = False) -> Session:
        """Return a session on this database, whose clock is this server's."""
        return Session(
            self,
            ServerVersion(self.facts.version, self.major),
            database=self.database,
            url="http://odoo.example",
            read_only=read_only,
            http=cast("HttpConnection", self),  # it only reads server_time and patience
        )

    def add(self, model: str, /, **values: Any) -> int:
        """Create a record without log, hooks, or a check of the user's rights. A mail server has a host: 16.0 requires one."""
        if model == MODEL:
            values.setdefault("smtp_host", HOST)
        return self.records.insert(model, values)

    def record(self, model: str, record_id: int) -> dict[str, Any]:
        """Return a record's stored values, to read or to change."""
        try:
            return self.records.tables[model][record_id]
        except KeyError:
            raise refusals.missing_record(model, record_id, self.uid) from None

    def ref(self, xml_id: str) -> int:
        """Return the id of the record of an external ID."""
        module, _dot, name = xml_id.partition(".")
        for data in self.records.tables["ir.model.data"].values():
            if (data["module"], data["name"]) == (module, name):
                return int(data["res_id"])
        raise KeyError(xml_id)

    def let_time_pass(self, duration: timedelta) -> None:
        """Move the clock, and run every cron whenever it is due, as Odoo's cron workers do."""
        crons.let_time_pass(self, duration)

    # For the parts of the simulation

    @property
    def server_time(self) -> datetime:
        """Return the time of the Date header of the last answer."""
        return self.now

    def patience(self, _seconds: float) -> AbstractContextManager[None]:
        """Do nothing: every answer comes at once."""
        return nullcontext()

    def commit(self) -> None:
        """Keep all changes so far, even if an error follows."""
        self._committed = self.records.snapshot()

    def rollback(self) -> None:
        """Undo the changes since the last commit."""
        self.records.restore(self._committed)

    @contextmanager
    def acting_as(self, login: str) -> Iterator[None]:
        """Call as another user for as long as the context lasts."""
        former, self.user = self.user, login
        try:
            yield
        finally:
            self.user = former

    @property
    def now_text(self) -> str:
        """Return the server's time in the form of a datetime field."""
        return self.now.strftime(DATETIME_FORMAT)

    @property
    def uid(self) -> int:
        """Return the id of the calling user. OdooBot has the first id, and creates the others."""
        return next((one["id"] for one in self.records.tables["res.users"].values() if one["login"] == self.user), 1)

    @property
    def is_admin(self) -> bool:
        """Return whether the user may administer Odoo."""
        return self.user == "admin"

    @property
    def is_superuser(self) -> bool:
        """Return whether the user is OdooBot, which no access rule restricts."""
        return self.user == "__system__"

    @property
    def _absent_addons(self) -> frozenset[str]:
        modules = self.records.tables["ir.module.module"].values()
        installed = tuple([module["name"] for module in modules if module["state"] == "installed"])
        return self.schema.absent_addons(installed)

    @property
    def models(self) -> list[str]:
        """Return the present models."""
        return self.schema.present(self._absent_addons)

    def fields(self, model: str) -> Fields:
        """Return the present fields of a model."""
        fields = self.schema.fields(model, self._absent_addons)
        if fields is None:
            raise refusals.unknown_model(model)
        return fields

    def method_of(self, model: str, name: str) -> Callable[..., Any] | None:
        """Return a model's own method, which is called with the instance, ids and context."""
        return METHODS.get((model, name))

    def environment_of(self, model: str) -> Environment | None:
        """Return the files that may set fields of a model."""
        return self.environment if model == MODEL else None

    def effective(self, model: str, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record's values as Odoo uses them."""
        environment = self.environment_of(model)
        return environment.effective(record) if environment else dict(record)

    def parameter(self, key: str) -> Any:
        """Return the value of a system parameter."""
        parameters = self.records.tables["ir.config_parameter"].values()
        return next((one["value"] for one in parameters if one["key"] == key), False)

    def version_on_disk(self, addon: str) -> str:
        """Return the version of an addon in its files."""
        return self.versions_on_disk.get(addon, f"{self.series}.1.0")

    # Transport

    def login(self) -> None:
        """Do nothing: the simulation already has its user."""

    def duplicate(self) -> SimulatedOdoo:
        """Return itself: all connections use one database."""
        return self

    def close(self) -> None:
        """Do nothing: there is no connection to close."""

    def execute(self, model: str, method: str, ids: list[int] | None, arguments: dict[str, Any]) -> Any:
        """Run one call in one transaction: an exception undoes its changes."""
        self.log.append((model, method, copy.deepcopy(ids), copy.deepcopy(arguments)))
        for hook in list(self.before):
            hook(model, method, ids, arguments)
        self.commit()
        try:
            return copy.deepcopy(self._called(model, method, ids, dict(arguments)))
        except refusals.ServerError as error:
            self.rollback()
            raise refusal(f"{model}.{method} on database {self.database}", error.name, error.message) from None

    def _called(self, model: str, method: str, ids: list[int] | None, named: dict[str, Any]) -> Any:
        context = named.pop("context", None) or {}
        self.fields(model)
        if method.startswith("_"):
            raise refusals.private_method(model, method)
        if (model, method) in METHODS:
            function = functools.partial(METHODS[model, method], self, ids, context)
        elif method in ORM_METHODS:
            function = functools.partial(ORM_METHODS[method], self, model, ids, context)
        else:
            raise refusals.unknown_method(self.major, model, method)
        if (ids is None) != (method in _OF_THE_MODEL) and method != "process_email_queue":  # that method has both
            raise refusals.type_error(f"{model}.{method} is called {'without' if ids is None else 'with'} ids")
        if not self.is_admin:
            access.check(model, method)
        try:
            _signature(function.func).bind(*function.args, **named)
        except TypeError as error:
            raise refusals.type_error(f"{model}.{method}() {error}") from None
        return function(**named)


@functools.cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)
