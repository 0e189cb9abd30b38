"""The process that runs all SMTP servers: `python -m lab.smtp.process SETTINGS`, with a file of JSON settings."""

# ruff: noqa: N802, N815 (aiosmtpd finds commands and hooks by these names)
from __future__ import annotations

import asyncio
import functools
import json
import logging
import ssl
import sys
import time
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, TLSSetupException
from aiosmtpd.smtp import Session as SmtpSession
from unit.hostile.encodings import ENCODINGS

from .records import Records
from .servers import SERVERS, Behavior, Server

HOST = "127.0.0.1"

GREYLISTED = "451 4.7.1 Greylisted, please try again later"
THROTTLED = "421 4.7.0 Too many messages, try again later"
TLS_REQUIRED = "530 5.7.0 Must issue a STARTTLS command first"
AUTHENTICATION_REQUIRED = "530 5.7.0 Authentication Required"
# The content of the 334 with which Google's servers announce a refused token.
TOKEN_REFUSED = {"status": "400", "schemes": "Bearer", "scope": "https://mail.google.com/"}


class Desk:
    """One server's state across its sessions: its behavior, its records and its counters."""

    def __init__(self, server: Server, records: Records, tls: ssl.SSLContext | None) -> None:
        self.server = server
        self.records = records
        self.tls = tls
        self.reset()

    def reset(self) -> None:
        self.behavior = self.server.behavior.changed({})
        self.records.forget()
        self._accepted: deque[float] = deque()
        self._first_seen: dict[tuple[str, str], float] = {}

    def configure(self, settings: dict[str, Any]) -> None:
        self.behavior = self.behavior.changed(settings)

    @property
    def drops_now(self) -> str | None:
        """Return the verb at which the server disconnects, after the number of accepted messages that the behavior
        allows.
        """
        return self.behavior.drop_at if len(self._accepted) >= self.behavior.drop_after else None

    @property
    def is_throttled(self) -> bool:
        limit, since = self.behavior.throttle_messages, time.monotonic() - self.behavior.throttle_seconds
        return limit is not None and sum(moment > since for moment in self._accepted) >= limit

    def is_greylisted(self, sender: str, recipient: str) -> bool:
        if self.behavior.greylist_seconds is None:
            return False
        now = time.monotonic()
        return now - self._first_seen.setdefault((sender, recipient), now) < self.behavior.greylist_seconds

    def accept(self) -> None:
        self._accepted.append(time.monotonic())


def _played(verb: str) -> Callable[[Conversation, str], Awaitable[None]]:
    """Run aiosmtpd's own handling of a command, after the configured behavior."""
    original = getattr(SMTP, f"smtp_{verb}")

    @functools.wraps(original)
    async def command(self: Conversation, argument: str) -> None:
        self.verb = verb
        if not await self.behavior_answers(verb):
            await original(self, argument)

    return command


