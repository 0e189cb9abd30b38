# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Public methods other than those of the ORM.

They are called with the instance, the ids and the context of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo import (
    addons,
    api_keys,
    connection_test,
    crons,
    mails,
    refusals,
    server_actions,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo


def check_object_reference(
    odoo: SimulatedOdoo, _ids: None, _context: Mapping[str, Any], module: str, xml_id: str
) -> list[Any]:
    """Return the model and id of an external ID."""
    found = odoo.records.search("ir.model.data", [("module", "=", module), ("name", "=", xml_id)])
    if not found:
        raise refusals.value_error(f"External ID not found in the system: {module}.{xml_id}")
    data = odoo.record("ir.model.data", found[0])
    return [data["model"], data["res_id"]]


METHODS: dict[tuple[str, str], Callable[..., Any]] = {
    ("base.module.upgrade", "upgrade_module"): addons.finish_pending,
    ("base.module.upgrade", "upgrade_module_cancel"): addons.call_off_pending,
    ("ir.actions.server", "run"): server_actions.call,
    ("ir.cron", "method_direct_trigger"): crons.trigger,
    ("ir.mail_server", "test_smtp_connection"): connection_test.answer,
    ("ir.model.data", "check_object_reference"): check_object_reference,
    ("ir.module.module", "button_immediate_install"): addons.install,
    ("ir.module.module", "button_immediate_uninstall"): addons.uninstall,
    ("ir.module.module", "button_immediate_upgrade"): addons.upgrade,
    ("ir.module.module", "update_list"): addons.update_list,
    ("mail.mail", "action_retry"): mails.action_retry,
    ("mail.mail", "cancel"): mails.cancel,
    ("mail.mail", "mark_outgoing"): mails.mark_outgoing,
    ("mail.mail", "process_email_queue"): mails.process_email_queue,
    ("mail.mail", "send"): mails.send,
    ("res.users", "context_get"): api_keys.context_get,
    ("res.users.apikeys", "remove"): api_keys.remove,
    ("res.users.apikeys.description", "name_create"): api_keys.name_create,
    ("res.users.apikeys.description", "make_key"): api_keys.make_key,
    ("res.users.identitycheck", "run_check"): api_keys.run_check,
}
