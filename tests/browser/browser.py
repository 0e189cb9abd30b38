# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real Chromium without a screen, and a page of a report in it."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.as_html import render

# The symbol of each state.
SYMBOLS = {
    "clean": "\u2713",
    "accepted": "\u2248",
    "corrected": "\u21bb",
    "drifted": "\u2260",
    "unmanaged": "+",
    "missing": "\u2212",
    "unknown": "?",
    "failed": "!",
    "unreachable": "\u00d7",
}
WORDS = {state: state for state in SYMBOLS}

PATIENCE = 60  # seconds; a busy machine is slow

# It sends no requests of its own, and needs no sandbox, which a container would forbid.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,900",
)


def program(name: str) -> str:
    """Return the path of a program.

    :raises RuntimeError: it is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise RuntimeError(f"{name} is not installed: `make browser` installs it, or says what to install")
    return path


def start(folder: Path) -> Chrome:
    """Start Debian's Chromium with a new profile."""
    options = ChromeOptions()
    options.binary_location = program("chromium")
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=ChromeService(program("chromedriver")))
    driver.set_page_load_timeout(PATIENCE)
    return driver


class Page:
    """A report's page, opened from the disk."""

    def __init__(self, driver: Chrome, report: Mapping[str, Any], file: Path, address: str = "") -> None:
        self.driver = driver
        self.report = report
        self.file = file
        file.write_text(render(report), encoding="utf-8")
        self.open(address)

    def open(self, address: str = "") -> None:
        """Open it again, as if a user followed a link."""
        self.driver.get("about:blank")
        self.driver.get(self.file.as_uri() + address)

    # Reading

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        """Return the visible text of an element, line by line."""
        text = self.run("return document.querySelector(arguments[0]).innerText", selector)
        return "\n".join(line.strip() for line in text.splitlines() if line.strip())

    def address(self) -> str:
        return self.run("return location.hash")

    def focus(self) -> dict[str, Any]:
        """Return the element that has the keyboard focus: its id, text and cell."""
        return self.run(
            """const it = document.activeElement, tr = it.closest("tr");
            return {id: it.id, text: it.innerText, label: it.getAttribute("aria-label"), cell: it.cellIndex ?? null,
                    instance: tr && tr.row ? tr.row.name : null}"""
        )

    def matrix(self) -> dict[str, dict[str, tuple[str, str, str]]]:
        """Return the state, the symbol and the label for screen readers, by instance and heading."""
        headings = self.run("return [...document.querySelectorAll('.keys th')].map((th) => th.title)")
        rows = self.run(
            """const symbols = (td) => (td.children.length ? [...td.children] : [td]).map((one) => one.textContent).join("\\n");
            const cell = (td) => [td.dataset.state, symbols(td), td.getAttribute("aria-label")];
            return [...document.querySelectorAll(".matrix tbody tr")].map((tr) => [tr.row.name, [...tr.cells].slice(1).map(cell)])"""
        )
        # An instance that was not compared has one cell for all columns.
        spread = {name: cells * len(headings) if len(cells) == 1 else cells for name, cells in rows}
        return {name: dict(zip(headings, map(tuple, cells), strict=True)) for name, cells in spread.items()}

    def instances(self) -> list[str]:
        return self.run("return [...document.querySelectorAll('.matrix tbody tr')].map((tr) => tr.row.name)")

    def headings(self) -> list[str]:
        return self.run("return [...document.querySelectorAll('.keys th')].map((th) => th.title)")

    # Actions of a user

    def until(self, condition: Any) -> Any:
        """Wait until a condition is true."""
        return WebDriverWait(self.driver, PATIENCE).until(lambda driver: condition())

    def click(self, selector: str) -> None:
        element = self.find(selector)
        self.run("arguments[0].scrollIntoView({block: 'nearest', inline: 'nearest'})", element)
        element.click()

    def cell(self, instance: str, heading: str) -> WebElement:
        """Return a cell of the matrix; heading "" is the instance itself."""
        return self.run(
            """const row = [...document.querySelectorAll(".matrix tbody tr")].find((tr) => tr.row.name === arguments[0]);
            const headings = ["", ...[...document.querySelectorAll(".keys th")].map((th) => th.title)];
            const cell = row.cells[Math.min(headings.indexOf(arguments[1]), row.cells.length - 1)];
            cell.scrollIntoView({block: "nearest", inline: "nearest"});
            return cell""",
            instance,
            heading,
        )

    def press(self, *keys: str, hold: str | None = None) -> None:
        """Press keys, one after the other, with the present focus."""
        actions = ActionChains(self.driver)
        if hold:
            actions.key_down(hold)
        actions.send_keys(*keys)
        if hold:
            actions.key_up(hold)
        actions.perform()

    def search(self, words: str) -> None:
        """Search, and wait for the results."""
        field = self.find("#search")
        field.clear()
        field.send_keys(words)
        self.until(lambda: f"q={words.replace(' ', '+')}" in self.address())

    # Information from Chromium

    def settle(self) -> float:
        """Wait until the page is on the screen; return the seconds since it was requested."""
        return self.driver.execute_async_script(
            """const done = arguments[0];
            requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() / 1000)))"""
        )

    def cdp(self, command: str, **arguments: Any) -> dict[str, Any]:
        return self.driver.execute_cdp_cmd(command, arguments)

    def wear(self, scheme: str) -> None:
        """Set the preference of the system for light or dark colours."""
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.settle()

    def resize(self, width: int, height: int) -> None:
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.settle()

    def pdf(self) -> bytes:
        """Return the page as it is printed."""
        return base64.b64decode(self.cdp("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])

    def complaints(self) -> list[dict[str, Any]]:
        """Return the new messages in the console since the last call."""
        return self.driver.get_log("browser")

    def requests(self) -> list[str]:
        """Return every requested address since the last call, without those that the policy has refused."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked, refused = {}, set()
        for message in messages:
            what = message["params"]
            if message["method"] == "Network.requestWillBeSent":
                asked[what["requestId"]] = what["request"]["url"]
            elif message["method"] == "Network.loadingFailed" and what.get("blockedReason") == "csp":
                refused.add(what["requestId"])
        return [url for request, url in asked.items() if request not in refused]
