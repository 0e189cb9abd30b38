# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTTP connection: one while the server keeps it, every failure in one clear sentence."""

from __future__ import annotations

import datetime
import os
import re
import socket
import threading
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid, OdooError, Timeout, Unreachable
from ansible_collections.postmaster.odoo.plugins.module_utils.rpc.http import HttpConnection
from ansible_collections.postmaster.odoo.tests.unit.certificates import issue, server_context
from ansible_collections.postmaster.odoo.tests.unit.local_server import (
    Answer,
    LocalServer,
    asked,
    closed_port,
    http_to,
    listening,
    serving,
)

SECRET = "correct-horse"
KEPT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(autouse=True)
def _no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with serving() as local:
        local.answer = lambda request: Answer(request.target.encode())
        yield local


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, and its key."""
    return issue().write_to(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[LocalServer]:
    with serving(server_context(certificate)) as local:
        local.answer = lambda request: Answer(request.target.encode())
        yield local


def unanswered(kind: type[OdooError], http: HttpConnection) -> str:
    with pytest.raises(kind) as caught:
        asked(http)
    return caught.value.message


# One connection


def test_one_connection_for_many_requests(server: LocalServer) -> None:
    http = http_to(server, "/base/")
    assert [asked(http, f"/{number}") for number in range(3)] == [b"/base/0", b"/base/1", b"/base/2"]
    assert server.connections == 1
    assert (http.requests, http.connections) == (3, 1)


def test_a_server_that_closes_after_each_answer(server: LocalServer) -> None:
    server.answer = lambda _request: Answer(b"ok", headers=(("Connection", "close"),))
    http = http_to(server)
    assert [asked(http), asked(http)] == [b"ok", b"ok"]
    assert server.connections == len(server.requests) == 2


def test_a_server_that_hung_up_meanwhile_gets_no_request_twice() -> None:
    received: list[bytes] = []
    hung_up = threading.Event()

    def answer_once(connection: socket.socket) -> None:
        received.append(connection.recv(65536))
        connection.sendall(KEPT)
        connection.close()
        hung_up.set()

    with listening(answer_once) as url:
        http = HttpConnection(url, proxy="")
        for path in ("/first", "/second", "/third"):
            assert asked(http, path, b"{}") == b"ok"
            assert hung_up.wait(10)
            hung_up.clear()
    assert [request.split()[1] for request in received] == [b"/first", b"/second", b"/third"]
    assert http.connections == 3


def test_a_server_that_dies_on_a_request_is_not_asked_again() -> None:
    received: list[bytes] = []

    def read_and_close(connection: socket.socket) -> None:
        received.append(connection.recv(65536))

    with listening(read_and_close) as url:
        assert "cannot be reached" in unanswered(Unreachable, HttpConnection(url, proxy=""))
    assert len(received) == 1


def test_it_connects_anew_after_an_error(server: LocalServer) -> None:
    http = http_to(server)
    server.answer = lambda _request: Answer(status=302, headers=(("Location", "https://odoo.acme.example/"),))
    unanswered(Unreachable, http)
    server.answer = lambda _request: Answer(b"ok")
    assert asked(http) == b"ok"


def test_patience_lasts_as_long_as_it_is_asked_for(server: LocalServer) -> None:
    def timeout(http: HttpConnection) -> Any:
        asked(http)
        assert http._connection is not None
        return http._connection.timeout

    http = http_to(server, timeout=5)
    assert timeout(http) == 5
    with http.patience(300):
        assert timeout(http) == 300
    assert timeout(http) == 5
    with http.patience(1):
        assert timeout(http) == 5


def now() -> datetime.datetime:
    """The moment, to the second."""
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def test_the_servers_clock(server: LocalServer) -> None:
    http = http_to(server)
    asked(http)
    assert http.server_time is None
    moment = now() - datetime.timedelta(hours=23)
    server.answer = lambda _request: Answer(headers=(("Date", format_datetime(moment, usegmt=True)),))
    asked(http)
    assert http.server_time == moment


@pytest.mark.parametrize("days", [-9000, -2, 2, 9000])
def test_a_clock_that_is_wrong_is_an_error_that_names_both(server: LocalServer, days: int) -> None:
    http = http_to(server)
    moment = now() + datetime.timedelta(days=days)
    server.answer = lambda _request: Answer(b"ok", headers=(("Date", format_datetime(moment, usegmt=True)),))
    assert asked(http) == b"ok", "of no concern to a call that does not look at the clock"
    with pytest.raises(Invalid, match="Correct the clock that is wrong") as raised:
        _time = http.server_time
    for clock in (moment, now()):
        assert f"{clock:%Y-%m-%d}" in raised.value.message


@pytest.mark.parametrize(
    "date",
    [
        "soon",
        "0",
        "Thu, 99 Jan 2026 12:00:00 GMT",
        "Mon, 01 Jan 1900 00:00:00 +1400",
        "Fri, 31 Dec 9999 23:59:59 -1400",
        "Thu, 15 Jan 2026 12:00:00 +99999999999",
        "Thu, 15 Jan 99999999999999999999 12:00:00 GMT",
    ],
)
def test_a_clock_that_cannot_be_read_is_no_clock(server: LocalServer, date: str) -> None:
    server.answer = lambda _request: Answer(b"ok", headers=(("Date", date),))
    http = http_to(server)
    assert asked(http) == b"ok"
    assert http.server_time is None


def test_a_clock_without_a_zone_is_in_utc(server: LocalServer) -> None:
    moment = now()
    server.answer = lambda _request: Answer(b"ok", headers=(("Date", f"{moment:%a, %d %b %Y %H:%M:%S} -0000"),))
    http = http_to(server)
    asked(http)
    assert http.server_time == moment


# What goes wrong


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(server: LocalServer, status: int) -> None:
    server.answer = lambda _request: Answer(status=status, headers=(("Location", "https://odoo.acme.example/"),))
    text = unanswered(Unreachable, http_to(server))
    assert text == (f"{server.url} redirects to https://odoo.acme.example/: set url to Odoo's final address.")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "bytes_sent", [b"220 smtp.acme.example ESMTP\r\n", b"\x15\x03\x01\x00\x02\x02", b"HTTP/1.1 \r\n"]
)
def test_what_does_not_speak_http(bytes_sent: bytes) -> None:
    def greet(connection: socket.socket) -> None:
        connection.sendall(bytes_sent)
        connection.recv(65536)

    with listening(greet) as url:
        assert "does not answer in HTTP" in unanswered(Unreachable, HttpConnection(url, proxy=""))


def test_an_answer_that_ends_in_the_middle() -> None:
    def half(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    with listening(half) as url:
        assert "does not answer in HTTP (IncompleteRead)" in unanswered(Unreachable, HttpConnection(url, proxy=""))


def test_silence_is_a_timeout() -> None:
    done = threading.Event()
    with listening(lambda _connection: done.wait(10) and None) as url:
        text = unanswered(Timeout, HttpConnection(url, timeout=0.1, proxy=""))
        done.set()
    assert text == f"Odoo at {url} did not answer within 0.1 s: check url, or raise timeout."


def test_a_closed_port() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    assert unanswered(Unreachable, HttpConnection(url, proxy="")) == (
        f"Odoo at {url}: connection refused. Check the port of url, and that Odoo runs."
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the host name cannot be resolved"),
        (OSError(113, "No route to host"), "cannot be reached ([Errno 113] No route to host)"),
    ],
)
def test_no_way_to_the_host(monkeypatch: pytest.MonkeyPatch, error: OSError, words: str) -> None:
    def fail(*_how: Any, **_more: Any) -> Any:
        raise error

    monkeypatch.setattr(socket, "create_connection", fail)
    assert words in unanswered(Unreachable, HttpConnection("http://odoo.acme.example", proxy=""))


@pytest.mark.parametrize(
    ("problem", "url"),
    [
        *(
            ("is not a valid URL (expected, for example, https://odoo.example.com", url)
            for url in (
                "odoo.acme.example",
                "localhost:8069",
                "ftp://odoo.acme.example",
                "http://",
                "http://odoo.acme.example:99999",
                "http://odoo.acme.example:port",
                "http://[::1",
            )
        ),
        *(
            ("contains a blank, a control character or", url)
            for url in (
                "http://odoo .example",
                " http://odoo.example",
                "http://odoo.example\n",
                "http://ödoo.example",
            )
        ),
    ],
)
@pytest.mark.parametrize("option", ["url", "proxy"])
def test_an_error_names_a_url_that_is_none(option: str, problem: str, url: str) -> None:
    options = {"url": "http://odoo.acme.example", "proxy": "", option: url}
    with pytest.raises(Invalid) as caught:
        HttpConnection(options["url"], proxy=options["proxy"])
    assert caught.value.message.startswith(f"{option} {url!r} {problem}")


@pytest.mark.parametrize(
    "url", [f"https://admin:{SECRET}@odoo.acme.example", f"ftp://admin:{SECRET}@odoo.acme.example"]
)
def test_credentials_in_the_url_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        HttpConnection(url, proxy="")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("password", ["1234567890", "1//0g-refresh_token", "corr-ect"])
@pytest.mark.parametrize("option", ["url", "proxy"])
def test_a_login_without_a_host_does_not_show_its_password(option: str, password: str) -> None:
    options = {"url": "http://odoo.acme.example", "proxy": "", option: f"http://me:{password}"}
    with pytest.raises(Invalid) as caught:
        HttpConnection(options["url"], proxy=options["proxy"])
    assert password not in caught.value.message


@pytest.mark.parametrize(
    "password",
    ["corr@c7", "corr/ec7", "cor/re@c7", "cor@re/c7", "c:o@rr/e:c@t", "corr ec7", "corr#ec7", "corr?ec7", "c[orrec7"],
)
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_with_an_ambiguous_password_is_not_shown(scheme: str, password: str) -> None:
    with pytest.raises(Invalid) as caught:
        HttpConnection("http://odoo.acme.example", proxy=f"{scheme}user:{password}@proxy.example:3128")
    assert caught.value.message.startswith("proxy (not shown: it has a user name, or a password)")
    for part in re.split(r"\W", password):
        assert len(part) < 2 or part not in caught.value.message


@pytest.mark.parametrize("end", ["?db=acme", "#menu"])
def test_a_url_ends_before_its_query(end: str) -> None:
    with pytest.raises(Invalid, match=r"must not contain \? or #") as caught:
        HttpConnection(f"http://odoo.acme.example/web{end}", proxy="")
    assert "'http://odoo.acme.example/...'" in caught.value.message


@pytest.mark.parametrize("option", ["url", "proxy"])
@pytest.mark.parametrize(
    "url",
    [
        f"http://odoo.example:port/{SECRET}",
        f"http://odoo.example:port?token={SECRET}",
        f"http://odoo.example:0#{SECRET}",
        f"http://odoo.example/\x1b[2J{SECRET}",
        f"odoo.example/{SECRET}",
    ],
)
def test_an_error_about_a_url_shows_scheme_host_and_port_only(option: str, url: str) -> None:
    options = {"url": "http://odoo.acme.example", "proxy": "", option: url}
    with pytest.raises(Invalid) as caught:
        HttpConnection(options["url"], proxy=options["proxy"])
    assert "odoo.example" in caught.value.message
    assert SECRET not in caught.value.message


@pytest.mark.parametrize("header", [{"Authorization": f"bearer {SECRET}\n"}, {"X-Odoo-Database": "база"}])
def test_what_no_header_takes_is_an_error_that_does_not_repeat_it(server: LocalServer, header: dict[str, str]) -> None:
    with pytest.raises(OdooError) as caught:
        http_to(server).request("POST", "/x", b"", header)
    assert SECRET not in str(caught.value)


# TLS


def test_a_certificate_that_is_not_trusted(tls_server: LocalServer) -> None:
    text = unanswered(Unreachable, http_to(tls_server))
    assert "the certificate is not trusted (self" in text
    assert "Set ca_path to the certificate of its CA. For a test system you can set validate_certs to false" in text
    assert tls_server.requests == []


def test_a_ca_of_ones_own(tls_server: LocalServer, certificate: Path, tmp_path: Path) -> None:
    assert asked(http_to(tls_server, ca_path=str(certificate))) == b"/x"
    unanswered(Unreachable, http_to(tls_server, ca_path=str(tmp_path)))  # a folder without it


def test_a_certificate_for_another_host(tls_server: LocalServer, certificate: Path) -> None:
    tls_server.url = tls_server.url.replace("127.0.0.1", "localhost")
    text = unanswered(Unreachable, http_to(tls_server, ca_path=str(certificate)))
    assert "the certificate is not trusted (Hostname mismatch" in text


def test_certificates_need_not_be_checked(tls_server: LocalServer) -> None:
    assert asked(http_to(tls_server, validate_certs=False)) == b"/x"


def test_tls_against_a_plain_port(server: LocalServer) -> None:
    server.url = server.url.replace("http:", "https:")
    text = unanswered(Unreachable, http_to(server))
    assert "no TLS connection is possible" in text
    assert "Check the scheme and port of url" in text


@pytest.mark.parametrize(("content", "words"), [(None, "does not exist"), (b"no certificate", "cannot be read")])
def test_a_bad_ca_path(tls_server: LocalServer, tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "ca.pem"
    if content:
        path.write_bytes(content)
    text = unanswered(Invalid, http_to(tls_server, ca_path=str(path)))
    assert text.startswith(f"ca_path '{path}'")
    assert words in text


# Proxies


def test_a_proxy_is_given_the_whole_address(server: LocalServer) -> None:
    http = HttpConnection("http://odoo.acme.example/base", proxy=server.url.replace("//", f"//user:{SECRET}%21@"))
    asked(http)
    (request,) = server.requests
    assert request.target == "http://odoo.acme.example:80/base/x"
    assert request.headers["Host"].partition(":")[0] == "odoo.acme.example"
    assert request.headers["Proxy-Authorization"] == "Basic dXNlcjpjb3JyZWN0LWhvcnNlIQ=="


def test_a_proxy_and_an_ipv6_address(server: LocalServer) -> None:
    asked(HttpConnection("http://[2001:db8::1]:8069", proxy=server.url))
    assert server.requests[0].target == "http://[2001:db8::1]:8069/x"


def test_a_proxy_tunnels_tls(server: LocalServer, tls_server: LocalServer) -> None:
    http = http_to(tls_server, validate_certs=False, proxy=server.url.replace("//", "//user:pw@"))
    assert [asked(http), asked(http)] == [b"/x", b"/x"]
    (connect,) = server.requests
    assert (connect.method, connect.target) == ("CONNECT", tls_server.url.removeprefix("https://"))
    assert connect.headers["Proxy-Authorization"] == "Basic dXNlcjpwdw=="
    assert not any("Proxy-Authorization" in request.headers for request in tls_server.requests)
    http.close()


def test_a_proxy_that_is_not_there_is_named_without_its_password() -> None:
    port = closed_port()
    http = HttpConnection("http://odoo.acme.example", proxy=f"http://user:{SECRET}@127.0.0.1:{port}")
    text = unanswered(Unreachable, http)
    assert f"Odoo at http://odoo.acme.example through the proxy 127.0.0.1:{port}: connection refused" in text
    assert SECRET not in text


@pytest.mark.parametrize(
    ("environment", "proxy", "through_it"),
    [
        ({"http_proxy": "{url}"}, None, True),
        ({"HTTP_PROXY": "{url}"}, None, True),
        ({"https_proxy": "{url}"}, None, False),
        ({"http_proxy": "{url}"}, "", False),
        ({"http_proxy": "{url}", "no_proxy": "127.0.0.1"}, None, False),
        ({"http_proxy": "{url}", "NO_PROXY": "acme.example,127.0.0.1"}, None, False),
        ({"http_proxy": "{url}", "no_proxy": "acme.example"}, None, True),
        ({"http_proxy": "{url}", "no_proxy": "*"}, None, False),
        ({"http_proxy": "http://127.0.0.1:1"}, "{url}", True),
        ({}, None, False),
    ],
)
def test_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], proxy: str | None, through_it: bool
) -> None:
    with serving() as odoo, serving() as proxy_server:
        for name, value in environment.items():
            monkeypatch.setenv(name, value.format(url=proxy_server.url))
        asked(http_to(odoo, proxy=proxy and proxy.format(url=proxy_server.url)))
        assert (len(odoo.requests), len(proxy_server.requests)) == ((0, 1) if through_it else (1, 0))


def test_a_proxy_that_wants_tls_is_refused_before_anything_is_sent_in_clear() -> None:
    with pytest.raises(Invalid, match="proxy must be an http:// URL"):
        HttpConnection("http://localhost:8069", proxy="https://user:pw@proxy.example:3128")
