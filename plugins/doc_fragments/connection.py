# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How a module reaches the instance."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - Where Odoo answers, with scheme, and with port and path where they are not the usual ones.
      - If not set, the inventory variable C(odoo_url) is used, then the environment variable E(ODOO_URL).
    type: str
  database:
    description:
      - The name of the database. One database is one instance.
      - If not set, the inventory variable C(odoo_database) is used, then the environment variable E(ODOO_DATABASE).
    type: str
  username:
    description:
      - The login of the user. It must have the access right Administration / Settings.
      - Not needed with JSON-2, where O(api_key) already stands for a user.
      - If not set, the inventory variable C(odoo_username) is used, then the environment variable E(ODOO_USERNAME).
    type: str
  password:
    description:
      - The password of O(username). A user with two-factor authentication needs O(api_key) instead.
      - If not set, the inventory variable C(odoo_password) is used, then the environment variable E(ODOO_PASSWORD).
    type: str
  api_key:
    description:
      - An API key of the user, created in Odoo under Preferences / Account Security. It wins over O(password).
      - If not set, the inventory variable C(odoo_api_key) is used, then the environment variable E(ODOO_API_KEY).
    type: str
  transport:
    description:
      - How to talk to Odoo.
      - V(auto) asks the server's version and takes V(json2) from Odoo 19 on if O(api_key) is given, V(jsonrpc) otherwise.
      - V(json2) is Odoo's own HTTP interface from 19.0 on. It needs O(api_key), no login and no Python package.
      - V(jsonrpc) works with every version and needs the Python package C(odoorpc) where the task runs. It remembers there, under
        E(ANSIBLE_HOME) (C(~/.ansible)), the id that O(username) has in the database, so that not every task costs Odoo a login.
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
      - Seconds to wait for a connection, and for each answer from its first byte to its last. Calls that are known to take longer,
        such as installing an addon, get more. It is at most V(86400).
      - If not set, the inventory variable C(odoo_timeout) is used, then the environment variable E(ODOO_TIMEOUT).
    type: int
    default: 30
  proxy:
    description:
      - The URL of an HTTP proxy to go through. An empty string goes directly.
      - If not set, the inventory variable C(odoo_proxy) is used, then the environment variable E(ODOO_PROXY), and without that the usual
        E(HTTPS_PROXY), E(HTTP_PROXY) and E(NO_PROXY).
    type: str
  lock_timeout:
    description:
      - Seconds to wait for another task of the collection that changes the same database, or sends its queue. Then the task fails with an error of the kind
        V(conflict). With V(0) it fails as soon as the other task shows that it is alive, which takes up to 15 seconds.
      - The lock of a task that was killed expires one minute after its last sign of life. A task waits for that, whatever this option is.
      - If not set, the inventory variable C(odoo_lock_timeout) is used, then the environment variable E(ODOO_LOCK_TIMEOUT).
    type: int
    default: 180
  connections:
    description:
      - The most connections that a task has to one instance. It reads over several of them at the same time, which matters most if Odoo is far away.
      - With V(1), the task makes one call after the other. Lower the number if many hosts are instances of one Odoo server that serves few requests at
        the same time.
      - If not set, the inventory variable C(odoo_connections) is used, then the environment variable E(ODOO_CONNECTIONS).
    type: int
    default: 4
notes:
  - On a C(local) connection the module runs inside Ansible's own worker, which takes milliseconds. Over any other connection it is
    shipped to the host as usual. Set the variable C(postmaster_odoo_in_process) to V(false) to have it shipped always. C(-v) prints which way
    was taken, and why.
  - Every connection option can be set once for all modules with an inventory variable, or with C(module_defaults) and the group
    C(postmaster.odoo.odoo).
requirements:
  - python >= 3.10
  - odoorpc >= 0.10.1, for JSON-RPC
"""
