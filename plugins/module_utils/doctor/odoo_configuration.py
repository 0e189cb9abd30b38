# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Odoo's configuration file (odoo.conf) says of mail and of scheduled actions, for whoever may read it."""

from __future__ import annotations

import configparser
from collections.abc import Mapping

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text

# Passwords are not among them.
_OPTIONS = ("email_from", "from_filter", "max_cron_threads", "smtp_port", "smtp_server", "smtp_ssl")
# What Odoo takes without a word in the file.
LOCAL = ("localhost", "25")


def read_configuration(path: str) -> dict[str, str]:
    """The options that matter to mail, as far as the file has them.

    :raises Invalid: it cannot be read, or is none.
    """
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(read_text(path))
        options = dict(parser.items("options"))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise Invalid(f"config_file {path} cannot be read as Odoo's configuration file: {reason}.") from error
    # Odoo writes what is not set as False or None.
    return {name: options[name] for name in _OPTIONS if options.get(name, "") not in ("", "False", "None")}


def relay_of(configuration: Mapping[str, str]) -> tuple[str, str] | None:
    """Host and port of the SMTP server that the file names; None where it names none, which is LOCAL."""
    host, port = configuration.get("smtp_server"), configuration.get("smtp_port")
    return (host or LOCAL[0], port or LOCAL[1]) if host or port else None
