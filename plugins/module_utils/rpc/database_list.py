# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases of an Odoo server, read without a login.

Odoo lists its databases for every client or for none. If `list_db` is off, it rejects the call. The listing takes no master password,
which would not help: Odoo rejects it everywhere (`check_db_management_enabled` in odoo/service/db.py of 19.0; seen on a running server).
20.0 has no service `db`, so only the web client's list remains.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.answers import refusal
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.decoding import decode
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.jsonrpc_body import jsonrpc_body
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.reverse_proxy import repeated
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_version import ask_version

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection

# The request of the web client: the databases that `dbfilter` allows for the host name of the URL.
_UNDER_THIS_URL: tuple[str, dict[str, Any]] = ("/web/database/list", {})
# This request ignores `dbfilter` (odoo/service/db.py, exp_list).
_ALL: tuple[str, dict[str, Any]] = ("/jsonrpc", {"service": "db", "method": "list", "args": []})


def ask_databases(http: HttpConnection, *, ignore_dbfilter: bool = False) -> list[str]:
    """Return the names of the server's databases with one request. The names come from the server and are not trusted.

    :param ignore_dbfilter: whether to include databases that the server's `dbfilter` hides under this URL.
    :raises AccessRefused: the server, or a proxy before it, does not list them.
    :raises Unsupported: this Odoo cannot list databases that `dbfilter` hides.
    :raises Unreachable: the program at the URL is not Odoo.
    """
    path, parameters = _ALL if ignore_dbfilter else _UNDER_THIS_URL
    envelope = jsonrpc_body(parameters)
    response = repeated(partial(http.request, "POST", path, envelope, {"Content-Type": "application/json"}))
    try:
        answer = decode(response.body)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        names = answer.get("result")
        if isinstance(names, list) and all(isinstance(name, str) and name for name in names):
            return names
        if isinstance(answer.get("error"), dict):
            raise _refused(http.base_url, path, answer["error"].get("data"))
    ask_version(http)  # raises an error if it is not Odoo
    raise AccessRefused(
        f"Odoo at {http.base_url} does not list its databases: {path} returned HTTP {response.status}. "
        f"{'The addon rpc may be missing, or a' if ignore_dbfilter else 'A'} proxy may block this path. "
        "Set url to an address at which Odoo lists them, or name the databases in odoo_databases."
    )


def _refused(base_url: str, path: str, data: Any) -> Exception:
    """Return the error that represents Odoo's own refusal."""
    name, message = (str(data.get(key) or "") for key in ("name", "message")) if isinstance(data, dict) else ("", "")
    if name.endswith(".AccessDenied"):
        return AccessRefused(
            f"Odoo at {base_url} does not list its databases: list_db is off in its configuration. "
            "Name the databases in odoo_databases."
        )
    if message == "Invalid service name: db":
        return Unsupported(
            f"Odoo at {base_url} has no service db (removed in 20.0), so databases that dbfilter hides cannot be listed. "
            "Leave out ignore_dbfilter, or name the databases in odoo_databases."
        )
    return refusal(f"Listing the databases of Odoo at {base_url} ({path})", name, message)
