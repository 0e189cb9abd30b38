"""Odoo as a background process, and as a shell that runs a script."""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
import xmlrpc.client
from collections.abc import Mapping
from pathlib import Path

from . import credentials, postgres
from .errors import LabError
from .layout import Layout, write_atomically
from .processes import Daemon, clean_environment, run

# Threads that run crons; with one, their order is certain.
CRON_THREADS = 1

# Make a running Odoo load a database that was created again. It receives the signal that Odoo's processes send to each
# other, with a new number. Dropping the old one through Odoo would check the master password, which takes a third of a
# second.
STALE = """
SELECT setval('orm_signaling_registry_id_seq', (random() * 1000000000)::int);
INSERT INTO orm_signaling_registry DEFAULT VALUES
"""

# Odoo ignores an addons folder without an addon, and would not find addons that a test adds there later.
PLACEHOLDER_MANIFEST = """# Makes this an addons folder for Odoo before a test puts its own addon here.
{"name": "Lab placeholder", "installable": False, "license": "LGPL-3"}
"""


class Odoo:
    """The server: configure, start, stop, and run scripts."""

    def __init__(self, layout: Layout, name: str = "odoo") -> None:
        self.layout = layout
        self.daemon = Daemon(layout, name)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.layout.port(self.daemon.name)}"

    @property
    def addons_path(self) -> list[Path]:
        return [self.layout.odoo_sources / "odoo" / "addons", self.layout.extra_addons]

    def configure(self) -> None:
        """Write the configuration that all processes of Odoo share."""
        placeholder = self.layout.extra_addons / "lab_placeholder"
        placeholder.mkdir(parents=True, exist_ok=True)
        (placeholder / "__manifest__.py").write_text(PLACEHOLDER_MANIFEST)
        (placeholder / "__init__.py").touch()
        options = {
            "db_host": "127.0.0.1",
            "db_port": self.layout.port("postgres"),
            "db_user": postgres.USER,
            "db_password": "none",
            "db_maxconn": 64,
            "addons_path": ",".join(map(str, self.addons_path)),
            "data_dir": self.layout.odoo_data,
            "admin_passwd": credentials.ODOO_MASTER_PASSWORD,
            "list_db": True,
            "http_interface": "127.0.0.1",
            "workers": 0,
            # Odoo uses this SMTP server if no mail server is configured. Its default could be a real SMTP server of the
            # machine. Here the connection is refused, as on a machine without one.
            "smtp_server": "localhost",
            "smtp_port": self.layout.port("smtp_nowhere"),
            # Longer than the 60 s that Odoo waits for a silent SMTP server, for several such servers one after the
            # other.
            "limit_time_real": 1200,
            "without_demo": True,
        }
        write_atomically(
            self.layout.odoo_configuration,
            "[options]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()),
        )

    def start(
        self,
        max_cron_threads: int = CRON_THREADS,
        options: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the server and wait until it answers; restart it if it runs with other options.

        `max_cron_threads=0` is an Odoo without cron workers. `options` are further command line options, `environment`
        are further variables.
        """
        arguments = [f"--max-cron-threads={max_cron_threads}", *options]
        variables = environment or {}
        key = " ".join([*arguments, *(f"{name}={value}" for name, value in variables.items())])
        if self.daemon.key == key:
            return
        self.stop()
        port = self.layout.free_port(self.daemon.name)
        self.configure()
        self.daemon.start(
            [*self._command(), f"--http-port={port}", *arguments],
            key,
            self._answers,
            seconds=60,
            environment={**self._environment(), **variables},
        )

    def stop(self) -> bool:
        """Stop the server; return whether it ran."""
        return self.daemon.stop()

    def shell(self, database: str, script: str) -> str:
        """Run a script in `odoo shell`, with `env` as the superuser, and return its output. This takes about two
        seconds.

        Its changes are committed if it succeeds, and a running server then clears its caches.
        """
        return run(
            [*self._command("shell"), "-d", database, "--no-http", "--max-cron-threads=0", "--log-level=error",
             "--shell-interface=python"],
            f"The script in the database {database}",
            environment=self._environment(),
            stdin=f"{script}\nenv.cr.commit()\nenv.registry.signal_changes()\n",
        )  # fmt: skip

    def install(self, database: str, addons: list[str]) -> None:
        """Create a database with these addons, without demo data. This takes about half a minute."""
        run(
            [*self._command(), "-d", database, "-i", ",".join(addons), "--no-http", "--max-cron-threads=0",
             "--stop-after-init", "--log-level=error"],
            f"Installing Odoo in the database {database}",
            environment=self._environment(),
        )  # fmt: skip

    def forget(self, database: str) -> None:
        """Drop a database with Odoo's own database service, so that a running server keeps nothing of it in memory."""
        if self.daemon.is_running:
            try:
                xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/db").drop(credentials.ODOO_MASTER_PASSWORD, database)
            except (OSError, xmlrpc.client.Error) as problem:
                raise LabError(
                    f"Odoo at {self.url} did not drop the database {database} ({problem}): see {self.daemon.log}."
                ) from problem
        shutil.rmtree(self.layout.filestore(database), ignore_errors=True)

    def _command(self, *subcommand: str) -> list[str | Path]:
        return [self.layout.python, "-m", "odoo", *subcommand, "-c", self.layout.odoo_configuration]

    def _environment(self) -> dict[str, str]:
        # If Odoo verifies a certificate, it must trust the lab's authority: in SMTP (SSL_CERT_FILE) and for OAuth2
        # tokens (REQUESTS_CA_BUNDLE).
        bundle = str(self.layout.certificates / "bundle.pem")
        return clean_environment(
            PYTHONPATH=str(self.layout.odoo_sources), SSL_CERT_FILE=bundle, REQUESTS_CA_BUNDLE=bundle
        )

    def _answers(self) -> bool:
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{self.url}/web/health", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False
