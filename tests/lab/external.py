"""An external Odoo that replaces the lab's. The SMTP servers are the lab's, and databases are copied from a template.

The environment describes it. Operations that it does not support raise NotApplicable.

ODOO_URL, ODOO_USERNAME, ODOO_PASSWORD, ODOO_API_KEY: its address, and its administrator in each copy of the template.
    It needs six workers, or no workers but threads: some requests of tests wait a minute for silent SMTP servers.
ODOO_EXPIRED_API_KEY: an expired key of the administrator. For tests of the message about it.
ODOO_TEMPLATE: the database to copy, with the addons mail, mass_mailing, google_gmail and microsoft_outlook.
    Mark it as a template (`ALTER DATABASE ... IS_TEMPLATE true`), or Odoo's workers run its crons.
ODOO_DSN: a connection string of its PostgreSQL for a user that may create databases. The alternative is
ODOO_MASTER_PASSWORD: the password of Odoo's database manager.
ODOO_CRON_THREADS: the number of its cron threads (max_cron_threads). Some tests need none, others one.
ODOO_LOG: its log file, if this machine can read it.
ODOO_SHELL: a command that runs the script of its standard input in `odoo shell`; the database's name is added to it.
ODOO_ADDONS_PATH: a folder of its addons path that tests may write to.
ODOO_RESTART: a command that restarts it.
    ODOO_CRON_THREADS in the command's environment is the required number of cron threads.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NoReturn

from .errors import LabError
from .lab import Lab
from .layout import Layout
from .postgres import identifier, literal
from .processes import clean_environment, run

# The same as `odoo.STALE`, for series before 19.0, whose signals are only sequences.
_STALE = """
DO $$ BEGIN
  IF to_regclass('orm_signaling_registry') IS NOT NULL THEN
    PERFORM setval('orm_signaling_registry_id_seq', (random() * 1000000000)::int);
    INSERT INTO orm_signaling_registry DEFAULT VALUES;
  ELSE
    PERFORM setval('base_registry_signaling', (random() * 1000000000)::int);
  END IF;
