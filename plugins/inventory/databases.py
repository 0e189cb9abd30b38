# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: databases
short_description: List the databases of Odoo servers as inventory hosts
version_added: 1.0.0
author:
  - The postmaster.odoo contributors (@postmaster-odoo)
description:
  - Creates a host for every database of one or more Odoo servers, with the connection variables for the roles and playbooks of this collection.
  - The name of the file must end with C(databases.yml) or C(databases.yaml).
  - Odoo lists the names of its databases without a login. If its option C(list_db) is off, Odoo does not list them, not even with the master password. In
    this case, set the names in O(odoo_databases).
  - The variables of a host are C(odoo_url), C(odoo_database) and C(odoo_server). C(odoo_server) is always the O(url) of the server, even if C(odoo_url) is
    composed. If the server lists its databases, there is also C(odoo_version), such as V(19.0). Put credentials into C(group_vars).
  - If one server of a file cannot be listed, or none of its databases becomes a host, the whole file fails and adds nothing. Ansible then warns and
    continues with its other inventory sources, unless E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) is set.
notes:
  - The plugin never evaluates names from a server as templates.
  - Odoo lists every database that its PostgreSQL user owns, even if it is not an Odoo database. Use O(exclude) for such databases.
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description:
      - Marks the file as a file of this plugin.
    type: str
    required: true
    choices: [postmaster.odoo.databases]
  url:
    description:
      - The URL of Odoo, with the scheme. Include the port and the path if they are not the usual ones.
      - It cannot be combined with O(servers) in one file. O(servers) takes precedence over the environment variable.
    type: str
    env:
      - name: ODOO_URL
  odoo_databases:
    description:
      - The names of the databases. The server is then not queried, so it does not have to be running.
      - If not set, the server lists its databases.
    type: list
    elements: str
  ignore_dbfilter:
    description:
      - Whether to include databases that the server's C(dbfilter) hides under O(url).
      - Servers with a subdomain for each database have such a filter, usually V(^%d$). In this case, compose C(odoo_url).
      - The option uses the service C(db) under C(/jsonrpc). In Odoo 19, the addon C(rpc) provides it. Odoo 20 does not have it, so there this option is an
        error.
    type: bool
    default: false
  include:
    description:
      - Shell patterns (V(*), V(?), V([ab]), V([!ab])) of the databases to include. A pattern must match the whole name. It is case-sensitive.
      - If not set, all databases are included.
    type: list
    elements: str
  exclude:
    description:
      - Shell patterns of the databases to exclude. They take precedence over O(include).
    type: list
    elements: str
  hostname:
    description:
      - A template for the names of the hosts. It can use the variables C(odoo_database), C(odoo_server), C(odoo_url) and C(odoo_version), for example V({{
        odoo_database }}.eu). If not set, the host has the name of its database.
      - If two databases would become the same host, the plugin fails, even if different files list them.
    type: str
  servers:
    description:
      - Several servers in one file. If an option of a server is not set, it is taken from the file.
    type: list
    elements: dict
    suboptions:
      url:
        description: The URL of this Odoo.
        type: str
        required: true
      odoo_databases:
        description: The O(odoo_databases) of this server.
        type: list
        elements: str
      ignore_dbfilter:
        description: The O(ignore_dbfilter) of this server.
        type: bool
      include:
        description: The O(include) of this server.
        type: list
        elements: str
      exclude:
        description: The O(exclude) of this server.
        type: list
        elements: str
      hostname:
        description: The O(hostname) of this server.
        type: str
      validate_certs:
        description: The O(validate_certs) of this server.
        type: bool
      ca_path:
        description: The O(ca_path) of this server.
        type: path
      timeout:
        description: The O(timeout) of this server.
        type: int
      proxy:
        description: The O(proxy) of this server.
        type: str
  validate_certs:
    description:
      - Whether the certificate of an https O(url) must be trusted. Only used for listing. The tasks of the hosts use C(odoo_validate_certs).
    type: bool
    default: true
    env:
      - name: ODOO_VALIDATE_CERTS
  ca_path:
    description:
      - A file or folder of CA certificates to trust instead of the system's own. Only used for listing. The tasks of the hosts use C(odoo_ca_path).
    type: path
    env:
      - name: ODOO_CA_PATH
  timeout:
    description:
      - The number of seconds to wait for a connection, and for each response. The maximum is V(86400). Only used for listing. The tasks of the hosts use
        C(odoo_timeout).
    type: int
    default: 30
    env:
      - name: ODOO_TIMEOUT
  proxy:
    description:
      - The URL of an HTTP proxy. With an empty string, no proxy is used. Only used for listing. The tasks of the hosts use C(odoo_proxy).
      - If not set, the usual E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY) are used.
    type: str
    env:
      - name: ODOO_PROXY
