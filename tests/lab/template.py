"""The template database: a freshly installed Odoo with mail, and with the keys and users of the tests."""

from __future__ import annotations

import json
from pathlib import Path

from . import credentials
from .layout import PACKAGE, Layout, write_atomically
from .odoo import Odoo
from .postgres import Postgres
from .steps import digest

DATABASE = "template-mail"
# Since Odoo 19, XML-RPC and JSON-RPC need `rpc`.
ADDONS = ["base", "mail", "mass_mailing", "google_gmail", "microsoft_outlook", "rpc"]
SCRIPT = PACKAGE / "template_script.py"


def key(*depends_on: str) -> str:
    return digest(DATABASE, ADDONS, SCRIPT, PACKAGE / "credentials.py", *depends_on)


def create(layout: Layout, postgres: Postgres, odoo: Odoo) -> None:
    """Create the template again and seal it."""
    odoo.stop()  # it would find the database while it accepts connections, and run its crons
    postgres.unseal(DATABASE)
    postgres.drop(DATABASE)
    odoo.configure()
    odoo.install(DATABASE, ADDONS)
    people = json.dumps(
        {
            "admin_password": credentials.ODOO_ADMIN_PASSWORD,
        }
    )
    keys = odoo.shell(DATABASE, f"exec({SCRIPT.read_text()!r})\npopulate(env, {people})")
    write_atomically(_keys(layout), keys)
    postgres.query(DATABASE, "VACUUM ANALYZE")  # otherwise autovacuum would do it, and delay the first copies
    postgres.seal(DATABASE)


def api_keys(layout: Layout) -> dict[str, str]:
    """Return the API keys that every copy of the template accepts (`valid`) and refuses (`expired`)."""
    return dict(json.loads(_keys(layout).read_text()))


def _keys(layout: Layout) -> Path:
    return layout.folder / "api_keys.json"
