# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the links of a built site. Links to other sites are checked by their syntax only."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# A browser loads these without a click.
_LOADED = {("img", "src"), ("script", "src"), ("iframe", "src"), ("link", "href")}
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


class _Page(HTMLParser):
    """The anchors and the links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors = {""}
        self.links: list[tuple[str, bool]] = []  # the address, and whether a browser loads it without a click
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value is not None:
                self.links.append((value, (tag, name) in _LOADED))


def broken_links(folder: Path) -> list[str]:
    """Return an error for each broken link of the HTML files in a folder. A file of another site that a page loads is one too."""
    pages = {file.resolve(): _Page(file.read_text(encoding="utf-8")) for file in sorted(folder.rglob("*.html"))}
    return [
        f"{file.relative_to(folder.resolve())}: {problem}: {address}"
        for file, page in pages.items()
        for address, is_loaded in dict.fromkeys(page.links)
        if (problem := _problem(address, is_loaded, file, pages))
    ]


def _problem(address: str, is_loaded: bool, file: Path, pages: dict[Path, _Page]) -> str | None:
    """Return the problem of a link of a file, or None."""
    url = urlsplit(address)
    if url.scheme or url.netloc:
        if is_loaded and url.scheme != "data":
            return "the page loads a file of another site"
        is_valid = url.scheme in ("http", "https") and _HOST.fullmatch(url.hostname or "") and " " not in address
        return None if is_valid or url.scheme in ("data", "mailto") else "not a valid address"
    target = (file.parent / unquote(url.path)).resolve() if url.path else file
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "no such page"
    if target in pages and unquote(url.fragment) not in pages[target].anchors:
        return "no such anchor"
    return None
