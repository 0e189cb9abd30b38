# Copyright (c) 2026 the postmaster.odoo contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gauges in the text format of Prometheus, in a file for the textfile collector of its node exporter."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ansible_collections.postmaster.odoo.plugins.module_utils.errors import Invalid
from ansible_collections.postmaster.odoo.plugins.module_utils.files import write_atomically
from ansible_collections.postmaster.odoo.plugins.module_utils.secrets.scrubbing import without_secrets


class Gauge(NamedTuple):
    """A metric with its samples.

    :param help: one line. All files in a folder must have the same line for a metric.
    :param samples: labels and values.
    :param texts: the labels that are texts of Odoo. Secrets in them are masked.
    :param combine: makes one value of the values of samples with the same labels: a collector rejects a file that has a sample twice.
    """

    name: str
    help: str
    samples: Sequence[tuple[Mapping[str, str], float]]
    texts: Collection[str] = ()
    combine: Callable[[float, float], float] = operator.add


def prometheus_text(gauges: Iterable[Gauge], labels: Mapping[str, str], secrets: Collection[str] = frozenset()) -> str:
    """Return metrics as text.

    :param labels: labels that all samples get.
    :param secrets: secrets that no label may contain.
    """
    return "\n".join(line for gauge in gauges for line in _lines(gauge, labels, secrets)) + "\n"


def _lines(gauge: Gauge, labels: Mapping[str, str], secrets: Collection[str]) -> Iterator[str]:
    yield f"# HELP {gauge.name} {gauge.help}"
    yield f"# TYPE {gauge.name} gauge"
    values: dict[str, float] = {}
    for own, value in gauge.samples:
        shown = {key: without_secrets(text, secrets) if key in gauge.texts else text for key, text in own.items()}
        pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in {**labels, **shown}.items())
        values[pairs] = gauge.combine(values[pairs], value) if pairs in values else value
    for pairs, value in values.items():
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
