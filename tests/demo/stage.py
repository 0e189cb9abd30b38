"""The instance of the demo: a separate lab, or an instance that the environment names."""

from __future__ import annotations

import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml
from ansible.module_utils.parsing.convert_bool import boolean
from lab.layout import write_atomically
from lab.processes import run
from lab.python_environment import REQUIREMENTS, find_python
from lab.smtp.runner import SmtpServers

import screen
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import connect
from errors import DemoError
from lab import Lab, Layout, SmtpServer
from playbooks import CHECKOUT, INVENTORY

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

DATABASE = "demo"
PINS = "postmaster_demo"  # the module part of the external ids in the demo's inventory
STATE = Layout.default().folder / "demo" / "state.json"

_VARIABLES = ("URL", "DATABASE", "USERNAME", "PASSWORD", "API_KEY", "TRANSPORT", "VALIDATE_CERTS", "CA_PATH", "PROXY")


def declared() -> dict[str, Any]:
    """Return the declarations of the demo's inventory without evaluating them."""
    return dict(yaml.safe_load((CHECKOUT / INVENTORY / "group_vars/all/mail.yml").read_text()))


class Stage(ABC):
    """An instance and the SMTP servers that receive its mail."""

    environment: dict[str, str]  # the environment of playbooks
    smtp: Mapping[str, SmtpServer]

    def __init__(self) -> None:
        self.state: dict[str, Any] = json.loads(STATE.read_text()) if STATE.exists() else {}

    @abstractmethod
    def set_up(self) -> None:
        """Prepare everything, and print a message."""

    @abstractmethod
    def tear_down(self) -> None:
        """Remove the demo's records, and print this."""

    @property
    @abstractmethod
    def sign_in(self) -> str:
        """The way in which a reader can log in to it."""

    def session(self) -> Session:
        """Return a session of the instance's administrator, without a playbook."""
        given: dict[str, Any] = {name: self.environment.get(f"ODOO_{name}") for name in _VARIABLES}
        given["VALIDATE_CERTS"] = boolean(given["VALIDATE_CERTS"] or True)
        return connect(**{name.lower(): value for name, value in given.items() if value is not None})

    def remember(self, **facts: Any) -> None:
        """Store facts for `down`; facts of an earlier `up` are kept."""
        self.state = {**facts, **self.state}
        STATE.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(STATE, json.dumps(self.state, indent=2))


class LabStage(Stage):
    """An Odoo and SMTP servers of a new lab, with a fresh database."""

    def __init__(self) -> None:
        super().__init__()
        self.lab = Lab()

    def set_up(self) -> None:
        if not self.lab.layout.description.exists():
            screen.say(
                "This creates an Odoo 19, a PostgreSQL and SMTP servers in a folder that git ignores.\n"
                "The first time takes a minute or two, the next times take seconds.\n"
            )
        self.remember(lab_was_up=self.lab.is_up)
        self.lab.up(screen.say)
        with screen.progress(f"Creating the database {DATABASE}"):
            self.lab.fresh(DATABASE)
        self.environment = {
            **self.lab.environment(DATABASE),
            "POSTMASTER_DEMO_SMTP": str(self.lab.layout.description),
        }
        self.smtp = self.lab.smtp
        screen.say(
            f"\nOdoo {self.lab.description['odoo']['version']} at {self.lab.odoo.url}, database {DATABASE}. It is new and has no mail server."
        )

    def tear_down(self) -> None:
        if self.lab.is_up:
            self.lab.drop(DATABASE)
            screen.say(f"The database {DATABASE} is removed.")
        if self.state.get("lab_was_up"):
            screen.say("The lab was running before the demo, so it is still running. `make lab-down` stops it.")
        else:
            screen.say(f"Stopped: {', '.join(self.lab.down()) or 'nothing ran'}.")
        STATE.unlink(missing_ok=True)

    @property
    def sign_in(self) -> str:
        credentials = self.lab.description["odoo"]["admin"]
        return (
            f"Look around at {self.lab.odoo.url}/web?db={DATABASE} as {credentials['login']} / {credentials['password']} (made up):\n"
            "Settings / Technical / Outgoing Mail Servers, with the developer mode on."
        )


