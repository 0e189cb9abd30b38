# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults of mails and their queue, each with its expected finding."""

from __future__ import annotations

from ansible_collections.postmaster.odoo.plugins.module_utils.queue.actions import act
from ansible_collections.postmaster.odoo.plugins.module_utils.queue.selection import Selection
from broken_instance import MAIN, BrokenInstance, Fault


def _many_mails(broken: BrokenInstance) -> None:
    broken.mail(1001)


def _refused(broken: BrokenInstance, verb: str, reply: str) -> None:
    """Create mails that an SMTP server has refused. Afterwards it accepts everything again."""
    broken.lab.smtp[MAIN].configure(replies={verb: reply})
    broken.mail(3)
    broken.run_queue()
    broken.lab.smtp[MAIN].reset()


def _more_than_a_batch(broken: BrokenInstance) -> None:
    """Run the queue with a batch for a third of the mails."""
    broken.instance.needs_batch_size()
    broken.parameter("mail.mail.queue.batch.size", "10")
    broken.mail(30)
    broken.age_mails("1 hour")
    broken.instance.sql("UPDATE mail_mail SET write_date = create_date")
    broken.run_queue()


def _given_up(broken: BrokenInstance) -> None:
    """Create throttled mails at the end of their attempts."""
    _refused(broken, "MAIL", "451 4.7.1 Greylisted")
    with broken.instance.session() as session:
        act(session, "retry", Selection(), batch_size=50)
    broken.instance.sql("UPDATE mail_mail SET state = 'exception'")
    with broken.instance.session() as session:
        act(session, "retry", Selection(), batch_size=50, max_attempts=2)


def _blocked(broken: BrokenInstance) -> None:
    """Run the queue so that it stops at a mail server whose password is not ASCII."""
    broken.mail(3)
    broken.age_mails("1 hour")
    broken.instance.sql("UPDATE mail_mail SET write_date = create_date")
    broken.server(smtp_pass="made-up-ß")
    broken.run_queue()
    broken.server(smtp_pass=broken.lab.smtp[MAIN].password)


def _hung_up(broken: BrokenInstance) -> None:
    """Interrupt a run of the queue in the middle."""
    broken.lab.smtp[MAIN].configure(drop_at="DATA", drop_after=2)
    broken.mail(6)
    broken.age_mails("1 minute")
    broken.run_queue()
    broken.lab.smtp[MAIN].reset()


def without_recipient(broken: BrokenInstance) -> None:
    broken.mail(email_to=False)
    broken.run_queue()


def _old_mail(broken: BrokenInstance, span: str) -> None:
    broken.mail()
    broken.age_mails(span)


QUEUE_FAULTS: dict[str, Fault] = {
    "a thousand and one mails": ("backlog", _many_mails),
    "a mail of three hours ago": ("oldest_too_old", lambda it: _old_mail(it, "3 hours")),
    "a mail of last week": ("stale_outgoing", lambda it: _old_mail(it, "8 days")),
    "refused recipients": ("failures_by_class", lambda it: _refused(it, "RCPT", "550 5.1.1 No such user")),
    "throttled mails": ("throttled", lambda it: _refused(it, "MAIL", "451 4.7.1 Greylisted")),
    "more mails than a batch": ("queue_batch_full", _more_than_a_batch),
    "mails that were tried too often": ("given_up", _given_up),
    "a queue that breaks off": ("queue_blocked", _blocked),
    "cut off in the middle": ("interrupted_batch", _hung_up),
    "no recipients": ("no_recipient", without_recipient),
}
