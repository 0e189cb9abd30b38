# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests of existing mail servers: Odoo's connection test, then a canary if it is requested."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Rejected, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import OAUTH2_METHODS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.record_index import RecordIndex
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.records import read_all
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.connection_test import (
    OF_TEST_RECIPIENT,
    Canary,
    failures,
    is_address,
    send_canary,
    test_connection,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.oauth2_test import test_with_tokens
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session


def run_tests(session: Session, *, name: str | None, xml_id: str | None, canary: Canary | None) -> list[dict[str, Any]]:
    """Test the named server, or all active ones. With a read-only session, only list the servers.

    :raises Invalid: an address of the canary is invalid.
    """
    if canary is not None:
        for option, address in (("canary", canary.recipient), ("canary_from", canary.sender)):
            if address is not None and not is_address(address):
                raise Invalid(f"{option} {address!r} is not a valid email address.")
    return outcomes(session, servers_to_test(session, name=name, xml_id=xml_id), canary)


def outcomes(session: Session, servers: Iterable[Found], canary: Canary | None = None) -> list[dict[str, Any]]:
    """Test these servers, one after the other. With a read-only session, only list them."""
    return [{"name": server.values["name"], "id": server.id, **_test(session, server, canary)} for server in servers]


def _test(session: Session, server: Found, canary: Canary | None) -> dict[str, Any]:
    if session.read_only:
        return {"outcome": "not_tested", "message": "Not tested: check mode only reads."}
    method = OAUTH2_METHODS.get(server.values["smtp_authentication"])
    run = None
    if method and method.rotates:
        # If the test fails after the provider has replaced the refresh token, Odoo's own test would undo the storage of the new one.
        run = partial(test_with_tokens, session, server.id, None, method.current_tokens, {})
    test = test_connection(session, server.id, server.values, MAIL_SERVER.secrets_of(server.values), run)
    if canary is not None and (test["outcome"] == "ok" or test["outcome"] in OF_TEST_RECIPIENT):
        test["canary"] = send_canary(session, server, canary, MAIL_SERVER.secrets_of(server.values))
        if test["canary"]["outcome"] == "ok" and test["outcome"] != "ok":
            test["outcome"] = "ok"
            test["message"] += (
                " The server rejects only the recipient of this test: it accepted a mail to another recipient."
            )
    return test


def servers_to_test(session: Session, *, name: str | None, xml_id: str | None) -> list[Found]:
    """Return the named server, even if it is archived, or all active ones. Personal mail servers are left out.

    :raises Unsupported: no server has the name or external ID, or there is no active server.
    """
    found = read_all(session, MAIL_SERVER).found
    if name is None and xml_id is None:
        chosen = [server for server in found if server.values["active"] and MAIL_SERVER.is_own(server.values)]
        wanted = "active outgoing mail server"
    else:
        declaration = MAIL_SERVER.declare({"name": name or xml_id, "xml_id": xml_id})
        match = MAIL_SERVER.find(declaration, RecordIndex(one for one in found if MAIL_SERVER.is_own(one.values)))
        chosen = [match] if match else []
        wanted = declaration.label
    if not chosen:
        raise Unsupported(
            f"There is no {wanted} in database {session.database} at {session.url}. Check name and xml_id."
        )
    return chosen


def tests_result(tests: list[dict[str, Any]], *, fail_on_error: bool) -> TaskResult:
    """Return the tests of mail servers as the result of a task. Only a canary counts as a change."""
    failed = failures(tests)
    changed = any("canary" in test for test in tests)
    if not (failed and fail_on_error):
        return TaskResult({"tests": tests}, changed)
    message = f"{len(failed)} of {len(tests)} mail servers failed. " + " ".join(failed)
    return TaskResult({"tests": tests}, changed, (), message, Rejected.kind)
