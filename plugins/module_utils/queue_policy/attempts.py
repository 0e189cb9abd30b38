# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often each mail was tried. Odoo does not count, so the policy's backoff and `mail_queue` share a note in a system parameter.

Each word of the note is a mail: `41=2` was tried once and is queued for its second attempt; `42=-30` was tried thirty times and is given up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

ATTEMPTS_KEY = "postmaster_odoo.attempts"
# Of what is asked for by hand or by a pipeline.
MAX_ATTEMPTS = 30
# Of the policy: more than its delays allow in `give_up_after`, unless either is changed.
MAX_ATTEMPTS_OF_POLICY = 100


# A longer word is no entry: an id has at most 19 digits.
_LONGEST = 30


@dataclass
class Attempts:
    """The note of an instance.

    :ivar counts: the attempts at each mail that was queued again, by its id, with the one that it is queued for.
    :ivar given_up: the ids of mails that are not tried again.
    """

    counts: dict[int, int] = field(default_factory=dict)
    given_up: set[int] = field(default_factory=set)

    @classmethod
    def from_text(cls, text: str) -> Attempts:
        """Read a note. Words that are none are left out: somebody may have edited it."""
        attempts = cls()
        for word in text.split():
            mail_id, _equals, count = word.partition("=")
            if len(word) < _LONGEST and mail_id.isdecimal() and count.removeprefix("-").isdecimal():
                attempts.counts[int(mail_id)] = abs(int(count))
                if count.startswith("-"):
                    attempts.given_up.add(int(mail_id))
        return attempts

    def as_text(self, kept: Collection[int]) -> str:
        """Return the note of those mails that are still to be sent."""
        return " ".join(
            f"{mail_id}={'-' if mail_id in self.given_up else ''}{count}"
            for mail_id, count in sorted(self.counts.items())
            if mail_id in kept
        )

    def exhausted(self, max_attempts: int) -> list[int]:
        """Return the ids of the mails that were tried as often as is allowed; 0 allows any number."""
        return [mail_id for mail_id, count in self.counts.items() if 0 < max_attempts <= count]

    def count(self, ids: Iterable[int], *, anew: bool) -> None:
        """Note one more attempt at mails.

        :param anew: forget the attempts before.
        """
        for mail_id in ids:
            self.counts[mail_id] = 2 if anew else self.counts.get(mail_id, 1) + 1
            self.given_up.discard(mail_id)
