# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fields of an instance: conversion of declared values for Odoo, comparison of values, and their form for people.

The behaviour follows from the field's type in `fields_get`, so fields of other versions or addons need no extra code. Values that were read
have these forms: `False` for every empty value, `[id, name]` for a many2one, base64 for a binary, UTC text for a datetime.
Source: docs/development/odoo-behaviour.md, Mail server fields; Crons. The session converts the different forms of 20.0.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Ambiguous, Invalid, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import masked

# An address or a domain in any script. Wildcards and URLs are rejected, because Odoo would compare them literally.
_SENDER = re.compile(r"([^@\s,;:<>\"*]+@)?[\w-]+(\.[\w-]+)*")


class References:
    """Records of other models by their natural names and external IDs. The reader adds them. If a name has several records, using it is an error."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], set[int]] = {}
        self._pinned: dict[tuple[str, str], int] = {}
        self._names: dict[tuple[str, int], str] = {}

    def add(self, model: str, record_id: int, name: str) -> None:
        """Add a record with its natural name."""
        self._ids.setdefault((model, name), set()).add(record_id)
        self._names[model, record_id] = name

    def add_xml_id(self, model: str, record_id: int, xml_id: str) -> None:
        """Add the external ID of a record. A natural name with the same text has precedence."""
        self._pinned[model, xml_id] = record_id

    def pinned(self, model: str, text: str) -> int | None:
        """Return the record that has a text as its external ID, or None."""
        return self._pinned.get((model, text))

    def id(self, model: str, name: str) -> int:
        """Return the only record of a name.

        :raises Unsupported: no record has the name.
        :raises Ambiguous: several records have the name.
        """
        ids = self._ids.get((model, name), set())
        if len(ids) > 1:
            raise Ambiguous(
                f"{len(ids)} records of {model} have the name {name!r} (ids {', '.join(map(str, sorted(ids)))}): use the xml_id of the right one"
            )
        if ids:
            return next(iter(ids))
        if (model, name) not in self._pinned:
            raise Unsupported(f"there is no record of {model} with the name {name!r}")
        return self._pinned[model, name]

    def name(self, model: str, record_id: int) -> str:
        """Return the name of a record, or its model and id if it was not read."""
        return self._names.get((model, record_id), f"{model},{record_id}")


class OdooField:
    """A field whose values are compared without conversion."""

    def __init__(self, name: str, *, secret: bool = False) -> None:
        self.name = name
        self.secret = secret
        self.required = False
        self.readonly = False

    def wire(self, value: Any) -> Any:
        """Return a declared value in the form in which Odoo writes it.

        :raises Invalid: no Odoo accepts the value.
        :raises Unsupported: this instance does not accept the value.
        """
        return value

    def same(self, stored: Any, wanted: Any) -> bool:
        """Return whether a stored value is equal to the wanted one."""
        return bool(self._comparable(stored) == self._comparable(wanted))

    def shown(self, value: Any) -> Any:
        """Return the value for people."""
        return masked(value) if self.secret else self._readable(value)

    def declared(self, value: Any) -> Any:
        """Return a stored value in the form of a declaration, with secrets in clear text. `wire` accepts it."""
        readable = self._readable(value)
        return "" if readable is None else readable

    def _comparable(self, value: Any) -> Any:
        return value

    def _readable(self, value: Any) -> Any:
        return value


class TextField(OdooField):
    """A char, text or html field. Empty is `False` in Odoo and `""` for people."""

    def wire(self, value: Any) -> Any:
        if "\0" in str(value):
            raise Invalid(f"{self.name} must not contain a NUL character: remove it")
        return str(value) if value not in (None, "") else False

    def _comparable(self, value: Any) -> Any:
        return value or ""

    def _readable(self, value: Any) -> Any:
        return value or None


class AddressListField(TextField):
    """`from_filter`: addresses and domains between commas. Order, spaces and case do not matter (docs/development/odoo-behaviour.md, Server choice)."""

    def wire(self, value: Any) -> Any:
        entries = self.entries(value)
        for entry in entries:
            if not _SENDER.fullmatch(entry):
                raise Invalid(
                    f"{self.name} contains {entry!r}, which is neither an email address nor a domain (expected a list of them between commas)"
                )
        return super().wire(value) if entries else False

    @staticmethod
    def entries(value: Any) -> list[str]:
        """Return the entries between the commas, in lower case."""
        return [entry.strip().lower() for entry in str(value or "").split(",") if entry.strip()]

    @classmethod
    def unmatched(cls, value: Any, *, several: bool) -> list[str]:
        """Return the entries of a stored value that no sender can match.

        :param several: whether Odoo reads more than one entry (from 17.0 on).
        """
        entries = cls.entries(value)
        if not several and len(entries) > 1:
            return [str(value)]
        return [entry for entry in entries if not _SENDER.fullmatch(entry)] if entries or not value else [str(value)]

    def _comparable(self, value: Any) -> Any:
        # Commas and blanks alone have no entries, but the field is not empty: no sender matches it in Odoo.
        return frozenset(self.entries(value) or ([value] if value else ()))


class BooleanField(OdooField):
    """A boolean field."""

    def wire(self, value: Any) -> Any:
        return bool(value)

    def _comparable(self, value: Any) -> Any:
        return bool(value)


class IntegerField(OdooField):
    """An integer field, with four bytes in PostgreSQL."""

    def wire(self, value: Any) -> Any:
        if not -(2**31) <= int(value) < 2**31:
            raise Invalid(f"{self.name} {value} is out of range (expected a 32-bit integer)")
        return int(value)

    def _comparable(self, value: Any) -> Any:
        return int(value or 0)


class FloatField(OdooField):
    """A float field. Rounding by the database does not count as a difference."""

    def wire(self, value: Any) -> Any:
        return float(value)

    def same(self, stored: Any, wanted: Any) -> bool:
        return math.isclose(float(stored or 0), float(wanted or 0), rel_tol=1e-9, abs_tol=1e-9)


class SelectionField(OdooField):
    """A selection field. It accepts only the values of this instance."""

    def __init__(self, name: str, choices: Iterable[str], *, odoo: str, secret: bool = False) -> None:
        super().__init__(name, secret=secret)
        self.choices = tuple(choices)
        self.odoo = odoo

    def wire(self, value: Any) -> Any:
        if value in (None, ""):
            return False
        if value not in self.choices:
            raise Unsupported(
                f"{self.name} {value!r} is not a valid value on {self.odoo} (expected one of {', '.join(self.choices)})"
            )
        return value

    def _comparable(self, value: Any) -> Any:
        return value or ""

    def _readable(self, value: Any) -> Any:
        return value or None


class DatetimeField(OdooField):
    """A datetime field: UTC text without a zone in Odoo. Declared values can be any ISO 8601 time; without a zone they are UTC."""

    def wire(self, value: Any) -> Any:
        if value in (None, ""):
            return False
        try:
            moment = (
                value
                if isinstance(value, datetime)
                else datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
            )
        except ValueError:
            raise Invalid(
                f"{self.name} {str(value)!r} is not a valid time (expected UTC, for example 2026-01-31 06:00:00)"
            ) from None
        if moment.tzinfo:
            moment = moment.astimezone(timezone.utc)
        return moment.strftime(DATETIME_FORMAT)

    def _comparable(self, value: Any) -> Any:
        return str(value)[:19] if value else ""

    def _readable(self, value: Any) -> Any:
        return value or None


class BinaryField(OdooField):
    """A binary field. It is compared and shown by its checksum, because the content is long and may be secret."""

    def wire(self, value: Any) -> Any:
        if value in (None, ""):
            return False
        content = value if isinstance(value, bytes) else str(value).encode()
        return base64.b64encode(content).decode()

    def declared(self, value: Any) -> Any:
        """Return the content as text. Bytes that are not UTF-8 are replaced. Such a text differs from the content."""
        return (self._content(value) or b"").decode(errors="replace")

    @staticmethod
    def _content(value: Any) -> bytes | None:
        if not value:
            return None
        try:
            return base64.b64decode(value)
        except (binascii.Error, ValueError):
            return str(value).encode()

    def _checksum(self, value: Any) -> str | None:
        content = self._content(value)
        return None if content is None else "sha256:" + hashlib.sha256(content).hexdigest()

    def _comparable(self, value: Any) -> Any:
        return self._checksum(value)

    def _readable(self, value: Any) -> Any:
        return self._checksum(value)


class Many2oneField(OdooField):
    """A many2one field, declared by the natural name or the external ID of the other record."""

    def __init__(self, name: str, relation: str, references: References, *, secret: bool = False) -> None:
        super().__init__(name, secret=secret)
        self._relation = relation
        self._references = references

    def wire(self, value: Any) -> Any:
        return self._references.id(self._relation, str(value)) if value not in (None, "") else False

    def _comparable(self, value: Any) -> Any:
        return value[0] if isinstance(value, (list, tuple)) else value or False

    def _readable(self, value: Any) -> Any:
        record_id = self._comparable(value)
        return self._references.name(self._relation, record_id) if record_id else None


class X2manyField(OdooField):
    """A one2many or many2many field: the complete set of linked records, each declared by name or external ID."""

    def __init__(self, name: str, relation: str, references: References, *, secret: bool = False) -> None:
        super().__init__(name, secret=secret)
        self._relation = relation
        self._references = references

    def wire(self, value: Any) -> Any:
        return [[6, 0, sorted(self._references.id(self._relation, str(one)) for one in value)]]

    def _comparable(self, value: Any) -> Any:
        if value and isinstance(value[0], (list, tuple)):
            value = value[0][2]
        return frozenset(value or ())

    def _readable(self, value: Any) -> Any:
        return sorted(self._references.name(self._relation, one) for one in self._comparable(value))


_PLAIN: dict[str, type[OdooField]] = {
    "boolean": BooleanField,
    "integer": IntegerField,
    "float": FloatField,
    "monetary": FloatField,
    "datetime": DatetimeField,
    "binary": BinaryField,
}


def field_of(
    name: str,
    description: Mapping[str, Any],
    references: References,
    *,
    odoo: str,
    secret: bool = False,
    address_list: bool = False,
) -> OdooField:
    """Return the field that `fields_get` describes.

    :param odoo: the version for messages: `Odoo 18.0`.
    """
    field = _field_of_type(name, description, references, odoo=odoo, secret=secret, address_list=address_list)
    field.required = bool(description.get("required"))
    field.readonly = bool(description.get("readonly"))
    return field


def _field_of_type(
    name: str,
    description: Mapping[str, Any],
    references: References,
    *,
    odoo: str,
    secret: bool,
    address_list: bool,
) -> OdooField:
    kind = description["type"]
    if kind == "selection":
        # fields_get returns [value, label] pairs.
        choices = [choice if isinstance(choice, str) else choice[0] for choice in description.get("selection") or ()]
        return SelectionField(name, choices, odoo=odoo, secret=secret)
    if kind == "many2one":
        return Many2oneField(name, description["relation"], references, secret=secret)
    if kind in ("one2many", "many2many"):
        return X2manyField(name, description["relation"], references, secret=secret)
    if address_list:
        return AddressListField(name, secret=secret)
    return _PLAIN.get(kind, TextField)(name, secret=secret)
