"""The records of an SMTP server: one JSON line per event, and each message as it was received.

Secrets are never stored.
"""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timezone
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any


class Records:
    """The events of one server, in NAME.jsonl, and the messages it accepted, in NAME/."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.path = folder / f"{name}.jsonl"
        self._messages = folder / name
        self._kept = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.forget()

    def forget(self) -> None:
        """Delete all records."""
        self.path.write_text("")
        shutil.rmtree(self._messages, ignore_errors=True)
        self._kept = 0

    def add(self, event: str, **facts: Any) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        with self.path.open("a") as lines:
            lines.write(json.dumps({"time": now, "server": self.name, "event": event, **facts}) + "\n")

    def keep(self, content: bytes) -> dict[str, Any]:
        """Store a message, and return its facts for a test."""
        self._kept += 1
        self._messages.mkdir(exist_ok=True)
        path = self._messages / f"{self._kept:06}.eml"
        path.write_bytes(content)
        headers = BytesHeaderParser(policy=policy.default).parsebytes(content)
        wanted = {"subject": "Subject", "message_id": "Message-Id", "from": "From", "to": "To"}
        found = {
            fact: str(headers[name]).strip() if headers[name] is not None else None for fact, name in wanted.items()
        }
        return {**found, "size": len(content), "message": str(path)}
