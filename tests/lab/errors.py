"""What the lab says when it cannot go on."""

from __future__ import annotations


class LabError(Exception):
    """One sentence: what failed, where, and what to do about it."""
