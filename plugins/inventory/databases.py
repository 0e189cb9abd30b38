# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: databases
short_description: Every database of an Odoo server as a host
version_added: 0.1.0
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
description:
  - Makes a host of every database of one or more Odoo servers, with the variables that the roles and playbooks of this collection connect by.
  - The file must end in C(databases.yml) or C(databases.yaml).
  - Odoo tells the names of its databases without a login, or, where its option C(list_db) is off, to nobody. The master password is of no use
    for that, so there is no option for it; O(odoo_databases) takes the names instead.
  - The variables of a host are C(odoo_url), C(odoo_database), C(odoo_server) (the O(url) it comes from, also where C(odoo_url) is composed) and,
    where databases are listed, C(odoo_version) as the server says it, such as V(19.0). Credentials belong into C(group_vars).
  - When one server of a file cannot be listed, or no database of it is left to be a host, the whole file fails and adds nothing. Ansible then
    warns and goes on with its other inventory sources, unless E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) is set.
notes:
  - Names that a server tells are never templated.
  - Odoo lists every database that its PostgreSQL user owns, also one that is no Odoo database; O(exclude) leaves it out.
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description:
      - Marks the file as one for this plugin.
    type: str
    required: true
    choices: [postmaster.odoo.databases]
  url:
    description:
      - Where Odoo answers, with scheme, and with port and path where they are not the usual ones.
      - Not beside O(servers) in one file; O(servers) wins over the environment variable.
    type: str
    env:
      - name: ODOO_URL
  odoo_databases:
    description:
      - The names of the databases. The server is then not asked for them, nor for anything else, so it need not answer.
      - Without this option the server lists them.
    type: list
    elements: str
  ignore_dbfilter:
    description:
      - Whether to list the databases, too, that the server's C(dbfilter) hides under O(url).
      - Hosting with a subdomain for each database has such a filter, V(^%d$) as a rule; C(odoo_url) is then to be composed.
      - Asks the service C(db) under C(/jsonrpc), in Odoo 19 of the addon C(rpc). Odoo 20 does not have it, so there this option is an error.
    type: bool
    default: false
  include:
    description:
      - Shell patterns (V(*), V(?), V([ab]), V([!ab])) of the databases to take. Each is held against the whole name; upper and lower case differ.
      - Without this option all are taken.
    type: list
    elements: str
  exclude:
    description:
      - Shell patterns of the databases to leave out, as for O(include), over which it wins.
    type: list
    elements: str
  hostname:
    description:
      - A template for the names of the hosts, out of the variables C(odoo_database), C(odoo_server), C(odoo_url) and C(odoo_version), such as
        V({{ odoo_database }}.eu). Without this option a host is called as its database.
      - Two databases that would be one host are an error, also where two files list them.
    type: str
  servers:
    description:
      - Several servers in one file. An option that a server leaves out is that of the file.
    type: list
    elements: dict
    suboptions:
      url:
        description: Where this Odoo answers.
        type: str
        required: true
      odoo_databases:
        description: As O(odoo_databases), of this server.
        type: list
        elements: str
      ignore_dbfilter:
        description: As O(ignore_dbfilter), of this server.
        type: bool
      include:
        description: As O(include), of this server.
        type: list
        elements: str
      exclude:
        description: As O(exclude), of this server.
        type: list
        elements: str
      hostname:
        description: As O(hostname), of this server.
        type: str
      validate_certs:
        description: As O(validate_certs), of this server.
        type: bool
      ca_path:
        description: As O(ca_path), of this server.
        type: path
      timeout:
        description: As O(timeout), of this server.
        type: int
      proxy:
        description: As O(proxy), of this server.
        type: str
  validate_certs:
    description:
      - Whether the certificate of an https O(url) must be trusted, for listing. The tasks of the hosts have C(odoo_validate_certs).
    type: bool
    default: true
    env:
      - name: ODOO_VALIDATE_CERTS
  ca_path:
    description:
      - A file or folder of CA certificates to trust instead of the system's own, for listing. The tasks of the hosts have C(odoo_ca_path).
    type: path
    env:
      - name: ODOO_CA_PATH
  timeout:
    description:
      - Seconds to wait for a connection, and for each answer, for listing; at most V(86400). The tasks of the hosts have C(odoo_timeout).
    type: int
    default: 30
    env:
      - name: ODOO_TIMEOUT
  proxy:
    description:
      - The URL of an HTTP proxy to go through, for listing. An empty string goes directly. The tasks of the hosts have C(odoo_proxy).
      - If not set, the usual E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY) are used.
    type: str
    env:
      - name: ODOO_PROXY
