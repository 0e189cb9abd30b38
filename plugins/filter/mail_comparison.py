# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `mail_comparison`: the differences between the mail settings of two instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.plugin_utils.comparison import compare


def mail_comparison(here: Any, there: Any) -> dict[str, Any]:
    """Return the differences, and the parts that could not be compared.

    :raises AnsibleFilterError: an argument is not a result of mail_stack_info with `digest_key`.
    """
    for answer in (here, there):
        if not isinstance(answer, Mapping) or not {"stack", "queue_policy", "secrets", "remarks"} <= answer.keys():
            raise AnsibleFilterError(
                "mail_comparison: a value is not valid (expected two results of postmaster.odoo.mail_stack_info)."
            )
        if not all("digest" in secret for secret in answer["secrets"]):
            raise AnsibleFilterError(
                "mail_comparison: the results contain no digests of secrets. Run postmaster.odoo.mail_stack_info with digest_key."
            )
    return compare(here, there).as_result()


class FilterModule:
    """The filter, for Ansible."""

    def filters(self) -> dict[str, Any]:
        return {"mail_comparison": mail_comparison}
