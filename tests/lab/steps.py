"""Steps that run once, run again if their inputs change, and are printed with their duration."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str], None]


def digest(*ingredients: object) -> str:
    """Return a short key of all inputs of a step; a Path counts with its content."""
    total = hashlib.sha256()
    for ingredient in ingredients:
        total.update(ingredient.read_bytes() if isinstance(ingredient, Path) else repr(ingredient).encode())
        total.update(b"\0")
    return total.hexdigest()[:16]


@contextmanager
def timed(progress: Progress, title: str) -> Iterator[None]:
    """Print one line about the work in the block, with its duration; after a failure, with the duration until then."""
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        progress(f"{title}: failed after {time.monotonic() - begun:.1f} s")
        raise
    progress(f"{title}: {time.monotonic() - begun:.1f} s")


@dataclass(frozen=True)
class Step:
    """A piece of work that is done once."""

    name: str
    title: str
    key: str  # of all its inputs
    is_there: Callable[[], bool]  # a fast check of its result
    work: Callable[[], object]


class Steps:
    """Stamp files: a step whose stamp contains its key is done.

    The stamp is deleted before the work and written after it, so a step that was killed half-way runs again.
    """

    def __init__(self, stamps: Path, progress: Progress) -> None:
        self.stamps = stamps
        self.progress = progress

    def is_done(self, step: Step) -> bool:
        stamp = self.stamps / step.name
        return stamp.exists() and stamp.read_text() == step.key and step.is_there()

    def do(self, step: Step) -> None:
        """Do the work of a step unless it is already done."""
        if self.is_done(step):
            return
        stamp = self.stamps / step.name
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        self.progress(f"{step.title} ...")
        with timed(self.progress, step.title):
            step.work()
        stamp.write_text(step.key)
