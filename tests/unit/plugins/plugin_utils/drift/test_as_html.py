# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page contains the complete document, and the document is always treated as data."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.as_html import render

DATA = re.compile(r'<script type="application/json" id="report">(.*?)</script>', re.DOTALL)

# Texts that end or begin something in HTML or JavaScript, or have a meaning in a template, between any others.
MARKUP = st.sampled_from(
    [
        "</script>",
        "</SCRIPT >",
        "<script>",
        "<!--",
        "-->",
        "]]>",
        "&lt;",
        "\u2028",
        "\u2029",
        "\\u003c",
        "\\",
        '"',
        "'",
        "`",
        "${x}",
        "@REPORT@",
        "@POLICY@",
        "\\1",
        "\x00",
        "\ufeff",
        "\ud800",
    ]
)
TEXT = st.lists(MARKUP | st.text(), max_size=4).map("".join)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


class Elements(HTMLParser):
    """The elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def policy(page: str) -> dict[str, list[str]]:
    (content,) = (
        attributes["content"] or ""
        for tag, attributes in Elements(page).tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    return {name: sources for name, *sources in map(str.split, content.split(";"))}


@given(st.dictionaries(TEXT, VALUE, max_size=4))
def test_any_report_is_data_and_nothing_else(report: dict[str, Any]) -> None:
    page, empty = render(report), render({})
    (data,) = DATA.findall(page)
    assert json.loads(data) == report
    assert data.isascii()
    assert not set("<>&") & set(data)
    assert page.replace(data, "{}", 1) == empty


def test_two_pages_of_one_report_are_the_same() -> None:
    assert render({"format": 1}) == render({"format": 1})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_json_cannot_represent_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        render({"value": number})


def test_the_policy_allows_its_own_script_and_style_only() -> None:
    page = render({})
    hashes = {
        tag: [
            f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for text in re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        ]
        for tag in ("script", "style")
    }
    assert len(hashes["script"]) == len(hashes["style"]) == 1
    assert policy(page) == {
        "default-src": ["'none'"],
        "script-src": hashes["script"],
        "style-src": hashes["style"],
        "img-src": ["data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "require-trusted-types-for": ["'script'"],
    }


def test_the_page_refers_to_no_other_file() -> None:
    page = render({})
    tags = Elements(page).tags
    assert {attributes["href"] for _tag, attributes in tags if "href" in attributes} == {"data:,"}
    assert not [tag for tag, attributes in tags if attributes.keys() & {"src", "srcset", "action", "data", "style"}]
    assert not [tag for tag, attributes in tags for name in attributes if name.startswith("on")]
    assert "url(" not in page
    assert "@import" not in page
    # The names of namespaces are not addresses, and the licence is in a comment.
    assert set(re.findall(r"https?://[\w./-]+", page)) == {
        "http://www.w3.org/2000/svg",
        "https://www.gnu.org/licenses/gpl-3.0.txt",
    }
