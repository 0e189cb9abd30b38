# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of scheduled actions (crons). If they do not run, queued mail is not sent (docs/development/odoo-behaviour.md, Crons)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.observation import Limits, Observation, Record
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.crons import QUEUE, SENDING_CRONS
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.jobs import sends_queue
from ansible_collections.postmaster.odoo.plugins.module_utils.queue_policy.options import OWN_CRONS
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.cron import CRON, interval_of, latest_nextcall
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.info import overdue_minutes
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.datetimes import DATETIME_FORMAT, moment_of
from ansible_collections.postmaster.odoo.plugins.module_utils.text import counted, some

# The crons that mail depends on, the most important first.
MAIL_CRONS = (*SENDING_CRONS, *OWN_CRONS)


def check_crons(seen: Observation, limits: Limits) -> Iterator[Finding]:
    """Yield findings about everything that prevents crons from running."""
    crons = {cron["xml_id"]: cron for cron in seen.crons if cron["xml_id"] in MAIL_CRONS}
    if QUEUE not in crons:
        evidence = f"The scheduled action (cron) {QUEUE} does not exist: it, or its external ID, was deleted."
        remedy = "Upgrade the addon mail (postmaster.odoo.addon), which creates it again."
        yield Finding("cron_disabled", evidence, {"model": CRON.model, "xml_id": QUEUE}, remedy=remedy, fix="")
    for xml_id in MAIL_CRONS:
        if xml_id in crons:
            yield from _check_one(crons[xml_id], seen)
    if QUEUE in crons:
        yield from _check_queue_code(crons[QUEUE])
    if QUEUE in crons and crons[QUEUE]["active"]:
        yield from _check_queue_interval(crons[QUEUE], limits)
    if seen.pending_addons:
        yield _addons_pending(seen, _overdue(seen, limits))
    else:
        yield from _check_late(seen, limits)


def _about(cron: Record) -> dict[str, object]:
    return {"model": CRON.model, "id": cron["id"], "name": cron["name"], "xml_id": cron["xml_id"]}


def _severity(cron: Record) -> str:
    """Return the severity of a problem that stops one cron."""
    return "error" if cron["xml_id"] == QUEUE else "warning"


def _check_one(cron: Record, seen: Observation) -> Iterator[Finding]:
    """Yield findings if one cron is inactive, off schedule, or fails."""
    name, about, severity = cron["name"], _about(cron), _severity(cron)
    if not cron["active"]:
        if seen.is_neutralized:  # this disables all crons, and another check reports it
            return
        notice = _notice(cron, seen)
        if notice:
            evidence = (
                f"{name!r} is inactive. Odoo notified its administrators at {notice['date'][:19]} UTC: {notice['body']}"
            )
            yield Finding("cron_auto_disabled", evidence, about, severity)
        else:
            last = f"It last ran at {cron['lastcall']} UTC." if cron["lastcall"] else "It has never run."
            yield Finding("cron_disabled", f"{name!r} is inactive. {last}", about, severity)
        return
    if cron.get("numbercall") == 0:  # up to 17.0
        yield Finding("cron_no_runs_left", f"numbercall of {name!r} is 0.", about, severity)
        return
    if moment_of(cron["nextcall"]) > latest_nextcall(cron, seen.now):
        evidence = (
            f"{name!r} runs every {cron['interval_number']} {cron['interval_type']}. Its next run is at {cron['nextcall']} UTC, "
            f"in {_span(moment_of(cron['nextcall']) - seen.now)}."
        )
        yield Finding("cron_far_future", evidence, about, severity)
    failures = cron.get("failure_count") or 0
    if failures:
        since = f" since {cron['first_failure_date']} UTC" if cron.get("first_failure_date") else ""
        evidence = (
            f"{name!r} has failed {failures} times in a row{since}."
            if failures > 1
            else f"{name!r} has failed once{since}."
        )
        yield Finding("cron_failing", evidence, about, severity if failures > 1 else "warning")


def _check_queue_code(cron: Record) -> Iterator[Finding]:
    """Yield a finding if the code of the queue's cron sends no mail. An inactive cron counts too, because it can be activated."""
    code = cron.get("code")
    if code is not None and not sends_queue(code):
        yield Finding("cron_code_changed", f"The code of {cron['name']!r} is {code.strip()[:100]!r}.", _about(cron))


def _check_queue_interval(cron: Record, limits: Limits) -> Iterator[Finding]:
    name, about = cron["name"], _about(cron)
    if interval_of(cron) > timedelta(minutes=limits.max_age):
        evidence = f"{name!r} runs every {cron['interval_number']} {cron['interval_type']}, but mails may wait for at most {limits.max_age} minutes (max_age)."
        remedy = (
            f"Run it more often: set interval_number and interval_type with postmaster.odoo.cron and xml_id {QUEUE}."
        )
        yield Finding("cron_far_future", evidence, about, "warning", remedy=remedy, fix="")


