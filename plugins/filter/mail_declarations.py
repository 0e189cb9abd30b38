# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `mail_declarations`: what an instance holds, as a file of variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.mail_file import common_file, mail_file


def mail_declarations(answer: Any, host: Any, others: Any = None) -> str:
    """Return the text of host_vars/HOST/mail.yml.

    :param others: the results of all hosts by their names. If they are given, the text only contains what is not common to all of them.
    :raises AnsibleFilterError: an argument is not that.
    """
    _refuse_other(answer)
    if not isinstance(host, str) or not host:
        raise AnsibleFilterError("mail_declarations takes the name of the host that the variables are for.")
    return mail_file(answer, host, common_file(_answers(others))[1] if others else None)


def mail_common_declarations(answers: Any) -> str:
    """Return the text of group_vars/GROUP/mail.yml: what all hosts declare alike.

    :param answers: the results of the hosts by their names.
    :raises AnsibleFilterError: an argument is not that.
    """
    return common_file(_answers(answers))[0]


def _answers(answers: Any) -> Mapping[str, Any]:
    if not isinstance(answers, Mapping) or not answers:
        raise AnsibleFilterError("mail_common_declarations takes results of postmaster.odoo.mail_stack_info by hosts.")
    for answer in answers.values():
        _refuse_other(answer)
    return answers


def _refuse_other(answer: Any) -> None:
    if not isinstance(answer, Mapping) or not {"stack", "queue_policy", "secrets", "remarks"} <= answer.keys():
        raise AnsibleFilterError("mail_declarations takes a result of postmaster.odoo.mail_stack_info.")


class FilterModule:
    """What Ansible finds the filters by."""

    def filters(self) -> dict[str, Any]:
        return {"mail_declarations": mail_declarations, "mail_common_declarations": mail_common_declarations}
