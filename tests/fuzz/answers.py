# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mutated answers of Odoo, over both transports and all series."""

from __future__ import annotations

import resource
from collections import Counter
from random import Random

from ansible_collections.postmaster.odoo.tests.unit.hostile.answering_odoo import AnsweringOdoo
from ansible_collections.postmaster.odoo.tests.unit.hostile.mutations import Answer, mutated
from ansible_collections.postmaster.odoo.tests.unit.hostile.tasks import (
    APPLIED,
    CHECKS,
    MEGABYTES,
    SECONDS,
    instance,
    run,
)

_SERIES = ("17.0", "18.0", "19.0")


def fuzz_answers(count: int, seed: int) -> Counter[str]:
    """Return the defects, and how often each happened."""
    faults: Counter[str] = Counter()
    # The number of answers that each task needs from a normal Odoo. One of them is changed.
    plays = []
    for series in _SERIES:
        for transport in ("jsonrpc", "json2"):
            for task in (*CHECKS, *APPLIED):
                ending = run(task, AnsweringOdoo(instance(series)), transport)
                failure = ending.fault or (ending.result or {}).get("msg")
                if failure and not (task.fails and failure.startswith(task.fails)):
                    faults[f"unchanged: {task.module} on {series}: {failure}"] += 1
                plays.append((series, transport, task, ending.answers))
    if faults:
        return faults
    kinds: Counter[str] = Counter()
    for number in range(count):
        random = Random(f"{seed} {number}")
        series, transport, task, answers = random.choice(plays)
        changed = random.randint(1, answers)

        def change(at: int, answer: Answer, changed: int = changed, random: Random = random) -> Answer:
            return mutated(random, answer) if at == changed else answer

        ending = run(task, AnsweringOdoo(instance(series), change), transport)
        kinds[(ending.result or {}).get("error_kind") or "success"] += 1
        if ending.fault:
            faults[ending.fault] += 1
        if ending.seconds > SECONDS:
            faults[f"{task.module} took {ending.seconds:.0f} s"] += 1
    print(f"  ended in: {', '.join(f'{times} {kind}' for kind, times in kinds.most_common())}")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  at most {megabytes} MB of memory")
    if megabytes > MEGABYTES:
        faults[f"{megabytes} MB of memory"] += 1
    return faults
