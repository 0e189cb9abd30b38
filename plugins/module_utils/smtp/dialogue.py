# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One conversation with an SMTP server, stage by stage, up to the first that fails. Nothing is sent: it ends before DATA."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.smtp import certificates
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import explain
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.connection import (
    SmtpConnection,
    connect,
    own_name,
    resolve,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.knowledge import Meaning, meaning_of
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.reply import reply_of
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import Settings

STAGES = ("resolve", "connect", "banner", "ehlo", "starttls", "tls", "auth", "sender", "recipient", "quit")
# What a server may demand in TLS.
CLIENT_CERTIFICATE = "a client's certificate"

Reply = tuple[int, bytes]


class Failure(Exception):
    """The stage that a conversation has ended at.

    :param code: of the server's reply, where there was one.
    """

    def __init__(self, stage: str, outcome: str, words: str, code: int | None = None, remedy: str = "") -> None:
        super().__init__(words)
        self.stage, self.outcome, self.words, self.code, self.remedy = stage, outcome, words, code, remedy


class Dialogue:
    """What a conversation has brought to light so far.

    :param verify: whether a certificate that does not verify ends it.
    """

    def __init__(self, settings: Settings, *, verify: bool) -> None:
        self.settings = settings
        self.verify = verify
        self.stages: list[dict[str, Any]] = []
        self.addresses: list[str] = []
        self.address: str | None = None
        self.banner: str | None = None
        self.name: str | None = None
        self.features: list[str] = []
        self.size: int | None = None
        self.starttls: bool | None = None
        self.mechanisms: dict[str, list[str] | None] = {"before_tls": None, "after_tls": None}
        self.tls: dict[str, Any] | None = None

    def hold(self, *, until_tls: bool = False) -> Failure | None:
        """Have the conversation; the failure that ended it.

        :param until_tls: hang up once the server has shown its certificate.
        """
        connection: SmtpConnection | None = None
        try:
            connection = self._connect()
            if self.settings.implicit_tls:
                self._encrypt(connection)
            if not (until_tls and self.tls):
                self._greet(connection, until_tls=until_tls)
            if not until_tls:
                self._log_in(connection)
                self._offer(connection)
        except Failure as failure:
            return failure
        finally:
            if connection:
                self._leave(connection)
        return None

    def _connect(self) -> SmtpConnection:
        settings = self.settings
        with self._stage("resolve") as entry:
            addresses = resolve(settings.host, settings.port, settings.connect_timeout)
            self.addresses = list(dict.fromkeys(str(address[0]) for _family, address in addresses))
            entry["detail"] = ", ".join(self.addresses)
            self.name = settings.name or own_name(settings.connect_timeout)
        with self._stage("connect") as entry:
            connected = self._connect_to_one(addresses, entry)
        return SmtpConnection(connected, name=self.name, seconds=settings.timeout)

    def _connect_to_one(
        self, addresses: list[tuple[socket.AddressFamily, Any]], entry: dict[str, Any]
    ) -> socket.socket:
        """The first address that answers, as Odoo takes it. Those before it cost time that the detail tells of."""
        tried: list[str] = []
        problem: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
        try:
            for family, address in addresses:
                connected = connect(family, address, self.settings.connect_timeout)
                if isinstance(connected, socket.socket):
                    self.address = str(address[0])
                    tried.append(self.address)
                    return connected
                problem = connected
                tried.append(f"{address[0]}: {_plain(problem)}")
        finally:
            entry["detail"] = "; ".join(tried)
        raise problem

    def _greet(self, connection: SmtpConnection, *, until_tls: bool) -> None:
        with self._stage("banner") as entry:
            reply = connection.getreply()
            self.banner = _expected(self._noted(entry, reply), reply, 220)
        self._introduce(connection)
        if not self.settings.starttls:
            self.mechanisms["after_tls" if self.tls else "before_tls"] = connection.mechanisms
            return
        self.mechanisms["before_tls"] = connection.mechanisms
        with self._stage("starttls") as entry:
            if not self.starttls:
                raise smtplib.SMTPNotSupportedError("the server does not offer STARTTLS")
            reply = connection.docmd("STARTTLS")
            _expected(self._noted(entry, reply), reply, 220)
        self._encrypt(connection)
        if not until_tls:
            self._introduce(connection)
            self.mechanisms["after_tls"] = connection.mechanisms

    def _introduce(self, connection: SmtpConnection) -> None:
        with self._stage("ehlo") as entry:
            reply = connection.ehlo()
            if 500 <= reply[0] <= 599:
                reply = connection.helo()
            _expected(self._noted(entry, reply), reply, 250)
        if not self.tls:
            self.starttls = connection.has_extn("starttls")
        self.features = [
            self._words(f"{name.upper()} {value}".encode()) for name, value in connection.esmtp_features.items()
        ]
        size = connection.esmtp_features.get("size", "")
        self.size = int(size) if size.isdecimal() else None

    def _encrypt(self, connection: SmtpConnection) -> None:
        with self._stage("tls") as entry:
            connection.encrypt(self.settings.tls_context(verify=self.verify), self.settings.host)
            secured: ssl.SSLSocket = connection.sock
            cipher = secured.cipher()
            chain, complete = certificates.presented(secured)
            now = datetime.now(timezone.utc)
            self.tls = {
                "version": secured.version(),
                "cipher": cipher[0] if cipher else None,
                "verified": self.verify,
                "verify_error": None,
                "chain": [certificates.described(certificate, now) for certificate in chain],
                "chain_complete": complete,
            }
            entry["detail"] = f"{self.tls['version']}, {self.tls['cipher']}"

    def _log_in(self, connection: SmtpConnection) -> None:
        settings = self.settings
        if not settings.user:
            return
        with self._stage("auth") as entry:
            try:
                if settings.access_token:
                    if "XOAUTH2" not in connection.mechanisms:
                        raise smtplib.SMTPNotSupportedError(_offers(connection, "XOAUTH2"))
                    reply = connection.login_with_token(_in_ascii(settings.user), settings.access_token)
                else:
                    if not {"CRAM-MD5", "PLAIN", "LOGIN"} & set(connection.mechanisms):
                        raise smtplib.SMTPNotSupportedError(_offers(connection, "PLAIN, LOGIN or CRAM-MD5"))
                    reply = connection.login(_in_ascii(settings.user), settings.password)
            except smtplib.SMTPServerDisconnected:
                if connection.refusal:
                    raise connection.refusal from None
                raise
            finally:
                entry["detail"] = " ".join(filter(None, (connection.mechanism, connection.challenge)))
            self._noted(entry, reply)

    def _offer(self, connection: SmtpConnection) -> None:
        """Offer a sender and a recipient, as Odoo's own connection test does."""
        sender, recipient = self.settings.sender, self.settings.recipient
        if not sender:
            return
        with self._stage("sender") as entry:
            reply = connection.mail(sender, () if (sender + recipient).isascii() else ("SMTPUTF8",))
            _expected(self._noted(entry, reply), reply, 250)
        if not recipient:
            return
        with self._stage("recipient") as entry:
            reply = connection.rcpt(recipient)
            _expected(self._noted(entry, reply), reply, 250, 251)

    def _leave(self, connection: SmtpConnection) -> None:
        """Take back what was offered, and say goodbye where the other side still listens. However that goes, it is no failure."""
        if connection.sock is None:
            return
        try:
            with self._stage("quit") as entry:
                if any(stage["stage"] == "sender" for stage in self.stages):
                    connection.docmd("RSET")
                self._noted(entry, connection.docmd("QUIT"))
        except Failure:
            pass
        finally:
            connection.close()

    @contextmanager
    def _stage(self, name: str) -> Iterator[dict[str, Any]]:
        """A stage, timed; what goes wrong in it becomes a failure that says so."""
        entry: dict[str, Any] = {"stage": name, "ok": True, "seconds": 0.0, "detail": ""}
        begin = time.monotonic()
        try:
            yield entry
        except (OSError, ValueError, OverflowError, smtplib.SMTPException) as error:
            failure = self._failure(name, error)
            entry["ok"] = False
            if name != "connect":
                entry["detail"] = ", ".join(filter(None, (entry["detail"], failure.words)))
            if isinstance(error, smtplib.SMTPResponseException):
                self._noted(entry, (error.smtp_code, _octets(error.smtp_error)))
            raise failure from None
        finally:
            entry["seconds"] = round(time.monotonic() - begin, 3)
            self.stages.append(entry)

    def _noted(self, entry: dict[str, Any], reply: Reply) -> str:
        """Put a reply into a stage; its words."""
        words = self._words(reply[1])
        if reply[0] != _NO_SMTP:
            entry.update(code=reply[0], reply=words)
        return words

    def _words(self, text: bytes) -> str:
        printable = "".join(one if one.isprintable() else " " for one in text.decode("utf-8", "replace"))
        return self.settings.without_credentials(" ".join(printable.split()))

    def _failure(self, stage: str, error: Exception) -> Failure:
        """What an error means at a stage, in the words of mail/classification."""
        cause = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else None
        error = cause if isinstance(cause, OSError) else error  # which smtplib has taken for a server that hung up
        if isinstance(error, TimeoutError):
            seconds = self.settings.connect_timeout if stage in ("resolve", "connect") else self.settings.timeout
            words = f"no answer within {seconds:g} s"
            if stage == "resolve" and self.addresses:
                words += " for this machine's own name, which helo spares one"
            return Failure(stage, "timeout", words)
        if isinstance(error, smtplib.SMTPResponseException):
            told = self._words(_octets(error.smtp_error))
            words = f"{error.smtp_code} {told}"
            if error.smtp_code == _NO_SMTP:
                words = "what answers there does not speak SMTP"
            meaning = _meaning(stage, error.smtp_code, told)
            return Failure(stage, meaning.outcome, words, error.smtp_code, meaning.remedy)
        if isinstance(error, ssl.SSLCertVerificationError):
            return Failure(stage, "certificate", error.verify_message.rstrip("."))
        if isinstance(error, (smtplib.SMTPServerDisconnected, ssl.SSLEOFError, ConnectionResetError, BrokenPipeError)):
            words = "the server hung up"
            if self.stages[-1]["stage"] == "tls":
                # In TLS 1.3 it can only say so after the handshake, and hanging up may overtake what it says.
                words += f" right after the TLS handshake, as where it demands {CLIENT_CERTIFICATE} that it trusts"
            return Failure(stage, "disconnected", words)
        if isinstance(error, ssl.SSLError):
            told = _told_by_openssl(error)
            return Failure(stage, "tls", told, remedy=explain(told).remedy)
        if isinstance(error, UnicodeEncodeError) and stage == "auth":
            # Its own words would hold a part of the password.
            return Failure(
                stage,
                "unconfigured",
                "a user or password that is not ASCII, with which smtplib, and so Odoo, cannot log in",
            )
        outcome = _UNSUPPORTED if isinstance(error, smtplib.SMTPNotSupportedError) else _BROKEN
        words = self._words(_plain(error).encode())
        return Failure(stage, outcome.get(stage, "unknown"), words, remedy=explain(words).remedy)


# What smtplib makes of a reply that has no code. Its first four characters are lost, so the rest is not shown.
_NO_SMTP = -1

# What is missing at a stage, and what is wrong where no reply tells.
_UNSUPPORTED = {"starttls": "starttls_unsupported", "auth": "auth_unsupported", "sender": "sender_rejected"}
_BROKEN = {"resolve": "dns", "connect": "unreachable"}


# The stages of a probe that have another name than the command.
_STAGES = {"banner": "greeting", "sender": "mail", "recipient": "rcpt"}


def _meaning(stage: str, code: int, words: str) -> Meaning:
    """Return what a reply that refuses means at a stage."""
    return meaning_of(reply_of(_STAGES.get(stage, stage), code, words))


def _told_by_openssl(error: ssl.SSLError) -> str:
    reason = (error.reason or str(error)).upper()
    if any(alert in reason for alert in ("CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA")):
        return f"the server demands {CLIENT_CERTIFICATE} that it trusts ({reason})"
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return f"what answers there does not begin in TLS ({reason})"
    return reason


def _expected(words: str, reply: Reply, *codes: int) -> str:
    if reply[0] not in codes:
        raise smtplib.SMTPResponseException(*reply)
    return words


def _offers(connection: SmtpConnection, wanted: str) -> str:
    return f"the server offers {', '.join(connection.mechanisms) or 'no login'}, not {wanted}"


def _in_ascii(user: str) -> str:
    """A user as Odoo logs in with it: the domain in its ASCII form."""
    local, at, domain = user.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}" if at else user


def _octets(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode()


def _plain(error: Exception) -> str:
    """An error's words without its number."""
    return str(getattr(error, "strerror", None) or error)
