# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that do not come from Odoo but from what stands before it: a reverse proxy, a load balancer, a firewall."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import TypeVar

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http_date import moment_of_header

_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_Answer = TypeVar("_Answer")

# What each status means when Odoo stands behind a proxy, and what to do (RFC 9110 §15.5, §15.6; RFC 6585 §4).
_ADVICE = {
    413: "The request is larger than it accepts: raise its limit (nginx: client_max_body_size).",
    429: "It limits how many requests it accepts: run fewer hosts at once (forks), or raise the limit.",
    502: "It cannot reach Odoo: check that Odoo runs, and the address and port that the proxy forwards to.",
    503: "Odoo is stopped for maintenance, or overloaded: try again when it is back.",
    504: "Odoo took longer than the proxy waits, and may have done what was asked: raise the limit of the proxy (nginx: proxy_read_timeout).",
}
_PERMANENT = frozenset({413})
# Seconds between the attempts at a request that only reads, and the longest wait that an answer may ask for.
_DELAYS = (1.0, 2.0, 4.0)
_LONGEST_WAIT = 30.0


def refuse_front_end(where: str, status: int, body: bytes, retry_after: str) -> None:
    """Tell an answer of a proxy from an answer of Odoo, which is JSON whatever its status.

    :param where: the URL that was asked.
    :param retry_after: the header `Retry-After`, empty where the answer has none.
    :raises Unreachable: the answer is not Odoo's. Its detail `retry_after` (seconds, 0 if the answer names none) says that the same request may pass later.
    """
    advice = _ADVICE.get(status)
    if advice is None or body.lstrip().startswith(b"{"):
        return
    wait = _seconds(retry_after)
    asked = f" It asks to wait for {wait:.0f} s." if wait else ""
    raise Unreachable(
        f"The proxy or front end of Odoo answered HTTP {status} ({HTTPStatus(status).phrase}) to {where}. {advice}{asked}",
        **({} if status in _PERMANENT else {"retry_after": wait}),
    )


def repeated(request: Callable[[], _Answer], delays: Sequence[float] = _DELAYS) -> _Answer:
    """Return what a request returns that only reads; try it again while a front end refuses it for the moment.

    :param delays: seconds before each further attempt, unless the answer asks for more.
    :raises Unreachable: it still does after the last attempt, or asks for a longer wait than half a minute.
    """
    try:
        return request()
    except Unreachable as error:
        wait = error.details.get("retry_after")
        if not delays or wait is None or wait > _LONGEST_WAIT:
            raise
        time.sleep(max(delays[0], wait))
    return repeated(request, delays[1:])


def _seconds(retry_after: str) -> float:
    """Return the seconds of a `Retry-After` header, which is a number or a date (RFC 9110 §10.2.3); 0 for anything else."""
    if _SECONDS.fullmatch(retry_after.strip()):
        return float(retry_after)
    moment = moment_of_header(retry_after)
    return max(0.0, moment.timestamp() - time.time()) if moment else 0.0
