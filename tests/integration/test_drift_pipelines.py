# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of docs/pipelines: their commands run on a checkout like a user's, with the lab.

Features of GitHub, GitLab and systemd are replaced here, and nowhere else. Expressions, variables and specifiers are
filled in. Caches and artifacts are folders. A small HTTP server receives the note on a merge request. Programs in
`Checkout.bin` replace those that install (pip, ansible-galaxy), read the journal and send mail.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from instance import LabInstance
from playbook import COLLECTIONS

PIPELINES = Path(__file__).resolve().parents[2] / "docs" / "pipelines"
VAULT_PASSWORD = "vault-password-made-up"
TOKEN = "gitlab-token-made-up"


@dataclass
class Checkout:
    """A user's repository as in docs/drift-in-ci.md, and the machine that a pipeline runs on."""

    folder: Path
    machine: Path

    @property
    def bin(self) -> Path:
        return self.machine / "bin"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    def report(self) -> dict[str, Any]:
        return dict(json.loads((self.reports / "drift.json").read_text()))

    def declare(self, **variables: Any) -> None:
        """Write the variables of the inventory's only host."""
        path = self.folder / "inventory" / "host_vars" / "acme.yml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | variables))

    def stand_in(self, program: str, script: str) -> None:
        path = self.bin / program
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def run(self, command: list[str], environment: Mapping[str, str]) -> tuple[int, str]:
        """Run a command in this checkout. Its environment contains only the paths of programs and of the collection."""
        own = {
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(self.machine / "ansible"),
            "HOME": str(self.machine),
            "LANG": "C.UTF-8",
            "PATH": f"{self.bin}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=own | dict(environment),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for secret in (VAULT_PASSWORD, TOKEN):
            assert secret not in done.stdout
        return done.returncode, done.stdout

    def what_was_installed(self) -> list[str]:
        return (self.machine / "installed").read_text().splitlines()


@pytest.fixture(scope="module")
def instance(fresh: Callable[[str], LabInstance]) -> LabInstance:
    database = fresh("drift_pipelines")
    database.enforce({"parameters": {"drift.limit": "500"}})
    return database


@pytest.fixture
def checkout(instance: LabInstance, tmp_path: Path) -> Checkout:
    """Return a checkout with one host in the declared state; its API key is in an encrypted file."""
    made = Checkout(tmp_path / "checkout", tmp_path / "machine")
    made.bin.mkdir(parents=True)
    for name in ("pip", "ansible-galaxy"):
        made.stand_in(name, f'echo "{name} $*" >> "{made.machine}/installed"')
    (made.folder / "inventory" / "host_vars").mkdir(parents=True)
    (made.folder / "inventory" / "group_vars" / "all").mkdir(parents=True)
    for name in ("ansible.cfg", "requirements.txt", "requirements.yml"):
        shutil.copy(PIPELINES / name, made.folder)
    (made.folder / "inventory" / "hosts.yml").write_text("all: {hosts: {acme: {}}}\n")
    (made.folder / "inventory" / "host_vars" / "acme.yml").write_text("{}\n")
    made.declare(
        odoo_url=instance.url,
        odoo_database=instance.database,
        odoo_username=instance.username,
        odoo_api_key="{{ vault_odoo_api_key }}",
        odoo_mail_parameters={"drift.limit": "500"},
    )
    vault = VaultLib([("default", VaultSecret(VAULT_PASSWORD.encode()))])
    secret = vault.encrypt(yaml.safe_dump({"vault_odoo_api_key": instance.needs_api_key()}))
    (made.folder / "inventory" / "group_vars" / "all" / "vault.yml").write_bytes(secret)
    return made


DRIFTED = {"odoo_mail_parameters": {"drift.limit": "600"}}
UNREACHABLE = {"odoo_url": "http://127.0.0.1:1"}


def program(name: str, package: str) -> str:
    """Return a program of Debian. Without it the test must fail, because it cannot be judged."""
    found = shutil.which(name)
    assert found, f"{name} is missing: apt-get install {package}"
    return found


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.github-workflows", "github-actions.yml"), ("vendor.gitlab-ci", "gitlab-ci.yml")],
)
def test_the_files_match_their_schema(schema: str, file: str) -> None:
    transform = ["--data-transform", "gitlab-ci"] if "gitlab" in file else []
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *transform, str(PIPELINES / file)]
    judged = subprocess.run(command, check=False, capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_shellcheck_reports_nothing(tmp_path: Path) -> None:
    scripts = [step["run"] for step in GitHub.steps() if "run" in step]
    for name in ("nightly", "merge request"):
        job = GitLab.job(name)
        scripts += ["\n".join([*job["before_script"], *job["script"]]), "\n".join(job.get("after_script", []))]
    for number, script in enumerate(scripts):
        (tmp_path / f"{number}.sh").write_text(f"#!/bin/bash\n{script}\n")
    command = [str(Path(sys.executable).parent / "shellcheck"), *map(str, sorted(tmp_path.iterdir()))]
    judged = subprocess.run(command, check=False, capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout


@dataclass
class GitHub:
    """A runner of GitHub Actions, with the features that the workflow needs."""

    checkout: Checkout
    event: str
    output: str = ""
    summary: str = ""

    @staticmethod
    def steps() -> list[dict[str, Any]]:
        workflow = yaml.safe_load((PIPELINES / "github-actions.yml").read_text())
        return list(workflow["jobs"]["drift"]["steps"])

    def run(self) -> int:
        """Run all steps with a command until one fails, and return its exit code; it is 0 if all succeed."""
        temp = self.checkout.machine / "temp"
        temp.mkdir(exist_ok=True)
        context = {
            "github.event_name": self.event,
            "inputs.limit": "acme",
            "runner.temp": str(temp),
            "secrets.ANSIBLE_VAULT_PASSWORD": VAULT_PASSWORD,
        }
        for step in self.steps():
            if "run" not in step:
                continue
            assert "if" not in step  # no runner here would ask
            files = {name: temp / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
            for path in files.values():
                path.write_text("")
            given = {name: fill_in(value, context) for name, value in step.get("env", {}).items()}
            (temp / "script").write_text(step["run"])
            environment = {**given, **{name: str(path) for name, path in files.items()}}
            code, output = self.checkout.run(["bash", "-e", str(temp / "script")], environment)
            self.output += output
            self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
            for line in files["GITHUB_OUTPUT"].read_text().splitlines():
                name, _equals, value = line.partition("=")
                context[f"steps.{step['id']}.outputs.{name}"] = value
            if code:
                return code
        assert not (temp / "vault-password").exists()
        return 0


def fill_in(text: str, context: Mapping[str, str]) -> str:
    """Return the value of GitHub's expressions; an unknown one is a mistake."""
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: context[found[1]], text)


class TestGitHubActions:
    @pytest.mark.parametrize(
        ("event", "declared", "code", "said"),
        [
            ("schedule", {}, 0, "Everything is as declared."),
            ("schedule", DRIFTED, 10, "::error title=Mail drift::Instances are not as declared."),
            ("schedule", UNREACHABLE, 4, "::error title=Mail drift::Not everything could be checked (exit code 4)."),
            ("pull_request", DRIFTED, 0, "::notice title=Mail drift::"),
            (
                "pull_request",
                UNREACHABLE,
                4,
                "::error title=Mail drift::Not everything could be checked (exit code 4).",
            ),
        ],
    )
    def test_a_run(self, event: str, declared: Mapping[str, Any], code: int, said: str, checkout: Checkout) -> None:
        checkout.declare(**declared)
        runner = GitHub(checkout, event)
        assert runner.run() == code, runner.output
        assert said in runner.output
        assert "1 instance" in runner.summary
        if declared is DRIFTED:
            assert "drift.limit" in runner.summary
            assert "::error title=Drift%3A acme" in runner.output
        assert checkout.what_was_installed() == [
            "pip install --quiet --requirement requirements.txt",
            "ansible-galaxy collection install --requirements-file requirements.yml",
        ]

    def test_files_to_keep_exist(self, checkout: Checkout) -> None:
        """The artifacts, and the history with which the next run begins."""
        assert GitHub(checkout, "schedule").run() == 0
        uploads = {
            step["uses"].partition("@")[0]: step["with"]["path"]
            for step in GitHub.steps()
            if "path" in step.get("with", {})
        }
        for path in uploads["actions/upload-artifact"].split():
            assert (checkout.folder / path).is_file(), path
        assert uploads["actions/cache/save"] == uploads["actions/cache/restore"]
        kept = {path.name: path.read_bytes() for path in checkout.folder.glob(uploads["actions/cache/save"])}
        assert len(kept) == 1
        shutil.rmtree(checkout.reports)
        checkout.reports.mkdir()
        for name, content in kept.items():
            (checkout.reports / name).write_bytes(content)
        checkout.declare(**DRIFTED)
        assert GitHub(checkout, "schedule").run() == 10
        assert [one["instances"]["clean"] for one in checkout.report()["history"]] == [1]


class GitLab:
    """A runner of GitLab CI, with the features that the pipeline needs."""

    @staticmethod
    def job(name: str) -> dict[str, Any]:
        """Return a job with the jobs that it extends."""
        pipeline = yaml.safe_load((PIPELINES / "gitlab-ci.yml").read_text())
        own = dict(pipeline[name])
        return {**pipeline[own.pop("extends")], **own}

    @classmethod
    def run(cls, name: str, checkout: Checkout, **variables: str) -> tuple[int, str]:
        """Return the job's exit code, and the output of all its scripts."""
        job = cls.job(name)
        checkout.folder.chmod(0o777)  # like the folders of GitLab's runners
        password = checkout.machine / "vault-password"
        password.write_text(VAULT_PASSWORD)
        given = {"CI_PROJECT_DIR": str(checkout.folder), "ANSIBLE_VAULT_PASSWORD_FILE": str(password), **variables}
        declared = {name: Template(value).substitute(given) for name, value in job["variables"].items()}
        environment = {**given, **declared}
        code, output = checkout.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join([*job["before_script"], *job["script"]])], environment
        )
        if "after_script" in job:
            status = {"CI_JOB_STATUS": "failed" if code else "success"}
            after, more = checkout.run(
                ["bash", "-eo", "pipefail", "-c", "\n".join(job["after_script"])], environment | status
            )
            assert after == 0, more
            output += more
        return code, output


