# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and keys, by content and by path. None of these is a real one: only their frames count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.pem import (
    certificate_text,
    private_key_text,
    refuse_foreign_key,
)

Reader = Callable[[str, str], str]


def block(what: str, content: str = "made+up/base64=") -> str:
    return f"-----BEGIN {what}-----\n{content}\n-----END {what}-----\n"


CERTIFICATE, CHAIN, KEY = block("CERTIFICATE"), block("CERTIFICATE", "issuer"), block("PRIVATE KEY", "secret")
READERS = [(certificate_text, CERTIFICATE), (private_key_text, KEY)]


@pytest.mark.parametrize(("read", "text"), READERS)
def test_by_content_and_by_path(read: Reader, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.pem"
    path.write_text(text, encoding="ascii")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read("option", text) == read("option", text.strip()) == text
    assert read("option", str(path)) == read("option", "~/file.pem") == text


@pytest.mark.parametrize("together", [CERTIFICATE + CHAIN + KEY, KEY + CERTIFICATE + CHAIN])
def test_each_takes_its_own_out_of_one_file(together: str) -> None:
    assert certificate_text("option", f"Bag Attributes\n{together}") == CERTIFICATE + CHAIN
    assert private_key_text("option", together) == KEY


@pytest.mark.parametrize("kind", ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"])
def test_every_frame_of_a_key(kind: str) -> None:
    assert private_key_text("option", block(kind)) == block(kind)


@pytest.mark.parametrize(
    "text", [block("ENCRYPTED PRIVATE KEY"), block("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n\nmade+up")]
)
def test_a_key_with_a_passphrase_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="option has a passphrase, which Odoo cannot use"):
        private_key_text("option", text)


@pytest.mark.parametrize(("read", "other"), [(certificate_text, KEY), (private_key_text, CERTIFICATE)])
def test_the_other_one_is_none_and_is_not_shown(read: Reader, other: str) -> None:
    with pytest.raises(Invalid) as caught:
        read("option", other)
    assert caught.value.message.startswith("option contains no ")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("read", [certificate_text, private_key_text])
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("/no/such/file.pem", "No such file or directory"),
        ("/", "it is not a regular file"),
        ("certificates/mail.pem", "absolute path"),
        ("hunter2", "absolute path"),
    ],
)
def test_no_file_to_read(read: Reader, given: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        read("option", given)
    assert words in caught.value.message
    assert given == "/" or given not in caught.value.message


@pytest.mark.parametrize("read", [certificate_text, private_key_text])
def test_a_binary_file(read: Reader, tmp_path: Path) -> None:
    path = tmp_path / "file.der"
    path.write_bytes(b"\x30\x82\xff\x00")
    with pytest.raises(Invalid, match="it is not PEM text"):
        read("option", str(path))


def test_words_around_the_blocks_may_be_of_any_script(tmp_path: Path) -> None:
    path = tmp_path / "file.pem"
    path.write_text(f"# für Zürich\n{CERTIFICATE}", encoding="utf-8")
    assert certificate_text("option", str(path)) == CERTIFICATE


def test_what_is_no_base64_is_not_judged_here() -> None:
    refuse_foreign_key(block("CERTIFICATE", "ü"), block("PRIVATE KEY", "ü"))
