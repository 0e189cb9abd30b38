"""The paths and ports of one lab.

No path or port outside the lab's folder is fixed, so several checkouts can run labs at the same time.
"""

from __future__ import annotations

import json
import os
import random
import socket
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = Path(__file__).resolve().parent

# Below Linux's ephemeral ports, so that no outgoing connection takes a remembered port while the lab is down.
PORT_RANGE = (20000, 32000)


@dataclass(frozen=True)
class Layout:
    """The folder of a lab and its contents."""

    folder: Path

    @classmethod
    def default(cls) -> Layout:
        """`.lab` at the project's root, or the folder that POSTMASTER_LAB_DIR names."""
        return cls(Path(os.environ.get("POSTMASTER_LAB_DIR") or PROJECT / ".lab").resolve())

    @property
    def description(self) -> Path:
        """Return lab.json, which tests and demos read."""
        return self.folder / "lab.json"

    @property
    def stamps(self) -> Path:
        return self.folder / "stamps"

    @property
    def downloads(self) -> Path:
        return self.folder / "downloads"

    @property
    def package(self) -> Path:
        """The unpacked Debian package."""
        return self.folder / "package"

    @property
    def odoo_sources(self) -> Path:
        """Return the path that must be on sys.path to import odoo."""
        return self.package / "usr" / "lib" / "python3" / "dist-packages"

    @property
    def extra_addons(self) -> Path:
        """Return an addons folder for tests: Odoo finds any addon in it."""
        return self.folder / "addons"

    @property
    def virtual_environment(self) -> Path:
        return self.folder / "venv"

    @property
    def python(self) -> Path:
        """The interpreter that Odoo and the SMTP servers run in."""
        return self.virtual_environment / "bin" / "python"

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data."""
        return self.folder / "postgres"

    @property
    def odoo_data(self) -> Path:
        return self.folder / "odoo"

    @property
    def odoo_configuration(self) -> Path:
        return self.folder / "odoo.conf"

    @property
    def certificates(self) -> Path:
        return self.folder / "certificates"

    @property
    def mail(self) -> Path:
        """Return the folder of the SMTP servers' records."""
        return self.folder / "smtp"

    @property
    def logs(self) -> Path:
        return self.folder / "log"

    @property
    def processes(self) -> Path:
        return self.folder / "run"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def filestore(self, database: str) -> Path:
        return self.odoo_data / "filestore" / database

    def port(self, name: str) -> int:
        """Return the TCP port of `name` on 127.0.0.1: chosen at the first call, then stored."""
        return self._ports().get(name) or self._choose_port(name)

    def free_port(self, name: str) -> int:
        """Return the same as `port`, but choose another one if another program uses the stored port."""
        port = self.port(name)
        return port if _is_free(port) else self._choose_port(name)

    @property
    def _ports_file(self) -> Path:
        return self.folder / "ports.json"

    def _ports(self) -> dict[str, int]:
        return json.loads(self._ports_file.read_text()) if self._ports_file.exists() else {}

    def _choose_port(self, name: str) -> int:
        ports = self._ports()
        ports[name] = next(
            port for port in random.sample(range(*PORT_RANGE), 1000) if port not in ports.values() and _is_free(port)
        )
        write_atomically(self._ports_file, json.dumps(ports, indent=2))
        return ports[name]


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader never finds half of it, even if the lab is killed."""
    half = path.with_name(path.name + ".half")
    half.write_text(text)
    half.replace(path)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
