# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of the documentation site, and the check of its links. The check `site` builds the whole site."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.finding import CATALOGUE, Finding
from ansible_collections.postmaster.odoo.plugins.module_utils.doctor.kind import Kind
from ansible_collections.postmaster.odoo.tests.checks.site_links import broken_links
from ansible_collections.postmaster.odoo.tests.checks.site_pages import REPOSITORY, Pages, SiteError

CHECKOUT = Path(__file__).resolve().parents[3]
KINDS = {
    "slow": Kind("queue", "warning", "The queue is slow", "Wait."),
    "stuck": Kind("queue", "error", "The queue is stuck", "Repair {name}.", "crons"),
}
FILES = {
    "docs/findings.md": "# Findings\n\nTwo.\n\n## The queue\n\nIts state.\n\n"
    "### slow\n\nThe queue is slow. `warning`\n\nIt becomes `stuck`.\n\nWait.\n\n"
    "### stuck\n\nThe queue is stuck. `error`\n\nSee [the guide](guide.md).\n\nRepair ….\n",
    "docs/guide.md": "# Guide\n\n[stuck](findings.md#stuck), `[code](gone.md)`\n\n```text\n[code](gone.md)\n```\n",
    "docs/docsite/index.md": "# Index\n\n- [Read the guide](../guide.md): first\n- [Elsewhere](https://odoo.example/)\n",
    "docs/pipelines/ansible.cfg": "",
    "roles/drift/README.md": "# drift\n\n[Guide](../../docs/guide.md)\n",
    "playbooks/queue.yml": "---\n# Looks at the queue.\n#\n#   ansible-playbook queue.yml --check\n#\n# queue_hosts: the hosts.\n\n- hosts: all\n",
    "CONTRIBUTING.md": "# Contributing\n\n## The `lab`, and more\n",
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes the pages of a small checkout, in which some files differ."""

    def write(**changed: str) -> Path:
        checkout = tmp_path / "checkout"
        for name, text in {**FILES, **changed}.items():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (checkout / name).write_text(text, encoding="utf-8")
        Pages(checkout, KINDS).write(tmp_path / "site")
        return tmp_path / "site"

    return write


def test_every_finding_has_its_page(tmp_path: Path) -> None:
    Pages(CHECKOUT, CATALOGUE).write(tmp_path)
    site = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))["documentation"]
    for name, kind in CATALOGUE.items():
        address = Finding(name, "").as_result()["documentation"]
        assert address == f"{site}findings/{name}.html"
        text = (tmp_path / f"findings/{name}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {name}\n\n**{kind.title}.**\n\n- Severity: {kind.severity}\n")
        assert text.endswith(f"\n\n## What to do\n\n{kind.remedy.format(name='…')}\n")
    pages = {path.stem for path in (tmp_path / "findings").iterdir()}
    assert pages == set(CATALOGUE)


def test_a_page_of_a_finding_links_to_guides_and_other_findings(write: Write) -> None:
    site = write()
    slow, stuck = ((site / f"findings/{name}.md").read_text(encoding="utf-8") for name in KINDS)
    assert "It becomes [`stuck`](stuck.md)." in slow
    assert "- Fixed: by a person" in slow
    assert "See [the guide](../guide.md)." in stuck
    assert "- Fixed: by [`heal`](../healing.md), as `crons`" in stuck


def test_the_index_of_findings_lists_them_in_their_groups(write: Write) -> None:
    text = (write() / "findings.md").read_text(encoding="utf-8")
    assert "## The queue\n\nIts state.\n\n- [`slow`](findings/slow.md) (warning): The queue is slow\n" in text
    assert "findings/slow\nfindings/stuck\n```" in text
    assert "### slow" not in text


def test_links_between_files_become_links_between_pages(write: Write) -> None:
    site = write()
    guide = (site / "guide.md").read_text(encoding="utf-8")
    assert "[stuck](findings/stuck.md), `[code](gone.md)`\n\n```text\n[code](gone.md)\n```" in guide
    role = (site / "roles/drift.md").read_text(encoding="utf-8")
    assert "[Guide](../guide.md)" in role
    assert "(../plugins/drift_role.rst)" in role


def test_a_link_to_a_file_without_a_page_leads_to_the_repository(write: Write) -> None:
    links = "[a](pipelines/ansible.cfg) [b](pipelines) [c](../CONTRIBUTING.md#the-lab-and-more) [d](../roles/drift)"
    guide = (write(**{"docs/guide.md": links}) / "guide.md").read_text(encoding="utf-8")
    assert f"[a]({REPOSITORY}/blob/main/docs/pipelines/ansible.cfg) [b]({REPOSITORY}/tree/main/docs/pipelines)" in guide
    assert f"[c]({REPOSITORY}/blob/main/CONTRIBUTING.md#the-lab-and-more) [d](roles/drift.md)" in guide


@pytest.mark.parametrize(
    ("link", "error"),
    [
        ("gone.md", "docs/guide.md: the link target gone.md does not exist"),
        ("../CONTRIBUTING.md#gone", "docs/guide.md: the file of the link target ../CONTRIBUTING.md#gone has no such"),
        ("pipelines#gone", "docs/guide.md: the file of the link target pipelines#gone has no such heading"),
    ],
)
def test_a_broken_link_is_an_error(write: Write, link: str, error: str) -> None:
    with pytest.raises(SiteError, match=error):
        write(**{"docs/guide.md": f"[x]({link})"})


def test_links_of_files_without_a_page_are_checked(write: Write) -> None:
    with pytest.raises(SiteError, match=r"README\.md: the link target docs/gone\.md does not exist"):
        write(**{"README.md": "[x](docs/gone.md)"})


def test_a_backslash_before_punctuation_is_not_a_part_of_a_link(write: Write) -> None:
    changelog = r"[x](https\://odoo\.example/a\_b) [y](docs/guide\.md)"
    assert write(**{"CHANGELOG.md": changelog}).is_dir()
    with pytest.raises(SiteError, match=r"CHANGELOG\.md: the link target docs/gone\.md does not exist"):
        write(**{"CHANGELOG.md": r"[x](docs/gone\.md)"})


def test_a_finding_without_a_section_is_an_error(write: Write) -> None:
    text = FILES["docs/findings.md"].split("### stuck", maxsplit=1)[0]
    with pytest.raises(SiteError, match=r"docs/findings\.md and CATALOGUE differ: stuck"):
        write(**{"docs/findings.md": text, "docs/guide.md": ""})


def test_an_index_page_makes_the_navigation(write: Write) -> None:
    text = (write() / "index.md").read_text(encoding="utf-8")
    assert text.endswith("```{toctree}\n:hidden:\nRead the guide <guide>\n```\n")


def test_the_comment_of_a_playbook_is_its_documentation(write: Write) -> None:
    text = (write() / "playbooks.md").read_text(encoding="utf-8")
    assert "## queue\n\nLooks at the queue.\n\n```console\n$ ansible-playbook queue.yml --check\n```\n" in text
    assert "- `queue_hosts`: the hosts.\n" in text


def test_a_playbook_without_a_comment_is_an_error(write: Write) -> None:
    with pytest.raises(SiteError, match=r"playbooks/queue\.yml: no comment describes the playbook"):
        write(**{"playbooks/queue.yml": "---\n- hosts: all\n"})


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="other.html#there">', None),
        ('<a href="#">', None),
        ('<p id="here"><a href="#here">', None),
        ('<a href="https://odoo.example/x">', None),
        ('<img src="data:image/png;base64,AA==">', None),
        ('<a href="gone.html">', "no such page: gone.html"),
        ('<a href="other.html#gone">', "no such anchor: other.html#gone"),
        ('<a href="#gone">', "no such anchor: #gone"),
        ('<a href="https:/odoo.example">', "not a valid address: https:/odoo.example"),
        ('<a href="htps://odoo.example">', "not a valid address: htps://odoo.example"),
        (
            '<script src="https://odoo.example/x.js">',
            "the page loads a file of another site: https://odoo.example/x.js",
        ),
    ],
)
def test_links_of_the_built_site_are_checked(tmp_path: Path, html: str, problem: str | None) -> None:
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    (tmp_path / "other.html").write_text('<p id="there">', encoding="utf-8")
    assert broken_links(tmp_path) == ([f"index.html: {problem}"] if problem else [])
