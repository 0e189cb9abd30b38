# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Candidates: archived copies of mail servers that carry new settings while they are tested.

A provider may give a new refresh token at each use, and then accepts only that one. A test may so leave the only valid token in a candidate.
Its name therefore contains a fingerprint of the token that it was given: an interrupted run's candidate is found by it, and its tokens are
used in place of the spent one.
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
    """Return the name of the copy of a mail server.

    :param token: the refresh token that it is tested with, if the provider replaces it.
    """
    return f"{key} (postmaster.odoo candidate{f' {_fingerprint(token)}' if token else ''})"


def is_candidate_name(name: str) -> bool:
    """Whether only a candidate has such a name."""
    return _NAME.fullmatch(name) is not None


def key_of(name: str) -> str:
    """Return the key of the mail server that a candidate is a copy of."""
    parts = _NAME.fullmatch(name)
    return parts["key"] if parts else ""


def is_spent(found: Found, method: OAuth2Method) -> bool:
    """Whether a candidate holds another token than it was given, which then is spent."""
    token = str(found.values.get(method.refresh_token) or "")
    parts = _NAME.fullmatch(str(found.values["name"]))
    return bool(parts and parts["token"] and token and parts["token"] != _fingerprint(token))


def newer_tokens(key: str, token: str, records: RecordIndex, method: OAuth2Method) -> dict[str, Any]:
    """Return the tokens that came in place of one, by their fields; empty if it is the newest that is known.

    :param key: of the mail server. :param records: all mail servers, candidates included.
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
