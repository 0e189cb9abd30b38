# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `drift` on a small fleet: what it finds, what it ends with, and that it writes nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import yaml

from drift import Report, compare, instance_in, report_of
from instance import LabInstance
from inventory import failed_hosts, recap, run_on
from playbook import Run, ansible_playbook, play

Hosts = dict[str, dict[str, Any]]

# What must not be seen: the old ones are in Odoo, the new ones are declared.
SECRETS = {
    "old_smtp_pass": "old-smtp-password-made-up",
    "new_smtp_pass": "new-smtp-password-made-up",
    "old_parameter": "old-parameter-secret-made-up",
    "new_parameter": "new-parameter-secret-made-up",
    "wrong_key": "wrong-api-key-made-up",
}

STACK: dict[str, Any] = {
    "addons": ["mail"],
    "parameters": {"drift.limit": "500", "drift.api_secret": SECRETS["new_parameter"], "drift.leftover": ""},
    "alias_domains": [{"name": "acme.example", "bounce_alias": "bounce"}],
    "servers": [
        {
            "name": "Transactional",
            "smtp_host": "smtp.invalid",
            "smtp_port": 587,
            "smtp_user": "apikey",
            "smtp_pass": SECRETS["new_smtp_pass"],
            "from_filter": "acme.example",
            "sequence": 1,
        },
        {"name": "Newsletter", "smtp_host": "news.invalid", "from_filter": "news.example"},
        {"name": "Reserve", "smtp_host": "reserve.invalid", "from_filter": "reserve.example", "active": True},
    ],
    "crons": [{"xml_id": "mail.ir_cron_mail_scheduler_action", "interval_number": 7, "interval_type": "minutes"}],
    "routes": [{"from": "shop@acme.example", "server": "Transactional"}],
}

# Of globex alone, for on an instance that is as declared it would install, or run, something.
MORE = {
    "odoo_mail_addons": ["mail", "barcodes"],
    "odoo_mail_crons": [
        *STACK["crons"],
        # A schedule further ahead than one interval is as wrong as one in the past; the lab's lie in 2090.
        {"xml_id": "mail.ir_cron_send_scheduled_message", "max_overdue": 60},
    ],
    "odoo_queue_stale_after": 5,
}

# Resource, key, action and fields of all that globex differs in.
DRIFT = {
    ("addon", "barcodes", "install", ("state",)),
    ("system_parameter", "drift.limit", "update", ("value",)),
    ("system_parameter", "drift.api_secret", "update", ("value",)),
    ("system_parameter", "drift.leftover", "delete", (None,)),
    ("alias_domain", "acme.example", "update", ("bounce_alias",)),
    ("mail_server", "Transactional", "update", ("smtp_port", "smtp_pass")),
    ("mail_server", "Newsletter", "create", ("active", "from_filter", "name", "smtp_host")),
    ("queue_policy", "stale_after", "create", ("stale_after",)),
    ("mail_server", "Reserve", "unarchive", ("active",)),
    ("mail_server", "Old relay", "unmanaged", (None,)),
    ("cron", "mail.ir_cron_mail_scheduler_action", "update", ("interval_number",)),
    ("cron", "mail.ir_cron_send_scheduled_message", "reschedule", ("nextcall",)),
}

EXIT_CODES = {"acme": 0, "globex": 10, "hooli": 2, "umbrella": 4}


def worst(hosts: tuple[str, ...]) -> int:
    """Unreachable outweighs failed, which outweighs drifted."""
    return next(code for code in (4, 2, 10, 0) if code in {EXIT_CODES[host] for host in hosts})


