"""One thing in which AWS is not as main says."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Discrepancy", "Kind", "in_order"]


class Kind(StrEnum):
    """In which way AWS differs from main."""

    APPROVED_WITHOUT_RECORD = "approved-without-record"
    RECORD_WITHOUT_EFFECT = "record-without-effect"
    REGISTRY_DIFFERS = "registry-differs"
    PARAMETER_EDITED = "parameter-edited"
    HISTORY_EDITED = "history-edited"
    DECISION_WITHOUT_RECEIPT = "decision-without-receipt"
    PARAMETER_STRAY = "parameter-stray"
    UNKNOWN_WRITER = "unknown-writer"
    PACKAGE_DELETED = "package-deleted"
    PACKAGE_RECREATED = "package-recreated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One thing in which AWS is not as main says."""

    environment: str
    """Empty where it is about the registry's one status of all environments."""
    model: str
    """Empty for a parameter of no model."""
    version: int | None
    kind: Kind
    detail: str
    """What was found and what should be there; holds what strangers wrote."""
    heals: bool = False
    """Whether writing back what is in effect mends it."""
    parameter: str = ""
    """The name of a parameter that nothing explains."""


def in_order(discrepancy: Discrepancy) -> tuple[str, int, str, str, str]:
    """The order in which they are told: by model and version, what is of all versions first."""
    each = discrepancy
    return (each.model, each.version or 0, each.environment, each.kind, each.detail)
