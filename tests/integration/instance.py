# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One database of a real Odoo for tests: through the collection's own layers, and in the lab also directly."""

from __future__ import annotations

import functools
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import (
    Outcome,
    RunOptions,
    enforce_stack,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.route import accepts_sender_lists
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session, connect
from lab import Lab, NotApplicable

TRANSPORTS = ("jsonrpc", "json2")

Stack = Mapping[str, Any]


@dataclass(frozen=True)
class Instance:
    """A database and the credentials of its administrator."""

    url: str
    database: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)

    def options(self, transport: str = "auto") -> dict[str, str]:
        """Return the connection options of a task. JSON-RPC logs in with the password, JSON-2 with the API key.

        :raises NotApplicable: the instance does not offer JSON-2, or its API key is not known.
        """
        if transport == "json2":
            self.needs_api_key()
            if not offers_json2(self.url):
                raise NotApplicable("the instance does not offer JSON-2")
        left_out = (
            {"jsonrpc": "api_key", "json2": "password"}.get(transport) if self.password and self.api_key else None
        )
        given = {name: getattr(self, name) for name in CREDENTIALS if name != left_out}
        return {name: value for name, value in given.items() if value} | {"transport": transport}

    def needs_api_key(self) -> str:
        """Return the API key of the administrator.

        :raises NotApplicable: it is not known.
        """
        if not self.api_key:
            raise NotApplicable("the instance was given without an API key (ODOO_API_KEY)")
        return self.api_key

    def quick_options(self) -> dict[str, str]:
        """Return the connection options with the fastest login."""
        if not self.api_key:
            return self.options("jsonrpc")
        if offers_json2(self.url):
            return self.options("json2")
        return {name: value for name, value in self.options().items() if name != "password"} | {"transport": "jsonrpc"}

    def offers(self, model: str, *names: str) -> bool:
        """Return whether the instance has a model with these fields."""
        with self.session() as session:
            return session.has_model(model) and set(names) <= session.fields(model).keys()

    def requires(self, model: str, name: str) -> bool:
        """Return whether every record of a model must have a field."""
        with self.session() as session:
            return bool(session.fields(model)[name].get("required"))

    def needs_choice(self, model: str, name: str, choice: str) -> None:
        """Return if a field of the instance offers a value.

        :raises NotApplicable: it does not.
        """
        with self.session() as session:
            if choice not in dict(session.fields(model)[name]["selection"]):
                raise NotApplicable(f"the instance has no {name} {choice}")

    @functools.cached_property
    def takes_sender_lists(self) -> bool:
        """Whether a `from_filter` of the instance may list several senders."""
        with self.session() as session:
            methods = session.fields("ir.mail_server")["smtp_authentication"]["selection"]
        return accepts_sender_lists(value for value, _label in methods)

    def needs_sender_lists(self) -> None:
        """Return if a `from_filter` of the instance may list several senders.

        :raises NotApplicable: it may not.
        """
        if not self.takes_sender_lists:
            raise NotApplicable("a from_filter of the instance names one address or domain")

    @functools.cached_property
    def lacks(self) -> frozenset[str]:
        """The kinds of resources that the instance does not have."""
        return frozenset(() if self.offers("mail.alias.domain") else ("alias_domain",))

    def fitted(self, stack: Stack) -> Stack:
        """Return a stack without the resources that the instance does not have."""
        return {name: value for name, value in stack.items() if name.removesuffix("s") not in self.lacks}

    def needs(self, model: str, *names: str) -> None:
        """Return if the instance has these fields.

        :raises NotApplicable: it lacks the model or one of them.
        """
        if not self.offers(model, *names):
            fields = f" with {', '.join(names)}" if names else ""
            raise NotApplicable(f"the instance has no {model}{fields}")

    def add_user(self, login: str, *, password: str, system: bool = False, **values: Any) -> int:
        """Create an internal user, who may change settings if `system`."""
        with self.session() as session:
            (group,) = session.search_read(
                "ir.model.data",
                [["module", "=", "base"], ["name", "=", "group_system" if system else "group_user"]],
                ["res_id"],
            )
            groups = next(name for name in ("group_ids", "groups_id") if name in session.fields("res.users"))
            user = {"name": login.title(), "login": login, "password": password, groups: [[4, group["res_id"]]]}
            (user_id,) = session.create("res.users", [{**user, **values}])
        return user_id

    def needs_batch_size(self) -> None:
        """Return if the instance has a system parameter for the size of a batch of its mail queue.

        :raises NotApplicable: it sends more.
        """
        with self.session() as session:
            own = {"subject": "Batch", "email_to": "batch@lab.example", "state": "outgoing"}
            ids = session.create("mail.mail", [{**own, "email_from": f"{n}@batch.example"} for n in range(2)])
            (size,) = session.create("ir.config_parameter", [{"key": "mail.mail.queue.batch.size", "value": "1"}])
            session.call("mail.mail", "process_email_queue")
            tried = session.call("mail.mail", "search_count", domain=[["id", "in", ids], ["state", "!=", "outgoing"]])
            session.unlink("ir.config_parameter", [size])
            session.write("mail.mail", ids, {"state": "cancel"})
        if tried == 2:
            raise NotApplicable("the instance does not read mail.mail.queue.batch.size")

    def needs_strict(self) -> None:
        """Return if the instance can check the certificate of an SMTP server.

        :raises NotApplicable: it has no encryption with a check.
        """
        if self.strict("starttls") == "starttls":
            raise NotApplicable("the instance has no encryption that checks certificates")

    def strict(self, encryption: str) -> str:
        """Return the same encryption with a check of the certificate, if the instance offers it."""
        with self.session() as session:
            offered = dict(session.fields("ir.mail_server")["smtp_encryption"]["selection"])
        return f"{encryption}_strict" if f"{encryption}_strict" in offered else encryption

    def session(self, transport: str = "auto", *, read_only: bool = False) -> Session:
        return connect(**self.options(transport), read_only=read_only)

    def enforce(self, stack: Stack, *, transport: str = "auto", check: bool = False, **options: Any) -> Outcome:
        """Enforce a stack as `mail_stack` does with its validated options."""
        with self.session(transport, read_only=check) as session:
            run = RunOptions(**options)
            return enforce_stack(session, read_declared_stack(stack, run, with_problems=check), run)

    def check(self, stack: Stack, **how: Any) -> Outcome:
        return self.enforce(stack, check=True, **how)

    def read(self, model: str, *domain: Any, fields: tuple[str, ...] = ("name",)) -> list[dict[str, Any]]:
        """Return records as they are in Odoo, including archived ones."""
        with self.session() as session:
            return session.search_read(model, domain, fields)