class Conversation(SMTP):
    """One client's connection. Every refusal is recorded when it is sent."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.verb = "CONNECT"
        login, encryption = desk.server.authentication, desk.server.encryption
        super().__init__(
            self,  # its own handler: the handle_ methods below
            hostname="localhost",
            ident="Lab SMTP",
            enable_SMTPUTF8=True,
            tls_context=desk.tls if encryption == "starttls" else None,
            # aiosmtpd only detects TLS that began with STARTTLS.
            auth_require_tls=encryption != "ssl",
            auth_exclude_mechanism={"login": ["XOAUTH2"], "xoauth2": ["LOGIN", "PLAIN"]}.get(login, []),
            authenticator=self._check_password,
            loop=asyncio.get_running_loop(),
        )

    smtp_EHLO = _played("EHLO")
    smtp_AUTH = _played("AUTH")
    smtp_MAIL = _played("MAIL")
    smtp_RCPT = _played("RCPT")
    smtp_DATA = _played("DATA")

    async def smtp_STARTTLS(self, argument: str) -> None:
        self.verb = "STARTTLS"
        if await self.behavior_answers("STARTTLS"):
            return
        try:
            await super().smtp_STARTTLS(argument)
        except TLSSetupException as problem:
            self.note("refused", verb="STARTTLS", reply=f"TLS handshake failed: {problem.__cause__}")
            raise

    async def _handle_client(self) -> None:
        self.note("connected")
        if self.desk.behavior.silent:
            await asyncio.Event().wait()  # until the client disconnects, which cancels this
        if not await self.behavior_answers("CONNECT"):
            await super()._handle_client()

    async def push(self, status: AnyStr) -> None:
        await asyncio.sleep(self.desk.behavior.delay)
        text = status.decode() if isinstance(status, bytes) else status
        if text[:1] in "45":
            self.note("refused", verb=self.verb, reply=text)
        await super().push(status)
        if text.startswith("421") and self.transport:
            self.transport.close()

    async def behavior_answers(self, verb: str) -> bool:
        """Disconnect or send the scripted reply if the behavior requires it; return whether this was the answer."""
        if self.desk.drops_now == verb:
            self.note("dropped", verb=verb, reply=None)
            if self.transport:
                self.transport.close()
            return True
        if verb in self.desk.behavior.replies:
            await self.push(self.desk.behavior.replies[verb])
            return True
        return False

    def note(self, event: str, **facts: Any) -> None:
        """Record an event with the facts about this connection."""
        envelope = self.envelope or Envelope()
        self.desk.records.add(
            event,
            peer=self.session.peer if self.session else None,
            tls=self._tls.version() if self._tls else None,
            user=self._user,
            mail_from=envelope.mail_from,
            rcpt_tos=envelope.rcpt_tos,
            **facts,
        )

    @property
    def _tls(self) -> ssl.SSLObject | None:
        return self.transport.get_extra_info("ssl_object") if self.transport else None

    @property
    def _user(self) -> str | None:
        """The identity of the login: by password, by token or by the client's certificate."""
        if self.session and self.session.authenticated:
            return str(self.session.auth_data)
        certificate = self._tls.getpeercert() if self._tls else None
        return str(dict(certificate["subjectAltName"])["email"]) if certificate else None  # type: ignore[arg-type]  # typeshed: any shape

    # Methods that aiosmtpd calls on its handler, which is this object itself. Its arguments are therefore repeated.

    async def handle_exception(self, error: Exception) -> str:
        if not isinstance(error, TLSSetupException):  # this is in the records
            logging.error("%s at %s", self.desk.server.name, self.verb, exc_info=error)
        return "451 4.3.0 The lab's own error, see smtp.log"

    async def handle_EHLO(
        self, _server: SMTP, session: SmtpSession, _envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        session.host_name = name
        if self.desk.server.authentication in ("login", "xoauth2"):
            return replies
        return [reply for reply in replies if not reply.startswith("250-AUTH")]

    async def handle_MAIL(
        self, _server: SMTP, _session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        user = self._user
        if self.desk.tls and not self._tls:
            return TLS_REQUIRED
        if self.desk.server.authentication in ("login", "xoauth2") and user is None:
            return AUTHENTICATION_REQUIRED
        if self.desk.is_throttled:
            return THROTTLED
        if self.desk.server.sender_must_be_user and user and address.lower() != user.lower():
            return f"553 5.7.1 <{address}>: Sender address rejected: not owned by user {user}"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, _server: SMTP, _session: SmtpSession, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.desk.is_greylisted(str(envelope.mail_from), address):
            return GREYLISTED
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: SmtpSession, envelope: Envelope) -> str | None:
        self.verb = "CONTENT"
        if await self.behavior_answers("CONTENT"):
            return None
        content = envelope.original_content or b""
        self.desk.accept()
        self.note("accepted", **self.desk.records.keep(content))
        return "250 2.0.0 Ok: queued"

    def _check_password(
        self, _server: SMTP, _session: SmtpSession, _envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        user = given.login.decode(errors="replace")
        if self.desk.behavior.repeats:
            return self._repeated(mechanism, user, given.password.decode(errors="replace"))
        right = self.desk.server.secrets == {"user": user, "password": given.password.decode(errors="replace")}
        return self._authenticated(mechanism, user, right)

    async def auth_XOAUTH2(self, _server: SMTP, arguments: list[str]) -> AuthResult:
        """Refuse as Google does: a 334 announces a refused token, and the refusal follows the client's answer."""
        user, token = _xoauth2(arguments[1]) if len(arguments) == 2 else ("", "")
        if self.desk.behavior.repeats:
            return self._repeated("XOAUTH2", user, token)
        accepted = self._authenticated("XOAUTH2", user, self.desk.server.secrets == {"user": user, "token": token})
        if accepted.success:
            return accepted
        await self.push("334 " + b64encode(json.dumps(TOKEN_REFUSED).encode()).decode())
        answer = (await self._reader.readline()).strip()
        if b" " in answer:
            # Odoo reads the 334 as success and continues with MAIL, which is therefore refused.
            self.verb = answer.split()[0].decode(errors="replace").upper()
            return AuthResult(success=False, handled=False, message=AUTHENTICATION_REQUIRED)
        return AuthResult(success=False, handled=False, message="535 5.7.8 Username and Password not accepted")

    def _repeated(self, mechanism: str, user: str, secret: str) -> AuthResult:
        """Refuse a login and repeat its credentials, as some servers do for debugging."""
        self.note("auth", mechanism=mechanism, claimed=user, success=False)
        lines = [
            line for name in self.desk.behavior.repeats for line in f"{name}: {ENCODINGS[name](secret)}".splitlines()
        ]
        reply = [*(f"535-5.7.8 {line}" for line in lines), "535 5.7.8 Username and Password not accepted"]
        return AuthResult(success=False, handled=False, message="\r\n".join(reply))

    def _authenticated(self, mechanism: str, user: str, right: bool) -> AuthResult:
        self.note("auth", mechanism=mechanism, claimed=user, success=right)
        return AuthResult(success=right, handled=False, auth_data=user)


def _xoauth2(initial_response: str) -> tuple[str, str]:
    """Return the user and the token of a SASL XOAUTH2 response; both are empty for any other response."""
    try:
        parts = dict(part.split("=", 1) for part in b64decode(initial_response).decode().split("\x01") if part)
    except ValueError:
        return "", ""
    return parts.get("user", ""), parts.get("auth", "").removeprefix("Bearer ")


def tls_context(server: Server, certificates: Path) -> ssl.SSLContext | None:
    """Return the server's TLS context: its certificate, and the required client certificate."""
    if server.encryption == "none":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{server.certificate}.pem")
    if server.authentication == "certificate":
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates / "ca.pem")
    return context


def carry_out(desk: Desk, command: str, settings: dict[str, Any]) -> Behavior:
    """Run a command from the control port, and return the resulting behavior."""
    if command == "reset":
        desk.reset()
    elif command == "configure":
        desk.configure(settings)
    else:
        raise ValueError(f"{command} is no command")
    return desk.behavior


async def control(desks: dict[str, Desk], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one connection to the control port: each line is a JSON request, and each answer a line of JSON."""
    while line := await reader.readline():
        try:
            request = json.loads(line)
            behavior = carry_out(desks[request["server"]], request["command"], request["settings"])
            answer: dict[str, Any] = {"behavior": asdict(behavior)}
        except (KeyError, TypeError, ValueError) as problem:
            answer = {"error": str(problem)}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
    writer.close()


async def serve(settings: dict[str, Any]) -> None:
    """Run all servers until the process is ended."""
    certificates, mail = Path(settings["certificates"]), Path(settings["mail"])
    desks = {
        name: Desk(server, Records(mail, name), tls_context(server, certificates)) for name, server in SERVERS.items()
    }
    loop = asyncio.get_running_loop()
    for name, desk in desks.items():
        implicit = desk.tls if desk.server.encryption == "ssl" else None
        await loop.create_server(functools.partial(Conversation, desk), HOST, settings["ports"][name], ssl=implicit)
    # Last, because this port shows clients that the servers have started.
    await asyncio.start_server(functools.partial(control, desks), HOST, settings["control_port"])
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd's own log is more detailed than the records
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text())))
