# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The templates of roles and playbooks, rendered without a run of Ansible."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import filter_loader
from ansible.template import Templar, trust_as_template

from ansible_collections.postmaster.odoo.plugins.filter import printable

CHECKOUT = Path(__file__).resolve().parents[2]
COLLECTION = "postmaster.odoo."


def rendered(file: str, folder: Path, **variables: Any) -> list[str]:
    """Return the lines of a template.

    :param file: its path in the collection.
    :param folder: an empty folder for a copy of the template.
    """
    # Ansible's loader finds collections only in its own programs.
    filter_loader.add_directory(str(Path(printable.__file__).parent))
    copy = folder / Path(file).name
    copy.write_text((CHECKOUT / file).read_text(encoding="utf-8").replace(COLLECTION, ""), encoding="utf-8")
    expression = trust_as_template(f"{{{{ lookup('template', '{copy}') | default('', true) }}}}")
    text: str = Templar(loader=DataLoader(), variables=variables).template(expression)
    return text.splitlines()
