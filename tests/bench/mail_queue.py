# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The queue modules on one million mails, compared with SQL and plain RPC: `python tests/bench mail_queue`.

A read may take three times as long as the SQL aggregates plus half a second, including the login. Cancelling 250,000
mails may take twice as long as plain writes of 10,000 ids each.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.state import MAIL, ask_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session, connect
from lab import Lab

ROUNDS = int(os.environ.get("ROUNDS", "5"))
MAILS = int(os.environ.get("MAILS", "1000000"))
CANCELLED = MAILS // 4
CHUNK = 10000
DATABASE = "bench_queue"

# Of ten mails four are outgoing, three were sent, two have failed, one is cancelled.
_STATE = "(ARRAY['outgoing','outgoing','outgoing','outgoing','sent','sent','sent','exception','exception','cancel'])[1 + n % 10]"
# A few reasons that many mails share. A reason with `{n}` is different for each mail.
REASONS = {
    "a few reasons": "'SMTPSenderRefused: (42' || n % 5 || ', b''4.7.0 Not now'', ''a@b.example'')'",
    "each its own reason": "'SMTPRecipientsRefused: {''user' || n || '@b.example'': (550, b''5.1.1 No such user'')}'",
}


def fill(lab: Lab, database: str) -> None:
    """Create the mails directly in the database."""
    lab.sql(
        database,
        "INSERT INTO mail_message (id, message_type, email_from, date, create_date, write_date, subject) "
        "SELECT 1000000 + n, 'email_outgoing', 'a' || n % 50 || '@d' || n % 7 || '.example', now(), now(), now(), 'Mail ' || n "
        f"FROM generate_series(1, {MAILS}) n",
    )
    lab.sql(
        database,
        "INSERT INTO mail_mail (id, mail_message_id, state, is_notification, create_date, write_date, email_to, body_html) "
        f"SELECT 1000000 + n, 1000000 + n, {_STATE}, true, now() - n * interval '1 second', now(), 'to@a.example', '<p>x</p>' "
        f"FROM generate_series(1, {MAILS}) n",
    )


def give_reasons(lab: Lab, database: str, reason: str) -> None:
    lab.sql(
        database,
        f"UPDATE mail_mail SET failure_reason = {reason} FROM (SELECT id AS of, id - 1000000 AS n FROM mail_mail) numbers "
        "WHERE id = of AND state = 'exception'",
    )
    lab.sql(database, "VACUUM ANALYZE mail_mail")


# The same queries in SQL.
AGGREGATES = (
    "SELECT state, count(*) FROM mail_mail GROUP BY state",
    "SELECT min(create_date) FROM mail_mail WHERE state = 'outgoing' AND scheduled_date IS NULL",
    "SELECT failure_type, failure_reason, count(*), max(id) FROM mail_mail WHERE state = 'exception' GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 1000",
)


def sql_seconds(lab: Lab) -> float:
    """Return the duration of the aggregates as measured by PostgreSQL."""
    seconds = 0.0
    for aggregate in AGGREGATES:
        plan = lab.sql(DATABASE, f"EXPLAIN (ANALYZE, TIMING OFF) {aggregate}")
        line = next(str(value) for row in reversed(plan) for value in row.values() if "Execution Time" in str(value))
        seconds += float(line.split()[2]) / 1000
    return seconds


def timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def median(run: Callable[[], float]) -> float:
    return statistics.median(run() for _round in range(ROUNDS))


def logins(lab: Lab) -> dict[str, Callable[[], Session]]:
    """Return the functions that open a session, for each transport."""
    environment = lab.environment(DATABASE)
    options = {name: environment[f"ODOO_{name.upper()}"] for name in ("url", "database", "username")}
    return {
        "JSON-2": lambda: connect(**options, transport="json2", api_key=environment["ODOO_API_KEY"], timeout=600),
        "JSON-RPC": lambda: connect(**options, transport="jsonrpc", password=environment["ODOO_PASSWORD"], timeout=600),
    }


def main() -> None:
    lab = Lab.load()
    lab.fresh(DATABASE)
    lab.sql(DATABASE, "UPDATE ir_cron SET active = false")
    sessions = logins(lab)

    def ask(login: str) -> int:
        with sessions[login]() as opened:
            ask_queue(opened)
            return len(opened.calls)

    fill(lab, DATABASE)
    good = True
    print(f"{MAILS} mails; median of {ROUNDS} rounds, seconds")
    for name, reason in REASONS.items():
        give_reasons(lab, DATABASE, reason)
        sql = median(lambda: sql_seconds(lab))
        allowed = 3 * sql + 0.5
        print(f"{name}: SQL itself {sql:.2f}, allowed {allowed:.2f}")
        for login in sessions:
            calls = ask(login)
            seconds = median(lambda login=login: timed(lambda: ask(login)))
            good = good and seconds <= allowed
            print(f"  mail_queue_info over {login}: {seconds:.2f} ({calls} calls)")

    with sessions["JSON-2"]() as opened:
        ids = opened.call(MAIL, "search", domain=[["state", "=", "outgoing"]], order="id", limit=CANCELLED)

        def plain() -> None:
            for start in range(0, len(ids), CHUNK):
                opened.write(MAIL, ids[start : start + CHUNK], {"state": "cancel"})

        def cancel() -> None:
            assert act(opened, "cancel", Selection(limit=CANCELLED), batch_size=50).count == CANCELLED

        seconds = {}
        for name, run in (("plain writes", plain), ("mail_queue", cancel)):
            seconds[name] = timed(run)
            lab.sql(
                DATABASE,
                f"UPDATE mail_mail SET state = {_STATE} FROM (SELECT id AS of, id - 1000000 AS n FROM mail_mail) numbers WHERE id = of",
            )
            lab.sql(DATABASE, "VACUUM ANALYZE mail_mail")
    good = good and seconds["mail_queue"] <= 2 * seconds["plain writes"]
    print(f"{CANCELLED} mails cancelled: " + ", ".join(f"{name} {took:.1f}" for name, took in seconds.items()))
    lab.drop(DATABASE)
    if not good:
        raise SystemExit("That is too slow.")
