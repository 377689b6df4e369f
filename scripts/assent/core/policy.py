"""What `assent.yaml` demands of a promotion: gates and freezes, read from a judged document."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from assent.core.gates import Gate, GateKind, MeasuredIn
from assent.core.waiting import Freeze, Season, Week, earliest, latest

__all__ = ["Contradiction", "freeze_of", "freeze_problems", "gate_of", "gate_problems", "merged"]

Contradiction = tuple[tuple[str | int, ...], str]
"""A place in the document, and what is wrong there."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LOCAL = "%Y-%m-%dT%H:%M"
_OF_THE_MACHINE = frozenset({"localtime", "posixrules"})
"""Files beside the zones that mean another one on each machine."""
_KINDS = {kind.value: kind for kind in GateKind}


def gate_of(value: Mapping[str, Any]) -> Gate:
    """A gate, from a mapping without problems."""
    kind = next(each for name, each in _KINDS.items() if name in value)
    return Gate(
        id=value["id"],
        kind=kind,
        metric=value.get("metric", ""),
        bound=0.0 if kind is GateKind.NO_VIOLATIONS else float(value[kind.value]),
        sigmas=float(value.get("sigmas", 0)),
        measured_in=MeasuredIn(value.get("measured_in", MeasuredIn.TRAINING)),
        better=value.get("better"),
    )


def merged(
    gates: Sequence[Gate], changed: Sequence[Gate], without: Iterable[str]
) -> tuple[Gate, ...]:
    """Gates with some replaced by others of their id, some added, and some left out."""
    left_out = set(without)
    found = {gate.id: gate for gate in (*gates, *changed)}
    return tuple(gate for id_, gate in found.items() if id_ not in left_out)


def gate_problems(
    gates: Sequence[Mapping[str, Any]], place: tuple[str | int, ...], *, entry: bool
) -> Iterator[Contradiction]:
    """What a schema cannot say of gates.

    Args:
        gates: As the document has them.
        place: Where they stand.
        entry: Whether they are those of the first rung, below which nothing runs.
    """
    for index, gate in enumerate(gates):
        for field, message in _gate_problems(gate, entry=entry):
            yield (*place, index, *field), message
    for id_, count in Counter(gate["id"] for gate in gates).items():
        if count > 1:
            last = max(index for index, gate in enumerate(gates) if gate["id"] == id_)
            yield (*place, last, "id"), f"{id_} stands {count} times"


def _gate_problems(
    gate: Mapping[str, Any], *, entry: bool
) -> Iterator[tuple[tuple[str, ...], str]]:
    kinds = [name for name in _KINDS if name in gate]
    if len(kinds) != 1:
        said = " and ".join(kinds) if kinds else "nothing"
        yield (), f"a gate demands one of {', '.join(_KINDS)}; this one demands {said}"
        return
    kind = _KINDS[kinds[0]]
    if kind is GateKind.NO_VIOLATIONS:
        if not gate[kind.value]:
            yield (kind.value,), "must be true; leave the gate out to allow violations"
        for name in ("metric", "sigmas", "better"):
            if name in gate:
                yield (name,), f"{kind} has no {name}"
    elif "metric" not in gate:
        yield (), f"{kind} needs a metric"
    elif kind.compares and gate[kind.value] < 0:
        yield (kind.value,), "must not be negative"
    if "better" in gate and not kind.compares and kind is not GateKind.NO_VIOLATIONS:
        yield ("better",), f"{kind} does not depend on which way the metric improves"
    if entry and gate.get("measured_in") == MeasuredIn.INFERENCE:
        yield ("measured_in",), "below the first rung nothing runs, so there is no inference"


def freeze_of(value: Mapping[str, Any]) -> Freeze:
    """A freeze, from a mapping without problems."""
    zone = ZoneInfo(value["zone"])
    weekly = value.get("weekly")
    window: Season | Week
    if weekly is None:
        window = Season(
            start=earliest(_local(value["from"]), zone), end=latest(_local(value["until"]), zone)
        )
    else:
        window = Week(start=_minutes(weekly["from"]), end=_minutes(weekly["until"]))
    return Freeze(
        reason=value["reason"],
        zone=value["zone"],
        window=window,
        environments=frozenset(value.get("environments", ())),
    )


def freeze_problems(
    freezes: Sequence[Mapping[str, Any]], ladder: Iterable[str]
) -> Iterator[Contradiction]:
    """What a schema cannot say of freezes."""
    names = set(ladder)
    for index, freeze in enumerate(freezes):
        place = ("freezes", index)
        for number, name in enumerate(freeze.get("environments", ())):
            if name not in names:
                yield (*place, "environments", number), f"{name!a} is no environment"
        for field, message in _window_problems(freeze):
            yield (*place, *field), message


def _window_problems(freeze: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    try:
        zone = None if freeze["zone"] in _OF_THE_MACHINE else ZoneInfo(freeze["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None
    if zone is None:
        yield ("zone",), f"{freeze['zone']!a} is no IANA time zone, such as Europe/Berlin"
        return
    has = {name for name in ("from", "until", "weekly") if name in freeze}
    if has not in ({"from", "until"}, {"weekly"}):
        yield (), "a freeze has `from` and `until`, or `weekly`"
        return
    if "weekly" in has:
        if freeze["weekly"]["from"] == freeze["weekly"]["until"]:
            yield ("weekly",), "it begins when it ends; leave it out, or stop the line"
        return
    times = []
    for name in ("from", "until"):
        try:
            times.append(latest(_local(freeze[name]), zone))
        except (ValueError, OverflowError):
            yield (name,), f"{freeze[name]} is no time that there is"
            return
    if times[0] >= times[1]:
        yield ("until",), "it ends before it begins"


def _local(text: str) -> datetime:
    return datetime.strptime(text, _LOCAL)  # noqa: DTZ007 - by the clocks of a zone given beside it


def _minutes(text: str) -> int:
    """Minutes since Monday, 00:00, of `Fri 16:00`."""
    day, _, time = text.partition(" ")
    hour, _, minute = time.partition(":")
    return (_DAYS.index(day) * 24 + int(hour)) * 60 + int(minute)
