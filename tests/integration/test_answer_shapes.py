# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checks of answers (rpc/answer_shape.py) accept every answer of this instance about the models that the collection
reads.
"""

from __future__ import annotations

import re
from pathlib import Path

from instance import LabInstance

SOURCES = Path(__file__).resolve().parents[2] / "plugins" / "module_utils"
_MODEL = re.compile(r'"((?:ir|mail|mailing|res)\.[a-z_.]+)"')


def mentioned() -> list[str]:
    """Return every name in the sources that may be a model."""
    names = {name for source in SOURCES.rglob("*.py") for name in _MODEL.findall(source.read_text())}
    assert {"ir.mail_server", "ir.cron", "mail.mail", "res.users"} <= names
    return sorted(names)


def test_every_real_answer_is_accepted(database: LabInstance) -> None:
    with database.session() as session:
        session.create(
            "mail.mail", [{"subject": "A mail", "email_to": "to@else.example", "body_html": "<p>Made up</p>"}]
        )
        there = {row["model"] for row in session.search_read("ir.model", [["model", "in", mentioned()]], ["model"])}
        rows = 0
        for model in sorted(there):
            stored = [name for name, field in session.fields(model).items() if field.get("store")]
            rows += len(session.search_read(model, [], stored, limit=50))
    print(f"{len(there)} models, {rows} records")
    assert rows > len(there)
