# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The validation of answers: an answer must have the shape that Odoo gives it before it is processed.

Fields are checked by their types in `fields_get`. If `fields_get` was not called for the model, the type follows from the name, by Odoo's naming rules.
Sources of the shapes: `convert_to_read` in odoo/fields.py, and `read_group`, `search_count`, `fields_get` in odoo/models.py, 16.0 to 19.0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Rejected, Unreachable

_Check = Callable[[Any], bool]
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(rf"{_DATE.pattern} \d\d:\d\d:\d\d(\.\d+)?")
# The limit of PostgreSQL's integers.
_LARGEST = 2**63
# The types of fields whose names do not show their types. Their types are not read from the instance.
_TYPES: Mapping[str, str] = {
    "id": "id",
    **dict.fromkeys(("key", "login", "model", "module"), "char"),
    **dict.fromkeys(
        (
            "name",
            "value",
            "code",
            "state",
            "email",
            "body",
            "subject",
            "default_from",
            "default_from_email",
            "bounce_alias",
        ),
        "char",
    ),
    **dict.fromkeys(
        ("email_from", "email_to", "failure_reason", "failure_type", "message_id", "modules", "xml_id"), "char"
    ),
    **dict.fromkeys(("active", "noupdate"), "boolean"),
    **dict.fromkeys(("res_id", "failure_count", "timed_out_counter", "done", "remaining"), "integer"),
    **dict.fromkeys(("date", "nextcall", "lastcall", "call_at"), "datetime"),
}
_UNKNOWN = "unknown"
# Fields that are never empty in Odoo, and those that are never empty in the records of these models.
_LOGGED = frozenset({"create_date", "write_date"})
_REQUIRED_OF: Mapping[str, frozenset[str]] = {
    "ir.config_parameter": frozenset({"key"}) | _LOGGED,
    "ir.cron": frozenset({"nextcall"}),
    "ir.cron.progress": frozenset({"cron_id"}) | _LOGGED,
    "ir.cron.trigger": frozenset({"call_at", "cron_id"}),
    "ir.model": frozenset({"model"}),
    "ir.model.data": frozenset({"model", "module"}),
    "mail.mail": _LOGGED,
}


class _Unexpected(Exception):
    """An answer that does not come from Odoo. The message does not repeat its values, because they may be secrets."""


def check_answer(
    where: str,
    method: str,
    arguments: Mapping[str, Any],
    answer: Any,
    types: Mapping[str, str] | None = None,
) -> None:
    """Check the answer of a method whose answer is used.

    :param where: the call, in the form of messages: `ir.cron.read on database acme at https://odoo.acme.example`.
    :param arguments: the arguments of the call, including `model` and `ids`.
    :param types: the types of the model's fields, if they were read from the instance.
    :raises Unreachable: Odoo never gives such an answer.
    :raises Rejected: a record that was to be read does not exist.
    """
    check = _BY_METHOD.get(method)
    # With `aggregates` it is the method of 20.0, whose answer has another shape.
    if check is None or (method == "read_group" and "aggregates" in arguments):
        return
    try:
        check(arguments, answer, types or {})
    except _Unexpected as error:
        raise Unreachable(
            f"{where}: the answer does not have Odoo's format: {error}. Check url, and any proxy or other program that answers before Odoo."
        ) from None
    if method == "read":
        _refuse_missing(where, arguments, answer)


def _refuse_missing(where: str, arguments: Mapping[str, Any], rows: list[dict[str, Any]]) -> None:
    """Raise an error if records were not read. Odoo leaves out deleted records."""
    missing = set(arguments.get("ids") or ()).difference(row["id"] for row in rows)
    if missing:
        raise Rejected(
            f"{where}: no record exists with id {', '.join(map(str, sorted(missing)))}. It was deleted during the run: run the task again."
        )


