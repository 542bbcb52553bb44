"""The text format of Prometheus, written by hand: a client library takes twenty times as long for thousands of series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitor.telemetry.catalogue import Metric

Sample = tuple[Sequence[str], float]


def family(metric: Metric, samples: Iterable[Sample]) -> str:
    """One metric with its samples; label values in the order of the metric's labels. Without a sample only its heading."""
    heading = f"# HELP {metric.name} {_help(metric.text)}\n# TYPE {metric.name} {metric.kind}\n"
    return heading + "".join(sample_line(metric.name, metric.labels, values, value) for values, value in samples)


def sample_line(name: str, labels: Sequence[str], values: Sequence[str], value: float) -> str:
    """One sample."""
    if not labels:
        return f"{name} {number(value)}\n"
    pairs = ",".join(f'{label}="{escaped(text)}"' for label, text in zip(labels, values, strict=True))
    return f"{name}{{{pairs}}} {number(value)}\n"


def number(value: float) -> str:
    """Integers without a point, floats by their shortest text."""
    return str(value) if isinstance(value, int) else repr(float(value)).replace("inf", "Inf").replace("nan", "NaN")


def escaped(text: str) -> str:
    """A label value as the format wants it."""
    if "\\" in text or '"' in text or "\n" in text:
        return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return text


def _help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")
