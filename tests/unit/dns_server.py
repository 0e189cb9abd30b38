# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A DNS server on the loopback that has the zones of a test and follows aliases.

A test can make it silent or make it fail.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dnslib


class DnsServer:
    """The records, the names without an answer, and the names with an error.

    :ivar questions: every question, as `NAME TYPE`.
    """

    def __init__(self, port: int) -> None:
        self.nameserver = f"127.0.0.1:{port}"
        self.is_silent = False
        self.silent_names: set[str] = set()
        self.failing_names: set[str] = set()
        self.questions: list[str] = []
        self._records: list[dnslib.RR] = []

    def load(self, zone: str) -> None:
        """Add the records of a zone file."""
        self._records += dnslib.RR.fromZone(zone)

    def add_text(self, name: str, value: bytes) -> None:
        """Add a TXT record of any bytes, divided into strings of valid length."""
        strings = [value[start : start + 250] for start in range(0, len(value), 250)] or [b""]
        self._records.append(dnslib.RR(name, dnslib.QTYPE.TXT, ttl=60, rdata=dnslib.TXT(strings)))

    def clear(self) -> None:
        """Delete all records and questions."""
        self._records.clear()
        self.questions.clear()
        self.silent_names.clear()
        self.failing_names.clear()
        self.is_silent = False

    def reply(self, packet: bytes) -> bytes | None:
        """Return the answer to a packet; None for no answer."""
        request = dnslib.DNSRecord.parse(packet)
        name, kind = str(request.q.qname).lower(), request.q.qtype
        self.questions.append(f"{name.rstrip('.')} {dnslib.QTYPE[kind]}")
        if self.is_silent or name.rstrip(".") in self.silent_names:
            return None
        answer = request.reply(ra=1)
        if name.rstrip(".") in self.failing_names:
            answer.header.rcode = dnslib.RCODE.SERVFAIL
            return bytes(answer.pack())
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            own = [record for record in self._records if str(record.rname).lower() == name]
            for record in own:
                if record.rtype == kind:
                    answer.add_answer(record)
            aliases = [record for record in own if record.rtype == dnslib.QTYPE.CNAME]
            if not aliases or kind == dnslib.QTYPE.CNAME:
                break
            answer.add_answer(aliases[0])
            name = str(aliases[0].rdata).lower()
        if not any(str(record.rname).lower().endswith(name) for record in self._records):
            answer.header.rcode = dnslib.RCODE.NXDOMAIN
        return bytes(answer.pack())


@contextmanager
def dns_server(zone: str = "") -> Iterator[DnsServer]:
    """Run a server for as long as the context lasts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        server = DnsServer(sock.getsockname()[1])
        server.load(zone)
        thread = threading.Thread(target=_serve, args=(sock, server), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
                knock.sendto(b"", sock.getsockname())
            thread.join()


def _serve(sock: socket.socket, server: DnsServer) -> None:
    """Answer until an empty packet arrives."""
    while True:
        packet, client = sock.recvfrom(65535)
        if not packet:
            return
        answer = server.reply(packet)
        if answer is not None:
            sock.sendto(answer, client)
