# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue policy cancels stale mails and purges old ones."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy import jobs as queue_jobs
from instance import LabInstance
from queue_policy import apply, pass_time, queue, run, states


def test_stale_mails_are_cancelled(database: LabInstance) -> None:
    apply(database, stale_after=7)
    queue(database, 3, "Stale")
    queue(database, 1, "Planned", scheduled_date="2090-01-01 00:00:00")
    pass_time(database, 8 * 24 * 60)
    queue(database, 2, "Young")
    run(database, queue_jobs.STALE)
    assert states(database) == {"cancel": 3, "outgoing": 3}


def test_old_mails_are_purged_even_if_rpc_may_not_delete_them(database: LabInstance) -> None:
    apply(database, purge_after=30)
    queue(database, 600, state="cancel")  # without a document: an administrator may not delete these
    queue(database, 1, state="exception", model="res.users", res_id=2)
    queue(database, 1, state="sent")
    queue(database, 1, state="outgoing")
    pass_time(database, 31 * 24 * 60)
    queue(database, 1, state="cancel")
    run(database, queue_jobs.PURGE)
    assert states(database) == {"sent": 1, "outgoing": 1, "cancel": 1}


def test_a_mail_that_cannot_be_purged_does_not_stop_the_others(database: LabInstance) -> None:
    apply(database, purge_after=30)
    kept, *_others = queue(database, 5, state="cancel")
    pass_time(database, 31 * 24 * 60)
    database.sql(
        f"CREATE TABLE made_up AS SELECT {kept} AS id; "
        "ALTER TABLE made_up ADD FOREIGN KEY (id) REFERENCES mail_mail (id) ON DELETE RESTRICT"
    )
    run(database, queue_jobs.PURGE)
    assert [row["id"] for row in database.read("mail.mail", fields=("state",))] == [kept]
