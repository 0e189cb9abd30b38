# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters `mail_declarations` and `mail_common_declarations`: the settings of instances as files of variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.mail_file import common_file, mail_file


def mail_declarations(answer: Any, host: Any, others: Any = None) -> str:
    """Return the text of host_vars/HOST/mail.yml.

    :param others: the results of all hosts by name. If they are given, the text only contains settings that the hosts do not have in common.
    :raises AnsibleFilterError: an argument is not a result of mail_stack_info, or the name of the host is missing.
    """
    _refuse_other(answer)
    if not isinstance(host, str) or not host:
        raise AnsibleFilterError(
            "mail_declarations: the name of the host is missing or not a text. Pass inventory_hostname as the argument."
        )
    return mail_file(answer, host, common_file(_answers(others))[1] if others else None)


def mail_common_declarations(answers: Any) -> str:
    """Return the text of group_vars/GROUP/mail.yml with the declarations that all hosts have in common.

    :param answers: the results of the hosts by name.
    :raises AnsibleFilterError: a value is not a result of mail_stack_info.
    """
    return common_file(_answers(answers))[0]


def _answers(answers: Any) -> Mapping[str, Any]:
    if not isinstance(answers, Mapping) or not answers:
        raise AnsibleFilterError(
            "mail_common_declarations: the value is not valid (expected a dictionary of host names and results of postmaster.odoo.mail_stack_info)."
        )
    for answer in answers.values():
        _refuse_other(answer)
    return answers


def _refuse_other(answer: Any) -> None:
    if not isinstance(answer, Mapping) or not {"stack", "queue_policy", "secrets", "remarks"} <= answer.keys():
        raise AnsibleFilterError(
            "mail_declarations: a value is not valid (expected a result of postmaster.odoo.mail_stack_info)."
        )


class FilterModule:
    """The filters, for Ansible."""

    def filters(self) -> dict[str, Any]:
        return {"mail_declarations": mail_declarations, "mail_common_declarations": mail_common_declarations}
