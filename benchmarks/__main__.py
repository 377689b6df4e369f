"""`python -m benchmarks`: count calls, and time `check` and `status` beside their peers.

Nothing here passes or fails by the clock: what may not grow is counted, and what takes time is
shown as a ratio on the machine at hand.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.busy_days import costs_of, play_scenarios
from benchmarks.calls import count_calls
from benchmarks.check import compare_check
from benchmarks.clones import clone_and_apply
from benchmarks.closed import count_with_closed
from benchmarks.discrepancies import count_drift
from benchmarks.function import measure_function
from benchmarks.proof import count_proof
from benchmarks.report import Measurements, report_text, report_values
from benchmarks.scene import open_scene
from benchmarks.status import compare_status
from benchmarks.tree import TreeShape

_PEERS = Path(__file__).parents[1] / ".venv-bench" / "bin"

_FEW_CLOSED = 10
_NEEDED = {
    None: ("check-jsonschema", "gto"),
    "calls": (),
    "closed": (),
    "proof": (),
    "drift": (),
    "busy-day": (),
    "clones": (),
    "lambda": (),
    "check": ("check-jsonschema",),
    "status": ("gto",),
}
"""Each benchmark's peers."""


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--small", type=int, default=10, metavar="N", help="records in the small tree [10]")
    add("--large", type=int, default=10_000, metavar="N", help="records in the large one [10000]")
    add("--closed", type=int, default=300, metavar="N", help="pull requests closed before [300]")
    add("--gto", type=int, default=2_500, metavar="N", help="versions for gto show [2500]")
    add("--registrations", type=int, default=2_000, metavar="N", help="on a busy day [2000]")
    add("--runs", type=int, default=3, metavar="N", help="runs of our commands [3]")
    add("--only", choices=tuple(filter(None, _NEEDED)), help="one benchmark  [all]")
    add("--peers", type=Path, default=_PEERS, metavar="FOLDER", help="programs of the peers")
    add("--format", choices=("text", "json"), default="text", help="how to print it [text]")
    arguments = parser.parse_args(given)
    for program in _NEEDED[arguments.only]:
        if not (arguments.peers / program).is_file():
            parser.error(f"{arguments.peers} has no {program}; `make bench` installs it")
    return arguments


def main(given: Sequence[str] | None = None) -> int:
    """Measure what is asked for and print it.

    Returns:
        1 if a step took other calls in the large tree than in the small one, or with many pull
        requests closed before than with few; if drift took more than pages do, or erred; or if a
        simulated message was lost.
    """
    arguments = _arguments(given)
    measured = Measurements()
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as name:
        _count(arguments, measured, Path(name))
        _measure_in_large(arguments, measured, Path(name))
    if arguments.format == "json":
        print(json.dumps(report_values(measured), indent=2))
    else:
        print(report_text(measured))
    return int(not measured.holds)


def _count(arguments: argparse.Namespace, measured: Measurements, folder: Path) -> None:
    """Count calls in scenes of their own."""
    only: str | None = arguments.only
    if only in {None, "calls"}:
        _say(f"counting calls in a tree of {arguments.small:,} records")
        with open_scene(TreeShape.of(arguments.small), folder / "small") as scene:
            measured.counts[arguments.small] = count_calls(scene)
    if only in {None, "closed"}:
        for number in (_FEW_CLOSED, arguments.closed):
            _say(f"counting calls with {number:,} pull requests closed before")
            measured.closed[number] = count_with_closed(number, folder / f"closed-{number}")
    if only in {None, "proof"}:
        _say("counting the calls of a proof")
        measured.proof = count_proof(folder / "proof")
    if only in {None, "drift"}:
        _say(f"counting what drift takes over {arguments.large:,} versions")
        (folder / "drift").mkdir()
        measured.drift = count_drift(arguments.large, folder / "drift", planted=True)
    if only in {None, "clones"}:
        _say(f"cloning a repository of {arguments.large:,} records")
        (folder / "clones").mkdir()
        measured.clones = clone_and_apply(arguments.large, folder / "clones")
    if only in {None, "busy-day"}:
        counts = measured.counts.get(arguments.small)
        if counts is None:
            _say("counting the calls of each step")
            with open_scene(TreeShape.of(arguments.small), folder / "steps") as scene:
                counts = count_calls(scene)
        measured.days = play_scenarios(costs_of(counts), versions=arguments.registrations, say=_say)
    if only in {None, "lambda"}:
        _say("building the Lambda's zip, and timing it")
        (folder / "lambda").mkdir()
        measured.function = measure_function(folder / "lambda", runs=arguments.runs)


def _measure_in_large(arguments: argparse.Namespace, measured: Measurements, folder: Path) -> None:
    """Count, and compare with peers, in a large tree."""
    only: str | None = arguments.only
    if only in {"busy-day", "clones", "closed", "drift", "lambda", "proof"}:
        return
    _say(f"writing a tree of {arguments.large:,} records")
    with open_scene(TreeShape.of(arguments.large), folder / "large") as scene:
        if only in {None, "calls"}:
            _say("counting calls in it")
            measured.counts[arguments.large] = count_calls(scene)
        if only in {None, "check"}:
            _say("timing assent check and check-jsonschema")
            found = compare_check(scene, arguments.peers, runs=arguments.runs)
            measured.comparisons.append(found)
        if only in {None, "status"}:
            _say("timing assent status and gto show")
            found = compare_status(
                scene, arguments.peers, runs=arguments.runs, peer_records=arguments.gto
            )
            measured.comparisons.append(found)


def _say(doing: str) -> None:
    print(f"{doing} ...", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
