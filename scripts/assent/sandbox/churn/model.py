"""A logistic regression as data: fitted once, written as JSON in a `model.tar.gz`, read back."""

import gzip
import io
import json
import math
import tarfile
import zlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from assent.core.errors import AssentError
from assent.sandbox.churn.purchases import FEATURES, Observed

__all__ = ["ArtifactError", "LinearModel", "Term", "fit", "pack", "unpack"]

_MEMBER: Final = "model.json"
_KIND: Final = "logistic-regression"
_LARGEST: Final = 1 << 20
_DECIMALS: Final = 9


class ArtifactError(AssentError):
    """A model artifact does not hold a churn model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One feature's part in the model's log-odds: coefficient * (value - mean) / scale."""

    feature: str
    mean: float
    """Over the training customers."""
    scale: float
    """Standard deviation over the training customers; 1 where that is 0."""
    coefficient: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearModel:
    """Log-odds of churn as a sum of terms and an intercept."""

    terms: tuple[Term, ...]
    intercept: float
    customers: int
    """How many customers it was fitted to."""

    def contributions(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each term adds to each customer's log-odds.

        Args:
            features: Shape (customers, `FEATURES`).

        Returns:
            Shape (customers, terms).
        """
        columns = [FEATURES.index(term.feature) for term in self.terms]
        mean = np.array([term.mean for term in self.terms])
        scale = np.array([term.scale for term in self.terms])
        coefficient = np.array([term.coefficient for term in self.terms])
        return np.asarray(coefficient * (features[:, columns] - mean) / scale)

    def probabilities(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Each customer's probability of churn, shape (customers,)."""
        log_odds = self.contributions(features).sum(axis=1) + self.intercept
        # The half-angle form of the logistic function overflows nowhere.
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)))


def fit(observed: Observed, *, features: tuple[str, ...]) -> LinearModel:
    """Fit scikit-learn's L2-regularised logistic regression (C = 1) to standardised features.

    Newton's method with a tight tolerance leaves nothing to the order of additions above the
    nine decimals that are kept, so that the same data gives the same model on every machine.
    """
    values = observed.features[:, [FEATURES.index(name) for name in features]]
    mean = values.mean(axis=0).round(_DECIMALS)
    scale = values.std(axis=0).round(_DECIMALS)
    scale[scale == 0.0] = 1.0
    estimator = LogisticRegression(solver="newton-cholesky", tol=1e-10)
    estimator.fit((values - mean) / scale, observed.churned)
    coefficients = np.asarray(estimator.coef_[0], dtype=np.float64).round(_DECIMALS)
    return LinearModel(
        terms=tuple(
            Term(
                feature=name,
                mean=float(mean[index]),
                scale=float(scale[index]),
                coefficient=float(coefficients[index]),
            )
            for index, name in enumerate(features)
        ),
        intercept=round(float(estimator.intercept_[0]), _DECIMALS),
        customers=len(observed.customers),
    )


def pack(model: LinearModel) -> bytes:
    """The model as a `model.tar.gz`, equal bytes for equal models."""
    document = {
        "kind": _KIND,
        "customers": model.customers,
        "intercept": model.intercept,
        "terms": [
            {
                "feature": term.feature,
                "mean": term.mean,
                "scale": term.scale,
                "coefficient": term.coefficient,
            }
            for term in model.terms
        ],
    }
    content = json.dumps(document, indent=2, sort_keys=True, allow_nan=False).encode() + b"\n"
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        # A TarInfo made by hand has no owner and the time 0.
        member = tarfile.TarInfo(_MEMBER)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=0) as file:
        file.write(tar.getvalue())
    return packed.getvalue()


def unpack(artifact: bytes) -> LinearModel:
    """The model that `pack` wrote.

    Raises:
        ArtifactError: The bytes are something else; nothing is extracted to disk, or executed.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(artifact), mode="r:gz") as archive:
            member = archive.extractfile(_MEMBER)
            if member is None:
                raise _refused(f"{_MEMBER} is not a file")
            content = member.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise _refused(f"{_MEMBER} is larger than {_LARGEST} bytes")
        return _parsed(json.loads(content))
    except (
        tarfile.TarError,
        OSError,
        EOFError,
        zlib.error,
        KeyError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        raise _refused(f"{type(error).__name__}: {error}") from error


def _parsed(document: Any) -> LinearModel:  # noqa: ANN401 - json.loads promises nothing
    if document["kind"] != _KIND:
        raise _refused(f"it holds a {document['kind']!r}")
    customers = document["customers"]
    if type(customers) is not int:
        raise _refused("the number of customers is no integer")
    terms = tuple(
        Term(
            feature=str(term["feature"]),
            mean=_number(term["mean"]),
            scale=_number(term["scale"]),
            coefficient=_number(term["coefficient"]),
        )
        for term in document["terms"]
    )
    for term in terms:
        if term.feature not in FEATURES:
            raise _refused(f"the feature {term.feature!r} is unknown")
        if term.scale <= 0:
            raise _refused(f"the feature {term.feature!r} has no positive scale")
    return LinearModel(terms=terms, intercept=_number(document["intercept"]), customers=customers)


def _number(value: object) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):  # type: ignore[arg-type]
        raise _refused(f"{value!r} is no finite number")
    return float(value)  # type: ignore[arg-type]


def _refused(why: str) -> ArtifactError:
    return ArtifactError(
        f"The artifact does not hold a churn model: {why}.",
        hint="Use the model.tar.gz that the demo trained and registered.",
    )
