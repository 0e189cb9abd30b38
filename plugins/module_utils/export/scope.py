# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of an instance that belong to its mail, in addition to all mail servers and alias domains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import SENDING_CRONS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import MAILING_SERVER_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import TIMEOUT_ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import CLIENT_PARAMETERS, OAUTH2_METHODS

# Addons that other parts of a stack need, and addons that change how mail leaves
# (docs/development/odoo-behaviour.md, Settings from a configuration file).
ADDONS = (
    "mail",
    "mass_mailing",
    *(method.addon for method in OAUTH2_METHODS.values()),
    TIMEOUT_ADDON,
    "mail_environment",
    "mail_environment_google_gmail",
    "mail_outbound_static",
    "mail_post_defer",
    "mail_server_by_user",
    "mail_server_filter",
)

# The system parameters of mail (docs/development/odoo-behaviour.md, System parameters and alias domains; OAuth2). Parameters of live chat, calls and
# push messages also begin with `mail.`, but are not included.
PARAMETERS = (
    *sorted(CLIENT_PARAMETERS),
    *(f"{method.addon}.*" for method in OAUTH2_METHODS.values()),
    "base.default_max_email_size",
    "base_setup.default_external_email_server",
    "mail.batch_size",
    "mail.bounce.alias",
    "mail.catchall.*",
    "mail.default.*",
    "mail.disable_personal_mail_servers",
    "mail.mail.*",
    "mail.render.cron.limit",
    "mail.server.*",
    "mail.session.batch.size",
    "mail.smtp.*",
    "mass_mailing.*",
)
# The id of a record, which is different on every instance.
NOT_PORTABLE = frozenset({MAILING_SERVER_KEY})

# Crons that send mail or clean up after it. Odoo itself activates the cron for incoming mail according to its fetchmail servers.
CRONS = (
    *SENDING_CRONS,
    "mail.ir_cron_delete_notification",
    "mass_mailing.*",
    "digest.ir_cron_digest_scheduler_action",
    "event.event_mail_scheduler",
)
# A cron of the user's own belongs to mail if its model is one of these.
MODELS = frozenset(
    {"ir.mail_server", "mail.mail", "mail.message.schedule", "mail.scheduled.message", "mailing.mailing"}
)


@dataclass(frozen=True)
class Scope:
    """The exported parts, with the user's additions: patterns with `*` for names, keys and external IDs."""

    addons: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    crons: tuple[str, ...] = ()

    def has_addon(self, name: str) -> bool:
        """Return whether an addon belongs to mail, by its technical name."""
        return _fits(name, (*ADDONS, *self.addons))

    def has_parameter(self, key: str) -> bool:
        """Return whether a system parameter belongs to mail, by its key."""
        return _fits(key, (*PARAMETERS, *self.parameters))

    def has_cron(self, name: str, model: str, xml_id: str | None, *, of_addon: bool) -> bool:
        """Return whether a cron belongs to mail."""
        if not of_addon and model in MODELS:
            return True
        return _fits(xml_id or "", (*CRONS, *self.crons)) or _fits(name, self.crons)


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def scope_of(options: Mapping[str, Any]) -> Scope:
    """Return the scope with the patterns of the options `more_addons`, `more_parameters` and `more_crons`."""
    return Scope(*(tuple(options[f"more_{what}"] or ()) for what in ("addons", "parameters", "crons")))
