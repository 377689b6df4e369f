"""Evidence in a size that a record can carry: what is least needed makes room for the rest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from assent.core.evidence import Evidence, UnreadPart, evidence_values, package_values
from assent.core.metrics import Metric
from assent.core.package import Package
from assent.core.reports import Violation

__all__ = ["LEFT_OUT", "MAX_EVIDENCE_BYTES", "MORE", "evidence_size", "fitting"]

LEFT_OUT = "evidence"
MORE = "and"
"""Where remarks are that say that others were left out: for the size of a record, and of a list."""
MAX_EVIDENCE_BYTES = 400 * 1024
"""Of package and evidence as JSON; a record's file, in YAML, is read up to 512 KiB."""
_MOST_REMARKS = 50
_ALL_BUT_ONE = 99
"""Remarks: a record holds one more, the one on what was left out."""
_FEWEST = 10
"""Entries of a part that are kept in any case; violations of inference are kept all."""


def fitting(package: Package, evidence: Evidence) -> Evidence:
    """The evidence, or as much of it as fits, with a remark on what was left out.

    Only names or texts far longer than reports have, thousands of them, do not fit. Curves make
    room first, then remarks. Of the parts that can be many, metrics and violations of training,
    metrics of inference, and remarks, the largest is then halved until all fit, so that the first
    of each stay. Directions go with their metrics.
    """
    given = evidence
    if evidence_size(package, evidence) > MAX_EVIDENCE_BYTES:
        # Never all remarks that a record holds: one more is to come.
        evidence = replace(evidence, curves=(), unread=evidence.unread[:_ALL_BUT_ONE])
    if evidence_size(package, evidence) > MAX_EVIDENCE_BYTES:
        evidence = replace(evidence, unread=evidence.unread[:_MOST_REMARKS])
    while evidence_size(package, evidence) > MAX_EVIDENCE_BYTES:
        smaller = _smaller(evidence)
        if smaller is None:  # the rest is for the record's own limits to judge
            break
        evidence = _with_known_directions(smaller)
    left_out = _left_out(given, evidence)
    if not left_out:
        return evidence
    why = f"a record cannot carry all: {left_out} were left out; see the reports themselves"
    remark = UnreadPart(where=LEFT_OUT, why=why)
    return replace(evidence, unread=(remark, *evidence.unread))


def evidence_size(package: Package, evidence: Evidence) -> int:
    """How many bytes package and evidence have as JSON."""
    return len(json.dumps([package_values(package), evidence_values(evidence)]))


def _smaller(evidence: Evidence) -> Evidence | None:
    """Half of the part that takes the most room; None where all have the fewest entries."""
    inference = evidence.inference
    parts: dict[str, Mapping[str, Metric] | Sequence[UnreadPart] | Sequence[Violation]] = {
        "metrics": evidence.metrics,
        "unread": evidence.unread,
        "violations": evidence.violations,
        "inference": {} if inference is None else inference.metrics,
    }
    largest = max(parts, key=lambda name: _room(parts[name]))
    count = max(len(parts[largest]) // 2, _FEWEST)
    if _room(parts[largest]) == 0:
        return None
    match largest:
        case "metrics":
            return replace(evidence, metrics=_first(evidence.metrics, count))
        case "violations":
            return replace(evidence, violations=evidence.violations[:count])
        case "inference" if inference is not None:
            fewer = replace(inference, metrics=_first(inference.metrics, count))
            return replace(evidence, inference=fewer)
        case _:
            return replace(evidence, unread=evidence.unread[:count])


def _with_known_directions(evidence: Evidence) -> Evidence:
    """The evidence with the directions of those metrics that it holds."""
    inferred = {} if evidence.inference is None else evidence.inference.metrics
    return replace(
        evidence,
        directions={
            name: better
            for name, better in evidence.directions.items()
            if name in evidence.metrics or name in inferred
        },
    )


def _room(part: Mapping[str, Metric] | Sequence[UnreadPart] | Sequence[Violation]) -> int:
    """About how many bytes a part takes; none where nothing of it can be left out."""
    if len(part) <= _FEWEST:
        return 0
    if isinstance(part, Mapping):
        return len(json.dumps(list(part)))
    return len(json.dumps([asdict(each) for each in part]))


def _first(metrics: Mapping[str, Metric], count: int) -> dict[str, Metric]:
    return dict(list(metrics.items())[:count])


def _left_out(given: Evidence, kept: Evidence) -> str:
    counts = {
        "metrics of training": len(given.metrics) - len(kept.metrics),
        "metrics of inference": _inferred(given) - _inferred(kept),
        "violations of training": len(given.violations) - len(kept.violations),
        "curves": len(given.curves) - len(kept.curves),
        "remarks": len(given.unread) - len(kept.unread),
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _inferred(evidence: Evidence) -> int:
    return 0 if evidence.inference is None else len(evidence.inference.metrics)
