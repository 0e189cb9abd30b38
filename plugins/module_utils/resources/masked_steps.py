# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masks in place of secrets that the shown values of a step repeat."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Step
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import masked_if_known


def mask_secrets(step: Step, secrets: Collection[str]) -> Step:
    """Return a step with masks in place of shown values that are one of the secrets.

    :param secrets: without the blanks around them.
    """
    changes = []
    for change in step.changes:
        before, after = (masked_if_known(value, secrets) for value in (change.before, change.after))
        is_masked = (before, after) != (change.before, change.after)
        changes.append(replace(change, before=before, after=after, secret=True) if is_masked else change)
    return replace(step, changes=tuple(changes))
