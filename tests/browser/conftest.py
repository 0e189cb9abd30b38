# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One Chromium for all tests, and a separate page for each test. No page may send a request or log an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome

from browser import Page, start
from reports import fleet


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    driver = start(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture
def show(driver: Chrome, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Return a function that shows a report, or the report of a fleet of some size."""
    driver.get("about:blank")
    driver.get_log("browser")
    driver.get_log("performance")
    pages: list[Page] = []

    def show(report: int | Mapping[str, Any], address: str = "") -> Page:
        report = fleet(report) if isinstance(report, int) else report
        pages.append(Page(driver, report, tmp_path / f"{len(pages)}.html", address))
        return pages[-1]

    yield show
    asked = [
        url for page in pages[-1:] for url in page.requests() if not url.startswith(("file://", "data:", "about:"))
    ]
    complaints = [complaint for page in pages[-1:] for complaint in page.complaints()]
    for command in ("Emulation.clearDeviceMetricsOverride", "Emulation.setEmulatedMedia"):
        driver.execute_cdp_cmd(command, {})
    assert (asked, complaints) == ([], [])
