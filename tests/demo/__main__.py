"""`python tests/demo up|down`: a demo of the collection, from a fresh database to detected drift."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / "tests"), str(CHECKOUT / ".work/collections")]

import screen
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from errors import DemoError
from lab import LabError, SmtpServer
from playbooks import play
from stage import STATE, Stage, stage_of_choice

NEWCOMER = "newcomer@demo.example"
CHANGED_VALUES = {"smtp_port": 2525, "from_filter": "acme.example"}
CHANGED_SERVER = "Demo transactional"
DRIFTED = 10  # the exit code of a run that found drift
REPORTS = STATE.parent / "reports"

# The servers in the demo's inventory: the name of the mail server in Odoo, and its SMTP server.
SERVERS = {"Demo transactional": "starttls", "Demo newsletter": "ssl", "Demo relay": "plain"}


def up(stage: Stage) -> None:
    screen.act("An instance, and SMTP servers to send to")
    stage.set_up()

    screen.act("Onboarding: three mail servers, crons, parameters, an alias domain")
    screen.say(
        "The declaration is in tests/demo/inventory/group_vars/all/mail.yml.\n"
        "The playbook enforces it, tests each server with Odoo, and sends a mail through each server.\n"
    )
    since = {name: len(stage.smtp[smtp].accepted()) for name, smtp in SERVERS.items()}
    play("onboard", "-e", f"onboard_canary={NEWCOMER}", environment=stage.environment)

    screen.act("The mails on the SMTP servers")
    screen.say("The SMTP servers have accepted these mails:\n")
    for name, smtp in SERVERS.items():
        show_canary(name, arrived(stage.smtp[smtp], since[name]), stage.smtp[smtp])
    screen.say()
    screen.prove(f"All {len(SERVERS)} mails arrived.")

    screen.act("A second run")
    again = play("onboard", environment=stage.environment)
    if again.changed:
        raise DemoError("The second run changed something, but it must change nothing.")
    screen.prove("Nothing differed, so nothing was changed.")

    screen.act("Somebody changes a server in Odoo")
    change_in_odoo(stage)

    screen.act("A check reports the drift")
    check = play("provision", "--check", "--diff", environment=stage.environment)
    missing = [field for field in CHANGED_VALUES if f"update {field} " not in check.output]
    if check.changed != 1 or missing:
        raise DemoError(f"The check did not report the changes ({', '.join(missing) or f'changed={check.changed}'}).")
    if values_of(stage, CHANGED_SERVER) != CHANGED_VALUES:
        raise DemoError("The check changed the server, but it must only read.")
    screen.prove("Both changes were found, and nothing was written.")

    screen.act("The drift report of a nightly pipeline")
    screen.say(
        "The playbook drift compares and never writes. The callback drift is enabled here. It adds a verdict,\n"
        "reports, and an exit code.\n"
    )
    shutil.rmtree(REPORTS, ignore_errors=True)  # those of an earlier demo belong to another database
    settings = {
        "ANSIBLE_CALLBACKS_ENABLED": "postmaster.odoo.drift",
        "POSTMASTER_DRIFT_REPORT_FOLDER": str(REPORTS),
    }
    play("drift", environment={**stage.environment, **settings}, exit_code=DRIFTED)
    page = REPORTS / "drift.html"
    if not page.exists():
        raise DemoError(f"The run wrote no {page}.")
    screen.prove(f"ansible-playbook ended with {DRIFTED}, which means drift. The report for people is {page}.")

    screen.closing(
        "To correct the server, run the playbook provision without --check.\n"
        f"{stage.sign_in}\n"
        "`make demo` runs the demo again. `make demo-down` removes everything."
    )


def arrived(server: SmtpServer, since: int) -> dict[str, Any]:
    """Return the canary among the messages that a server has accepted."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for record in server.accepted()[since:]:
            if NEWCOMER in record["rcpt_tos"]:
                return record
        time.sleep(0.1)
    raise DemoError(f"No mail to {NEWCOMER} arrived at the SMTP server {server.name}.")


def show_canary(name: str, record: dict[str, Any], server: SmtpServer) -> None:
    facts = {
        "server": f"{server.host}:{server.port}, {server.encryption if server.encryption != 'none' else 'no encryption'}",
        "TLS": record["tls"] or "none",
        "login": record["user"] or "none",
        "from": record["from"],
        "to": record["to"],
        "subject": record["subject"],
    }
    screen.say(screen.coloured(f"  {name}", "1"))
    for label, value in facts.items():
        screen.say(f"    {label:<8} {value}")


def change_in_odoo(stage: Stage) -> None:
    with stage.session() as session:
        found = session.search_read("ir.mail_server", [["name", "=", CHANGED_SERVER]], sorted(CHANGED_VALUES))
        session.write("ir.mail_server", [found[0]["id"]], CHANGED_VALUES)
    screen.say(f"An administrator opens the mail server {CHANGED_SERVER} in Odoo (here: over RPC) and sets")
    for field, value in CHANGED_VALUES.items():
        screen.say(f"    {field:<12} {found[0][field]} -> {value}")
    screen.say("Its mail now leaves with another sender, or not at all. Odoo reports nothing.")


def values_of(stage: Stage, name: str) -> dict[str, Any]:
    with stage.session() as session:
        found = session.search_read("ir.mail_server", [["name", "=", name]], sorted(CHANGED_VALUES))
    return {field: found[0][field] for field in CHANGED_VALUES}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python tests/demo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", help="run the demo")
    commands.add_parser("down", help="remove everything that it has created")
    command = parser.parse_args().command
    stage = stage_of_choice()
    if command == "up":
        up(stage)
    else:
        stage.tear_down()
        shutil.rmtree(REPORTS, ignore_errors=True)


if __name__ == "__main__":
    try:
        main()
    except (DemoError, LabError, OdooError) as problem:
        sys.exit(f"\nThe demo failed: {problem}")
