# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers from a program in front of Odoo: a reverse proxy, a load balancer, a firewall."""

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

# The meaning of each status if Odoo is behind a proxy, and the remedy (RFC 9110 §15.5, §15.6; RFC 6585 §4).
_ADVICE = {
    413: "The request is larger than the proxy accepts: raise its limit (nginx: client_max_body_size).",
    429: "It limits the rate of requests: run fewer hosts at once (forks), or raise the limit.",
    502: "It cannot reach Odoo: check that Odoo runs, and check the address and port that the proxy forwards to.",
    503: "Odoo is stopped for maintenance or overloaded: run the task again later.",
    504: "Odoo took longer than the timeout of the proxy, and may have done the work: raise the timeout of the proxy (nginx: proxy_read_timeout).",
}
_PERMANENT = frozenset({413})
# Seconds between the attempts at a request that only reads, and the longest wait that is accepted from `Retry-After`.
_DELAYS = (1.0, 2.0, 4.0)
_LONGEST_WAIT = 30.0


def refuse_reverse_proxy(where: str, status: int, body: bytes, retry_after: str) -> None:
    """Raise an error if an answer comes from a proxy. Odoo's answers are JSON with every status.

    :param where: the requested URL.
    :param retry_after: the header `Retry-After`; empty if the answer has none.
    :raises Unreachable: the answer is not from Odoo. Its detail `retry_after` (seconds, or 0) means that a retry may succeed.
    """
    advice = _ADVICE.get(status)
    if advice is None or body.lstrip().startswith(b"{"):
        return
    wait = _seconds(retry_after)
    asked = f" Retry after {wait:.0f} s (Retry-After)." if wait else ""
    raise Unreachable(
        f"The proxy or front end of Odoo answered HTTP {status} ({HTTPStatus(status).phrase}) to {where}. {advice}{asked}",
        **({} if status in _PERMANENT else {"retry_after": wait}),
    )


def repeated(request: Callable[[], _Answer], delays: Sequence[float] = _DELAYS) -> _Answer:
    """Return the result of a request that only reads. Retry it if a front end rejects it temporarily.

    :param delays: seconds before each further attempt, unless the answer requires more.
    :raises Unreachable: the last attempt failed too, or the required wait is longer than half a minute.
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
