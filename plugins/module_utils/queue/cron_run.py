# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a scheduled action (cron) once, now, and check whether it failed.

Up to 18.0 such a run does not keep Odoo's lock on the cron. 16.0 takes no lock. 17.0 and 18.0 lose it with the first commit, and the mail queue
commits after its first mail (16.0:odoo/addons/base/models/ir_cron.py:98, 17.0:102, 18.0:114). So the collection uses its own lock against
its other tasks that send mail.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.enforcement.lock import exclusive_run
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Conflict, OdooError, Rejected
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.server_secrets import read_server_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import SENDING_CRONS
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import sends_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.known_parameters import SENDING_KEY
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.external_ids import read_external_ids
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import (
    without_secrets,
    without_secrets_in_errors,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Plan
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# Odoo answers only when the cron has ended. Odoo's own limit is limit_time_real_cron, by default 2 minutes.
_RUN_SECONDS = 3600.0

_CAUSE_OF = "The above exception was the direct cause of the following exception"


def run_declared(session: Session, records: Sequence[Mapping[str, Any]], applied: Plan) -> dict[str, Any]:
    """Run a cron after its enforcement. In check mode nothing runs, because the cron may not exist yet.

    :param records: the reported record of the cron, or nothing.
    :param applied: the steps that enforced it.
    :raises OdooError: if the run fails. `details["applied"]` contains these steps.
    """
    if session.read_only or not records:
        return {"outcome": "not_run", "seconds": None}
    record = records[0]
    try:
        return run_cron(session, record["id"], record["xml_id"] or record["name"])
    except OdooError as error:
        error.details["applied"] = applied
        raise


def run_cron(session: Session, cron_id: int, key: str) -> dict[str, Any]:
    """Run a cron, even an inactive one. If it sends mail, no other task of the collection sends the queue at the same time.

    :raises Rejected: if it fails. The message contains Odoo's error message.
    :raises Conflict: if it is already running, or another task sends the queue.
    """
    lock: AbstractContextManager[Any] = nullcontext()
    if _sends_mail(session, cron_id):
        lock = exclusive_run(session, key=SENDING_KEY, is_detached=True)
    # The error of a cron that sends mail can contain a reply of an SMTP server.
    with without_secrets_in_errors(read_server_secrets(session)), lock:
        return _run(session, cron_id, key)


def _run(session: Session, cron_id: int, key: str) -> dict[str, Any]:
    started = time.monotonic()
    failures = _failures(session, cron_id)
    try:
        with session.patience(_RUN_SECONDS):
            answer = session.call(CRON.model, "method_direct_trigger", [cron_id])
    except OdooError as error:
        shown = CRON.is_running(session, cron_id, error) if isinstance(error, Conflict) else error
        raise type(error)(f"cron {key!r} (run): {shown.message}") from error
    # Up to 18.0 a failure is an error. 19.0 returns a dialogue. Builds of 19.0 from before 2025-12-27 return nothing, but count the failure
    # (docs/development/odoo-behaviour.md, Crons).
    if isinstance(answer, Mapping) and answer.get("tag") == "display_exception":
        raise Rejected(f"cron {key!r} (run): the run failed: {_words(answer)}")
    if _failures(session, cron_id) > failures:
        raise Rejected(
            f"cron {key!r} (run): the run failed, and this version of Odoo does not report the reason. Read Odoo's log."
        )
    return {"outcome": "ok", "seconds": round(time.monotonic() - started, 2)}


def _sends_mail(session: Session, cron_id: int) -> bool:
    """Return whether a cron is one of Odoo's crons that send mail, or has code that sends the queue."""
    if cron_id in {row["res_id"] for row in read_external_ids(session, SENDING_CRONS).values()}:
        return True
    return sends_queue(str(session.call(CRON.model, "read", [cron_id], fields=["code"])[0]["code"] or ""))


def _failures(session: Session, cron_id: int) -> int:
    """Return the number of failures in a row; 0 if Odoo does not count them (up to 17.0), or if the cron has deleted itself."""
    if "failure_count" not in session.fields(CRON.model):
        return 0
    rows = session.search_read(CRON.model, [["id", "=", cron_id]], ["failure_count"])
    return int(rows[0]["failure_count"]) if rows else 0


def _words(answer: Mapping[str, Any]) -> str:
    """Return the message of the exception, without its traceback.

    19.0 wraps it in an exception without a message. The message is only in the traceback, after the last indented line of the first part
    (19:odoo/addons/base/models/ir_cron.py:170).
    """
    data = (answer.get("params") or {}).get("data") or {}
    message = str(data.get("message") or "")
    if not message:
        cause = str(data.get("debug") or "").partition(_CAUSE_OF)[0].rstrip().splitlines()
        begin = max((number for number, line in enumerate(cause) if line.startswith("  ")), default=-1) + 1
        message = " ".join(cause[begin:])
    return without_secrets(" ".join(message.split())) or "without a message. Read Odoo's log."
