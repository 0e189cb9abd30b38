# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading of records of one resource type, for the modules that only read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.consent import authorize_url
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import OAUTH2_METHODS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.records import read_all
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import moment_of
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_long_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.task_result import TaskResult

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import ResourceType
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# The options of a module that only reads records of one resource type. The fragment `query` documents `query`.
INFO_ARGUMENTS: Mapping[str, Any] = {"name": {"type": "str"}, "xml_id": {"type": "str"}, "query": {"type": "str"}}


def read_info(
    session: Session, kind: ResourceType, *, name: str | None = None, xml_id: str | None = None
) -> list[dict[str, Any]]:
    """Return all records of a resource type, or those with a name or an external ID. Secrets are masked.

    :raises Unsupported: no record has the external ID.
    """
    records = read_all(session, kind)
    reports = [
        kind.report(found, records.fields)
        for found in records.found
        if (name is None or found.values.get(kind.key_field) == name) and (xml_id is None or found.xml_id == xml_id)
    ]
    if xml_id is not None and not reports:
        raise Unsupported(
            f"No {kind.label} has the external ID {xml_id} in database {session.database} at {session.url}. Check xml_id."
        )
    return reports


def read_mail_server_info(session: Session, *, name: str | None, xml_id: str | None) -> list[dict[str, Any]]:
    """Return mail servers like `read_info`. A server that waits for a person's consent also has the link for it."""
    reports = read_info(session, MAIL_SERVER, name=name, xml_id=xml_id)
    for report in reports:
        method = OAUTH2_METHODS.get(report.get("smtp_authentication", ""))
        report["authorize_url"] = (
            authorize_url(session, report["id"], method) if method and not report.get("connected") else None
        )
    return reports


def info_result(
    name: str, records: list[dict[str, Any]], session: Session, query: str | None, credentials: Collection[str]
) -> TaskResult:
    """Return records as the result of a module that only reads.

    :param name: the return value that contains them.
    :param query: a JMESPath expression for a second return value.
    :param credentials: the credentials of the task. They are removed from all values.
    :raises Invalid: the errors of `apply_query`.
    """
    shown = {name: records} if query is None else {name: records, "query_result": apply_query(query, records)}
    return TaskResult({"odoo_version": session.version.text}, of_odoo=without_long_secrets(shown, credentials))


def overdue_minutes(cron: dict[str, Any], now: datetime) -> int:
    """Return the delay of an active cron in minutes, by its `nextcall`; 0 if it is not late."""
    if not (cron.get("active") and cron.get("nextcall")):
        return 0
    return max(0, int((now - moment_of(cron["nextcall"])).total_seconds() // 60))


def apply_query(expression: str, records: list[dict[str, Any]]) -> Any:
    """Return the result of a JMESPath expression on the records.

    :raises Invalid: the expression is invalid, or jmespath is not installed.
    """
    try:
        import jmespath
    except ImportError as error:
        raise Invalid(
            "query needs the Python package jmespath on the host that runs the task: install it there (pip install jmespath)."
        ) from error
    try:
        return jmespath.search(expression, records)
    except jmespath.exceptions.JMESPathError as error:
        raise Invalid(
            f"query {expression!r} is not a valid JMESPath expression: {' '.join(str(error).split())}"
        ) from error
