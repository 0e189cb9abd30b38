# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gauges in the text format of Prometheus, in a file for the textfile collector of its node exporter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.files import write_atomically


class Gauge(NamedTuple):
    """A metric with its samples.

    :param help: one line. All files in a folder must have the same line for a metric.
    :param samples: labels and values. No two samples have the same labels.
    """

    name: str
    help: str
    samples: Sequence[tuple[Mapping[str, str], float]]


def prometheus_text(gauges: Iterable[Gauge], labels: Mapping[str, str]) -> str:
    """Return metrics as text.

    :param labels: labels that all samples get.
    """
    return "\n".join(line for gauge in gauges for line in _lines(gauge, labels)) + "\n"


def _lines(gauge: Gauge, labels: Mapping[str, str]) -> Iterator[str]:
    yield f"# HELP {gauge.name} {gauge.help}"
    yield f"# TYPE {gauge.name} gauge"
    for own, value in gauge.samples:
        pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in {**labels, **own}.items())
        yield f"{gauge.name}{{{pairs}}} {value:.15g}"


def _escaped(text: str) -> str:
    # Text from Odoo can contain half of a UTF-16 surrogate pair, which UTF-8 cannot encode.
    harmless = text.encode("utf-8", "replace").decode()
    return harmless.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def write_metrics(path: str, text: str) -> None:
    """Write a file for a collector of metrics.

    :raises Invalid: the file cannot be written.
    """
    try:
        write_atomically(path, text, mode=0o644)
    except OSError as error:
        raise Invalid(
            f"metrics_file {path} cannot be written: {error.strerror}. Choose a path in a folder that this user can write to."
        ) from error
