"""The error that ends the demo."""

from __future__ import annotations


class DemoError(Exception):
    """An act had another result than its text says. The message is for the reader."""
