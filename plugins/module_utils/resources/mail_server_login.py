# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The login of a mail server: passwords, certificates and OAuth2, and the requirements of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, OdooError
from ansible_collections.postmaster.odoo.plugins.module_utils.resources.oauth2 import (
    OAUTH2_METHODS,
    TOKEN_FIELDS,
    OAuth2Method,
)

if TYPE_CHECKING:
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.context import PlanContext
    from ansible_collections.postmaster.odoo.plugins.module_utils.resources.resource_type import Declaration

# The login is checked only if one of these options is declared.
LOGIN_OPTIONS = frozenset(
    {
        "smtp_authentication",
        "smtp_encryption",
        "smtp_user",
        "smtp_pass",
        "smtp_ssl_certificate",
        "smtp_ssl_private_key",
        "oauth2",
    }
)
CERTIFICATE_FIELDS = ("smtp_ssl_certificate", "smtp_ssl_private_key")


def login_refusals(context: PlanContext, expected: Mapping[str, Any]) -> Iterator[OdooError]:
    """Yield the reasons why a mail server could not log in.

    :param expected: the values that the mail server will have.
    """
    declaration, found = context.declaration, context.found
    if not LOGIN_OPTIONS & declaration.options.keys():
        return
    # The declared values count, even if the instance rejected them.
    effective = {**expected, **_given(declaration, "smtp_authentication", "smtp_encryption")}
    method = OAUTH2_METHODS.get(effective["smtp_authentication"])
    if method is not None:
        yield from _oauth2_refusals(method, context, effective)
    elif effective["smtp_authentication"] == "certificate":
        for name in CERTIFICATE_FIELDS:
            if not effective.get(name) and (found is None or name in found.values):
                yield Invalid(f"smtp_authentication certificate needs {name}: set it to a PEM file or its content")
        if effective["smtp_encryption"] == "none":
            yield Invalid("smtp_authentication certificate needs TLS: set smtp_encryption to another value than none")
    elif effective["smtp_authentication"] == "login":
        yield from map(Invalid, password_problems(effective))


def password_problems(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the reasons why no SMTP server can accept a user and a password. The messages contain neither of them.

    `smtplib` encodes both as ASCII. Odoo converts only the domain of `smtp_user` (docs/development/odoo-behaviour.md, Mail server fields).
    """
    user, password = (str(values.get(name) or "") for name in ("smtp_user", "smtp_pass"))
    local_part = user.rpartition("@")[0] or user
    stops = "Odoo cannot send these, and its queue stops at the first mail of this server"
    if not local_part.isascii():
        yield f"smtp_user contains non-ASCII characters before its @: {stops}. Use a user name of ASCII characters"
    if not password.isascii():
        yield f"smtp_pass contains non-ASCII characters: {stops}. Set a password of ASCII characters at the provider"
    if password != password.rstrip("\r\n"):
        yield "smtp_pass ends with a line break, which a password cannot contain: remove it"


def keep_secrets(wanted: dict[str, Any], declaration: Declaration, stored: Mapping[str, Any]) -> None:
    """Remove the secrets that must not be overwritten, and add the resets that belong to a new token."""
    if declaration.options.get("update_secrets") == "on_create":
        for name in ("smtp_pass", *CERTIFICATE_FIELDS):
            if stored.get(name):
                wanted.pop(name, None)
    method = OAUTH2_METHODS.get(declaration.options.get("smtp_authentication", ""))
    if method is None or method.refresh_token not in wanted:
        return
    # Microsoft issues a new refresh token at each use, and Odoo stores it. So the declared token is soon outdated.
    update = oauth2_options(declaration).get("update") or ("if_missing" if method.rotates else "always")
    token = stored.get(method.refresh_token)
    if token and update == "if_missing":
        del wanted[method.refresh_token]
    elif stored and token != wanted[method.refresh_token]:
        wanted.update(method.no_access_token)


def clear_other_logins(wanted: dict[str, Any], stored: Mapping[str, Any]) -> None:
    """Clear the secrets of other logins: the password with OAuth2, and tokens without it."""
    if "smtp_authentication" not in wanted:
        return
    method = OAUTH2_METHODS.get(wanted["smtp_authentication"])
    if method and stored.get("smtp_pass"):
        wanted.setdefault("smtp_pass", False)
    for name in TOKEN_FIELDS.difference(method.tokens if method else ()):
        if stored.get(name):
            wanted[name] = 0 if name.endswith("_expiration") else False


def former_tokens(values: dict[str, Any], declaration: Declaration, stored: Mapping[str, Any]) -> list[str]:
    """Remove former tokens that Odoo has since replaced, and return warnings.

    Odoo replaces access tokens about every hour. If the provider rotates refresh tokens, Odoo replaces these too.
    """
    warnings = []
    for method in OAUTH2_METHODS.values():
        former, current = values.get(method.refresh_token), stored.get(method.refresh_token)
        is_rotated = bool(method.rotates and former and current and former != current)
        if is_rotated:
            warnings.append(
                f"{declaration.label} keeps its current {method.label} token: {method.label} issues a new one at each use, so the former one may be invalid."
            )
        if former == current or is_rotated or method.refresh_token not in values:
            for name in method.tokens:
                values.pop(name, None)
    return warnings


def _oauth2_refusals(method: OAuth2Method, context: PlanContext, effective: Mapping[str, Any]) -> Iterator[OdooError]:
    declaration, fields = context.declaration, context.fields
    needs = f"smtp_authentication {method.authentication} needs"
    if effective["smtp_encryption"] != "starttls":
        yield Invalid(f"{needs} smtp_encryption starttls, not {effective['smtp_encryption']}")
    if not effective.get("smtp_user"):
        yield Invalid(f"{needs} smtp_user: set it to the address of the {method.label} account")
    if effective.get("smtp_pass"):
        yield Invalid(f"smtp_authentication {method.authentication} cannot be used with smtp_pass: remove smtp_pass")
    if not {"smtp_authentication", "oauth2"} & declaration.options.keys():
        return
    missing = [key for key in (method.client_id, method.client_secret) if not context.instance.parameters.get(key)]
    if missing and not (method.has_iap(fields) and len(missing) == 2):
        yield Invalid(
            f"{needs} oauth2.client_id and oauth2.client_secret, or the system parameter{'s' if len(missing) > 1 else ''} "
            f"{' and '.join(missing)}"
        )


def oauth2_options(declaration: Declaration) -> Mapping[str, Any]:
    options: Mapping[str, Any] = declaration.options.get("oauth2") or {}
    return options


def _given(declaration: Declaration, *names: str) -> dict[str, Any]:
    return {name: declaration.options[name] for name in names if declaration.options.get(name)}
