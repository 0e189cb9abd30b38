# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Odoo's refusals by kind, whichever version and transport brought them."""

from __future__ import annotations

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AccessRefused,
    AuthenticationFailed,
    Conflict,
    OdooError,
    Rejected,
    UnknownMethod,
    Unreachable,
    Unsupported,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.answers import refusal

WHERE = "ir.cron.write on database acme"
RUNNING = (
    "Record cannot be modified right now: This cron task is currently being executed and may not be modified "
    "Please try again in a few minutes"
)


@pytest.mark.parametrize(
    ("name", "message", "kind"),
    [
        ("odoo.exceptions.UserError", RUNNING, Conflict),
        ("odoo.exceptions.UserError", "Job 'Mail: Email Queue Manager' already executing", Conflict),
        (
            "odoo.exceptions.UserError",
            "Odoo is currently processing a scheduled action.\nModule operations …",
            Conflict,
        ),
        ("odoo.exceptions.UserError", "Odoo is currently processing another module operation.", Conflict),
        ("odoo.exceptions.LockError", "Cannot grab a lock", Conflict),
        ("odoo.exceptions.ConcurrencyError", "", Conflict),
        ("psycopg2.errors.SerializationFailure", "could not serialize access due to concurrent update", Conflict),
        ("psycopg2.errors.LockNotAvailable", "could not obtain lock on row in relation", Conflict),
        ("psycopg2.errors.DeadlockDetected", "deadlock detected", Conflict),
        ("psycopg2.OperationalError", "could not serialize access due to read/write dependencies", Conflict),
        ("odoo.exceptions.AccessDenied", "Access Denied", AuthenticationFailed),
        ("odoo.exceptions.AccessDenied", "", AuthenticationFailed),
        ("odoo.exceptions.AccessError", "You are not allowed to modify 'Scheduled Actions' (ir.cron)", AccessRefused),
        ("odoo.exceptions.AccessError", "Private methods (such as 'ir.cron._trigger') cannot be called", AccessRefused),
        ("odoo.exceptions.UserError", "Object mail.alias.domain doesn't exist", Unsupported),
        ("builtins.ValueError", "Invalid field 'smtp_timeout' on model 'ir.mail_server'", Unsupported),
        ("builtins.ValueError", "Invalid field 'smtp_timeout' in 'ir.mail_server'", Unsupported),
        ("builtins.ValueError", "Wrong value for ir.mail_server.smtp_encryption: 'tls'", Unsupported),
        ("builtins.AttributeError", "The method 'ir.cron.no_such' does not exist", UnknownMethod),
        ("builtins.AttributeError", "The method 'no_such' does not exist on the model 'ir.cron'", UnknownMethod),
        ("builtins.AttributeError", "type object 'ir.cron' has no attribute 'no_such'", UnknownMethod),
        ("werkzeug.exceptions.NotFound", "the method 'ir.cron.no_such' does not exist", UnknownMethod),
        ("builtins.AttributeError", "'NoneType' object has no attribute 'send'", Rejected),
        ("werkzeug.exceptions.NotFound", "the model 'mail.alias.domain' does not exist", Unsupported),
        ("odoo.exceptions.UserError", "Please leave the password field empty for Gmail mail server 'p'.", Rejected),
        ("odoo.exceptions.ValidationError", "The operation cannot be completed: Key must be unique.", Rejected),
        ("odoo.exceptions.RedirectWarning", "Please configure …", Rejected),
        ("odoo.exceptions.MissingError", "Record does not exist or has been deleted.", Rejected),
        ("psycopg2.errors.IntegrityError", "null value in column", Rejected),
        ("psycopg2.OperationalError", 'FATAL:  database "acme" does not exist', Unreachable),
        ("builtins.TypeError", "write() got an unexpected keyword argument 'x'", Rejected),
        ("", "", Rejected),
    ],
)
def test_kinds(name: str, message: str, kind: type[OdooError]) -> None:
    error = refusal(WHERE, name, message)
    assert error.__class__ is kind
    assert error.message.startswith(WHERE)
    assert "\n" not in error.message


def test_odoos_words_come_on_one_line() -> None:
    error = refusal(WHERE, "odoo.exceptions.UserError", "You cannot archive it:\n\n  - Invoice (Email Template)\n")
    assert error.message == f"{WHERE}: Odoo rejected the call: You cannot archive it: - Invoice (Email Template)"