class GivenStage(Stage):
    """An existing instance. Only the SMTP servers belong to the demo, on this machine."""

    def __init__(self) -> None:
        super().__init__()
        self.environment = {
            f"ODOO_{name}": os.environ[f"ODOO_{name}"] for name in _VARIABLES if os.environ.get(f"ODOO_{name}")
        }
        if "ODOO_DATABASE" not in self.environment or not self.environment.keys() & {"ODOO_PASSWORD", "ODOO_API_KEY"}:
            raise DemoError(
                "With ODOO_URL the demo also needs ODOO_DATABASE, and ODOO_API_KEY or ODOO_USERNAME with ODOO_PASSWORD."
            )
        self.layout = Layout(STATE.parent / "smtp")
        self.servers = SmtpServers(self.layout)

    @property
    def _where(self) -> str:
        return f"database {self.environment['ODOO_DATABASE']} at {self.environment['ODOO_URL']}"

    def set_up(self) -> None:
        stack = declared()
        names = ", ".join(server["name"] for server in stack["odoo_mail_servers"])
        crons = ", ".join(cron["xml_id"] for cron in stack["odoo_mail_crons"])
        screen.say(
            f"ODOO_URL is set, so the demo uses {self._where}. It will:\n"
            f"- create the mail servers {names}\n"
            f"- create the alias domain {stack['odoo_mail_alias_domains'][0]['name']}\n"
            f"- set the parameters {', '.join(stack['odoo_mail_parameters'])}\n"
            f"- set the schedule of {crons}\n"
            "- send three mails to the demo's own SMTP servers\n"
            "`make demo-down` with the same variables restores the former state. The SMTP servers run on this machine and listen on\n"
            "localhost only, so the instance must also run on this machine.\n"
        )
        before = self.state.get("instance")
        if before and before != self._where:
            raise DemoError(f"The demo has not been removed from {before}: run make demo-down there first.")
        with self.session() as session:
            self.remember(instance=self._where, before=_before(session, stack))
        self._start_smtp()

    def _start_smtp(self) -> None:
        """Start only the SMTP part of the lab."""
        if not self.layout.python.exists():
            wanted = [line for line in REQUIREMENTS.read_text().splitlines() if re.match(r"aiosmtpd|trustme", line)]
            with screen.progress("Installing the SMTP servers"):
                for command in (
                    [find_python(), "-m", "venv", self.layout.virtual_environment],
                    [self.layout.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
                ):
                    run(command, "Installing the SMTP servers")
        if not (self.layout.certificates / "ca.pem").exists():
            self.servers.create_certificates()
        self.servers.start()
        write_atomically(self.layout.description, json.dumps({"smtp": self.servers.description}, indent=2))
        self.environment["POSTMASTER_DEMO_SMTP"] = str(self.layout.description)
        self.smtp = Lab(self.layout).smtp
        screen.say("The SMTP servers are running.")

    def tear_down(self) -> None:
        if self.state.get("instance", self._where) != self._where:
            raise DemoError(
                f"The demo is in {self.state['instance']}, not in {self._where}: set ODOO_URL and ODOO_DATABASE to that instance."
            )
        if "before" in self.state:
            with self.session() as session:
                _put_back(session, self.state["before"])
            screen.say(f"The former state of {self._where} is restored.")
        if self.servers.stop():
            screen.say("The SMTP servers are stopped.")
        STATE.unlink(missing_ok=True)

    @property
    def sign_in(self) -> str:
        return f"Look around at {self.environment['ODOO_URL']}: Settings / Technical / Outgoing Mail Servers, with the developer mode on."


def stage_of_choice() -> Stage:
    """Return the instance that the environment names, or a lab."""
    return GivenStage() if os.environ.get("ODOO_URL") else LabStage()


def _before(session: Session, stack: Mapping[str, Any]) -> dict[str, Any]:
    """Return the records that the demo is going to change and cannot find again by its external IDs."""
    keys = sorted(stack["odoo_mail_parameters"])
    found = session.search_read("ir.config_parameter", [["key", "in", keys]], ["key", "value"])
    parameters = {**dict.fromkeys(keys), **{row["key"]: row["value"] for row in found}}
    crons = {}
    for cron in stack["odoo_mail_crons"]:
        _model, record_id = session.call(
            "ir.model.data", "check_object_reference", module="mail", xml_id=cron["xml_id"].partition(".")[2]
        )
        fields = ["active", "interval_number", "interval_type"]
        row = session.search_read("ir.cron", [["id", "=", record_id]], fields)[0]
        crons[str(record_id)] = {name: row[name] for name in fields}
    return {"parameters": parameters, "crons": crons}


def _put_back(session: Session, before: Mapping[str, Any]) -> None:
    """Delete the records with the demo's external IDs, and restore the previous values."""
    pins = session.search_read("ir.model.data", [["module", "=", PINS]], ["model", "res_id"])
    for pin in pins:
        if session.search_read(pin["model"], [["id", "=", pin["res_id"]]], ["id"]):
            session.unlink(pin["model"], [pin["res_id"]])
    for key, value in before["parameters"].items():
        ids = [row["id"] for row in session.search_read("ir.config_parameter", [["key", "=", key]], ["key"])]
        if ids and value is None:
            session.unlink("ir.config_parameter", ids)
        elif ids:
            session.write("ir.config_parameter", ids, {"value": value})
    for record_id, values in before["crons"].items():
        session.write("ir.cron", [int(record_id)], values)
