# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a server says stays text, and the page can reach nobody."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

import pytest
from selenium.webdriver import Chrome

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.page_assembly import modules_in_order
from browser import Page
from reports import fleet

HOSTILE = [
    "</script><script>window.broken = 1</script>",
    "<!--<script>",
    "]]><!-- --!>",
    "<img src=x onerror='window.broken = 1'>",
    '"><svg onload=window.broken=1>',
    "javascript:window.broken=1",
    "\u2028window.broken=1\u2029",
    "@REPORT@ @POLICY@ ${window.broken=1} {{ 7 * 7 }}",
    "__proto__",
    "constructor",
    "&lt;b&gt; &amp;",
    "\x00\x1b[31m\x7f",
    "\u202egnp.exe",
]


def hostile(text: str) -> dict:
    """A report in which everything that comes from somewhere else is the given text."""
    report = fleet(3)
    report["run"] |= {"playbook": text, "limit": text, "tags": [text]}
    report["baseline"]["file"] = text
    for problem in report["baseline"]["problems"]:
        problem.update(dict.fromkeys(("instance", "resource", "key", "field", "reason", "owner"), text))
    drifted, _clean, failed = report["instances"]
    accepted = {"reason": text, "owner": text, "expires": "2027-01-31"}
    difference = {
        "field": text,
        "before": text,
        "after": f"{text}\n{text}",
        "status": "drifted",
        "since": report["generated"],
    }
    drifted |= {
        "instance": text,
        "resources": [
            {"resource": text, "key": text, "status": "drifted", "action": text, "differences": [difference]},
            {
                "resource": "cron",
                "key": text,
                "status": "accepted",
                "action": "update",
                "differences": [{**difference, "after": "x", "status": "accepted", "accepted": accepted}],
            },
            {
                "resource": "mail_server",
                "key": text,
                "status": "drifted",
                "action": "create",
                "differences": [{**difference, "before": None, "after": text, "expired": accepted}],
            },
        ],
    }
    failed |= {
        "status": "failed",
        "resources": [],
        "errors": [{"task": text, "kind": text, "message": text}],
        "warnings": [text],
    }
    report["verdict"]["instances"] |= {"failed": 1, "clean": 1}
    return report


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_text(show: Callable[..., Page], text: str) -> None:
    page = show(hostile(text))
    elements = page.run("return document.querySelectorAll('script, img, iframe, object, embed, base, meta').length")
    page.cell(text, "").click()
    details = page.run("return document.getElementById('details').textContent")
    assert text.replace("\x00", "\x00") in details
    page.click("[data-view=differences]")
    assert text in page.run("return document.getElementById('differences').textContent")
    page.click("#baseline")
    assert text in page.run("return document.getElementById('details').textContent")
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert text in page.run("return document.getElementById('paper').textContent")
    assert page.run("return window.broken") is None
    assert (
        page.run("return document.querySelectorAll('script, img, iframe, object, embed, base, meta').length")
        == elements
    )
    assert page.run("return JSON.parse(document.getElementById('report').textContent)") == page.report


@pytest.mark.parametrize("text", HOSTILE[:4])
def test_a_hostile_address_stays_text(show: Callable[..., Page], text: str) -> None:
    page = show(3)
    page.run(
        "location.hash = new URLSearchParams({q: arguments[0], status: arguments[0], instance: arguments[0], resource: arguments[0], key: arguments[0]})",
        text,
    )
    page.until(lambda: page.find("#search").get_attribute("value") == text)
    assert page.run("return window.broken") is None


# What would reach a server at {address}, or run what the page did not come with.
ATTEMPTS = {
    "fetch": "await fetch('http://{address}/')",
    "picture": "const it = new Image(); it.src = 'http://{address}/x.png'; await new Promise((good, bad) => (it.onload = good, it.onerror = bad))",
    "socket": "const it = new WebSocket('ws://{address}/'); await new Promise((good, bad) => (it.onopen = good, it.onerror = bad))",
    "style": "const it = document.createElement('style'); it.textContent = '@import url(http://{address}/)'; document.head.append(it); throw 1",
    "frame": "const it = document.createElement('iframe'); it.src = 'http://{address}/'; document.body.append(it); throw 1",
    "form": "const it = document.createElement('form'); it.action = 'http://{address}/'; document.body.append(it); it.submit(); throw 1",
    "script": "const it = document.createElement('script'); it.textContent = 'window.broken = 1'; document.body.append(it)",
    "handler": "document.body.setAttribute('onclick', 'window.broken = 1'); document.body.click()",
    "markup": "document.body.innerHTML = '<b>'",
}


def said_to(server: socket.socket) -> bytes:
    """What a server has been told. Chromium may ring before its policy is asked, but then it says nothing."""
    server.settimeout(0.5)
    try:
        with server.accept()[0] as call:
            call.settimeout(0.5)
            return call.recv(1024)
    except TimeoutError:
        return b""


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_policy_refuses_what_a_page_might_try(show: Callable[..., Page], attempt: str) -> None:
    page = show(3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = ATTEMPTS[attempt].replace("{address}", f"127.0.0.1:{server.getsockname()[1]}")
        outcome = page.driver.execute_async_script(
            f"const done = arguments[0]; (async () => {{ {script} }})().then(() => done('allowed'), () => done('refused'))"
        )
        page.settle()
        assert said_to(server) == b""
    assert outcome == "refused"
    assert page.run("return window.broken") is None
    refusals = [complaint["message"] for complaint in page.complaints()]
    assert refusals != []
    assert all(
        "Content Security Policy" in refusal or "This document requires 'Trusted" in refusal for refusal in refusals
    )


def test_no_name_of_a_module_hides_a_global_object_of_the_browser(driver: Chrome) -> None:
    """The modules share one scope. A name such as `history` in one of them would replace the browser's in all."""
    driver.get("about:blank")
    names = [
        name
        for text in modules_in_order().values()
        for name in re.findall(r"^(?:export )?(?:const|let|function|class) (\w+)", text, re.MULTILINE)
    ]
    assert "pageState" in names
    assert driver.execute_script("return arguments[0].filter((name) => name in window)", [*names, "history"]) == [
        "history"
    ]