@pytest.fixture(scope="module")
def acme(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """As declared."""
    database = fresh("drift_acme")
    database.enforce(database.fitted(STACK))
    return database


@pytest.fixture(scope="module")
def globex(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """Not as declared, in every kind of resource."""
    database = fresh("drift_globex")
    database.enforce(
        database.fitted(
            {
                "parameters": {
                    "drift.limit": "7",
                    "drift.api_secret": SECRETS["old_parameter"],
                    "drift.leftover": "whatever",
                },
                "alias_domains": [{"name": "acme.example", "bounce_alias": "returns"}],
                "servers": [
                    {**STACK["servers"][0], "smtp_port": 25, "smtp_pass": SECRETS["old_smtp_pass"]},
                    {**STACK["servers"][2], "active": False},
                    {"name": "Old relay", "smtp_host": "old.invalid", "sequence": 99},
                ],
                "crons": [{**STACK["crons"][0], "interval_number": 60}],
            }
        )
    )
    database.sql("UPDATE ir_cron SET nextcall = '2090-01-01'; DELETE FROM ir_cron_trigger")
    return database


@pytest.fixture(scope="module")
def hosts(acme: LabInstance, globex: LabInstance) -> Hosts:
    """One that is as declared, one that is not, one that refuses the key, and one that does not answer."""
    connections = {
        "acme": acme.quick_options(),
        "globex": globex.quick_options(),
        "hooli": {**acme.quick_options(), "api_key": SECRETS["wrong_key"]},
        "umbrella": {**acme.quick_options(), "url": "http://127.0.0.1:1"},
    }
    stack = {f"odoo_mail_{part}": value for part, value in acme.fitted(STACK).items()}
    return {
        host: {**stack, **(MORE if host == "globex" else {}), **{f"odoo_{name}": value for name, value in own.items()}}
        for host, own in connections.items()
    }


def drift_in(report: Report, name: str) -> set[tuple[Any, ...]]:
    """Resource, key, action and fields of what an instance differs in."""
    return {
        (each["resource"], each["key"], each["action"], tuple(one["field"] for one in each["differences"]))
        for each in instance_in(report, name)["resources"]
        if each["status"] != "clean"
    }


@pytest.fixture(scope="module")
def fleet(hosts: Hosts, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """All of them in one run, with every report, and as talkative as can be."""
    folder = tmp_path_factory.mktemp("fleet")
    callback = {"FORMATS": "json,markdown,junit,html,github"}
    return compare(folder, hosts, "-vvvv", "--diff", callback=callback), folder


@pytest.mark.in_process
class TestFleet:
    """What one run over all of them finds."""

    def test_four_different_things(self, fleet: tuple[Run, Path]) -> None:
        report = report_of(fleet[1])
        statuses = {one["instance"]: one["status"] for one in report["instances"]}
        assert statuses == {"acme": "clean", "globex": "drifted", "hooli": "failed", "umbrella": "unreachable"}
        assert (report["verdict"]["status"], report["verdict"]["exit_code"]) == ("unreachable", 4)
        assert fleet[0].exit_code == 4
        assert [error["kind"] for error in instance_in(report, "hooli")["errors"]] == ["authentication"]
        assert [error["kind"] for error in instance_in(report, "umbrella")["errors"]] == ["unreachable"]

    def test_every_kind_of_resource(self, fleet: tuple[Run, Path], globex: LabInstance) -> None:
        found = {(*which, tuple(sorted(fields, key=str))) for *which, fields in drift_in(report_of(fleet[1]), "globex")}
        expected = {
            (*which, tuple(sorted(fields, key=str))) for *which, fields in DRIFT if which[0] not in globex.lacks
        }
        assert found == expected

    def test_values_before_and_after(self, fleet: tuple[Run, Path], globex: LabInstance) -> None:
        resources = instance_in(report_of(fleet[1]), "globex")["resources"]
        changes = {
            (each["key"], one["field"]): (one["before"], one["after"])
            for each in resources
            for one in each.get("differences", [])
        }
        assert changes["Transactional", "smtp_port"] == (25, 587)
        if not globex.lacks:
            assert changes["acme.example", "bounce_alias"] == ("returns", "bounce")
        assert changes["drift.limit", "value"] == ("7", "500")
        assert changes["Newsletter", "smtp_host"] == (None, "news.invalid")
        assert changes["Old relay", None] == ("present", None)

    def test_a_secret_differs_and_does_not_show(self, fleet: tuple[Run, Path], hosts: Hosts) -> None:
        run, folder = fleet
        resources = instance_in(report_of(folder), "globex")["resources"]
        secret = {
            (each["key"], one["field"]): (one["before"], one["after"])
            for each in resources
            for one in each.get("differences", [])
            if one.get("secret")
        }
        mask = "********"
        assert secret == {("Transactional", "smtp_pass"): (mask, mask), ("drift.api_secret", "value"): (mask, mask)}
        files = [path for path in (folder / "reports").iterdir() if path.is_file()]
        assert {path.suffix for path in files} == {".json", ".md", ".xml", ".html"}
        texts = {"output": run.output, **{path.name: path.read_text() for path in files}}
        for name, text in texts.items():
            assert "smtp_pass" in unescape(text), name
            assert not [secret for secret in (*SECRETS.values(), hosts["acme"]["odoo_api_key"]) if secret in text], name
        assert "::error" in run.output

    def test_a_plan_is_not_printed_twice(self, fleet: tuple[Run, Path]) -> None:
        assert "Show the plan" not in fleet[0].output
        assert "is not active" not in fleet[0].output


@pytest.mark.in_process
@pytest.mark.parametrize(
    "chosen", [*itertools.combinations(EXIT_CODES, 1), *itertools.combinations(EXIT_CODES, 2)], ids="+".join
)
def test_what_it_ends_with(chosen: tuple[str, ...], hosts: Hosts, tmp_path: Path) -> None:
    run = compare(tmp_path, hosts, "--limit", ",".join(chosen))
    assert run.exit_code == worst(chosen), run.output
    assert [one["instance"] for one in report_of(tmp_path)["instances"]] == list(chosen)


@pytest.mark.in_process
@pytest.mark.parametrize(
    "lifted",
    [
        ("--extra-vars", "ansible_check_mode=false"),
        ("--tags", "all,servers,queue_policy", "--forks", "1"),
        (
            "--extra-vars",
            '{"postmaster_odoo_in_process": false, "ansible_python_interpreter": "{{ ansible_playbook_python }}"}',
        ),
    ],
    ids=["check mode as a variable", "tags", "as modules"],
)
def test_nothing_is_written_whatever_flags_are_given(
    lifted: tuple[str, ...], hosts: Hosts, globex: LabInstance, tmp_path: Path
) -> None:
    before = globex.fingerprint()
    run = compare(tmp_path, {"globex": hosts["globex"]}, *lifted)
    assert (run.exit_code, recap(run)["globex"]["failed"]) == (10, 0), run.output
    assert globex.fingerprint() == before


@pytest.mark.in_process
def test_nothing_is_written_whatever_a_play_says(hosts: Hosts, globex: LabInstance, tmp_path: Path) -> None:
    """A keyword on the play, on the role, and on what is applied to its tasks."""
    unchecked = {"check_mode": False}
    included = {"ansible.builtin.include_role": {"name": "postmaster.odoo.drift", "apply": unchecked}}
    plays = [
        play(
            vars=hosts["globex"],
            roles=[{"role": "postmaster.odoo.drift", **unchecked}],
            ignore_errors=True,
            **unchecked,
        ),
        play(included, vars=hosts["globex"], ignore_errors=True, **unchecked),
    ]
    before = globex.fingerprint()
    run = ansible_playbook(tmp_path, plays, "--inventory", "globex,")
    assert (recap(run)["globex"]["failed"], recap(run)["globex"]["ignored"]) == (0, 2), run.output
    assert globex.fingerprint() == before


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("tags", "resources"),
    [
        (("--tags", "crons"), {"cron"}),
        (("--tags", "parameters,alias_domains"), {"system_parameter", "alias_domain"}),
        (("--tags", "servers,routes"), {"mail_server"}),
        (("--tags", "queue_policy"), {"queue_policy"}),
        (("--skip-tags", "servers,queue_policy,crons"), {"addon", "system_parameter", "alias_domain"}),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else None,
)
def test_tags_choose_what_is_compared(
    tags: tuple[str, str], resources: set[str], hosts: Hosts, globex: LabInstance, tmp_path: Path
) -> None:
    run = compare(tmp_path, {"globex": hosts["globex"]}, *tags)
    assert run.exit_code == 10, run.output
    found = drift_in(report_of(tmp_path), "globex")
    assert {resource for resource, *_rest in found} == resources - globex.lacks


@pytest.mark.parametrize(
    ("option", "tags", "words"),
    [
        ("--tags", "cronz", "Unknown tags: cronz."),
        ("--skip-tags", "addons,parameters,alias_domains,servers,crons,routes,queue_policy", "Nothing was compared"),
    ],
)
def test_tags_that_leave_nothing_are_a_mistake(
    option: str, tags: str, words: str, hosts: Hosts, tmp_path: Path
) -> None:
    run = compare(tmp_path, hosts, "--limit", "acme", option, tags)
    assert run.exit_code == 2, run.output
    assert words in run.output


class TestBatches:
    """`drift_serial`: Ansible gives up where a whole batch fails."""

    def test_drift_does_not_hold_up_the_next_batch(self, hosts: Hosts, tmp_path: Path) -> None:
        run = compare(tmp_path, {host: hosts[host] for host in ("globex", "acme")}, drift_serial=1)
        assert run.exit_code == 10, run.output
        assert [one["status"] for one in report_of(tmp_path)["instances"]] == ["drifted", "clean"]

    def test_who_was_not_asked_any_more_is_told(self, hosts: Hosts, tmp_path: Path) -> None:
        run = compare(tmp_path, {host: hosts[host] for host in ("hooli", "acme")}, drift_serial=1)
        assert run.exit_code == 2, run.output
        assert [one["status"] for one in report_of(tmp_path)["instances"]] == ["failed", "unknown"]


class TestReportOnly:
    """`exit_code: 0` reports, and leaves the end to Ansible."""

    def test_drift_is_reported_and_does_not_fail(self, hosts: Hosts, tmp_path: Path) -> None:
        run = compare(tmp_path, hosts, "--limit", "acme,globex", callback={"EXIT_CODE": "0"})
        assert run.exit_code == 0, run.output
        assert report_of(tmp_path)["verdict"]["status"] == "drifted"

    def test_failures_fail(self, hosts: Hosts, tmp_path: Path) -> None:
        run = compare(tmp_path, hosts, "--limit", "globex,hooli", callback={"EXIT_CODE": "0"})
        assert run.exit_code == 2, run.output


@pytest.mark.in_process
class TestWithoutTheCallback:
    """Drift is never green."""

    def test_not_enabled(self, hosts: Hosts, tmp_path: Path) -> None:
        run = run_on(tmp_path, "drift", hosts, "--limit", "acme,globex")
        assert (run.exit_code, failed_hosts(run)) == (2, {"globex"})
        assert "mail_server Transactional" in run.output
        assert "unmanaged mail_server Old relay" in run.output
        assert "ANSIBLE_CALLBACKS_ENABLED=postmaster.odoo.drift" in run.output

    def test_tags_do_not_skip_it(self, hosts: Hosts, tmp_path: Path) -> None:
        for tags in (("--tags", "crons"), ("--skip-tags", "crons")):
            run = run_on(tmp_path, "drift", hosts, "--limit", "globex", *tags)
            assert run.exit_code == 2, run.output

    def test_enabled_for_another_run_only(self, hosts: Hosts, tmp_path: Path) -> None:
        """A playbook that another one runs inherits its environment."""
        inherited = {"POSTMASTER_DRIFT_CALLBACK": "active"}
        run = run_on(tmp_path, "drift", hosts, "--limit", "globex", environment=inherited)
        assert run.exit_code == 2, run.output

    def test_options_that_do_not_load_end_the_run_before_anything_is_asked(self, hosts: Hosts, tmp_path: Path) -> None:
        """Of its own accord Ansible would warn, and go on without it."""
        run = compare(tmp_path, hosts, callback={"EXIT_CODE": "ten"})
        assert run.exit_code == 1, run.output
        assert "POSTMASTER_DRIFT_EXIT_CODE" in run.output
        assert "TASK [" not in run.output


IN_A_MONTH = (datetime.now(timezone.utc) + timedelta(days=30)).date().isoformat()
LONG_AGO = "2020-01-31"
ACCEPTANCE = {
    "drift_baseline_reason": "As found when we began",
    "drift_baseline_owner": "mail@acme.example",
    "drift_baseline_expires": IN_A_MONTH,
}
BOTH = ("--limit", "acme,globex")


def accept(folder: Path, hosts: Hosts, *arguments: str, **variables: Any) -> tuple[Run, Path]:
    """Run the playbook that writes the first baseline; the callback is enabled and told of the file that is not there yet."""
    file = folder / "baseline.yml"
    environment = {
        "ANSIBLE_CALLBACKS_ENABLED": "recorder,postmaster.odoo.drift",
        "POSTMASTER_DRIFT_BASELINE": str(file),
    }
    given = ACCEPTANCE | {"drift_baseline_file": str(file)} | variables
    return run_on(folder, "drift_baseline", hosts, *arguments, environment=environment, **given), file


@pytest.fixture(scope="module")
def baseline(hosts: Hosts, globex: LabInstance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first one, of all that differs."""
    before = globex.fingerprint()
    run, file = accept(tmp_path_factory.mktemp("baseline"), hosts, *BOTH)
    assert run.exit_code == 0, run.output
    assert globex.fingerprint() == before
    return file


def rewritten(baseline: Path, folder: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> str:
    """A copy with other entries; its path."""
    document = yaml.safe_load(baseline.read_text())
    document["accepted"] = change(document["accepted"])
    copy = folder / "baseline.yml"
    copy.write_text(yaml.safe_dump(document))
    return str(copy)


class TestBaseline:
    """What differs is accepted for a while, and no longer."""

    def test_the_first_one_says_all_that_differs(self, baseline: Path) -> None:
        document = yaml.safe_load(baseline.read_text())
        assert document["format"] == 1
        entries = document["accepted"]
        assert {entry["instance"] for entry in entries} == {"globex"}
        assert {(entry["reason"], entry["owner"], str(entry["expires"])) for entry in entries} == {
            tuple(ACCEPTANCE.values())
        }
        port = next(entry for entry in entries if entry.get("field") == "smtp_port")
        assert (port["resource"], port["key"], port["value"]) == ("mail_server", "Transactional", 25)
        password = next(entry for entry in entries if entry.get("field") == "smtp_pass")
        assert "value" not in password
        assert "********" not in baseline.read_text()

    @pytest.mark.in_process
    def test_accepted_drift_does_not_fail(self, baseline: Path, hosts: Hosts, tmp_path: Path) -> None:
        run = compare(tmp_path, hosts, *BOTH, callback={"BASELINE": str(baseline)})
        assert run.exit_code == 0, run.output
        report = report_of(tmp_path)
        assert [one["status"] for one in report["instances"]] == ["clean", "accepted"]
        assert report["verdict"]["differences"]["drifted"] == 0
        assert report["baseline"]["problems"] == []
        assert "As found when we began" in (tmp_path / "reports" / "drift.md").read_text()

    def test_a_failure_is_not_accepted(self, baseline: Path, hosts: Hosts, tmp_path: Path) -> None:
        run = compare(tmp_path, hosts, callback={"BASELINE": str(baseline)})
        assert run.exit_code == 4, run.output

    def test_what_is_new_fails(self, baseline: Path, hosts: Hosts, tmp_path: Path) -> None:
        less = rewritten(
            baseline, tmp_path, lambda entries: [one for one in entries if one.get("field") != "smtp_port"]
        )
        run = compare(tmp_path, hosts, *BOTH, callback={"BASELINE": less})
        assert run.exit_code == 10, run.output
        counts = report_of(tmp_path)["verdict"]["differences"]
        assert (counts["drifted"], counts["accepted"] > 0) == (1, True)

    def test_an_expired_entry_fails(self, baseline: Path, hosts: Hosts, tmp_path: Path) -> None:
        expired = rewritten(baseline, tmp_path, lambda entries: [{**one, "expires": LONG_AGO} for one in entries])
        run = compare(tmp_path, hosts, *BOTH, callback={"BASELINE": expired})
        assert run.exit_code == 10, run.output
        report = report_of(tmp_path)
        assert {problem["problem"] for problem in report["baseline"]["problems"]} == {"expired"}
        assert instance_in(report, "globex")["status"] == "drifted"

    def test_an_entry_that_matches_nothing_fails_where_it_can_be_judged(
        self, baseline: Path, hosts: Hosts, tmp_path: Path
    ) -> None:
        stale = {
            **{name.removeprefix("drift_baseline_"): value for name, value in ACCEPTANCE.items()},
            "instance": "acme",
            "resource": "mail_server",
            "key": "Transactional",
            "field": "smtp_port",
        }
        more = rewritten(baseline, tmp_path, lambda entries: [*entries, stale])
        run = compare(tmp_path / "all", hosts, *BOTH, callback={"BASELINE": more})
        assert run.exit_code == 10, run.output
        (problem,) = report_of(tmp_path / "all")["baseline"]["problems"]
        assert (problem["problem"], problem["instance"], problem["key"]) == ("unmatched", "acme", "Transactional")
        for narrowed in (("--limit", "globex"), (*BOTH, "--tags", "crons")):
            run = compare(tmp_path / narrowed[-1], hosts, *narrowed, callback={"BASELINE": more})
            assert run.exit_code == 0, run.output

    def test_a_wrong_baseline_ends_the_run_before_anything_is_asked(self, hosts: Hosts, tmp_path: Path) -> None:
        (tmp_path / "wrong.yml").write_text("format: 1\naccepted: [{resource: mail_server, key: Transactional}]\n")
        for file in ("wrong.yml", "missing.yml"):
            run = compare(tmp_path, hosts, callback={"BASELINE": str(tmp_path / file)})
            assert run.exit_code == 1, run.output
            assert file in run.output
            assert "Enforce the mail" not in run.output

    @pytest.mark.parametrize(
        "wrong",
        [
            {"drift_baseline_reason": ""},
            {"drift_baseline_owner": " "},
            {"drift_baseline_expires": LONG_AGO},
            {"drift_baseline_expires": "2027-02-31"},
        ],
        ids=str,
    )
    def test_bad_input_asks_nobody(self, wrong: dict[str, str], hosts: Hosts, tmp_path: Path) -> None:
        run, file = accept(tmp_path, hosts, **wrong)
        assert run.exit_code == 2, run.output
        (name,) = wrong
        assert name.removeprefix("drift_baseline_") in run.output
        assert "connection refused" not in run.output
        assert not file.exists()

    def test_one_that_is_there_stays_unless_told(self, hosts: Hosts, tmp_path: Path) -> None:
        (tmp_path / "baseline.yml").write_text("format: 1\naccepted: []\n")
        run, file = accept(tmp_path, hosts, "--limit", "globex")
        assert run.exit_code == 2, run.output
        assert f"{file} already exists" in run.output
        assert file.read_text() == "format: 1\naccepted: []\n"
        run, file = accept(tmp_path, hosts, "--limit", "globex", drift_baseline_overwrite=True)
        assert run.exit_code == 0, run.output
        assert "Transactional" in file.read_text()

    def test_who_could_not_be_asked_is_named(self, hosts: Hosts, tmp_path: Path) -> None:
        run, file = accept(tmp_path, hosts)
        assert run.exit_code == 2, run.output
        assert "Could not be queried: hooli, umbrella." in run.output
        assert not file.exists()
        run, file = accept(tmp_path, hosts, drift_baseline_incomplete=True)
        assert (run.exit_code, failed_hosts(run)) == (2, {"hooli", "umbrella"})
        assert {entry["instance"] for entry in yaml.safe_load(file.read_text())["accepted"]} == {"globex"}

    def test_a_check_writes_no_file(self, hosts: Hosts, tmp_path: Path) -> None:
        run, file = accept(tmp_path, hosts, *BOTH, "--check")
        assert run.exit_code == 0, run.output
        assert not file.exists()
