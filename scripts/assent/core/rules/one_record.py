"""Rule `one-record`: a promotion's own branch brings that promotion and nothing else."""

import re
from collections.abc import Iterator

from assent.core.names import PROMOTIONS, record_of_branch, shown
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change

__all__ = ["RULE"]

_CLAIM = re.compile(r"(promote|retire)/")
_MOST = 3


def judge(change: Change) -> Iterator[Problem]:
    """Compare the paths of the change with the one that its branch names."""
    branch = change.head_branch
    if branch is None or not _CLAIM.match(branch):
        return
    named = record_of_branch(branch)
    if named is None:
        inside = [path for path in change.paths if path.split("/", 1)[0] == PROMOTIONS]
        if inside:
            yield Problem(
                path=inside[0],
                message=f"the branch {shown(branch)} is named like a promotion's own, "
                "and names no record",
            )
        return
    path = named.path
    others = [other for other in change.paths if other != path]
    if others:
        names = ", ".join(shown(other) for other in others[:_MOST])
        more = f" and {len(others) - _MOST} more" if len(others) > _MOST else ""
        yield Problem(
            path=others[0],
            message=f"the branch {branch} is for {path} alone, and touches {names}{more}",
        )
    if path not in change.paths:
        yield Problem(
            path=path, message=f"the branch {branch} is for {path}, and does not touch it"
        )


RULE = ChangeRule(
    id="one-record",
    description="A pull request from promote/ENVIRONMENT/MODEL/VERSION or retire/... touches the "
    "record that its branch names, and nothing else.",
    remedy="Make other changes in a pull request from a branch of another name.",
    judge=judge,
)
