# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OCA's mail_environment: fields of mail servers that a configuration file on Odoo's host sets.

Source: docs/development/odoo-behaviour.md, Settings from a configuration file.

The behaviour is that of version 19.0.1.1.1. The name of a record decides which of its fields the file sets.
Such fields are read with the values of the file. Writes to them are lost without an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import Fields

MODEL = "ir.mail_server"
ADDON = "mail_environment"

_MANAGED = ("smtp_host", "smtp_port", "smtp_user", "smtp_pass", "smtp_encryption", "smtp_authentication")
# Values of these fields are lost when a record is created, copies included: the defaults are used. A write keeps them.
_LOST_AT_CREATION: Mapping[str, Any] = {"smtp_port": 25, "smtp_encryption": "none", "smtp_authentication": "login"}
_SECRETS = {"groups": "base.group_system"}


class Environment:
    """The files, by section.

    :param sections: the values of each mail server that has a section, by its name; those under `""` apply to all.
    :param prefix: the prefix of the names of the addon's own fields; 16.0 has none.
    """

    def __init__(self, sections: Mapping[str, Mapping[str, Any]], *, prefix: str = "x_") -> None:
        self.sections = sections
        self._markers = {f"{prefix}{name}_env_is_editable": name for name in _MANAGED}
        self._companions = {f"{prefix}{name}_env_default": name for name in _MANAGED}

    def fields(self, described: Fields) -> Fields:
        """Return the fields of mail servers that the addon changes or adds."""
        managed = {
            name: {key: value for key, value in described[name].items() if key not in ("required", "store")}
            for name in _MANAGED
        }
        companions = {companion: managed[name] for companion, name in self._companions.items()}
        markers = {marker: {"readonly": True, "type": "boolean"} for marker in self._markers}
        return {
            **managed,
            **companions,
            **markers,
            "server_env_defaults": {"store": True, "type": "serialized", **_SECRETS},
        }

    def owned(self, name: Any) -> Mapping[str, Any]:
        """Return the fields that a file sets for the record of this name, with their values."""
        return {**self.sections.get("", {}), **self.sections.get(name or "", {})}

    def effective(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record with the values that Odoo uses."""
        return {**record, **self.owned(record.get("name"))}

    def shown(self, record: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Return the value of a field that differs from the stored one; empty if it does not."""
        if name in self._markers:
            return {name: self._markers[name] not in self.owned(record.get("name"))}
        if name in self._companions:
            return {name: record.get(self._companions[name], False)}
        if name == "server_env_defaults":
            return {name: json.dumps({one: record[one] for one in _MANAGED if record.get(one)})}
        owned = self.owned(record.get("name"))
        return {name: owned[name]} if name in owned else {}

    def kept(self, record: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the written values that are kept. The new name decides which fields the file sets."""
        owned = self.owned(values.get("name", record.get("name")))
        kept = {
            name: value
            for name, value in values.items()
            if name not in owned and name not in self._markers and name not in self._companions
        }
        return {**kept, **{self._companions[name]: values[name] for name in values if name in self._companions}}

    def created(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of a new record that are kept."""
        return {name: value for name, value in values.items() if name not in _LOST_AT_CREATION}

    def is_searchable(self, name: str) -> bool:
        """Return whether a domain or an order may contain a field; the addon allows it for few."""
        return name in ("smtp_host", "smtp_user") or name not in {*_MANAGED, *self._markers, *self._companions}
