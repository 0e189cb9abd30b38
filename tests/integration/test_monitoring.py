# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/monitoring with the metrics of real runs: promtool accepts them, each rule fires if it should, each panel has its metrics."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana_dashboard import problems_of
from instance import LabInstance
from inventory import run_on
from queue_action import QUEUE_ACTION

CHECKOUT = Path(__file__).resolve().parents[2]
RULES = CHECKOUT / "docs/monitoring/odoo-mail.rules.yml"
DASHBOARD = CHECKOUT / "docs/monitoring/grafana-dashboard.json"
PROMTOOL = CHECKOUT / ".work/programs/promtool"

DAY = 86400
SAMPLE = re.compile(r"^(?P<name>[a-z_]+)\{(?P<labels>.*)\} (?P<value>\S+)$")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
# Words of PromQL that are not followed by a parenthesis like a function, or that can be.
KEYWORDS = {"by", "without", "on", "ignoring", "and", "or", "unless", "offset", "bool"}


def promtool(*arguments: str | Path, stdin: str = "") -> str:
    """Run promtool, and return its output."""
    assert PROMTOOL.exists(), f"{PROMTOOL} is missing: run make programs"
    run = subprocess.run([PROMTOOL, *arguments], input=stdin, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


@dataclass(frozen=True)
class Monitored:
    """The metrics that real runs have written, by the names of their files."""

    files: Mapping[str, str]
    database: str

    @property
    def names(self) -> set[str]:
        return {
            found["name"] for text in self.files.values() for found in map(SAMPLE.match, text.splitlines()) if found
        }


@pytest.fixture(scope="module")
def monitored(fresh: Any, tmp_path_factory: pytest.TempPathFactory) -> Monitored:
    """Return an instance with a stopped queue, a failed mail and a password to be replaced, and one that does not
    answer.
    """
    database: LabInstance = fresh("monitoring")
    with database.session() as session:
        (cron,) = session.search_read("ir.cron", [QUEUE_ACTION, ["active", "in", [True, False]]], ["id"])
        session.write("ir.cron", [cron["id"]], {"active": False})
        session.create("ir.mail_server", [{"name": "Relay", "smtp_host": "smtp.example", "smtp_port": 25}])
        session.create("mail.mail", [{"state": "exception", "failure_reason": "550 5.1.1 No such user"}])
    folder = tmp_path_factory.mktemp("monitoring")
    metrics = folder / "metrics"
    metrics.mkdir()
    options = database.options()
    lost = {**options, "url": "http://127.0.0.1:9"}
    hosts = {
        host: {f"odoo_{name}": value for name, value in given.items()}
        for host, given in {"acme": options, "umbrella": lost}.items()
    }
    run = run_on(
        folder / "doctor",
        "doctor",
        hosts,
        doctor_metrics_folder=str(metrics),
        doctor_live_tests=False,
        doctor_declared_dates=[
            {
                "name": "Relay",
                "smtp_pass_rotate_by": f"{datetime.now(timezone.utc) + timedelta(days=3):%Y-%m-%d}",
            }
        ],
    )
    assert run.exit_code == 2, run.output
    run = run_on(folder / "queue", "queue", {"acme": hosts["acme"]}, queue_metrics_folder=str(metrics))
    assert run.exit_code == 0, run.output
    return Monitored({path.name: path.read_text() for path in metrics.iterdir()}, database.database)


def test_the_playbooks_write_one_file_each(monitored: Monitored) -> None:
    assert set(monitored.files) == {"acme.doctor.prom", "umbrella.doctor.prom", "acme.queue.prom"}


def test_promtool_accepts_the_metrics(monitored: Monitored) -> None:
    for text in monitored.files.values():
        assert promtool("check", "metrics", stdin=text) == ""


def test_promtool_accepts_the_rules() -> None:
    assert "SUCCESS" in promtool("check", "rules", "--lint-fatal", RULES)


def test_a_metric_has_the_same_help_in_all_files(monitored: Monitored) -> None:
    """The textfile collector rejects all files otherwise."""
    helps = {line for text in monitored.files.values() for line in text.splitlines() if line.startswith("# HELP")}
    assert len(helps) == len({line.split()[2] for line in helps})


# Rules


def firing(folder: Path, series: Mapping[str, str], expected: Sequence[Mapping[str, str]], hours: float = 2) -> None:
    """Have promtool evaluate the rules on series, and compare the alerts that fire."""
    labels = [
        "{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in {"alertname": "", **alert}.items()) + "}"
        for alert in expected
    ]
    document = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "5m",
        "tests": [
            {
                "interval": "5m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": 'group by (alertname, database, id, kind, class, check, playbook) (ALERTS{alertstate="firing"})',
                        "eval_time": f"{int(hours * 60)}m",
                        "exp_samples": [{"labels": one, "value": 1} for one in labels],
                    }
                ],
            }
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.test.yml").write_text(yaml.safe_dump(document))
    promtool("test", "rules", folder / "rules.test.yml")


