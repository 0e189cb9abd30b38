# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Query name servers. There are three different results: an answer, no such record, and no answer."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Iterable
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, Timeout
from ansible_collections.postmaster.odoo.plugins.module_utils.text import some

# Limits of queries without an answer in time: at the beginning, in a row, and in total. After that, no further queries are sent.
_ATTEMPTS, _IN_A_ROW, _IN_ALL = 2, 3, 12
_LONGEST_TIMEOUT = 600


class Unanswered(Exception):
    """The name servers gave no answer, so nothing is known about the record."""


class AliasLoop(Exception):
    """The name is an alias (CNAME) that leads back to itself."""


class Lookup:
    """Queries to name servers. Each query is sent once.

    :param nameservers: `ADDRESS` or `ADDRESS:PORT` of each name server. Without any, those of this machine's configuration.
    :param timeout: the longest time for one query, in seconds.
    :raises Invalid: if dnspython is missing, an option is not valid, or this machine has no name servers.
    """

    def __init__(self, nameservers: Iterable[str] = (), timeout: float = 5) -> None:
        try:
            import dns.exception
            import dns.message
            import dns.nameserver
            import dns.resolver
        except ImportError as error:
            raise Invalid(
                "The Python package dnspython (2.4 or newer) is missing on the machine that runs this task. Install it there: pip install dnspython."
            ) from error
        if not (math.isfinite(timeout) and 0 < timeout <= _LONGEST_TIMEOUT):
            raise Invalid(
                f"nameserver_timeout must be more than 0 and at most {_LONGEST_TIMEOUT} seconds, not {timeout}."
            )
        self._dns = dns
        addresses = [_endpoint(one) for one in nameservers]
        try:
            self._resolver = dns.resolver.Resolver(configure=not addresses)
        except dns.resolver.NoResolverConfiguration as error:
            raise Invalid("This machine has no configured name servers. Set nameservers.") from error
        if addresses:
            self._resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in addresses]
        self._resolver.timeout = min(timeout, 2.0)
        self._resolver.lifetime = timeout
        self._known: dict[tuple[str, str], list[Any] | Exception] = {}
        self.answered = 0
        self._late_in_a_row = self._late = 0
        self.unanswered: dict[str, str] = {}

    @property
    def servers(self) -> str:
        """Return the name servers as a text for messages."""
        return some(str(one) for one in self._resolver.nameservers)

    @property
    def is_silent(self) -> bool:
        """Return whether queries were sent, and none was answered."""
        return bool(self.unanswered) and not self.answered

    def refuse_silence(self) -> None:
        """Raise an error if no name server answered any query.

        :raises Timeout: if there was no answer.
        """
        if self.is_silent:
            reasons = some(dict.fromkeys(self.unanswered.values()), 1)
            raise Timeout(
                f"No name server answered ({self.servers}: {reasons}), so no record could be checked. "
                "Check nameservers, and check whether this machine may query them."
            )

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name, the parts of each joined (RFC 7208 §3.3).

        :raises Unanswered: if there is no answer.
        :raises AliasLoop: if the name is an alias that leads back to itself.
        """
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def addresses(self, name: str) -> list[str]:
        """Return the IPv4 and IPv6 addresses of a name. Errors as in `texts`."""
        return [record.address for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def exchanges(self, name: str) -> list[tuple[int, str]]:
        """Return preference and host of the MX records of a name, in the order in which to try them. Errors as in `texts`."""
        return sorted((record.preference, _text(record.exchange)) for record in self._ask(name, "MX"))

    def names(self, address: str) -> list[str]:
        """Return the names of an address (PTR). Errors as in `texts`."""
        pointer = ipaddress.ip_address(address).reverse_pointer
        return [_text(record.target) for record in self._ask(pointer, "PTR")]

    def alias(self, name: str) -> str:
        """Return the target of a name that is an alias (CNAME); otherwise an empty text. Errors as in `texts`."""
        return next((_text(record.target) for record in self._ask(name, "CNAME")), "")

    def _ask(self, name: str, kind: str) -> list[Any]:
        question = (name.lower().rstrip("."), kind)
        if question not in self._known:
            self._known[question] = self._answer(*question)
        known = self._known[question]
        if isinstance(known, Exception):
            raise known
        return known

    def _answer(self, name: str, kind: str) -> list[Any] | Exception:
        dns = self._dns
        if self.is_silent and len(self.unanswered) >= _ATTEMPTS:
            return Unanswered("not queried, because no query was answered before")
        if self._late_in_a_row >= _IN_A_ROW or self._late >= _IN_ALL:
            return Unanswered(f"{name} {kind}: not queried, because {self._late} queries were not answered in time")
        try:
            answer = self._resolver.resolve(f"{name}.", kind, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            answer = None
        except dns.exception.Timeout:
            self._late_in_a_row += 1
            self._late += 1
            return self._note(name, kind, "no answer in time")
        except dns.resolver.YXDOMAIN as error:
            return self._note(name, kind, type(error).__name__)
        except dns.resolver.NoNameservers as error:
            self._late_in_a_row = 0
            causes = [cause for _server, _tcp, _port, cause, _response in error.kwargs.get("errors", ())]
            if any(isinstance(cause, dns.message.ChainTooLong) for cause in causes):
                self._count_answer()
                return AliasLoop(f"{name} is an alias (CNAME) that leads back to itself")
            return self._note(name, kind, some(dict.fromkeys(str(cause) or type(cause).__name__ for cause in causes)))
        except dns.exception.DNSException:  # the name is not valid: too long, or with an empty label
            answer = None
        self._count_answer()
        return [] if answer is None or answer.rrset is None else list(answer.rrset)

    def _count_answer(self) -> None:
        self.answered += 1
        self._late_in_a_row = 0

    def _note(self, name: str, kind: str, reason: str) -> Unanswered:
        self.unanswered[f"{name} {kind}"] = reason
        return Unanswered(f"{name} {kind}: {reason}")


def _text(name: Any) -> str:
    return str(name.to_text()).rstrip(".").lower()


def _endpoint(text: str) -> tuple[str, int]:
    """Return address and port of a name server, from an IP address with an optional port.

    :raises Invalid: if the text is something else.
    """
    found = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?|([^:]+):(\d+)", text.strip())
    host, port = (found[1] or found[3], found[2] or found[4] or "53") if found else (text.strip(), "53")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is None or not 0 < int(port) < 65536:
        raise Invalid(
            f"nameservers: {text!r} is not the address of a name server (expected an IP address, such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353)."
        )
    return str(address), int(port)
