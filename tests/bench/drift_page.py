# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a drift report in a real Chromium, with fleets of several sizes:

`python tests/bench drift_page`. It needs no lab.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from limits import Limit, judge

OPENINGS = 7
SIZES = (1, 50, 500)
SECONDS, MEGABYTES = 2.0, 5.0


def main() -> None:
    # It is imported late, because only this benchmark needs a browser.
    sys.path.append(str(Path(__file__).resolve().parents[1] / "browser"))
    from browser import Page, start
    from reports import fleet

    limits = []
    with tempfile.TemporaryDirectory(prefix="postmaster-page-") as folder:
        driver = start(Path(folder) / "chromium")
        try:
            for size in SIZES:
                page = Page(driver, fleet(size), Path(folder) / f"{size}.html")
                seconds = []
                for _opening in range(OPENINGS):
                    page.open()
                    seconds.append(page.settle())
                weight = page.file.stat().st_size / 1e6
                limits += [
                    Limit(f"seconds until a fleet of {size} is on the screen", statistics.median(seconds), SECONDS),
                    Limit(f"megabytes of a fleet of {size}", weight, MEGABYTES),
                ]
        finally:
            driver.quit()
    judge(*limits)
