# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of new settings of a mail server before they go live, on a candidate: an archived record that Odoo never sends through."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.engine.model import Found, Step
from ansible_collections.postmaster.odoo.plugins.module_utils.errors import OdooError, Rejected, Timeout, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.candidates import candidate_name
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import (
    OAUTH2_METHODS,
    TOKEN_FIELDS,
    OAuth2Method,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.system_parameter import SYSTEM_PARAMETER
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.trials import (
    CanaryOrder,
    Trials,
    Verification,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.connection_test import (
    OF_TEST_RECIPIENT,
    Canary,
    fitting_sender,
    send_canary,
    test_connection,
)
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.oauth2_test import test_with_tokens

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import PlannedResource
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.mail_server import MailServer
    from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.session import Session

# Odoo's test needs a sender: from the from_filter, otherwise the address of the current user
# (docs/development/odoo-behaviour.md, Connection test).
_NO_SENDER = re.compile(r"configure an email on the current user", re.IGNORECASE)
# The sender if no other address matches: the recipient of Odoo's own test.
_ANY_SENDER = "noreply@odoo.com"
# A provider accepts a refresh token only from the client that it was issued to.
_FORMER_CLIENT = (
    "If you change the client, the stored token belongs to the former client: set oauth2.refresh_token for the new client. "
    "As an alternative, run once with verify: none, and then connect the server again."
)


@dataclass(frozen=True)
class Trial:
    """New settings for one mail server.

    :param found: the live record; None for a new server.
    :param values: the values to write to it.
    :param effective: the values that it has afterwards.
    :param new_client: the system parameters of the OAuth2 client for the login, if its id or secret change too.
    """

    key: str
    found: Found | None
    values: Mapping[str, Any] = field(repr=False)
    effective: Mapping[str, Any] = field(repr=False)
    new_client: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def method(self) -> OAuth2Method | None:
        """The OAuth2 method of the server's future login; None if it does not use OAuth2."""
        return OAUTH2_METHODS.get(self.effective["smtp_authentication"])

    @property
    def rotating_token(self) -> str:
        """The refresh token that the test may use up; empty if the provider does not rotate refresh tokens."""
        if self.method is None or not self.method.rotates:
            return ""
        return str(self.effective.get(self.method.refresh_token) or "")


@dataclass(frozen=True)
class _Promotion:
    """A candidate that passed its test and becomes the new server."""

    record_id: int
    values: Mapping[str, Any]


class ServerTrials(Trials):
    """The trials of mail servers in one run.

    :param kind: the resource type of mail servers.
    :ivar rotated: tokens that Microsoft issued during a test in place of the used ones, by the id of their record.
    """

    def __init__(self, session: Session, kind: MailServer) -> None:
        super().__init__()
        self._session = session
        self._type = kind
        self._promotions: dict[str, _Promotion] = {}
        self._verifications: dict[str, Verification] = {}
        self._canary: CanaryOrder | None = None
        self._keepers: set[int] = set()
        self._kept: dict[int, int] = {}
        self.rotated: dict[int, dict[str, Any]] = {}

    @property
    def settled(self) -> set[tuple[int, str]]:
        """Records and fields with a token that Microsoft issued in exchange for the declared one."""
        return {(record_id, name) for record_id, tokens in self.rotated.items() for name in tokens}

    def run(self, resources: Sequence[PlannedResource], steps: Sequence[Step], canary: CanaryOrder | None) -> None:
        """Test every mail server that these steps put into use."""
        self._canary = canary
        self._try_all(self._needed(resources, steps))
        failed = [one for one in self._verifications.values() if one.outcome not in ("ok", "not_tested")]
        if failed:
            self.discard()
            raise Rejected(
                " ".join(
                    f"mail server {one.key!r}: the {'canary' if one.canaries else 'connection test'} of its new settings failed ({one.outcome}), "
                    f"so they were not written: {one.message}"
                    for one in failed
                )
            )

    def promote(self, step: Step) -> int | None:
        promotion = self._promotions.pop(step.key, None) if step.action == "create" else None
        if promotion is None:
            return None
        try:
            self._session.write(self._type.model, [promotion.record_id], promotion.values)
        except (Timeout, Unreachable):  # it may be the live server already
            raise
        except OdooError:
            self._promotions[step.key] = promotion
            raise
        return promotion.record_id

    def adjusted(self, step: Step) -> Step:
        rotated = self.rotated.get(step.record_id or 0, {})
        return replace(step, values={**step.values, **rotated})

    def verifications(
        self, resources: Sequence[PlannedResource], steps: Sequence[Step], *, read_only: bool
    ) -> list[Verification]:
        found = dict(self._verifications)
        if read_only:
            for trial in self._needed(resources, steps):
                found[trial.key] = Verification(trial.key, "not_tested", "Not tested: check mode only reads.")
        for resource in resources:
            if resource.declaration.state != "absent" and self._type.is_connected(resource) is False:
                key = resource.declaration.key
                message = "Not tested: it is not connected yet, so it could not log in."
                found[key] = Verification(key, "not_tested", message)
        return list(found.values())

    def discard(self) -> None:
        """Remove the copies that did not become records. Keep those with a token that is stored nowhere else: the next run uses it."""
        for promotion in self._promotions.values():
            self._discard(promotion.record_id)
        self._promotions.clear()

    def done(self, step: Step) -> None:
        candidate_id = self._kept.pop(step.record_id or 0, None)
        if candidate_id is not None:
            self._session.remove(self._type.model, [candidate_id])

    def _discard(self, candidate_id: int) -> None:
        if candidate_id not in self._keepers:
            self._session.remove(self._type.model, [candidate_id])

    def _needed(self, resources: Sequence[PlannedResource], steps: Sequence[Step]) -> list[Trial]:
        """Return the trials for these steps: of changed servers, and of servers whose OAuth2 client changes."""
        changed = {
            step.key: str(step.values.get("value") or "") for step in steps if step.resource == SYSTEM_PARAMETER.name
        }
        due = set(map(id, steps))
        trials = []
        for resource in resources:
            if resource.declaration.state == "absent":
                continue
            step = resource.step if id(resource.step) in due else None
            values = step.values if step else {}
            method = self._type.oauth2_method(resource)
            keys = (method.client_id, method.client_secret) if method else ()
            new_client = {key: changed[key] for key in keys if changed.get(key)}
            effective = self._type.effective(values, resource.found)
            is_live = resource.found is not None and effective["active"]
            affected = (step and self._type.needs_test(step, resource.found)) or (new_client and is_live)
            if affected and self._type.is_connected(resource) is not False:
                trials.append(Trial(resource.declaration.key, resource.found, values, effective, new_client))
        return trials

    def _try_all(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            self.before_trial()
            verification = self._try(trial)
            if verification.outcome == "auth" and trial.new_client and trial.method and trial.found:
                verification = replace(verification, message=f"{verification.message} {_FORMER_CLIENT}")
            self._verifications[trial.key] = verification

    def _try(self, trial: Trial) -> Verification:
        candidate_id = self._create_candidate(trial)
        passed = False
        if trial.rotating_token:
            self._keepers.add(candidate_id)  # until its token is stored elsewhere, or was not replaced
        try:
            verification, lent = self._test(trial, candidate_id)
            if trial.method and trial.rotating_token:
                self._keep_rotated(trial, trial.method, candidate_id)
            if self._canary and (verification.outcome == "ok" or verification.outcome in OF_TEST_RECIPIENT):
                verification = self._send_canaries(trial, candidate_id, verification, self._canary)
            passed = verification.outcome == "ok"
        finally:
            if not passed or trial.found is not None:
                self._discard(candidate_id)
        if trial.found is None and passed:
            restored = {"from_filter": trial.values.get("from_filter", False)} if lent else {}
            live = {"name": trial.values["name"], "active": True}
            self._promotions[trial.key] = _Promotion(candidate_id, {**live, **restored})
        return verification

    def _create_candidate(self, trial: Trial) -> int:
        session = self._session
        own = {"name": candidate_name(trial.key, trial.rotating_token), "active": False}
        if trial.found is None:
            return session.create(self._type.model, [self._type.new_values(session, {**trial.values, **own})])[0]
        # A copy contains the fields of other addons. The values that were read are added, because Odoo never copies some of them. Examples are
        # tokens, and values that mail_environment computes from the name of the record.
        kept = {
            name: value
            for name, value in trial.found.values.items()
            if name in TOKEN_FIELDS or (name in self._type.options and name not in self._type.directives)
        }
        forced = trial.method.no_access_token if trial.new_client and trial.method else {}
        values = {**kept, **trial.values, **forced, **own}
        return session.copy(self._type.model, trial.found.id, self._type.new_values(session, values))

    def _test(self, trial: Trial, candidate_id: int) -> tuple[Verification, bool]:
        """Return the result of Odoo's own test, and whether the candidate had a temporary sender for it."""
        test = self._test_candidate(trial, candidate_id)
        if _NO_SENDER.search(test["message"]):
            return Verification(trial.key, **self._test_with_any_sender(trial, candidate_id)), True
        login = str(trial.effective.get("smtp_user") or "")
        if test["outcome"] == "sender_rejected" and login and fitting_sender(self._session, trial.effective) == login:
            # If only a domain is given, Odoo invents an address. A server that accepts only the login as sender must reject it.
            refused = test["message"]
            test = self._test_as(login, trial, candidate_id)
            test["message"] += (
                f" The sender was the login, {login}, because the server rejected an address that Odoo invented. ({refused})"
            )
            return Verification(trial.key, **test), True
        return Verification(trial.key, **test), False

    def _send_canaries(
        self, trial: Trial, candidate_id: int, verification: Verification, order: CanaryOrder
    ) -> Verification:
        """Send a mail from each address that must leave through the server. A connection test misses rejections after DATA."""
        values = {**trial.effective, "name": trial.key, "active": False}
        # The candidate may have a temporary sender from its test.
        self._session.write(self._type.model, [candidate_id], {"from_filter": values.get("from_filter") or False})
        secrets = self._type.secrets_of(values)
        canaries = []
        for sender in order.senders.get(trial.key) or (None,):
            self.before_trial()
            canary = Canary(order.recipient, sender)
            canaries.append(send_canary(self._session, Found(candidate_id, values), canary, secrets))
        failed = next((one for one in canaries if one["outcome"] != "ok"), None)
        if failed is None:
            senders = ", ".join(one["email_from"] for one in canaries)
            message = f"{verification.message} Sent to {order.recipient} from {senders}."
            return replace(verification, outcome="ok", message=message, canaries=canaries)
        message = f"Mail from {failed['email_from']} to {order.recipient}: {failed['message']}"
        return replace(verification, outcome=failed["outcome"], message=message, canaries=canaries)

    def _test_with_any_sender(self, trial: Trial, candidate_id: int) -> dict[str, Any]:
        """Test a server without a sender, as a user without an address (docs/development/odoo-behaviour.md, Connection test)."""
        fitting = fitting_sender(self._session, trial.effective)
        sender = fitting or _ANY_SENDER
        test = self._test_as(sender, trial, candidate_id)
        if test["outcome"] == "ok":
            test["message"] += (
                f" The sender was {sender}, because the server has no from_filter and the user has no email address."
            )
        elif test["outcome"] == "sender_rejected" and fitting is None and trial.method is None:
            words = test["message"]
            test.update(
                outcome="ok",
                message="Connected, encrypted and logged in as declared. The sender could not be tested, because the server has no from_filter and the "
                f"user has no email address: set one of them. ({words})",
            )
            self.warnings.append(f"mail server {trial.key!r}: {test['message']}")
        return test

    def _test_as(self, sender: str, trial: Trial, candidate_id: int) -> dict[str, Any]:
        self._session.write(self._type.model, [candidate_id], {"from_filter": sender})
        return self._test_candidate(trial, candidate_id)

    def _test_candidate(self, trial: Trial, candidate_id: int) -> dict[str, Any]:
        test = None
        if trial.method:
            live_id = trial.found.id if trial.found else None
            tokens = trial.method.current_tokens
            test = partial(test_with_tokens, self._session, candidate_id, live_id, tokens, trial.new_client)
        secrets = self._type.secrets_of(trial.effective)
        return test_connection(self._session, candidate_id, trial.effective, secrets, test)

    def _keep_rotated(self, trial: Trial, method: OAuth2Method, candidate_id: int) -> None:
        """Store the tokens from the test, because the used one may be invalid from now on."""
        names = list(method.current_tokens)
        tokens = self._session.call(self._type.model, "read", [candidate_id], fields=names)[0]
        if tokens[method.refresh_token] == trial.rotating_token:
            self._keepers.discard(candidate_id)
            return
        rotated = {name: tokens[name] for name in names}
        self.rotated[trial.found.id if trial.found else candidate_id] = rotated
        if trial.found and method.refresh_token in trial.values:
            self._kept[trial.found.id] = candidate_id
        elif trial.found:
            self._keepers.discard(candidate_id)  # the live server already has the new token
