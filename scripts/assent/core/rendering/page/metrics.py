"""The metrics of training: against what is live here, and against the rung below."""

from collections.abc import Mapping, Sequence

from assent.core.metrics import Metric
from assent.core.rendering.markdown import code, details
from assent.core.rendering.page.groups import Groups, naming
from assent.core.rendering.page.headline import champion_record, headline, way
from assent.core.rendering.page.layout import Layout, Room, roomy_table
from assent.core.rendering.page.numbers import (
    LEGEND,
    NOT_REPORTED,
    Verdict,
    change,
    counted,
    is_same,
    measured,
    verdict,
)
from assent.core.review import Champion, Review

__all__ = ["metrics_section"]


def metrics_section(review: Review, layout: Layout) -> str:
    """What is measured of the model's quality; what did not change is folded."""
    evidence = review.record.evidence
    groups = Groups(evidence.metrics)
    if not evidence.metrics:
        return ""
    heading = "### Metrics" if evidence.inference is None else "### Metrics of training"
    parts = [heading, _quality(review, groups, layout), _below(review, layout)]
    parts += [_constant(review, groups, layout), _data(review, groups, layout)]
    return "\n\n".join(part for part in parts if part)


def _quality(review: Review, groups: Groups, layout: Layout) -> str:
    own = groups.quality
    live = _live(review)
    if not own and not live:
        return ""
    rival = Groups(live).quality if live is not None else None
    names = _ordered(review, own, rival)
    if rival is None:
        called = naming(own)
        rows = [[layout.code(called(name)), measured(own.get(name))] for name in names]
        header = ["metric", f"version {review.record.id.version}"]
        return roomy_table(header, rows, layout.metrics, _NOUN, right=[1])
    return _compared(review, own, rival, names, layout)


_NOUN = ("metric", "metrics")


def _compared(
    review: Review,
    own: Mapping[str, Metric],
    rival: Mapping[str, Metric],
    names: Sequence[str],
    layout: Layout,
) -> str:
    assert isinstance(review.champion, Champion)  # noqa: S101 - whose record `rival` is
    header = ["metric", f"version {review.record.id.version}"]
    header += [f"version {review.champion.version} (live)", "difference"]
    called = naming({*own, *rival})

    def row(name: str) -> list[str]:
        mine, other = own.get(name), rival.get(name)
        shown = f"**{NOT_REPORTED}**" if mine is None else measured(mine)
        cells = [layout.code(called(name)), shown, measured(other)]
        return [*cells, change(mine, other, way(review, name))]

    verdicts = _verdicts(review, own, rival)
    changed = [name for name in names if verdicts[name] is not Verdict.SAME]
    same = [name for name in names if verdicts[name] is Verdict.SAME]
    parts = [counted(verdicts.values())]
    if changed:
        rows = [row(name) for name in changed]
        parts += [roomy_table(header, rows, layout.metrics, _NOUN, right=[1, 2]), LEGEND]
    if same:
        room = Room(shown=layout.metrics.shown + layout.metrics.folded)
        folded = roomy_table(header, [row(name) for name in same], room, _NOUN, right=[1, 2])
        summary = "1 metric did not change" if len(same) == 1 else f"{len(same)} did not change"
        parts.append(details(summary, folded))
    return "\n\n".join(parts)


def _ordered(
    review: Review, own: Mapping[str, Metric], rival: Mapping[str, Metric] | None
) -> list[str]:
    """What gates judge first, then the headline, then what is worse, so that no fold hides that."""
    gated = [result.gate.metric for result in review.gates]
    first = headline(review)
    ahead = dict.fromkeys([*gated, *([first.name] if first else [])])
    place = {name: index for index, name in enumerate(ahead)}
    names = {**own, **(rival or {})}
    verdicts = _verdicts(review, own, rival or {})

    def key(name: str) -> tuple[int, int, bool, int]:
        weight = verdicts[name].weight if rival is not None else 0
        undirected = way(review, name) is None
        return place.get(name, len(place)), weight, undirected, name.count(".")

    return sorted(names, key=key)


def _verdicts(
    review: Review, own: Mapping[str, Metric], rival: Mapping[str, Metric]
) -> Mapping[str, Verdict]:
    return {
        name: verdict(own.get(name), rival.get(name), way(review, name))
        for name in {**own, **rival}
    }


def _live(review: Review) -> Mapping[str, Metric] | None:
    record = champion_record(review)
    return None if record is None else record.evidence.metrics


def _below(review: Review, layout: Layout) -> str:
    """Whether the rung below approved it on these very metrics."""
    below, inference = review.below, review.record.evidence.inference
    if below is None:
        if inference is None:
            return ""
        return f"Its record in {code(inference.environment)} was not at hand to compare with."
    own, other = review.record.evidence.metrics, below.evidence.metrics
    where = code(below.id.environment)
    if own == other:
        return f"{where} approved this version on the very same metrics of training."
    differing = [name for name in {**own, **other} if own.get(name) != other.get(name)]
    differing.sort(key=lambda name: name.count("."))
    called = naming({*own, *other})
    rows = [
        [
            layout.code(called(name)),
            measured(own.get(name)),
            measured(other.get(name)),
            change(own.get(name), other.get(name), way(review, name)),
        ]
        for name in differing
    ]
    header = ["metric", "now", f"in {where}", "difference"]
    room = Room(shown=min(10, layout.metrics.shown), folded=layout.further.folded)
    listing = roomy_table(header, rows, room, _NOUN, right=[1, 2])
    return f"⚠️ **Its record in {where} holds other metrics of training**:\n\n{listing}"


def _constant(review: Review, groups: Groups, layout: Layout) -> str:
    """What guessing the same for all would reach; folded, since an alert tells where it matters."""
    guess = groups.constant
    if not guess or not layout.metrics.folded:
        return ""
    called = naming(groups.metrics)
    rows = [
        [
            layout.code(called(name)),
            measured(groups.metrics.get(name)),
            measured(other),
            change(groups.metrics.get(name), other, way(review, name)),
        ]
        for name, other in guess.items()
    ]
    header = ["metric", f"version {review.record.id.version}", "best constant classifier"]
    header.append("difference")
    room = Room(shown=layout.metrics.shown)
    listing = roomy_table(header, rows, room, _NOUN, right=[1, 2])
    return details("Against guessing the same for all", listing)


def _data(review: Review, groups: Groups, layout: Layout) -> str:
    """Statistics of the data, all folded: they are many, and say nothing of quality."""
    own = groups.data
    live = _live(review)
    if not own:
        return ""
    rival = {} if live is None else Groups(live).data
    header = ["", f"version {review.record.id.version}"]
    if isinstance(review.champion, Champion) and rival:
        header += [f"version {review.champion.version} (live)", "difference"]
    rows = []
    for name in sorted(own, key=lambda name: is_same(own[name], rival.get(name))):
        row = [layout.code(name), measured(own[name])]
        if rival:
            row += [measured(rival.get(name)), change(own[name], rival.get(name), None)]
        rows.append(row)
    room = Room(shown=layout.further.shown + layout.further.folded)
    if not room.shown:
        return f"{len(rows)} further numbers are in the record itself."
    noun = ("number", "numbers")
    listing = roomy_table(header, rows, room, noun, right=[1, 2])
    return details(f"Statistics of the data and further numbers ({len(rows)})", listing)
