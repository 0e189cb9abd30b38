# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decode the JSON of an answer that anybody may have written."""

from __future__ import annotations

import json
import math
import re
import threading
from contextlib import nullcontext
from typing import Any

# A dictionary takes 230 bytes and its JSON seven, a text 60 bytes and its JSON five: a few megabytes of them would fill the memory.
_MOST_CONTAINERS = 500_000
_MOST_VALUES = 3_000_000
# How many lists and dictionaries may be in one another. Odoo's answers have less than ten; Python 3.12 and newer decode thousands.
_DEEPEST = 100
# Answers are read side by side. Larger bodies than this, in bytes, are decoded one after the other, so that the memory is enough.
_LARGE = 1024 * 1024
_ONE_AT_A_TIME = threading.Lock()
# One half of a character outside of Unicode's first plane. Alone it is in no text that can be written anywhere.
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


def decode(body: bytes) -> Any:
    """Return the content of a JSON text that Odoo can have written.

    :raises ValueError: it is none: no JSON in UTF-8, a number that is none, half a character, or brackets without an end. The message repeats nothing
        of it.
    """
    if body.count(b"{") + body.count(b"[") > _MOST_CONTAINERS or body.count(b",") > _MOST_VALUES:
        raise ValueError("it consists of too many parts")
    try:
        with _ONE_AT_A_TIME if len(body) > _LARGE else nullcontext():
            # Not left to `json`, which guesses the encoding, and takes half a character.
            content = json.loads(body.decode(), parse_constant=_refuse_constant, parse_float=_finite)
            if _HALF_CHARACTER.search(body):
                json.dumps(content, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:
        raise ValueError("it is not JSON") from None
    if _is_deeper(content):
        raise ValueError("it is nested too deeply")
    return content


def _is_deeper(content: Any) -> bool:
    level = [content]
    for _depth in range(_DEEPEST + 1):
        containers = [part for part in level if isinstance(part, (dict, list))]
        if not containers:
            return False
        level = [one for part in containers for one in (part.values() if isinstance(part, dict) else part)]
    return True


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
