# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every format is valid for all names: nothing in a name, a value or an error of Odoo breaks it."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift import (
    as_github,
    as_json,
    as_junit,
    as_markdown,
    as_text,
    text,
)
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.baseline import Baseline
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.collect import Collector, Play
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import Difference, Instance
from ansible_collections.postmaster.odoo.tests.unit.plugins.plugin_utils.drift.results import (
    CHECK,
    NOW,
    change,
    failure,
    found,
    instance,
    replay,
    report,
    sender,
    step,
)

DOCS = Path(__file__).resolve().parents[5] / "docs"
VALIDATOR = Draft202012Validator(json.loads((DOCS / "drift-report.schema.json").read_text()))
GUIDE = (DOCS / "drift-report.md").read_text()

ENTRY = {"reason": "As found", "owner": "mail@acme.example", "expires": "2027-01-31"}

# Characters that have a meaning in one of the formats, among any other characters.
HOSTILE = st.one_of(
    st.text(st.characters(codec=None, categories=("C", "L", "N", "P", "S", "Z")), max_size=20),
    st.sampled_from(
        [
            "a|b",
            "`x`",
            "``",
            "<script>alert(1)</script>",
            "</code></details>",
            "]]>",
            "&amp;",
            "&#124;",
            "@everyone",
            "[a](javascript:b)",
            "![a](http://b.example/c.png)",
            "https://www.b.example",
            "::error::x",
            "%0A::stop-commands::x",
            "a\n::error::x",
            "a\r\n| b |",
            "\x1b[31mred\x1b]0;title\x07",
            "\u202egnp.exe",
            "\ud800",
            "\ufffe\x00\x0b",
            "**bold**",
            "_a_",
            ":smile:",
            "# title",
            "- item",
            "x" * 5000,
            "",
        ]
    ),
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    HOSTILE,
    st.lists(HOSTILE, max_size=2),
    st.dictionaries(HOSTILE, HOSTILE, max_size=2),
)
CHANGES = st.builds(change, HOSTILE, VALUES, VALUES) | st.just(change("smtp_pass", "********", "********"))
STEPS = st.builds(
    lambda changes, resource, key, action: step(*changes, resource=resource, key=key, action=action),
    st.lists(CHANGES, max_size=3),
    st.sampled_from(["mail_server", "cron", "addon"]) | HOSTILE,
    HOSTILE,
    st.sampled_from(["create", "update", "delete", "install", "upgrade", "reschedule"]),
)
RESULTS = st.one_of(
    st.tuples(st.just("skipped"), st.just({"skip_reason": "Conditional result was False"})),
    st.tuples(
        st.just("failed"), st.builds(lambda message, kind: {"msg": message, "error_kind": kind}, HOSTILE, HOSTILE)
    ),
    st.tuples(st.just("unreachable"), st.builds(lambda message: {"msg": message, "unreachable": True}, HOSTILE)),
    st.tuples(
        st.just("ok"),
        st.builds(
            lambda steps, records, unmanaged, warnings, senders: found(
                *steps,
                replay=replay(*senders) if senders else None,
                records=[{"resource": "mail_server", "key": key} for key in records],
                unmanaged=[{"resource": "mail_server", "name": name} for name in unmanaged],
                warnings=warnings,
            ),
            st.lists(STEPS, max_size=3),
            st.lists(HOSTILE, max_size=2),
            st.lists(HOSTILE, max_size=2),
            st.lists(HOSTILE, max_size=2),
            st.lists(st.builds(sender, HOSTILE, HOSTILE, st.just("rewritten")), max_size=2),
        ),
    ),
)