def _rows(arguments: Mapping[str, Any], answer: Any, types: Mapping[str, str]) -> None:
    names = ["id", *arguments.get("fields", ())]
    rows = _dictionaries(answer, names, "record")
    required = _REQUIRED_OF.get(arguments.get("model", ""), frozenset())
    for name in names:
        fits = _VALUES.get(_type_of(name, types), _is_plain)
        if not all(fits(row[name]) for row in rows):
            raise _Unexpected(f"the field {name!r} has a value of another type")
        if name in required and not all(row[name] for row in rows):
            raise _Unexpected(f"the field {name!r} is empty")
    ids = _ids_of_domain(arguments.get("domain") or ())
    if ids is not None and not ids.issuperset(row["id"] for row in rows):
        raise _Unexpected("it contains other records than requested")


def _ids_of_domain(domain: Sequence[Any]) -> set[int] | None:
    """Return the ids that a domain is limited to; None if it has no such limit."""
    if "|" in domain or "!" in domain:
        return None
    limits = [set(leaf[2]) for leaf in domain if leaf[0] == "id" and leaf[1] == "in"]
    return set.intersection(*limits) if limits else None


def _read(arguments: Mapping[str, Any], answer: Any, types: Mapping[str, str]) -> None:
    _rows(arguments, answer, types)
    asked, found = set(arguments.get("ids") or ()), [row["id"] for row in answer]
    if len(found) != len(set(found)) or not asked.issuperset(found):
        raise _Unexpected("it contains other records than requested")


def _groups(arguments: Mapping[str, Any], answer: Any, types: Mapping[str, str]) -> None:
    names = {"__count": "integer", **{name: _type_of(name, types) for name in arguments.get("groupby", ())}}
    names.update({name: "integer" for name in arguments.get("aggregates", ()) if name != "__count"})
    # `newest:max(id)` is returned as `newest`. Aggregates without a name of their own are not checked.
    names.update({name.partition(":")[0]: "integer" for name in arguments.get("fields", ()) if "(" in name})
    rows = _dictionaries(answer, names, "group")
    for name, kind in names.items():
        if not all(_VALUES.get(kind, _is_plain)(row[name]) for row in rows):
            raise _Unexpected(f"{name!r} has a value of another type")


def _ids(_arguments: Mapping[str, Any], answer: Any, _types: Mapping[str, str]) -> None:
    if not _is_ids(answer):
        raise _Unexpected("a list of ids was expected")


def _count(_arguments: Mapping[str, Any], answer: Any, _types: Mapping[str, str]) -> None:
    if not (_is_whole(answer) and answer >= 0):
        raise _Unexpected("a number of records was expected")


def _created(arguments: Mapping[str, Any], answer: Any, _types: Mapping[str, str]) -> None:
    ids = answer if isinstance(answer, list) else [answer]
    given = arguments.get("vals_list", ())
    if not _is_ids(ids) or len(ids) != (1 if isinstance(given, Mapping) else len(given)):
        raise _Unexpected("the ids of the new records were expected")


def _copied(arguments: Mapping[str, Any], answer: Any, _types: Mapping[str, str]) -> None:
    ids = answer if isinstance(answer, list) else [answer]
    if not _is_ids(ids) or len(ids) != len(arguments.get("ids") or ()):
        raise _Unexpected("the ids of the new records were expected")


def _fields(_arguments: Mapping[str, Any], answer: Any, _types: Mapping[str, str]) -> None:
    if not isinstance(answer, dict) or not answer:
        raise _Unexpected("a description of fields was expected")
    for name, field in answer.items():
        if not isinstance(field, dict) or not isinstance(field.get("type"), str):
            raise _Unexpected(f"the field {name!r} has no type")
        for attribute, check in _ATTRIBUTES.items():
            if attribute in field and not check(field[attribute]):
                raise _Unexpected(f"the attribute {attribute!r} of the field {name!r} has a value of another type")
        if field["type"] in _RELATIONAL and not isinstance(field.get("relation"), str):
            raise _Unexpected(f"the field {name!r} has no relation")


def _run(_arguments: Mapping[str, Any], answer: Any, _types: Mapping[str, str]) -> None:
    """Check the answer to a run of a cron: True, or an action of the web client whose parameters contain an exception (19.0)."""
    if not isinstance(answer, dict):
        return
    parameters = answer.get("params") or {}
    if not isinstance(parameters, dict) or not isinstance(parameters.get("data") or {}, dict):
        raise _Unexpected("an action of the web client was expected")


