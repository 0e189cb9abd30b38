# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts of the attempts to send each mail.

Odoo does not count them, so the policy's backoff and `mail_queue` share a system parameter. Each word of it is a mail. `41=2`: mail 41 was tried
once and is queued for its second attempt. `42=-30`: mail 42 was tried thirty times and is not retried.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

ATTEMPTS_KEY = "postmaster_odoo.attempts"
# The default limit of a retry by hand or by a pipeline.
MAX_ATTEMPTS = 30
# The default limit of the policy. The default delays do not reach it within `give_up_after`.
MAX_ATTEMPTS_OF_POLICY = 100


# Longer words are not valid, because an id has at most 19 digits.
_LONGEST = 30


@dataclass
class Attempts:
    """The stored counts of an instance.

    :ivar counts: the attempts for each mail that was queued again, by its id, including the one that it is queued for.
    :ivar given_up: the ids of mails that are not retried.
    """

    counts: dict[int, int] = field(default_factory=dict)
    given_up: set[int] = field(default_factory=set)

    @classmethod
    def from_text(cls, text: str) -> Attempts:
        """Return the counts from the text of the parameter. Words that are not valid are ignored, because the text may have been edited."""
        attempts = cls()
        for word in text.split():
            mail_id, _equals, count = word.partition("=")
            if len(word) < _LONGEST and mail_id.isdecimal() and count.removeprefix("-").isdecimal():
                attempts.counts[int(mail_id)] = abs(int(count))
                if count.startswith("-"):
                    attempts.given_up.add(int(mail_id))
        return attempts

    def as_text(self, kept: Collection[int]) -> str:
        """Return the text of the parameter, with only the mails in `kept`."""
        return " ".join(
            f"{mail_id}={'-' if mail_id in self.given_up else ''}{count}"
            for mail_id, count in sorted(self.counts.items())
            if mail_id in kept
        )

    def exhausted(self, max_attempts: int) -> list[int]:
        """Return the ids of the mails that have reached the limit of attempts; 0 means no limit."""
        return [mail_id for mail_id, count in self.counts.items() if 0 < max_attempts <= count]

    def count(self, ids: Iterable[int], *, anew: bool) -> None:
        """Add one attempt for mails.

        :param anew: forget the earlier attempts.
        """
        for mail_id in ids:
            self.counts[mail_id] = 2 if anew else self.counts.get(mail_id, 1) + 1
            self.given_up.discard(mail_id)