END $$
"""


class NotApplicable(Exception):
    """A test needs a feature that this instance lacks; the message names it."""


class _Facts(dict[str, Any]):
    """A part of the description. A fact that is unknown for the instance makes a test not applicable."""

    def __missing__(self, key: str) -> NoReturn:
        raise NotApplicable(f"the instance was given without {key}")


class ExternalOdoo:
    """The connection to the instance."""

    def __init__(self) -> None:
        self.url = os.environ["ODOO_URL"]

    @property
    def version(self) -> str:
        request = urllib.request.Request(
            f"{self.url}/web/webclient/version_info", b"{}", {"Content-Type": "application/json"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return str(json.load(answer)["result"]["server_version"])


class ExternalLab(Lab):
    """The SMTP servers of a lab, with an Odoo that runs elsewhere."""

    def __init__(self, layout: Layout | None = None) -> None:
        super().__init__(layout)
        # Nothing here starts or stops it, so it lacks these methods.
        self.odoo = ExternalOdoo()  # type: ignore[assignment]  # it has fewer methods
        self._dsn, self._template = os.environ.get("ODOO_DSN"), os.environ.get("ODOO_TEMPLATE", "")
        self._master_password = os.environ.get("ODOO_MASTER_PASSWORD", "")
        self._cron_threads = os.environ.get("ODOO_CRON_THREADS")

    @classmethod
    def load(cls, layout: Layout | None = None) -> ExternalLab:
        """Use the running SMTP servers.

        :raises LabError: none are running.
        """
        lab = cls(layout)
        if not lab.smtp_servers.daemon.is_running:
            raise LabError("The SMTP servers of the lab do not run: start them with `python3 tests/lab smtp`.")
        return lab

    @property
    def description(self) -> dict[str, Any]:
        known = {
            "url": self.odoo.url,
            "version": self.odoo.version,
            "master_password": self._master_password,
            "log": os.environ.get("ODOO_LOG"),
            "template": self._template,
            "expired_api_key": os.environ.get("ODOO_EXPIRED_API_KEY"),
            "admin": {
                "login": os.environ.get("ODOO_USERNAME"),
                "password": os.environ.get("ODOO_PASSWORD"),
                "api_key": os.environ.get("ODOO_API_KEY"),
            },
        }
        facts = _Facts({name: value for name, value in known.items() if value})
        return {"odoo": facts, "smtp": self.smtp_servers.description}

    def fresh(self, database: str) -> str:
        self._refuse_template(database)
        if self._dsn is None:
            self.drop(database)
            self._manage("duplicate", name=self._template, new_name=database)
            return database
        self._query("postgres", f"DROP DATABASE IF EXISTS {identifier(database)} WITH (FORCE)")
        # PostgreSQL copies no database that has a connection, and Odoo connects to the template if there is no other.
        self._query(
            "postgres",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {literal(self._template)};"
            f"CREATE DATABASE {identifier(database)} TEMPLATE {identifier(self._template)}",
        )
        self._query(database, _STALE)
        return database

    def drop(self, database: str) -> None:
        if self._dsn is None:
            self._manage("drop", name=database)
        else:
            self._query("postgres", f"DROP DATABASE IF EXISTS {identifier(database)} WITH (FORCE)")

    def sql(self, database: str, statement: str) -> list[dict[str, str]]:
        return self._query(database, statement)

    def start_odoo(self, max_cron_threads: int | None = None, options: tuple[str, ...] = ()) -> None:
        """Ensure the number of cron threads that a test needs; without a number, the initial one."""
        if options:
            raise NotApplicable("the instance cannot be started with other options")
        wanted = os.environ.get("ODOO_CRON_THREADS") if max_cron_threads is None else str(max_cron_threads)
        if wanted == self._cron_threads:
            return
        if wanted is None or "ODOO_RESTART" not in os.environ:
            raise NotApplicable(f"the instance was not started with max_cron_threads {wanted}")
        self._cron_threads = wanted
        self.restart_odoo()

    def stop_odoo(self) -> None:
        """Do nothing: an external instance is not stopped."""

    def restart_odoo(self, max_cron_threads: int | None = None, options: tuple[str, ...] = ()) -> None:
        if max_cron_threads is not None or options:
            raise NotApplicable("the instance cannot be restarted with other options")
        environment = clean_environment() | {"ODOO_CRON_THREADS": self._cron_threads or ""}
        run(self.restart_command, "Restarting the instance", environment=environment)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            time.sleep(1)
            try:
                self.odoo.version  # noqa: B018 (it answers, or it raises)
            except OSError:
                continue
            return
        raise LabError(f"The instance at {self.odoo.url} did not answer within two minutes of its restart.")

    @property
    def restart_command(self) -> list[str]:
        """Return the command that restarts Odoo."""
        if "ODOO_RESTART" not in os.environ:
            raise NotApplicable("the instance cannot be restarted (ODOO_RESTART)")
        return shlex.split(os.environ["ODOO_RESTART"])

    @property
    def extra_addons(self) -> Path:
        if "ODOO_ADDONS_PATH" not in os.environ:
            raise NotApplicable("no addon can be put where the instance finds it (ODOO_ADDONS_PATH)")
        return Path(os.environ["ODOO_ADDONS_PATH"])

    def needs_own_smtp_port(self) -> None:
        raise NotApplicable("the instance's configuration file does not name a port of the lab")

    def shell(self, database: str, script: str) -> str:
        if "ODOO_SHELL" not in os.environ:
            raise NotApplicable("no script can be run in the instance's shell (ODOO_SHELL)")
        return run(
            [*shlex.split(os.environ["ODOO_SHELL"]), database],
            f"The script in the database {database}",
            environment=clean_environment(),
            stdin=f"{script}\nenv.cr.commit()\nenv.registry.signal_changes()\n",
        )

    def second_odoo(self, *options: str, **environment: str) -> AbstractContextManager[str]:
        raise NotApplicable("no second Odoo can be started")

    def fetch_addons(self, *_arguments: Any, **_versions: str) -> None:
        raise NotApplicable("no addon is fetched for an instance that is not the lab's")

    def environment(self, database: str = "") -> dict[str, str]:
        names = ("ODOO_URL", "ODOO_USERNAME", "ODOO_PASSWORD", "ODOO_API_KEY")
        given: Mapping[str, str | None] = {name: os.environ.get(name) for name in names}
        return {**{name: value or "" for name, value in given.items()}, "ODOO_DATABASE": database}

    def _refuse_template(self, database: str) -> None:
        if database in ("postgres", self._template):
            raise LabError(f"The database {database} is what others are copied from: choose another name.")

    def _query(self, database: str, statement: str) -> list[dict[str, str]]:
        if self._dsn is None:
            raise NotApplicable("the instance was given without a connection to its PostgreSQL (ODOO_DSN)")
        printed = run(
            [
                "psql",
                "--no-psqlrc",
                "--quiet",
                "--csv",
                "--set",
                "ON_ERROR_STOP=1",
                "--file",
                "-",
                f"{self._dsn} dbname={database}",
            ],
            f"SQL in the database {database}",
            environment=clean_environment(),
            stdin=statement,
        )
        return list(csv.DictReader(io.StringIO(printed)))

    def _manage(self, action: str, **values: str) -> None:
        """Run an operation of Odoo's database manager.

        It answers with a page. Dropping a missing database is not an error.
        """
        data = urllib.parse.urlencode({"master_pwd": self._master_password, **values}).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.odoo.url}/web/database/{action}", data, timeout=600):
            pass
