"""What ends the demo."""

from __future__ import annotations


class DemoError(Exception):
    """An act did not do what it says. The message is for the reader."""
