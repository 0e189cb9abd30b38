# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of keys, certificates, tokens and passwords that expire soon or have expired."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.deadline import FINDINGS, in_order
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits, Observation


def check_expiry(seen: Observation, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each deadline that is closer than `warn_days`; it is an error from `error_days` on."""
    for one in in_order(seen.deadlines):
        severity = one.severity(seen.now, limits.warn_days, limits.error_days)
        if severity:
            yield Finding(FINDINGS[one.kind], one.evidence(seen.now), one.resource, severity)
