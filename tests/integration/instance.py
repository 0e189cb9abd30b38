# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One database of a real Odoo, as tests see it: through the collection's own layers, and in the lab past them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import (
    Outcome,
    RunOptions,
    enforce_stack,
)
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
        """The connection options of a task. JSON-RPC logs in with the password, JSON-2 has the key.

        :raises NotApplicable: JSON-2 for an instance whose key is not known.
        """
        if transport == "json2" and not self.api_key:
            raise NotApplicable("JSON-2 needs an API key (ODOO_API_KEY)")
        left_out = (
            {"jsonrpc": "api_key", "json2": "password"}.get(transport) if self.password and self.api_key else None
        )
        given = {name: getattr(self, name) for name in CREDENTIALS if name != left_out}
        return {name: value for name, value in given.items() if value} | {"transport": transport}

    def strict(self, encryption: str) -> str:
        """The same encryption with a check of the certificate, if the instance offers it."""
        with self.session() as session:
            offered = dict(session.fields("ir.mail_server")["smtp_encryption"]["selection"])
        return f"{encryption}_strict" if f"{encryption}_strict" in offered else encryption

    def session(self, transport: str = "auto", *, read_only: bool = False) -> Session:
        return connect(**self.options(transport), read_only=read_only)

    def enforce(self, stack: Stack, *, transport: str = "auto", check: bool = False, **options: Any) -> Outcome:
        """What `mail_stack` does with its options once they are validated."""
        with self.session(transport, read_only=check) as session:
            run = RunOptions(**options)
            return enforce_stack(session, read_declared_stack(stack, run, with_problems=check), run)

    def check(self, stack: Stack, **how: Any) -> Outcome:
        return self.enforce(stack, check=True, **how)

    def read(self, model: str, *domain: Any, fields: tuple[str, ...] = ("name",)) -> list[dict[str, Any]]:
        """Records as Odoo has them, archived ones too."""
        with self.session() as session:
            return session.search_read(model, domain, fields)


CREDENTIALS = ("url", "database", "username", "password", "api_key")


@dataclass(frozen=True)
class LabInstance(Instance):
    """A database of the lab, which can also be looked at and changed behind Odoo's back."""

    lab: Lab = field(kw_only=True, repr=False)

    @classmethod
    def fresh(cls, lab: Lab, database: str) -> LabInstance:
        """A database as Odoo installs it. Nothing is due in it, so that no cron changes it on its own."""
        lab.fresh(database)
        lab.sql(database, "UPDATE ir_cron SET nextcall = '2090-01-01'; DELETE FROM ir_cron_trigger")
        environment = lab.environment(database)
        return cls(**{name: environment[f"ODOO_{name.upper()}"] for name in CREDENTIALS}, lab=lab)

    def sql(self, statement: str) -> list[dict[str, str]]:
        return self.lab.sql(self.database, statement)

    def fingerprint(self) -> dict[str, str]:
        """A checksum of every table, all rows and columns of it, but for who logged in when, and Odoo's signals of stale caches."""
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
    """Enforce a stack, and hold it to the first promise: a check predicts what is done, and a second run does nothing.

    :returns: what was done, as a task's result shows it.
    """
    predicted = [step.as_result() for step in instance.check(stack, **how).plan]
    done = [step.as_result() for step in instance.enforce(stack, **how).plan]
    assert done == predicted
    assert instance.enforce(stack, **how).plan == ()
    return done