def as_series(text: str, now: float) -> dict[str, str]:
    """Return constant metrics. The clock of a test of rules begins at 0, so times are shifted."""
    series = {}
    for found in filter(None, map(SAMPLE.match, text.splitlines())):
        value = float(found["value"]) - (now if found["name"].endswith("_timestamp_seconds") else 0)
        series[f"{found['name']}{{{found['labels']}}}"] = f"{value:.15g}+0x400"
    return series


def test_rules_on_the_metrics_of_real_runs(monitored: Monitored, tmp_path: Path) -> None:
    now = datetime.now(timezone.utc).timestamp()
    acme = {**as_series(monitored.files["acme.doctor.prom"], now), **as_series(monitored.files["acme.queue.prom"], now)}
    found = {
        (name, severity)
        for name, severity in re.findall(r'findings_by_id\{.*id="(\w+)",severity="(\w+)"', "\n".join(acme))
        if severity != "info" and name != "password_rotation_due"
    }
    assert ("cron_disabled", "error") in found
    where = {"database": monitored.database}
    alerts = [
        {"alertname": "OdooMailError" if severity == "error" else "OdooMailWarning", **where, "id": name}
        for name, severity in found
    ]
    # A lab's own API key also expires soon. The password is to be replaced in three days, which is never more than a
    # warning.
    ends = set(re.findall(r'kind="(\w+)",.*severity="(error|warning)"', "\n".join(acme)))
    assert ("smtp_pass", "warning") in ends
    kinds = {"error": "OdooMailExpires", "warning": "OdooMailExpiresSoon"}
    alerts += [{"alertname": kinds[severity], **where, "kind": kind} for kind, severity in ends]
    firing(tmp_path / "acme", acme, alerts, hours=0.5)
    umbrella = as_series(monitored.files["umbrella.doctor.prom"], now)
    missing = {"alertname": "OdooMailMetricsMissing", "playbook": "queue"}
    alerts = [{"alertname": "OdooMailNotExamined", **where}, missing, {**missing, **where}]
    firing(tmp_path / "umbrella", umbrella, alerts, hours=0.5)


HEALTHY = {
    'odoo_mail_doctor_up{database="a"}': "1+0x800",
    'odoo_mail_doctor_checked_timestamp_seconds{database="a"}': "0+300x800",
    'odoo_mail_queue_checked_timestamp_seconds{database="a"}': "0+300x800",
    'odoo_mail_queue_oldest_due_age_seconds{database="a"}': "60+0x800",
    'odoo_mail_queue_failed_mails{database="a",class="auth"}': "7+0x800",
    'odoo_mail_queue_failed_mails_unclassified{database="a"}': "0+0x800",
    'odoo_mail_doctor_check_ran{database="a",check="cron"}': "1+0x800",
    'odoo_mail_doctor_check_ran{database="a",check="dns"}': "0+0x800",
    'odoo_mail_expiry_timestamp_seconds{database="a",kind="api_key",subject="k",severity="none"}': f"{90 * DAY}+0x800",
    # The key of another program. It has expired, and the doctor has no finding about it.
    'odoo_mail_expiry_timestamp_seconds{database="a",kind="api_key",subject="old",severity="none"}': f"{-DAY}+0x800",
}


def test_no_rule_fires_on_a_healthy_instance(tmp_path: Path) -> None:
    firing(tmp_path, HEALTHY, [])


