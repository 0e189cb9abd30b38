# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether findings of two diagnoses are the same finding, although its numbers and samples differ."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CATALOGUE


def identity_of(finding: Mapping[str, Any]) -> Hashable:
    """Return a value that two findings have in common if they are the same finding.

    :param finding: as in the result of a diagnosis. A finding that is not in the catalogue counts as one for each record.
    """
    kind = CATALOGUE.get(finding["id"])
    one_per = kind.one_per if kind else "record"
    about = finding["resource"] or {}
    if one_per == "instance":
        return (finding["id"],)
    if one_per == "name" or about.get("id") is None:
        return (finding["id"], about.get("model"), about.get("name") or about.get("xml_id"))
    # A record keeps its ID if somebody renames it.
    return (finding["id"], about["model"], about["id"])
