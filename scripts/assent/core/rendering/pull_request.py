"""A promotion's pull request: branch, title, labels, and the page that an approver decides on."""

from datetime import datetime

from assent.core.names import RecordId
from assent.core.rendering.page.body import MAX_BODY, pull_request_body
from assent.core.timestamps import written

__all__ = [
    "MAX_BODY",
    "SUPERSEDED",
    "VOID",
    "branch_name",
    "environment_label",
    "labels",
    "pull_request_body",
    "title",
]

_MAX_LABEL = 50


def branch_name(id_: RecordId, *, recreated: datetime | None = None) -> str:
    """The promotion's own branch; its name is the lock that keeps pull requests single.

    Args:
        id_: What is proposed.
        recreated: When the package was created, if an earlier one of its number was deleted and
            the plain name may have been used.
    """
    name = f"promote/{id_.environment}/{id_.model}/{id_.version}"
    if recreated is not None:
        name += "-" + written(recreated).replace("-", "").replace(":", "")
    return name


VOID = "assent: void"
"""Labels a closed pull request whose closing decided nothing and that cannot be reopened."""


SUPERSEDED = "assent: superseded"
"""Labels an open pull request whose version is older than one that is proposed, or live, there."""


def title(id_: RecordId, *, recreated: bool = False) -> str:
    """The pull request's title; names match a pattern that leaves nothing to escape."""
    what = f"Promote {id_.model} {id_.version} to {id_.environment}"
    return f"{what} (the package was created again)" if recreated else what


def labels(id_: RecordId) -> tuple[str, ...]:
    """The labels by which people find it."""
    wanted = ("assent", environment_label(id_.environment), f"model: {id_.model}")
    return tuple(label for label in wanted if label is not None and len(label) <= _MAX_LABEL)


def environment_label(name: str) -> str | None:
    """The label of everything that is proposed for an environment; None where it is too long."""
    label = f"environment: {name}"
    return label if len(label) <= _MAX_LABEL else None