@pytest.mark.parametrize(
    ("test_series", "test_alert"),
    [
        ({"odoo_mail_doctor_up": "0+0x800"}, {"alertname": "OdooMailNotExamined"}),
        ({"odoo_mail_doctor_checked_timestamp_seconds": "0+0x800"}, {"alertname": "OdooMailDoctorMissing"}),
        ({"odoo_mail_queue_checked_timestamp_seconds": "0+0x800"}, {"alertname": "OdooMailQueueMissing"}),
        ({"odoo_mail_queue_oldest_due_age_seconds": "7201+0x800"}, {"alertname": "OdooMailQueueStuck"}),
        (
            {"odoo_mail_queue_failed_mails": "7+0x600 8+0x200"},
            {"alertname": "OdooMailFailing", "class": "auth"},
        ),
        (
            {"odoo_mail_queue_failed_mails_unclassified": "0+0x600 5000+0x200"},
            {"alertname": "OdooMailFailing", "class": "unclassified"},
        ),
        (
            {'odoo_mail_doctor_check_ran{database="a",check="cron"}': "0+0x800"},
            {"alertname": "OdooMailCheckMissing", "check": "cron"},
        ),
    ],
)
def test_each_rule_fires_alone(test_series: Mapping[str, str], test_alert: Mapping[str, str], tmp_path: Path) -> None:
    """After 50 hours and 10 minutes, when the failed mail is 5 minutes old."""
    changed = {
        name: test_series.get(name, test_series.get(name.partition("{")[0], values)) for name, values in HEALTHY.items()
    }
    assert changed != HEALTHY
    firing(tmp_path, changed, [{**test_alert, "database": "a"}], hours=50 + 1 / 6)


@pytest.mark.parametrize("test_severity", ["warning", "error"])
@pytest.mark.parametrize("test_days", [-1, 3, 60])
def test_an_expiry_date_is_an_alert_if_it_is_a_finding(test_severity: str, test_days: int, tmp_path: Path) -> None:
    """The doctor's options define the time before it, and only its findings contain them."""
    name = f'odoo_mail_expiry_timestamp_seconds{{database="a",kind="api_key",subject="x",severity="{test_severity}"}}'
    alert = {"error": "OdooMailExpires", "warning": "OdooMailExpiresSoon"}[test_severity]
    series = {**HEALTHY, name: f"{test_days * DAY}+0x800"}
    firing(tmp_path, series, [{"alertname": alert, "database": "a", "kind": "api_key"}])


OF_DOCTOR = {name for name in HEALTHY if not name.startswith("odoo_mail_queue")}


@pytest.mark.parametrize("test_playbook", ["doctor", "queue"])
@pytest.mark.parametrize("test_when", ["never written", "deleted", "deleted of one of two instances"])
def test_missing_metrics_are_an_alert(test_playbook: str, test_when: str, tmp_path: Path) -> None:
    gone = OF_DOCTOR if test_playbook == "doctor" else HEALTHY.keys() - OF_DOCTOR
    series = dict(HEALTHY)
    for name in gone:
        series.pop(name)
        if test_when != "never written":
            series[name] = f"{HEALTHY[name].partition('x')[0]}x550 _x250"
    if test_when == "deleted of one of two instances":
        series |= {name.replace('"a"', '"b"', 1): values for name, values in HEALTHY.items()}
    alert = {"alertname": "OdooMailMetricsMissing", "playbook": test_playbook}
    alerts = [{**alert, "database": "a"}, *([] if "two" in test_when else [alert])]
    firing(tmp_path, series, alerts, hours=50)


def test_the_absence_of_all_metrics_is_an_alert(tmp_path: Path) -> None:
    alerts = [{"alertname": "OdooMailMetricsMissing", "playbook": one} for one in ("doctor", "queue")]
    firing(tmp_path, {"something_else": "1+0x800"}, alerts)


def test_the_loss_of_any_series_about_the_last_run_of_a_playbook_is_an_alert(tmp_path: Path) -> None:
    for number, name in enumerate(("odoo_mail_doctor_up", "odoo_mail_queue_checked_timestamp_seconds")):
        series = {one: values for one, values in HEALTHY.items() if not one.startswith(f"{name}{{")}
        alert = {"alertname": "OdooMailMetricsMissing", "playbook": name.split("_")[2]}
        firing(tmp_path / str(number), series, [{**alert, "database": "a"}, alert])


def test_every_alert_names_the_server() -> None:
    """Two servers may have a database of the same name."""
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]:
        assert "{{ $labels.url }}" in rule["annotations"]["summary"], rule["alert"]


# The dashboard


def queries() -> dict[str, str]:
    """Return the queries of the dashboard's panels by their titles."""
    board = json.loads(DASHBOARD.read_text())
    return {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in board["panels"]
        for target in panel["targets"]
    }


