# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of the DNS checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.dns.lookup import Unanswered
from ansible_collections.postmaster.odoo.plugins.module_utils.dns.records import Problem

OK, UNKNOWN = "ok", "unknown"

Fact = dict[str, Any]


@dataclass
class Report:
    """Facts by kind, problems, and unknown facts.

    :ivar facts: one dictionary for each domain, key, path or address, with its `state`: `ok`, `unknown` or the id of a finding.
    :ivar unanswered: the queries without an answer.
    :ivar undeclared: sentences about facts that cannot be checked until the user declares them.
    """

    facts: dict[str, list[Fact]] = field(
        default_factory=lambda: {"spf": [], "dkim": [], "dmarc": [], "mx": [], "ptr": []}
    )
    problems: list[Problem] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    undeclared: list[str] = field(default_factory=list)

    def judge(self, kind: str, fact: Fact, check: Callable[[Fact], Problem | None]) -> Problem | None:
        """Record a fact with the verdict of a check, and return the problem.

        :param check: completes the fact, and returns the problem if there is one. Without an answer the state is `unknown`.
        """
        problem = None
        try:
            problem = check(fact)
        except Unanswered as error:
            self.unanswered.append(str(error))
            fact["state"] = UNKNOWN
        else:
            fact.setdefault("state", problem.finding if problem else OK)
            if problem:
                self.problems.append(problem)
        self.facts[kind].append(fact)
        return problem
