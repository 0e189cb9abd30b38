# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The version of the Odoo at a URL, read without a login. This also shows whether the program there is Odoo."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.decoding import decode
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.jsonrpc_body import jsonrpc_body
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.reverse_proxy import repeated

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection


# `19.0`, `saas~18.2`, `19.0+e-20260101`.
_VERSION = re.compile(r"[\w.~+-]{1,64}")


class ServerVersion(NamedTuple):
    """The version: `text` in Odoo's form (`19.0`, `saas~18.2`, `18.0-20260101`), `major` as a number that decides the transport."""

    text: str
    major: int


def _version(info: Any) -> ServerVersion | None:
    """Return the version from an answer; None if the answer does not come from Odoo."""
    if not isinstance(info, dict):
        return None
    text = info.get("server_version") or info.get("version")
    parts = info.get("server_version_info") or info.get("version_info")
    if not isinstance(text, str) or not _VERSION.fullmatch(text):
        return None
    major = re.search(r"\d+", str(parts[0]) if isinstance(parts, list) and parts else text)
    return ServerVersion(text, int(major.group())) if major and len(major.group()) < 4 else None


def ask_version(http: HttpConnection) -> ServerVersion:
    """Return the server's version. This takes one request, or two if the first path does not exist.

    `/web/webclient/version_info` answers on 16.0 to 20.0, `/json/version` from 19.0 (docs/development/odoo-behaviour.md, RPC).

    :raises Unreachable: the program at the URL is not Odoo.
    """
    envelope = jsonrpc_body({})
    requests = (
        ("POST", "/web/webclient/version_info", envelope),
        ("GET", "/json/version", None),
    )
    status = 0
    for method, path, body in requests:
        response = repeated(partial(http.request, method, path, body, {"Content-Type": "application/json"}))
        status = status or response.status
        try:
            answer = decode(response.body)
        except ValueError:
            continue
        version = _version(answer.get("result", answer) if isinstance(answer, dict) else None)
        if version:
            return version
    raise Unreachable(
        f"{http.base_url} answers (HTTP {status}), but the program there is not Odoo: check url, and any proxy before Odoo."
    )
