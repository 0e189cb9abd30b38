# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values without parts, of which some are impossible in Odoo: for answers, and for inputs."""

from __future__ import annotations

SCALARS = (None, True, False, 0, -1, 2**31, 2**70, 1.5, float("inf"), float("nan"))