def _notice(cron: Record, seen: Observation) -> Record | None:
    """Return Odoo's message that it disabled the cron. Return None if there is no such message or the cron was changed since."""
    own = [one for one in seen.notices if f"({cron['id']})" in one["body"] and one["date"] >= cron["write_date"][:19]]
    return own[0] if own else None


def _addons_pending(seen: Observation, overdue: list[Record]) -> Finding:
    addons = some(f"{name} ({state})" for name, state in sorted(seen.pending_addons.items()))
    evidence = f"{addons}. {_overdue_words(seen, overdue)}"
    about = {"model": "ir.module.module", "id": None, "name": min(seen.pending_addons)}
    return Finding("addons_pending", evidence, about)


def _overdue_words(seen: Observation, overdue: list[Record]) -> str:
    if not overdue:
        return "No cron is overdue yet."
    active = sum(bool(cron["active"]) for cron in seen.crons)
    return f"{len(overdue)} of {counted(active, 'active cron')} {'is' if len(overdue) == 1 else 'are'} overdue."


def late_actions(seen: Observation, limits: Limits) -> dict[int, datetime]:
    """Return the crons that no worker has run in time, by schedule or trigger, each with the time since it is due."""
    due = {cron["id"]: moment_of(cron["nextcall"]) for cron in _overdue(seen, limits)}
    for call in seen.late_triggers:
        cron_id, moment = call["cron_id"][0], moment_of(call["call_at"])
        due[cron_id] = min(due.get(cron_id, moment), moment)
    return due


def _overdue(seen: Observation, limits: Limits) -> list[Record]:
    # A cron without runs left does not show that workers are missing. Another check reports it.
    return [
        cron
        for cron in seen.crons
        if cron.get("numbercall") != 0 and overdue_minutes(dict(cron), seen.now) > limits.max_overdue
    ]


def _check_late(seen: Observation, limits: Limits) -> Iterator[Finding]:
    """Yield a finding about late crons: workers are busy, or there are no workers."""
    late, running, sign = late_actions(seen, limits), _running(seen, limits), _last_sign(seen, limits)
    if not late:
        yield from _served_elsewhere(seen, sign, limits)
        return
    # A worker that has run a cron since each of them was due is alive, but busy.
    if running or (sign and sign[0] > max(late.values())):
        yield from _held_up(seen, late, limits)
        return
    overdue = _overdue(seen, limits)
    if not overdue:
        untaken = [call for call in seen.late_triggers if not sign or moment_of(call["call_at"]) >= sign[0]]
        yield _trigger_backlog(untaken)
        return
    first = min(overdue, key=_importance)
    evidence = f"{_due_words(seen, first, late)} {_overdue_words(seen, overdue)} " + (
        f"The last sign of a worker: {sign[1]}." if sign else "There is no sign that a worker has ever run a cron."
    )
    evidence += _unended_words(seen, first)
    if seen.locked:
        evidence += " No worker has locked it."
    if seen.configuration.get("max_cron_threads") == "0":
        evidence += " In odoo.conf max_cron_threads is 0."
    if seen.late_triggers:
        evidence += f" {_trigger_words(seen.late_triggers)}"
    yield Finding("cron_overdue_no_worker", evidence, _about(first))


def _served_elsewhere(seen: Observation, sign: tuple[datetime, str] | None, limits: Limits) -> Iterator[Finding]:
    """Yield a finding if crons run although the configuration file starts no cron worker."""
    is_recent = sign is not None and seen.now - sign[0] <= timedelta(minutes=limits.max_age)
    if sign and is_recent and not seen.is_neutralized and seen.configuration.get("max_cron_threads") == "0":
        evidence = f"In odoo.conf max_cron_threads is 0, but no cron is late. The last sign of a worker: {sign[1]}."
        yield Finding("cron_served_elsewhere", evidence)


def _held_up(seen: Observation, late: Mapping[int, datetime], limits: Limits) -> Iterator[Finding]:
    """Yield a finding about late crons while workers are alive.

    Only crons that mail depends on count. Triggered crons count only after `max_running`.
    """
    overdue = {cron["id"] for cron in _overdue(seen, limits)}
    patience = timedelta(minutes=limits.max_running)
    mine = [cron for cron in seen.crons if cron["id"] in late and cron["xml_id"] in MAIL_CRONS]
    held_up = [cron for cron in mine if cron["id"] in overdue or seen.now - late[cron["id"]] > patience]
    if not held_up:
        return
    first = min(held_up, key=_importance)
    hangs = "" if first["id"] in _running(seen, limits) else _unended_words(seen, first)
    evidence = f"{_due_words(seen, first, late)}{hangs} {_busy_words(seen, limits)}"
    # Sending one mail does not take so long.
    severity = "error" if first["xml_id"] == QUEUE and seen.now - late[first["id"]] > patience else ""
    yield Finding("cron_overdue_running", evidence, _about(first), severity)


