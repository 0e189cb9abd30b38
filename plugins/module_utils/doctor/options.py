# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of an examination, shared by the module `mail_doctor` and the event source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.options import DNS_OPTIONS, dns_options
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CHECKS, DEFAULT_CHECKS
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.odoo_configuration import read_configuration

_LIMITS = (
    "max_outgoing",
    "max_age",
    "max_exceptions",
    "max_overdue",
    "max_running",
    "stale_days",
    "warn_days",
    "error_days",
)

DOCTOR_OPTIONS: Mapping[str, Any] = {
    "checks": {"type": "list", "elements": "str", "choices": list(CHECKS), "default": list(DEFAULT_CHECKS)},
    "live_tests": {"type": "bool", "default": True},
    "probe": {"type": "bool", "default": False},
    "lock_probe": {"type": "bool", "default": False},
    "config_file": {"type": "path"},
    "max_outgoing": {"type": "int", "default": 1000},
    "max_age": {"type": "int", "default": 120},
    "max_exceptions": {"type": "int", "default": 0},
    "max_overdue": {"type": "int", "default": 10},
    "max_running": {"type": "int", "default": 60},
    "stale_days": {"type": "int", "default": 7},
    "warn_days": {"type": "int", "default": 30},
    "error_days": {"type": "int", "default": 7},
    "declared_dates": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str"},
            "xml_id": {"type": "str"},
            "client_secret_expires": {"type": "str", "no_log": False},
            "smtp_pass_rotate_by": {"type": "str", "no_log": False},
        },
        "required_one_of": [["name", "xml_id"]],
    },
    **DNS_OPTIONS,
}


def examination(params: Mapping[str, Any]) -> Examination:
    """Return the examination that options describe.

    :raises Invalid: a value that cannot be used.
    """
    return Examination(
        checks=params["checks"],
        limits=Limits(**{name: params[name] for name in _LIMITS}),
        live_tests=params["live_tests"],
        lock_probe=params["lock_probe"],
        probe=params["probe"],
        declared_dates=params["declared_dates"],
        configuration=read_configuration(params["config_file"]) if params["config_file"] else None,
        dns=dns_options(params),
    )
