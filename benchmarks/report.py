"""What was measured, as a plain table and as JSON values."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.busy_days import Scenario, chart, scenario_rows, scenario_values
from benchmarks.calls import Counts, Operations
from benchmarks.clones import Cloned
from benchmarks.comparison import Comparison, Measured
from benchmarks.discrepancies import DriftCounts
from benchmarks.function import FunctionFigures

__all__ = ["Measurements", "machine", "report_text", "report_values"]

_STEPS: Mapping[str, Callable[[Counts], Operations]] = {
    "assent propose, after a registration": lambda counts: counts.propose,
    "assent propose, after the same event again": lambda counts: counts.again,
    "assent apply": lambda counts: counts.apply,
    "assent propose, after a batch inference": lambda counts: counts.infer,
    "assent reject": lambda counts: counts.reject,
}


def machine() -> str:
    """What this ran on."""
    count = os.cpu_count() or 1
    return (
        f"{platform.system()} {platform.machine()}, {count} processors, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


@dataclass(slots=True, kw_only=True)
class Measurements:
    """What was asked for and measured so far."""

    counts: dict[int, Counts] = field(default_factory=dict)
    """By the records in the tree."""
    closed: dict[int, Operations] = field(default_factory=dict)
    """By the pull requests that were closed before."""
    comparisons: list[Comparison] = field(default_factory=list)
    proof: Operations | None = None
    drift: DriftCounts | None = None
    days: list[Scenario] = field(default_factory=list)
    """Busy days, simulated."""
    clones: list[Cloned] = field(default_factory=list)
    function: FunctionFigures | None = None

    @property
    def holds(self) -> bool:
        """Whether every step took the calls that it may, and no simulated message was lost."""
        alike = _alike(list(self.counts.values())) and _alike(list(self.closed.values()))
        days = all(each.holds for each in self.days)
        return alike and days and (self.drift is None or self.drift.holds)


def _alike(found: Sequence[object]) -> bool:
    return all(each == found[0] for each in found)


def report_text(measured: Measurements) -> str:
    """Everything that was measured, in tables."""
    parts = [machine()]
    counts, closed = measured.counts, measured.closed
    comparisons, proof, drift = measured.comparisons, measured.proof, measured.drift
    if counts:
        parts += [
            _calls(
                f"{step}: calls with",
                {f"{size:,} records": of(each) for size, each in counts.items()},
            )
            for step, of in _STEPS.items()
        ]
    if closed:
        found = {f"{number:,} closed before": each for number, each in closed.items()}
        parts.append(_calls("assent apply: calls with", found))
    if proof is not None:
        parts.append(_calls("proof of one approval, cold", {"calls": proof}))
    if drift is not None:
        parts.append(_drift(drift))
    if measured.days:
        parts.append(_days(measured.days))
    if measured.clones:
        parts.append(_clones(measured.clones))
    if measured.function is not None:
        parts += _function(measured.function)
    if comparisons:
        parts.append(_times(comparisons))
    return "\n\n".join(parts)


def _calls(title: str, found: Mapping[str, Operations]) -> str:
    operations = list(dict.fromkeys(name for each in found.values() for name in each))
    rows = [[name, *(str(each.get(name, 0)) for each in found.values())] for name in operations]
    total = ["all", *(str(sum(each.values())) for each in found.values())]
    counted = _table([[title, *found], *rows, total])
    if len(found) == 1:
        return counted
    same = all(each == next(iter(found.values())) for each in found.values())
    return f"{counted}\n{'The same calls.' if same else 'DIFFERENT CALLS.'}"


def _drift(drift: DriftCounts) -> str:
    rows = [[name, str(count)] for name, count in sorted(drift.calls.items())]
    head = [f"assent drift: AWS calls over {drift.versions:,} versions", "calls"]
    table = _table([head, *rows, ["all", str(drift.total)], ["pages alone", str(drift.least)]])
    over = 100 * (drift.total - drift.least) / drift.least
    missed, invented = len(drift.planted - drift.found), len(drift.found - drift.planted)
    return (
        f"{table}\n{over:.1f} % more than pages alone; {len(drift.planted)} differences planted, "
        f"one of each kind, {missed} missed, {invented} invented."
    )


def _days(days: Sequence[Scenario]) -> str:
    first = days[0]
    said = f"Simulated: a day with {first.day.versions:,} registrations, {first.name}"
    lines = [
        f"{said}; messages on the queue, hour by hour",
        *chart(first.played),
        "",
        "Times in hours:minutes.",
        _table(scenario_rows(days)),
    ]
    return "\n".join(lines)


def _clones(clones: Sequence[Cloned]) -> str:
    rows = [["clone", "bytes", "files", "apply ends with", "fetches", "fetches of check"]]
    rows += [
        [
            each.kind,
            f"{each.bytes:,}",
            f"{each.files:,}",
            str(each.applied),
            str(each.fetches),
            "" if each.whole_tree is None else str(each.whole_tree),
        ]
        for each in clones
    ]
    return _table(rows)


def _function(figures: FunctionFigures) -> list[str]:
    built, peer = figures.built, figures.imports[-1]
    size = f"{built.size / 1e6:.1f} MB zipped, {built.unpacked / 1e6:.1f} MB unpacked"
    head = ["cold import from the zip", "seconds", "processor seconds", f"beside {peer.name}"]
    rows = [
        [
            each.name,
            f"{each.duration.seconds:.2f}",
            f"{each.duration.processor_seconds:.2f}",
            f"{each.duration.seconds / peer.duration.seconds:.2f}",
        ]
        for each in figures.imports
    ]
    warm = (
        f"a warm event is as much work as {figures.warm_ratio:.1f} bare requests to GitHub "
        f"({figures.warm_seconds * 1000:.1f} ms and {figures.query_seconds * 1000:.1f} ms of a "
        f"processor, medians of {figures.events})"
    )
    return [
        f"the Lambda's zip, {built.runtime}, {built.architecture}: {size}, {built.files} files",
        _table([head, *rows]),
        _calls("a warm registration, calls", {"calls": figures.calls}),
        warm,
    ]


def _function_values(figures: FunctionFigures) -> dict[str, Any]:
    return {
        "bytes": figures.built.size,
        "unpacked_bytes": figures.built.unpacked,
        "runtime": figures.built.runtime,
        "architecture": figures.built.architecture,
        "imports": {
            each.name: {
                "seconds": round(each.duration.seconds, 3),
                "processor_seconds": round(each.duration.processor_seconds, 3),
                "runs": each.duration.runs,
            }
            for each in figures.imports
        },
        "warm_seconds": round(figures.warm_seconds, 4),
        "bare_request_seconds": round(figures.query_seconds, 4),
        "calls": dict(figures.calls),
    }


def _times(comparisons: Sequence[Comparison]) -> str:
    header = ["command", "over", "seconds", "processor seconds", "runs", "ratio"]
    rows = [header]
    for each in comparisons:
        rows.append(_timed(each.ours, ""))
        rows.append(_timed(each.peer, f"{each.ratio:.1f}"))
    return _table(rows)


def _timed(measured: Measured, ratio: str) -> list[str]:
    duration = measured.duration
    return [
        measured.command,
        measured.size,
        f"{duration.seconds:.2f}",
        f"{duration.processor_seconds:.2f}",
        str(duration.runs),
        ratio,
    ]


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def report_values(measured: Measurements) -> dict[str, Any]:
    """Everything that was measured, as JSON values."""
    counts, closed = measured.counts, measured.closed
    comparisons, proof, drift = measured.comparisons, measured.proof, measured.drift
    return {
        "machine": machine(),
        "calls": [
            {
                "records": size,
                "propose": dict(each.propose),
                "again": dict(each.again),
                "apply": dict(each.apply),
                "infer": dict(each.infer),
                "reject": dict(each.reject),
            }
            for size, each in counts.items()
        ],
        "closed": [{"before": number, "apply": dict(each)} for number, each in closed.items()],
        "proof": None if proof is None else dict(proof),
        "drift": None
        if drift is None
        else {
            "versions": drift.versions,
            "calls": dict(drift.calls),
            "pages": drift.least,
            "planted": len(drift.planted),
            "missed": len(drift.planted - drift.found),
            "invented": len(drift.found - drift.planted),
        },
        "clones": [asdict(each) for each in measured.clones],
        "busy_days": [scenario_values(each) for each in measured.days],
        "lambda": None if measured.function is None else _function_values(measured.function),
        "times": [
            {
                "question": each.question,
                "ours": _measured_values(each.ours),
                "peer": _measured_values(each.peer),
                "ratio": round(each.ratio, 2),
            }
            for each in comparisons
        ],
    }


def _measured_values(measured: Measured) -> dict[str, Any]:
    return {
        "command": measured.command,
        "over": measured.size,
        "seconds": round(measured.duration.seconds, 3),
        "processor_seconds": round(measured.duration.processor_seconds, 3),
        "runs": measured.duration.runs,
    }