@pytest.fixture
def notes() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Run a replacement of GitLab's API, and return its address and the notes that it received."""
    taken: list[dict[str, Any]] = []

    class Api(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            taken.append({"path": self.path, "token": self.headers["PRIVATE-TOKEN"], **parse_qs(body)})
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/api/v4", taken
        server.shutdown()


class TestGitLabCI:
    @pytest.mark.parametrize(("declared", "code"), [({}, 0), (DRIFTED, 10), (UNREACHABLE, 4)])
    def test_every_night(self, declared: Mapping[str, Any], code: int, checkout: Checkout) -> None:
        checkout.declare(**declared)
        ended, output = GitLab.run("nightly", checkout)
        assert ended == code, output
        job = GitLab.job("nightly")
        assert "allow_failure" not in job
        for path in (*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]):
            assert (checkout.folder / path).is_file(), path
        (pattern,) = job["cache"]["paths"]
        assert len(list(checkout.folder.glob(pattern))) == 1

    def test_an_unreadable_inventory_is_a_failure(self, checkout: Checkout) -> None:
        """If one of several sources fails, Ansible only gives a warning, and the missing instances would not be
        noticed.
        """
        (checkout.folder / "inventory" / "more.yml").write_text("plugin: postmaster.odoo.nothing\n")
        code, output = GitLab.run("nightly", checkout)
        assert (code, "more.yml" in output) == (1, True), output

    def test_a_merge_request_with_a_change(self, checkout: Checkout, notes: tuple[str, list[dict[str, Any]]]) -> None:
        program("curl", "curl")
        checkout.declare(**DRIFTED)
        address, taken = notes
        variables = {"CI_API_V4_URL": address, "CI_PROJECT_ID": "7", "CI_MERGE_REQUEST_IID": "3", "GITLAB_TOKEN": TOKEN}
        code, output = GitLab.run("merge request", checkout, **variables)
        assert code == GitLab.job("merge request")["allow_failure"]["exit_codes"] == 10, output
        (note,) = taken
        assert (note["path"], note["token"]) == ("/api/v4/projects/7/merge_requests/3/notes", TOKEN)
        assert note["body"] == [(checkout.reports / "drift.md").read_text()]

    def test_a_merge_request_without_a_change_gets_no_note(
        self, checkout: Checkout, notes: tuple[str, list[dict[str, Any]]]
    ) -> None:
        assert GitLab.run("merge request", checkout, CI_API_V4_URL=notes[0], GITLAB_TOKEN=TOKEN)[0] == 0
        assert notes[1] == []


