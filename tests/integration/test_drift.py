# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook `drift` on a small fleet: its findings, its exit code, its baseline, and that it writes nothing."""

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
from drift_fleet import DRIFT, EXIT_CODES, MORE, SECRETS, STACK, Hosts, worst
from instance import LabInstance
from inventory import failed_hosts, recap, run_on
from playbook import Run, ansible_playbook, play


@pytest.fixture(scope="module")
def acme(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """Return an instance in the declared state."""
    database = fresh("drift_acme")
    database.enforce(database.fitted(STACK))
    return database


@pytest.fixture(scope="module")
def globex(fresh: Callable[[str], LabInstance]) -> LabInstance:
    """Return an instance that differs from the declaration in every kind of resource."""
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
    """Return four hosts: one in the declared state, one that is not, one that refuses the key, and one that does not
    answer.
    """
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
    """Return the resource, key, action and fields of an instance's differences."""
    return {
        (each["resource"], each["key"], each["action"], tuple(one["field"] for one in each["differences"]))
        for each in instance_in(report, name)["resources"]
        if each["status"] != "clean"
    }


@pytest.fixture(scope="module")
def fleet(hosts: Hosts, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    """Run all of them at once, with every report, at the highest verbosity."""
    folder = tmp_path_factory.mktemp("fleet")
    callback = {"FORMATS": "json,markdown,junit,html,github"}
    return compare(folder, hosts, "-vvvv", "--diff", callback=callback), folder


@pytest.mark.in_process
class TestFleet:
    """The findings of one run over all of them."""

    def test_four_different_statuses(self, fleet: tuple[Run, Path]) -> None:
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

    def test_a_difference_of_a_secret_is_shown_without_the_secret(self, fleet: tuple[Run, Path], hosts: Hosts) -> None:
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
def test_exit_codes(chosen: tuple[str, ...], hosts: Hosts, tmp_path: Path) -> None:
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
def test_nothing_is_written_with_any_flags(
    lifted: tuple[str, ...], hosts: Hosts, globex: LabInstance, tmp_path: Path
) -> None:
    before = globex.fingerprint()
    run = compare(tmp_path, {"globex": hosts["globex"]}, *lifted)
    assert (run.exit_code, recap(run)["globex"]["failed"]) == (10, 0), run.output
    assert globex.fingerprint() == before


@pytest.mark.in_process
def test_nothing_is_written_with_any_keyword_of_a_play(hosts: Hosts, globex: LabInstance, tmp_path: Path) -> None:
    """The keyword is on the play, on the role, and in `apply` for its tasks."""
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
def test_tags_select_the_compared_resources(
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
def test_tags_without_a_match_are_a_mistake(option: str, tags: str, words: str, hosts: Hosts, tmp_path: Path) -> None:
    run = compare(tmp_path, hosts, "--limit", "acme", option, tags)
    assert run.exit_code == 2, run.output
    assert words in run.output


class TestBatches:
    """`drift_serial`: Ansible stops if a whole batch fails."""

    def test_drift_does_not_stop_the_next_batch(self, hosts: Hosts, tmp_path: Path) -> None:
        run = compare(tmp_path, {host: hosts[host] for host in ("globex", "acme")}, drift_serial=1)
        assert run.exit_code == 10, run.output
        assert [one["status"] for one in report_of(tmp_path)["instances"]] == ["drifted", "clean"]

    def test_hosts_that_were_not_reached_are_reported(self, hosts: Hosts, tmp_path: Path) -> None:
        run = compare(tmp_path, {host: hosts[host] for host in ("hooli", "acme")}, drift_serial=1)
        assert run.exit_code == 2, run.output
        assert [one["status"] for one in report_of(tmp_path)["instances"]] == ["failed", "unknown"]


class TestReportOnly:
    """`exit_code: 0` reports, and does not change the exit code of Ansible."""

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

    def test_invalid_options_end_the_run_before_the_first_call(self, hosts: Hosts, tmp_path: Path) -> None:
        """By default Ansible would give a warning and continue without it."""
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
    """Run the playbook that writes the first baseline. The callback is enabled, and its baseline does not exist yet."""
    file = folder / "baseline.yml"
    environment = {
        "ANSIBLE_CALLBACKS_ENABLED": "recorder,postmaster.odoo.drift",
        "POSTMASTER_DRIFT_BASELINE": str(file),
    }
    given = ACCEPTANCE | {"drift_baseline_file": str(file)} | variables
    return run_on(folder, "drift_baseline", hosts, *arguments, environment=environment, **given), file


@pytest.fixture(scope="module")
def baseline(hosts: Hosts, globex: LabInstance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the first baseline, which contains all differences."""
    before = globex.fingerprint()
    run, file = accept(tmp_path_factory.mktemp("baseline"), hosts, *BOTH)
    assert run.exit_code == 0, run.output
    assert globex.fingerprint() == before
    return file


def rewritten(baseline: Path, folder: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> str:
    """Write a copy with other entries, and return its path."""
    document = yaml.safe_load(baseline.read_text())
    document["accepted"] = change(document["accepted"])
    copy = folder / "baseline.yml"
    copy.write_text(yaml.safe_dump(document))
    return str(copy)


class TestBaseline:
    """Differences are accepted for a limited time."""

    def test_the_first_baseline_contains_all_differences(self, baseline: Path) -> None:
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

    def test_new_drift_fails(self, baseline: Path, hosts: Hosts, tmp_path: Path) -> None:
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

    def test_an_entry_without_a_match_fails_if_its_instance_was_compared(
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

    def test_a_wrong_baseline_ends_the_run_before_the_first_call(self, hosts: Hosts, tmp_path: Path) -> None:
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
    def test_invalid_input_causes_no_call(self, wrong: dict[str, str], hosts: Hosts, tmp_path: Path) -> None:
        run, file = accept(tmp_path, hosts, **wrong)
        assert run.exit_code == 2, run.output
        (name,) = wrong
        assert name.removeprefix("drift_baseline_") in run.output
        assert "connection refused" not in run.output
        assert not file.exists()

    def test_an_existing_baseline_is_kept_by_default(self, hosts: Hosts, tmp_path: Path) -> None:
        (tmp_path / "baseline.yml").write_text("format: 1\naccepted: []\n")
        run, file = accept(tmp_path, hosts, "--limit", "globex")
        assert run.exit_code == 2, run.output
        assert f"{file} already exists" in run.output
        assert file.read_text() == "format: 1\naccepted: []\n"
        run, file = accept(tmp_path, hosts, "--limit", "globex", drift_baseline_overwrite=True)
        assert run.exit_code == 0, run.output
        assert "Transactional" in file.read_text()

    def test_hosts_that_could_not_be_compared_are_named(self, hosts: Hosts, tmp_path: Path) -> None:
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
