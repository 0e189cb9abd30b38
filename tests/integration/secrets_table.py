# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in which every module processes secrets of every shape, and a search for them in all output and files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible_collections.postmaster.odoo.tests.unit.hostile.encodings import ENCODINGS
from ansible_collections.postmaster.odoo.tests.unit.local_server import Answer, Request, serving
from instance import LabInstance
from inventory import listed, run_on
from playbook import Result, Task, ansible_playbook, play
from process_list import process_list

# The forms in which the SMTP servers repeat their input.
REPEATED = (
    "as it is",
    "upper case",
    "percent",
    "hexadecimal",
    "JSON, escaped",
    "quoted-printable",
    "folded",
    "a login in base64",
    "inside base64",
)
OTHER = "another-password-made-up"
_NOWHERE = "127.0.0.1:1"
_MODULES_WITHOUT_SECRETS: Mapping[str, dict[str, Any]] = {
    "addon": {"name": "mail"},
    "alias_domain": {"name": "table.example"},
    "api_key": {"name": "Table", "state": "absent", "username": "nobody", "password": OTHER},
    "cron": {"xml_id": "mail.ir_cron_mail_scheduler_action"},
    "cron_info": {},
    "mail_dns_info": {"nameservers": [_NOWHERE], "nameserver_timeout": 1},
    "mail_doctor": {},
    "mail_queue": {"action": "process"},
    "mail_queue_info": {},
    "mail_server_info": {},
    "mail_server_test": {},
    "mail_stack_info": {},
    "own_records": {},
    "pending_addons": {"action": "call_off"},
    "queue_policy": {"stale_after": 7},
}


def task(name: str, module: str, options: Mapping[str, Any], **keywords: Any) -> Task:
    return {"name": name, f"postmaster.odoo.{module}": dict(options), **keywords}


