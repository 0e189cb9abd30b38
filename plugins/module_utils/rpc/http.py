# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One HTTP connection to an Odoo server, kept open as long as the server allows.

It uses `http.client` because both transports can share it and because it is loaded anyway. `urls` of ansible-core
cannot keep a connection open.
"""

from __future__ import annotations

import base64
import copy
import http.client
import os
import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import SplitResult, unquote, urlsplit

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Timeout, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http_date import moment_of_header
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http_response import (
    LARGEST_BODY,
    DeadlineResponse,
    TooLarge,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.reverse_proxy import refuse_reverse_proxy
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import shown_url
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_secrets
from ansible_collections.postmaster.odoo.plugins.module_utils.tls import client_context

if TYPE_CHECKING:
    from collections.abc import Mapping


_LONGEST_SHOWN = 200
# The greatest accepted difference between the clocks of Odoo and of this machine. With more, one of them is wrong.
_CLOCK_TOLERANCE = timedelta(days=1)


class Clocks(NamedTuple):
    """The time of the server from the header `Date` of an answer, and the local time at which the answer arrived."""

    server: datetime
    own: datetime


class Response(NamedTuple):
    """A complete answer. Its body was read, so the connection is free again."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def _split(url: str, option: str) -> SplitResult:
    """Parse an http(s) URL. The message shows no part of it that may contain a secret."""
    shown = f"{option} {shown_url(url)}"
    if not url.isascii() or any(char.isspace() or not char.isprintable() for char in url):
        raise Invalid(
            f"{shown} contains a blank, a control character or a non-ASCII character: "
            "write a host name in Punycode (xn--...), and percent-encode everything else."
        )
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        # A login without its host, with a password that begins with digits and a slash, looks like a port and such a path.
        usable = usable and not parts.path.startswith("//")
    except ValueError:  # an invalid port, or an IPv6 address without its bracket
        usable = False
    if usable and url.count("@") != ("@" in parts.netloc):
        raise Invalid(f"{shown} is ambiguous: in a user name or password, write @ as %40 and / as %2F.")
    if not usable:
        raise Invalid(
            f"{shown} is not a valid URL (expected, for example, https://odoo.example.com or http://localhost:8069)."
        )
    return parts