"""

EXAMPLES = r"""
# odoo_databases.yml: all of a server but the copies
plugin: postmaster.odoo.databases
url: https://odoo.example.com
exclude: ["*-test", "*_copy"]

---
# A server that does not list its databases
plugin: postmaster.odoo.databases
url: https://odoo.example.com
odoo_databases: [acme, globex]

---
# Two servers, and groups out of the names: eu_acme-prod is in env_prod and in server_eu
plugin: postmaster.odoo.databases
servers:
  - url: https://eu.odoo.example.com
    hostname: "eu_{{ odoo_database }}"
  - url: https://us.odoo.example.com
    hostname: "us_{{ odoo_database }}"
    exclude: ["demo*"]
keyed_groups:
  - key: odoo_database | regex_search('(prod|test)$')
    prefix: env
  - key: (odoo_server | urlsplit('hostname')).split('.')[0]
    prefix: server

---
# Hosting with a subdomain for each database: listed at Odoo's own port, and reached by its name
plugin: postmaster.odoo.databases
url: http://10.0.0.5:8069
ignore_dbfilter: true
compose:
  odoo_url: "'https://' ~ odoo_database ~ '.example.com'"
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible/inventory
"""

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.postmaster.odoo.plugins.module_utils.connection_arguments import (
    refuse_timeout,
    secrets_in_environment,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    ErrorCollector,
    Invalid,
    OdooError,
    Unreachable,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.files import read_text
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.database_list import ask_databases
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_version import ask_version
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import secrets_in
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import safe_message
from ansible_collections.postmaster.odoo.plugins.module_utils.text import shown
from ansible_collections.postmaster.odoo.plugins.plugin_utils.yaml_nesting import is_nested_deeply

if TYPE_CHECKING:
    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

# What a server has told: {"databases": [...], "version": "19.0"}. Plain, for it goes into Ansible's cache.
Listing = dict[str, Any]

# Reading YAML takes seconds for a megabyte.
_LARGEST = 1024 * 1024
# Of a message of Ansible's, which repeats values.
_LONGEST = 300
_CHARACTER_SET = re.compile(r"\[(!.|[^!])[^\]]*\]")
# Signs of regular expressions and of Ansible's host patterns, which would match nothing.
_OTHER_PATTERNS = re.compile(r"^[\^~!&]|\$$")


class Server:
    """One server of the file: its options, checked, and the way to it."""

    def __init__(self, options: dict[str, Any]) -> None:
        refuse_timeout(options["timeout"])
        self.http: HttpConnection = HttpConnection(
            options["url"], **{name: options[name] for name in ("timeout", "validate_certs", "ca_path", "proxy")}
        )
        self.url: str = self.http.base_url
        self.hostname: str | None = options["hostname"]
        self._include = self._patterns("include", options)
        self._exclude = self._patterns("exclude", options) or []
        self._ignore_dbfilter: bool = options["ignore_dbfilter"]
        self._given: list[str] | None = options["odoo_databases"]

    @property
    def is_asked(self) -> bool:
        """Whether it lists its databases."""
        return self._given is None

    @property
    def cache_key(self) -> str:
        """What a listing of it is kept under: all that it depends on."""
        return f"{self.url} ignoring dbfilter" if self._ignore_dbfilter else self.url

    def ask(self) -> Listing:
        """What it tells of itself."""
        try:
            databases = ask_databases(self.http, ignore_dbfilter=self._ignore_dbfilter)
            try:
                version = ask_version(self.http).text
            except Unreachable:  # a proxy may keep that path to itself
                version = None
        finally:
            self.http.close()
        return {"databases": databases, "version": version}

    def variables(self, listing: Listing) -> list[dict[str, str]]:
        """What to know of each database that is to be a host."""
        names = listing["databases"] if self._given is None else self._given
        chosen = [name for name in dict.fromkeys(names) if self._takes(name)]
        if not chosen:
            raise Invalid(self._nothing_left(names))
        for name in chosen:
            if not name.isprintable() or not name.strip():
                raise Invalid(
                    f"Odoo at {self.url}: {shown(name)} cannot be a host, for its name is blank or has control characters: exclude it."
                )
        version = {"odoo_version": listing["version"]} if self.is_asked and listing["version"] else {}
        return [{"odoo_url": self.url, "odoo_server": self.url, "odoo_database": name, **version} for name in chosen]

    def _patterns(self, option: str, options: dict[str, Any]) -> list[str] | None:
        """The shell patterns of an option, each of them one."""
        patterns: list[str] | None = options[option]
        for pattern in patterns or []:
            problem = ""
            if not pattern:
                problem = "it is empty"
            elif "[" in _CHARACTER_SET.sub("", pattern):
                problem = "its [ is not closed; where a name has that character, write ? for it"
            elif found := _OTHER_PATTERNS.search(pattern):
                problem = f"{found.group()} has no meaning in them; where a name has that character, write ? for it"
            if problem:
                raise Invalid(
                    f"Odoo at {self.url}: {shown(pattern)} in {option} is not a shell pattern (* ? [ab] [!ab]): {problem}."
                )
        return patterns

    def _takes(self, name: str) -> bool:
        included = self._include is None or any(fnmatchcase(name, pattern) for pattern in self._include)
        return included and not any(fnmatchcase(name, pattern) for pattern in self._exclude)

    def _nothing_left(self, names: list[str]) -> str:
        if names:
            return f"Odoo at {self.url}: include and exclude leave none of its {len(names)} databases: check them."
        if not self.is_asked:
            return f"Odoo at {self.url}: odoo_databases is empty: name a database, or leave the option out to have them listed."
        if self._ignore_dbfilter:
            return f"Odoo at {self.url} lists no database: create one first, or check url."
        return (
            f"Odoo at {self.url} lists no database: it has none, or its dbfilter hides them under this host name. "
            "Check url, set ignore_dbfilter, or name them in odoo_databases."
        )


def _validated(options: dict[str, Any], documented: dict[str, Any], where: str) -> dict[str, Any]:
    """A server's options in the types that they are documented with."""
    specification = {
        name: {key: option[key] for key in ("type", "elements", "required") if key in option}
        for name, option in documented.items()
    }
    result = ArgumentSpecValidator(specification).validate(options)
    if result.error_messages:
        raise Invalid(" ".join(f"{where}: {message.rstrip('.')[:_LONGEST]}." for message in result.error_messages))
    validated: dict[str, Any] = result.validated_parameters
    return validated