def metrics_in(expression: str) -> set[str]:
    """Return the names of metrics in an expression: names that are not words of PromQL, functions, or labels."""
    bare = re.sub(r"\b(?:by|without|on|ignoring)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]", " ", STRING.sub('""', expression))
    return {
        found[0] for found in re.finditer(r"(?<!\w)[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])", bare) if found[0] not in KEYWORDS
    }


def test_every_panel_queries_metrics_that_exist(monitored: Monitored, tmp_path: Path) -> None:
    board = json.loads(DASHBOARD.read_text())
    assert all(panel["targets"] for panel in board["panels"])
    for title, expression in queries().items():
        used = metrics_in(expression)
        assert used, title
        assert used <= monitored.names, title
    rules = [{"record": f"panel:{number}", "expr": one} for number, one in enumerate(queries().values())]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", tmp_path / "panels.yml")


def test_every_metric_of_a_rule_exists(monitored: Monitored) -> None:
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]:
        used = metrics_in(rule["expr"])
        assert used, rule
        assert used <= monitored.names, rule


def test_the_names_of_metrics_are_found_in_an_expression() -> None:
    expression = 'sum by (a) (rate(b_total{c="d"}[5m])) / on (e) time() - f offset 1h or vector(0) > 2'
    assert metrics_in(expression) == {"b_total", "f"}


def test_the_variable_of_the_dashboard_is_a_label_of_its_metrics(monitored: Monitored) -> None:
    (variable,) = [one for one in json.loads(DASHBOARD.read_text())["templating"]["list"] if one["type"] == "query"]
    metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
    assert metric in monitored.names
    assert f'{label}="{monitored.database}"' in monitored.files["acme.doctor.prom"]
    assert all(f'{label}=~"${variable["name"]}"' in expression for expression in queries().values())


def test_the_dashboard_has_the_version_of_the_newest_grafana() -> None:
    assert problems_of(json.loads(DASHBOARD.read_text())) == []


Board = dict[str, Any]


@pytest.mark.parametrize(
    "test_break",
    [
        pytest.param(lambda b: b["panels"][0].update(type="statt"), id="type of a panel"),
        pytest.param(lambda b: b["panels"][0]["options"].update(colorMode="nonsense"), id="option of a panel"),
        pytest.param(lambda b: b["panels"][0]["options"]["reduceOptions"].update(calcs=["nosuch"]), id="reducer"),
        pytest.param(lambda b: b["panels"][0]["gridPos"].update(w=40), id="width"),
        pytest.param(lambda b: b["panels"][1]["gridPos"].update(x=0), id="overlap"),
        pytest.param(lambda b: b["panels"][3]["fieldConfig"]["defaults"].update(unit="zz"), id="unit"),
        pytest.param(lambda b: b["panels"][3]["fieldConfig"]["defaults"]["thresholds"].update(mode="zz"), id="mode"),
        pytest.param(lambda b: b["panels"][0]["datasource"].update(uid="${datasorce}"), id="variable"),
        pytest.param(lambda b: b["panels"][0]["targets"][0].update(expr='up{a="$databse"}'), id="variable of a query"),
        pytest.param(lambda b: b["templating"]["list"][1].update(type="queri"), id="type of a variable"),
        pytest.param(lambda b: b["panels"][4]["transformations"][0].update(id="organise"), id="transformation"),
        pytest.param(lambda b: b["panels"][6]["fieldConfig"]["defaults"]["custom"].update(drawStyle="zz"), id="style"),
        pytest.param(lambda b: b["panels"][4]["options"]["footer"].update(fields=""), id="list"),
        pytest.param(lambda b: b["panels"][1].update(id=1), id="id"),
        pytest.param(lambda b: b.update(refresh=5), id="type of a field"),
        pytest.param(lambda b: b.update(foo=5), id="unknown field"),
        pytest.param(lambda b: b.update(schemaVersion=41), id="version"),
    ],
)
def test_a_wrong_dashboard_has_a_problem(test_break: Callable[[Board], None]) -> None:
    board = json.loads(DASHBOARD.read_text())
    test_break(board)
    assert problems_of(board)


def test_tables_and_legends_of_one_instance_show_the_server() -> None:
    """Two servers may have a database of the same name."""
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            assert ("{{database}}" in target["legendFormat"]) == ("{{url}}" in target["legendFormat"]), panel["title"]
        for one in panel.get("transformations", ()):
            assert "url" not in one["options"]["excludeByName"], panel["title"]
            assert "url" in one["options"]["indexByName"], panel["title"]
