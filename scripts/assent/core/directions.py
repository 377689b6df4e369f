"""Which way a metric improves, where no constraint file says so: the stated default table."""

from collections.abc import Mapping
from types import MappingProxyType

from assent.core.reports import Better

__all__ = ["HIGHER", "LOWER", "direction", "usual_direction"]

HIGHER = frozenset(
    {
        *("accuracy", "auc", "auprc", "average_precision", "balanced_accuracy", "f0_5", "f1"),
        *("f1_score", "f2", "gini", "hit_rate", "kappa", "ks", "lift", "map", "mcc", "ndcg"),
        *("pr_auc", "precision", "r2", "r2_score", "recall", "roc_auc", "sensitivity"),
        *("specificity", "true_negative_rate", "true_positive_rate", "weighted_f0_5"),
        *("weighted_f1", "weighted_f2", "weighted_precision", "weighted_recall"),
    }
)
"""Names whose greater values are better."""
LOWER = frozenset(
    {
        *(
            "brier",
            "brier_score",
            "cross_entropy",
            "ece",
            "error",
            "error_rate",
            "false_negative_rate",
        ),
        *("false_positive_rate", "hinge_loss", "log_loss", "logloss", "loss", "mae", "mape", "mse"),
        *("nll", "perplexity", "pinball_loss", "rmse", "rmsle", "smape", "wape", "wmape"),
    }
)
"""Names whose smaller values are better."""
_TABLE: Mapping[str, Better] = MappingProxyType(
    {**dict.fromkeys(HIGHER, "higher"), **dict.fromkeys(LOWER, "lower")}
)


def usual_direction(metric: str) -> Better | None:
    """Which way a metric of that name usually improves; None where the table does not know it.

    The last part of a dotted name counts, in any spelling of case and hyphens.
    """
    return _TABLE.get(metric.rpartition(".")[2].lower().replace("-", "_").replace(" ", "_"))


def direction(metric: str, told: Mapping[str, Better]) -> Better | None:
    """Which way a metric improves, by what its reports tell, or else as usual.

    None where neither knows, and where the two contradict each other: whoever writes the reports
    could otherwise turn a regression into an improvement.

    Args:
        metric: Its dotted name.
        told: What constraint files say, by name.
    """
    said, usual = told.get(metric), usual_direction(metric)
    if said is not None and usual is not None and said != usual:
        return None
    return said or usual
