"""The SMTP servers: the requirements of each, and its default behavior."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .. import credentials


@dataclass
class Behavior:
    """The behavior of a server. The behavior of every server can be changed at run time.

    A verb is EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA (the command) or CONTENT (the message has been received).
    """

    silent: bool = False
    """Accept the TCP connection and never say a word."""

    delay: float = 0
    """Seconds before each reply."""

    greylist_seconds: float | None = None
    """Answer RCPT with 451 until this long after sender and recipient were first seen together."""

    throttle_messages: int | None = None
    """Answer MAIL with 421 and hang up once so many messages were accepted in the last `throttle_seconds`."""

    throttle_seconds: float = 3600

    drop_at: str | None = None
    """Hang up without a word at this verb, or at CONNECT."""

    drop_after: int = 0
    """How many messages to accept before `drop_at` begins to count."""

    replies: dict[str, str] = field(default_factory=dict)
    """Verb to the reply it always gets, such as {"RCPT": "550 5.1.1 No such user"}. A 421 also hangs up."""

    repeats: list[str] = field(default_factory=list)
    """Refuse every login, and repeat its password or token in these encodings (tests/unit/hostile/encodings.py)."""

    def changed(self, settings: Mapping[str, Any]) -> Behavior:
        """Return a behavior with these settings instead of its own; unknown ones are an error."""
        unknown = sorted(set(settings) - {known.name for known in fields(self)})
        if unknown:
            raise ValueError(f"A server's behavior has no setting {', '.join(unknown)}")
        return Behavior(**{**self.__dict__, **settings})


@dataclass(frozen=True)
class Server:
    """One SMTP server: its fixed properties."""

    name: str
    encryption: str = "none"  # none, starttls or ssl, as Odoo names them
    authentication: str = "none"  # none, login, xoauth2 or certificate
    certificate: str = "trusted"  # see certificates.py
    sender_must_be_user: bool = False
    behavior: Behavior = field(default_factory=Behavior)

    @property
    def secrets(self) -> dict[str, str]:
        """Return the credentials that a client must send."""
        return {
            "login": {"user": credentials.SMTP_USER, "password": credentials.SMTP_PASSWORD},
            "xoauth2": {"user": credentials.SMTP_OAUTH2_USER, "token": credentials.SMTP_OAUTH2_TOKEN},
        }.get(self.authentication, {})


SERVERS = {
    server.name: server
    for server in (
        Server("plain"),
        Server("starttls", "starttls", "login", sender_must_be_user=True),
        Server("starttls_any_sender", "starttls", "login"),
        Server("ssl", "ssl", "login"),
        Server("xoauth2", "starttls", "xoauth2"),
        Server("client_certificate", "starttls", "certificate"),
        Server("untrusted", "starttls", "login", "untrusted"),
        Server("expired", "starttls", "login", "expired"),
        Server("misnamed", "starttls", "login", "misnamed"),
        Server("silent", behavior=Behavior(silent=True)),
        Server("throttle", behavior=Behavior(throttle_messages=3)),
        Server("greylist", behavior=Behavior(greylist_seconds=2)),
        Server("drop", behavior=Behavior(drop_at="DATA")),
    )
}
