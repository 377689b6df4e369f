"""SageMaker's Search among model packages: filters, order and pages."""

import contextlib
import copy
import datetime as dt
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from moto.sagemaker.models import ModelPackage, SageMakerModelBackend

from assent.sandbox.aws.model_package import ATTRIBUTES, invalid, kept

__all__ = ["behind", "indexed", "search"]

_stale: list[dict[int, list[ModelPackage]]] = []
"""What the index knows while it is behind, by the identity of a backend."""


@contextlib.contextmanager
def behind(backends: Sequence[SageMakerModelBackend]) -> Iterator[None]:
    """Let the index know nothing that happens from now on, as the service's may for a while.

    What is changed, created or deleted meanwhile, a description tells at once.
    """
    now = {id(each): copy.deepcopy(list(each.model_packages.values())) for each in backends}
    _stale.append(now)
    try:
        yield
    finally:
        _stale.remove(now)


def indexed(backend: SageMakerModelBackend) -> list[ModelPackage]:
    """What the index knows of an account and region."""
    if _stale:
        return _stale[-1].get(id(backend), [])
    return list(backend.model_packages.values())


def search(
    packages: Sequence[ModelPackage],
    expression: Mapping[str, Any],
    *,
    by: str,
    descending: bool,
    start: int,
    most: int,
) -> tuple[list[ModelPackage], str | None]:
    """Return one page of what satisfies the expression, and the token of the next page.

    The real service indexes with a delay; this one answers from the present, unless `behind`.
    """
    found = [each for each in packages if _satisfies(each, expression)]
    found.sort(key=lambda each: _order(each, by), reverse=descending)
    end = start + most
    return found[start:end], str(end) if end < len(found) else None


def _satisfies(package: ModelPackage, expression: Mapping[str, Any]) -> bool:
    if "NestedFilters" in expression:
        raise invalid("the sandbox does not search by NestedFilters")
    verdicts = [_passes(package, each) for each in expression.get("Filters", ())]
    verdicts += [_satisfies(package, each) for each in expression.get("SubExpressions", ())]
    return any(verdicts) if expression.get("Operator") == "Or" and verdicts else all(verdicts)


def _passes(package: ModelPackage, condition: Mapping[str, str]) -> bool:
    found, expected = _field(package, condition["Name"]), condition.get("Value", "")
    match condition.get("Operator", "Equals"):
        case "Exists":
            return found is not None
        case "NotExists":
            return found is None
        case "In":
            return str(found) in expected.split(",")
        case "Contains":
            return found is not None and expected in str(found)
        case "NotEquals":
            return bool(found != _like(found, expected))
        case comparison:
            return found is not None and _COMPARISONS[comparison](found, _like(found, expected))


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}


def _field(package: ModelPackage, path: str) -> object:
    """Look up ``ModelPackageGroupName``, or ``CustomerMetadataProperties.dev.by``."""
    name, _, key = path.partition(".")
    attribute = ATTRIBUTES.get(name)
    value: object = getattr(package, attribute) if attribute else kept(package).get(name)
    if key:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, dt.datetime) and value.tzinfo is None:
        value = value.replace(tzinfo=dt.UTC)  # which moto means
    return value


def _like(found: object, expected: str) -> object:
    """Read a filter's text as the type of what it is compared with."""
    try:
        match found:
            case dt.datetime():
                read = dt.datetime.fromisoformat(expected)
                return read if read.tzinfo else read.replace(tzinfo=dt.UTC)
            case bool():
                return expected == "true"
            case int():
                return int(expected)
            case _:
                return expected
    except ValueError:
        raise invalid(f"Invalid value {expected!r} in a search filter") from None


def _order(package: ModelPackage, by: str) -> tuple[str, Any, str]:
    # What was never modified counts from its creation; equals are kept in a fixed order, so that
    # pages do not overlap.
    value = _field(package, by)
    if value is None and by == "LastModifiedTime":
        value = _field(package, "CreationTime")
    return type(value).__name__, "" if value is None else value, package.arn
