"""Sorts a record's metrics by what they measure, so that each kind has a place of its own."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from assent.core.metrics import Metric

__all__ = ["Groups", "Matrix", "naming"]

_SECTIONS = ("binary_classification_metrics", "multiclass_classification_metrics")
_QUALITY = (*_SECTIONS, "regression_metrics")
_CONSTANT = "_best_constant_classifier"
_MATRIX = ".confusion_matrix."
_SHAP = ".global_shap_values."
_BIAS = ("pre_training_bias_metrics.", "post_training_bias_metrics.")
_DATA = "features."


def naming(among: Collection[str]) -> Callable[[str], str]:
    """How to call metrics: without the section of model quality they stand in, if that is clear.

    Args:
        among: All names that stand beside each other. If two would look alike, all stay whole.
    """
    if len({_without_section(name) for name in among}) == len(set(among)):
        return _without_section
    return str


def _without_section(name: str) -> str:
    section, _, rest = name.partition(".")
    return rest if section in _QUALITY and rest else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """A confusion matrix."""

    name: str
    """Dotted, without its cells."""
    cells: Mapping[tuple[str, str], float]
    """By actual and predicted class."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Every class that occurs, in order of its name, numbers first."""
        return tuple(sorted({each for cell in self.cells for each in cell}, key=_class_order))

    def row(self, actual: str) -> float:
        """How many were of that class."""
        return sum(count for (each, _), count in self.cells.items() if each == actual)

    def recall(self, name: str) -> float | None:
        """The share of a class that was found; None where there was none of it."""
        whole = self.row(name)
        return self.cells.get((name, name), 0.0) / whole if whole > 0 else None


def _class_order(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


@dataclass(frozen=True)
class Groups:
    """The metrics of one record by kind. Each metric is in one group."""

    metrics: Mapping[str, Metric] = field(default_factory=dict)

    @cached_property
    def matrices(self) -> tuple[Matrix, ...]:
        """Those whose cells can be told apart, by name."""
        found: dict[str, dict[tuple[str, str], float]] = {}
        for name, metric in self.metrics.items():
            prefix, mark, rest = name.partition(_MATRIX)
            cell = _halves(rest) if mark else None
            if cell is not None:
                found.setdefault(prefix + _MATRIX.rstrip("."), {})[cell] = metric.value
        return tuple(Matrix(name=name, cells=found[name]) for name in sorted(found))

    @cached_property
    def quality(self) -> Mapping[str, Metric]:
        """What says how good the model is, and all that is of no other kind."""
        return {name: each for name, each in self.metrics.items() if _kind(name) == "quality"}

    @cached_property
    def constant(self) -> Mapping[str, Metric]:
        """What guessing the same for all would reach, by the name of the metric itself."""
        return {
            name.removesuffix(_CONSTANT): each
            for name, each in self.metrics.items()
            if _kind(name) == "constant"
        }

    @cached_property
    def bias(self) -> Mapping[str, Metric]:
        """Clarify's bias metrics."""
        return {name: each for name, each in self.metrics.items() if _kind(name) == "bias"}

    @cached_property
    def data(self) -> Mapping[str, Metric]:
        """Statistics of the data, and of explanations what is no attribution."""
        return {name: each for name, each in self.metrics.items() if _kind(name) == "data"}

    @cached_property
    def attributions(self) -> Mapping[str, Mapping[str, float]]:
        """How much each feature counts, by what is explained, such as `kernel_shap.label0`."""
        found: dict[str, dict[str, float]] = {}
        for name, metric in self.metrics.items():
            prefix, mark, feature = name.partition(_SHAP)
            if mark and _kind(name) == "shap":
                found.setdefault(prefix.removeprefix("explanations."), {})[feature] = metric.value
        return found


def _kind(name: str) -> str:
    if name.startswith("explanations."):
        return "shap" if _SHAP in name else "data"
    if name.startswith(_BIAS):
        return "bias"
    if name.startswith(_DATA):
        return "data"
    _, mark, rest = name.partition(_MATRIX)
    if mark and _halves(rest) is not None:
        return "matrix"
    return "constant" if name.endswith(_CONSTANT) else "quality"


def _halves(cell: str) -> tuple[str, str] | None:
    """A cell's actual and predicted class; a class such as `1.0` has dots of its own."""
    parts = cell.split(".")
    half, odd = divmod(len(parts), 2)
    if odd:
        return None
    return ".".join(parts[:half]), ".".join(parts[half:])
