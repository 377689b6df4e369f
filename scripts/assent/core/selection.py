"""What of many reports a record carries: violations, curves and directions, each within a limit.

What is left out, or contradicts, is said in a remark.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from assent.core.curves import Curve
from assent.core.cutting import cut
from assent.core.evidence import MAX_CURVES, MAX_VIOLATIONS, UnreadPart
from assent.core.reports import Better, Violation

__all__ = ["MAX_DIRECTIONS", "select_curves", "select_directions", "select_violations"]

MAX_DIRECTIONS: Final = 1000
"""What a record holds; the schema says the same."""
_MAX_WORDS: Final = 300
_MAX_SENTENCE: Final = 600
"""Characters of a violation's texts, as they are written in ASCII."""
_NAMED: Final = 3
_MAX_NAME: Final = 80
"""Of so many metrics that a remark is about, the names are said, each in so many characters."""


def select_violations(
    found: Sequence[Violation], named: str
) -> tuple[tuple[Violation, ...], tuple[UnreadPart, ...]]:
    """The first violations, their texts shortened, and a remark on the others if there are any.

    Args:
        found: As the reports list them.
        named: What to call them in the remark.
    """
    kept = tuple(
        Violation(
            feature=cut(each.feature, _MAX_WORDS),
            check=cut(each.check, _MAX_WORDS),
            description=cut(each.description, _MAX_SENTENCE),
        )
        for each in found[:MAX_VIOLATIONS]
    )
    return kept, _over(len(found) - MAX_VIOLATIONS, MAX_VIOLATIONS, named)


def select_curves(
    found: Iterable[Curve],
) -> tuple[tuple[Curve, ...], tuple[UnreadPart, ...]]:
    """The first curves, and a remark on the others; of two of one name the first counts."""
    kept: dict[str, Curve] = {}
    remarks: list[UnreadPart] = []
    for curve in found:
        if curve.name in kept:
            why = "an earlier report has a curve of this name; that one counts"
            remarks.append(UnreadPart(where=f"curve {curve.name}", why=why))
        else:
            kept[curve.name] = curve
    curves = tuple(kept.values())
    over = _over(len(curves) - MAX_CURVES, MAX_CURVES, "curves")
    return curves[:MAX_CURVES], (*remarks, *over)


def select_directions(
    found: Iterable[tuple[str, Mapping[str, Better]]], metrics: Collection[str]
) -> tuple[dict[str, Better], tuple[UnreadPart, ...]]:
    """Which way metrics improve, as far as that is said of one that exists, and said alike.

    Args:
        found: What to call each file, and what it says.
        metrics: The names of the metrics that were read.
    """
    said: dict[str, set[Better]] = {}
    remarks: list[UnreadPart] = []
    for file, directions in found:
        strangers = [name for name in directions if name not in metrics]
        for name, better in directions.items():
            if name in metrics:
                said.setdefault(name, set()).add(better)
        if strangers:
            why = f"it says which way metrics improve that were not read: {_listed(strangers)}"
            remarks.append(UnreadPart(where=file, why=why))
    agreed: dict[str, Better] = {}
    contested = []
    for name, ways in sorted(said.items()):
        if len(ways) == 1:
            agreed[name] = next(iter(ways))
        else:
            contested.append(name)
    if contested:
        why = f"reports contradict each other on which way these improve: {_listed(contested)}"
        remarks.append(UnreadPart(where="directions", why=why))
    over = _over(len(agreed) - MAX_DIRECTIONS, MAX_DIRECTIONS, "directions")
    return dict(list(agreed.items())[:MAX_DIRECTIONS]), (*remarks, *over)


def _over(count: int, limit: int, named: str) -> tuple[UnreadPart, ...]:
    """What to say of what a record has no room for."""
    if count <= 0:
        return ()
    why = f"{count} more than the {limit} that a record holds; see the reports"
    return (UnreadPart(where=named, why=why),)


def _listed(names: Sequence[str]) -> str:
    first = ", ".join(cut(name, _MAX_NAME) for name in names[:_NAMED])
    return first if len(names) <= _NAMED else f"{first} and {len(names) - _NAMED} more"
