# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Join the files of the folder page: style sheets into one text, JavaScript modules into one script.

A page that is opened from the disk cannot import modules: browsers block the import of `file:` URLs. Modules in `data:` URLs would need a
Content-Security-Policy that allows scripts in every `data:` URL. Therefore the modules are joined into one inline script, which the policy can name
by its hash.

Tests check the rules that make the joined script work like the modules:

- Imported modules come first, as in a browser. No import is circular.
- A module imports with `import { name } from "./file.mjs"` and renames nothing. It exports declarations only.
  So the lines of imports and the word `export` can be removed.
- Every name at the top level of a module is unique in all modules. No such name is the name of a global object of the browser.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_PAGE = Path(__file__).with_name("page")
_MAIN = "main.mjs"

# In the order in which they apply: a later style sheet overrides an earlier one.
STYLES = (
    "colours",
    "base",
    "header",
    "filters",
    "matrix",
    "differences",
    "details",
    "footer",
    "small_screens",
    "print",
)

# Comments at the start of a line: licences and documentation of functions.
_COMMENT = re.compile(r"^/\*.*?\*/\n+", re.DOTALL | re.MULTILINE)
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.mjs)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|let|function|class) )", re.MULTILINE)


@cache
def template() -> str:
    """Return page.html, with its placeholders."""
    return (_PAGE / "page.html").read_text(encoding="utf-8")


@cache
def style() -> str:
    """Return the style sheets as one."""
    return "\n".join(_COMMENT.sub("", _read(_PAGE / "styles" / f"{name}.css")) for name in STYLES)


@cache
def script() -> str:
    """Return the modules as one script. Its names are not visible outside of it."""
    modules = [_EXPORT.sub("", _IMPORT.sub("", _COMMENT.sub("", text))).strip() for text in modules_in_order().values()]
    return "\n\n".join(['"use strict";\n(() => {', *modules, "})();\n"])


def modules_in_order() -> dict[str, str]:
    """Return the source of the modules by file name: the main module, preceded by everything that it imports."""
    ordered: dict[str, str] = {}

    def visit(name: str) -> None:
        if name in ordered:
            return
        text = _read(_PAGE / "scripts" / name)
        for imported in _IMPORT.findall(text):
            visit(imported)
        ordered[name] = text

    visit(_MAIN)
    return ordered


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")
