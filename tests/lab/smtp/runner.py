"""Starts and stops the process of all SMTP servers, and describes them."""

from __future__ import annotations

import json
import socket
from typing import Any

from ..layout import PACKAGE, Layout, write_atomically
from ..processes import Daemon, clean_environment, run
from ..steps import digest
from .servers import SERVERS

HERE = PACKAGE / "smtp"


class SmtpServers:
    """All SMTP servers of the lab, which are one process."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.daemon = Daemon(layout, "smtp")

    def certificates_key(self) -> str:
        return digest(HERE / "certificates.py", PACKAGE / "credentials.py")

    def create_certificates(self) -> None:
        self.stop()
        run(
            [self.layout.python, "-m", "lab.smtp.certificates", self.layout.certificates],
            "Making certificates",
            environment=self._environment(),
        )

    def start(self) -> None:
        """Start the process if it does not run, and restart it if its own sources or certificates have changed."""
        key = digest(self.certificates_key(), *sorted(HERE.glob("*.py")))
        if self.daemon.key == key:
            return
        self.stop()
        settings = {
            "certificates": str(self.layout.certificates),
            "mail": str(self.layout.mail),
            "ports": {name: self.layout.free_port(f"smtp_{name}") for name in SERVERS},
            "control_port": self.layout.free_port("smtp_control"),
        }
        path = self.layout.folder / "smtp.json"
        write_atomically(path, json.dumps(settings, indent=2))
        self.daemon.start(
            [self.layout.python, "-m", "lab.smtp.process", path],
            key,
            self._answers,
            seconds=20,
            environment=self._environment(),
        )

    def stop(self) -> bool:
        """Stop the process; return whether it ran."""
        return self.daemon.stop()

    @property
    def description(self) -> dict[str, Any]:
        """Return the part of lab.json about SMTP."""
        certificates, control_port = self.layout.certificates, self.layout.port("smtp_control")
        return {
            "ca": str(certificates / "ca.pem"),
            "client_certificate": str(certificates / "client.pem"),
            "client_private_key": str(certificates / "client.key"),
            "nowhere": {"host": "localhost", "port": self.layout.port("smtp_nowhere")},  # without a listener
            "control": {"host": "127.0.0.1", "port": control_port},
            "servers": {
                name: {
                    "host": "localhost",
                    "port": self.layout.port(f"smtp_{name}"),
                    "encryption": server.encryption,
                    "authentication": server.authentication,
                    "certificate": server.certificate if server.encryption != "none" else None,
                    "sender_must_be_user": server.sender_must_be_user,
                    **server.secrets,
                    "records": str(self.layout.mail / f"{name}.jsonl"),
                }
                for name, server in SERVERS.items()
            },
        }

    def _environment(self) -> dict[str, str]:
        return clean_environment(PYTHONPATH=str(PACKAGE.parent), PYTHONDONTWRITEBYTECODE="1")

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.layout.port("smtp_control")), timeout=1).close()
        except OSError:
            return False
        return True
