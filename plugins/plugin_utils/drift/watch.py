# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Translate the objects of a run of Ansible into the data of the collector. Only this module uses Ansible's objects."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ansible import context
from ansible.errors import AnsibleError
from ansible.playbook.block import Block
from ansible.plugins.loader import module_loader
from ansible.template import Templar

from ansible_collections.postmaster.odoo.plugins.plugin_utils.drift.collect import ROLES, Play, Task, modules

if TYPE_CHECKING:
    from ansible.playbook import Playbook as AnsiblePlaybook
    from ansible.playbook.play import Play as AnsiblePlay
    from ansible.playbook.task import Task as AnsibleTask

# If this variable of a play, a block or a task is false, it does not count for the verdict.
VERDICT_WANTED = "drift_verdict"

_INCLUDE_ROLE = frozenset({"include_role", "ansible.builtin.include_role", "ansible.legacy.include_role"})


def task_of(task: AnsibleTask, *, check_mode: bool | None = None) -> Task:
    """Return a task as data of the collector.

    :param check_mode: whether it ran in check mode; None to read that from the task.
    """
    return Task(
        id=task._uuid,
        name=task.get_name(),
        enforces=_enforces(task),
        check_mode=bool(task.check_mode) if check_mode is None else check_mode,
        run_once=task.run_once is True,
        asks="" if task.loop or task.loop_with else repr((task.action, task.args)),
    )


def _enforces(task: AnsibleTask) -> bool:
    action = str(task.action)
    if not _counts(task):
        return False
    names = modules()
    # The value of a template is known only after the task has run.
    return action in names or ("{" not in action and _module(action, tuple(task.collections or ())) in names)


@lru_cache
def _module(action: str, collections: tuple[str, ...]) -> str | None:
    """Return the module of this collection with a full or short name; None for others.

    `resolved_action` is the action plugin, which is the same for all modules of the collection.
    """
    found = module_loader.find_plugin_with_context(action, ignore_deprecated=True, collection_list=list(collections))
    fqcn: str | None = found.resolved_fqcn
    return fqcn


def play_of(play: AnsiblePlay) -> Play:
    """Return a play as data of the collector, with its hosts after a limit."""
    variables = play.get_variable_manager().get_vars(play=play)
    tasks, enforces = [], False
    for task in _from_start(list(_tasks(play.compile()))):
        if not (_enforces(task) or _includes_enforcing_role(task)):
            continue
        if task.evaluate_tags(play.only_tags, play.skip_tags, all_vars=variables):
            enforces = True
            if _enforces(task):
                tasks.append(task_of(task))
    return Play(list(variables["ansible_play_hosts_all"]), tasks, enforces, play.get_name())


def _includes_enforcing_role(task: AnsibleTask) -> bool:
    """Return whether a task includes a role of this collection at run time. If it is skipped on all hosts, there is no other sign of the role."""
    return task.action in _INCLUDE_ROLE and _counts(task) and task.args.get("name", task.args.get("role")) in ROLES


def _tasks(blocks: list[Any]) -> Iterator[AnsibleTask]:
    """Yield the tasks that run if nothing fails."""
    for block in blocks:
        if isinstance(block, Block):
            yield from _tasks(block.block)
            yield from _tasks(block.always)
        else:
            yield block


def _from_start(tasks: list[AnsibleTask]) -> list[AnsibleTask]:
    """Return the tasks from the one of `--start-at-task` on; all if it is not among them."""
    start = context.CLIARGS.get("start_at_task")
    names = [(task.name or "", task.get_name()) for task in tasks] if start else []
    first = (position for position, both in enumerate(names) if any(fnmatch(name, start) for name in both))
    return tasks[next(first, 0) :]


def _counts(part: AnsiblePlay | AnsibleTask) -> bool:
    return part.get_vars().get(VERDICT_WANTED, True) is not False


def wants_verdict(play: AnsiblePlay) -> bool:
    """Return whether the play counts for the verdict."""
    return _counts(play)


def inventory_of(play: AnsiblePlay) -> list[str]:
    """Return all hosts of the inventory, in its order."""
    return list(play.get_variable_manager().get_vars(play=play)["groups"]["all"])


def unstarted_plays(playbook: AnsiblePlaybook, started: set[str]) -> Iterator[Play]:
    """Yield the plays of a playbook that did not start because of a failure."""
    for play in playbook.get_plays():
        if play._uuid in started or not wants_verdict(play):
            continue
        variables = play.get_variable_manager().get_vars(play=play)
        copy = play.copy()
        try:
            copy.post_validate(Templar(loader=play.get_loader(), variables=variables))
            yield play_of(copy)
        except AnsibleError:  # its hosts are not known, because they depend on a play that has not run
            continue


def is_last_playbook(position: int) -> bool:
    """Return whether this is the last playbook on the command line of ansible-playbook."""
    return position >= len(context.CLIARGS.get("args") or ())


def is_stopped_early(playbooks: Sequence[AnsiblePlaybook], started: set[str]) -> bool:
    """Return whether a failure kept a playbook or a play of the command line from starting.

    :param playbooks: the playbooks that have started.
    :param started: the plays that have started.
    """
    return not is_last_playbook(len(playbooks)) or any(play._uuid not in started for play in playbooks[-1].get_plays())


def run_of(playbook: AnsiblePlaybook | None, seconds: float) -> dict[str, Any]:
    """Return the playbook and the options of the run."""
    given = context.CLIARGS.get("args") or [getattr(playbook, "_file_name", None) or ""]
    run: dict[str, Any] = {"playbook": " ".join(map(os.path.basename, given)), "seconds": round(seconds, 1)}
    if context.CLIARGS.get("subset"):
        run["limit"] = str(context.CLIARGS["subset"])
    if context.CLIARGS.get("start_at_task"):
        run["start_at_task"] = str(context.CLIARGS["start_at_task"])
    for name in ("tags", "skip_tags"):
        tags = [str(tag) for tag in context.CLIARGS.get(name) or () if tag != "all"]
        if tags:
            run[name] = tags
    return run