@st.composite
def reports(draw: st.DrawFn) -> dict[str, Any]:
    """Return any possible result of a run."""
    hosts = draw(st.lists(HOSTILE.map(lambda name: name.encode("utf-8", "replace").decode()), max_size=3, unique=True))
    collector = Collector()
    collector.begin(Play(hosts, [CHECK], enforces=True))
    failures = {}
    for host in hosts:
        for outcome, result in draw(st.lists(RESULTS, max_size=3)):
            collector.observe(host, CHECK, outcome, result)
            is_rescued = draw(st.booleans())
            failures[host] = failures.get(host, 0) + (outcome == "failed" and not is_rescued)
    fleet = collector.instances(hosts, failures=failures)
    for one in fleet:
        for resource in one.resources:
            for difference in resource.differences:
                which = draw(st.sampled_from(["none", "accepted", "expired"]))
                said = {name: draw(st.text(max_size=5) | st.just(value)) for name, value in ENTRY.items()}
                if which == "accepted":
                    difference.status, difference.accepted = "accepted", {**said, "expires": ENTRY["expires"]}
                elif which == "expired":
                    difference.expired = {**said, "expires": ENTRY["expires"]}
    problem = {"instance": "*", "resource": "cron", "key": draw(HOSTILE), "field": draw(st.none() | HOSTILE), **ENTRY}
    problem = {**json.loads(json.dumps(problem)), "problem": draw(st.sampled_from(["expired", "unmatched"]))}
    problem = {name: value and value.encode("utf-8", "replace").decode() for name, value in problem.items()}
    baseline = draw(st.none() | st.just({"file": "baseline.yml", "accepted": 1, "problems": [problem]}))
    return report(fleet, baseline=baseline)


