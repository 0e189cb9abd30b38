"""The error that ends an operation of the lab."""

from __future__ import annotations


class LabError(Exception):
    """One sentence: the failure, its place, and its solution."""