def _described(variables: dict[str, str]) -> str:
    return f"{variables['odoo_database']} at {variables['odoo_server']}"


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Ansible's side of it."""

    NAME = "postmaster.odoo.databases"

    def verify_file(self, path: str) -> bool:
        """Whether a file may be one for this plugin."""
        return bool(super().verify_file(path)) and path.endswith(("databases.yml", "databases.yaml"))

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Add the hosts of a file. Everything that can be wrong with servers and names is found before the first is added."""
        super().parse(inventory, loader, path, cache)
        known = secrets_in_environment()
        try:
            config = self._config(path)
            known |= set(secrets_in(config))
            servers = self._servers(config)
            hosts = self._hosts(servers, self._listings(servers, path, use_cache=cache))
        except (OdooError, AnsibleError) as error:
            # Ansible prints a cause, too, which repeats the value of an option.
            raise AnsibleParserError(safe_message(error.message, known)) from None
        for host, variables in hosts.items():
            inventory.add_host(host)
            for name, value in variables.items():
                inventory.set_variable(host, name, value)
            strict = self.get_option("strict")
            self._set_composite_vars(self.get_option("compose"), inventory.get_host(host).get_vars(), host, strict)
            self._add_host_to_composed_groups(self.get_option("groups"), {}, host, strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), {}, host, strict)

    def _config(self, path: str) -> dict[str, Any]:
        """Return the content of a file.

        :raises AnsibleParserError: it is no file of this plugin, or none that can be read.
        """
        try:
            is_deep = is_nested_deeply(read_text(path, _LARGEST))
        except OSError as error:
            raise AnsibleParserError(f"{path} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise AnsibleParserError(f"{path} cannot be read: it is not text in UTF-8.") from None
        if is_deep:
            raise AnsibleParserError(f"{path} cannot be read: it is nested too deeply.")
        try:
            config: dict[str, Any] = self._read_config_data(path)
        except AnsibleParserError as error:  # which repeats values of any length
            raise AnsibleParserError(str(error)[:_LONGEST]) from None
        except AttributeError:  # how Ansible finds that the file is no mapping
            raise AnsibleParserError(f"{path} is no file of {self.NAME}: it must be a mapping with plugin.") from None
        return config

    def _servers(self, config: dict[str, Any]) -> list[Server]:
        """The servers of a file. All that is wrong with any is said at once."""
        defined = constants.config.get_configuration_definitions("inventory", self._load_name)
        unknown = sorted(shown(name, quoted=False) for name in config if name not in defined)
        if unknown:
            raise Invalid(
                f"{', '.join(unknown)}: no such option; those of {self.NAME} are {', '.join(sorted(defined))}. "
                "Variables of hosts, and credentials, belong into group_vars."
            )
        of_a_server = defined["servers"]["suboptions"]
        # As written, for Ansible takes any word that is no yes for a no.
        written = {name: config[name] for name in of_a_server if config.get(name) is not None}
        of_the_file = {name: self.get_option(name) for name in of_a_server} | written
        if "servers" not in config:
            if not of_the_file["url"]:
                raise Invalid("url is missing: give it, or servers, or the environment variable ODOO_URL.")
            return [Server(_validated(of_the_file, of_a_server, "In the file"))]
        if "url" in config:
            raise Invalid("url and servers exclude one another: put the url among the servers, as one of them.")
        given = config["servers"]
        if not isinstance(given, list) or not given or not all(isinstance(options, dict) for options in given):
            raise Invalid("servers must be a list of servers, each with its url and what else is its own.")
        del of_the_file["url"]
        servers, wrong = [], ErrorCollector()
        for number, options in enumerate(given, 1):
            own = {name: value for name, value in options.items() if value is not None}
            with wrong:
                servers.append(Server(_validated({**of_the_file, **own}, of_a_server, f"In servers, number {number}")))
        wrong.raise_gathered()
        return servers

    def _listings(self, servers: list[Server], path: str, *, use_cache: bool) -> dict[str, Listing]:
        """What the servers tell, or have told."""
        asked = {server.cache_key: server for server in servers if server.is_asked}
        caching = self.get_option("cache")
        key = self.get_cache_key(path)
        kept: dict[str, Listing] = (self._cache.get(key) or {}) if caching and use_cache else {}
        if kept.keys() >= asked.keys():
            return kept
        listings, wrong = {}, ErrorCollector()
        for name, server in asked.items():
            with wrong:
                listings[name] = server.ask()
        wrong.raise_gathered()
        if caching:
            self._cache[key] = listings
        return listings

    def _hosts(self, servers: list[Server], listings: dict[str, Listing]) -> dict[str, dict[str, str]]:
        """The hosts and their variables, no two of one name, and none of a group's, for plays would take it for that."""
        databases, wrong = [], ErrorCollector()
        for server in servers:
            with wrong:
                databases += [(server, one) for one in server.variables(listings.get(server.cache_key, {}))]
        wrong.raise_gathered()
        hosts: dict[str, dict[str, str]] = {}
        groups = {*self.inventory.groups, *map(self._sanitize_group_name, self.get_option("groups"))}
        for server, variables in databases:
            host = self._name_of(server, variables)
            this = _described(variables)
            others = {_described(one) for one in (hosts.get(host), self._elsewhere(host)) if one} - {this}
            if others:
                raise Invalid(
                    f"Two databases would be the host {host!r}: {others.pop()}, and {this}. Give each server a hostname of its own, "
                    'such as "{{ odoo_database }}.eu".'
                )
            if host in groups:
                raise Invalid(
                    f"{this} cannot be the host {host!r}, for that is a group: exclude it, or give a hostname, such as "
                    '"{{ odoo_database }}.eu".'
                )
            hosts[host] = variables
        return hosts

    def _elsewhere(self, host: str) -> dict[str, str] | None:
        """The database that another file has the host for."""
        known = self.inventory.hosts[host].vars if host in self.inventory.hosts else {}
        url = known.get("odoo_server", known.get("odoo_url"))
        return (
            {"odoo_server": url, "odoo_database": known["odoo_database"]} if url and "odoo_database" in known else None
        )

    def _name_of(self, server: Server, variables: dict[str, str]) -> str:
        if server.hostname is None:
            return variables["odoo_database"]
        where = (
            f"hostname {shown(server.hostname)} for the database {shown(variables['odoo_database'])} of {server.url}"
        )
        self.templar.available_variables = variables
        try:
            name = self.templar.template(server.hostname)
        except Exception as error:  # whatever a template of the user's comes to
            raise Invalid(f"{where}: {str(error)[:_LONGEST]}") from None
        if not isinstance(name, str) or not name.isprintable() or not name.strip():
            raise Invalid(f"{where} comes to {shown(name)}, which is no name of a host: check the template.")
        return name
