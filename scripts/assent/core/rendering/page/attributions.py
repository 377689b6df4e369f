"""How much each feature counts (SHAP), and how the order changed against what is live."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assent.core.rendering.markdown import details
from assent.core.rendering.mermaid import bar_chart, labels_of
from assent.core.rendering.page.groups import Groups
from assent.core.rendering.page.headline import champion_record
from assent.core.rendering.page.layout import Layout, roomy_table
from assent.core.rendering.page.numbers import number
from assent.core.review import Champion, Review

__all__ = ["attributions_section"]

_TOP = 10
_OPEN = 1


def attributions_section(review: Review, layout: Layout) -> str:
    """For each label that was explained the features in order, with their moves."""
    own = Groups(review.record.evidence.metrics).attributions
    record = champion_record(review)
    live = {} if record is None else Groups(record.evidence.metrics).attributions
    if not own:
        if live and isinstance(review.champion, Champion):
            version = review.champion.version
            return (
                "### What the model looks at\n\n"
                f"⚠️ No attribution is reported; version {version}, which is live, has them."
            )
        return ""
    parts = []
    for index, (label, values) in enumerate(own.items()):
        text = _one(review, label, values, live.get(label, {}), layout, chart=index < _OPEN)
        if index < _OPEN or not layout.further.folded:
            parts.append(text)
        if index + 1 >= _OPEN and not layout.further.folded:
            over = len(own) - index - 1
            parts += [f"{over} further explanations are in the record itself."] if over else []
            break
        if index >= _OPEN:
            parts.append(details(f"Explanation {index + 1} of {len(own)}", text))
    return "\n\n".join(["### What the model looks at", *parts])


def _one(
    review: Review,
    label: str,
    values: Mapping[str, float],
    live: Mapping[str, float],
    layout: Layout,
    *,
    chart: bool,
) -> str:
    order, before = _ranked(values), _ranked(live)
    was = {feature: rank for rank, feature in enumerate(before, start=1)}
    top = [*order[:_TOP], *(name for name in before[:_TOP] if name not in order[:_TOP])]
    rest = [name for name in order[_TOP:] if name not in top]
    header = ["rank", "feature", f"version {review.record.id.version}"]
    if live and isinstance(review.champion, Champion):
        header += [f"version {review.champion.version} (live)", "rank before", "move"]
    ranks = {feature: rank for rank, feature in enumerate(order, start=1)}
    rows = []
    for feature in [*top, *rest]:
        rank, old = ranks.get(feature), was.get(feature)
        row = ["" if rank is None else str(rank), layout.code(feature)]
        row.append("**gone**" if rank is None else number(values[feature]))
        if live:
            row.append("not reported" if old is None else number(live[feature]))
            row += ["" if old is None else str(old), _move(rank, old)]
        rows.append(row)
    parts = [f"Mean absolute SHAP values of {layout.code(label)}.{_summary(order, before)}"]
    if chart and layout.charts and len(order) > 1:
        shown = order[:_TOP]
        drawn = bar_chart(
            "What counts most", labels_of(shown), "SHAP", [abs(values[name]) for name in shown]
        )
        parts += [drawn] if drawn else []
    room = layout.further
    if room.shown >= _TOP:
        room = replace(room, shown=len(top))  # also what fell out of the first ten
    listing = roomy_table(header, rows, room, ("feature", "features"), right=[0, 2, 3, 4])
    return "\n\n".join([*parts, listing])


def _ranked(values: Mapping[str, float]) -> list[str]:
    return sorted(values, key=lambda name: (-abs(values[name]), name))


def _summary(order: Sequence[str], before: Sequence[str]) -> str:
    if not before:
        return ""
    new, gone = len(set(order) - set(before)), len(set(before) - set(order))
    if list(order) == list(before):
        return " The order is that of the version that is live."
    said = [f"{new} new"] if new else []
    said += [f"{gone} gone"] if gone else []
    entered = len(set(order[:_TOP]) - set(before[:_TOP]))
    said += [f"{entered} came into the first ten"] if entered and len(order) > _TOP else []
    return f" Against what is live: {', '.join(said)}." if said else ""


def _move(rank: int | None, old: int | None) -> str:
    if rank is None:
        return "gone"
    if old is None:
        return "new"
    if rank == old:
        return ""
    return f"▲ {old - rank}" if rank < old else f"▼ {rank - old}"