def test_the_guide_shows_a_report_and_a_baseline(tmp_path: Path) -> None:
    Draft202012Validator.check_schema(VALIDATOR.schema)
    (document,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    VALIDATOR.validate(json.loads(document))
    (baseline,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    path = tmp_path / "baseline.yml"
    path.write_text(baseline)
    Baseline.read(path)


@given(reports())
def test_json_is_valid(document: dict[str, Any]) -> None:
    read = json.loads(as_json.render(document))
    assert read == document
    VALIDATOR.validate(read)


@given(reports())
def test_junit_is_xml_of_the_usual_structure(document: dict[str, Any]) -> None:
    root = ElementTree.fromstring(as_junit.render(document))
    assert root.tag == "testsuites"
    counts = dict.fromkeys(("tests", "failures", "errors"), 0)
    for suite in root:
        assert suite.tag == "testsuite"
        assert {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"} == set(suite.keys())
        cases = suite.findall("testcase")
        assert [child.tag for child in suite] == [
            *["testcase"] * len(cases),
            *["system-out"] * (len(suite) - len(cases)),
        ]
        assert int(suite.get("tests", "")) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(attribute, "")) == len(suite.findall(f"testcase/{tag}"))
        for case in cases:
            assert {"classname", "name", "time"} == set(case.keys())
            assert [child.tag for child in case] in ([], ["failure"], ["error"], ["skipped"], ["system-out"])
        for name in counts:
            counts[name] += int(suite.get(name, ""))
    assert counts == {name: int(root.get(name, "")) for name in counts}
    is_bad = document["verdict"]["status"] not in ("clean", "corrected", "accepted")
    assert bool(counts["failures"] + counts["errors"]) == is_bad


@given(reports())
def test_markdown_contains_only_its_own_markup(document: dict[str, Any]) -> None:
    text = as_markdown.render(document)
    widths: set[int] = set()
    for line in text.splitlines():
        if line.startswith("|"):
            widths.add(line.count("|"))
        else:
            widths.clear()
            assert line == "" or line.startswith(("## ", "### ", "- ", "<code>", "<details>", "</details>"))
        assert len(widths) <= 1
        inside = re.findall(r"<code>(.*?)</code>", line)
        assert all(not re.search(r"[][<>`*|@#~\\!]|\bwww\.|://", re.sub(r"&#\d+;", "", one)) for one in inside)
        outside = re.sub(r"<code>.*?</code>", "", line)
        assert re.sub(r"</?(details|summary)>", "", outside).count("<") == 0
    assert text.count("<details>") == text.count("</details>")


@given(reports())
def test_a_terminal_receives_only_text(document: dict[str, Any]) -> None:
    lines = list(as_text.render(document))
    assert lines
    assert all(line.isprintable() for _status, line in lines)


@given(reports())
def test_a_workflow_command_is_one_command(document: dict[str, Any]) -> None:
    commands = list(as_github.commands(document))
    notable = [one for one in document["instances"] if one["status"] != "clean"]
    problems = document.get("baseline", {}).get("problems", ())
    assert len(commands) == len(notable) + len(problems) + (not document["instances"])
    for command in commands:
        assert re.fullmatch(r"::(error|warning) title=[^:,\r\n]*::[^\r\n]*", command)
        assert "%" not in re.sub("%(25|0A|0D|3A|2C)", "", command)


@pytest.mark.parametrize(
    ("kind", "status"), [("invalid", "failed"), ("unreachable", "unreachable"), ("nothing_declared", "unknown")]
)
def test_the_drift_of_an_instance_that_was_not_compared_completely_is_shown(kind: str, status: str) -> None:
    """Every format for people shows it, with the cause of a broken route."""
    cause = "that server is archived: declare it as active"
    route = step(change("server", "Relay", "Billing", remark=cause), resource="route", key="bill@acme.example")
    result = {**failure(kind), "plan": [step(change()), route]}
    document = report([instance(("failed", result), failures={"acme": 1})])
    assert document["instances"][0]["status"] == status
    (command,) = as_github.commands(document)
    formats = [
        command,
        "\n".join(line for _status, line in as_text.render(document)),
        as_markdown.render(document),
        as_junit.render(document),
    ]
    for shown in formats:
        for words in ("it did not work", "smtp_port 25", "server Relay", cause):
            assert words in unescape(shown)


def test_an_annotation_shows_only_the_differences_of_its_status() -> None:
    accepted = instance(("ok", found(step(change()))))
    accepted.resources[0].differences[0].status = "accepted"
    accepted.resources[0].differences.append(Difference("smtp_host", "a", "b", "drifted"))
    (command,) = as_github.commands(report([accepted]))
    assert command.endswith("::mail_server Transactional: smtp_host a -> b")


# Formats for people


def lines_of(*fleet: Instance, **more: Any) -> list[str]:
    return [line for _status, line in as_text.render(report(fleet, **more))]


def test_each_difference_is_shown_once_with_all_its_instances() -> None:
    acme, globex = (instance(("ok", found(step(change()))), hosts=(name,)) for name in ("acme", "globex"))
    assert lines_of(acme, globex) == [
        "2 instances drifted",
        "Not as declared:",
        "  mail_server Transactional",
        "    smtp_port 25 -> 587: acme, globex (since 2026-11-24)",
    ]


def test_a_difference_of_a_secret_is_shown_without_its_masks() -> None:
    one = instance(("ok", found(step(change("smtp_pass", "********", "********")))))
    document = report([one])
    shown = [*lines_of(one), as_markdown.render(document), as_junit.render(document), *as_github.commands(document)]
    assert all("***" not in text and "&#42;" not in text for text in shown)
    assert any("smtp_pass differs" in text for text in shown)


def test_a_missing_record_is_one_line() -> None:
    one = instance(("ok", found(step(change(before=None), change("name", None, "T"), action="create"))))
    assert lines_of(one)[2:] == ["  mail_server Transactional", "    missing: acme (since 2026-11-24)"]


def test_long_values_are_cut_to_the_difference_and_whole_in_json() -> None:
    before, after = "# code\n" + "x" * 4000 + "old" + "y" * 500, "# code\n" + "x" * 4000 + "new" + "y" * 500
    one = instance(("ok", found(step(change("code", before, after), resource="cron"))))
    (line,) = (line for line in lines_of(one) if "code" in line)
    assert "old" in line
    assert "new" in line
    assert len(line) < 300
    assert (
        json.loads(as_json.render(report([one])))["instances"][0]["resources"][0]["differences"][0]["before"] == before
    )


def test_a_report_without_instances_is_not_green() -> None:
    assert lines_of() == ["unknown: no instance was compared"]
    assert report([])["verdict"]["status"] == "unknown"


def test_every_format_reports_a_play_without_hosts() -> None:
    run = {"playbook": "site.yml", "seconds": 1.0, "without_hosts": ["Compare <production>"]}
    told = report([instance(("ok", found()))], run=run)
    VALIDATOR.validate(told)
    assert ("unknown", "No host matches the play Compare <production>.") in list(as_text.render(told))
    assert "Compare &#60;production&#62;" in as_markdown.render(told)
    assert "No host matches the play Compare &lt;production&gt;." in as_junit.render(told)
    assert list(as_github.commands(told)) == [
        "::error title=Drift%3A unknown::No host matches the play Compare <production>."
    ]


def test_no_name_is_an_old_command_of_github() -> None:
    told = report([instance(("ok", found(step(change(), key="##[stop-commands]x"))))])
    everything = [line for _status, line in as_text.render(told)] + list(as_github.commands(told))
    assert everything
    assert not [line for line in everything if "##[" in line]


def test_a_long_name_is_cut() -> None:
    told = report([instance(("ok", found(step(change(), key="x" * 5000))))])
    assert ("drifted", f"  mail_server {'x' * 80}… (5000 characters)") in list(as_text.render(told))
    assert max(map(len, as_github.commands(told))) < 300


def test_markdown_is_cut_and_says_so() -> None:
    fleet = [
        instance(("ok", found(step(change(after=number), key="x" * 2000))), hosts=(f"acme{number}",))
        for number in range(600)
    ]
    text = as_markdown.render(report(fleet))
    assert len(text.encode()) <= 1_000_000
    assert re.search(r"too long for this page, so \d+ more parts \(rows of tables, instances\) are left out", text)
    assert text.startswith("## ❌ Drift report: 600 instances drifted")


def test_a_summary_that_is_nearly_full_gets_the_parts_that_still_fit(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("x" * (1024 * 1024 - 900))
    fleet = [instance(("ok", found(step(change()))), hosts=(f"acme{number}",)) for number in range(50)]
    as_github.append_summary(summary, report(fleet))
    text = summary.read_text()
    assert len(text.encode()) <= 1024 * 1024
    assert "The report is too long for this page" in text


def test_a_workflow_command_keeps_its_text() -> None:
    one = instance(("failed", failure(msg="100 % of it failed:\nno, really")), failures={"acme": 1})
    (command,) = as_github.commands(report([one]))
    assert unquote(command) == "::error title=Drift: acme: failed::100 % of it failed: no, really"


def test_accepted_drift_is_a_skipped_case_with_its_reason() -> None:
    one = instance(("ok", found(step(change()))))
    one.resources[0].differences[0].status = "accepted"
    one.resources[0].differences[0].accepted = ENTRY
    root = ElementTree.fromstring(as_junit.render(report([one])))
    (skipped,) = root.iter("skipped")
    assert skipped.get("message") == (
        f"smtp_port 25 -> 587 (since {NOW}; accepted until 2027-01-31 by mail@acme.example: As found)"
    )


@pytest.mark.parametrize(
    ("action", "shown"),
    [
        ("delete", "should not be there"),
        ("install", "missing"),
        ("unmanaged", "it is not declared"),
        ("upgrade", "to upgrade"),
    ],
)
def test_records_as_a_whole(action: str, shown: str) -> None:
    result = found(step(action=action))
    if action == "unmanaged":
        result = found(unmanaged=[{"resource": "mail_server", "name": "Old relay"}])
    (resource,) = report([instance(("ok", result))])["instances"][0]["resources"]
    assert text.differences(resource)[0][0] == shown


# Mail that changes its server


def test_reports_list_the_changes_of_a_plan_for_mail() -> None:
    moved = sender("ann@acme.example", "server Old -> New", "other_server")
    unchanged = sender("bob@acme.example", "")
    document = report([instance(("ok", found(step(change()), replay=replay(moved, unchanged, mails=5))))])
    VALIDATOR.validate(document)
    (compared,) = document["instances"]
    assert [one["from"] for one in compared["replay"]["senders"]] == ["ann@acme.example"]
    lines = [line for _status, line in as_text.render(document)]
    assert (
        "Mail of acme: Of the last 30 days, 2 of 5 messages from 1 sender leave in another way with this plan." in lines
    )
    assert "  ann@acme.example: server Old -> New (2)" in lines
    text = unescape(as_markdown.render(document))
    assert "### Mail that would leave in another way" in text
    (row,) = (line for line in text.splitlines() if "ann@acme.example" in line)
    assert "server Old -> New" in row
    assert "| 2 |" in row
    assert "bob@acme.example" not in text


def test_reports_list_some_of_many_senders() -> None:
    many = [sender(f"sender{place}@acme.example", "From a -> b", "rewritten") for place in range(250)]
    document = report([instance(("ok", found(replay=replay(*many, mails=500))))])
    (compared,) = document["instances"]
    assert (len(compared["replay"]["senders"]), compared["replay"]["left_out"]) == (200, 50)
    lines = [line for _status, line in as_text.render(document)]
    assert "  and 191 more senders" in lines
    assert "50 more senders" in as_markdown.render(document)


def test_without_a_replay_reports_contain_nothing_about_mail() -> None:
    document = report([instance(("ok", found(step(change()), replay=None)))])
    assert "replay" not in document["instances"][0]
    assert "in another way" not in as_markdown.render(document)
