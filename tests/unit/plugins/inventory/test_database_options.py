# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the inventory plugin: their values, the environment, and their documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError

from ansible_collections.postmaster.odoo.plugins.doc_fragments.connection import ModuleDocFragment as Connection
from ansible_collections.postmaster.odoo.plugins.inventory import databases as plugin_file
from ansible_collections.postmaster.odoo.tests.unit.local_server import LocalServer, closed_port
from ansible_collections.postmaster.odoo.tests.unit.plugins.inventory.database_servers import (
    SECRET,
    Parse,
    Refusal,
    odoo,
    variables,
)


def test_the_environment(server: LocalServer, parse: Parse, refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_URL", "http://odoo.acme.example")
    monkeypatch.setenv("ODOO_PROXY", server.url)
    server.answer = lambda request: odoo("acme")(
        request._replace(target=request.target.removeprefix("http://odoo.acme.example:80"))
    )
    assert variables(parse({}), "acme")["odoo_url"] == "http://odoo.acme.example"
    assert variables(parse({"servers": [{"url": server.url, "proxy": ""}]}), "acme")["odoo_url"] == server.url
    monkeypatch.setenv("ODOO_TIMEOUT", "0")
    assert "timeout must be at least 1 second, not 0" in refusal({})
    assert parse({"timeout": 5}).hosts


def test_a_proxys_password_stays_secret(refusal: Refusal) -> None:
    proxy = f"http://user:{SECRET}@127.0.0.1:{closed_port()}"
    assert "through the proxy 127.0.0.1" in refusal({"url": "http://odoo.acme.example", "proxy": proxy})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "url is missing"),
        ({"url": ""}, "url is missing"),
        ({"url": "odoo.acme.example"}, "is not a valid URL (expected, for example,"),
        ({"url": f"https://admin:{SECRET}@odoo.acme.example"}, "url must not contain credentials"),
        (
            {"url": "{url}", "exlude": ["*-test"]},
            "exlude: not an option of postmaster.odoo.databases. Valid options: ca_path, cache,",
        ),
        ({"url": "{url}", "password": SECRET}, "password: not an option"),
        ({"url": "{url}", "ca_path": "/nowhere.pem", "timeout": 0}, "timeout must be at least 1 second"),
        ({"url": "{url}", "timeout": 2**40}, "timeout must be at most 86400 seconds"),
        ({"url": "{url}", "servers": [{"url": "{url}"}]}, "url and servers are mutually exclusive"),
        ({"url": "{url}", "validate_certs": "maybe"}, "In the file: argument 'validate_certs' is of type"),
        ({"servers": [{"url": "{url}", "validate_certs": "maybe"}]}, "argument 'validate_certs' is of type"),
        ({"servers": []}, "servers must be a list of servers"),
        ({"servers": None}, "servers must be a list of servers"),
        ({"servers": ["acme"]}, "servers must be a list of servers"),
        ({"servers": [{}]}, "In servers, number 1: missing required arguments: url."),
        ({"servers": [{"url": "{url}"}, {"url": "{url}", "exlude": ["*"]}]}, "In servers, number 2: exlude. Supported"),
        ({"servers": [{"url": "{url}", "cache": True}]}, "In servers, number 1: cache. Supported"),
        ({"servers": [{"url": "{url}", "timeout": "long"}]}, "In servers, number 1: argument 'timeout' is of type"),
        ({"servers": [{"url": "a"}, {"url": "b"}]}, "http://localhost:8069). url 'b' is not a valid URL"),
    ],
)
def test_impossible_options(server: LocalServer, refusal: Refusal, options: dict[str, Any], words: str) -> None:
    text = refusal(json.loads(json.dumps(options).replace("{url}", server.url)))
    assert words in text
    assert server.requests == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("timeout", "long"), ("servers", {"proxy": f"http://user:{SECRET}@proxy.example"})],
)
def test_options_of_the_wrong_type(server: LocalServer, parse: Parse, name: str, value: Any) -> None:
    with pytest.raises(AnsibleError, match=f"'{name}' .* has an invalid value") as caught:
        parse({"url": server.url, name: value})
    assert SECRET not in str(caught.value)
    assert server.requests == []


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("databases.yml", True),
        ("odoo_databases.yml", True),
        ("acme.databases.yaml", True),
        ("databases.json", False),
        ("odoo.yml", False),
        ("databases.yml.orig", False),
    ],
)
def test_accepted_names_of_files(tmp_path: Path, name: str, wanted: bool) -> None:
    plugin = plugin_file.InventoryModule()
    assert plugin.verify_file(str(tmp_path / name)) is False
    (tmp_path / name).touch()
    assert plugin.verify_file(str(tmp_path / name)) is wanted


# Documentation


DOCUMENTED = yaml.safe_load(plugin_file.DOCUMENTATION)["options"]


def test_a_server_has_the_options_of_the_file() -> None:
    for name, option in DOCUMENTED["servers"]["suboptions"].items():
        shared = {key: DOCUMENTED[name].get(key) for key in ("type", "elements")}
        assert {key: option.get(key) for key in ("type", "elements")} == shared
        assert "default" not in option


@pytest.mark.parametrize("name", ["url", "validate_certs", "ca_path", "timeout", "proxy"])
def test_the_connection_is_that_of_the_modules(name: str) -> None:
    module = yaml.safe_load(Connection.DOCUMENTATION)["options"][name]
    assert DOCUMENTED[name]["type"] == module["type"]
    assert DOCUMENTED[name].get("default") == module.get("default")
    assert DOCUMENTED[name]["env"] == [{"name": f"ODOO_{name.upper()}"}]


def test_the_examples_are_files_of_the_plugin() -> None:
    constructed = {"keyed_groups", "compose", "cache", "cache_plugin", "cache_connection"}
    examples = list(yaml.safe_load_all(plugin_file.EXAMPLES))
    assert len(examples) == 4
    for example in examples:
        assert set(example) - constructed <= set(DOCUMENTED)
