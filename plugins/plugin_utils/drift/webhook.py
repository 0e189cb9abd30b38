# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Post a verdict to a webhook. An error of the webhook does not change the result of the run."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from dataclasses import dataclass, field
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.text import Document
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.webhook_messages import message

# ASCII without blanks and control characters.
_IN_URL = re.compile("[!-~]+")


@dataclass(frozen=True)
class Webhook:
    """An address that receives verdicts.

    :param url: a secret, because everybody with the URL can post there. No message contains any part of it.
    :param format: a key of `webhook_messages.FORMATS`.
    :param timeout: seconds for the whole request, from the name lookup to the last byte of the answer.
    """

    url: str = field(repr=False)
    format: str
    timeout: float

    def post(self, report: Document) -> str:
        """Post the verdict, and return a warning if it was not accepted; otherwise an empty text."""
        problems: list[str] = []
        # A timeout of a socket limits single reads. The thread ends with the process if the server never ends its answer.
        request = threading.Thread(target=self._request, args=(report, problems), daemon=True)
        request.start()
        request.join(self.timeout)
        if request.is_alive():
            return f"The verdict was not delivered: the webhook did not answer within {self.timeout:g} s."
        return f"The verdict was not delivered: {problems[0]}." if problems else ""

    def _request(self, report: Document, problems: list[str]) -> None:
        from ansible.module_utils.urls import open_url  # takes 130 ms, so only if there is a webhook

        try:
            body = json.dumps(message(report, self.format), ensure_ascii=False).encode("utf-8", "backslashreplace")
            with open_url(
                self.url,
                data=body,
                method="POST",
                headers={"Content-Type": "application/json; charset=utf-8"},
                http_agent="postmaster.odoo",
                timeout=self.timeout,
                # The verdict is not sent to an address that the server redirects to.
                follow_redirects="none",
                use_netrc=False,
            ):
                pass
        except Exception as error:  # an error in this thread would be printed with its text, which can repeat the URL
            problems.append(_explained(error))


def is_usable_url(url: str) -> bool:
    """Return whether a text is an absolute http(s) URL without a login. The request would not contain the login."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        return is_address and parts.username is None and _IN_URL.fullmatch(url) is not None
    except ValueError:  # a port that is not a number, or an IPv6 address without its bracket
        return False


def _explained(error: BaseException) -> str:
    """Return the cause without the text of the error, which can repeat the URL."""
    if isinstance(error, HTTPError):
        if 300 <= error.code < 400:
            return f"the webhook redirects (HTTP {error.code}): configure the address that it redirects to"
        return f"the webhook answered with HTTP {error.code}"
    cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, Exception) else error
    if isinstance(cause, TimeoutError):
        return "the webhook did not answer in time"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate of the webhook is not trusted ({cause.verify_message})"
    if isinstance(cause, socket.gaierror):
        return "the host name of the webhook cannot be resolved"
    if isinstance(cause, ConnectionRefusedError):
        return "nothing listens at the address of the webhook (connection refused)"
    return f"the request to the webhook failed ({type(cause).__name__})"
