# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a mail queue in Prometheus' text format, for the textfile collector of its node exporter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.files import write_atomically
from ansible_collections.postmaster.odoo.plugins.module_utils.smtp.classification import FAILURE_CLASSES

_Samples = list[tuple[Mapping[str, str], float]]
_Family = tuple[str, str, _Samples]


def prometheus_text(queue: Mapping[str, Any], labels: Mapping[str, str], *, moment: float) -> str:
    """The metrics of a queue.

    :param labels: which queue it is.
    :param moment: when it was looked at, in seconds since 1970.
    """
    oldest = queue["oldest_due"]
    counts = {failure["class"]: failure["count"] for failure in queue["failures"]}
    families: tuple[_Family, ...] = (
        ("mails", "Mails in each state.", [({"state": state}, count) for state, count in queue["states"].items()]),
        ("due_mails", "Outgoing mails that could leave now.", [({}, queue["due"])]),
        ("scheduled_mails", "Outgoing mails that are to leave later.", [({}, queue["scheduled"])]),
        (
            "oldest_due_age_seconds",
            "Age of the oldest due mail, 0 without one.",
            [({}, oldest["age_seconds"] if oldest else 0)],
        ),
        (
            "interrupted_mails",
            "Due mails that the last run of the queue was cut off before.",
            [({}, queue["interrupted"]["count"])],
        ),
        (
            "failed_mails",
            "Failed mails by the class of their failure.",
            # Those of which there is none, too: an alert cannot tell a series that is missing from one that is forgotten.
            [({"class": name}, counts.get(name, 0)) for name in FAILURE_CLASSES],
        ),
        (
            "failed_mails_unclassified",
            "Failed mails whose reasons were too many to look at.",
            [({}, queue["unclassified"])],
        ),
        *_split(queue, "server", "Mails in each state by the mail server that they are bound to, which most are not."),
        *_split(queue, "from_domain", "Mails in each state by the domain of their sender."),
        ("checked_timestamp_seconds", "When the queue was looked at.", [({}, moment)]),
    )
    return "\n".join(line for family in families for line in _family(labels, *family)) + "\n"


def _split(queue: Mapping[str, Any], by: str, meaning: str) -> Iterator[_Family]:
    """The counts of a queue that was asked about so."""
    if f"by_{by}" in queue:
        samples: _Samples = [
            ({by: entry[by] or "", "state": state}, count)
            for entry in queue[f"by_{by}"]
            for state, count in entry["states"].items()
        ]
        yield f"mails_by_{by}", meaning, samples


def _family(labels: Mapping[str, str], name: str, meaning: str, samples: _Samples) -> Iterator[str]:
    full = f"odoo_mail_queue_{name}"
    yield f"# HELP {full} {meaning}"
    yield f"# TYPE {full} gauge"
    for own, value in samples:
        pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in {**labels, **own}.items())
        yield f"{full}{{{pairs}}} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def write_metrics(path: str, text: str) -> None:
    """Write the file that a collector of metrics reads.

    :raises Invalid: it cannot be written there.
    """
    try:
        write_atomically(path, text, mode=0o644)
    except OSError as error:
        raise Invalid(f"metrics_file {path} cannot be written: {error.strerror}.") from error
