# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dates that a user declares for the credentials of a mail server. No Odoo stores them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timezone
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid

CLIENT_SECRET_EXPIRES = "client_secret_expires"
PASSWORD_ROTATE_BY = "smtp_pass_rotate_by"
DATE_OPTIONS = (CLIENT_SECRET_EXPIRES, PASSWORD_ROTATE_BY)
# The options of a mail server that `declared_dates_of` reads.
FIELDS = ("name", "xml_id", "state", "declared", PASSWORD_ROTATE_BY, f"oauth2.{CLIENT_SECRET_EXPIRES}")


def date_problems(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield a message for each invalid date."""
    for option in DATE_OPTIONS:
        value = options.get(option)
        if not value:
            continue
        try:
            declared_end(str(value))
        except ValueError:
            yield f"{option} is not a valid date (expected, for example, 2027-01-31)"


def declared_end(text: str) -> datetime:
    """Return the beginning of a declared day in UTC. A declaration has no hour, and the earliest hour is safe.

    :raises ValueError: the text is not a date.
    """
    return datetime.combine(date.fromisoformat(text), time(), timezone.utc)


def declared_dates_of(servers: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the dates that mail servers declare, in the form of the option `declared_dates` of `mail_doctor`."""
    found = []
    for server in servers:
        if server.get("state") == "absent":
            continue
        oauth2 = server.get("oauth2")
        values = {**(oauth2 if isinstance(oauth2, Mapping) else {}), **server}
        dates = {option: values[option] for option in DATE_OPTIONS if values.get(option)}
        if dates:
            found.append({**{key: server[key] for key in ("name", "xml_id") if server.get(key)}, **dates})
    return found


def refuse_dates(declared: Iterable[Mapping[str, Any]]) -> None:
    """Raise an error if a declared date is invalid.

    :raises Invalid: the message names all invalid dates.
    """
    problems = [
        f"declared_dates of {one.get('xml_id') or one.get('name')!r}: {problem}"
        for one in declared
        for problem in date_problems(one)
    ]
    if problems:
        raise Invalid(f"{'; '.join(problems)}.")
