# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of a connection to an SMTP server, from the options of the module smtp_probe."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.settings import place, settings_of
from ansible_collections.postmaster.odoo.tests.unit.certificates import issue
from ansible_collections.postmaster.odoo.tests.unit.plugins.module_utils.smtp.probing import HOST, USER
from ansible_collections.postmaster.odoo.tests.unit.tasks import module_named


def options(**given: Any) -> dict[str, Any]:
    own = module_named("smtp_probe").SPECIFICATION.options
    return {**{name: option.get("default") for name, option in own.items()}, "host": HOST, **given}


def test_settings_of_options() -> None:
    settings = settings_of(options(port=587, encryption="starttls_strict", helo="x.example", validate_certs=False))
    assert (settings.port, settings.name, settings.enforce, settings.verified) == (587, "x.example", False, False)
    assert (settings.starttls, settings.implicit_tls) == (True, False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"host": " "}, "host is empty"),
        ({"port": 0}, "port must be from 1 to 65535, not 0"),
        ({"port": 70000}, "port must be from 1 to 65535, not 70000"),
        ({"host": "smtp://mx.example"}, "'smtp://mx.example' is not a host name or an address"),
        ({"host": "mx.example:25"}, "'mx.example:25' is not a host name or an address. Set the port"),
        ({"host": "[::1]"}, "'[::1]' is not a host name or an address"),
        ({"timeout": 0}, "timeout must be more than 0"),
        ({"timeout": float("nan")}, "timeout must be more than 0"),
        ({"timeout": 1e300}, "at most 3600 seconds, not 1e+300"),
        ({"connect_timeout": -1.5}, "connect_timeout must be more than 0 and at most 3600 seconds, not -1.5"),
        ({"sender": "a@b.example>\r\nDATA"}, "sender contains characters"),
        ({"helo": "a\nb"}, "helo contains characters"),
        ({"user": USER}, "user needs password or access_token"),
        ({"client_certificate": "x", "client_private_key": "y"}, "needs TLS, but encryption is 'none'"),
        (
            {"encryption": "ssl", "client_certificate": "x", "client_private_key": "y"},
            "client_certificate must be a text in PEM format",
        ),
        ({"encryption": "ssl", "ca_path": "/nowhere/ca.pem"}, "'/nowhere/ca.pem' does not exist"),
    ],
)
def test_invalid_options(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=r".") as caught:
        settings_of(options(**given))
    assert words in caught.value.message


def test_a_key_of_another_certificate() -> None:
    one, other = issue("one.example"), issue("other.example")
    pair = {"client_certificate": one.certificate_pem, "client_private_key": other.key_pem}
    with pytest.raises(Invalid, match="cannot be used together") as caught:
        settings_of(options(encryption="ssl", **pair))
    assert other.key_pem.splitlines()[1] not in caught.value.message


@pytest.mark.parametrize(
    ("host", "written"),
    [("mx.example", "mx.example:25"), ("192.0.2.1", "192.0.2.1:25"), ("2001:db8::1", "[2001:db8::1]:25")],
)
def test_place_of_a_server(host: str, written: str) -> None:
    assert place(host, 25) == written
