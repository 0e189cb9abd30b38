# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `mail_secret_variables`: the names of the variables for the secrets of an instance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.vault_names import vault_names


def mail_secret_variables(answer: Any, host: Any) -> list[str]:
    """Return the names of the variables, in the order of the secrets.

    :raises AnsibleFilterError: the value is not a result of mail_stack_info.
    """
    if not isinstance(answer, Mapping) or "secrets" not in answer:
        raise AnsibleFilterError(
            "mail_secret_variables: the value is not valid (expected a result of postmaster.odoo.mail_stack_info)."
        )
    return vault_names(str(host), answer["secrets"])


class FilterModule:
    """The filter, for Ansible."""

    def filters(self) -> dict[str, Any]:
        return {"mail_secret_variables": mail_secret_variables}
