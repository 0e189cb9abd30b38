# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A session with an Odoo database, independent of the transport."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    Conflict,
    Invalid,
    OdooError,
    ReadOnly,
    Timeout,
    Unreachable,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.answer_shape import check_answer
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.json2 import Json2Transport
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.jsonrpc import JsonRpcTransport
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.reverse_proxy import repeated
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_version import ServerVersion, ask_version
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.side_by_side import (
    CONNECTIONS,
    Read,
    make_side_by_side,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.user_ids import is_remembered
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.web import WebTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

# The only methods that check mode may call. All of them only read, in every version from 16.0 to 20.0.
READ_METHODS = frozenset(
    {
        "check_object_reference",
        "context_get",
        "default_get",
        "fields_get",
        "formatted_read_group",
        "get_metadata",
        "has_group",
        "name_search",
        "read",
        "read_group",
        "search",
        "search_count",
        "search_read",
    }
)

# Seconds between the attempts at a call that Odoo answered with a conflict (Odoo has rolled back its transaction).
_CONFLICT_DELAYS = (0.5, 1.0, 2.0)

# Seconds before each further attempt to clean up.
_INSIST_DELAYS = (0.0, 1.0)

# Longer than twice the time after which Odoo gives up a silent mail server.
LOCK_TIMEOUT = 180.0

_Result = TypeVar("_Result")

# Every call runs in English, so that names and messages are in the language of the source.
_CONTEXT = {"lang": "en_US"}


class Transport(Protocol):
    """The carrier of calls to Odoo."""

    name: str

    def login(self) -> None:
        """Make the transport ready for calls."""

    def execute(self, model: str, method: str, ids: list[int] | None, arguments: dict[str, Any]) -> Any:
        """Call one method with named arguments and return its result."""

    def duplicate(self) -> Transport:
        """Return the same transport over a connection of its own, for another thread."""

    def close(self) -> None:
        """Release the resources of the transport."""


class Session:
    """A session with one database as one user.

    :param read_only: reject every method that is not in `READ_METHODS` before it is sent.
    :param lock_timeout: seconds to wait for another run of the collection to end.
    :param connections: the greatest number of connections for independent reads.
    :ivar calls: the calls in the order of the program, even if they were made in parallel.
    """

    def __init__(
        self,
        transport: Transport,
        version: ServerVersion,
        *,
        database: str,
        url: str = "",
        read_only: bool = False,
        http: HttpConnection | None = None,
        lock_timeout: float = LOCK_TIMEOUT,
        connections: int = 1,
    ) -> None:
        self.transport = transport
        self.version = version
        self.database = database
        self.url = url
        self.read_only = read_only
        self.lock_timeout = lock_timeout
        self.calls: list[str] = []
        self._http = http
        self._fields: dict[str, dict[str, dict[str, Any]]] = {}
        self._missing: dict[str, Unsupported] = {}
        self._is_given_up = False
        self._connections = connections
        self._more_transports: list[Transport] = []

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.transport.close()
        self._close_more()

    @property
    def now(self) -> datetime:
        """The server's clock (UTC) at its last answer, so that a wrong clock of the controller causes no drift in a cron's `nextcall`.

        :raises Invalid: the clocks of the server and of the controller are more than a day apart.
        """
        server_time = self._http.server_time if self._http else None
        return server_time or datetime.now(timezone.utc)

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Wait at least this many seconds for each answer inside the context."""
        if not self._http:
            yield
            return
        self._close_more()
        try:
            with self._http.patience(seconds):
                yield
        finally:
            self._close_more()

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """Call `method` of `model`, on the records `ids` or on the model itself.

        A conflict is retried a few times, seconds apart. A call that only reads is also retried if a proxy before Odoo rejects it temporarily.

        :raises OdooError: the kind of the error shows the cause.
        """
        if self.read_only and method not in READ_METHODS:
            raise ReadOnly(
                f"{model}.{method} is not allowed in check mode, so it was not called. This is a defect of the collection: please report it."
            )
        arguments["context"] = {**_CONTEXT, **(context or {})}
        for delay in (*_CONFLICT_DELAYS, None):
            self.calls.append(f"{model}.{method}")
            execute = partial(self.transport.execute, model, method, None if ids is None else list(ids), arguments)
            try:
                answer = repeated(execute) if method in READ_METHODS else execute()
            except Conflict:
                if delay is None:
                    raise
                time.sleep(delay)
                continue
            self._check(model, method, ids, arguments, answer)
            return answer
        raise AssertionError("unreachable")

    def _check(
        self, model: str, method: str, ids: Sequence[int] | None, arguments: Mapping[str, Any], answer: Any
    ) -> None:
        """Raise an error if Odoo never gives such an answer."""
        where = f"{model}.{method} on database {self.database} at {self.url}"
        types = {name: field["type"] for name, field in self._fields.get(model, {}).items()}
        check_answer(where, method, {**arguments, "model": model, "ids": ids}, answer, types)

    def fields(self, model: str) -> dict[str, dict[str, Any]]:
        """Return the description of a model's fields. It is read once for each model.

        :raises Unsupported: the model does not exist on the instance.
        """
        if model in self._missing:
            raise self._missing[model]
        if model not in self._fields:
            wanted = ["type", "string", "selection", "relation", "required", "readonly", "store", "groups"]
            try:
                self._fields[model] = self.call(model, "fields_get", attributes=wanted)
            except Unsupported as error:
                self._missing[model] = error
                raise
        return self._fields[model]

    def has_model(self, model: str) -> bool:
        """Return whether the model exists on the instance."""
        try:
            self.fields(model)
        except Unsupported:
            return False
        return True

    def forget_fields(self) -> None:
        """Discard the descriptions of fields, because an addon was installed or removed."""
        self._fields.clear()
        self._missing.clear()

    def search_read(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Iterable[str],
        *,
        order: str = "id",
        offset: int = 0,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Read the records that match, including archived ones."""
        arguments: dict[str, Any] = {"domain": list(domain), "fields": sorted(fields), "order": order}
        if offset:
            arguments["offset"] = offset
        if limit is not None:
            arguments["limit"] = limit
        records: list[dict[str, Any]] = self.call(model, "search_read", context={"active_test": False}, **arguments)
        return [{name: _plain(value) for name, value in record.items()} for record in records]

    def create(self, model: str, values: Sequence[Mapping[str, Any]]) -> list[int]:
        """Create one record for each of `values`, in one transaction, and return their ids."""
        ids = self.call(model, "create", vals_list=[dict(one) for one in values])
        return [ids] if isinstance(ids, int) else list(ids)

    def copy(self, model: str, record_id: int, values: Mapping[str, Any]) -> int:
        """Copy one record, with `values` in place of its own, and return the new id."""
        copied = self.call(model, "copy", [record_id], default=dict(values))
        return int(copied[0] if isinstance(copied, list) else copied)  # a list from 18.0 on

    def write(self, model: str, ids: Sequence[int], values: Mapping[str, Any]) -> None:
        """Write the same values to all of `ids`, in one transaction."""
        self.call(model, "write", ids, vals=dict(values))

    def unlink(self, model: str, ids: Sequence[int]) -> None:
        """Delete records, all or none."""
        self.call(model, "unlink", ids)

    def remove(self, model: str, ids: Sequence[int]) -> None:
        """Delete records that only this run needs. Records that are already gone and a single broken connection are not errors.

        :raises OdooError: the records probably still exist.
        """
        self.insist(partial(self._remove, model, ids))

    def _remove(self, model: str, ids: Sequence[int]) -> None:
        try:
            self.unlink(model, ids)
        except (Timeout, Unreachable):
            raise
        except OdooError:
            if self.search_read(model, [["id", "in", list(ids)]], ["id"]):
                raise

    def insist(self, call: Callable[[], _Result], delays: Sequence[float] = _INSIST_DELAYS) -> _Result:
        """Return the result of cleaning up. Repeat it over a new connection if Odoo cannot be reached.

        If all attempts fail once, the session makes only one attempt at each later call, because Odoo is no longer there.

        :param call: must have the same effect if it is made twice.
        :param delays: seconds before each further attempt.
        :raises OdooError: the last attempt failed.
        """
        try:
            return call()
        except (Timeout, Unreachable):
            if self._is_given_up or not delays:
                self._is_given_up = True
                raise
        time.sleep(delays[0])
        return self.insist(call, delays[1:])

    def side_by_side(self, reads: Sequence[Callable[[Session], _Result]]) -> list[Read[_Result]]:
        """Make independent reads at the same time, over as many connections as the session may have.

        Get the results in the order of `reads`: then the error of the first read is raised first, as with sequential reads.
        With one connection, the reads are sequential.

        :param reads: functions that make one or more calls with the session that they get. This session rejects writing.
        :returns: the reads; `result` of each returns the value of its function.
        """
        count = min(self._connections, len(reads))
        notes: list[list[str]] = [self.calls if count < 2 else [] for _read in reads]

        def over(read: Callable[[Session], _Result], calls: list[str], transport: Transport) -> _Result:
            return read(self._reader(transport, calls))

        made = [Read(partial(over, read, calls), self.transport) for read, calls in zip(reads, notes, strict=True)]
        if count > 1:
            while len(self._more_transports) < count - 1:
                self._more_transports.append(self.transport.duplicate())
            make_side_by_side(made, [self.transport, *self._more_transports[: count - 1]])
            self.calls += [call for calls in notes for call in calls]
        return made

    def _reader(self, transport: Transport, calls: list[str]) -> Session:
        """Return a read-only session over a transport. It adds its calls to a list."""
        reader = Session(transport, self.version, database=self.database, url=self.url, read_only=True, http=self._http)
        reader.calls = calls
        reader._fields, reader._missing = self._fields, self._missing
        return reader

    def _close_more(self) -> None:
        """Close the connections for parallel reads."""
        while self._more_transports:
            self._more_transports.pop().close()

    def web_client(self, username: str, password: str) -> Session:
        """Return a session of Odoo's web client, logged in.

        :raises AuthenticationFailed: the password is wrong, or the user has two-factor authentication.
        :raises Unsupported: this session does not use HTTP.
        """
        if self._http is None:
            raise Unsupported("Odoo's web client can only be used over HTTP.")
        http = self._http.duplicate()
        transport = WebTransport(http, self.database, username, password)
        transport.login()
        return Session(transport, self.version, database=self.database, url=self.url, http=http)

    def log_out(self) -> None:
        """End a session of Odoo's web client, and close its connection. If this fails, the session expires after some days."""
        if isinstance(self.transport, WebTransport):
            with suppress(OdooError):
                self.transport.logout()
        self.transport.close()

    def duplicate(self) -> Session:
        """Return a session of the same user over a connection of its own, for another thread."""
        return Session(
            self.transport.duplicate(), self.version, database=self.database, url=self.url, read_only=self.read_only
        )


def _plain(value: Any) -> Any:
    """Return a value in the form of 19.0. From 20.0 on, a binary field contains its content with the size and the name of the file."""
    if isinstance(value, dict) and "content" in value and value.keys() <= {"content", "size", "filename"}:
        return value["content"] or False
    return value


def connect(
    *,
    url: str,
    database: str,
    username: str | None = None,
    password: str | None = None,
    api_key: str | None = None,
    transport: str = "auto",
    validate_certs: bool = True,
    ca_path: str | None = None,
    timeout: float = 30.0,
    proxy: str | None = None,
    read_only: bool = False,
    lock_timeout: float = LOCK_TIMEOUT,
    connections: int = CONNECTIONS,
) -> Session:
    """Open a session.

    `auto` uses JSON-2 if the server is 19 or newer and an API key is given, otherwise JSON-RPC.

    :param timeout: seconds, for connecting and for each answer.
    :param lock_timeout: seconds to wait for another run of the collection to end.
    :param connections: the greatest number of connections for independent reads.
    :raises OdooError: of kind invalid, unreachable, authentication or timeout.
    """
    for name, value in (("url", url), ("database", database)):
        if not value:
            raise Invalid(
                f"{name} is missing: set the option {name}, the inventory variable odoo_{name}, or the environment variable "
                f"ODOO_{name.upper()}."
            )
    if not (password or api_key):
        raise Invalid(
            "Credentials are missing: set api_key, or username with password (environment variables: ODOO_API_KEY, ODOO_USERNAME, ODOO_PASSWORD)."
        )
    if transport == "json2" and not api_key:
        raise Invalid(
            "transport json2 needs an api_key: set api_key, or use transport jsonrpc with username and password."
        )
    http = HttpConnection(url, timeout=timeout, validate_certs=validate_certs, ca_path=ca_path, proxy=proxy)
    carrier: Transport
    takes_password = transport == "jsonrpc" or not api_key
    if connections > 1 and username and takes_password and is_remembered(http.base_url, database, username):
        carrier = JsonRpcTransport(http, database, username, api_key or password or "")
        version = _log_in_again(carrier, http)
    else:
        version = ask_version(http)
        if transport == "json2" or (transport == "auto" and api_key and version.major >= 19):
            carrier = Json2Transport(http, database, api_key or "")
        else:
            if not username:
                raise Invalid(
                    "username is missing: JSON-RPC needs it in addition to password or api_key. Set username or ODOO_USERNAME."
                )
            carrier = JsonRpcTransport(http, database, username, api_key or password or "")
        repeated(carrier.login)
    return Session(
        carrier,
        version,
        database=database,
        url=http.base_url,
        read_only=read_only,
        http=http,
        lock_timeout=lock_timeout,
        connections=connections,
    )


def _log_in_again(carrier: Transport, http: HttpConnection) -> ServerVersion:
    """Log in and read the version at the same time. An Odoo at this URL has accepted the login before, so sending the credentials is safe."""
    with closing(http.duplicate()) as other:
        asked, logged_in = reads = (
            Read(ask_version, other),
            Read(lambda _http: repeated(carrier.login), http),
        )
        make_side_by_side(reads, [other, http])
        version = asked.result()
        logged_in.result()
    return version
