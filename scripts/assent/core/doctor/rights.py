"""What roles may do, by IAM's own simulator: enough to apply, and nobody else enough to approve."""

from collections.abc import Iterator

from assent.core.doctor.finding import Check, Finding, Read, Unread
from assent.core.doctor.needs import Need

__all__ = ["CHECKS", "judge_creator", "judge_elsewhere", "judge_nobody", "judge_own"]

_APPLY = Check(
    id="apply-rights",
    demands="The role of an environment may write what it applies, and nothing of another one's.",
    remedy="Correct its policy by the tables of docs/operating.md, under “IAM”.",
)
_CREATORS = Check(
    id="creator-rights",
    demands="Who registers models may not approve them.",
    remedy="Deny sagemaker:UpdateModelPackage to it, at least with a condition on "
    "sagemaker:ModelApprovalStatus.",
)
CHECKS = (_APPLY, _CREATORS)


def judge_own(allowed: Read[bool], role: str, need: Need) -> Iterator[Finding]:
    """Judge what a role needs."""
    resource = need.resources[0]
    if isinstance(allowed, Unread):
        yield _APPLY.unknown(role, allowed)
    elif allowed:
        yield _APPLY.ok(role, f"may {need.action} on {resource}")
    elif need.unless:
        yield _APPLY.warning(
            role,
            f"may not {need.action} on {resource} by its own policies, so {need.otherwise} unless "
            f"{need.unless}",
        )
    else:
        yield _APPLY.problem(role, f"may not {need.action} on {resource}, so {need.otherwise}")


def judge_elsewhere(
    allowed: Read[bool], role: str, action: str, resource: str
) -> Iterator[Finding]:
    """Judge what a role must not have: another environment's parameters."""
    if isinstance(allowed, Unread):
        yield _APPLY.unknown(role, allowed)
    elif allowed:
        yield _APPLY.problem(role, f"may {action} on {resource}, which is another environment's")
    else:
        yield _APPLY.ok(role, f"may not {action} on {resource}")


def judge_creator(allowed: Read[bool], principal: str) -> Iterator[Finding]:
    """Judge whether somebody who registers models may approve them in the registry."""
    if isinstance(allowed, Unread):
        yield _CREATORS.unknown(principal, allowed)
    elif allowed:
        yield _CREATORS.problem(principal, "registers models, and may set their approval itself")
    else:
        yield _CREATORS.ok(principal, "registers models, and may not set their approval")


def judge_nobody(registry: str) -> Finding:
    """Say that nobody was judged: an empty check is no pass."""
    return _CREATORS.warning(
        registry,
        "the registry names nobody who registered a version, so nobody's rights were looked at",
        "Run doctor again once versions are registered.",
    )
