# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The replacement of an API key. Its owner always has a valid one, even if the run is interrupted.

The order is: create, log in with the new key, store it, read it back, and log in with it. The former key stays valid until a later run finds
the new one stored, because the new key is lost if its checkout is discarded. The name of the stored key is stored with it. So a run can
distinguish it from former keys and from keys of an interrupted run or a lost checkout, and revokes these.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.dialogs import create_key, revoke_keys
from ansible_collections.postmaster.odoo.plugins.module_utils.api_keys.own_keys import (
    ApiKey,
    own_user_id,
    read_own_keys,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import (
    AuthenticationFailed,
    Conflict,
    Invalid,
    OdooError,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# Odoo does not return which key a user logs in with, so each key has a unique name.
_SUFFIX_BYTES = 4
_SUFFIX = re.compile(r" [0-9a-f]{8}")
# After this time a stored key counts as permanent, because the run that created it and its checkout have ended.
_SETTLED = timedelta(hours=12)
# This number of keys is tolerated if it is unknown which one is stored. With more of them, a person must check.
_UNKNOWN = 4


class SecretStore(Protocol):
    """A place for one secret in a file that Ansible encrypts."""

    @property
    def place(self) -> str:
        """The place, for messages."""

    def read(self) -> str | None:
        """Return the stored secret, or None."""

    def read_note(self) -> str:
        """Return the note that is stored with the secret, or an empty text."""

    def write(self, secret: str, note: str) -> None:
        """Store another secret and its note in one step. A reader finds either the former or the new pair.

        :raises OdooError: it cannot be stored. The former one remains stored.
        """

    def locked(self, seconds: float) -> AbstractContextManager[None]:
        """Keep other runs from replacing the secret inside the context.

        :param seconds: the longest time to wait for another run.
        :raises OdooError: another run did not end in this time.
        """


@dataclass(frozen=True)
class WantedKey:
    """The properties of the key that a user must have.
    :param valid_days: days from its creation to its end; 0 for a key without an end.
        :param renew_days: the number of days before its end at which it is replaced.
        :param force: whether to replace it now, even if the stored secret is not valid.
        :param keep_former: whether to leave the former key valid until a later run.
        :param keep_former: leave the former key valid until a later run.
    """

    name: str
    valid_days: int
    renew_days: int
    force: bool = False
    keep_former: bool = True

    def is_own(self, key: ApiKey) -> bool:
        """Return whether a key belongs to the task. Its name shows it."""
        rest = key.name.removeprefix(self.name)
        return key.name == self.name or (key.name.startswith(self.name) and bool(_SUFFIX.fullmatch(rest)))

    def end_of(self, key: ApiKey) -> datetime | None:
        """Return the end of a key. If Odoo stores no end, the key counts as expired after `valid_days`."""
        return key.ends or (key.created + timedelta(days=self.valid_days) if self.valid_days else None)


@dataclass(frozen=True)
class Access:
    """The access to the instance.

    :param session: the session of the task.
    :param password: the password of its user.
    :param privileged: opens a session in which Odoo creates and revokes keys.
    :param log_in: opens a session with a key.
    :param protect: is called with each key before anything else is done with it.
    """

    session: Session
    password: str = field(repr=False)
    privileged: Callable[[], AbstractContextManager[Session]]
    log_in: Callable[[str], Session]
    protect: Callable[[str], None]


@dataclass(frozen=True)
class Rotation:
    """The planned or finished work.

    :param reason: the reason for a new key; empty if none is needed.
    :param former: the keys of the task before the run.
    :param revoked: the former keys to revoke.
    :param created: the name of the new key.
    :param ends: the end of the new key.
    :param secret: the new key.
    """

    reason: str
    former: Sequence[ApiKey]
    revoked: Sequence[ApiKey] = ()
    stored: str | None = field(default=None, repr=False)
    created: str = ""
    ends: datetime | None = None
    secret: str | None = field(default=None, repr=False)
    warnings: Sequence[str] = ()


def own_keys(session: Session, wanted: WantedKey) -> list[ApiKey]:
    """Return the keys of the session's user that belong to the task."""
    return [key for key in read_own_keys(session) if wanted.is_own(key)]


def plan_rotation(access: Access, wanted: WantedKey, store: SecretStore) -> Rotation:
    """Return the planned work. Nothing is changed.

    :raises Invalid: the stored secret is a key of another user, or is not valid and `force` is not set.
    """
    keys = own_keys(access.session, wanted)
    stored = store.read()
    if stored:
        access.protect(stored)
    is_valid = bool(stored) and _is_valid(access, stored or "", store)
    if stored and not is_valid and not wanted.force:
        raise Invalid(
            f"Odoo does not accept the key that is stored in {store.place}: it has expired, was revoked, or belongs to another user or another "
            "instance. Nothing was changed. Check the key, and set force to true to replace it."
        )
    valid = [key for key in keys if key.ends is None or key.ends > access.session.now]
    if not stored and valid and not wanted.force:
        raise Invalid(
            f"{store.place} contains no key, but the user has keys with this name: {_names(valid)}. Another file may contain them, or an interrupted run "
            "has left them. Nothing was changed. Choose another name, or set force to true to revoke them."
        )
    current = _current(keys, stored, store) if stored and is_valid else None
    if is_valid and keys and current is None and len(keys) > _UNKNOWN and not wanted.force:
        raise Conflict(
            f"The user has {len(keys)} keys named {wanted.name!r}, and it is unknown which of them {store.place} contains. Save that file after each "
            "change, revoke the other keys in Odoo, or set force to true."
        )
    reason = _reason(access, wanted, keys, current, is_stored=is_valid)
    revoked = _superseded(access, wanted, keys, current, is_stored=is_valid, is_replaced=bool(reason))
    lost = [key for key in revoked if current and key.id > current.id]
    warnings = [
        f"{store.place} does not contain the newest key ({_names(lost)}): an earlier run was interrupted, or its file was not saved. "
        "Save the file after each change, for example with a commit."
    ]
    return Rotation(reason, keys, revoked, stored if is_valid else None, warnings=warnings if lost else ())


def _current(keys: Sequence[ApiKey], stored: str, store: SecretStore) -> ApiKey | None:
    """Return the stored key; None if it is unknown which one it is."""
    note = store.read_note()
    named = [key for key in keys if note == _note(key.name, stored)]
    return named[0] if named else keys[0] if len(keys) == 1 else None


def _note(name: str, secret: str) -> str:
    """Return the note for a secret: the name of its key, and a digest that shows if somebody has replaced the secret."""
    return f"{name} {hashlib.sha256(secret.encode()).hexdigest()[:16]}"


def _names(keys: Sequence[ApiKey]) -> str:
    return ", ".join(repr(key.name) for key in keys)


def _reason(
    access: Access, wanted: WantedKey, keys: Sequence[ApiKey], current: ApiKey | None, *, is_stored: bool
) -> str:
    if wanted.force:
        return "force is true"
    if not is_stored:
        return "no key is stored"
    if not keys:
        return f"the user has no key named {wanted.name!r}"
    if current is None:
        return f"the user has {len(keys)} keys named {wanted.name!r}, and it is unknown which of them is stored"
    end = wanted.end_of(current)
    if end and end <= access.session.now + timedelta(days=wanted.renew_days):
        return f"the key {current.name!r} ends at {end:%Y-%m-%d %H:%M} UTC"
    return ""


def _superseded(
    access: Access,
    wanted: WantedKey,
    keys: Sequence[ApiKey],
    current: ApiKey | None,
    *,
    is_stored: bool,
    is_replaced: bool,
) -> list[ApiKey]:
    """Return the keys to revoke."""
    if is_replaced and not (is_stored and wanted.keep_former):
        return list(keys)
    if current is None:
        return []
    is_settled = not wanted.keep_former or current.created + _SETTLED <= access.session.now
    return [key for key in keys if key.id > current.id or (key.id < current.id and is_settled)]


def _is_valid(access: Access, secret: str, store: SecretStore) -> bool:
    """Return whether a secret is a valid key of the session's user.

    :raises Invalid: it is a key of another user.
    """
    try:
        with access.log_in(secret) as session:
            user_id = own_user_id(session)
    except AuthenticationFailed:
        return False
    if user_id != own_user_id(access.session):
        raise Invalid(
            f"The key that is stored in {store.place} belongs to another user (id {user_id}). Nothing was changed. Use a separate variable for each user."
        )
    return True


def rotate(access: Access, wanted: WantedKey, store: SecretStore, plan: Rotation) -> Rotation:
    """Replace the key.

    :raises OdooError: the replacement failed. The former key is still valid, unless the message says that the new one is stored.
    """
    name = f"{wanted.name} {secrets.token_hex(_SUFFIX_BYTES)}"
    ends = access.session.now + timedelta(days=wanted.valid_days) if wanted.valid_days else None
    with access.privileged() as privileged:
        secret = ""
        try:
            secret = create_key(privileged, access.password, name, ends)
            access.protect(secret)
            if not _is_valid(access, secret, store):
                raise Conflict(
                    f"Odoo does not accept the key {name!r}, although it has just created it. Run the task again."
                )
            store.write(secret, _note(name, secret))
        except OdooError as error:
            if not secret or store.read() != secret:
                _withdraw(access, privileged, name, error)
            raise
        if store.read() != secret or not _is_valid(access, secret, store):
            raise Conflict(
                f"{store.place} does not contain the new key {name!r}: another run has replaced it. No key was revoked. The next run cleans up."
            )
        with access.log_in(secret) as renewed:
            _revoke(access, privileged, renewed, plan.revoked)
    warnings = (*plan.warnings, *_warnings(access, plan, store))
    return replace(plan, created=name, ends=ends, secret=secret, warnings=warnings)


def clean_up(access: Access, plan: Rotation) -> None:
    """Revoke the keys that a plan without a new key revokes.

    :raises OdooError: revoking failed. The stored key is valid.
    """
    with access.privileged() as privileged, access.log_in(plan.stored or "") as stored:
        _revoke(access, privileged, stored, plan.revoked)


def _withdraw(access: Access, privileged: Session, name: str, error: OdooError) -> None:
    """Revoke a new key that is stored nowhere. If that fails, add it to the error."""
    try:
        left = access.session.insist(lambda: [key.id for key in read_own_keys(access.session, name)])
        if left:
            privileged.insist(lambda: revoke_keys(privileged, access.password, left))
    except OdooError as reason:
        error.message += (
            f" In addition, the new key {name!r} may still exist. The next run revokes it. ({reason.message})"
        )


def _revoke(access: Access, privileged: Session, renewed: Session, keys: Sequence[ApiKey]) -> None:
    """Revoke keys. If the answer is lost but the keys are gone, this is not an error.

    :param renewed: a session with the new key, because a session with the former key ends with it.
    """
    if not keys:
        return
    ids = [key.id for key in keys]
    try:
        revoke_keys(privileged, access.password, ids)
    except OdooError as error:
        try:
            present = {key.id for key in renewed.insist(lambda: read_own_keys(renewed))}
        except OdooError:
            present = set(ids)
        left = [key for key in keys if key.id in present]
        if not left:
            return
        error.message += (
            f" The stored key is valid. Other keys may still be valid too ({_names(left)}). The next run revokes them."
        )
        raise


def _warnings(access: Access, plan: Rotation, store: SecretStore) -> list[str]:
    """Return a warning if the user must revoke a former key, because it has another name and stays valid."""
    if plan.stored and len(plan.revoked) == len(plan.former) and _is_valid(access, plan.stored, store):
        return [
            f"The former key of {store.place} is still valid, because it has another name. Revoke it in Odoo under Preferences / Account Security."
        ]
    return []


def remove_own_keys(access: Access, keys: Sequence[ApiKey]) -> None:
    """Revoke keys of the task."""
    with access.privileged() as privileged:
        revoke_keys(privileged, access.password, [key.id for key in keys])


def as_result(key: ApiKey) -> dict[str, Any]:
    """Return a key for a task's result."""
    return {
        "id": key.id,
        "name": key.name,
        "created": key.created.isoformat(),
        "ends": key.ends.isoformat() if key.ends else None,
    }
