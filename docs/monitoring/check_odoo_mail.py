# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin for Nagios, Icinga and others. It reads the report of the playbook postmaster.odoo.doctor, and prints the state of Odoo's mail.

    python3 check_odoo_mail.py --report /srv/reports/doctor.json --instance acme

It prints one line with performance data. The exit code is 0 (OK), 1 (WARNING), 2 (CRITICAL) or 3 (UNKNOWN). It needs only Python 3.10.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

OK, WARNING, CRITICAL, UNKNOWN = range(4)
WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
STATES = {"healthy": OK, "warning": WARNING, "error": CRITICAL, "not_queried": UNKNOWN}
# From the best to the worst state. Mail that does not leave is worse than an instance with an unknown state.
ORDER = (OK, WARNING, UNKNOWN, CRITICAL)

REPORT_FORMAT = 1
DEFAULT_CHECKS = ("cron", "server", "routing", "queue", "setup", "expiry")
MOST_NAMES = 5
MOST_AHEAD = 0.25  # hours that the clock of the controller may be ahead of this machine's


class Unusable(Exception):
    """A report that does not contain the state."""


def main(arguments: list[str]) -> int:
    """Print the line, and return the exit code."""
    options = _parse(arguments)
    try:
        state, text = _judge(options)
    except Unusable as problem:
        state, text = UNKNOWN, _plain(problem)
    return _printed(state, text)


def _printed(state: int, text: str) -> int:
    """Print the line, and return the exit code. A character that the output cannot encode is escaped."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a text stream has it
    print(f"ODOO MAIL {WORDS[state]} - {text}")
    return state


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = _Parser(description="State of the mail of Odoo instances")
    parser.add_argument("--report", required=True, type=Path, help="doctor.json in the folder doctor_report_folder")
    parser.add_argument("--instance", help="the name of one instance; by default all instances of the report")
    parser.add_argument(
        "--checks",
        default=",".join(DEFAULT_CHECKS),
        help="the checks of the doctor that must have run; if one is missing, the state is UNKNOWN instead of OK or WARNING (all default checks)",
    )
    parser.add_argument("--max-age", type=_hours, default=26, help="hours after which the report is UNKNOWN (26)")
    return parser.parse_args(arguments)


def _hours(text: str) -> float:
    """Return a positive number of hours."""
    hours = float(text)
    if not (math.isfinite(hours) and hours > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number of hours")
    return hours


class _Parser(argparse.ArgumentParser):
    """A parser that exits with UNKNOWN, because Nagios interprets the usual exit code 2 as CRITICAL."""

    def error(self, message: str) -> Any:
        sys.exit(_printed(UNKNOWN, _plain(message)))


def _judge(options: argparse.Namespace) -> tuple[int, str]:
    report = _read(options.report)
    try:
        age = _age(report["generated"])
        if age > options.max_age:
            raise Unusable(f"the report {options.report} is {age:.0f} hours old (at most {options.max_age:g})")
        if age < -MOST_AHEAD:
            raise Unusable(
                f"the report {options.report} is {-age:.1f} hours in the future: set the clocks of both machines"
            )
        instances = [one for one in report["instances"] if options.instance in (None, one["instance"])]
        if not instances:
            raise Unusable(f"the report {options.report} has no instance {options.instance or ''}".rstrip())
        wanted = [check for text in options.checks.split(",") if (check := text.strip())]
        for one in instances:
            one["missing"] = [check for check in wanted if check not in _list(one["checks"])]
        state = max(map(_state, instances), key=ORDER.index)
        return state, f"{_words(instances)} | {_performance(instances)}"
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise Unusable(f"the report {options.report} is not a report of the doctor ({type(error).__name__})") from error


def _state(instance: dict[str, Any]) -> int:
    """Return the state of an instance. If a check did not run, its findings are unknown."""
    states = [STATES[instance["status"]], *([UNKNOWN] if instance["missing"] else [])]
    severities = {one["severity"] for one in _list(instance["findings"])}
    states += [state for severity, state in (("warning", WARNING), ("error", CRITICAL)) if severity in severities]
    return max(states, key=ORDER.index)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _read(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"the report {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Unusable(f"the report {path} is not JSON") from error
    if not isinstance(report, dict) or report.get("format") != REPORT_FORMAT:
        raise Unusable(f"the report {path} does not have the format {REPORT_FORMAT}")
    return report


def _age(generated: str) -> float:
    """Return the age of a timestamp in hours."""
    moment = datetime.strptime(generated, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return (datetime.now(timezone.utc) - moment).total_seconds() / 3600


def _words(instances: list[dict[str, Any]]) -> str:
    """Return the instances that are not healthy, the worst first. If all are healthy, return their number or name."""
    ill = [one for one in instances if _state(one) != OK]
    ill.sort(key=lambda one: -ORDER.index(_state(one)))
    if not ill:
        return (
            f"{len(instances)} of {len(instances)} healthy"
            if len(instances) > 1
            else f"{_plain(instances[0]['instance'])}: healthy"
        )
    return "; ".join(f"{_plain(one['instance'])}: {_reasons(one)}" for one in ill)


def _reasons(instance: dict[str, Any]) -> str:
    if instance["status"] == "not_queried":
        return f"not queried ({_plain(instance['error_kind'])})"
    # Each ID once, in the order of the report: by severity. Remarks are not reasons.
    names = list(dict.fromkeys(_plain(one["id"]) for one in instance["findings"] if one["severity"] != "info"))
    rest = len(names) - MOST_NAMES
    reasons = [", ".join(names[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")] if names else []
    if instance["missing"]:
        reasons.append(f"not examined: {', '.join(map(_plain, instance['missing']))}")
    return ", ".join(reasons)


def _plain(text: object) -> str:
    """Return a text on one line, without the character | that begins performance data."""
    return "".join(char if char.isprintable() and char != "|" else "?" for char in str(text))


def _performance(instances: list[dict[str, Any]]) -> str:
    queues = [one["queue"] for one in instances if one["queue"]]
    ends = [end["ends"] for one in instances for end in one["expiry"] if end["ends"]]
    values: dict[str, str] = {
        name: f"{sum(one['counts'][severity] for one in instances):d}"
        for name, severity in (("errors", "error"), ("warnings", "warning"))
    }
    values["not_queried"] = str(sum(one["status"] == "not_queried" for one in instances))
    if queues:
        ages = [queue["oldest_due"]["age_seconds"] for queue in queues if queue["oldest_due"]]
        values["due"] = f"{sum(queue['due'] for queue in queues):d}"
        values["failed"] = f"{sum(queue['states']['exception'] for queue in queues):d}"
        values["oldest_due"] = f"{max(ages, default=0):d}s"
    if ends:
        first = min(map(datetime.fromisoformat, ends))
        values["next_end"] = f"{(first - datetime.now(timezone.utc)).total_seconds():.0f}s"
    return " ".join(f"{name}={value}" for name, value in values.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
