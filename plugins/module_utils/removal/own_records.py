# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The records that the collection itself has put into an instance, to list and to remove them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.web_client import restore_base_url
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.enforce import enforce
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import exclusive_run, is_another_running
from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.run_options import RunOptions
from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.put_off import left_put_off
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.attempts import ATTEMPTS_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import MARK, before_of
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.options import LANES, RULES
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.addon import ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron_deletion import finish_deletion
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import (
    BASE_URL_KEY,
    DELETION_KEY,
    LOCK_KEY,
    PUT_OFF_KEY,
    SENDING_KEY,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MAIL_SERVER, TIMEOUT_ADDON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.queue_policy import QUEUE_POLICY
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.registry import RESOURCE_TYPES
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.external_ids import OF_ODOO, read_external_ids
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_action import (
    ACTION_MODEL,
    ACTION_NAME,
    own_actions,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# The kinds of records, in the order of their removal.
RULE, COPY, ACTION, PARAMETER, EXTERNAL_ID, OWN_ADDON = (
    "queue_policy",
    "mail_server_copy",
    "server_action",
    "system_parameter",
    "external_id",
    "addon",
)
KINDS = (RULE, COPY, ACTION, PARAMETER, EXTERNAL_ID, OWN_ADDON)
_OWN_KEYS = (ATTEMPTS_KEY, BASE_URL_KEY, DELETION_KEY, LOCK_KEY, PUT_OFF_KEY, SENDING_KEY)
_EXTERNAL_IDS = "ir.model.data"


@dataclass(frozen=True)
class OwnRecord:
    """A record that only the collection needs.

    :param kind: one of KINDS. :param record_id: its id in Odoo.
    """

    kind: str
    name: str
    record_id: int

    def as_result(self) -> dict[str, Any]:
        """Return the record as a task's result has it."""
        return {"kind": self.kind, "name": self.name, "id": self.record_id}


def find_own_records(session: Session) -> list[OwnRecord]:
    """Return the records of the collection in an instance, in the order of their removal."""
    records = [
        *_rules(session),
        *_copies(session),
        *_actions(session),
        *_parameters(session),
        *_external_ids(session),
        *_addon(session),
    ]
    return sorted(records, key=lambda record: (KINDS.index(record.kind), record.name))


def remove_own_records(session: Session, records: Sequence[OwnRecord]) -> None:
    """Remove records of the collection. Everything that was declared stays as it is. Mails that a killed run has put off are due again.

    :raises Conflict: a run of the collection writes to the instance or sends its queue at this moment, or Odoo still sends for a killed one.
    """
    rows = _own_parameters(session)
    parameters = {row["key"]: row["value"] for row in rows}
    if any(key in parameters and is_another_running(session, key) for key in (LOCK_KEY, SENDING_KEY)):
        raise Conflict(
            f"Another run writes to database {session.database} at {session.url} at this moment: try again when it has ended."
        )
    mails = left_put_off(session) if PUT_OFF_KEY in parameters else None
    if mails:
        with exclusive_run(session, key=SENDING_KEY):
            mails.wait_until_quiet(session)
            mails.put_back(session)
    for row in rows:
        if row["key"] == DELETION_KEY:
            finish_deletion(session, row["id"], str(row["value"] or ""))
        if row["key"] == BASE_URL_KEY:
            restore_base_url(session)
    of_kind = {kind: [record for record in records if record.kind == kind] for kind in KINDS}
    if of_kind[RULE]:
        enforce(session, [QUEUE_POLICY.declare({"state": "absent"})], RunOptions())
        ids = [one.record_id for one in of_kind[RULE]]
        left = session.search_read(CRON.model, [["id", "in", ids], ["code", "like", MARK]], ["name"])
        for row in left:
            CRON.perform(session, [Step(CRON.name, str(row["name"]), "delete", record_id=row["id"])])
    for kind, model in (
        (COPY, MAIL_SERVER.model),
        (ACTION, ACTION_MODEL),
        (PARAMETER, SYSTEM_PARAMETER.model),
        (EXTERNAL_ID, _EXTERNAL_IDS),
    ):
        if of_kind[kind]:
            # The policy has removed its own external IDs, and its run the lock.
            present = session.search_read(model, [["id", "in", [one.record_id for one in of_kind[kind]]]], ["id"])
            session.unlink(model, [row["id"] for row in present])
    if of_kind[OWN_ADDON]:
        enforce(
            session, [ADDON.declare({"name": one.name, "state": "absent"}) for one in of_kind[OWN_ADDON]], RunOptions()
        )


def _rules(session: Session) -> Iterator[OwnRecord]:
    pins = read_external_ids(session, set(RULES.values()))
    for rule, xml_id in RULES.items():
        row = pins.get(xml_id)
        if row is None or row["model"] != CRON.model:
            continue
        if rule == LANES:
            code = session.search_read(CRON.model, [["id", "=", row["res_id"]]], ["code"])
            if not code or before_of(str(code[0]["code"] or "")) is None:
                continue
        yield OwnRecord(RULE, rule, row["res_id"])
    # Copies, and records whose external ID somebody has removed.
    pinned = {row["res_id"] for row in pins.values()}
    for row in session.search_read(CRON.model, [["code", "like", MARK]], ["name"]):
        if row["id"] not in pinned:
            yield OwnRecord(RULE, str(row["name"]), row["id"])


def _actions(session: Session) -> Iterator[OwnRecord]:
    """Yield the server actions that a killed run has left, in which they have tested or sent."""
    for record_id in own_actions(session):
        yield OwnRecord(ACTION, ACTION_NAME, record_id)


def _copies(session: Session) -> Iterator[OwnRecord]:
    """Yield the copies of mail servers that a killed run has left."""
    for row in session.search_read(MAIL_SERVER.model, [["active", "=", False]], ["name", "active"]):
        if MAIL_SERVER.is_candidate(Found(row["id"], row)):
            yield OwnRecord(COPY, row["name"], row["id"])


def _own_parameters(session: Session) -> list[dict[str, Any]]:
    return session.search_read(SYSTEM_PARAMETER.model, [["key", "in", list(_OWN_KEYS)]], ["key", "value"])


def _parameters(session: Session) -> Iterator[OwnRecord]:
    for row in _own_parameters(session):
        yield OwnRecord(PARAMETER, row["key"], row["id"])


def _external_ids(session: Session) -> Iterator[OwnRecord]:
    """Yield the external IDs that pin declared records: those of the resource types' models that no addon has brought."""
    models = sorted({kind.model for kind in RESOURCE_TYPES} - {ADDON.model})
    rows = session.search_read(_EXTERNAL_IDS, [["model", "in", models], ["noupdate", "=", True]], ["module", "name"])
    modules = sorted({row["module"] for row in rows})
    known = {row["name"] for row in session.search_read(ADDON.model, [["name", "in", modules]], ["name"])}
    for row in rows:
        xml_id = f"{row['module']}.{row['name']}"
        if row["module"] not in (*known, *OF_ODOO) and xml_id not in RULES.values():
            yield OwnRecord(EXTERNAL_ID, xml_id, row["id"])


def _addon(session: Session) -> Iterator[OwnRecord]:
    domain = [["name", "=", TIMEOUT_ADDON], ["state", "in", ["installed", "to upgrade"]]]
    for row in session.search_read(ADDON.model, domain, ["name"]):
        yield OwnRecord(OWN_ADDON, row["name"], row["id"])
