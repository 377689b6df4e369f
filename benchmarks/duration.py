"""How long a command takes, as a process of its own, start-up included."""

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Command", "Duration", "median", "time_beside", "time_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """The median of some runs."""

    seconds: float
    """By the clock on the wall."""
    processor_seconds: float
    """Of all its processes; a busy machine lengthens these least."""
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program to time."""

    arguments: Sequence[str]
    """The program and what it is given."""
    folder: Path
    environment: Mapping[str, str] | None = None
    """None for this process's own."""


def time_beside(ours: Command, peer: Command, *, runs: int) -> tuple[Duration, Duration]:
    """Time our command some times and a peer's once, half of ours before it and half after.

    So what else the machine does meanwhile slows both alike.

    Raises:
        RuntimeError: One failed; how long that took would mean nothing.
    """
    first = [time_run(ours) for _ in range((runs + 1) // 2)]
    middle = time_run(peer)
    last = [time_run(ours) for _ in range(runs // 2)]
    return median([*first, *last]), median([middle])


def median(measured: Sequence[tuple[float, float]]) -> Duration:
    """The median of runs, each as `time_run` returned it."""
    return Duration(
        seconds=statistics.median(wall for wall, _ in measured),
        processor_seconds=statistics.median(processor for _, processor in measured),
        runs=len(measured),
    )


def time_run(command: Command) -> tuple[float, float]:
    """Run a command once.

    Returns:
        Seconds by the clock on the wall, and of processors.

    Raises:
        RuntimeError: It failed.
    """
    before, start = _processor(), time.perf_counter()
    environment = os.environ if command.environment is None else command.environment
    done = subprocess.run(
        command.arguments,
        cwd=command.folder,
        env=dict(environment),
        check=False,
        capture_output=True,
    )
    wall = time.perf_counter() - start
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace")[-2000:]
        raise RuntimeError(f"{command.arguments[0]} ended with {done.returncode}: {said}")
    return wall, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
