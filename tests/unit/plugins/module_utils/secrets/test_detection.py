# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Masks have one length, and show only whether there is a value."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.detection import holds_secret, secrets_in
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK, masked
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_secrets
from ansible_collections.postmaster.odoo.tests.unit.hostile.encodings import SECRETS


@given(st.text(min_size=1) | st.binary(min_size=1) | st.integers(min_value=1))
def test_every_secret_has_the_same_mask(secret: Any) -> None:
    assert masked(secret) == MASK


@pytest.mark.parametrize("nothing", [None, False, ""])
def test_an_empty_list_of_secrets(nothing: Any) -> None:
    assert masked(nothing) is None


@pytest.mark.parametrize(
    ("arguments", "secrets"),
    [
        ({"smtp_passwd": "a"}, {"a"}),
        ({"oauth2": {"client_id": "a", "client_secret": "b", "refresh_token": "c", "update": "always"}}, {"b", "c"}),
        ({"oauth2": {"client_id": "a", "refresh": "c"}}, {"c"}),
        ({"smtp_pas": "a"}, {"a"}),
        ({"oauth2": "refresh_token c"}, {"refresh_token c"}),
        ({"oauth2": ["c"]}, {"c"}),
        ({"smtp_ssl_certificate": "-----BEGIN RSA PRIVATE KEY-----x"}, {"-----BEGIN RSA PRIVATE KEY-----x"}),
        ({"smtp_ssl_certificate": "-----BEGIN CERTIFICATE-----x"}, set()),
        ({"servers": [{"smtp_pass": "a"}, {"name": "b"}]}, {"a"}),
        ({"key": "a.client_secret", "value": "b"}, {"b"}),
        ({"url": "https://admin:b@odoo.acme.example"}, {"b"}),
        ({"proxy": "http://user:a@b/c:d@proxy.example:3128"}, {"a@b/c:d"}),
        ({"proxy": "http://user:a%40b@proxy.example:3128"}, {"a%40b", "a@b"}),
        ({"proxy": "http://made-up-token@proxy.example:3128"}, {"made-up-token"}),
        ({"proxy": "socks5://user:made-up@proxy.example"}, {"made-up"}),
        ({"proxy": "//user:made-up@proxy.example"}, {"made-up"}),
        ({"proxy": "http:/user:made-up@proxy.example"}, {"made-up"}),
        ({"proxy": "http://user:made-up"}, {"made-up"}),
        ({"proxy": "user:made-up"}, {"made-up"}),
        ({"proxy": "http://user:made%20up%40proxy.example"}, {"made%20up%40proxy.example", "made up@proxy.example"}),
        ({"url": "http://odoo.acme.example:8069/base"}, set()),
        ({"url": "http://odoo.acme.example/?db=acme&token=b&x=made-up"}, {"db=acme&token=b&x=made-up", "b", "made-up"}),
        ({"url": "http://odoo.acme.example/#made%20up"}, {"made%20up"}),
        ({"proxy": "http://proxy.example?made-up"}, {"made-up"}),
        ({"proxy": ["made-up", {"in": [{"made-up-name": "b"}]}]}, {"made-up", "made-up-name", "b"}),
        ({"proxy": {"a": "made-up"}}, {"made-up"}),
        ({"proxy": '["made-up"]'}, {"made-up"}),
        ({"proxy": None, "url": ""}, set()),
        ({"url": "http://[::1]:8069"}, set()),
        ({"url": "odoo.acme.example:8069"}, set()),
        ({"parameters": {"x": "https://hook.example/?token=a", "y": "b"}}, {"https://hook.example/?token=a"}),
        ({"crons": [{"name": "x", "code": "token = 'a'"}]}, {"token = 'a'"}),
    ],
)
def test_secrets_are_recognized_by_their_place(arguments: Any, secrets: set[str]) -> None:
    assert set(secrets_in(arguments)) == secrets


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (
            "/token?refresh_token=1//made%2Fup&db_uuid=7 (Caused by x)",
            f"/token?refresh_token={MASK}&db_uuid=7 (Caused by x)",
        ),
        ("url: '/?client_secret=a' and Access_Token=b", f"url: '/?client_secret={MASK}' and Access_Token={MASK}"),
        ("(535, b'5.7.8 Authentication failed')", "(535, b'5.7.8 Authentication failed')"),
        ("FATAL: postgresql://odoo:a@b.example/x", f"FATAL: postgresql://odoo:{MASK}@b.example/x"),
        (
            'violates check constraint "acme"\nDETAIL:  Failing row contains (1, smtp.acme.example, (a), \nb).\n',
            f'violates check constraint "acme"\nDETAIL:  Failing row contains ({MASK})',
        ),
    ],
)
def test_secrets_in_texts_of_others(words: str, shown: str) -> None:
    assert without_secrets(words) == shown


def test_known_secrets_in_texts_of_others() -> None:
    words = "Sender address rejected: not owned by user made-up-token, made-up"
    shown = f"Sender address rejected: not owned by user {MASK}, {MASK}"
    assert without_secrets(words, {"made-up", "made-up-token"}) == shown


@given(st.text(min_size=1), st.text(), st.text())
def test_a_secret_is_not_shown_in_base64(secret: str, before: str, after: str) -> None:
    for login in (secret, f"\0someone\0{secret}"):
        encoded = b64encode(login.encode()).decode()
        shown = without_secrets(f"{before} {encoded} {after}", {secret})
        assert encoded not in shown.replace(before, "", 1)


