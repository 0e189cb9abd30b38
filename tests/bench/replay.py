# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The senders of one million messages of 30 days, read and replayed:

`python tests/bench replay`. It may take three seconds, including the login.
"""

from __future__ import annotations

from ansible_collections.postmaster.odoo.plugins.module_utils.routing.replay import replay_result
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.senders import read_senders
from ansible_collections.postmaster.odoo.plugins.module_utils.routing.table import read_routing
from lab import Lab
from limits import Limit, judge
from mail_queue import logins, median, timed

ALLOWED = 3.0
MESSAGES = 1_000_000
DATABASE = "bench_queue"


def fill(lab: Lab) -> None:
    """Create the messages directly in the database: on 20,000 contacts, nine of ten from 20 users, the others from 2000
    customers.
    """
    lab.sql(
        DATABASE,
        "INSERT INTO res_partner (id, name, complete_name, active, type) "
        "SELECT 1000000 + n, 'Contact ' || n, 'Contact ' || n, true, 'contact' FROM generate_series(1, 20000) n",
    )
    lab.sql(
        DATABASE,
        "INSERT INTO mail_message (id, message_type, email_from, model, res_id, create_date, write_date, date, create_uid) "
        "SELECT 1000000 + n, 'comment', CASE WHEN n % 10 = 0 THEN 'customer' || n / 10 % 2000 || '@elsewhere.example' "
        "ELSE 'user' || n % 20 || '@acme.example' END, 'res.partner', 1000001 + n % 20000, "
        f"now() AT TIME ZONE 'UTC' - interval '29 days' * (1 - n / {MESSAGES}.0), now(), now(), 2 "
        f"FROM generate_series(1, {MESSAGES}) n",
    )
    lab.sql(
        DATABASE,
        "INSERT INTO mail_notification (mail_message_id, res_partner_id, notification_type, notification_status, is_read) "
        "SELECT id, res_id, 'email', 'sent', true FROM mail_message WHERE id > 1000000 ORDER BY id",
    )
    for table in ("mail_message", "mail_notification"):
        lab.sql(DATABASE, f"VACUUM ANALYZE {table}")


def main() -> None:
    lab = Lab.load()
    lab.fresh(DATABASE)
    lab.sql(DATABASE, "UPDATE ir_cron SET active = false")
    fill(lab)
    limits = []
    for login, session in logins(lab).items():

        def replay(session=session) -> None:
            with session() as opened:
                table = read_routing(opened)
                replay_result(read_senders(opened, table, 30), 30, table, table)

        replay()
        seconds = median(lambda replay=replay: timed(replay))
        limits.append(Limit(f"seconds for the replay of {MESSAGES} messages over {login}", seconds, at_most=ALLOWED))
    lab.drop(DATABASE)
    judge(*limits)
