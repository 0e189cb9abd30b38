# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse the replies of SMTP servers in the messages of Odoo: connection tests and reasons of mails, in the wording of every version."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The stages of an SMTP session at which a reply can end it.
STAGES = ("greeting", "ehlo", "starttls", "auth", "mail", "rcpt", "data")

# A reply as Python shows it: (550, b'5.1.1 No such user'). A greeting that is not SMTP has the code -1.
_TUPLE = re.compile(r"""\((?P<code>-1|[2-5]\d\d), ?b(?P<quote>['"])(?P<text>.*?)(?<!\\)(?P=quote)""", re.DOTALL)
# The connection test shows no code for a sender and a recipient.
_BYTES = re.compile(r"""\berror b(?P<quote>['"])(?P<text>.*)(?P=quote)""", re.DOTALL)
# Up to 17.0, and from 18.0 on for a greeting and a login: the code is on its own line. A message may also have only one line.
_LINES = re.compile(
    r"""(?:^|[\s:])(?P<code>-1|[2-5]\d\d)(?:\s*\n\s*|\s+(?=b['"]|[245]\.\d{1,3}\.\d))(?P<text>.+)""", re.DOTALL
)
# The same without a line break and an enhanced code; not the status of an HTTP answer.
_ONE_LINE = re.compile(r"(?:^|: )(?P<code>[45]\d\d) (?!Client Error|Server Error)(?P<text>\S.+)", re.DOTALL)
# 16.0 shows no code for a greeting, EHLO, STARTTLS and a login, and uses the same message. The server's text shows which one it is.
_EXCEPTION = re.compile(r"Server replied with following exception:\s*(?P<text>.+)", re.DOTALL)
_LOGIN = re.compile(
    r"\b[45]\.7\.(?:0|3|8|9|11|1[34]|139|57)\b|authenti|log ?in\b|sign in|password|credential|user ?name|unknown user|oauth|token|account",
    re.IGNORECASE,
)
_HELO = re.compile(r"\b(?:ehlo|helo)\b", re.IGNORECASE)
_NO_TLS = re.compile(r"\btls\b.{0,20}\b(?:not available|unavailable)", re.IGNORECASE)
_QUOTED = re.compile(r"""^b(['"])(.*)\1""", re.DOTALL)
_ENHANCED = re.compile(r"(?:^|\s|#|\()([245]\.\d{1,3}\.\d{1,3})\b")
_CODE_OF_LINE = re.compile(r"(?m)^([2-5]\d\d)[ -]")

_STAGE_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (stage, re.compile(pattern, re.IGNORECASE))
    for stage, pattern in (
        ("mail", r"refused the sender address|SMTPSenderRefused"),
        ("rcpt", r"refused the test recipient|SMTPRecipientsRefused"),
        ("data", r"SMTPDataError|refused the test connection"),
        ("ehlo", r"SMTPHeloError"),
        ("auth", r"Server replied with following exception|SMTPAuthenticationError"),
        ("greeting", r"SMTPConnectError"),
    )
)


@dataclass(frozen=True)
class Reply:
    """A reply of an SMTP server.

    :ivar stage: one of STAGES. A server may reject a client, its name or a sender at a later stage.
    :ivar code: three digits; None if the message does not contain it; -1 for a greeting that is not SMTP.
    :ivar enhanced: the enhanced status code (RFC 3463), such as 5.7.1, or an empty text.
    :ivar text: the text of the server on one line, with the enhanced code.
    """

    stage: str
    code: int | None
    enhanced: str
    text: str

    @property
    def is_temporary(self) -> bool | None:
        """Return whether the failure is transient (RFC 5321 §4.2.1); None if the reply does not show it."""
        first = str(self.code)[0] if self.code and self.code > 0 else self.enhanced[:1]
        return {"4": True, "5": False}.get(first)


def parse_reply(message: str) -> Reply | None:
    """Return the reply of an SMTP server in a message of Odoo, None if it contains none."""
    # A reply without a text of Odoo before it is the answer to the connection or the login.
    stage = next((stage for stage, pattern in _STAGE_WORDS if pattern.search(message)), "greeting")
    for pattern in (_TUPLE, _BYTES, _LINES, _ONE_LINE, _EXCEPTION):
        found = pattern.search(message)
        if found:
            code = int(found["code"]) if "code" in found.groupdict() and found["code"] else None
            if pattern is _EXCEPTION:
                stage = _stage_of_words(found["text"])
            return reply_of(stage, code, found["text"])
    return None


def _stage_of_words(text: str) -> str:
    if _HELO.search(text):
        return "ehlo"
    if _NO_TLS.search(text):
        return "starttls"
    return "auth" if _LOGIN.search(text) else "greeting"


def reply_of(stage: str, code: int | None, text: str) -> Reply:
    """Return a reply from its parts.

    :param text: as the server sent it, or as Python shows its bytes. Each of several lines may begin with the code.
    """
    quoted = _QUOTED.search(text.strip())
    plain = (quoted[2] if quoted else text).replace("\\r", "").replace("\\n", "\n").replace("\\'", "'")
    if code is None:
        begin = _CODE_OF_LINE.match(plain)
        code = int(begin[1]) if begin else None
    line = " ".join(_CODE_OF_LINE.sub("", plain).split())
    found = _ENHANCED.search(line)
    return Reply(stage, code, found[1] if found else "", line)