@functools.cache
def offers_json2(url: str) -> bool:
    """Return whether the Odoo has the JSON-2 interface, whose version it then tells."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/json/version", timeout=30) as answer:
            return answer.headers.get_content_type() == "application/json"
    except urllib.error.HTTPError:
        return False


CREDENTIALS = ("url", "database", "username", "password", "api_key")


@dataclass(frozen=True)
class LabInstance(Instance):
    """A database of the lab, which can also be read and changed without Odoo."""

    lab: Lab = field(kw_only=True, repr=False)

    @classmethod
    def fresh(cls, lab: Lab, database: str) -> LabInstance:
        """Return a database as Odoo installs it. Nothing in it is due, so no cron changes it."""
        lab.fresh(database)
        lab.sql(database, "UPDATE ir_cron SET nextcall = '2090-01-01'; DELETE FROM ir_cron_trigger")
        environment = lab.environment(database)
        return cls(**{name: environment[f"ODOO_{name.upper()}"] for name in CREDENTIALS}, lab=lab)

    def sql(self, statement: str) -> list[dict[str, str]]:
        return self.lab.sql(self.database, statement)

    @contextmanager
    def locked(self, table: str, condition: str) -> Iterator[None]:
        """Lock a row as a worker of Odoo does, in a separate connection."""
        row = f"SELECT id FROM {table} WHERE {condition} FOR NO KEY UPDATE"
        wait = "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_class WHERE relname = 'held') LOOP PERFORM pg_sleep(0.05); END LOOP; END $$"
        self.sql("CREATE TABLE held ()")
        with ThreadPoolExecutor() as meanwhile:
            lock_owner = meanwhile.submit(self.sql, f"BEGIN; {row}; {wait}; COMMIT")
            try:
                while self.sql(f"{row} SKIP LOCKED") and not lock_owner.done():
                    time.sleep(0.05)
                yield
            finally:
                self.sql("DROP TABLE held")
                lock_owner.result()

    def needs_lasting_lock(self) -> None:
        """Return if an action that Odoo runs by hand keeps its lock when its code commits.

        :raises NotApplicable: it does not (up to 18.0).
        """
        own = {"xml_id": "postmaster_test.commits", "name": "Commits", "model": "ir.cron", "active": False}
        (cron,) = self.enforce({"crons": [{**own, "code": "env.cr.commit()\ntime.sleep(4)"}]}).records
        with self.session() as session, ThreadPoolExecutor() as meanwhile:
            running = meanwhile.submit(session.call, "ir.cron", "method_direct_trigger", [cron["id"]])
            time.sleep(2)
            free = self.sql(f"SELECT id FROM ir_cron WHERE id = {cron['id']} FOR NO KEY UPDATE SKIP LOCKED")
            running.result()
        self.enforce({"crons": [{"xml_id": own["xml_id"], "state": "absent"}]})
        if free:
            raise NotApplicable("a run by hand does not keep the lock of its action beyond a commit")

    def fingerprint(self) -> dict[str, str]:
        """Return a checksum of every table with all rows and columns, except login times and Odoo's signals of stale
        caches.
        """
        tables = self.sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
            "AND tablename != 'res_users_log' AND tablename NOT LIKE 'orm_signaling%'"
        )
        sums = " UNION ALL ".join(
            f"SELECT '{name}' AS name, md5(string_agg(row::text, '' ORDER BY row::text)) AS sum FROM \"{name}\" AS row"
            for name in (table["tablename"] for table in tables)
        )
        return {table["name"]: table["sum"] for table in self.sql(sums)}


def apply(instance: Instance, stack: Stack, **how: Any) -> list[dict[str, Any]]:
    """Enforce a stack, and check the first guarantee: check mode predicts the changes, and a second run changes
    nothing.

    :returns: the changes, as in a task's result.
    """
    predicted = [step.as_result() for step in instance.check(stack, **how).plan]
    done = [step.as_result() for step in instance.enforce(stack, **how).plan]
    assert done == predicted
    assert instance.enforce(stack, **how).plan == ()
    return done
