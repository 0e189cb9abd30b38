# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Odoo's errors in the wording of each version: exception names and messages as they arrive over RPC."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any


class ServerError(Exception):
    """An exception inside Odoo, with its dotted name and message as a transport returns them.

    Its text is the message.
    """

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


def user_error(message: str) -> ServerError:
    """Return an error that is meant for people."""
    return ServerError("odoo.exceptions.UserError", message)


def access_error(message: str) -> ServerError:
    """Return the error of missing rights."""
    return ServerError("odoo.exceptions.AccessError", message)


def value_error(message: str) -> ServerError:
    """Return the error of a value, field or format that the ORM rejects."""
    return ServerError("builtins.ValueError", message)


def type_error(message: str) -> ServerError:
    """Return the error of a call that does not match the method's signature."""
    return ServerError("builtins.TypeError", message)


def constraint_error(message: str) -> ServerError:
    """Return the error of a database constraint. Odoo wraps it in the same way in all versions."""
    return ServerError("odoo.exceptions.ValidationError", f"The operation cannot be completed: {message}")


def unknown_model(model: str) -> ServerError:
    """Return JSON-2's answer to a model that the database does not have (HTTP 404)."""
    return ServerError("werkzeug.exceptions.NotFound", f"the model {model!r} does not exist")


def unknown_method(major: int, model: str, method: str) -> ServerError:
    """Return the error of a public method that the model does not have, in the wording of the series."""
    if major < 17:
        text = f"type object '{model}' has no attribute '{method}'"
    elif major < 19:
        text = f"The method '{method}' does not exist on the model '{model}'"
    else:
        text = f"The method '{model}.{method}' does not exist"
    return ServerError("builtins.AttributeError", text)


def private_method(model: str, method: str) -> ServerError:
    """Return the error of a method that RPC cannot call."""
    return access_error(f"Private methods (such as '{model}.{method}') cannot be called remotely.")


def missing_record(model: str, record_id: int, uid: int) -> ServerError:
    """Return the error of a record that was deleted or never existed."""
    text = f"Record does not exist or has been deleted.\n(Record: {model}({record_id},), User: {uid})"
    return ServerError("odoo.exceptions.MissingError", text)


def forbidden(operation: str, model: str, model_name: str) -> ServerError:
    """Return the error of a missing right in the access control list."""
    verb = {"read": "access", "write": "modify", "create": "create", "unlink": "delete"}[operation]
    return access_error(
        f"You are not allowed to {verb} '{model_name}' ({model}) records.\n\n"
        "This operation is allowed for the following groups:\n\t- Administration/Settings\n\n"
        "Contact your administrator to request access if necessary."
    )


def unknown_field_written(major: int, model: str, field: str) -> ServerError:
    """`create` or `write` names a field that the model does not have."""
    return value_error(f"Invalid field {field!r} {'in' if major >= 19 else 'on model'} {model!r}")


def unknown_field_read(major: int, model: str, field: str) -> ServerError:
    """`read` or `search_read` names a field that the model does not have."""
    return value_error(f"Invalid field {field!r} {'on' if major >= 19 else 'on model'} {model!r}")


def unknown_field_ordered(model: str, field: str) -> ServerError:
    """`order` names a field that the model does not have."""
    return value_error(f"Invalid field {field!r} on model {model!r}")


def unknown_field_searched(major: int, model: str, leaf: tuple[str, str, Any]) -> ServerError:
    """Return the error of a domain with a field that the model does not have."""
    return value_error(f"Invalid field {model}.{leaf[0]} in {'condition' if major >= 19 else 'leaf'} {leaf!r}")


def missing_value(major: int, model: str, model_name: str, field: str, label: str) -> ServerError:
    """Return the error of an empty required field."""
    if major >= 19:
        return constraint_error(
            f"Missing required value for the field '{label}' ({field}).\nModel: '{model_name}' ({model})\n"
            "- create/update: a mandatory field is not set\n"
            "- delete: another model requires the record being deleted, you can archive it instead\n"
        )
    return ServerError(
        "odoo.exceptions.ValidationError",
        "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n"
        "- Delete: another model requires the record being deleted. If possible, archive it instead.\n\n"
        f"Model: {model_name} ({model})\nField: {label} ({field})\n",
    )


def duplicate_in_index(major: int, model: str, fields: tuple[str, ...], values: tuple[Any, ...]) -> ServerError:
    """Return the error of a unique index, which unlike a constraint has no message of its own."""
    columns = ", ".join(fields)
    key = f"Key ({columns})=({', '.join(map(str, values))}) already exists."
    if major >= 19:
        labels = ", ".join(field.title() for field in fields)
        return constraint_error(f"The value for '{columns}' ({labels}) already exists.\n\nDetail: {key}\n")
    index = f"{model.replace('.', '_')}_{'_'.join(fields)}_uniq_index"
    return constraint_error(f'duplicate key value violates unique constraint "{index}"\nDETAIL:  {key}\n')


def foreign_key_violated(model: str) -> ServerError:
    """Return the error of a many2one without a target. Odoo's text is the same for a write and a deletion."""
    return constraint_error(
        f"another model requires the record being deleted. If possible, archive it instead.\n\nModel: {model}"
    )


def cron_is_running() -> ServerError:
    """Return the error of a write to a cron that a worker is running."""
    return user_error(
        "Record cannot be modified right now: This cron task is currently being executed and may not be modified "
        "Please try again in a few minutes"
    )


def quoted(major: int, name: str) -> str:
    """Return a name as the OAuth2 addons quote it."""
    return f"\N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}" if major >= 18 else f"'{name}'"


def check_arguments(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse a named argument that this version's method does not have."""
    for name in given:
        if name not in known:
            raise type_error(f"got an unexpected keyword argument '{name}'")
