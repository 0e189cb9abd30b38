# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option to filter the records of a result."""

    DOCUMENTATION = r"""
options:
  query:
    description:
      - A JMESPath expression that is applied to the list of records. RV(query_result) contains its result.
      - The option needs the Python package C(jmespath) on the host that runs the task.
    type: str
"""