class HttpConnection:
    """Requests to one base URL, through a proxy if there is one. They share one TCP connection if the server keeps it open.

    :param base_url: `http://` or `https://`, host, and optionally port and a path before Odoo's own paths.
    :param timeout: seconds for connecting, and again for each answer from its first byte to its last.
    :param ca_path: file or folder of CA certificates; empty for those of the system.
    :param proxy: URL of an HTTP proxy; None for the one in `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`; empty for none.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float = 30.0,
        validate_certs: bool = True,
        ca_path: str | None = None,
        proxy: str | None = None,
    ) -> None:
        parts = _split(base_url, "url")
        if parts.username or parts.password:
            raise Invalid("url must not contain credentials: use username with password, or api_key.")
        if parts.query or parts.fragment:
            raise Invalid(f"url {shown_url(base_url)} must not contain ? or #: remove them and the part after them.")
        self.base_url = base_url.rstrip("/")
        self.requests = 0
        self.connections = 0
        self._clocks: Clocks | None = None
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._path = parts.path.rstrip("/")
        self._timeout = timeout
        self._validate_certs = validate_certs
        self._ca_path = ca_path
        if proxy is None:
            proxy = self._proxy_of_environment()
        self._proxy = _split(proxy, "proxy") if proxy else None
        if self._proxy and self._proxy.scheme == "https":
            raise Invalid("proxy must be an http:// URL: TLS to the proxy itself is not supported.")
        self._connection: http.client.HTTPConnection | None = None
        self._context: ssl.SSLContext | None = None

    def _proxy_of_environment(self) -> str | None:
        if not any(name.lower().endswith("_proxy") for name in os.environ):
            return None
        from urllib.request import getproxies, proxy_bypass  # takes 2 ms, and only a proxy needs it

        if proxy_bypass(f"{self._host}:{self._port}"):
            return None
        return getproxies().get("https" if self._tls else "http")

    def _open(self) -> http.client.HTTPConnection:
        host, port = self._host, self._port
        if self._proxy:
            host, port = self._proxy.hostname or "", self._proxy.port or 3128
        if self._tls:
            # Reading the CA certificates takes as long as some calls, so duplicates share them.
            self._context = self._context or client_context(self._ca_path, verify=self._validate_certs)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=self._timeout, context=self._context
            )
            if self._proxy:
                connection.set_tunnel(self._host, self._port, headers=self._proxy_headers())
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self._timeout)
        connection.response_class = DeadlineResponse
        self.connections += 1
        return connection

    def _proxy_headers(self) -> dict[str, str]:
        if not self._proxy or not self._proxy.username:
            return {}
        credentials = f"{unquote(self._proxy.username)}:{unquote(self._proxy.password or '')}"
        return {
            "Proxy-Authorization": "Basic " + base64.b64encode(credentials.encode("utf-8", "surrogatepass")).decode()
        }

    def _ready(self) -> http.client.HTTPConnection:
        """Return the open connection, or a new one if the server has closed it. So no request need be sent twice."""
        kept = self._connection
        if kept is not None and kept.sock is not None and not select.select([kept.sock], [], [], 0)[0]:
            return kept
        self.close()
        self._connection = self._open()
        return self._connection

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Response:
        """Send one request and read its complete answer.

        :raises Unreachable: no answer, no TLS connection, or an answer from a proxy. Its detail `is_sent` is false if the request cannot have reached the
          server.
        :raises Timeout: the server took longer than the timeout. It has the same detail.
        """
        response = self._exchange(method, path, body, headers)
        moment = moment_of_header(response.headers.get("Date", ""))
        self._clocks = Clocks(moment, datetime.now(timezone.utc)) if moment else self._clocks
        if response.status in (301, 302, 303, 307, 308):
            target = response.headers.get("Location", "somewhere else")
            advice = "set url to Odoo's final address"
            if self._path and target.startswith("/"):
                advice = "remove the path from url"
            shown = without_secrets(target)[:_LONGEST_SHOWN]
            raise Unreachable(f"{self.base_url} redirects to {shown}: {advice}.")
        retry_after = response.headers.get("Retry-After", "")
        refuse_reverse_proxy(self.base_url + path, response.status, response.body, retry_after)
        return response

    @property
    def server_time(self) -> datetime | None:
        """The server's clock (UTC) at its last answer; None if the answer has no date.

        :raises Invalid: one of the two clocks is wrong. Everything that depends on the date would be wrong too, such as the list of due mails.
        """
        if self._clocks is None:
            return None
        server, own = self._clocks
        if abs(server - own) > _CLOCK_TOLERANCE:
            raise Invalid(
                f"The clocks differ by more than a day. Odoo at {self.base_url} (or a proxy before it) reports {server:%Y-%m-%d %H:%M} UTC in the header Date. "
                f"This machine has {own:%Y-%m-%d %H:%M} UTC. Correct the clock that is wrong."
            )
        return server

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Response:
        """Send a request over the connection and return the answer, from Odoo or from a proxy."""
        connection = self._ready()
        target = self._path + path
        sent_headers = dict(headers)
        if self._proxy and not self._tls:
            host = f"[{self._host}]" if ":" in self._host else self._host
            target = f"http://{host}:{self._port}{target}"
            sent_headers.update(self._proxy_headers())
        self.requests += 1
        is_sent = False
        try:
            if connection.sock is None:
                connection.connect()
            is_sent = True
            connection.request(method, target, body=body, headers=sent_headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            explained = self._explained(error)
            explained.details["is_sent"] = is_sent
            raise explained from error
        except ValueError:  # the message of http.client repeats the value, which may be a secret, so it is dropped
            self.close()
            raise Invalid(
                f"The request to Odoo at {self.base_url} cannot be sent: database or api_key contains characters that are not allowed in an HTTP header. "
                "Check both values."
            ) from None
        except BaseException:
            self.close()
            raise
        try:
            answer = cast("DeadlineResponse", connection.getresponse())
            response = Response(answer.status, answer.headers, answer.read_whole())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise self._explained(error) from error
        except BaseException:  # a signal: the next request must not read the rest of this answer
            self.close()
            raise
        if answer.will_close:
            self.close()
        return response

    def _explained(self, error: Exception) -> Unreachable | Timeout:
        where = f"Odoo at {self.base_url}"
        if self._proxy:
            where += f" through the proxy {self._proxy.hostname}:{self._proxy.port or 3128}"
        if isinstance(error, TimeoutError):
            return Timeout(f"{where} did not answer within {self._timeout:g} s: check url, or raise timeout.")
        if isinstance(error, TooLarge):
            return Unreachable(
                f"{where} sent an answer of more than {LARGEST_BODY // 2**20} MB: check url, and any proxy before Odoo."
            )
        if isinstance(error, ssl.SSLCertVerificationError):
            return Unreachable(
                f"{where}: the certificate is not trusted ({error.verify_message}). "
                "Set ca_path to the certificate of its CA. For a test system you can set validate_certs to false."
            )
        if isinstance(error, ssl.SSLError):
            return Unreachable(
                f"{where}: no TLS connection is possible ({error.reason or error}). Check the scheme and port of url."
            )
        if isinstance(error, socket.gaierror):
            return Unreachable(f"{where}: the host name cannot be resolved. Check url.")
        if isinstance(error, ConnectionRefusedError):
            return Unreachable(f"{where}: connection refused. Check the port of url, and that Odoo runs.")
        if isinstance(error, (http.client.HTTPException, ValueError)) and not isinstance(error, OSError):
            return Unreachable(
                f"{where} does not answer in HTTP ({type(error).__name__}): check the scheme and port of url."
            )
        return Unreachable(
            f"{where} cannot be reached ({error}): check url, and the network between this machine and Odoo."
        )

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Wait at least this long for each answer inside the context, for calls that are known to be slow."""
        before = self._timeout
        self._timeout = max(before, seconds)
        self.close()
        try:
            yield
        finally:
            self._timeout = before
            self.close()

    def duplicate(self) -> HttpConnection:
        """Return another connection to the same server, for another thread."""
        other = copy.copy(self)
        other._connection = None
        return other

    def close(self) -> None:
        """Close the connection. A later request connects again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
