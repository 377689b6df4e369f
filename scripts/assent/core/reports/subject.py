"""Whom a report says it is of: a model package, or a model with or without a version.

At the top level of a report these keys say so, as many of them as there are:
`model_package_arn`; `model` or `model_package_group_name`; and beside one of those two, `version`
or `model_package_version`. A version without a model is the version of the report's format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from assent.core.names import VERSION_PATTERN, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assent.core.names import PackageArn
    from assent.core.reports.document import Json, JsonObject

__all__ = ["Subject", "speaks_of"]

_PACKAGE: Final = "model_package_arn"
_MODELS: Final = ("model", "model_package_group_name")
_VERSIONS: Final = ("version", "model_package_version")
_VERSION_TEXT: Final = re.compile(VERSION_PATTERN, re.ASCII)
_LARGEST_WHOLE: Final = 1e15
"""Beyond it, not every integer is a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a report says of whom it is; hostile, and perhaps contradicting itself."""

    claims: Mapping[str, str | int]
    """By top-level key, at least one; versions are integers from 1."""

    def objection(self, arn: PackageArn) -> str | None:
        """Which of the claims is of another package, as part of a sentence; None where none is."""
        expected = {
            _PACKAGE: arn.text,
            **dict.fromkeys(_MODELS, arn.model),
            **dict.fromkeys(_VERSIONS, arn.version),
        }
        for key, claim in self.claims.items():
            if claim != expected[key]:
                said = shown(claim) if isinstance(claim, str) else claim
                return f"its {key} is {said}, not {expected[key]}"
        return None


def speaks_of(document: JsonObject) -> Subject | None:
    """Read whom a report says it is of; None where it says nothing of it, as most do."""
    claims: dict[str, str | int] = {}
    for key in (_PACKAGE, *_MODELS):
        name = document.get(key)
        if isinstance(name, str):
            claims[key] = name
    if not claims.keys().isdisjoint(_MODELS):
        for key in _VERSIONS:
            version = _version(document.get(key))
            if version is not None:
                claims[key] = version
    return Subject(claims=claims) if claims else None


def _version(value: Json) -> int | None:
    # Model Monitor's 0.0 is the version of its format, and no version of a model.
    match value:
        case float() if value.is_integer() and 1 <= value < _LARGEST_WHOLE:
            return int(value)
        case str() if _VERSION_TEXT.fullmatch(value):
            return int(value)
        case _:
            return None
