# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decoding of JSON from an untrusted source."""

from __future__ import annotations

import json
import math
import re
import threading
from contextlib import nullcontext
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.nesting import is_deeper

# A dictionary takes 230 bytes of memory for seven bytes of JSON, a text 60 for five: a few megabytes would fill the memory.
_MOST_CONTAINERS = 500_000
_MOST_VALUES = 3_000_000
# The greatest number of nested lists and dictionaries. Odoo's answers have less than ten; Python 3.12 and newer decode thousands.
_DEEPEST = 100
# Answers are read in parallel. Bodies that are larger than this, in bytes, are decoded one after the other to limit the memory.
_LARGE = 1024 * 1024
_ONE_AT_A_TIME = threading.Lock()
# Half of a UTF-16 surrogate pair. Alone it cannot be encoded in UTF-8.
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


def decode(body: bytes) -> Any:
    """Return the content of a JSON text that Odoo can have written.

    :raises ValueError: Odoo cannot have written the text: it is not JSON in UTF-8, is nested too deeply, or is too large. The same applies to NaN, an
      infinite number or half a surrogate pair. The message repeats no part of the text.
    """
    if body.count(b"{") + body.count(b"[") > _MOST_CONTAINERS or body.count(b",") > _MOST_VALUES:
        raise ValueError("it consists of too many parts")
    try:
        with _ONE_AT_A_TIME if len(body) > _LARGE else nullcontext():
            # `json.loads` on bytes would guess the encoding and accept half a surrogate pair.
            content = json.loads(body.decode(), parse_constant=_refuse_constant, parse_float=_finite)
            if _HALF_CHARACTER.search(body):
                json.dumps(content, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:
        raise ValueError("it is not JSON") from None
    if is_deeper(content, _DEEPEST):
        raise ValueError("it is nested too deeply")
    return content


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
