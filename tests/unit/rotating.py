# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task of the module `api_key` does, on a simulated instance and with a vault file in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta

from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.rotation import (
    Access,
    Rotation,
    WantedKey,
    clean_up,
    plan_rotation,
    rotate,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import AuthenticationFailed
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.api_keys import owner_of
from ansible_collections.postmaster.odoo.tests.unit.simulated_odoo.odoo import SimulatedOdoo

ANSIBLE = WantedKey("Ansible", 90, 30)
FORCED = WantedKey("Ansible", 90, 30, force=True)
FORCED_AT_ONCE = WantedKey("Ansible", 90, 30, force=True, keep_former=False)
SETTLED = timedelta(hours=13)


class Store:
    """A secret in memory."""

    place = "vault.yml (variable vault_key)"

    def __init__(self, secret: str | None = None, note: str = "") -> None:
        self.secret = secret
        self.note = note

    def copy(self) -> Store:
        """Return what a fresh checkout of this moment contains."""
        return Store(self.secret, self.note)

    def read(self) -> str | None:
        return self.secret

    def read_note(self) -> str:
        return self.note

    def write(self, secret: str, note: str) -> None:
        self.secret, self.note = secret, note

    @contextmanager
    def locked(self, _seconds: float) -> Iterator[None]:
        yield


def log_in(odoo: SimulatedOdoo, secret: str, session: Session | None = None) -> Session:
    """Return a session with a key."""
    if owner_of(odoo, secret) is None:
        raise AuthenticationFailed("Odoo rejected the api_key.")
    return session or odoo.session()


def access(odoo: SimulatedOdoo, session: Session | None = None, seen: list[str] | None = None) -> Access:
    own = session or odoo.session()
    protect = seen.append if seen is not None else lambda _secret: None
    return Access(own, odoo.password, lambda: nullcontext(own), lambda secret: log_in(odoo, secret, session), protect)


def run(odoo: SimulatedOdoo, store: Store, wanted: WantedKey = ANSIBLE, session: Session | None = None) -> Rotation:
    """Do what a task does."""
    reach = access(odoo, session)
    plan = plan_rotation(reach, wanted, store)
    if plan.reason:
        return rotate(reach, wanted, store, plan)
    if plan.revoked:
        clean_up(reach, plan)
    return plan


def names(odoo: SimulatedOdoo) -> list[str]:
    return [row["name"] for row in odoo.records.tables["res.users.apikeys"].values()]
