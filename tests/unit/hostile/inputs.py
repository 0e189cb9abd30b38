# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random inputs: files, options of tasks and variables of the inventory, and the results of the collection."""

from __future__ import annotations

import copy
import json
import os
import time
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import yaml
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret, VaultSecretsContext
from ansible.plugins.loader import inventory_loader

from ansible_collections.postmaster.odoo.plugins.inventory import databases
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.odoo_configuration import read_configuration
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.former import Former, Loss
from ansible_collections.postmaster.odoo.plugins.module_utils.rollback.snapshot_document import (
    SavedRecord,
    SnapshotDocument,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.pem import certificate_text, private_key_text
from ansible_collections.postmaster.odoo.plugins.module_utils.tls import client_context
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.baseline import Baseline, BaselineError
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.history import History
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.report import Difference, Instance, Resource
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.vault_file import VaultFile
from ansible_collections.postmaster.odoo.plugins.plugin_utils.snapshot_files import SnapshotFiles
from ansible_collections.postmaster.odoo.plugins.plugin_utils.stack_variables import (
    StackVariableError,
    stack_arguments_of,
)
from ansible_collections.postmaster.odoo.tests.unit.hostile.answering_odoo import AnsweringOdoo
from ansible_collections.postmaster.odoo.tests.unit.hostile.mutations import places
from ansible_collections.postmaster.odoo.tests.unit.hostile.scalars import SCALARS
from ansible_collections.postmaster.odoo.tests.unit.hostile.tasks import CHECKS, Task, instance, last_of, run

# The allowed results of an input. Everything else is a defect.
_ERRORS = (OdooError, AnsibleError, BaselineError, StackVariableError)
_BASELINE = {
    "format": 1,
    "accepted": [
        {
            "instance": "ac*",
            "resource": "mail_server",
            "key": "Main",
            "field": "smtp_port",
            "value": 25,
            "reason": "made up",
            "owner": "ops",
            "expires": "2030-01-31",
        }
    ],
}
_REPORT = {
    "format": 1,
    "generated": "2026-11-01T01:00:00Z",
    "run": {"limit": None, "tags": [], "skip_tags": []},
    "verdict": {
        "instances": dict.fromkeys(("clean", "drifted", "accepted", "corrected", "unknown", "failed", "unreachable"), 0)
    },
    "history": [],
    "instances": [
        {
            "instance": "acme",
            "status": "drifted",
            "resources": [
                {
                    "resource": "mail_server",
                    "key": "Main",
                    "differences": [{"field": "smtp_port", "since": "2026-10-01T01:00:00Z", "status": "drifted"}],
                }
            ],
        }
    ],
}
_SNAPSHOT = SnapshotDocument(
    *("https://odoo.example", "acme", "19.0"),
    [
        SavedRecord("mail_server", "Main", "present", "acme.main", Former(name="Main", values={"smtp_port": 25})),
        SavedRecord("system_parameter", "a.b", "absent", None, Former(name="a.b")),
    ],
    [Loss("addon", "crm", "It stays.")],
).as_document()
_INVENTORY = {
    "plugin": "postmaster.odoo.databases",
    "servers": [{"url": "http://127.0.0.1:1", "odoo_databases": ["acme"], "exclude": ["x*"], "timeout": 5}],
    "keyed_groups": [{"key": "odoo_database", "prefix": "db"}],
}
_VARIABLES: dict[str, Any] = {
    "odoo_mail_servers": [{"name": "Main", "smtp_host": "smtp.acme.example"}],
    "odoo_mail_servers__more": [{"name": "Main", "smtp_port": 25}, {"name": "Other", "declared": False}],
    "odoo_mail_parameters": {"mail.bounce.alias": "bounce"},
    "odoo_mail_addons__more": ["mail", {"name": "mass_mailing", "declared": False}],
    "odoo_mail_routes": [{"from": "a@acme.example", "server": "Main"}],
    "odoo_queue_lanes": [{"name": "bulk"}],
}
_TEXTS = (
    "",
    " ",
    "text",
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "a\nb",
    "inf",
    "-Infinity",
    "nan",
    "1e999999999",
    "9" * 5000,
    "0x" + "f" * 5000,
    "x" * 100_000,
    "{{ lookup('pipe', 'id') }}",
    "%s%n{0}",
    "../../etc/passwd",
    "1:" * 200 + "1",
    "*",
    '{"a":' * 5000,
    '{"a":' * 900 + "1" + "}" * 900,
    "{" * 100 + "}" * 100,
    "{" + "-" * 50_000 + "}",
    '{"smtp_port": 1e400}',
    "name=x smtp_port=1e999999999",
    "1,inf",
)
_VALUES: tuple[Any, ...] = (
    *_TEXTS,
    *SCALARS,
    float("-inf"),
    1e308,
    date(9999, 12, 31),
    [],
    [[]],
    [None],
    ["text", 5],
    {},
    {"": ""},
    {"name": None},
    {"declared": "maybe"},
    {5: {"a": []}},
    [{"name": "Main", "smtp_port": float("inf")}],
)
_LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
_MERGES = "a0: &a0 {x0: 1}\n" + "".join(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n  x{n}: 1\n" for n in range(1, 30))
CONTENTS = (
    b"",
    b"5",
    b"text",
    b"- a",
    b"null",
    b"\x00\x01\x02",
    b"\xff\xfe\x00",
    b"[" * 5000,
    b"{" * 5000,
    b"[" * 5000 + b"]" * 5000,
    b'{"a":' * 5000,
    b"- " * 5000,
    b"? " * 5000,
    b"a: &a [*a]",
    b"&a [*a, *a]",
    b"!!python/object/apply:os.system [id]",
    b"%YAML 9.9\n---\na",
    b"--- a\n--- b\n",
    b"x" * 1_000_000,
    b"a: " + b"9" * 20_000,
    b"a: 0x" + b"f" * 20_000,
    b"a: !!bool x",
    b'a: !!int ""',
    b'a: !!float ""',
    b"a: !!timestamp x",
    b"a: !!binary \xc3\xa4",
    b"a: !!omap x",
    b"a: !!set [x]",
    b"a: 2026-13-45",
    b"a: " + b"1:" * 180 + b"1.5",
    b"$ANSIBLE_VAULT;1.1;AES256\n6162",
    b"$ANSIBLE_VAULT;9.9;AES256\nxyz",
    b"-----BEGIN CERTIFICATE-----\n" * 5000,
    b"-----BEGIN PRIVATE KEY-----\n" * 5000,
    _LAUGHS.encode(),
    _MERGES.encode(),
    f"format: 1\naccepted:\n- reason: {'[' * 900}{']' * 900}\n".encode(),
    f"{_LAUGHS}format: 1\naccepted:\n- reason: *a39\n  key: *a39\n".encode(),
)


def _changed(random: Random, content: Any) -> Any:
    """Return content with one value replaced or removed."""
    content = copy.deepcopy(content)
    container, key = random.choice(list(places(content)))
    if random.random() < 0.2:
        del container[key]
    elif random.random() < 0.1 and isinstance(container, dict):
        container[random.choice((5, None, "other", "\x00", True))] = container.pop(key)
    else:
        container[key] = random.choice(_VALUES)
    return content


def _dumped(content: Any) -> bytes:
    text: str = yaml.safe_dump(content, allow_unicode=True)
    return text.encode("utf-8", "surrogatepass")


def write_hostile(random: Random, path: Path, good: Any) -> None:
    """Write hostile content to the path of an expected file: other content, another kind of file, or no file."""
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    path.unlink(missing_ok=True)
    kind = random.choices(
        ("changed", "content", "cut", "fifo", "folder", "device", "loop", "large"), (40, 30, 10, 3, 2, 2, 2, 1)
    )[0]
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to(random.choice(("/dev/zero", "/dev/null", "/dev/full", "/nowhere", "/proc/self/mem")))
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "large":
        path.touch()
        os.truncate(path, 2**31)
    elif kind == "changed":
        path.write_bytes(_dumped(_changed(random, good)))
    elif kind == "cut":
        whole = _dumped(good)
        at = random.randrange(len(whole))
        path.write_bytes(whole[:at] + random.choice((b"", random.randbytes(4), b"\t", b"]")))
    else:
        path.write_bytes(random.choice(CONTENTS))


def _fleet() -> list[Instance]:
    difference = Difference("smtp_port", 25, 587, "drifted")
    resource = Resource("mail_server", "Main", "update", [difference])
    return [Instance("acme", resources=[resource])]


def _baseline(random: Random, folder: Path) -> None:
    path = folder / "baseline.yml"
    write_hostile(random, path, _BASELINE)
    Baseline.read(path).apply(_fleet(), date(2026, 1, 1), ["acme"])


def _report(random: Random, folder: Path) -> None:
    for name in ("drift.json", "drift-20261101T010000Z.json"):
        write_hostile(random, folder / name, _REPORT)
        if (folder / name).is_file() and not (folder / name).is_symlink() and random.random() < 0.6:
            (folder / name).write_text(json.dumps(_changed(random, _REPORT), default=str))
    history = History(folder)
    history.date(_fleet(), "2026-11-02T01:00:00Z")
    json.dumps([history.of_fleet(5), history.is_narrower({"limit": "x"}), history.warnings])
    history.prune(5)


def _vault(random: Random, folder: Path) -> None:
    path = folder / "vault.yml"
    write_hostile(random, path, {"vault_acme_a": "x", "other": ["y"], "z": {"a": 1}})
    secret = VaultSecret(b"made up")
    if path.is_file() and not path.is_symlink() and path.stat().st_size < 2_000_000 and random.random() < 0.3:
        path.write_bytes(VaultLib([("default", secret)]).encrypt(path.read_bytes(), secret))
    with _vault_secrets(secret):
        file = VaultFile(str(path), None)
        file.content("acme", {"vault_acme_a": "new", "vault_acme_b": "b"})
        file.missing(["vault_acme_a"])


def _snapshot(random: Random, folder: Path) -> None:
    write_hostile(random, folder / "snapshot.yml", _SNAPSHOT)
    with _vault_secrets(VaultSecret(b"made up")):
        _path, document = SnapshotFiles(str(folder)).read("snapshot.yml", "https://odoo.example", "acme")
    document.declarations()


def _vault_secrets(secret: VaultSecret) -> Any:
    return mock.patch.object(VaultSecretsContext, "_current", VaultSecretsContext([("default", secret)]))


def _inventory(random: Random, folder: Path) -> None:
    inventory_loader.add_directory(str(Path(databases.__file__).parent))
    path = folder / "odoo_databases.yml"
    write_hostile(random, path, _INVENTORY)
    plugin = inventory_loader.get("databases")
    if plugin.verify_file(str(path)):
        plugin.parse(InventoryData(), DataLoader(), str(path), cache=False)


def _file_options(random: Random, folder: Path) -> None:
    path = folder / "file"
    write_hostile(random, path, {"smtp_server": "smtp.acme.example"})
    readers: tuple[Callable[[], Any], ...] = (
        lambda: read_configuration(str(path)),
        lambda: certificate_text("smtp_ssl_certificate", str(path)),
        lambda: private_key_text("smtp_ssl_private_key", str(path)),
        lambda: client_context(str(path), verify=True),
    )
    random.choice(readers)()


def _variables(random: Random, _folder: Path) -> None:
    variables = _changed(random, _VARIABLES)
    variables = {str(name): value for name, value in variables.items()}
    stack_arguments_of(variables, lambda names: {name: variables[name] for name in names}, lambda _name: "")


def _options(random: Random, _folder: Path) -> None:
    task = random.choice(CHECKS)
    connection = {"timeout": 30, "validate_certs": True, "proxy": "", "ca_path": "", "url": "http://odoo.example"}
    options = {str(name): value for name, value in _changed(random, {**connection, **task.options}).items()}
    ending = run(Task(task.module, options), AnsweringOdoo(instance("19.0")), "json2")
    # Ansible itself rejects an unsupported value of an option, without a kind of error.
    if ending.fault and not ending.fault.startswith("failed without a kind: "):
        raise AssertionError(ending.fault)


INPUTS: dict[str, Callable[[Random, Path], None]] = {
    "baseline": _baseline,
    "report": _report,
    "vault": _vault,
    "snapshot": _snapshot,
    "inventory": _inventory,
    "files": _file_options,
    "variables": _variables,
    "options": _options,
}


def try_input(name: str, random: Random, folder: Path) -> tuple[str, float]:
    """Pass one hostile input to the collection.

    :returns: the defect or an empty text, and the processor time in seconds.
    """
    started, fault = time.process_time(), ""
    try:
        INPUTS[name](random, folder)
    except _ERRORS as error:
        if len(str(error)) > 20_000:
            fault = f"the message has {len(str(error))} characters"
    except Exception as error:
        fault = str(error) if isinstance(error, AssertionError) else last_of(traceback.format_exc())
    return (f"{name}: {fault}" if fault else ""), time.process_time() - started
