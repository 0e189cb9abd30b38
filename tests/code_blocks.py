# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The code blocks of the README and the guides, and the way in which a test can run each."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(
    r"^(?:[ ]*<!-- not run: (?P<reason>[^\n]*?) -->\n\s*)?(?P<indent>[ ]*)```(?P<language>\w*)\n(?P<text>.*?)^[ ]*```",
    re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)$", re.MULTILINE)
# Languages of blocks that only show something: output, a diagram.
_OUTPUT = ("", "text", "json")
# Beginnings of the names of inventory variables.
_VARIABLES = ("odoo_", "vault_", "heal_", "doctor_")


@dataclass(frozen=True)
class CodeBlock:
    """A code block of a page.

    :ivar reason: the reason why no test runs it; empty if a test runs it.
    """

    page: str
    line: int
    language: str
    text: str
    reason: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """Return the commands of a console block."""
        found = _COMMAND.findall(self.text) if self.language == "console" else []
        return [re.sub(r"\s+#.*$", "", command.replace("\\\n", " ")) for command in found]

    @property
    def kind(self) -> str:
        """Return the way to run the block: `plays`, `tasks`, `variables`, `inventory`, `baseline`, `commands`, `ini`, or `output`.

        A block that no test can run has an empty kind.
        """
        if self.language == "console":
            return "commands" if self.commands else "output"
        if self.language in _OUTPUT:
            return "output"
        if self.language in ("dns", "ini"):
            return self.language
        return self._kind_of_yaml() if self.language == "yaml" else ""

    def _kind_of_yaml(self) -> str:
        value = yaml.load(self.text, yaml.BaseLoader)
        if isinstance(value, list):
            if all("hosts" in one or any(name.endswith("import_playbook") for name in one) for one in value):
                return "plays"
            return "tasks" if all(any(name.count(".") == 2 for name in one) for one in value) else ""
        if "plugin" in value:
            return "inventory"
        if "accepted" in value:
            return "baseline"
        return "variables" if any(name.startswith(_VARIABLES) for name in value) else ""

    @property
    def value(self) -> Any:
        """Return the value of a block of YAML."""
        return yaml.safe_load(self.text)


def code_blocks() -> Iterator[CodeBlock]:
    """Yield all code blocks of the README, the guides, and the READMEs of the roles."""
    pages = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
    for page in [*pages, *sorted((CHECKOUT / "roles").glob("*/README.md"))]:
        content = page.read_text(encoding="utf-8")
        for found in _BLOCK.finditer(content):
            line = content.count("\n", 0, found.start()) + 1
            text = textwrap.dedent(found["text"])
            yield CodeBlock(str(page.relative_to(CHECKOUT)), line, found["language"], text, found["reason"] or "")
