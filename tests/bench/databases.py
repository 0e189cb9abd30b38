# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases in which nothing happens during a measurement."""

from __future__ import annotations

from lab import Lab


def quiet_database(lab: Lab, name: str) -> None:
    """Create a database in which no cron is due."""
    lab.fresh(name)
    lab.sql(name, "UPDATE ir_cron SET nextcall = '2090-01-01'; DELETE FROM ir_cron_trigger")
