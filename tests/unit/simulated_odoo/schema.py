# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The models and fields of the database: the facts of a version, with the changes of a test."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.read_series import READ_SERIES

Description = Mapping[str, Any]
Fields = Mapping[str, Description]

# The names of the simulated models in `ir.model`.
MODEL_NAMES = {
    "discuss.channel": "Discussion Channel",
    "fetchmail.server": "Incoming Mail Server",
    "ir.actions.server": "Server Actions",
    "ir.config_parameter": "System Parameter",
    "ir.cron": "Scheduled Actions",
    "ir.cron.progress": "Progress of Scheduled Actions",
    "ir.cron.trigger": "Triggered actions",
    "ir.mail_server": "Mail Server",
    "ir.model": "Models",
    "ir.model.fields": "Fields",
    "ir.model.data": "Model Data",
    "ir.module.module": "Module",
    "mail.alias": "Email Aliases",
    "mail.alias.domain": "Email Domain",
    "mail.channel": "Discussion Channel",
    "mail.mail": "Outgoing Mails",
    "mail.message": "Message",
    "mail.notification": "Message Notifications",
    "mail.template": "Email Templates",
    "mailing.mailing": "Mass Mailing",
    "mailing.trace": "Mailing Statistics",
    "res.company": "Companies",
    "res.partner": "Contact",
    "res.users": "User",
    "res.users.apikeys": "Users API Keys",
}

# Models that are not in the facts but are targets of their fields, with the few fields that are needed here.
_CHAR = {"store": True, "type": "char"}
_REQUIRED_CHAR = {**_CHAR, "required": True}
_COMMON: Fields = {
    "create_date": {"readonly": True, "store": True, "type": "datetime"},
    "create_uid": {"readonly": True, "relation": "res.users", "store": True, "type": "many2one"},
    "display_name": {"readonly": True, "type": "char"},
    "id": {"readonly": True, "store": True, "type": "integer"},
    "write_date": {"readonly": True, "store": True, "type": "datetime"},
    "write_uid": {"readonly": True, "relation": "res.users", "store": True, "type": "many2one"},
}
_BESIDE_THE_FACTS: Mapping[str, Fields] = {
    # A dialog of which only the buttons are needed.
    "base.module.upgrade": _COMMON,
    # The fields of a cron are read through the cron.
    "ir.actions.server": {
        "name": _CHAR,
        "model_id": {"type": "many2one", "relation": "ir.model", "store": True},
        "state": _CHAR,
        "code": {"type": "text", "store": True},
        **_COMMON,
    },
    "mail.alias": {
        "alias_name": _CHAR,
        "alias_domain_id": {"relation": "mail.alias.domain", "store": True, "type": "many2one"},
        **_COMMON,
    },
    "mail.message": {
        "model": _CHAR,
        "res_id": {"store": True, "type": "integer"},
        "subject": _CHAR,
        "email_from": _CHAR,
        "mail_server_id": {"relation": "ir.mail_server", "store": True, "type": "many2one"},
        "notification_ids": {"relation": "mail.notification", "store": True, "type": "one2many"},
        **_COMMON,
    },
    "ir.model": {"name": _REQUIRED_CHAR, "model": _REQUIRED_CHAR, **_COMMON},
    "ir.model.fields": {"name": _REQUIRED_CHAR, "model": _REQUIRED_CHAR, "modules": _CHAR, **_COMMON},
    "mailing.mailing": {
        "subject": _REQUIRED_CHAR,
        "email_from": _CHAR,
        "active": {"store": True, "type": "boolean"},
        "state": {"selection": ["draft", "in_queue", "sending", "done"], "store": True, "type": "selection"},
        "mail_server_id": {"relation": "ir.mail_server", "store": True, "type": "many2one"},
        **_COMMON,
    },
    "mailing.trace": {
        "mass_mailing_id": {"relation": "mailing.mailing", "store": True, "type": "many2one"},
        "trace_type": {"selection": ["mail"], "store": True, "type": "selection"},
        "trace_status": {"selection": ["outgoing", "sent", "cancel"], "store": True, "type": "selection"},
        **_COMMON,
    },
    "res.company": {
        "name": _REQUIRED_CHAR,
        "active": {"store": True, "type": "boolean"},
        "email": _CHAR,
        "alias_domain_id": {"relation": "mail.alias.domain", "store": True, "type": "many2one"},
        **_COMMON,
    },
    "res.partner": {"name": _REQUIRED_CHAR, **_COMMON},
    "res.users": {
        "name": _REQUIRED_CHAR,
        "partner_id": {"relation": "res.partner", "store": True, "type": "many2one"},
        "login": _REQUIRED_CHAR,
        "email": _CHAR,
        "active": {"store": True, "type": "boolean"},
        "share": {"store": True, "type": "boolean"},
        "company_id": {"relation": "res.company", "required": True, "store": True, "type": "many2one"},
        **_COMMON,
    },
    "res.users.apikeys": {
        "name": _REQUIRED_CHAR,
        "user_id": {"relation": "res.users", "required": True, "store": True, "type": "many2one"},
        "scope": _CHAR,
        "expiration_date": {"store": True, "type": "datetime"},
        **_COMMON,
    },
    # Two dialogs.
    "res.users.apikeys.description": {
        "name": _REQUIRED_CHAR,
        "duration": {"selection": ["-1", "0", "1"], "store": True, "type": "selection"},
        "expiration_date": {"store": True, "type": "datetime"},
        **_COMMON,
    },
    "res.users.identitycheck": {"request": _CHAR, "password": _CHAR, **_COMMON},
}