SYSTEMD = PIPELINES / "systemd"


def settings(unit: str) -> dict[str, list[str]]:
    """Return the settings of a unit, each with all its values.

    A line that ends with a backslash continues on the next line.
    """
    found: dict[str, list[str]] = {}
    for line in (SYSTEMD / unit).read_text().replace("\\\n", " ").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


class TestSystemd:
    def test_systemd_accepts_the_units(self, tmp_path: Path) -> None:
        analyze = program("systemd-analyze", "systemd")
        for unit in SYSTEMD.iterdir():
            text = unit.read_text().replace("/opt/postmaster-drift/bin", str(Path(sys.executable).parent))
            (tmp_path / unit.name).write_text(text)
        units = [str(path) for path in sorted(tmp_path.iterdir())]
        judged = subprocess.run([analyze, "verify", "--man=no", *units], check=False, capture_output=True, text=True)
        assert (judged.returncode, judged.stdout + judged.stderr) == (0, "")
        # Exposure, of 10; systemd calls values below 2 safe.
        service = str(tmp_path / "postmaster-drift.service")
        command = [analyze, "security", "--no-pager", "--offline=yes", "--threshold=20", service]
        judged = subprocess.run(command, check=False, capture_output=True, text=True)
        assert judged.returncode == 0, judged.stdout + judged.stderr

    @pytest.mark.parametrize(("declared", "code"), [({}, 0), (DRIFTED, 10), (UNREACHABLE, 4)])
    def test_the_command_of_the_service(self, declared: Mapping[str, Any], code: int, checkout: Checkout) -> None:
        checkout.declare(**declared)
        state, credentials = checkout.machine / "state", checkout.machine / "credentials"
        for folder in (state / "postmaster-drift", credentials):
            folder.mkdir(parents=True)
        (credentials / "vault-password").write_text(VAULT_PASSWORD)
        unit = settings("postmaster-drift.service")
        places = {
            "%S": str(state),
            "%d": str(credentials),
            "/opt/postmaster-drift/bin": str(Path(sys.executable).parent),
            "/opt/postmaster-drift/collections": str(COLLECTIONS),
        }

        def placed(text: str) -> str:
            for name, place in places.items():
                text = text.replace(name, place)
            return text

        environment = dict(placed(one).split("=", 1) for one in unit["Environment"])
        (command,) = unit["ExecStart"]
        ended, output = checkout.run(shlex.split(placed(command)), environment)
        assert ended == code, output
        written = {path.suffix for path in (state / "postmaster-drift").iterdir() if path.is_file()}
        assert written == {".json", ".md", ".xml", ".html"}
        assert not checkout.reports.exists()
        assert "SuccessExitStatus" not in unit

    @pytest.mark.parametrize(
        ("status", "subject"),
        [("10", "mail is not as declared"), ("4", "mail could not be compared (exit-code, 4)")],
    )
    def test_the_message_about_a_failure(self, status: str, subject: str, checkout: Checkout) -> None:
        assert settings("postmaster-drift.service")["OnFailure"] == ["postmaster-drift-tell.service"]
        checkout.stand_in("journalctl", 'echo "journal of $*"')
        checkout.stand_in("sendmail", f'cat > "{checkout.machine}/mail"')
        (command,) = settings("postmaster-drift-tell.service")["ExecStart"]
        words = shlex.split(command.replace("$$", "$").replace("%%", "%").replace("%H", "host.example"))
        environment = {
            "MONITOR_EXIT_STATUS": status,
            "MONITOR_SERVICE_RESULT": "exit-code",
            "MONITOR_INVOCATION_ID": "0123",
        }
        assert checkout.run(words, environment) == (0, "")
        assert (checkout.machine / "mail").read_text() == (
            f"To: root\nSubject: host.example: {subject}\n\njournal of --output=cat _SYSTEMD_INVOCATION_ID=0123\n"
        )