def _importance(cron: Record) -> tuple[int, str]:
    known = cron["xml_id"] in MAIL_CRONS
    return (MAIL_CRONS.index(cron["xml_id"]) if known else len(MAIL_CRONS), cron["nextcall"])


def _due_words(seen: Observation, cron: Record, late: Mapping[int, datetime]) -> str:
    since = late[cron["id"]]
    return f"{cron['name']!r} was due at {since.strftime(DATETIME_FORMAT)} UTC, {_span(seen.now - since)} ago."


def _busy_words(seen: Observation, limits: Limits) -> str:
    """Return a sentence about the cron that workers run, or about their last run."""
    names = {cron["id"]: cron["name"] for cron in seen.crons}
    if any(seen.locked.values()):
        held = some(repr(names.get(cron_id)) for cron_id, is_locked in seen.locked.items() if is_locked)
        return f"A worker has locked {held}."
    running, sign = _running(seen, limits), _last_sign(seen, limits)
    begun = [(moment, cron_id) for cron_id, moment in _unended(seen).items() if cron_id in running]
    if begun:
        moment, cron_id = min(begun)
        return f"{names.get(cron_id)!r} has been running since {moment.strftime(DATETIME_FORMAT)} UTC, for {_span(seen.now - moment)}."
    return f"Workers are alive: {sign[1]}, after it was due." if sign else ""


def _unended(seen: Observation) -> dict[int, datetime]:
    """Return the crons that have started and not ended, with the start. Odoo counts a run as timed out until it ends (18.0 on)."""
    latest: dict[int, Record] = {}
    for row in seen.progress or ():
        latest.setdefault(row["cron_id"], row)
    return {cron_id: moment_of(row["create_date"]) for cron_id, row in latest.items() if row["timed_out_counter"]}


def _unended_words(seen: Observation, cron: Record) -> str:
    begun = _unended(seen).get(cron["id"])
    return f" It started at {begun.strftime(DATETIME_FORMAT)} UTC and has not ended." if begun else ""


def _running(seen: Observation, limits: Limits) -> set[int]:
    """Return the crons that a worker is running: those that are locked, or have started within `max_running` and not ended."""
    oldest = seen.now - timedelta(minutes=limits.max_running)
    believed = {cron_id for cron_id, begun in _unended(seen).items() if begun >= oldest and cron_id not in seen.locked}
    return believed | {cron_id for cron_id, is_locked in seen.locked.items() if is_locked}


def _last_sign(seen: Observation, limits: Limits) -> tuple[datetime, str] | None:
    """Return the last moment of a worker's activity, and a clause about it. The start of a run that counts as killed is ignored."""
    names = {cron["id"]: cron["name"] for cron in seen.crons}
    killed = _unended(seen).keys() - _running(seen, limits)
    signs = [(moment_of(cron["lastcall"]), f"{cron['name']!r} ran") for cron in seen.crons if cron["lastcall"]]
    signs += [
        (moment_of(row["create_date"]), f"{names.get(row['cron_id'])!r} started")
        for row in seen.progress or ()
        if row["cron_id"] not in killed
    ]
    if not signs:
        return None
    moment, what = max(signs)
    return moment, f"{what} at {moment.strftime(DATETIME_FORMAT)} UTC"


def _trigger_backlog(calls: Sequence[Record]) -> Finding:
    about = {"model": CRON.model, "id": calls[0]["cron_id"][0], "name": calls[0]["cron_id"][1], "xml_id": None}
    return Finding("cron_trigger_backlog", _trigger_words(calls), about)


def _trigger_words(calls: Sequence[Record]) -> str:
    names = dict.fromkeys(repr(call["cron_id"][1]) for call in calls)
    has = "has" if len(calls) == 1 else "have"
    since = calls[0]["call_at"][:19]
    return (
        f"{counted(len(calls), 'trigger')} of {some(names)} {has} not been processed. The oldest is from {since} UTC."
    )


def _span(time: timedelta) -> str:
    """Return a time span in its largest unit: `3 days`."""
    minutes = int(time.total_seconds() // 60)
    for unit, length in (("days", 1440), ("hours", 60)):
        if minutes >= 2 * length:
            return f"{minutes // length} {unit}"
    return f"{minutes} minutes"
