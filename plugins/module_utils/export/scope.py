# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of an instance concerns its mail, beside mail servers and alias domains, which all do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import SENDING_CRONS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import MAILING_SERVER_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import TIMEOUT_ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import CLIENT_PARAMETERS, OAUTH2_METHODS

# Addons without which something else of a stack would not be there, and those that say how mail leaves
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

# The system parameters of mail (docs/development/odoo-behaviour.md, System parameters and alias domains; OAuth2). Those of live chat, calls and push
# messages also begin with `mail.`, and do not belong to them.
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
# The id of a record, which is another one on every instance.
NOT_PORTABLE = frozenset({MAILING_SERVER_KEY})

# What sends mail, or cleans up after it. Whether incoming mail is fetched Odoo itself decides, by its fetchmail servers.
CRONS = (
    *SENDING_CRONS,
    "mail.ir_cron_delete_notification",
    "mass_mailing.*",
    "digest.ir_cron_digest_scheduler_action",
    "event.event_mail_scheduler",
)
# Scheduled actions of somebody's own concern mail where they work on one of these.
MODELS = frozenset(
    {"ir.mail_server", "mail.mail", "mail.message.schedule", "mail.scheduled.message", "mailing.mailing"}
)


@dataclass(frozen=True)
class Scope:
    """What to look at, with what a user wants beside it: patterns with `*` of names, keys and external ids."""

    addons: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    crons: tuple[str, ...] = ()

    def has_addon(self, name: str) -> bool:
        """Whether an addon, by its technical name, concerns mail."""
        return _fits(name, (*ADDONS, *self.addons))

    def has_parameter(self, key: str) -> bool:
        """Whether a system parameter does."""
        return _fits(key, (*PARAMETERS, *self.parameters))

    def has_cron(self, name: str, model: str, xml_id: str | None, *, of_addon: bool) -> bool:
        """Whether a scheduled action does."""
        if not of_addon and model in MODELS:
            return True
        return _fits(xml_id or "", (*CRONS, *self.crons)) or _fits(name, self.crons)


def _fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def scope_of(options: Mapping[str, Any]) -> Scope:
    """The scope with what the options `more_addons`, `more_parameters` and `more_crons` name."""
    return Scope(*(tuple(options[f"more_{what}"] or ()) for what in ("addons", "parameters", "crons")))