# Fields of these models, and the series that brought them.
_SINCE = {
    ("res.users.apikeys", "expiration_date"): 18,
    ("res.users.apikeys.description", "duration"): 18,
    ("res.users.apikeys.description", "expiration_date"): 18,
}

# Fields of a mail that are its message's.
_OF_MESSAGES = ("record_alias_domain_id", "record_company_id")

_IN_SOME_SERIES = ("ir.cron.progress", "mail.alias.domain")

# The fields, models and selection values of each addon. Each name here is the prefix of a field's name.
_FIELDS_OF_ADDONS = {
    "google_gmail": ("google_gmail_",),
    "mass_mailing": ("active_mailing_ids", "mailing_"),
    "microsoft_outlook": ("microsoft_outlook_", "is_microsoft_outlook_configured"),
}
_MODELS_OF_ADDONS = {"mailing.mailing": "mass_mailing", "mailing.trace": "mass_mailing"}
_CHOICES_OF_ADDONS = {"gmail": "google_gmail", "outlook": "microsoft_outlook"}


@dataclass(frozen=True)
class Facts:
    """The facts that `record_facts.py` recorded of one running server.

    :param channel_model: the model of channels, which was renamed once.
    :param defaults: the default values of fields, by model.
    :param failed_sendings: the failure of a mail (`state`, `failure_reason`, `failure_type`), by the situation.
    :param failed_tests: the message of the connection test, by the situation. `record_failures.py` names the
    situations.
    :param groups: the answers of the grouping methods, for each combination of aggregates and order.
    :param queue_arguments: the named arguments of `process_email_queue`, without the ids, which are positional.
    :param server_action_names: the names that code of a server action can use.
    :param test_arguments: the named arguments of `test_smtp_connection`.
    """

    channel_model: str
    crons: Collection[Mapping[str, Any]]
    defaults: Mapping[str, Mapping[str, Any]]
    failed_sendings: Mapping[str, Mapping[str, Any]]
    failed_tests: Mapping[str, str]
    groups: Mapping[str, Collection[Mapping[str, Any]]]
    models: Mapping[str, Fields]
    modules: Collection[str]
    queue_arguments: Collection[str]
    server_action_names: Collection[str]
    test_arguments: Collection[str]
    version: str


@functools.cache
def load_facts(series: str) -> Facts:
    """Return the facts of a series such as `18.0`. All tests share them: do not change them."""
    if series in READ_SERIES:
        recorded, read = READ_SERIES[series]
        return read(load_facts(recorded))
    path = Path(__file__).parent / "facts" / f"odoo-{series}.json"
    return Facts(**json.loads(path.read_text(encoding="utf-8")))


