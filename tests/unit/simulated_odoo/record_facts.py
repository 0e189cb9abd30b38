# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record the behaviour of a running Odoo as the facts of its series: `facts/odoo-<series>.json`.

The instance must be able to connect to the loopback of this machine. The database must have the addons of `ADDONS` and
no mails in its queue. The script creates mail servers, mails, and a server action in the database, and deletes them. A
second recording creates the same file.

Run it as `make facts`. CONTRIBUTING.md ("Adding an Odoo version") shows how.
"""

from __future__ import annotations

import argparse
import builtins
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, OdooError, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session, connect
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.record_failures import (
    failed_sendings,
    failed_tests,
    made_up_mails,
    odoo_message,
)

FACTS = Path(__file__).parent / "facts"

# The addons whose fields and crons the simulation knows.
ADDONS = ("google_gmail", "mail", "mass_mailing", "microsoft_outlook")

# The models whose fields are recorded, if the series has them.
MODELS = (
    "fetchmail.server",
    "ir.config_parameter",
    "ir.cron",
    "ir.cron.progress",
    "ir.cron.trigger",
    "ir.mail_server",
    "ir.model.data",
    "ir.module.module",
    "mail.alias.domain",
    "mail.mail",
    "mail.notification",
    "mail.template",
)

_ATTRIBUTES = ("groups", "readonly", "relation", "required", "store", "type")
_CRON_FIELDS = ("active", "code", "cron_name", "doall", "interval_number", "interval_type", "numbercall", "priority")

# Types whose default does not depend on the user or the time.
_CONSTANT_TYPES = ("boolean", "char", "float", "integer", "selection")

# Aggregates and orders of `read_group`. Their combinations are tried on each series.
_AGGREGATES: tuple[list[str], ...] = ([], ["id:max"], ["newest:max(id)"])
_ORDERS = (None, "__count desc", "id desc", "id:max desc", "newest desc", "state")

# Names that code of a server action may use besides Python's own.
_NAMES = (
    *("Command", "UserError", "_logger", "action", "b64decode", "b64encode", "base64", "datetime", "dateutil", "env"),
    *("float_compare", "json", "log", "model", "pytz", "re", "record", "records", "time", "timezone", "uid", "user"),
)


def facts_of(session: Session) -> dict[str, Any]:
    """Return the facts of an instance.

    :raises Invalid: the database lacks an addon, or has mails in its queue.
    """
    modules = sorted(
        one["name"] for one in session.search_read("ir.module.module", [["state", "=", "installed"]], ["name"])
    )
    missing = sorted(set(ADDONS) - set(modules))
    if missing:
        raise Invalid(f"The addon {missing[0]} is not installed in database {session.database}: install it first.")
    if session.call("mail.mail", "search_count", domain=[["state", "=", "outgoing"]]):
        raise Invalid(f"Mails are queued in database {session.database}: record the facts of a database without any.")
    return {
        "channel_model": "discuss.channel" if session.has_model("discuss.channel") else "mail.channel",
        "crons": _crons(session),
        "defaults": {model: defaults for model in _models(session) if (defaults := _defaults(session, model))},
        "failed_sendings": failed_sendings(session),
        "failed_tests": failed_tests(session),
        "groups": _groups(session),
        "models": {model: _fields(session, model) for model in _models(session)},
        "modules": modules,
        "queue_arguments": _queue_arguments(session),
        "server_action_names": _server_action_names(session),
        "test_arguments": _test_arguments(session),
        "version": session.version.text,
    }


def _models(session: Session) -> list[str]:
    return [model for model in MODELS if session.has_model(model)]


def _fields(session: Session, model: str) -> dict[str, dict[str, Any]]:
    """Return the fields of a model; an attribute that is false is left out."""
    recorded = {}
    for name, description in session.fields(model).items():
        recorded[name] = {key: description[key] for key in _ATTRIBUTES if description.get(key)}
        if "selection" in description:
            recorded[name]["selection"] = [value for value, _label in description["selection"]]
    return recorded


def _defaults(session: Session, model: str) -> dict[str, Any]:
    """Return the defaults of a model that do not depend on the user or the time."""
    names = [name for name, field in session.fields(model).items() if field["type"] in _CONSTANT_TYPES]
    values = _default_get(session, model, sorted(names))
    return {name: value for name, value in values.items() if value and "@" not in str(value)}


def _default_get(session: Session, model: str, names: Sequence[str]) -> dict[str, Any]:
    """Call `default_get`, whose argument is named differently in addons that override it."""
    try:
        values: dict[str, Any] = session.call(model, "default_get", fields_list=names)
    except Rejected:
        values = session.call(model, "default_get", fields=names)
    return values


def _crons(session: Session) -> list[dict[str, Any]]:
    """Return the crons that addons bring."""
    fields = [name for name in _CRON_FIELDS if name in session.fields("ir.cron")]
    references, users = _external_ids(session, "ir.cron"), _external_ids(session, "res.users")
    crons = []
    for cron in session.search_read("ir.cron", [], [*fields, "model_id", "model_name", "user_id"]):
        reference = references.get(cron["id"])
        if reference:
            crons.append(
                {
                    **{name: cron[name] for name in (*fields, "model_name")},
                    "model_id": cron["model_id"][1],
                    "noupdate": reference["noupdate"],
                    "user_id": users[cron["user_id"][0]]["complete_name"],
                    "xml_id": reference["complete_name"],
                }
            )
    return sorted(crons, key=lambda cron: str(cron["xml_id"]))


def _external_ids(session: Session, model: str) -> dict[int, dict[str, Any]]:
    """Return the external IDs of a model's records, by the record's id."""
    rows = session.search_read(
        "ir.model.data", [["model", "=", model]], ["complete_name", "noupdate", "res_id"], order="id desc"
    )
    return {row["res_id"]: row for row in rows}


def _groups(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Return the results of the grouping methods for each combination: the keys of a group, or the error.

    A missing method has no result.
    """
    with made_up_mails(session, 2, state="cancel") as ids:
        domain = [["id", "in", ids]]

        def answer(method: str, fields: list[str], order: str | None) -> dict[str, Any]:
            if method == "read_group":
                named: dict[str, Any] = {"fields": fields, "lazy": False, **_given("orderby", order)}
            else:
                named = {"aggregates": ["__count", *fields], **_given("order", order)}
            try:
                (group,) = session.call("mail.mail", method, domain=domain, groupby=["state"], **named)
            except OdooError as error:
                return {"error": odoo_message(error)}
            return {"keys": sorted(name for name in group if not name.endswith("domain"))}

        combinations = [(fields, order) for fields in _AGGREGATES for order in _ORDERS]
        rows = {
            method: [
                {"aggregates": fields, "order": order, **answer(method, fields, order)}
                for fields, order in combinations
            ]
            for method in ("formatted_read_group", "read_group")
        }
    return {
        method: answers
        for method, answers in rows.items()
        if not all(method in row.get("error", "") for row in answers)
    }


