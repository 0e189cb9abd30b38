"""The lab as a whole: it is started and stopped here, and tests use its operations."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

from . import addon_packages, credentials, debian_package, python_environment, template
from .errors import LabError
from .layout import PACKAGE, Layout, write_atomically
from .odoo import CRON_THREADS, STALE, Odoo
from .postgres import Postgres
from .smtp.client import SmtpServer
from .smtp.runner import SmtpServers
from .steps import Progress, Step, Steps, timed

FIRST_DATABASE = "lab"


class Lab:
    """A lab in its folder. `up` starts it; `Lab.load` finds one that was started earlier."""

    def __init__(self, layout: Layout | None = None) -> None:
        self.layout = layout or Layout.default()
        self.postgres = Postgres(self.layout)
        self.odoo = Odoo(self.layout)
        self._second_odoo = Odoo(self.layout, "second_odoo")
        self.smtp_servers = SmtpServers(self.layout)

    @classmethod
    def load(cls, layout: Layout | None = None) -> Lab:
        """Return the running lab; raise a LabError if there is none."""
        lab = cls(layout)
        if not lab.is_up:
            raise LabError(f"No lab runs in {lab.layout.folder}: bring it up with `python3 tests/lab up`.")
        return lab

    @property
    def is_up(self) -> bool:
        return self.layout.description.exists() and all(self.status().values())

    @property
    def description(self) -> dict[str, Any]:
        """Return the content of lab.json."""
        return dict(json.loads(self.layout.description.read_text()))

    @cached_property
    def smtp(self) -> dict[str, SmtpServer]:
        """Return the SMTP servers by name."""
        smtp = self.description["smtp"]
        return {
            name: SmtpServer(name=name, control_port=smtp["control"]["port"], **facts)
            for name, facts in smtp["servers"].items()
        }

    def up(self, progress: Progress = print) -> Lab:
        """Create missing parts and start stopped ones.

        The first time takes about a minute, later starts a few seconds.
        """
        with _alone(self.layout, progress):
            self._prepare(progress)
            with timed(progress, "PostgreSQL, SMTP servers and Odoo run"):
                self.smtp_servers.start()
                self.postgres.start()
                if not self.odoo.daemon.is_running:
                    self.odoo.start()
            self._write_description()
        return self

    def up_smtp(self, progress: Progress = print) -> None:
        """Start only the SMTP servers, for an Odoo that runs elsewhere."""
        with _alone(self.layout, progress):
            steps = Steps(self.layout.stamps, progress)
            for step in (self._python(progress), self._certificates()):
                steps.do(step)
            self.smtp_servers.start()

    def down(self, *, purge: bool = False) -> list[str]:
        """Stop everything, and return the names of the stopped processes. `purge` also deletes all files, databases
        included.

        Databases in memory are always deleted.
        """
        if not self.layout.folder.exists():
            return []
        with _alone(self.layout):
            stopped = self._stop()
            if purge or self.postgres.is_in_memory:
                self.postgres.discard()
            if purge:
                for path in self.layout.folder.iterdir():
                    if path.name == "lock":  # somebody may wait for it
                        continue
                    if path.is_dir():
                        shutil.rmtree(path)
                    else:
                        path.unlink()
        return stopped

    def status(self) -> dict[str, bool]:
        """Return which of the processes run."""
        return {part.daemon.name: part.daemon.is_running for part in (self.postgres, self.smtp_servers, self.odoo)}

    def fresh(self, database: str) -> str:
        """Create a database from the template, in about a second, and return its name.

        An existing one is replaced. It contains only the records that Odoo installs. Odoo loads it at the first
        request, which is therefore slower.
        """
        self._refuse_own(database)
        self.postgres.drop(database)
        self.postgres.copy(template.DATABASE, database)
        self.postgres.query(database, STALE)
        shutil.rmtree(self.layout.filestore(database), ignore_errors=True)
        files = self.layout.filestore(template.DATABASE)
        if files.exists():
            shutil.copytree(files, self.layout.filestore(database))
        return database

    def drop(self, database: str) -> None:
        """Drop a database and its files. A missing database is not an error."""
        self._refuse_own(database)
        self.odoo.forget(database)
        self.postgres.drop(database)

    def sql(self, database: str, statement: str) -> list[dict[str, str]]:
        """Run SQL; return the rows of the last statement, with every value as text and NULL as the empty string."""
        return self.postgres.query(database, statement)

    def shell(self, database: str, script: str) -> str:
        """Run a script in `odoo shell`, commit at its end, and return its output. This takes about two seconds."""
        return self.odoo.shell(database, script)

    def start_odoo(self, max_cron_threads: int = CRON_THREADS, options: tuple[str, ...] = ()) -> None:
        """Start Odoo, or restart it if it runs with other options; `max_cron_threads=0` means no workers."""
        self.odoo.start(max_cron_threads, options)
        self._write_description()

    def needs_own_smtp_port(self) -> None:
        """Return whether Odoo sends mail without a mail server to `smtp.nowhere`, which is always the case in a lab."""

    @property
    def restart_command(self) -> list[str]:
        """Return a command that restarts Odoo like a service: when it ends, the old process has ended, and the new one
        does not answer yet.
        """
        return [sys.executable, str(PACKAGE / "restart_odoo.py")]

    @property
    def extra_addons(self) -> Path:
        """A folder of Odoo's addons path, for addons of tests."""
        return self.layout.extra_addons

    def stop_odoo(self) -> None:
        """Stop only Odoo; databases and SMTP servers keep running."""
        self.odoo.stop()

    def restart_odoo(self, max_cron_threads: int = CRON_THREADS, options: tuple[str, ...] = ()) -> None:
        """Stop and start Odoo, so that it reads new addons and clears its caches."""
        self.odoo.stop()
        self.start_odoo(max_cron_threads, options)

    @contextlib.contextmanager
    def second_odoo(self, *options: str, **environment: str) -> Iterator[str]:
        """Run another Odoo on the same databases in addition to the first, for settings that are read only at the
        start; return its URL.

        It has no cron workers, these further command line options, and these variables in its environment. It ends with
        the block: drop its databases only afterwards.
        """
        self._second_odoo.start(max_cron_threads=0, options=options, environment=environment)
        try:
            yield self._second_odoo.url
        finally:
            self._second_odoo.stop()

    def fetch_addons(self, progress: Progress = print, **versions: str) -> None:
        """Install Odoo addons from the package index for every Odoo of the lab: name=version."""
        steps = Steps(self.layout.stamps, progress)
        for name, version in versions.items():
            steps.do(addon_packages.step(self.layout, name, version))

    def environment(self, database: str = FIRST_DATABASE) -> dict[str, str]:
        """Return the environment variables that direct tests and modules to a database."""
        admin = self.description["odoo"]["admin"]
        return {
            "ODOO_URL": self.odoo.url,
            "ODOO_DATABASE": database,
            "ODOO_USERNAME": admin["login"],
            "ODOO_PASSWORD": admin["password"],
            "ODOO_API_KEY": admin["api_key"],
        }

    @staticmethod
    def _refuse_own(database: str) -> None:
        if database in ("postgres", template.DATABASE):
            raise LabError(f"The lab itself needs the database {database}: choose another name.")

    def _prepare(self, progress: Progress) -> None:
        """Create everything that is created once, in the order of dependencies."""
        layout, steps = self.layout, Steps(self.layout.stamps, progress)
        package = Step(
            "package", "Odoo's Debian package", debian_package.key(), layout.odoo_sources.exists,
            lambda: debian_package.unpack(layout),
        )  # fmt: skip
        python = self._python(progress)
        if not (steps.is_done(package) and steps.is_done(python)):
            self._stop()
        with ThreadPoolExecutor() as both:
            list(both.map(steps.do, (package, python)))
        steps.do(self._certificates())
        cluster = Step(
            "cluster", "PostgreSQL cluster", self.postgres.key(), layout.cluster.exists, self.postgres.create
        )
        steps.do(cluster)
        self.postgres.start()
        template_key = template.key(package.key, cluster.key, debian_package.version(layout))
        template_database = Step(
            "template", "Template database", template_key, lambda: self.postgres.exists(template.DATABASE),
            lambda: template.create(layout, self.postgres, self.odoo),
        )  # fmt: skip
        steps.do(template_database)
        first_database = Step(
            "first-database", f"Database {FIRST_DATABASE}", template_key, lambda: self.postgres.exists(FIRST_DATABASE),
            lambda: self.fresh(FIRST_DATABASE),
        )  # fmt: skip
        steps.do(first_database)

    def _python(self, progress: Progress) -> Step:
        layout = self.layout
        return Step(
            "python", "Python environment", python_environment.key(layout), layout.python.exists,
            lambda: python_environment.create(layout, progress),
        )  # fmt: skip

    def _certificates(self) -> Step:
        servers = self.smtp_servers
        return Step(
            "certificates", "Certificates", servers.certificates_key(), self.layout.certificates.exists,
            servers.create_certificates,
        )  # fmt: skip

    def _stop(self) -> list[str]:
        """Stop all processes; return the names of those that ran."""
        parts = (self._second_odoo, self.odoo, self.smtp_servers, self.postgres)
        return [part.daemon.name for part in parts if part.stop()]

    def _write_description(self) -> None:
        keys = template.api_keys(self.layout)
        description = {
            "odoo": {
                "url": self.odoo.url,
                "version": debian_package.version(self.layout),
                "database": FIRST_DATABASE,
                "master_password": credentials.ODOO_MASTER_PASSWORD,
                "template": template.DATABASE,
                "admin": {
                    "login": credentials.ODOO_ADMIN,
                    "password": credentials.ODOO_ADMIN_PASSWORD,
                    "api_key": keys["valid"],
                },
                "expired_api_key": keys["expired"],
                "log": str(self.odoo.daemon.log),
                "addons_path": [str(path) for path in self.odoo.addons_path],
                "extra_addons": str(self.layout.extra_addons),
            },
            "postgres": self.postgres.description,
            "smtp": self.smtp_servers.description,
        }
        write_atomically(self.layout.description, json.dumps(description, indent=2))


@contextlib.contextmanager
def _alone(layout: Layout, progress: Progress = print) -> Iterator[None]:
    """Lock the lab, so that two programs start or stop it one after the other."""
    layout.folder.mkdir(parents=True, exist_ok=True)
    with (layout.folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"Somebody else brings the lab in {layout.folder} up or down: waiting ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
