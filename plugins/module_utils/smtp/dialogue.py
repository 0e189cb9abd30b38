# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An SMTP session, stage by stage, until a stage fails. No mail is sent, because the session ends before DATA."""

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
# Part of messages about servers that require one in TLS.
CLIENT_CERTIFICATE = "a client certificate"

Reply = tuple[int, bytes]


class Failure(Exception):
    """The failure of a stage.

    :param code: the code of the server's reply; None without a reply.
    """

    def __init__(self, stage: str, outcome: str, words: str, code: int | None = None, remedy: str = "") -> None:
        super().__init__(words)
        self.stage, self.outcome, self.words, self.code, self.remedy = stage, outcome, words, code, remedy


class Dialogue:
    """An SMTP session and its results so far.

    :param verify: whether a certificate that cannot be verified ends the session.
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
        """Run the session, and return the failure that ended it.

        :param until_tls: close the connection after the server has presented its certificate.
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
        """Return a connection to the first address that answers, as Odoo does. The detail contains the errors of the others."""
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
        """Reset and end the session, if it is still open. Errors are ignored."""
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
        """Measure the time of a stage, and turn its errors into failures.

        :raises Failure: if the stage fails.
        """
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
        """Store a reply in a stage, and return its text."""
        words = self._words(reply[1])
        if reply[0] != _NO_SMTP:
            entry.update(code=reply[0], reply=words)
        return words

    def _words(self, text: bytes) -> str:
        printable = "".join(one if one.isprintable() else " " for one in text.decode("utf-8", "replace"))
        return self.settings.without_credentials(" ".join(printable.split()))

    def _failure(self, stage: str, error: Exception) -> Failure:
        """Return the failure for an error at a stage, with a class of `classification.py`."""
        cause = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else None
        error = cause if isinstance(cause, OSError) else error  # smtplib reports it as a closed connection
        if isinstance(error, TimeoutError):
            seconds = self.settings.connect_timeout if stage in ("resolve", "connect") else self.settings.timeout
            words = f"no answer within {seconds:g} s"
            if stage == "resolve" and self.addresses:
                words += " for this machine's own name; set helo to avoid this query"
            return Failure(stage, "timeout", words)
        if isinstance(error, smtplib.SMTPResponseException):
            told = self._words(_octets(error.smtp_error))
            words = f"{error.smtp_code} {told}"
            if error.smtp_code == _NO_SMTP:
                words = "the service on this port is not an SMTP server"
            meaning = _meaning(stage, error.smtp_code, told)
            return Failure(stage, meaning.outcome, words, error.smtp_code, meaning.remedy)
        if isinstance(error, ssl.SSLCertVerificationError):
            return Failure(stage, "certificate", error.verify_message.rstrip("."))
        if isinstance(error, (smtplib.SMTPServerDisconnected, ssl.SSLEOFError, ConnectionResetError, BrokenPipeError)):
            words = "the server closed the connection"
            if self.stages[-1]["stage"] == "tls":
                # In TLS 1.3 the alert comes after the handshake, and the end of the connection may arrive before it.
                words += (
                    f" right after the TLS handshake, maybe because it requires {CLIENT_CERTIFICATE} that it trusts"
                )
            return Failure(stage, "disconnected", words)
        if isinstance(error, ssl.SSLError):
            told = _told_by_openssl(error)
            return Failure(stage, "tls", told, remedy=explain(told).remedy)
        if isinstance(error, UnicodeEncodeError) and stage == "auth":
            # The text of the error would contain a part of the password.
            return Failure(
                stage,
                "unconfigured",
                "the user or the password is not ASCII, so smtplib and Odoo cannot log in with it",
            )
        outcome = _UNSUPPORTED if isinstance(error, smtplib.SMTPNotSupportedError) else _BROKEN
        words = self._words(_plain(error).encode())
        return Failure(stage, outcome.get(stage, "unknown"), words, remedy=explain(words).remedy)


# The code that smtplib uses for a reply without a code. Its first four characters are lost, so the rest is not shown.
_NO_SMTP = -1

# The class of an unsupported command, and of an error without a reply, by stage.
_UNSUPPORTED = {"starttls": "starttls_unsupported", "auth": "auth_unsupported", "sender": "sender_rejected"}
_BROKEN = {"resolve": "dns", "connect": "unreachable"}


# The stages of a probe that have another name than the command.
_STAGES = {"banner": "greeting", "sender": "mail", "recipient": "rcpt"}


def _meaning(stage: str, code: int, words: str) -> Meaning:
    """Return the meaning of a rejection at a stage."""
    return meaning_of(reply_of(_STAGES.get(stage, stage), code, words))


def _told_by_openssl(error: ssl.SSLError) -> str:
    reason = (error.reason or str(error)).upper()
    if any(alert in reason for alert in ("CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA")):
        return f"the server requires {CLIENT_CERTIFICATE} that it trusts ({reason})"
    if reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"):
        return f"the service on this port does not start with TLS ({reason})"
    return reason


def _expected(words: str, reply: Reply, *codes: int) -> str:
    if reply[0] not in codes:
        raise smtplib.SMTPResponseException(*reply)
    return words


def _offers(connection: SmtpConnection, wanted: str) -> str:
    return f"the server offers {', '.join(connection.mechanisms) or 'no login'}, not {wanted}"


def _in_ascii(user: str) -> str:
    """Return a user as Odoo sends it: with the domain in its ASCII form."""
    local, at, domain = user.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}" if at else user


def _octets(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode()


def _plain(error: Exception) -> str:
    """Return the text of an error without its number."""
    return str(getattr(error, "strerror", None) or error)
