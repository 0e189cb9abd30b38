# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Series that were never recorded: their facts are those of another series, with the differences that were read in Odoo's sources.

Sources of 20.0:

- `ir.config_parameter`: 20.0:odoo/addons/base/models/ir_config_parameter.py (`value`, `set_bool`, `unlink_default_parameters`).
- `ir.mail_server`: 20.0:odoo/addons/base/models/ir_mail_server.py (`_get_max_email_size`, `test_smtp_connection`).
- `mail.mail`: 20.0:addons/mail/models/mail_mail.py (`recipient_cc_ids`, `process_email_queue`).
- `read_group` and binary fields: 20.0:odoo/orm/models.py and 20.0:odoo/orm/fields_binary.py.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.schema import Facts

# The first series that behaves as its sources say.
FIRST_READ = 20


def facts_of_20(recorded: Facts) -> Facts:
    """Return the facts of 20.0 from those that a server of 19.0 recorded."""
    models = {name: dict(fields) for name, fields in recorded.models.items()}
    del models["ir.mail_server"]["max_email_size"]
    parameter = models["ir.config_parameter"]
    parameter["value"] = {key: value for key, value in parameter["value"].items() if key != "required"}
    models["mail.mail"]["recipient_cc_ids"] = models["mail.mail"]["recipient_ids"]
    groups = {"formatted_read_group": recorded.groups["formatted_read_group"]}
    return replace(recorded, version="20.0", models=models, groups=groups, test_arguments=())


# The series whose facts were read, with the series that they are derived from.
READ_SERIES: Mapping[str, tuple[str, Callable[[Facts], Facts]]] = {"20.0": ("19.0", facts_of_20)}


def binary_as_read(content: Any) -> Any:
    """Return the result of `read` for a binary field that contains base64."""
    return {"content": content, "size": len(base64.b64decode(content))} if content else False


def rows_of_groups(
    groups: list[tuple[dict[str, Any], list[int]]], aggregates: Mapping[str, Callable[[list[int]], int]]
) -> list[tuple[Any, ...]]:
    """Return the result of `read_group` for groups: a tuple for each, with its values and then its aggregates."""
    return [(*values.values(), *(count(ids) for count in aggregates.values())) for values, ids in groups]
