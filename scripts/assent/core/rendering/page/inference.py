"""The batch inference one rung down: its facts, and its metrics beside three others."""

from collections.abc import Callable, Sequence
from datetime import datetime

from assent.core.evidence import Inference
from assent.core.rendering.markdown import code, details, link
from assent.core.rendering.page.consoles import transform_job
from assent.core.rendering.page.groups import Groups, naming
from assent.core.rendering.page.headline import way
from assent.core.rendering.page.layout import Layout, Room, roomy_table
from assent.core.rendering.page.numbers import NOT_REPORTED, change, counted, measured, verdict
from assent.core.review import Champion, Review
from assent.core.timestamps import written

__all__ = ["inference_section"]

_JOB = ":transform-job/"


def inference_section(review: Review, layout: Layout) -> str:
    """The run, and its metrics beside those of training, of what is live, and of the rung below."""
    inference = review.record.evidence.inference
    if inference is None:
        return ""
    facts = [_facts(inference, layout), *_monitored(inference), *_incomparable(inference, review)]
    parts = [f"### Batch inference in {code(inference.environment)}", " ".join(facts)]
    if inference.metrics:
        parts.append(_comparison(inference, review, layout))
    return "\n\n".join(parts)


def _comparison(inference: Inference, review: Review, layout: Layout) -> str:
    """Metrics of quality in plain sight; confusion matrices and the like folded."""
    champion = review.champion
    live = champion.inference if isinstance(champion, Champion) else None
    quality = {*Groups(inference.metrics).quality, *Groups(live or {}).quality}
    rest = [name for name in inference.metrics if name not in quality]
    header, row = _columns(inference, review, layout)
    right = [index for index, title in enumerate(header) if index and title != "difference"]

    verdicts = {}
    if live is not None:
        verdicts = {
            name: verdict(inference.metrics.get(name), live.get(name), way(review, name))
            for name in quality
        }

    def key(name: str) -> tuple[bool, int, bool, int]:
        gated = any(result.gate.metric == name for result in review.gates)
        weight = verdicts[name].weight if live is not None else 0
        trained = name in review.record.evidence.metrics
        return not gated, weight, not trained, name.count(".")

    parts = []
    if quality:
        rows = [row(name) for name in sorted(quality, key=key)]
        parts += [f"Against what is live: {counted(verdicts.values())}"] if verdicts else []
        parts.append(roomy_table(header, rows, layout.metrics, ("metric", "metrics"), right=right))
    room = Room(shown=layout.further.shown + layout.further.folded)
    if rest and room.shown:
        rows = [row(name) for name in rest]
        listing = roomy_table(header, rows, room, ("number", "numbers"), right=right)
        parts.append(details(f"Further numbers of the run ({len(rest)})", listing))
    elif rest:
        parts.append(f"{len(rest)} further numbers are in the record itself.")
    return "\n\n".join(parts)


def _columns(
    inference: Inference, review: Review, layout: Layout
) -> tuple[list[str], Callable[[str], list[str]]]:
    """The header of the table, and what makes a metric's row."""
    training, champion = review.record.evidence.metrics, review.champion
    live = champion.inference if isinstance(champion, Champion) else None
    below = None if review.below is None else review.below.evidence.inference
    header = ["metric", f"inference in {code(inference.environment)}"]
    if isinstance(champion, Champion) and live is not None:
        header += [f"inference of version {champion.version} (live)", "difference"]
    header.append("training")
    if below is not None:
        header.append(f"inference in {code(below.environment)}")
    called = naming({*inference.metrics, *training, *(live or {})})

    def row(name: str) -> list[str]:
        metric = inference.metrics.get(name)
        shown = f"**{NOT_REPORTED}**" if metric is None else measured(metric)
        cells = [layout.code(called(name)), shown]
        if live is not None:
            other = live.get(name)
            cells += [measured(other), change(metric, other, way(review, name))]
        cells.append(measured(training.get(name)))
        return cells if below is None else [*cells, measured(below.metrics.get(name))]

    return header, row


def _facts(inference: Inference, layout: Layout) -> str:
    text = f"Run {link(layout.said(inference.run), transform_job(inference.run))}"
    if inference.ended is not None:
        text += f" ended {written(inference.ended)}"
        text += _lasted(inference.started, inference.ended)
    elif inference.started is not None:
        text += f" started {written(inference.started)}"
    if inference.instance_type is not None:
        text += f" on {_instances(inference.instance_type, inference.instances, layout)}"
    # Of a job SageMaker says so; of its own run a pipeline only said that it ended.
    return f"{text}, without failures." if _JOB in inference.run else f"{text}."


def _instances(kind: str, count: int | None, layout: Layout) -> str:
    if count is None:
        return layout.code(kind)
    return f"{count:,} {layout.code(kind)} instance{'' if count == 1 else 's'}"


def _lasted(started: datetime | None, ended: datetime) -> str:
    if started is None or ended < started:
        return ""
    minutes, seconds = divmod(int((ended - started).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if hours or minutes else ""]
    parts.append("" if hours else f"{seconds} s")
    return f" after {' '.join(part for part in parts if part)}"


def _monitored(inference: Inference) -> Sequence[str]:
    if inference.violations:
        return []
    if any(report.lists_violations for report in inference.reports):
        return ["Model Monitor found no violation."]
    return ["It left no list of violations, so nothing here tells whether its data drifted."]


def _incomparable(inference: Inference, review: Review) -> Sequence[str]:
    champion = review.champion
    if not isinstance(champion, Champion) or champion.inference is not None:
        return []
    if champion.metrics is None or not inference.metrics:  # that is said among the warnings
        return []
    return [f"The record of version {champion.version}, which is live, holds no batch inference."]