@pytest.mark.parametrize("secret", ["p", "-p", "p-", "%", "not", "\\d"])
def test_a_short_secret_is_not_a_part_of_a_word(secret: str) -> None:
    words = "An option is not supported"
    assert without_secrets(f"{words}: {secret}.", {secret}).startswith(
        words.replace(" not ", f" {MASK if secret == 'not' else 'not'} ")
    )
    assert without_secrets(f"{words}: {secret}.", {secret}).endswith(f": {MASK}.")


@pytest.mark.parametrize(
    "text",
    [
        "https://hook.example/?client_secret=made-up",
        "https://hook.example/?access_token=made-up",
        "https://hook.example/?a=b&api_key=made-up",
        "https://madeup@hook.example",
        "https://user:made/up@hook.example",
        "smtp://user:made-up@relay.example:25",
        "user:made-up@relay.example:25",
        "server.login('user', 'made-up')",
        "requests.get(url, auth=('user', 'made-up'))",
        "kw.get('password', 'made-up')",
        "env['ir.config_parameter'].set_param('x.api_key', 'made-up')",
        "password: str = 'made-up'",
        'password = """made-up"""',
        "password = b'made-up'",
        "headers = {'Authorization': 'Bearer made-up'}",
        "headers = {'Authorization': 'Basic bWFkZS11cA=='}",
        "Authorization: Basic bWFkZS11cA==",
        "config['smtp_password'] = 'made-up'",
        '{"smtp_password": "made-up"}',
        "send(host, api_key='made-up')",
        "api_key=made-up",
        "host=a\npassword=made-up\n",
        "secret_key = 'made-up'",
        'password = """\n  made-up\n"""',
        "server.login('user', '''made-up''')",
        "requests.get(url, auth=HTTPBasicAuth('user', 'made-up'))",
        "requests.get(url, auth=HTTPDigestAuth('user', password='made-up'))",
        "headers = {'X-Api-Key': 'made-up'}",
        "headers['X-Auth-Token'] = 'made-up'",
        "headers = {'Authorization': 'Token made-up'}",
        "headers = {'Authorization': 'made-up'}",
        "Authorization: Token made-up",
        "X-Api-Key: made-up-1",
        "api_token: made-up-1",
        "password = str('made-up')",
        "headers['X-Auth'] = 'made-up'",
        '{"auth": ["user", "made-up"]}',
        "curl -u user:made-up https://hook.example",
        "curl --user user:made-up https://hook.example",
        "x = 'Token 0123456789abcdef'",
        "-----BEGIN PRIVATE KEY-----\nmade-up",
    ],
)
def test_texts_that_contain_a_secret(text: str) -> None:
    assert holds_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "records.sorted(key=lambda one: one.id)",
        "sort_key = 'date'",
        "primary_key='id', foreign_key='partner_id'",
        "groupby(records, key='name')",
        "https://hook.example:8069/a@b",
        "https://hook.example:8069/a@b.example",
        "mailto:someone@acme.example",
        "name = 'Basic settings'",
        "basic mail-templates",
        "https://hook.example/web?db=acme&reset_password=1",
        "mail.example.com:25",
        "someone@acme.example",
        "Some One <someone@acme.example>, other@acme.example",
        "password = env['ir.config_parameter'].get_param('x')",
        "token = record.access_token",
        "password = ''",
        "token: str",
        "password: a word of the user",
        "password = str(record.name)",
        "auth = (user, record.name)",
        "tar -u archive.tar",
        "{'token_expiration': '5'}",
        "basic information about the mail",
        "record.login('user')",
        "model._process_queue(auto_commit=True)",
        "state = 'exception'",
        "code = 'x'",
        "raise UserError('Token expired')",
        "authorization = record.authorization",
        "headers = {'Content-Type': 'application/json', 'X-Request-Id': 'made-up'}",
        "'Authorization is required'",
    ],
)
def test_texts_without_a_secret(text: str) -> None:
    assert not holds_secret(text)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("code", ["token = {!r}", "connect(password={!r})", "values = {{'api_key': {!r}}}"])
def test_code_may_contain_a_secret_of_any_shape(code: str, secret: str) -> None:
    assert holds_secret(code.format(secret))


@given(st.text())
def test_any_text_can_be_examined(text: str) -> None:
    assert holds_secret(text) in (True, False)


@pytest.mark.parametrize("secret", [secret for secret in SECRETS if "@" not in secret])
@pytest.mark.parametrize("host", ["", "@odoo.acme.example", "@127.0.0.1:1"])
@pytest.mark.parametrize("option", ["url", "proxy"])
def test_a_login_in_a_url_is_a_secret_with_and_without_its_host(option: str, host: str, secret: str) -> None:
    assert secret in set(secrets_in({option: f"http://me:{secret}{host}"}))


@pytest.mark.parametrize("address", ["", "/", "/web", "?db=acme", "#menu"])
@pytest.mark.parametrize("port", ["", ":1", ":8069", ":65535"])
def test_the_port_of_a_url_is_not_a_secret(port: str, address: str) -> None:
    found = set(secrets_in({"url": f"http://odoo.acme.example{port}{address}"}))
    assert not {secret for secret in found if secret[:1].isdigit()}
