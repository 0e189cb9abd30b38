# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the Markdown pages of the documentation site.

The sources are files of the repository: guides, indexes in `docs/docsite`, READMEs of roles, comments of playbooks, and the catalogue of findings. Their
links are links between files of the repository, so that they also work on GitHub. Here they become links between pages of the site.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

REPOSITORY = "https://github.com/postmaster-odoo/postmaster.odoo"
FINDINGS = "docs/findings.md"

_FENCE = r"^ *(?P<fence>`{3,}|~{3,}).*?^ *(?P=fence) *$"
# Code stays as it is; `target` is that of an inline link.
_CODE_OR_LINK = re.compile(rf"{_FENCE}|`[^`\n]+`|\]\((?P<target>[^)\s]+)\)", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^### (\w+)\n\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
# In Markdown, a backslash before a punctuation character is not a part of a link target.
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_LIST_LINK = re.compile(r"^- \[([^\]]+)\]\(([^)\s#]+)\.(?:md|rst)\)", re.MULTILINE)
_VARIABLE = re.compile(r"([a-z]+_[a-z_]+(?:, (?:[a-z_]+|\.\.\.))*): (.+)")


class SiteError(Exception):
    """Errors in the sources of the site, one per line."""


def finding_sections(text: str) -> dict[str, str]:
    """Return the text of each section of docs/findings.md by its id."""
    return dict(_SECTION.findall(text))


def heading_anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a Markdown text."""
    headings = re.findall(r"^#+ (.+)$", re.sub(_FENCE, "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


class Pages:
    """The pages of the site, made of the files of a checkout.

    :param checkout: the folder of the collection.
    :param kinds: the catalogue of findings: the entry (`Kind`) of each id.
    """

    def __init__(self, checkout: Path, kinds: Mapping[str, Any]) -> None:
        self.checkout = checkout
        self.kinds = kinds
        self.errors: list[str] = []
        self.pages = self._pages()

    def _pages(self) -> dict[str, str]:
        """Return the page of each file or folder of the repository that has one."""
        pages = {"playbooks": "playbooks.md", "plugins/modules": "plugins/index.rst"}
        for pattern in ("docs/*.md", "docs/development/*.md", "docs/docsite/*.md"):
            for file in sorted(self.checkout.glob(pattern)):
                path = file.relative_to(self.checkout).as_posix()
                pages[path] = path.removeprefix("docs/").removeprefix("docsite/")
        for file in self.checkout.glob("roles/*/README.md"):
            page = f"roles/{file.parent.name}.md"
            pages |= {f"roles/{file.parent.name}": page, f"roles/{file.parent.name}/README.md": page}
        for kind in ("callback", "filter", "inventory", "lookup", "modules"):
            for file in self.checkout.glob(f"plugins/{kind}/*"):
                path = file.relative_to(self.checkout).as_posix()
                pages[path] = f"plugins/{file.stem}_{kind.removesuffix('s')}.rst"
        return pages

    def write(self, folder: Path) -> None:
        """Write every page that is not written by antsibull-docs.

        :raises SiteError: a link leads nowhere, or a finding has no section.
        """
        texts = {page: self._page(path, page) for path, page in self.pages.items() if path.endswith(".md")}
        texts |= self._finding_pages()
        texts["playbooks.md"] = self._playbooks_page()
        for file in sorted(self.checkout.glob("*.md")):  # they have no page, but their links are checked
            self.with_links(file.read_text(encoding="utf-8"), file.name, file.name)
        if self.errors:
            raise SiteError("\n".join(self.errors))
        for page, text in texts.items():
            (folder / page).parent.mkdir(parents=True, exist_ok=True)
            (folder / page).write_text(text, encoding="utf-8")

    def _page(self, path: str, page: str) -> str:
        text = (self.checkout / path).read_text(encoding="utf-8")
        if path == FINDINGS:
            text = self._findings_index(text)
        linked = self.with_links(text, path, page)
        if path.startswith("roles/"):
            return f"{linked}\n## All variables\n\n[Reference of the role](../plugins/{Path(page).stem}_role.rst)\n"
        if path.startswith("docs/docsite/"):
            entries = [(title, name) for title, name in _LIST_LINK.findall(linked) if "://" not in name]
            return linked + toctree(f"{title} <{name}>" for title, name in entries)
        return linked

    def with_links(self, text: str, path: str, page: str) -> str:
        """Return the text of a file with its links changed to those of its page."""

        def changed(found: re.Match[str]) -> str:
            if found["target"] is None:
                return found[0]
            target = _ESCAPE.sub(r"\1", found["target"])
            if re.match(r"[a-z]+:|#", target):
                return found[0]
            return f"]({self._target(target, path, page)})"

        return _CODE_OR_LINK.sub(changed, text)

    def _target(self, target: str, path: str, page: str) -> str:
        """Return the target of a link on a page: another page, or a file on GitHub."""
        name, _separator, anchor = target.partition("#")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        if not (self.checkout / file).exists():
            self.errors.append(f"{path}: the link target {target} does not exist")
            return target
        if file == FINDINGS and anchor in self.kinds:
            return posixpath.relpath(f"findings/{anchor}.md", posixpath.dirname(page) or ".")
        suffix = f"#{anchor}" if anchor else ""
        if file in self.pages:
            return posixpath.relpath(self.pages[file], posixpath.dirname(page) or ".") + suffix
        is_folder = (self.checkout / file).is_dir()
        if anchor and (is_folder or anchor not in heading_anchors((self.checkout / file).read_text(encoding="utf-8"))):
            self.errors.append(f"{path}: the file of the link target {target} has no such heading")
        return f"{REPOSITORY}/{'tree' if is_folder else 'blob'}/main/{file}{suffix}"

    def _findings_index(self, text: str) -> str:
        """Return the text of docs/findings.md with a list in place of the sections of each group."""

        def entries(sections: str) -> str:
            names = finding_sections(sections)
            return "".join(
                f"- [`{name}`](findings.md#{name}) ({self.kinds[name].severity}): {self.kinds[name].title}\n"
                for name in names
            )

        groups = re.split(r"^(?=## )", text, flags=re.MULTILINE)
        parts = [re.split(r"^(?=### )", group, maxsplit=1, flags=re.MULTILINE) for group in groups]
        index = "".join(intro + "".join(map(entries, sections)) + "\n" for intro, *sections in parts)
        return index + toctree(f"findings/{name}" for name in self.kinds)

    def _finding_pages(self) -> dict[str, str]:
        """Return the page of each finding."""
        sections = finding_sections((self.checkout / FINDINGS).read_text(encoding="utf-8"))
        if list(sections) != list(self.kinds):
            different = ", ".join(sorted(sections.keys() ^ self.kinds.keys())) or "the order"
            raise SiteError(f"{FINDINGS} and CATALOGUE differ: {different}")
        return {f"findings/{name}.md": self._finding_page(name, section) for name, section in sections.items()}

    def _finding_page(self, name: str, section: str) -> str:
        kind = self.kinds[name]
        _heading, *explained, remedy = section.strip().split("\n\n")

        def link(found: re.Match[str]) -> str:
            return f"[{found[0]}]({found[1]}.md)" if found[1] in self.kinds and found[1] != name else found[0]

        page = f"findings/{name}.md"
        text = re.sub(r"`(\w+)`", link, self.with_links("\n\n".join(explained), FINDINGS, page))
        fixed = f"by [`heal`](../healing.md), as `{kind.fix}`" if kind.fix else "by a person"
        return (
            f"# {name}\n\n**{kind.title}.**\n\n"
            f"- Severity: {kind.severity}\n- Check of the [doctor](../doctor.md): `{kind.check}`\n- Fixed: {fixed}\n\n"
            f"{text}\n\n## What to do\n\n{remedy}\n"
        )

    def _playbooks_page(self) -> str:
        """Return a page with the leading comment of every playbook."""
        sections = []
        for file in sorted(self.checkout.glob("playbooks/*.yml")):
            comment = re.match(r"---\n((?:#.*\n)+)", file.read_text(encoding="utf-8"))
            if comment is None:
                self.errors.append(f"playbooks/{file.name}: no comment describes the playbook")
                continue
            lines = [line.removeprefix("#").removeprefix(" ") for line in comment[1].splitlines()]
            paragraphs = "\n".join(lines).split("\n\n")
            sections.append(f"## {file.stem}\n\n" + "\n\n".join(map(self._paragraph, paragraphs)) + "\n")
        return "# Playbooks\n\n" + "\n".join(sections)

    def _paragraph(self, text: str) -> str:
        """Return a paragraph of a playbook's comment as Markdown: commands, variables or text."""
        lines = text.split("\n")
        if all(line.startswith("  ") for line in lines):
            commands = [line.removeprefix("  ") for line in lines]
            return "\n".join(["```console", *(f"  {one}" if one[0] == " " else f"$ {one}" for one in commands), "```"])
        result = []
        for line in lines:
            variable = _VARIABLE.fullmatch(line)
            names = ", ".join(f"`{name}`" for name in variable[1].split(", ")) if variable else ""
            result.append(f"- {names}: {variable[2]}" if variable else line)
        return re.sub(r"\bdocs/([\w-]+\.md)", r"[\g<0>](\1)", "\n".join(result))


def toctree(entries: Iterable[str]) -> str:
    """Return a hidden table of contents, from which Sphinx makes the navigation."""
    return "\n".join(["", "```{toctree}", ":hidden:", *entries, "```", ""])
