"""One SMTP server for a test: its address, accepted and refused messages, and settings of its behavior.

It needs only Python, so that tests in any environment can use it.
"""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import LabError

Record = dict[str, Any]


@dataclass(frozen=True)
class SmtpServer:
    """A running server. The fields are those of lab.json."""

    name: str
    host: str
    port: int
    encryption: str
    authentication: str
    certificate: str | None
    sender_must_be_user: bool
    records: str  # path of the JSON lines
    control_port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    def events(self, *names: str) -> list[Record]:
        """Return the records since the last reset, oldest first; if names are given, only events of these names."""
        path = Path(self.records)
        lines = path.read_text().splitlines() if path.exists() else []
        return [record for record in map(json.loads, lines) if not names or record["event"] in names]

    def accepted(self) -> list[Record]:
        """Return the accepted messages, each with envelope, headers, `user`, `tls` and the path of its `message`."""
        return self.events("accepted")

    def refused(self) -> list[Record]:
        """Return refusals and disconnections, each with `verb` and `reply`."""
        return self.events("refused", "dropped")

    def wait_accepted(self, count: int = 1, seconds: float = 10) -> list[Record]:
        """Return `accepted` when there are `count` messages; raise a LabError if they do not arrive within `seconds`."""
        deadline = time.monotonic() + seconds
        while len(accepted := self.accepted()) < count:
            if time.monotonic() > deadline:
                raise LabError(
                    f"The SMTP server {self.name} accepted {len(accepted)} messages in {seconds:.0f} s, not {count}."
                )
            time.sleep(0.05)
        return accepted

    def message(self, record: Record) -> bytes:
        """Return the message of an `accepted` record, as it was received."""
        return Path(record["message"]).read_bytes()

    def reset(self) -> None:
        """Delete all records and counts, and restore the original behavior."""
        self._command("reset")

    def configure(self, **settings: Any) -> None:
        """Change the behavior; the settings are those of `servers.Behavior`. They apply from the next command on."""
        self._command("configure", settings)

    def _command(self, command: str, settings: Record | None = None) -> None:
        request = {"server": self.name, "command": command, "settings": settings or {}}
        try:
            with socket.create_connection(("127.0.0.1", self.control_port), timeout=10) as connection:
                connection.sendall(json.dumps(request).encode() + b"\n")
                answer = json.loads(connection.makefile().readline())
        except (OSError, ValueError) as problem:
            raise LabError(f"The lab's SMTP servers do not answer ({problem}): run `up`.") from problem
        if "error" in answer:
            raise LabError(f"The SMTP server {self.name} did not take the command {command}: {answer['error']}.")
