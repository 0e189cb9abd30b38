# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter `controller_path`: the absolute path of a folder or file on the controller."""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleFilterError


def controller_path(path: Any) -> str:
    """Return an absolute path.

    :raises AnsibleFilterError: the path is empty, or is not a text.
    """
    if not isinstance(path, str) or not path:
        raise AnsibleFilterError(
            f"{path!r} is not a path of a file or folder (expected a text that is not empty). Correct the variable, or do not set it."
        )
    return os.path.abspath(os.path.expanduser(path))


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Any]:
        return {"controller_path": controller_path}
