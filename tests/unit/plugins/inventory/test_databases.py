# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases of Odoo servers as hosts: all of them, each once, or a clear reason and none."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins import inventory as ansible_inventory
from ansible.plugins.loader import inventory_loader

from ansible_collections.postmaster.odoo.plugins.doc_fragments.connection import ModuleDocFragment as Connection
from ansible_collections.postmaster.odoo.plugins.inventory import databases as plugin_file
from ansible_collections.postmaster.odoo.tests.unit.certificates import issue, server_context
from ansible_collections.postmaster.odoo.tests.unit.local_server import (
    Answer,
    LocalServer,
    Request,
    closed_port,
    listening,
    serving,
)

SECRET = "correct-horse"
VERSION = "/web/webclient/version_info"
LISTED = "/web/database/list"
REFUSED = {
    "error": {"code": 0, "data": {"name": "odoo.exceptions.AccessDenied", "message": "Access Denied", "debug": SECRET}}
}
DOCUMENTED = yaml.safe_load(plugin_file.DOCUMENTATION)["options"]

Answers = Callable[[Request], Answer]


def odoo(*databases: str, **answers: Any) -> Answers:
    """What an Odoo answers. `listed`, `all_listed` and `version` replace one of its answers."""

    def answer(request: Request) -> Answer:
        told: dict[str, Any] = {
            LISTED: answers.get("listed", {"result": list(databases)}),
            "/jsonrpc": answers.get("all_listed", {"result": [*databases, "hidden"]}),
            VERSION: answers.get("version", {"result": {"server_version": "19.0"}}),
        }
        found = told.get(request.target, Answer(b"<h1>Not Found</h1>", 404))
        return found if isinstance(found, Answer) else Answer(found)

    return answer


@pytest.fixture(autouse=True)
def _environment_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("ODOO_", "ANSIBLE_INVENTORY_", "ANSIBLE_CACHE_")):
            monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serving() as local:
        local.answer = odoo("acme", "acme-test", "globex")
        yield local


Parse = Callable[..., InventoryData]


@pytest.fixture
def parse(tmp_path: Path) -> Parse:
    """Has the plugin parse a file, as Ansible does.

    Loaded by its file, so that it works without Ansible's loader of collections, which a test of its own on a real Odoo has.
    """
    inventory_loader.add_directory(str(Path(plugin_file.__file__).parent))

    def parse(options: dict[str, Any], into: InventoryData | None = None, *, cache: bool = True) -> InventoryData:
        inventory = into or InventoryData()
        path = tmp_path / "odoo_databases.yml"
        path.write_text(yaml.safe_dump({"plugin": "postmaster.odoo.databases", **options}))
        plugin = inventory_loader.get("databases")
        plugin._redirected_names = None  # it would be the bare name
        assert plugin.verify_file(str(path))
        plugin.parse(inventory, DataLoader(), str(path), cache=cache)
        plugin.update_cache_if_changed() if hasattr(plugin, "_cache") else None
        inventory.reconcile_inventory()
        return inventory

    return parse


@pytest.fixture
def refusal(parse: Parse) -> Callable[[dict[str, Any]], str]:
    """What the plugin says of a file that it refuses; no host came of it, and no secret shows."""

    def refusal(options: dict[str, Any], into: InventoryData | None = None) -> str:
        inventory = into or InventoryData()
        before = set(inventory.hosts)
        with pytest.raises(AnsibleParserError) as caught:
            parse(options, inventory)
        assert set(inventory.hosts) == before
        assert SECRET not in str(caught.value)
        assert caught.value.__cause__ is None
        return str(caught.value)

    return refusal


Refusal = Callable[..., str]


def variables(inventory: InventoryData, host: str) -> dict[str, Any]:
    return {name: value for name, value in inventory.hosts[host].vars.items() if name.startswith("odoo_")}


# Listing


