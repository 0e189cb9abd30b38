# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Candidates: archived copies of mail servers with new settings for a test.

A provider may issue a new refresh token at each use, and from then on accept only the new one. So after a test, only the candidate may have a
valid token. Its name therefore contains a fingerprint of the token that it got first. A later run finds the candidate of an interrupted run
by this name, and uses its tokens in place of the spent one.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import OAuth2Method
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.record_index import RecordIndex

_NAME = re.compile(r"(?P<key>.*) \(postmaster\.odoo candidate(?: (?P<token>[0-9a-f]{12}))?\)", re.DOTALL)


def candidate_name(key: str, token: str = "") -> str:
    """Return the name of the candidate of a mail server.

    :param token: the refresh token for its test, if the provider rotates refresh tokens.
    """
    return f"{key} (postmaster.odoo candidate{f' {_fingerprint(token)}' if token else ''})"


def is_candidate_name(name: str) -> bool:
    """Return whether a name is the name of a candidate."""
    return _NAME.fullmatch(name) is not None


def key_of(name: str) -> str:
    """Return the key of the mail server that a candidate was copied from."""
    parts = _NAME.fullmatch(name)
    return parts["key"] if parts else ""


def is_spent(found: Found, method: OAuth2Method) -> bool:
    """Return whether a candidate has a newer token than the one that it got first. That one is then spent."""
    token = str(found.values.get(method.refresh_token) or "")
    parts = _NAME.fullmatch(str(found.values["name"]))
    return bool(parts and parts["token"] and token and parts["token"] != _fingerprint(token))


def newer_tokens(key: str, token: str, records: RecordIndex, method: OAuth2Method) -> dict[str, Any]:
    """Return the newest tokens that replaced a token, by field; empty if the token is the newest one.

    :param key: the key of the mail server.
    :param records: all mail servers, including candidates.
    """
    tokens: dict[str, Any] = {}
    known = {token}
    while True:
        heirs = [one for one in records.named(candidate_name(key, token)) if is_spent(one, method)]
        heirs = [one for one in heirs if one.values[method.refresh_token] not in known]
        if not heirs:
            return tokens
        newest = max(heirs, key=lambda one: one.id)
        tokens = {field: newest.values.get(field) for field in method.current_tokens}
        token = str(tokens[method.refresh_token])
        known.add(token)


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:12]