class Schema:
    """The fields of every model, as far as the addons that bring them are installed."""

    def __init__(
        self,
        facts: Facts,
        *,
        without_models: Iterable[str] = (),
        without_fields: Iterable[tuple[str, str]] = (),
        extra_fields: Mapping[str, Fields] | None = None,
    ) -> None:
        major = int(facts.version.partition(".")[0])
        gone_models = frozenset(without_models)
        gone_fields = {*without_fields, *(field for field, since in _SINCE.items() if major < since)}
        self.models: dict[str, dict[str, Description]] = {}
        self._addons: dict[tuple[str, str], str] = {}
        self._known: dict[tuple[str, frozenset[str]], Fields] = {}
        self._absent: dict[tuple[str, ...], frozenset[str]] = {}
        # A model of other series that this one lacks.
        gone_models |= frozenset(_IN_SOME_SERIES) - frozenset(facts.models)
        channel = {facts.channel_model: {"name": _REQUIRED_CHAR, **_COMMON}}
        for model, fields in {**_BESIDE_THE_FACTS, **channel, **facts.models}.items():
            if model in gone_models:
                continue
            self.models[model] = {
                name: description
                for name, description in fields.items()
                if (model, name) not in gone_fields and description.get("relation") not in gone_models
            }
            for addon, beginnings in _FIELDS_OF_ADDONS.items():
                brought = [name for name in self.models[model] if name.startswith(beginnings)]
                self._addons.update({(model, name): addon for name in brought})
        if major >= 19:
            self.models["res.users.identitycheck"]["password"] = {"type": "char", "store": False}
        mail = self.models.get("mail.mail", {})
        self.models.get("mail.message", {}).update({name: mail[name] for name in _OF_MESSAGES if name in mail})
        for model, fields in (extra_fields or {}).items():
            self.models.setdefault(model, {}).update(fields)

    @property
    def stores_password(self) -> bool:
        """Return whether the dialog that checks a password stores it (up to 18.0)."""
        return bool(self.models["res.users.identitycheck"]["password"]["store"])

    def extend(self, addon: str, models: Mapping[str, Fields]) -> None:
        """Return the fields that an addon will add after its installation."""
        for model, fields in models.items():
            self.models.setdefault(model, {}).update(fields)
            self._addons.update({(model, name): addon for name in fields})
        self._known.clear()
        self._absent.clear()

    def absent_addons(self, installed: tuple[str, ...]) -> frozenset[str]:
        """Return the addons that fields and models depend on and that are not among the installed ones."""
        if installed not in self._absent:
            self._absent[installed] = frozenset([*self._addons.values(), *_MODELS_OF_ADDONS.values()]) - {*installed}
        return self._absent[installed]

    def present(self, absent: frozenset[str]) -> list[str]:
        """Return the models that exist while the addons `absent` are not installed."""
        return [model for model in self.models if _MODELS_OF_ADDONS.get(model) not in absent]

    def fields(self, model: str, absent: frozenset[str]) -> Fields | None:
        """Return the fields of a model while the addons `absent` are not installed; None if the model does not exist."""
        if model not in self.models or _MODELS_OF_ADDONS.get(model) in absent:
            return None
        if (model, absent) not in self._known:
            self._known[model, absent] = {
                name: _with_choices_of(absent, description)
                for name, description in self.models[model].items()
                if self._addons.get((model, name)) not in absent
            }
        return self._known[model, absent]


def _with_choices_of(absent: frozenset[str], description: Description) -> Description:
    if "selection" not in description:
        return description
    choices = [value for value in description["selection"] if _CHOICES_OF_ADDONS.get(value) not in absent]
    return {**description, "selection": choices}


def label(field: str) -> str:
    """Return a field's label. The facts contain no labels; this approximation is exact for `name`."""
    return field.removesuffix("_id").replace("_", " ").title()
