# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter heal_plan, and a check that its documentation is up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.postmaster.odoo.plugins.filter import heal_plan as plugin
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import FIXES, Finding, sorted_results

heal_plan = plugin.FilterModule().filters()["heal_plan"]
DOCUMENTED = yaml.safe_load(Path(plugin.__file__).with_suffix(".yml").read_text(encoding="utf-8"))

QUEUE = {"model": "ir.cron", "id": 3, "name": "Queue", "xml_id": "mail.ir_cron_mail_scheduler_action"}
DISABLED = Finding("cron_disabled", "It is inactive.", QUEUE)
FAR = Finding("cron_far_future", "In a month.", QUEUE)
GONE = Finding("cron_disabled", "There is none.", {"model": "ir.cron", "xml_id": QUEUE["xml_id"]}, fix="")
PENDING = Finding("addons_pending", "digest (to upgrade)", {"model": "ir.module.module", "id": None, "name": "digest"})
BATCH = Finding("interrupted_batch", "4 mails", {"model": "mail.mail", "id": None, "name": None})
STALE = Finding("stale_outgoing", "2 mails have been waiting.", {"model": "mail.mail", "id": 1, "name": None})
LOGIN = Finding("auth_failed", "535", {"model": "ir.mail_server", "id": 1, "name": "Main"})
REFUSED_NOW = Finding("throttled", "421", {"model": "ir.mail_server", "id": 1, "name": "Main"}, fix="")
NEUTRALIZED = Finding("neutralized", "is_neutralized")


def failed(name: str, *, fix: str = "transient") -> Finding:
    kind = "throttled" if name == "throttled" else "failures_by_class"
    return Finding(kind, "3 mails", {"model": "mail.mail", "id": 7, "name": name}, fix=fix)


def plan(*findings: Finding, allow: Any = FIXES, due: int = 0, age: int = 0, put_off: int = 0, **queue: Any) -> Any:
    oldest = {"id": 1, "age_seconds": age} if due else None
    queue = {"due": due, "oldest_due": oldest, "put_off": put_off, **queue}
    return heal_plan({"findings": sorted_results(findings), "queue": queue}, allow)


def test_due_mails_are_sent_in_every_state_of_the_cron() -> None:
    """An interrupted run leaves such mails if it has queued them again or postponed them."""
    assert does(plan(due=3, age=60)) == {"send": True}
    assert does(plan(due=3, age=59)) == {}
    assert does(plan(put_off=2)) == {"send": True}
    assert does(plan(sending={"owner": "a", "since": "b", "expired": True})) == {"send": True}
    assert does(plan(sending={"owner": "a", "since": "b", "expired": False})) == {}
    assert does(plan(LOGIN, due=3, age=600)) == {}
    assert "does not work" in plan(LOGIN, due=3, age=600)["held"][0]
    assert does(plan(NEUTRALIZED, due=3, age=600)) == {}
    assert does(plan(STALE, due=3, age=864000)) == {"cancel": True}


def does(planned: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in planned.items() if value and key != "held"}


CRON = {"name": "Queue", "xml_id": QUEUE["xml_id"]}


@pytest.mark.parametrize(
    ("finding", "allow", "due", "expected"),
    [
        (DISABLED, ["crons"], 0, {"crons": [CRON]}),
        (DISABLED, ["crons"], 5, {"crons": [CRON], "send": True}),
        (FAR, ["crons"], 0, {"crons": [CRON]}),
        (GONE, ["crons"], 0, {}),
        (PENDING, ["addons"], 0, {"addons": True}),
        (PENDING, ["crons"], 0, {}),
        (failed("timeout"), ["transient"], 0, {"retry": ["timeout"], "send": True}),
        (failed("throttled"), ["transient"], 0, {"retry": ["throttled"], "send": True}),
        (failed("throttled"), ["interrupted"], 0, {}),
        (failed("auth", fix=""), ["transient"], 0, {}),
        (failed("interrupted"), ["transient"], 0, {"retry": ["interrupted"], "send": True}),
        (failed("interrupted"), ["interrupted"], 0, {"retry": ["interrupted"], "send": True}),
        (REFUSED_NOW, ["transient"], 0, {}),
        (BATCH, ["interrupted"], 4, {"send": True}),
        (BATCH, ["transient"], 4, {}),
        (STALE, ["stale"], 2, {"cancel": True}),
    ],
)
def test_each_fix_if_it_is_allowed(finding: Finding, allow: list[str], due: int, expected: Any) -> None:
    planned = plan(finding, allow=allow, due=due)
    assert does(planned) == expected
    assert planned["held"] == []
    assert does(plan(finding, allow=[], due=due)) == {}


def test_several_at_once() -> None:
    planned = plan(
        DISABLED, FAR, PENDING, failed("timeout"), failed("dns"), BATCH, STALE, failed("auth", fix=""), due=6
    )
    assert does(planned) == {
        "cancel": True,
        "addons": True,
        "crons": [CRON],
        "retry": ["dns", "timeout"],
        "send": True,
    }


def test_no_mail_is_sent_while_a_server_does_not_work() -> None:
    """Neither mail of this server nor mail of another is sent: only Odoo has the information which mail uses which
    server.
    """
    planned = plan(DISABLED, PENDING, failed("timeout"), STALE, LOGIN, due=3)
    assert does(planned) == {"cancel": True}
    assert planned["held"] == ["Mail through a mail server that does not work fails permanently: Main (auth_failed)."]
    nowhere = Finding("no_active_server", "localhost:25")
    assert plan(DISABLED, nowhere)["held"] == [
        "Mail through a mail server that does not work fails permanently: Odoo (no_active_server)."
    ]
    relay = Finding("no_active_server", "Odoo sends through relay.example.", severity="info")
    assert does(plan(DISABLED, relay)) == {"crons": [CRON]}


def test_stale_mails_are_not_sent() -> None:
    planned = plan(DISABLED, STALE, allow=["crons"], due=2)
    assert does(planned) == {}
    assert planned["held"] == [
        "2 mails have been waiting. Stale mails would also be sent. To cancel them, allow stale. To send them, raise doctor_stale_days."
    ]
    assert does(plan(DISABLED, STALE, allow=["crons", "stale"])) == {"cancel": True, "crons": [CRON]}


def test_a_neutralized_copy_is_not_changed() -> None:
    planned = plan(NEUTRALIZED, FAR, failed("timeout"), due=3)
    assert does(planned) == {}
    assert planned["held"] == ["This database is a neutralized copy, which sends nothing on purpose."]


def test_no_waiting_if_there_is_nothing_to_do() -> None:
    assert plan(NEUTRALIZED)["held"] == []
    assert plan(STALE, LOGIN, allow=["crons"])["held"] == []


@pytest.mark.parametrize(
    ("diagnosis", "allow", "words"),
    [
        ({"msg": "unreachable"}, ["crons"], "expected a result of postmaster.odoo.mail_doctor"),
        ({"findings": []}, "crons", "allow 'crons' is not valid"),
        ({"findings": []}, ["cron"], r"allow \['cron'\] is not valid .*crons, transient, interrupted, stale, addons"),
    ],
)
def test_invalid_arguments(diagnosis: Any, allow: Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        heal_plan(diagnosis, allow)


def test_the_documentation() -> None:
    documented = DOCUMENTED["DOCUMENTATION"]
    assert documented["name"] == "heal_plan"
    assert set(documented["options"]) == {"_input", "allow"}
    assert documented["options"]["allow"]["choices"] == list(FIXES)
    assert list(DOCUMENTED["RETURN"]["_value"]["contains"]) == list(plan())