"""

EXAMPLES = r"""
# odoo_databases.yml: all databases of a server except the copies
plugin: postmaster.odoo.databases
url: https://odoo.example.com
exclude: ["*-test", "*_copy"]

---
# A server that does not list its databases
plugin: postmaster.odoo.databases
url: https://odoo.example.com
odoo_databases: [acme, globex]

---
# Two servers, and groups from the names: eu_acme-prod is in env_prod and in server_eu
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
# A subdomain for each database: the plugin lists the databases at Odoo's own port, and tasks use the subdomain
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
from ansible_collections.postmaster.odoo.plugins.module_utils.text import printable, shown
from ansible_collections.postmaster.odoo.plugins.plugin_utils.untrusted_yaml import LARGEST, is_nested_deeply

if TYPE_CHECKING:
    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

# The answer of a server: {"databases": [...], "version": "19.0"}. Plain data, because Ansible's cache stores it.
Listing = dict[str, Any]

# The maximum length of a message from Ansible, which repeats values.
_LONGEST = 300
_CHARACTER_SET = re.compile(r"\[(!.|[^!])[^\]]*\]")
# Characters of regular expressions and of Ansible's host patterns, which would match nothing.
_OTHER_PATTERNS = re.compile(r"^[\^~!&]|\$$")


class Server:
    """One server of the file, with its validated options and its connection."""

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
        """Whether the server lists its databases."""
        return self._given is None

    @property
    def cache_key(self) -> str:
        """The key of its listing in the cache. It contains everything that the listing depends on."""
        return f"{self.url} ignoring dbfilter" if self._ignore_dbfilter else self.url

    def ask(self) -> Listing:
        """Return the databases and the version that the server reports."""
        try:
            databases = ask_databases(self.http, ignore_dbfilter=self._ignore_dbfilter)
            try:
                version = ask_version(self.http).text
            except Unreachable:  # a proxy may block this path
                version = None
        finally:
            self.http.close()
        return {"databases": databases, "version": version}

    def variables(self, listing: Listing) -> list[dict[str, str]]:
        """Return the variables of each database that becomes a host."""
        names = listing["databases"] if self._given is None else self._given
        chosen = [name for name in dict.fromkeys(names) if self._takes(name)]
        if not chosen:
            raise Invalid(self._nothing_left(names))
        for name in chosen:
            if not _is_usable(name):
                raise Invalid(
                    f"Odoo at {self.url}: {shown(name)} cannot be a host because its name is blank, or a terminal or CI job would "
                    "interpret it. Exclude it."
                )
        version = {"odoo_version": listing["version"]} if self.is_asked and listing["version"] else {}
        return [{"odoo_url": self.url, "odoo_server": self.url, "odoo_database": name, **version} for name in chosen]

    def _patterns(self, option: str, options: dict[str, Any]) -> list[str] | None:
        """Return the shell patterns of an option.

        :raises Invalid: a pattern is not valid.
        """
        patterns: list[str] | None = options[option]
        for pattern in patterns or []:
            problem = ""
            if not pattern:
                problem = "it is empty"
            elif "[" in _CHARACTER_SET.sub("", pattern):
                problem = "its [ is not closed. To match this character in a name, write ?"
            elif found := _OTHER_PATTERNS.search(pattern):
                problem = (
                    f"{found.group()} has no meaning in shell patterns. To match this character in a name, write ?"
                )
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
            return f"Odoo at {self.url}: include and exclude leave none of its {len(names)} databases. Check these options."
        if not self.is_asked:
            return f"Odoo at {self.url}: odoo_databases is empty. Name a database, or omit the option to list all databases."
        if self._ignore_dbfilter:
            return f"Odoo at {self.url} lists no database: create one first, or check url."
        return (
            f"Odoo at {self.url} lists no database: it has none, or its dbfilter hides them under this host name. "
            "Check url, set ignore_dbfilter, or name them in odoo_databases."
        )


