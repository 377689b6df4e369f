"""Bias metrics of Clarify, and what changed in them against what is live."""

from collections.abc import Mapping
from typing import Literal

from assent.core.metrics import Metric
from assent.core.rendering.markdown import details
from assent.core.rendering.page.groups import Groups
from assent.core.rendering.page.headline import champion_record
from assent.core.rendering.page.layout import Layout, Room, roomy_table
from assent.core.rendering.page.numbers import difference, is_same, measured, signed
from assent.core.review import Champion, Review

__all__ = ["bias_section"]

_FAIR_AT_ZERO = frozenset(
    {
        *("CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL"),
        *("DPPL", "DCA", "DCR", "RD", "DAR", "DRR", "AD", "CDDPL", "TE", "FT", "GE", "SD"),
    }
)
_FAIR_AT_ONE = frozenset({"DI"})
_TIMES = {"pre_training_bias_metrics": "data", "post_training_bias_metrics": "model"}


def bias_section(review: Review, layout: Layout) -> str:
    """A row for each group and metric; what is no less fair than before is folded."""
    own = Groups(review.record.evidence.metrics).bias
    record = champion_record(review)
    live = {} if record is None else Groups(record.evidence.metrics).bias
    if not own and not live:
        return ""
    champion = review.champion
    header = ["of", "group", "metric", f"version {review.record.id.version}"]
    names = list({**own, **live})
    if live and isinstance(champion, Champion):
        header += [f"version {champion.version} (live)", "change"]
        changed = [name for name in names if not is_same(own.get(name), live.get(name))]
    else:
        changed = names
    right = range(3, 5)
    rows = {name: _row(name, own, live, layout) for name in names}
    shown = set(changed)
    same = [name for name in names if name not in shown]
    parts = ["### Bias"]
    if changed:
        differing = [rows[name] for name in changed]
        parts.append(roomy_table(header, differing, layout.further, _NOUN, right=right))
        parts.append("A difference is fairest at 0, disparate impact (`DI`) at 1.")
    if same:
        room = Room(shown=layout.further.shown + layout.further.folded)
        folded = roomy_table(header, [rows[name] for name in same], room, _NOUN, right=right)
        counted = f"{len(same)} bias {_NOUN[len(same) > 1]} did not change"
        parts.append(details(counted, folded))
    return "\n\n".join(parts)


_NOUN = ("metric", "metrics")


def _row(
    name: str, own: Mapping[str, Metric], live: Mapping[str, Metric], layout: Layout
) -> list[str]:
    section, _, rest = name.partition(".")
    group, _, metric = rest.rpartition(".")
    mine, other = own.get(name), live.get(name)
    shown = "**not reported**" if mine is None else measured(mine)
    cells = [_TIMES.get(section, ""), layout.code(group), layout.code(metric), shown]
    return [*cells, measured(other), _change(metric, mine, other)] if live else cells


def _change(name: str, one: Metric | None, other: Metric | None) -> str:
    if one is None or other is None:
        return ""
    gain = difference(one, other)
    if not gain:
        return "same"
    match _fairer(name, one.value, other.value):
        case "fairer":
            return f"🟢 {signed(gain)} fairer"
        case "less fair":
            return f"🔴 {signed(gain)} less fair"
        case None:
            return signed(gain)


def _fairer(name: str, one: float, other: float) -> Literal["fairer", "less fair"] | None:
    """Which of two is nearer to what is fair; None for a metric that this does not know."""
    if name in _FAIR_AT_ZERO:
        near, far = abs(one), abs(other)
    elif name in _FAIR_AT_ONE:
        near, far = abs(one - 1), abs(other - 1)
    else:
        return None
    if near == far:
        return None
    return "fairer" if near < far else "less fair"