def test_every_database_is_a_host(server: LocalServer, parse: Parse) -> None:
    inventory = parse({"url": server.url + "/"})
    assert list(inventory.hosts) == ["acme", "acme-test", "globex"]
    assert variables(inventory, "acme") == {
        "odoo_url": server.url,
        "odoo_server": server.url,
        "odoo_database": "acme",
        "odoo_version": "19.0",
    }
    assert [request.target for request in server.requests] == [LISTED, VERSION]
    assert server.connections == 1


def test_a_server_that_keeps_its_version_to_itself(server: LocalServer, parse: Parse) -> None:
    server.answer = odoo("acme", version=Answer(b"", 403))
    assert "odoo_version" not in variables(parse({"url": server.url}), "acme")


def test_databases_that_are_given_need_no_server(parse: Parse) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    inventory = parse({"url": url, "odoo_databases": ["acme", 123, "acme"], "exclude": ["glob*"]})
    assert list(inventory.hosts) == ["acme", "123"]
    assert variables(inventory, "123") == {"odoo_url": url, "odoo_server": url, "odoo_database": "123"}


def test_what_a_dbfilter_hides(server: LocalServer, parse: Parse) -> None:
    assert list(parse({"url": server.url, "ignore_dbfilter": True}).hosts)[-1] == "hidden"
    assert server.requests[0].target == "/jsonrpc"
    assert server.requests[0].json["params"] == {"service": "db", "method": "list", "args": []}


@pytest.mark.parametrize(
    ("patterns", "hosts"),
    [
        ({"include": ["acme"]}, ["acme"]),
        ({"include": "acme"}, ["acme"]),
        ({"include": ["acme*"]}, ["acme", "acme-test"]),
        ({"include": ["acme?test", "g[kl]o*"]}, ["acme-test", "globex"]),
        ({"exclude": ["*-test"]}, ["acme", "globex"]),
        ({"exclude": ["[!a]*"]}, ["acme", "acme-test"]),
        ({"include": ["acme*"], "exclude": ["*-test"]}, ["acme"]),
        ({"exclude": ["ACME*", "me", "acm"]}, ["acme", "acme-test", "globex"]),
        ({"include": ["*.*", "*[]]", "*[!]]"]}, ["acme", "acme-test", "globex"]),
        ({"exclude": []}, ["acme", "acme-test", "globex"]),
    ],
)
def test_patterns(server: LocalServer, parse: Parse, patterns: dict[str, Any], hosts: list[str]) -> None:
    assert list(parse({"url": server.url, **patterns}).hosts) == hosts


@pytest.mark.parametrize("option", ["include", "exclude"])
@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("", "it is empty"),
        ("acme[", "its [ is not closed"),
        ("acme[!]", "its [ is not closed"),
        ("acme[]", "its [ is not closed"),
        ("[ab]c[", "its [ is not closed"),
        ("^acme", "^ has no meaning"),
        ("acme$", "$ has no meaning"),
        ("!acme", "! has no meaning"),
        ("~acme.*", "~ has no meaning"),
        ("&acme", "& has no meaning"),
    ],
)
def test_what_is_no_pattern(server: LocalServer, refusal: Refusal, option: str, pattern: str, problem: str) -> None:
    text = refusal({"url": server.url, option: ["globex", pattern]})
    assert text.startswith(f"Odoo at {server.url}: {pattern!r} in {option} is not a shell pattern (* ? [ab] [!ab]): ")
    assert problem in text
    assert server.requests == []


# Nothing to list


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"include": ["acm"]}, "include and exclude leave none of its 3 databases"),
        ({"include": []}, "include and exclude leave none of its 3 databases"),
        ({"exclude": ["*"], "odoo_databases": ["acme"]}, "include and exclude leave none of its 1 databases"),
        ({"odoo_databases": []}, "odoo_databases is empty"),
    ],
)
def test_no_database_left(server: LocalServer, refusal: Refusal, options: dict[str, Any], words: str) -> None:
    assert f"Odoo at {server.url}: {words}" in refusal({"url": server.url, **options})


def test_no_database_listed(server: LocalServer, refusal: Refusal) -> None:
    server.answer = odoo(all_listed={"result": []})
    text = refusal({"url": server.url})
    assert "lists no database: it has none, or its dbfilter hides them" in text
    assert "set ignore_dbfilter, or name them in odoo_databases" in text
    assert refusal({"url": server.url, "ignore_dbfilter": True}).endswith("create one first, or check url.")


