# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `mail_declarations`: what an instance holds, as a file of variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.mail_file import mail_file


def mail_declarations(answer: Any, host: Any) -> str:
    """The text of host_vars/HOST/mail.yml.

    :raises AnsibleFilterError: what was given is not that.
    """
    if not isinstance(answer, Mapping) or not {"stack", "queue_policy", "secrets", "remarks"} <= answer.keys():
        raise AnsibleFilterError("mail_declarations takes a result of postmaster.odoo.mail_stack_info.")
    if not isinstance(host, str) or not host:
        raise AnsibleFilterError("mail_declarations takes the name of the host that the variables are for.")
    return mail_file(answer, host)


class FilterModule:
    """What Ansible finds the filter by."""

    def filters(self) -> dict[str, Any]:
        return {"mail_declarations": mail_declarations}
