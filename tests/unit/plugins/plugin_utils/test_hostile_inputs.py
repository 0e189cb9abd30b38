# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files, variables and options of any content: there is soon an error that names the problem."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.postmaster.odoo.plugins.module_utils.bounds import refusable_arguments
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text
from ansible_collections.postmaster.odoo.plugins.module_utils.text import shown
from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.baseline import Baseline, BaselineError
from ansible_collections.postmaster.odoo.plugins.plugin_utils.export.vault_file import merged
from ansible_collections.postmaster.odoo.plugins.plugin_utils.snapshot_files import SnapshotFiles
from ansible_collections.postmaster.odoo.plugins.plugin_utils.untrusted_yaml import is_nested_deeply
from ansible_collections.postmaster.odoo.tests.unit.hostile.inputs import CONTENTS, INPUTS, try_input
from ansible_collections.postmaster.odoo.tests.unit.hostile.tasks import SECONDS


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_of_any_content(name: str, tmp_path: Path) -> None:
    """This is a sample; the whole table is `make fuzz`."""
    for number in range(30):
        fault, seconds = try_input(name, Random(f"{name} {number}"), tmp_path)
        assert fault == ""
        assert seconds < SECONDS


@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: repr(content[:20]))
def test_files_of_any_content(content: bytes, tmp_path: Path) -> None:
    """Every reader of YAML names the file."""
    path = tmp_path / "file.yml"
    path.write_bytes(content)
    with pytest.raises(BaselineError, match=r"^The baseline .*file\.yml "):
        Baseline.read(path)
    with pytest.raises(Invalid, match=r"file\.yml "):
        SnapshotFiles(str(tmp_path)).read("file.yml", "https://odoo.example", "acme")


@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "large"])
def test_only_regular_files_are_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.write_bytes(b"x" * 101)
    with pytest.raises(OSError, match=r"not a regular file|more than 100 bytes"):
        read_text(path, 100)


def test_a_regular_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("é", encoding="utf-8")
    assert read_text(path, 2) == "é"


@pytest.mark.parametrize("given", ["inf", "-Infinity", "nan", "1e999999999", float("inf"), float("nan"), 1e300])
def test_endless_numbers(given: object) -> None:
    specification = {
        "timeout": {"type": "int"},
        "ids": {"type": "list", "elements": "int"},
        "servers": {"type": "list", "elements": "dict", "options": {"port": {"type": "int"}, "name": {"type": "str"}}},
    }
    arguments = {"timeout": given, "ids": [1, given], "servers": [{"port": given, "name": given}], "other": given}
    refusable = refusable_arguments(specification, arguments)
    assert str(refusable["timeout"]).endswith("(not a 64-bit integer)")
    assert refusable["ids"][0] == 1
    assert refusable["ids"][1] == refusable["servers"][0]["port"] == refusable["timeout"]
    assert refusable["servers"][0]["name"] is refusable["other"] is given


@pytest.mark.parametrize(
    "arguments",
    [
        {"ids": float("inf")},
        {"ids": "1,1e999999999"},
        {"server": '{"port": 1e400}'},
        {"server": "{'port': 1e400}"},
        {"server": "port=1e999999999"},
        {"servers": ['{"port": 1e400}']},
        {"servers": '{"port": 1e400}'},
        {"server": '{"a":' * 900 + "1" + "}" * 900},
        {"server": "{" * 5000},
        {"servers": ["[" * 5000]},
        {"values": "{'a':" * 60 + "1" + "}" * 60},
    ],
    ids=lambda arguments: str(arguments)[:40],
)
def test_texts_that_ansible_converts_to_numbers_and_dictionaries(arguments: dict[str, object]) -> None:
    port = {"port": {"type": "int"}, "a": {"type": "raw"}}
    specification = {
        "ids": {"type": "list", "elements": "int"},
        "server": {"type": "dict", "options": port},
        "servers": {"type": "list", "elements": "dict", "options": port},
        "values": {"type": "dict"},
    }
    result = ArgumentSpecValidator(specification).validate(refusable_arguments(specification, arguments))
    assert result.error_messages


def test_a_dictionary_in_a_text_is_accepted() -> None:
    specification = {"server": {"type": "dict", "options": {"port": {"type": "int"}}}}
    for text in ('{"port": "25"}', "{'port': 25}", "port=25"):
        result = ArgumentSpecValidator(specification).validate(refusable_arguments(specification, {"server": text}))
        assert result.validated_parameters == {"server": {"port": 25}}


@pytest.mark.parametrize("given", [5, "5", 5.0, "", "{{ x }}", None, True])
def test_other_numbers_are_unchanged(given: object) -> None:
    assert refusable_arguments({"timeout": {"type": "int"}}, {"timeout": given}) == {"timeout": given}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", r"'a\nb'"),
        ("x" * 100, f"'{'x' * 60}'..."),
        (5, "5"),
        (2**70, "a number of more than 64 bits"),
        ([1, 2], "a list with 2 items"),
        ({}, "a dict with 0 items"),
        (None, "None"),
    ],
)
def test_values_are_shortened(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_baseline_with_endless_mappings(tmp_path: Path) -> None:
    """Older versions of PyYAML double a mapping that is merged twice."""
    path = tmp_path / "baseline.yml"
    path.write_text("\n".join(f"a{number}: 1" for number in range(1001)))
    with pytest.raises(BaselineError, match="a mapping has more than 1000 keys"):
        Baseline.read(path)


def test_a_vault_file_that_doubles_with_every_line() -> None:
    laughs = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
    assert merged(laughs, {"b": "x"}) == f"{laughs}b: x\n"
    with pytest.raises(AnsibleError, match="cannot be merged"):
        merged("a: &a [*a]\n", {"b": "x"})


@pytest.mark.parametrize("text", ["[" * 5000, "{" * 5000, "[" * 101 + "]" * 101, "a: " + "[{" * 51])
def test_endless_brackets(text: str, tmp_path: Path) -> None:
    path = tmp_path / "file.yml"
    path.write_text(text)
    with pytest.raises(BaselineError, match="nested too deeply"):
        Baseline.read(path)
    with pytest.raises(AnsibleError, match="cannot be merged"):
        merged(text, {"b": "x"})


@pytest.mark.parametrize("text", ["[]" * 5000, "[\n" * 90, "{'a': [1]}," * 200])
def test_balanced_brackets(text: str) -> None:
    assert not is_nested_deeply(text)
