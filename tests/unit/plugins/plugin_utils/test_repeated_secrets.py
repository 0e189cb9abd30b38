# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plugins that call Odoo without a module show no secrets and no control characters of a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.mask import MASK
from ansible_collections.postmaster.odoo.tests.unit.hostile.encodings import ENCODINGS, SECRETS
from ansible_collections.postmaster.odoo.tests.unit.hostile.plugins import PLUGINS, error_of


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("secret", [SECRETS[1], SECRETS[4]])
def test_an_error_repeats_no_secret(plugin: str, secret: str, tmp_path: Path) -> None:
    for encoding, encode in ENCODINGS.items():
        text = error_of(plugin, secret, f"refused {encode(secret)} ", tmp_path)
        assert MASK in text, encoding
        assert encode(secret) not in text, encoding


@pytest.mark.parametrize("plugin", PLUGINS)
def test_an_error_contains_no_control_characters(plugin: str, tmp_path: Path) -> None:
    text = error_of(plugin, "correct-horse", "\x1b[31mred\x07\n::error::made up", tmp_path)
    assert text.isprintable()
    assert "\\u001b[31mred\\u0007" in text
