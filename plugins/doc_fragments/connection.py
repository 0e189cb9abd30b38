# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of the connection to an instance."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - The URL of Odoo, with the scheme. Include the port and the path if they are not the usual ones.
      - If not set, the inventory variable C(odoo_url) is used, then the environment variable E(ODOO_URL).
    type: str
  database:
    description:
      - The name of the database. One database is one instance.
      - If not set, the inventory variable C(odoo_database) is used, then the environment variable E(ODOO_DATABASE).
    type: str
  username:
    description:
      - The login of the user. The user must have the access right Administration / Settings.
      - Not needed with JSON-2 because O(api_key) already identifies the user.
      - If not set, the inventory variable C(odoo_username) is used, then the environment variable E(ODOO_USERNAME).
    type: str
  password:
    description:
      - The password of O(username). A user with two-factor authentication needs O(api_key) instead.
      - If not set, the inventory variable C(odoo_password) is used, then the environment variable E(ODOO_PASSWORD).
    type: str
  api_key:
    description:
      - An API key of the user, created in Odoo under Preferences / Account Security. It takes precedence over O(password).
      - If not set, the inventory variable C(odoo_api_key) is used, then the environment variable E(ODOO_API_KEY).
    type: str
  transport:
    description:
      - The protocol of the connection to Odoo.
      - V(auto) reads the version of the server. It uses V(json2) from Odoo 19 on if O(api_key) is set, and V(jsonrpc) otherwise.
      - V(json2) is Odoo's own HTTP interface from 19.0 on. It needs O(api_key), no login and no Python package.
      - V(jsonrpc) works with every version. It needs the Python package C(odoorpc) on the host that runs the task. It caches the ID of O(username) in the
        database on this host under E(ANSIBLE_HOME) (C(~/.ansible)). So not every task needs a login to Odoo.
      - If not set, the inventory variable C(odoo_transport) is used, then the environment variable E(ODOO_TRANSPORT).
    type: str
    choices: [auto, jsonrpc, json2]
    default: auto
  validate_certs:
    description:
      - Whether the certificate of an https O(url) must be trusted.
      - If not set, the inventory variable C(odoo_validate_certs) is used, then the environment variable E(ODOO_VALIDATE_CERTS).
    type: bool
    default: true
  ca_path:
    description:
      - A file or folder of CA certificates to trust instead of the system's own.
      - If not set, the inventory variable C(odoo_ca_path) is used, then the environment variable E(ODOO_CA_PATH).
    type: path
  timeout:
    description:
      - The number of seconds to wait for a connection, and for each complete response. Calls that usually take longer, such as installing an addon, get a
        longer timeout. The maximum is V(86400).
      - If not set, the inventory variable C(odoo_timeout) is used, then the environment variable E(ODOO_TIMEOUT).
    type: int
    default: 30
  proxy:
    description:
      - The URL of an HTTP proxy. With an empty string, no proxy is used.
      - If not set, the inventory variable C(odoo_proxy) is used, then the environment variable E(ODOO_PROXY). If that is not set, the usual E(HTTPS_PROXY),
        E(HTTP_PROXY) and E(NO_PROXY) are used.
    type: str
  lock_timeout:
    description:
      - The number of seconds to wait for another task of the collection that changes the same database or sends its queue. After that, the task fails with
        an error of the kind V(conflict). With V(0) it fails as soon as the other task proves to be running, which takes up to 15 seconds.
      - The lock of a killed task expires one minute after the task last renewed it. A task always waits for that, independent of this option.
      - If not set, the inventory variable C(odoo_lock_timeout) is used, then the environment variable E(ODOO_LOCK_TIMEOUT).
    type: int
    default: 180
  connections:
    description:
      - The maximum number of connections of a task to one instance. The task reads over several connections in parallel. That matters most if the network
        latency is high.
      - With V(1), the task makes one call after the other. Use a lower number if many hosts are instances of one Odoo server that can serve only a few
        requests at the same time.
      - If not set, the inventory variable C(odoo_connections) is used, then the environment variable E(ODOO_CONNECTIONS).
    type: int
    default: 4
notes:
  - On a C(local) connection, the module runs inside Ansible's worker process, which takes only milliseconds. On any other connection, Ansible copies the
    module to the host as usual. Set the variable C(postmaster_odoo_in_process) to V(false) to always copy it. C(-v) prints which way was used, and why.
  - You can set every connection option once for all modules with an inventory variable, or with C(module_defaults) and the group C(postmaster.odoo.odoo).
requirements:
  - python >= 3.10
  - odoorpc >= 0.10.1, for JSON-RPC
"""
