"""`python3 tests/lab COMMAND`: the commands of the lab."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

# If the folder is run as a program, this file is not yet part of a package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab import Lab, LabError
from lab.lab import FIRST_DATABASE
from lab.odoo import CRON_THREADS
from lab.steps import timed


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python3 tests/lab", description="A real Odoo and SMTP servers, from nothing."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", help="make what is missing, start what does not run")
    commands.add_parser("smtp", help="start the SMTP servers alone, for an Odoo that runs elsewhere")
    down = commands.add_parser("down", help="stop everything")
    down.add_argument("--purge", action="store_true", help="also delete all that the lab made")
    commands.add_parser("status", help="say what runs and where")
    for name, what in (("fresh", "make a database anew from the template"), ("drop", "drop a database")):
        commands.add_parser(name, help=what).add_argument("database")
    environment = commands.add_parser("env", help="print the variables that point tests at a database")
    environment.add_argument("database", nargs="?", default=FIRST_DATABASE)
    restart = commands.add_parser("restart", help="restart Odoo alone")
    restart.add_argument("--max-cron-threads", type=int, default=CRON_THREADS, help="0: no cron workers")
    shell = commands.add_parser("shell", help="run a script from standard input in `odoo shell`, and commit")
    shell.add_argument("database")
    sql = commands.add_parser("sql", help="run one SQL statement")
    sql.add_argument("database")
    sql.add_argument("statement")
    return parser.parse_args()


def say_status(lab: Lab) -> None:
    for name, runs in lab.status().items():
        print(f"{name}: {'runs' if runs else 'stopped'}")
    if lab.is_up:
        print(f"Odoo: {lab.odoo.url}, described in {lab.layout.description}")
        for server in lab.smtp.values():
            print(f"SMTP {server.name}: {server.host}:{server.port}")


def carry_out(asked: argparse.Namespace) -> None:
    lab = Lab()
    if asked.command == "up":
        with timed(print, "The lab is up"):
            lab.up()
        say_status(lab)
    elif asked.command == "smtp":
        lab.up_smtp()
    elif asked.command == "down":
        print(f"Stopped: {', '.join(lab.down(purge=asked.purge)) or 'nothing ran'}")
    elif asked.command == "status":
        say_status(lab)
    elif asked.command == "fresh":
        with timed(print, f"Database {asked.database}"):
            Lab.load().fresh(asked.database)
    elif asked.command == "drop":
        Lab.load().drop(asked.database)
    elif asked.command == "env":
        for name, value in Lab.load().environment(asked.database).items():
            print(f"export {name}={shlex.quote(value)}")
    elif asked.command == "restart":
        with timed(print, "Odoo restarted"):
            lab.restart_odoo(asked.max_cron_threads)
    elif asked.command == "shell":
        print(lab.shell(asked.database, sys.stdin.read()), end="")
    elif asked.command == "sql":
        for row in lab.sql(asked.database, asked.statement):
            print("\t".join(row.values()))


if __name__ == "__main__":
    try:
        carry_out(arguments())
    except LabError as problem:
        sys.exit(f"{problem}")
