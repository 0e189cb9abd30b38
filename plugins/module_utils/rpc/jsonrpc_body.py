# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The body of a request to the JSON-RPC routes of Odoo's web client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def jsonrpc_body(parameters: Mapping[str, Any]) -> bytes:
    """Return the body of a JSON-RPC request in the form of the routes of Odoo's web client."""
    return json.dumps({"jsonrpc": "2.0", "method": "call", "params": parameters}).encode()