def _dictionaries(answer: Any, names: Collection[str], what: str) -> list[dict[str, Any]]:
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise _Unexpected(f"a list of {what}s was expected")
    for name in names:
        if not all(name in row for row in answer):
            raise _Unexpected(f"a {what} has no {name!r}")
    return answer


def _type_of(name: str, types: Mapping[str, str]) -> str:
    """Return the type of a field: from the instance if it is known, otherwise by the field's name."""
    if name in types and name != "id":
        return types[name]
    if name in _TYPES:
        return _TYPES[name]
    if name.endswith("_ids"):
        return "many2many"
    if name.endswith("_id"):
        return "many2one"
    return "datetime" if name.endswith("_date") else _UNKNOWN


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value < _LARGEST


def _is_id(value: Any) -> bool:
    return _is_whole(value) and value > 0


def _is_ids(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_id, value))


def _is_text(value: Any) -> bool:
    return value is False or isinstance(value, str)


def _is_integer(value: Any) -> bool:
    # Odoo sends an integer that is too large for XML-RPC as a float.
    return value is False or _is_whole(value) or (isinstance(value, float) and abs(value) < _LARGEST)


def _is_float(value: Any) -> bool:
    return value is False or _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def _is_record(value: Any) -> bool:
    return value is False or (
        isinstance(value, (list, tuple)) and len(value) == 2 and _is_id(value[0]) and _is_text(value[1])
    )


def _is_time(value: Any, pattern: re.Pattern[str]) -> bool:
    if value is False:
        return True
    if not isinstance(value, str) or not pattern.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value[:19])
    except ValueError:
        return False
    return True


def _is_binary(value: Any) -> bool:
    # Reported for 20.0: a dictionary with the content.
    return _is_text(value) or (isinstance(value, dict) and _is_text(value.get("content", value.get("data", False))))


def _is_choice(value: Any) -> bool:
    # Up to 18.0 the values of the fields sel_groups_… of res.users are numbers or false.
    return isinstance(value, (str, bool, int))


def _is_selection(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, str)
        or (isinstance(one, list) and len(one) == 2 and _is_choice(one[0]) and isinstance(one[1], str))
        for one in value
    )


def _is_plain(value: Any) -> bool:
    """Return whether a value of an unknown type contains nothing more deeply nested than a list."""
    return not isinstance(value, dict) and not (
        isinstance(value, list) and any(isinstance(one, (list, dict)) for one in value)
    )


_VALUES: Mapping[str, _Check] = {
    _UNKNOWN: lambda value: _is_plain(value) or _is_binary(value),
    "id": _is_id,
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "many2one_reference": _is_integer,
    "float": _is_float,
    "monetary": _is_float,
    "char": _is_text,
    "text": _is_text,
    "html": _is_text,
    "selection": _is_choice,
    "reference": _is_text,
    "datetime": partial(_is_time, pattern=_MOMENT),
    "date": partial(_is_time, pattern=_DATE),
    "binary": _is_binary,
    "many2one": _is_record,
    "one2many": _is_ids,
    "many2many": _is_ids,
}
_RELATIONAL = frozenset({"many2one", "one2many", "many2many"})
_ATTRIBUTES: Mapping[str, _Check] = {
    "string": _is_text,
    "selection": _is_selection,
    "relation": _is_text,
    "groups": _is_text,
    # 16.0 also returns 1 (mail.mail, failure_reason).
    **dict.fromkeys(("required", "readonly", "store"), lambda value: value in (True, False)),
}
_BY_METHOD: Mapping[str, Callable[[Mapping[str, Any], Any, Mapping[str, str]], None]] = {
    "search_read": _rows,
    "read": _read,
    "search": _ids,
    "search_count": _count,
    "create": _created,
    "copy": _copied,
    "fields_get": _fields,
    "read_group": _groups,
    "formatted_read_group": _groups,
    "method_direct_trigger": _run,
}
