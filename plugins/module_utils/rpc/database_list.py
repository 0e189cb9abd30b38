# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which databases an Odoo server has; asked without a login.

Odoo answers this to everybody or to nobody: where `list_db` is off it refuses, and its master password, which the listing does not
take, is refused for everything else as well (`check_db_management_enabled` in odoo/service/db.py of 19.0; seen on a running server).
20.0 has no service `db`: the web client's list is the only one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AccessRefused, Unsupported
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.answers import refusal
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.decoding import decode
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.front_end import repeated
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.jsonrpc_body import jsonrpc_body
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.server_version import ask_version

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection

# What the web client asks: the databases that `dbfilter` lets through for the host name of the URL.
_UNDER_THIS_URL: tuple[str, dict[str, Any]] = ("/web/database/list", {})
# What `dbfilter` does not apply to (odoo/service/db.py, exp_list).
_ALL: tuple[str, dict[str, Any]] = ("/jsonrpc", {"service": "db", "method": "list", "args": []})


def ask_databases(http: HttpConnection, *, ignore_dbfilter: bool = False) -> list[str]:
    """Ask the server for the names of its databases: one request. The names are the server's, and not to be trusted.

    :param ignore_dbfilter: whether those count, too, that the server's `dbfilter` hides under this URL.
    :raises AccessRefused: the server, or a proxy before it, does not tell.
    :raises Unsupported: this Odoo does not list what `dbfilter` hides.
    :raises Unreachable: what answers is no Odoo.
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
    ask_version(http)  # says so where it is no Odoo at all
    raise AccessRefused(
        f"Odoo at {http.base_url} does not list its databases: {path} is answered with HTTP {response.status}, "
        f"{'as where the addon rpc is not loaded, or ' if ignore_dbfilter else ''}as by a proxy that keeps it from the outside. "
        "Set url to an address where Odoo answers it, or name the databases in odoo_databases."
    )


def _refused(base_url: str, path: str, data: Any) -> Exception:
    """The error that Odoo's own refusal stands for."""
    name, message = (str(data.get(key) or "") for key in ("name", "message")) if isinstance(data, dict) else ("", "")
    if name.endswith(".AccessDenied"):
        return AccessRefused(
            f"Odoo at {base_url} does not list its databases: list_db is off there, and no password opens it. "
            "Name the databases in odoo_databases."
        )
    if message == "Invalid service name: db":
        return Unsupported(
            f"Odoo at {base_url} has no service db (it is gone from 20.0 on), so nobody can list the databases that dbfilter hides: "
            "leave out ignore_dbfilter, or name the databases in odoo_databases."
        )
    return refusal(f"Listing the databases of Odoo at {base_url} ({path})", name, message)