class Table:
    """One run of everything with some secrets.

    :param folder: gets all files of the runs; only encrypted files may contain a secret.
    :ivar failing: the tasks that must fail.
    :ivar results: the results of all tasks.
    :ivar errors: the errors of the plugins that call Odoo without a module.
    """

    def __init__(
        self, instance: LabInstance, folder: Path, secrets: Mapping[str, str], *, in_process: bool, transport: str
    ) -> None:
        self.instance = instance
        self.secrets = dict(secrets)
        self.failing: set[str] = set()
        self.results: dict[str, Result] = {}
        self.errors: dict[str, str] = {}
        self.output: list[str] = []
        self._folder = folder / "shown"
        self._given = folder / "given.json"
        self._options = instance.options(transport)
        self._in_process = in_process
        self._smtp = instance.lab.smtp["starttls_any_sender"]
        self._tokens = instance.lab.smtp["xoauth2"]
        self._folder.mkdir()
        self._write_variables()
        (folder / "vault-password").write_text("vault-password-made-up")
        self._vault = ("--vault-password-file", str(folder / "vault-password"))
        self._store()

    def _write_variables(self) -> None:
        """Write the variables with the secrets, which are not templates."""
        variables = {**self.secrets, **{f"{name}_quoted": quote(text, safe="") for name, text in self.secrets.items()}}
        variables |= {f"{name}_code": f"token = {text!r}" for name, text in self.secrets.items()}
        variables |= self._options
        # The tag !unsafe of YAML would convert a text of digits to a number.
        self._given.write_text(json.dumps({name: {"__ansible_unsafe": text} for name, text in variables.items()}))

    def _store(self) -> None:
        """Put mail servers with these passwords into Odoo, and a mail for each."""
        common = {"smtp_host": self._smtp.host, "smtp_port": self._smtp.port, "smtp_encryption": "starttls"}
        servers = [
            {
                **common,
                "name": f"Stored {name}",
                "smtp_user": "table",
                "smtp_pass": text,
                "from_filter": f"{name}.example",
            }
            for name, text in self.secrets.items()
        ]
        with self.instance.session() as session:
            ids = session.create("ir.mail_server", servers)
            mail = {"state": "outgoing", "email_to": "somebody@lab.example", "subject": "Table"}
            senders = {name: f"odoo@{name}.example" for name in self.secrets}
            mails = [
                {**mail, "mail_server_id": one, "email_from": sender}
                for one, sender in zip(ids, senders.values(), strict=True)
            ]
            session.create("mail.mail", mails)

    def run(self) -> None:
        """Run all tasks, then the playbooks that write files."""
        for server in (self._smtp, self._tokens):
            server.configure(repeats=list(REPEATED))
        with process_list() as self.processes:
            self._run_tasks()
            self._run_playbooks()
            for name in self.secrets:
                self._run_plugins(name)

    def _run_tasks(self) -> None:
        failing = [one for name in self.secrets for one in self._failing_tasks(name)]
        self.failing = {one["name"] for one in failing}
        succeeding = [one for name in self.secrets for one in self._tasks(name)]
        defaults = {option: f"{{{{ {option} }}}}" for option in self._options}
        run = ansible_playbook(
            self._folder,
            [
                play(
                    *succeeding,
                    *failing,
                    *self._last_tasks(),
                    in_process=self._in_process,
                    module_defaults={"group/postmaster.odoo.odoo": defaults},
                    ignore_errors=True,
                    vars_files=[str(self._given)],
                )
            ],
            *("--inventory", "localhost,", "-vvvv", "--diff"),
            environment=self._environment,
        )
        assert run.exit_code == 0, run.output[-5000:]
        self.results = run.results
        self.output += [run.output, json.dumps(run.results)]

    def _run_playbooks(self) -> None:
        connection = {f"odoo_{name}": f"{{{{ {name} }}}}" for name in self._options}
        servers = [{**self._server(name), "smtp_user": "another"} for name in self.secrets]
        declared = {
            "odoo_mail_servers": servers,
            "odoo_mail_parameters": {"table.secret": f"{{{{ {next(iter(self.secrets))} }}}}"},
        }
        host = {**connection, **declared, "ansible_connection": "local", "postmaster_odoo_in_process": self._in_process}
        callback = {
            "ANSIBLE_CALLBACKS_ENABLED": "recorder,postmaster.odoo.drift",
            "POSTMASTER_DRIFT_REPORT_FOLDER": "reports",
            "POSTMASTER_DRIFT_FORMATS": "json,markdown,junit,html",
        }
        metrics = str(self._folder / "metrics")
        os.makedirs(metrics, exist_ok=True)
        accepted = {f"drift_baseline_{name}": "made up" for name in ("reason", "owner")}
        for playbook, variables, environment in (
            ("export", {"export_vault": True, "export_parameters": ["*"], "export_crons": ["*"]}, {}),
            ("drift", {}, callback),
            ("drift_baseline", {**accepted, "drift_baseline_expires": "2090-01-31"}, {}),
            ("doctor", {"doctor_report_folder": str(self._folder / "doctor"), "doctor_metrics_folder": metrics}, {}),
            ("queue", {"queue_metrics_folder": metrics}, {}),
        ):
            arguments = ("--extra-vars", f"@{self._given}", *self._vault, "-vvvv", "--diff")
            check = ("--check",) if "drift" in playbook else ()
            run = run_on(
                self._folder,
                playbook,
                {"acme": host},
                *(*arguments, *check),
                environment={**self._environment, **environment},
                **variables,
            )
            self.output.append(run.output)

    def _run_plugins(self, name: str) -> None:
        """Run the inventory plugin and the lookup with a proxy that repeats its password, in errors of Odoo and in
        redirects.
        """
        secret = self.secrets[name]
        words = " | ".join(ENCODINGS[encoding](secret) for encoding in REPEATED)
        error = {"data": {"name": "builtins.ValueError", "message": f"\x1b[31mrefused {words} \x07"}}

        def answer(request: Request) -> Answer:
            if "redirecting" in request.target:
                return Answer(status=302, headers=(("Location", f"http://x/\x1b[31m{quote(secret, safe='')}"),))
            if request.target.endswith("/version_info"):
                return Answer({"result": {"server_version": "19.0"}})
            return Answer({"error": error})

        # A file of the user that contains the secret.
        folder = self._folder.parent / f"plugins of {name}"
        (folder / "inventory").mkdir(parents=True)
        with serving() as local:
            local.answer = answer
            proxy = local.url.replace("://", f"://me:{quote(secret, safe='')}@")
            servers = [{"url": f"http://{host}.example", "proxy": proxy} for host in ("refusing", "redirecting")]
            content = {"plugin": "postmaster.odoo.databases", "servers": servers}
            (folder / "inventory/odoo_databases.yml").write_text(json.dumps(content))
            self.errors[f"{name}: inventory"] = listed(
                folder, "-vvvv", **self._environment, ANSIBLE_VERBOSE_TO_STDERR="1"
            ).output
            proxy = proxy.replace(quote(secret, safe=""), f"{{{{ {name}_quoted }}}}")
            connection = {"url": "http://refusing.example", "database": "acme", "username": "admin"}
            looking = {
                "name": f"{name}: looked up",
                "ansible.builtin.set_fact": {
                    "found": "{{ lookup('postmaster.odoo.mail_secrets', 'acme', path='vault.yml', connection=connection) }}"
                },
                "vars": {"connection": {**connection, "password": f"{{{{ {name} }}}}", "proxy": proxy}},
                "ignore_errors": True,
            }
            arguments = ("--inventory", "localhost,", "-vvvv", *self._vault)
            plays = [play(looking, vars_files=[str(self._given)])]
            run = ansible_playbook(self._folder, plays, *arguments, environment=self._environment)
        self.errors |= {task: str(result["msg"]) for task, result in run.results.items()}
        self.output += [*self.errors.values(), run.output, json.dumps(run.results)]

    @property
    def _environment(self) -> dict[str, str]:
        cache = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self._folder / "facts")}
        folders = {"ANSIBLE_LOCAL_TEMP": "home/local", "ANSIBLE_REMOTE_TEMP": "home/remote", "TMPDIR": ""}
        (self._folder / "home").mkdir(exist_ok=True)
        return {
            **cache,
            **{name: str(self._folder / path) for name, path in folders.items()},
            "ANSIBLE_LOG_PATH": str(self._folder / "ansible.log"),
        }

    def _server(self, name: str) -> dict[str, Any]:
        return {
            "name": f"Declared {name}",
            "smtp_host": self._smtp.host,
            "smtp_port": self._smtp.port,
            "smtp_encryption": "starttls",
            "smtp_user": "table",
            "smtp_pass": f"{{{{ {name} }}}}",
            "from_filter": f"declared-{name}.example",
        }

    def _tasks(self, name: str) -> Iterable[Task]:
        """Return tasks that succeed with a secret that Odoo uses as a password."""
        server, secret, code = self._server(name), f"{{{{ {name} }}}}", f"{{{{ {name}_code }}}}"
        parameter = {"key": f"table.{name}.secret", "value": secret}
        yield task(f"{name}: would be created", "mail_server", server, check_mode=True)
        yield task(f"{name}: created", "mail_server", server)
        yield task(f"{name}: would be another", "mail_server", {**server, "smtp_pass": OTHER}, check_mode=True)
        yield task(f"{name}: is the user", "mail_server", {**server, "name": f"Same {name}", "smtp_user": secret})
        yield task(f"{name}: parameter", "system_parameter", parameter)
        yield task(f"{name}: other parameter", "system_parameter", {**parameter, "value": OTHER}, check_mode=True)
        yield task(
            f"{name}: cron", "cron", {"name": f"Code {name}", "model": "res.partner", "code": code, "active": False}
        )
        yield task(
            f"{name}: stack",
            "mail_stack",
            {"servers": [{**server, "sequence": 5}], "parameters": {f"table.{name}.token": secret}},
        )
        yield task(
            f"{name}: would be removed", "mail_server", {"name": f"Stored {name}", "state": "absent"}, check_mode=True
        )

    def _failing_tasks(self, name: str) -> Iterable[Task]:
        server, secret = self._server(name), f"{{{{ {name} }}}}"
        smtp = {"host": self._smtp.host, "port": self._smtp.port, "encryption": "starttls", "user": "table"}
        yield task(f"{name}: tested", "mail_server_test", {"name": f"Stored {name}"})
        yield task(f"{name}: not proven", "mail_server", {**server, "smtp_user": "prober", "verify": "connection"})
        yield task(
            f"{name}: stack, not proven",
            "mail_stack",
            {"servers": [{**server, "name": f"New {name}"}], "verify": "connection"},
        )
        yield task(f"{name}: probed", "smtp_probe", {**smtp, "password": secret})
        yield task(f"{name}: token probed", "smtp_probe", {**smtp, "port": self._tokens.port, "access_token": secret})
        yield task(f"{name}: wrong type", "mail_server", {**server, "smtp_port": [secret]})
        yield task(f"{name}: wrong choice", "mail_stack", {"servers": [server], "unmanaged": secret})
        yield task(f"{name}: unknown option", "mail_server", {**server, "smtp_passwd": {"in": [secret]}})
        yield task(f"{name}: structured", "system_parameter", {"key": "table.secret", "value": {"in": [secret]}})
        login = {"username": "nobody", "password": secret, "api_key": secret}
        yield task(f"{name}: wrong login for a key", "api_key", {"name": "Table", "state": "absent", **login})
        yield task(f"{name}: wrong login", "mail_server_info", login)
        yield task(f"{name}: in the URL", "mail_server_info", {"url": f"http://me:{secret}@{_NOWHERE}"})
        yield task(f"{name}: without a host", "mail_server_info", {"url": f"http://me:{secret}"})
        for module, options in _MODULES_WITHOUT_SECRETS.items():
            proxy = f"http://me:{{{{ {name}_quoted }}}}@{_NOWHERE}"
            yield task(f"{name}: {module} behind a proxy", module, {**options, "proxy": proxy})

    def _last_tasks(self) -> Iterable[Task]:
        """Return tasks that read all secrets in Odoo, with or without a failure."""
        everything = {"more_parameters": ["*"], "more_crons": ["*"]}
        yield task("sent", "mail_queue", {"action": "process"})
        yield task("sent again", "mail_queue", {"action": "retry"})
        yield task("queue", "mail_queue_info", {"by": ["server", "reason"], "fail_on": ["auth"]})
        yield task("doctor", "mail_doctor", {"live_tests": True})
        yield task("tested", "mail_server_test", {"canary": "somebody@lab.example", "fail_on_error": False})
        yield task("info", "mail_server_info", {})
        yield task("crons", "cron_info", {})
        yield task("declared", "mail_stack_info", everything)
        for module, options in _MODULES_WITHOUT_SECRETS.items():
            yield task(f"{module}, checked", module, options, check_mode=True)

    def shown(self) -> dict[str, list[str]]:
        """Return the places in which each secret is shown, in any encoding; secrets that are not shown are left out."""
        texts = {f"output {number}": text for number, text in enumerate(self.output)}
        texts |= {
            str(path.relative_to(self._folder)): path.read_text(errors="replace")
            for path in self._folder.rglob("*")
            if path.is_file()
        }
        texts["processes"] = "\n".join(self.processes)
        joined = {place: (text, _joined(text)) for place, text in texts.items()}
        found: dict[str, list[str]] = {}
        for secret in self.secrets.values():
            for form in forms(secret):
                places = [place for place, both in joined.items() if form in both[0] or _joined(form) in both[1]]
                found.setdefault(secret, []).extend(f"{place}: {form}" for place in places)
        return {secret: places for secret, places in found.items() if places}


def _joined(text: str) -> str:
    """Return a text without its breaks. A terminal may break lines at any place, and so may servers, whose lines begin with a code."""
    return re.sub(r"(?:\s|\\+[rn])+(?:\d{3}[ -])?(?:\d\.\d\.\d )?", "", text)


def forms(secret: str) -> Collection[str]:
    """Return a secret in every form in which a user may write it."""
    literals = (
        repr(secret)[1:-1],
        repr([f"'{secret}"])[3:-2],
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
    )
    return {encode(secret) for encode in ENCODINGS.values()}.union(literals)
