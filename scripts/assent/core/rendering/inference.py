"""What a promotion's page says of the batch inference one rung down: its drift and its metrics."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from assent.core.evidence import MAX_VIOLATIONS, Inference
from assent.core.metrics import Metric
from assent.core.rendering.markdown import code, table
from assent.core.rendering.metrics import Room, depth, measured, metrics_table, signed
from assent.core.reports import ReportKind, Violation
from assent.core.review import Champion, ChampionState
from assent.core.timestamps import written

__all__ = ["drift_alert", "inference_section", "violations_table"]

_MAX_WORDS = 100
_MAX_SENTENCE = 300
_JOB = ":transform-job/"


def drift_alert(inference: Inference, version: int, room: Room) -> str:
    """The alert that nobody can miss, with the violations; empty where there are none."""
    violations = inference.violations
    if not violations:
        return ""
    headline = (
        f"**Model Monitor found {_counted(violations)} when version {version} ran in "
        f"{code(inference.environment)}.** The data or the results there are not what the model "
        "was made for; approve it only if you know why."
    )
    lines = [headline, violations_table(violations[: room.shown])]
    folded = violations[room.shown : room.shown + room.folded]
    if folded:
        lines.append(
            f"<details><summary>{_counted(folded)} more</summary>\n\n"
            f"{violations_table(folded)}\n\n</details>"
        )
    over = len(violations) - room.shown - len(folded)
    if over > 0:
        lines.append(f"{over} more are in the record itself.")
    return "> [!CAUTION]\n" + _quoted("\n\n".join(lines))


def violations_table(violations: Sequence[Violation]) -> str:
    """Violations as a table; what they say is cut and shown as code."""
    rows = [
        [
            _said(each.feature, _MAX_WORDS),
            _said(each.check, _MAX_WORDS),
            _said(each.description, _MAX_SENTENCE),
        ]
        for each in violations
    ]
    return table(["what", "check", "what Model Monitor says"], rows)


def _said(text: str, limit: int) -> str:
    return code(text, limit) if text else ""


def _counted(violations: Sequence[Violation]) -> str:
    count = len(violations)
    if count == 1:
        return "1 violation"
    return f"{'at least ' if count >= MAX_VIOLATIONS else ''}{count} violations"


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def inference_section(
    inference: Inference, training: Mapping[str, Metric], champion: ChampionState, room: Room
) -> str:
    """The run's facts, and its metrics beside those of training and those of the champion's run.

    Args:
        inference: The run.
        training: The same version's metrics of training.
        champion: What is live in the target environment.
        room: For its metrics.
    """
    parts = [
        f"### Batch inference in {code(inference.environment)}",
        " ".join([_facts(inference), *_monitored(inference), *_incomparable(inference, champion)]),
    ]
    if inference.metrics:
        parts.append(_comparison(inference, training, champion, room))
    return "\n\n".join(parts)


def _comparison(
    inference: Inference, training: Mapping[str, Metric], champion: ChampionState, room: Room
) -> str:
    live = champion.inference if isinstance(champion, Champion) else None
    header = ["metric", f"inference in {code(inference.environment)}", "training"]
    if isinstance(champion, Champion) and live is not None:
        header += [f"inference of version {champion.version} (live)", "difference"]
    rows = []
    # What can be compared comes first.
    compared = {*training, *(live or {})}
    order = sorted(inference.metrics, key=lambda name: (name not in compared, depth(name)))
    for name in order:
        metric = inference.metrics[name]
        row = [code(name), measured(metric), measured(training.get(name))]
        if live is not None:
            other = live.get(name)
            row += [measured(other), signed(metric, other)]
        rows.append(row)
    return metrics_table(header, rows, room)


def _facts(inference: Inference) -> str:
    text = f"Run {code(inference.run)}"
    if inference.ended is not None:
        text += f" ended {written(inference.ended)}"
        text += _lasted(inference.started, inference.ended)
    elif inference.started is not None:
        text += f" started {written(inference.started)}"
    if inference.instance_type is not None:
        text += f" on {_instances(inference.instance_type, inference.instances)}"
    # Of a job SageMaker says so; of its own run a pipeline only said that it ended.
    return f"{text}, without failures." if _JOB in inference.run else f"{text}."


def _instances(kind: str, number: int | None) -> str:
    if number is None:
        return code(kind)
    return f"{number} {code(kind)} instance{'' if number == 1 else 's'}"


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
    if any(report.kind is ReportKind.VIOLATIONS for report in inference.reports):
        return ["Model Monitor found no violation."]
    return ["It left no list of violations, so nothing here tells whether its data drifted."]


def _incomparable(inference: Inference, champion: ChampionState) -> Sequence[str]:
    if not isinstance(champion, Champion) or champion.inference is not None:
        return []
    if champion.metrics is None or not inference.metrics:  # that is said among the warnings
        return []
    return [f"The record of version {champion.version}, which is live, holds no batch inference."]
