"""What the repository's own deployments page shows: which version of a model is live, and where."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Deployed", "Deployment", "LiveVersion", "live_of", "live_values", "place_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVersion:
    """A version that is live, by the record that a commit brought."""

    model: str
    version: int
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment that is to be shown."""

    place: str
    """GitHub's environment: `prod/churn`."""
    live: LiveVersion
    production: bool
    """Whether it is on the top rung."""
    pull_request: str
    """The address of the pull request that brought it about."""
    run: str = ""
    """The address of the workflow run; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The latest deployment of a place."""

    id: int
    live: LiveVersion | None
    """What it shows; None for one that Assent did not make."""


def place_of(environment: str, model: str) -> str:
    """GitHub's environment for a model."""
    return f"{environment}/{model}"


def live_values(live: LiveVersion) -> dict[str, Any]:
    """What a deployment carries, for the next run to compare with."""
    return {"model": live.model, "version": live.version, "commit": live.commit}


def live_of(payload: object) -> LiveVersion | None:
    """Read what a deployment carries; None where it is not what Assent writes."""
    if not isinstance(payload, Mapping) or payload.keys() != {"model", "version", "commit"}:
        return None
    model, version, commit = (payload[key] for key in ("model", "version", "commit"))
    if not isinstance(model, str) or not isinstance(commit, str) or type(version) is not int:
        return None
    return LiveVersion(model=model, version=version, commit=commit)
