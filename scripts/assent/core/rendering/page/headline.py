"""Which one metric stands for a version, and which way a metric improves on this page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assent.core.directions import direction
from assent.core.evidence import Evidence
from assent.core.gates import MeasuredIn
from assent.core.metrics import Metric
from assent.core.record import Record
from assent.core.rendering.page.groups import Groups
from assent.core.reports import Better
from assent.core.review import Champion, Review

__all__ = ["Headline", "champion_record", "headline", "way"]

_BEST_KNOWN = (
    *("auc", "roc_auc", "f1", "f1_score", "weighted_f1", "pr_auc", "auprc", "accuracy"),
    *("rmse", "mae", "mse", "mape", "r2", "log_loss", "ndcg", "map"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The metric that stands for the version."""

    name: str
    """Dotted, as in the reports."""
    metric: Metric
    better: Better | None
    measured_in: MeasuredIn = MeasuredIn.TRAINING

    def of(self, record: Record | None) -> Metric | None:
        """The same metric of another record; None where it has none."""
        return (
            None if record is None else _metrics(record.evidence, self.measured_in).get(self.name)
        )


def headline(review: Review) -> Headline | None:
    """The first gate's metric that is reported, or else the best known one of the model's quality.

    None where nothing tells of the model's quality.
    """
    evidence = review.record.evidence
    for result in review.gates:
        gate = result.gate
        found = _metrics(evidence, gate.measured_in).get(gate.metric)
        if found is not None:
            return Headline(
                name=gate.metric,
                metric=found,
                better=way(review, gate.metric),
                measured_in=gate.measured_in,
            )
    for name in _candidates(evidence):
        return Headline(name=name, metric=evidence.metrics[name], better=way(review, name))
    return None


def _candidates(evidence: Evidence) -> Iterator[str]:
    quality = Groups(evidence.metrics).quality
    names = sorted(quality, key=lambda name: (name.count("."), name))
    for known in _BEST_KNOWN:
        yield from (name for name in names if name.rpartition(".")[2].lower() == known)
    yield from (name for name in names if direction(name, evidence.directions) is not None)


def way(review: Review, name: str) -> Better | None:
    """Which way a metric improves: what a gate says, or else its reports and the usual table."""
    said = {
        result.gate.better
        for result in review.gates
        if result.gate.metric == name and result.gate.better is not None
    }
    if len(said) == 1:
        return said.pop()
    return None if said else direction(name, review.record.evidence.directions)


def champion_record(review: Review) -> Record | None:
    """The record of what is live; None where nothing is, or where it could not be read."""
    return review.champion.record if isinstance(review.champion, Champion) else None


def _metrics(evidence: Evidence, measured_in: MeasuredIn) -> Mapping[str, Metric]:
    if measured_in is MeasuredIn.TRAINING:
        return evidence.metrics
    return {} if evidence.inference is None else evidence.inference.metrics
