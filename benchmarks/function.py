"""The Lambda's zip: how large it is, how long its import takes, and what an event costs.

All of it is timed in processes that have nothing on their path but the unpacked zip, beside one
that only imports boto3 and PyGithub from the same place, which nothing of Assent makes shorter.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assent.lambda_zip import Built, build_lambda
from assent.sandbox.aws import register, sqs_batch
from assent.sandbox.stage import REPOSITORY, Stage
from benchmarks.calls import Operations, operations
from benchmarks.duration import Command, Duration, median, time_run

__all__ = ["FunctionFigures", "Import", "measure_function"]

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
EVENTS = 20
_PYTHON = (sys.executable, "-I", "-S", "-B", "-c")
_PATH = "import sys; sys.path[:0] = [sys.argv[1]]"
_HANDLER = "import assent.lambda_handler"
_LIBRARIES = "import boto3, github"
_REPORT = b'{"binary_classification_metrics": {"auc": {"value": 0.9}}}'
_BARE = f"/repos/{REPOSITORY}"
_DRIVE = f"""
import json, time
from assent.lambda_handler import _proposer, handler
class Context:
    aws_request_id = "benchmark"
    def get_remaining_time_in_millis(self):
        return 30000
def bare():
    _proposer().client.requester.requestJsonAndCheck("GET", "/repos/{REPOSITORY}")
def timed(act):
    start = time.process_time()
    act()
    return time.process_time() - start
def event(batch):
    assert handler(batch, Context()) == dict(batchItemFailures=[])
for line in sys.stdin:
    batch = json.loads(line)
    print(json.dumps([timed(lambda: event(batch)), timed(bare)]), file=sys.stderr)
"""
"""Handles a batch a line, and prints how much work it and a bare request to GitHub were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """How long a fresh process takes until something is imported."""

    name: str
    duration: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionFigures:
    """What was measured of the Lambda."""

    built: Built
    imports: Sequence[Import]
    """The last one is what the others are compared with."""
    warm_seconds: float
    """Processor seconds of a warm process for an event, the median."""
    query_seconds: float
    """Of the same process for one bare request to the same GitHub, in between."""
    events: int
    calls: Operations
    """Of one warm event."""

    @property
    def warm_ratio(self) -> float:
        """How many bare requests are as much work as a warm event."""
        return self.warm_seconds / self.query_seconds


def measure_function(folder: Path, *, runs: int) -> FunctionFigures:
    """Build the zip for this Python, and time it.

    Args:
        folder: An empty one.
        runs: How often each import is timed.
    """
    machine = "x86_64" if os.uname().machine == "x86_64" else "arm64"
    built = build_lambda(folder / "assent-lambda.zip", architecture=machine, runtime=RUNTIME)
    with_bytecode, without = folder / "with", folder / "without"
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(with_bytecode)
    shutil.copytree(with_bytecode, without, ignore=shutil.ignore_patterns("__pycache__"))
    subjects = [
        ("the handler", with_bytecode, _HANDLER),
        ("the handler, without bytecode", without, _HANDLER),
        ("the interpreter alone", with_bytecode, "pass"),
        ("boto3 and github", with_bytecode, _LIBRARIES),
    ]
    imports = _time_imports(subjects, runs)
    warm, query, calls = _time_events(with_bytecode, folder)
    return FunctionFigures(
        built=built,
        imports=imports,
        warm_seconds=warm,
        query_seconds=query,
        events=EVENTS,
        calls=calls,
    )


def _time_imports(subjects: Sequence[tuple[str, Path, str]], runs: int) -> list[Import]:
    """Time them in turn, so that what else the machine does slows all alike."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in subjects}
    for _ in range(runs + 1):
        for name, task, code in subjects:
            arguments = [*_PYTHON, f"{_PATH}; {code}", str(task)]
            command = Command(arguments=arguments, folder=task, environment={"LANG": "C.UTF-8"})
            taken[name].append(time_run(command))
    # The first one of each fills the machine's caches.
    return [Import(name=name, duration=median(each[1:])) for name, each in taken.items()]


def _time_events(task: Path, folder: Path) -> tuple[float, float, Operations]:
    """Handle one new version after another in a warm process, with a bare request in between.

    Returns:
        Processor seconds of an event and of a bare request, medians both, and the calls of one
        event. What the services take meanwhile is theirs.
    """
    with Stage(folder / "stage") as stage:
        batches = [
            sqs_batch([register(stage.aws, reports={"model-quality": _REPORT}).event])
            for _ in range(EVENTS + 1)
        ]
        done = subprocess.run(
            [*_PYTHON, f"{_PATH}; {_DRIVE}", str(task)],
            input="".join(f"{json.dumps(each)}\n" for each in batches),
            env=stage.environment(),
            cwd=task,
            check=True,
            capture_output=True,
            text=True,
        )
        calls = [call for call in stage.ledger.calls if not call.path.endswith(_BARE)]
        last = next(
            place
            for place, call in reversed(list(enumerate(calls)))
            if call.operation == "DescribeModelPackage"
        )
        counted = operations(calls[last:])
    events, queries = zip(*(json.loads(each) for each in done.stderr.splitlines()), strict=True)
    # The first event is a cold process's.
    return statistics.median(events[1:]), statistics.median(queries[1:]), counted
