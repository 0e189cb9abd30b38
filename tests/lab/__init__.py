"""A real Odoo and SMTP servers of several behaviors, created in a folder that git ignores.

With tests/ on sys.path:

    from lab import Lab

    lab = Lab().up()
    database = lab.fresh("my_test")
    lab.smtp["throttle"].configure(throttle_messages=1)

It needs only Python 3.10 or newer, and installs everything else in its folder.
"""

from __future__ import annotations

from .errors import LabError
from .external import ExternalLab, NotApplicable
from .fault_proxy import FaultProxy, When
from .lab import Lab
from .layout import Layout
from .smtp.client import SmtpServer
from .steps import Progress

__all__ = ["ExternalLab", "FaultProxy", "Lab", "LabError", "Layout", "NotApplicable", "SmtpServer", "When", "up"]


def up(progress: Progress = print) -> Lab:
    """Bring up the lab in its usual folder."""
    return Lab().up(progress)