def _validated(options: dict[str, Any], documented: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the options of a server with their documented types.

    :raises Invalid: an option is not valid.
    """
    specification = {
        name: {key: option[key] for key in ("type", "elements", "required") if key in option}
        for name, option in documented.items()
    }
    result = ArgumentSpecValidator(specification).validate(options)
    if result.error_messages:
        raise Invalid(" ".join(f"{where}: {message.rstrip('.')[:_LONGEST]}." for message in result.error_messages))
    validated: dict[str, Any] = result.validated_parameters
    return validated


def _is_usable(name: str) -> bool:
    """Return whether a name can be that of a host. Ansible prints it unchanged, also at the start of a line of PLAY RECAP."""
    return bool(name.strip()) and printable(name) == name


def _described(variables: dict[str, str]) -> str:
    return f"{variables['odoo_database']} at {variables['odoo_server']}"


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The inventory plugin."""

    NAME = "postmaster.odoo.databases"

    def verify_file(self, path: str) -> bool:
        """Return whether a file has a name of this plugin."""
        return bool(super().verify_file(path)) and path.endswith(("databases.yml", "databases.yaml"))

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Add the hosts of a file. All errors in servers and names are found before the first host is added."""
        super().parse(inventory, loader, path, cache)
        known = secrets_in_environment()
        try:
            config = self._config(path)
            known |= set(secrets_in(config))
            servers = self._servers(config)
            hosts = self._hosts(servers, self._listings(servers, path, use_cache=cache))
        except (OdooError, AnsibleError) as error:
            # Without `from None`, Ansible would also print the cause, which repeats the value of an option.
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

        :raises AnsibleParserError: it is not a file of this plugin, or it cannot be read.
        """
        try:
            is_deep = is_nested_deeply(read_text(path, LARGEST))
        except OSError as error:
            raise AnsibleParserError(f"{path} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise AnsibleParserError(f"{path} cannot be read: it is not text in UTF-8.") from None
        if is_deep:
            raise AnsibleParserError(f"{path} cannot be read: it is nested too deeply.")
        try:
            config: dict[str, Any] = self._read_config_data(path)
        except AnsibleParserError as error:  # its message repeats values of any length
            raise AnsibleParserError(str(error)[:_LONGEST]) from None
        except AttributeError:  # Ansible's error if the file is not a mapping
            raise AnsibleParserError(
                f"{path} is not a file of {self.NAME}: it must be a mapping with plugin."
            ) from None
        return config

    def _servers(self, config: dict[str, Any]) -> list[Server]:
        """Return the servers of a file.

        :raises Invalid: an option is not valid. The message contains the errors of all servers.
        """
        defined = constants.config.get_configuration_definitions("inventory", self._load_name)
        unknown = sorted(shown(name, quoted=False) for name in config if name not in defined)
        if unknown:
            raise Invalid(
                f"{', '.join(unknown)}: not an option of {self.NAME}. Valid options: {', '.join(sorted(defined))}. "
                "Put variables of hosts and credentials into group_vars."
            )
        of_a_server = defined["servers"]["suboptions"]
        # The values as written in the file, because Ansible converts every word except yes to no.
        written = {name: config[name] for name in of_a_server if config.get(name) is not None}
        of_the_file = {name: self.get_option(name) for name in of_a_server} | written
        if "servers" not in config:
            if not of_the_file["url"]:
                raise Invalid("url is missing. Set url, servers, or the environment variable ODOO_URL.")
            return [Server(_validated(of_the_file, of_a_server, "In the file"))]
        if "url" in config:
            raise Invalid("url and servers are mutually exclusive. Add the url to servers as an entry.")
        given = config["servers"]
        if not isinstance(given, list) or not given or not all(isinstance(options, dict) for options in given):
            raise Invalid("servers must be a list of servers, each with its url and its own options.")
        del of_the_file["url"]
        servers, wrong = [], ErrorCollector()
        for number, options in enumerate(given, 1):
            own = {name: value for name, value in options.items() if value is not None}
            with wrong:
                servers.append(Server(_validated({**of_the_file, **own}, of_a_server, f"In servers, number {number}")))
        wrong.raise_gathered()
        return servers

    def _listings(self, servers: list[Server], path: str, *, use_cache: bool) -> dict[str, Listing]:
        """Return the answers of the servers, or those in the cache."""
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
        """Return the hosts and their variables.

        :raises Invalid: two hosts have the same name, or a host has the name of a group. A play would then use the group.
        """
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
                    f"{this} cannot be the host {host!r} because a group has this name. Exclude it, or set a hostname, such as "
                    '"{{ odoo_database }}.eu".'
                )
            hosts[host] = variables
        return hosts

    def _elsewhere(self, host: str) -> dict[str, str] | None:
        """Return the database of a host that another file has added."""
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
        except Exception as error:  # any error of the user's template
            raise Invalid(f"{where}: {str(error)[:_LONGEST]}") from None
        if not isinstance(name, str) or not _is_usable(name):
            raise Invalid(f"{where} results in {shown(name)}, which is not a valid name of a host. Check the template.")
        return name
