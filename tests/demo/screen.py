"""The output of the demo: headings, sentences, and commands with their output."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 78
COLOURS = sys.stdout.isatty() and "NO_COLOR" not in os.environ

_begun = time.monotonic()
_acts = itertools.count(1)


def coloured(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if COLOURS else text


def act(title: str) -> None:
    """Print a numbered heading with the seconds since the beginning."""
    elapsed = f"{time.monotonic() - _begun:.0f} s"
    heading = f"{next(_acts)}. {title} ".ljust(WIDTH - len(elapsed) - 1, "─")
    print(f"\n{coloured(f'{heading} {elapsed}', '1;36')}\n", flush=True)


def say(text: str = "") -> None:
    print(text, flush=True)


def prove(text: str) -> None:
    """Print a statement that was checked and is true."""
    print(f"{coloured('✓', '1;32')} {text}", flush=True)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Print a slow operation before it starts, and its duration afterwards."""
    begun = time.monotonic()
    say(f"{what} ...")
    yield
    say(f"{what}: {time.monotonic() - begun:.1f} s")


def closing(text: str) -> None:
    elapsed = time.monotonic() - _begun
    print(f"\n{coloured('─' * WIDTH, '1;36')}\n{text}\n\nThe demo took {elapsed:.0f} s.", flush=True)
