# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change an answer of Odoo at random, as a broken proxy or a hostile server could."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

from ansible_collections.postmaster.odoo.tests.unit.hostile.scalars import SCALARS

# Values that replace a part of an answer. Some are of the right type and still impossible.
_VALUES: tuple[Any, ...] = (
    *SCALARS,
    -1e308,
    "",
    " ",
    "text",
    "0000-00-00 00:00:00",
    "0001-01-01 00:00:00",
    "9999-12-31 23:59:59",
    "2026-01-01",
    "a\x00b\x1b[2J\u202e",
    "\ud800",
    "x" * 5000,
    [],
    [None],
    [[]],
    ["text"],
    [-1, None],
    [1, "text", {}],
    {},
    {"": None},
    {"id": {}},
)
_DATES = (
    "",
    "soon",
    "Thu, 99 Jan 2026 12:00:00 GMT",
    "Mon, 01 Jan 0001 00:00:00 +1400",
    "Fri, 31 Dec 9999 23:59:59 -1400",
    "Thu, 15 Jan 2026 12:00:00 +99999999999",
    "Thu, 15 Jan 99999999999999999999 12:00:00 GMT",
)
_STATUSES = (100, 204, 206, 302, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504, 599)
_DEEP = 3000


class Answer(NamedTuple):
    """An answer as it leaves the server."""

    status: int
    headers: dict[str, str]
    body: bytes


def mutated(random: Random, answer: Answer) -> Answer:
    """Return the answer with one change; most changes are to its JSON."""
    change: Callable[[Random, Answer], Answer] = random.choices(
        (_one_value, _one_item, _as_a_whole, _bytes, _status, _date), weights=(12, 5, 3, 3, 1, 1)
    )[0]
    return change(random, answer)


def _one_value(random: Random, answer: Answer) -> Answer:
    """Replace one value anywhere in the answer."""

    def replace(container: Any, key: Any) -> None:
        container[key] = random.choice(_VALUES)

    return _at_one_place(random, answer, replace)


def _one_item(random: Random, answer: Answer) -> Answer:
    """Remove, rename, wrap or repeat one item."""

    def change(container: Any, key: Any) -> None:
        value = container[key]
        how = random.choice(("remove", "rename", "wrap", "repeat"))
        if how == "remove":
            del container[key]
        elif how == "rename" and isinstance(container, dict):
            container[f"{key}x"] = container.pop(key)
        elif how == "repeat" and isinstance(container, list):
            container.extend([value, value])
        else:
            container[key] = [value]

    return _at_one_place(random, answer, change)


def _at_one_place(random: Random, answer: Answer, change: Callable[[Any, Any], None]) -> Answer:
    """Change an item of the JSON in its dictionary or list; the JSON as a whole if it has no item."""
    content = json.loads(answer.body)
    found = list(places(content))
    if not found:
        return _as_a_whole(random, answer)
    change(*random.choice(found))
    return answer._replace(body=json.dumps(content).encode())


def _as_a_whole(random: Random, answer: Answer) -> Answer:
    """Answer with something else, in JSON."""
    value = random.choice((*_VALUES, {"result": random.choice(_VALUES)}, {"error": random.choice(_VALUES)}))
    nested = random.choice(('{"result": ', "[", '{"a":')) * _DEEP
    bodies = (json.dumps(value).encode(), nested.encode() + b"1" + b"}" * _DEEP, b"[" * _DEEP + b"]" * _DEEP)
    return answer._replace(body=random.choices(bodies, weights=(4, 1, 1))[0])


def _bytes(random: Random, answer: Answer) -> Answer:
    """Cut the body, or put other bytes into it."""
    at = random.randrange(len(answer.body) + 1)
    start, end = answer.body[:at], answer.body[at:]
    bodies = (
        b"",
        start,
        end,
        start + random.randbytes(3) + end,
        b"\xff\xfe" + answer.body,
        b"<html>502</html>",
        b"9" * 10_000,
        b"null",
        answer.body.decode().encode("utf-16"),
    )
    return answer._replace(body=random.choice(bodies))


def _status(random: Random, answer: Answer) -> Answer:
    """Change the status of the answer; the body stays."""
    return answer._replace(status=random.choice(_STATUSES))


def _date(random: Random, answer: Answer) -> Answer:
    """Replace a date with a text that is not a date."""
    return answer._replace(headers={**answer.headers, random.choice(("Date", "Retry-After")): random.choice(_DATES)})


def places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each place of a value in JSON: the container and the key or index."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        yield content, key
        yield from places(value)
