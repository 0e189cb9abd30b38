# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the options about mail and crons from Odoo's configuration file (odoo.conf), if it is readable."""

from __future__ import annotations

import configparser
from collections.abc import Mapping

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text

# Passwords are not among them.
_OPTIONS = ("email_from", "from_filter", "max_cron_threads", "smtp_port", "smtp_server", "smtp_ssl")
# Odoo's default.
LOCAL = ("localhost", "25")


def read_configuration(path: str) -> dict[str, str]:
    """Return the options about mail that the file contains.

    :raises Invalid: if the file cannot be read, or is not a configuration file.
    """
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(read_text(path))
        options = dict(parser.items("options"))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise Invalid(
            f"config_file: cannot read {path} as Odoo's configuration file ({reason}). Correct the path, its permissions, or the file."
        ) from error
    # Odoo writes False or None for an option that is not set.
    return {name: options[name] for name in _OPTIONS if options.get(name, "") not in ("", "False", "None")}


def relay_of(configuration: Mapping[str, str]) -> tuple[str, str] | None:
    """Return host and port of the SMTP server in the file, or None. None means LOCAL."""
    host, port = configuration.get("smtp_server"), configuration.get("smtp_port")
    return (host or LOCAL[0], port or LOCAL[1]) if host or port else None
