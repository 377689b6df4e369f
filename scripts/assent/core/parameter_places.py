"""What a parameter below an environment's prefix is, told by its name alone."""

import re
from dataclasses import dataclass

from assent.core.names import NAME_PATTERN, VERSION_PATTERN
from assent.core.parameters import Names

__all__ = ["AppliedPlace", "CurrentPlace", "EarlierPlace", "HistoryPlace", "Place", "place_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedPlace:
    """How far apply came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPlace:
    """What inference runs of a model."""

    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPlace:
    """The decisions on a version."""

    model: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierPlace:
    """Earlier decisions on a version, a page of them."""

    model: str
    version: int
    page: int


Place = AppliedPlace | CurrentPlace | HistoryPlace | EarlierPlace

_BELOW = re.compile(
    rf"(?P<model>{NAME_PATTERN})/(?:current|versions/(?P<version>{VERSION_PATTERN})"
    r"(?:/earlier/(?P<page>[1-9][0-9]{0,3}))?)",
    re.ASCII,
)


def place_of(names: Names, name: str) -> Place | None:
    """What a parameter of an environment is; None for one that Assent never writes."""
    if name == names.applied:
        return AppliedPlace()
    match = _BELOW.fullmatch(name.removeprefix(f"{names.prefix}/{names.environment}/"))
    if match is None:
        return None
    model, version, page = match["model"], match["version"], match["page"]
    if version is None:
        return CurrentPlace(model=model)
    if page is None:
        return HistoryPlace(model=model, version=int(version))
    return EarlierPlace(model=model, version=int(version), page=int(page))