@pytest.mark.parametrize("options", [{}, {"ignore_dbfilter": True}])
def test_a_server_that_forbids_listing(server: LocalServer, refusal: Refusal, options: dict[str, Any]) -> None:
    server.answer = odoo(listed=REFUSED, all_listed=REFUSED)
    assert refusal({"url": server.url, **options}) == (
        f"Odoo at {server.url} does not list its databases: list_db is off in its configuration. "
        "Name the databases in odoo_databases."
    )


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<h1>Forbidden</h1>", 403),
        Answer(b"", 404),
        Answer({"status": "not allowed"}, 401),
        Answer(b"<html>Log in</html>", 200),
        Answer({"result": None}),
        Answer({"result": "acme"}),
        Answer({"result": ["acme", 7]}),
        Answer({"result": ["acme", ""]}),
        Answer(["acme"]),
    ],
)
def test_a_proxy_that_forbids_listing(server: LocalServer, refusal: Refusal, answer: Answer) -> None:
    server.answer = odoo(listed=answer, all_listed=answer)
    text = refusal({"url": server.url})
    assert f"does not list its databases: {LISTED} returned HTTP {answer.status}" in text
    assert "name the databases in odoo_databases" in text
    assert "addon rpc" not in text
    assert "The addon rpc may be missing" in refusal({"url": server.url, "ignore_dbfilter": True})


def test_another_refusal_is_told_in_odoos_words(server: LocalServer, refusal: Refusal) -> None:
    data = {"name": "builtins.KeyError", "message": "Method not found: list", "debug": SECRET}
    server.answer = odoo(all_listed={"error": {"data": data}})
    text = refusal({"url": server.url, "ignore_dbfilter": True})
    assert text.startswith(f"Listing the databases of Odoo at {server.url} (/jsonrpc)")
    assert "Method not found: list" in text


def test_an_odoo_without_the_service_that_lists_all(server: LocalServer, refusal: Refusal) -> None:
    """From 20.0 on."""
    data = {"name": "builtins.ValueError", "message": "Invalid service name: db", "debug": SECRET}
    server.answer = odoo(all_listed={"error": {"data": data}})
    text = refusal({"url": server.url, "ignore_dbfilter": True})
    assert text.startswith(f"Odoo at {server.url} has no service db (removed in 20.0)")
    assert text.endswith("Leave out ignore_dbfilter, or name the databases in odoo_databases.")


@pytest.mark.parametrize("error", [{}, {"data": None}, {"data": "gone"}])
def test_a_refusal_without_words(server: LocalServer, refusal: Refusal, error: Any) -> None:
    server.answer = odoo(listed={"error": error})
    assert server.url in refusal({"url": server.url})


def test_what_answers_is_no_odoo(server: LocalServer, refusal: Refusal) -> None:
    server.answer = lambda _request: Answer(b"<h1>Welcome</h1>")
    assert "answers (HTTP 200), but the program there is not Odoo: check url" in refusal({"url": server.url})


def test_nothing_answers(refusal: Refusal) -> None:
    assert "connection refused" in refusal({"url": f"http://127.0.0.1:{closed_port()}"})


