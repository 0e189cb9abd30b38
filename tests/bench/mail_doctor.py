# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The doctor on one million mails, without Odoo's connection tests:

`python tests/bench mail_doctor`. It may take three seconds, including the login.
"""

from __future__ import annotations

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.diagnose import Examination, diagnose
from lab import Lab
from mail_queue import DATABASE, MAILS, REASONS, ROUNDS, fill, give_reasons, logins, median, timed

ALLOWED = 3.0


def main() -> None:
    lab = Lab.load()
    lab.fresh(DATABASE)
    lab.sql(DATABASE, "UPDATE ir_cron SET active = false")
    fill(lab, DATABASE)
    print(f"{MAILS} mails; median of {ROUNDS} rounds, seconds; allowed {ALLOWED:.2f}")
    slowest = 0.0
    for name, reason in REASONS.items():
        give_reasons(lab, DATABASE, reason)
        for login, session in logins(lab).items():
            calls = 0

            def examine(session=session) -> None:
                nonlocal calls
                with session() as opened:
                    diagnose(opened, Examination(live_tests=False))
                    calls = len(opened.calls)

            examine()
            seconds = median(lambda examine=examine: timed(examine))
            slowest = max(slowest, seconds)
            print(f"  {name}: mail_doctor over {login}: {seconds:.2f} ({calls} calls)")
    lab.drop(DATABASE)
    if slowest > ALLOWED:
        raise SystemExit("That is too slow.")
