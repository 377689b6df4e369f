"""Rule `one-record`: a promotion's own branch brings that promotion and nothing else."""

import re
from collections.abc import Iterator

from assent.core.names import NAME_PATTERN, PROMOTIONS, VERSION_PATTERN, RecordId, shown
from assent.core.rules.rule import ChangeRule, Problem
from assent.core.rules.subject import Change

__all__ = ["RULE"]

_CLAIM = re.compile(r"(promote|retire)/")
# A package that was deleted and created again has its creation time in the branch's name.
_BRANCH = re.compile(
    rf"(promote|retire)/(?P<environment>{NAME_PATTERN})/(?P<model>{NAME_PATTERN})/"
    rf"(?P<version>{VERSION_PATTERN})(-[0-9]{{8}}T[0-9]{{6}}Z)?",
    re.ASCII,
)
_MOST = 3


def judge(change: Change) -> Iterator[Problem]:
    """Compare the paths of the change with the one that its branch names."""
    branch = change.head_branch
    if branch is None or not _CLAIM.match(branch):
        return
    match = _BRANCH.fullmatch(branch)
    if match is None:
        inside = [path for path in change.paths if path.split("/", 1)[0] == PROMOTIONS]
        if inside:
            yield Problem(
                path=inside[0],
                message=f"the branch {shown(branch)} is named like a promotion's own, "
                "and names no record",
            )
        return
    path = RecordId(match["environment"], match["model"], int(match["version"])).path
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
