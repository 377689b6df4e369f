"""The demo's churn model: small, but trained and evaluated on real purchase histories."""

from assent.sandbox.churn.batch import Batch, run_batch
from assent.sandbox.churn.model import ArtifactError
from assent.sandbox.churn.purchases import PurchasesUnreadableError
from assent.sandbox.churn.training import TrainedModel, score, train_versions

__all__ = [
    "ArtifactError",
    "Batch",
    "PurchasesUnreadableError",
    "TrainedModel",
    "run_batch",
    "score",
    "train_versions",
]