def _given(name: str, value: str | None) -> dict[str, str]:
    return {} if value is None else {name: value}


def _queue_arguments(session: Session) -> list[str]:
    """Return the named arguments that `process_email_queue` has. The ids are its first argument in every series, and have a name in some."""
    return _accepted(session, "mail.mail", "process_email_queue", None, batch_size=1, email_ids=[0])


def _test_arguments(session: Session) -> list[str]:
    """Return the named arguments that `test_smtp_connection` has."""
    return _accepted(session, "ir.mail_server", "test_smtp_connection", [], autodetect_max_email_size=False)


def _accepted(session: Session, model: str, method: str, ids: list[int] | None, **arguments: Any) -> list[str]:
    """Return the named arguments that a method has, called so that it does nothing."""
    accepted = []
    for name, value in arguments.items():
        try:
            session.call(model, method, ids, context={"filters": [["id", "=", 0]]}, **{name: value})
        except Rejected as error:
            if "unexpected keyword argument" not in error.message:
                raise
            continue
        accepted.append(name)
    return accepted


def _server_action_names(session: Session) -> list[str]:
    """Return the names that code of a server action can use: those of Odoo, and of Python's built-in ones those that its sandbox has."""
    own = [name for name in dir(builtins) if not name.startswith("_") and name not in ("False", "None", "True")]
    names = sorted({*_NAMES, *own})
    functions = [
        f"def has_{at}():\n    try:\n        {name}\n        return True\n    except Exception:\n        return False"
        for at, name in enumerate(names)
    ]
    rows = ", ".join(f"({name!r}, has_{at}())" for at, name in enumerate(names))
    with _server_action(session, "\n".join([*functions, f"action = {{'names': [{rows}]}}"])) as action:
        return [name for name, has in session.call("ir.actions.server", "run", [action])["names"] if has]


@contextmanager
def _server_action(session: Session, code: str) -> Iterator[int]:
    """Create a server action for as long as the context lasts."""
    (model,) = session.search_read("ir.model", [["model", "=", "mail.mail"]], ["model"])
    (action,) = session.create(
        "ir.actions.server", [{"name": "Recorded names", "model_id": model["id"], "state": "code", "code": code}]
    )
    try:
        yield action
    finally:
        session.unlink("ir.actions.server", [action])


def record(session: Session, folder: Path = FACTS) -> Path:
    """Write the facts of an instance, and return the file."""
    path = folder / f"odoo-{session.version.major}.0.json"
    path.write_text(json.dumps(facts_of(session), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return path


def _options(environment: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make facts", description="Record the facts of a running Odoo.")
    for name in ("url", "database", "username", "password"):
        known = environment.get(f"ODOO_{name.upper()}")
        parser.add_argument(f"--{name}", default=known, required=not known, help=f"or ODOO_{name.upper()}")
    return parser.parse_args()


if __name__ == "__main__":
    given = _options(os.environ)
    with connect(url=given.url, database=given.database, username=given.username, password=given.password) as odoo:
        print(f"Recorded {record(odoo)}")
