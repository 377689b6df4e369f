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

from benchmarks.calls import Counts, Operations, count_calls
from benchmarks.check import compare_check
from benchmarks.closed import count_with_closed
from benchmarks.drift import DriftCounts, count_drift
from benchmarks.report import report_text, report_values
from benchmarks.scene import open_scene
from benchmarks.status import compare_status
from benchmarks.tree import TreeShape

_PEERS = Path(__file__).parents[1] / ".venv-bench" / "bin"

_FEW_CLOSED = 10
_NEEDED = {
    None: ("check-jsonschema", "gto"),
    "calls": (),
    "closed": (),
    "drift": (),
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
    add("--runs", type=int, default=3, metavar="N", help="runs of our commands [3]")
    add(
        "--only",
        choices=("calls", "closed", "drift", "check", "status"),
        help="one benchmark  [all]",
    )
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
        requests closed before than with few; or if drift took more than pages do, or erred.
    """
    arguments = _arguments(given)
    only: str | None = arguments.only
    counts: dict[int, Counts] = {}
    closed: dict[int, Operations] = {}
    drift: DriftCounts | None = None
    comparisons = []
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as name:
        if only in {None, "calls"}:
            _say(f"counting calls in a tree of {arguments.small:,} records")
            with open_scene(TreeShape.of(arguments.small), Path(name, "small")) as scene:
                counts[arguments.small] = count_calls(scene)
        if only in {None, "closed"}:
            for number in (_FEW_CLOSED, arguments.closed):
                _say(f"counting calls with {number:,} pull requests closed before")
                closed[number] = count_with_closed(number, Path(name, f"closed-{number}"))
        if only in {None, "drift"}:
            _say(f"counting what drift takes over {arguments.large:,} versions")
            Path(name, "drift").mkdir()
            drift = count_drift(arguments.large, Path(name, "drift"), planted=True)
        if only not in {"closed", "drift"}:
            _say(f"writing a tree of {arguments.large:,} records")
            with open_scene(TreeShape.of(arguments.large), Path(name, "large")) as scene:
                if only in {None, "calls"}:
                    _say("counting calls in it")
                    counts[arguments.large] = count_calls(scene)
                if only in {None, "check"}:
                    _say("timing assent check and check-jsonschema")
                    comparisons.append(compare_check(scene, arguments.peers, runs=arguments.runs))
                if only in {None, "status"}:
                    _say("timing assent status and gto show")
                    comparisons.append(
                        compare_status(
                            scene, arguments.peers, runs=arguments.runs, peer_records=arguments.gto
                        )
                    )
    if arguments.format == "json":
        print(json.dumps(report_values(counts, closed, comparisons, drift), indent=2))
    else:
        print(report_text(counts, closed, comparisons, drift))
    alike = _alike(list(counts.values())) and _alike(list(closed.values()))
    return int(not alike or (drift is not None and not drift.holds))


def _alike(found: Sequence[object]) -> bool:
    return all(each == found[0] for each in found)


def _say(doing: str) -> None:
    print(f"{doing} ...", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