def test_an_answer_that_does_not_come(refusal: Refusal) -> None:
    def silent(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    with listening(silent) as url:
        assert "did not answer within 1 s" in refusal({"url": url, "timeout": 1})


def test_a_redirect(server: LocalServer, refusal: Refusal) -> None:
    server.answer = lambda _request: Answer(status=301, headers=(("Location", "https://odoo.acme.example/"),))
    assert "redirects to https://odoo.acme.example/: set url to Odoo's final address" in refusal({"url": server.url})


def test_certificates(parse: Parse, refusal: Refusal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = issue().write_to(tmp_path / "server.pem")
    with serving(server_context(certificate)) as server:
        server.answer = odoo("acme")
        assert "the certificate is not trusted" in refusal({"url": server.url})
        assert parse({"url": server.url, "validate_certs": False}).hosts
        assert parse({"url": server.url, "ca_path": str(certificate)}).hosts
        monkeypatch.setenv("ODOO_CA_PATH", str(certificate))
        assert parse({"url": server.url}).hosts
        monkeypatch.delenv("ODOO_CA_PATH")
        monkeypatch.setenv("ODOO_VALIDATE_CERTS", "false")
        assert parse({"url": server.url}).hosts


# Options


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
def test_options_that_cannot_be(server: LocalServer, refusal: Refusal, options: dict[str, Any], words: str) -> None:
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
def test_which_files_it_wants(tmp_path: Path, name: str, wanted: bool) -> None:
    plugin = plugin_file.InventoryModule()
    assert plugin.verify_file(str(tmp_path / name)) is False
    (tmp_path / name).touch()
    assert plugin.verify_file(str(tmp_path / name)) is wanted


# Several servers


def test_a_servers_own_options(server: LocalServer, parse: Parse) -> None:
    with serving() as second:
        second.answer = odoo("initech", "initech-test", version={"result": {"server_version": "saas~18.2"}})
        servers = [
            {"url": server.url, "include": ["acme*"]},
            {"url": second.url, "exclude": [], "hostname": "second_{{ odoo_database }}"},
            {"url": "http://third.example", "odoo_databases": "a,b"},
        ]
        inventory = parse({"servers": servers, "exclude": ["*-test"]})
    assert list(inventory.hosts) == ["acme", "second_initech", "second_initech-test", "a", "b"]
    assert variables(inventory, "second_initech")["odoo_version"] == "saas~18.2"


def test_all_that_is_wrong_with_servers_is_said_at_once(server: LocalServer, refusal: Refusal) -> None:
    nobody = f"http://127.0.0.1:{closed_port()}"
    with serving() as second:
        second.answer = odoo(listed=REFUSED)
        text = refusal({"servers": [{"url": server.url}, {"url": nobody}, {"url": second.url}]})
        assert f"Odoo at {nobody}: connection refused" in text
        assert f"Odoo at {second.url} does not list its databases" in text


def test_two_databases_of_one_name(server: LocalServer, refusal: Refusal, parse: Parse) -> None:
    with serving() as second:
        second.answer = odoo("globex", "acme", "initech")
        servers: list[dict[str, Any]] = [{"url": server.url}, {"url": second.url}]
        text = refusal({"servers": servers})
        assert f"Two databases would be the host 'globex': globex at {server.url}, and globex at {second.url}." in text
        servers[1]["hostname"] = "{{ odoo_database }}.eu"
        inventory = parse({"servers": servers})
        assert variables(inventory, "acme")["odoo_url"] == server.url
        assert variables(inventory, "acme.eu")["odoo_url"] == second.url


def test_two_files_with_one_name(server: LocalServer, refusal: Refusal, parse: Parse) -> None:
    compose = {"compose": {"odoo_url": "'https://elsewhere.example'"}}
    inventory = parse({"url": server.url, **compose})
    with serving() as second:
        second.answer = odoo("initech", "acme")
        assert f"'acme': acme at {server.url}, and acme at {second.url}" in refusal({"url": second.url}, inventory)
    again = parse({"url": server.url, "include": ["acme*"], **compose}, inventory)  # another file on the same server
    assert list(again.hosts) == ["acme", "acme-test", "globex"]


def test_a_host_that_stands_for_another_database(server: LocalServer, refusal: Refusal) -> None:
    inventory = InventoryData()
    inventory.add_host("acme")
    inventory.set_variable("acme", "odoo_url", "https://odoo.acme.example")
    inventory.set_variable("acme", "odoo_database", "acme")
    text = refusal({"url": server.url}, inventory)
    assert f"acme at https://odoo.acme.example, and acme at {server.url}" in text


def test_a_database_that_is_called_as_a_group(server: LocalServer, parse: Parse, refusal: Refusal) -> None:
    inventory = InventoryData()
    inventory.add_group("globex")
    assert f"globex at {server.url} cannot be the host 'globex' because a group has this name" in refusal(
        {"url": server.url}, inventory
    )
    composed = {"url": server.url, "groups": {"globex": "true"}}
    assert "because a group has this name" in refusal(composed)
    server.answer = odoo("all")
    assert "because a group has this name" in refusal({"url": server.url})
    assert parse({**composed, "hostname": "db_{{ odoo_database }}"}).groups["globex"].hosts


def test_a_host_that_another_file_has(server: LocalServer, parse: Parse) -> None:
    inventory = InventoryData()
    inventory.add_host("acme")
    inventory.set_variable("acme", "team", "mail")
    assert parse({"url": server.url}, inventory).hosts["acme"].vars.items() >= {
        ("team", "mail"),
        ("odoo_database", "acme"),
    }


def test_two_entries_for_one_database(server: LocalServer, parse: Parse) -> None:
    servers = [{"url": server.url, "include": ["acme*"]}, {"url": server.url}]
    assert list(parse({"servers": servers}).hosts) == ["acme", "acme-test", "globex"]


def test_one_host_for_two_databases(server: LocalServer, refusal: Refusal) -> None:
    assert "acme at" in refusal({"url": server.url, "hostname": "odoo"})


# Names


WEIRD = ["with space", "a.b.c", "it's", 'say "x"', "-v", "@x", "a,b:c", "a[1:3]", "Büro", "{{ 7 * 7 }}", "all-in", "~"]


def test_names_are_taken_as_they_are(server: LocalServer, parse: Parse) -> None:
    server.answer = odoo(*WEIRD)
    inventory = parse(
        {
            "url": server.url,
            "compose": {"copy": "odoo_database"},
            "groups": {"seven": "odoo_database is search('7')"},
            "keyed_groups": [{"key": "odoo_database", "prefix": "db"}],
        }
    )
    assert list(inventory.hosts) == WEIRD
    for name in WEIRD:
        assert inventory.hosts[name].vars["odoo_database"] == inventory.hosts[name].vars["copy"] == name
    assert [host.name for host in inventory.groups["seven"].hosts] == ["{{ 7 * 7 }}"]
    assert "db_it_s" in inventory.groups


def test_a_name_from_the_server_is_no_template(server: LocalServer, parse: Parse) -> None:
    server.answer = odoo("{{ 7 * 7 }}")
    inventory = parse({"url": server.url, "hostname": "x {{ odoo_database }} {{ 1 + 1 }}"})
    assert list(inventory.hosts) == ["x {{ 7 * 7 }} 2"]


@pytest.mark.parametrize("name", ["a\nb", "\x1b[2J", "   ", "a\tb"])
def test_names_that_cannot_be_hosts(server: LocalServer, refusal: Refusal, parse: Parse, name: str) -> None:
    server.answer = odoo("acme", name)
    text = refusal({"url": server.url})
    on_one_line = " ".join(repr(name).split())
    assert f"{on_one_line} cannot be a host" in text
    assert text.isprintable()
    assert list(parse({"url": server.url, "include": ["acme"]}).hosts) == ["acme"]


@pytest.mark.parametrize(
    "template", ["{{ odoo_database", "{{ nothing }}", "{{ 7 }}", "{{ '' }}", "{{ [odoo_database] }}"]
)
def test_templates_of_no_name(server: LocalServer, refusal: Refusal, template: str) -> None:
    text = refusal({"url": server.url, "hostname": template})
    assert text.startswith(f"hostname {template!r} for the database 'acme' of {server.url}")


# Constructed


def test_constructed(server: LocalServer, parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ansible_inventory, "load_extra_vars", lambda _loader: {"domain": "acme.example"})
    options = {
        "url": server.url,
        "use_extra_vars": True,
        "compose": {
            "odoo_url": "'https://' ~ odoo_database ~ '.' ~ domain",
            "odoo_api_key": "lookup('env', 'NO_SUCH_VARIABLE') or 'of ' ~ inventory_hostname",
            "nothing": "no_such_variable",
        },
        "groups": {"copies": "odoo_database.endswith('-test')"},
        "keyed_groups": [{"key": "odoo_database.split('-')[0]", "prefix": "customer"}],
    }
    inventory = parse(options)
    acme = variables(inventory, "acme")
    assert acme["odoo_url"] == "https://acme.acme.example"
    assert acme["odoo_server"] == server.url
    assert acme["odoo_api_key"] == "of acme"
    assert [host.name for host in inventory.groups["copies"].hosts] == ["acme-test"]
    assert [host.name for host in inventory.groups["customer_acme"].hosts] == ["acme", "acme-test"]
    with pytest.raises(AnsibleError, match="Could not set nothing for host acme"):
        parse({**options, "strict": True})


# The cache


@pytest.fixture
def cached(tmp_path: Path, server: LocalServer) -> dict[str, Any]:
    return {
        "url": server.url,
        "cache": True,
        "cache_plugin": "jsonfile",
        "cache_connection": str(tmp_path / "cache"),
    }


def test_without_a_cache_every_run_asks(server: LocalServer, parse: Parse) -> None:
    for _run in range(2):
        parse({"url": server.url})
    assert len(server.requests) == 4


def test_a_cached_list_is_used(server: LocalServer, parse: Parse, cached: dict[str, Any]) -> None:
    parse({**cached, "include": ["globex"]})
    server.answer = lambda _request: Answer(status=503)
    inventory = parse({**cached, "hostname": "x_{{ odoo_database }}"})  # the options are today's
    assert list(inventory.hosts) == ["x_acme", "x_acme-test", "x_globex"]
    assert variables(inventory, "x_acme")["odoo_version"] == "19.0"
    assert len(server.requests) == 2


def test_a_cached_name_is_no_template(server: LocalServer, parse: Parse, cached: dict[str, Any]) -> None:
    server.answer = odoo("{{ 7 * 7 }}")
    for _run in range(2):
        inventory = parse({**cached, "compose": {"copy": "odoo_database ~ ''"}})
        assert inventory.hosts["{{ 7 * 7 }}"].vars["copy"] == "{{ 7 * 7 }}"


def test_flushing_the_cache(server: LocalServer, parse: Parse, cached: dict[str, Any]) -> None:
    parse(cached)
    server.answer = odoo("initech")
    assert "initech" not in parse(cached).hosts
    assert list(parse(cached, cache=False).hosts) == ["initech"]
    assert list(parse(cached).hosts) == ["initech"]


def test_an_old_cache(server: LocalServer, parse: Parse, cached: dict[str, Any]) -> None:
    parse(cached)
    server.answer = odoo("initech")
    (file,) = Path(cached["cache_connection"]).iterdir()
    os.utime(file, (0, 0))
    assert list(parse(cached).hosts) == ["initech"]


def test_what_the_cache_does_not_know_is_asked(server: LocalServer, parse: Parse, cached: dict[str, Any]) -> None:
    parse(cached)
    assert list(parse({**cached, "ignore_dbfilter": True}).hosts)[-1] == "hidden"
    with serving() as second:
        second.answer = odoo("initech")
        del cached["url"]
        inventory = parse({**cached, "servers": [{"url": server.url}, {"url": second.url}]})
    assert list(inventory.hosts) == ["acme", "acme-test", "globex", "initech"]


def test_a_failure_is_not_cached(server: LocalServer, parse: Parse, refusal: Refusal, cached: dict[str, Any]) -> None:
    answer, server.answer = server.answer, odoo(listed=REFUSED)
    refusal(cached)
    server.answer = answer
    assert parse(cached).hosts


def test_the_cache_holds_names_only(server: LocalServer, parse: Parse, cached: dict[str, Any]) -> None:
    cached["proxy"] = server.url.replace("//", f"//user:{SECRET}@")
    answer = odoo("acme")
    server.answer = lambda request: answer(request._replace(target=request.target.removeprefix(server.url)))
    parse(cached)
    (file,) = Path(cached["cache_connection"]).iterdir()
    assert "acme" in file.read_text()
    assert SECRET not in file.read_text()


# Documentation


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
