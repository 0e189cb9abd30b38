# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Enforcing a stack on a simulated Odoo, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.declared_stack import read_declared_stack
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import (
    Outcome,
    RunOptions,
    enforce_stack,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Plan
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import moment_of
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import READ_METHODS
from ansible_collections.postmaster.odoo.tests.unit.series import HAVE_ALIAS_DOMAINS
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

QUEUE = "mail.ir_cron_mail_scheduler_action"

# An OAuth2 client. Made up.
OAUTH2 = {"client_id": "made-up-client", "client_secret": "made-up-client-secret"}


def run(odoo: SimulatedOdoo, stack: Mapping[str, Any], *, check: bool = False, **options: Any) -> Outcome:
    """One run of `mail_stack`, in check mode or for real."""
    session, how = odoo.session(read_only=check), RunOptions(**options)
    return enforce_stack(session, read_declared_stack(stack, how, with_problems=check), how)


def add_alias_domain(odoo: SimulatedOdoo, name: str, **values: str) -> int | bool:
    """Add a domain that Odoo sends notifications from: an alias domain, or system parameters where there are none (16.0). Return the id of the former."""
    if odoo.series in HAVE_ALIAS_DOMAINS:
        return odoo.add("mail.alias.domain", name=name, **values)
    odoo.add("ir.config_parameter", key="mail.catchall.domain", value=name)
    odoo.add("ir.config_parameter", key="mail.default.from", value=values.get("default_from", "notifications"))
    odoo.add("ir.config_parameter", key="mail.bounce.alias", value=values.get("bounce_alias", "bounce"))
    return False


def renew_at_every_look(odoo: SimulatedOdoo, lock: int) -> None:
    """From now on, the owner of a lock is alive."""

    def renew(model: str, method: str, *_rest: Any) -> None:
        if (model, method) == ("ir.config_parameter", "search_read"):
            record = odoo.record("ir.config_parameter", lock)
            record["write_date"] = f"{moment_of(record['write_date']) + timedelta(seconds=1):%Y-%m-%d %H:%M:%S}"

    odoo.before.append(renew)


def refused(
    kind: type[OdooError], odoo: SimulatedOdoo, stack: Mapping[str, Any], *, check: bool = False, **options: Any
) -> str:
    """The message of a run that must fail."""
    with pytest.raises(kind) as caught:
        run(odoo, stack, check=check, **options)
    return caught.value.message


def refused_unwritten(kind: type[OdooError], odoo: SimulatedOdoo, stack: Mapping[str, Any], **options: Any) -> str:
    """The message of a run that must fail before anything is written; check mode says the same, and whatever else it finds."""
    predicted = refused(kind, odoo, stack, check=True, **options)
    message = refused(kind, odoo, stack, **options)
    assert message in predicted
    assert written(odoo) == []
    return message


def written(odoo: SimulatedOdoo) -> list[tuple[str, str]]:
    """The calls so far that might have written, less those for the lock."""
    calls = [(model, method) for model, method, _ids, _arguments in odoo.log if method not in READ_METHODS]
    lock = [("ir.config_parameter", "create"), ("ir.config_parameter", "unlink")]
    return calls[1:-1] if calls[:1] + calls[-1:] == lock else calls


def actions(plan: Plan) -> list[tuple[str, str]]:
    """What a plan does to what."""
    return [(step.action, step.key) for step in plan]


def changes(plan: Plan) -> dict[str, tuple[Any, Any]]:
    """Before and after of each field that a plan changes."""
    return {change.field: (change.before, change.after) for step in plan for change in step.changes}


def servers(odoo: SimulatedOdoo) -> list[dict[str, Any]]:
    """All mail servers, as they are stored."""
    return list(odoo.records.tables["ir.mail_server"].values())


def server(odoo: SimulatedOdoo, name: str) -> dict[str, Any]:
    """The one mail server of a name."""
    (found,) = [one for one in servers(odoo) if one["name"] == name]
    return found


def neutralize(odoo: SimulatedOdoo) -> None:
    """What Odoo's own neutralize.sql does, as far as mail servers and crons go."""
    for model in ("ir.mail_server", "ir.cron"):
        for record in odoo.records.tables[model].values():
            record["active"] = False
    odoo.add("ir.mail_server", name="neutralization - disable emails", smtp_host="invalid", smtp_port=1025)
    odoo.add("ir.config_parameter", key="database.is_neutralized", value="true")


def refuse_creating(odoo: SimulatedOdoo, name: str) -> None:
    """Let Odoo refuse to create the mail server of a name."""

    def refuse(model: str, method: str, _ids: Any, arguments: Mapping[str, Any]) -> None:
        if (model, method) == ("ir.mail_server", "create") and name in [one["name"] for one in arguments["vals_list"]]:
            raise Rejected("Odoo rejected the call: not this one")

    odoo.before.append(refuse)


def oauth2_server(authentication: str, *, name: str = "Main", **options: Any) -> dict[str, Any]:
    """The options of a mail server that logs in with OAuth2; those of `oauth2` among the others."""
    given = {key: options.pop(key) for key in ("refresh_token", "update", "required", *OAUTH2) if key in options}
    return {
        "name": name,
        "smtp_host": f"smtp.{authentication}.example",
        "smtp_port": 587,
        "smtp_encryption": "starttls",
        "smtp_authentication": authentication,
        "smtp_user": "sales@acme.example",
        "oauth2": {**OAUTH2, **given},
        **options,
    }
