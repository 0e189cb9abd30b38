# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `drift_baseline`: a baseline that accepts the current drift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.baseline import first_baseline, read_date
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.collect import Collector, Task


def drift_baseline(results: Any, *, reason: Any, owner: Any, expires: Any) -> str:
    """Return the text of a baseline for the results of enforcing modules in check mode, by host name.

    :raises AnsibleFilterError: the value does not contain such results, or an option is not valid.
    """
    said = {"reason": reason, "owner": owner}
    for name, value in said.items():
        if not isinstance(value, str) or not value.strip():
            raise AnsibleFilterError(f"drift_baseline: {name} must be a text that is not empty, not {value!r}.")
    last_day = _future(expires)
    if not isinstance(results, Mapping):
        raise AnsibleFilterError(
            "drift_baseline: the value is not valid (expected a dictionary of host names and results of enforcing modules, such as postmaster.odoo.mail_stack)."
        )
    collector = Collector()
    task = Task("compare", "compare", enforces=True, check_mode=True)
    for host, given in results.items():
        for result in _several(host, given):
            outcome = "failed" if result.get("failed") else "skipped" if result.get("skipped") else "ok"
            collector.observe(str(host), task, outcome, result)
    instances = collector.instances(list(map(str, results)), failures={})
    return first_baseline(instances, reason=str(reason).strip(), owner=str(owner).strip(), expires=last_day)


def _several(host: Any, given: Any) -> Iterable[Mapping[str, Any]]:
    """Return the results of one host, from one result or from a list of them."""
    several = [given] if isinstance(given, Mapping) else given
    if not isinstance(several, (list, tuple)) or not all(isinstance(one, Mapping) for one in several):
        raise AnsibleFilterError(
            f"drift_baseline: the value of host {str(host)!r} is not valid (expected the result of a module, or a list of results)."
        )
    return several


def _future(expires: Any) -> date:
    try:
        day = read_date(expires)
    except ValueError as error:
        raise AnsibleFilterError(f"drift_baseline: expires {error}.") from error
    if day < datetime.now(timezone.utc).date():
        raise AnsibleFilterError(
            f"drift_baseline: expires ({day}) is in the past, so nothing would be accepted. Set a later day."
        )
    return day


class FilterModule:
    """The filter, for Ansible."""

    def filters(self) -> dict[str, Any]:
        return {"drift_baseline": drift_baseline}
