"""The Model Registry and the parameters: whose they are, and who else may write them."""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence

from assent.core.doctor.aws_facts import Policy
from assent.core.doctor.finding import Check, Finding, Read, Unread
from assent.core.doctor.policy_documents import admitted, statements

__all__ = ["CHECKS", "UPDATE", "judge_account", "judge_groups", "judge_parameters"]

UPDATE = "sagemaker:UpdateModelPackage"

_ACCOUNT = Check(
    id="credentials",
    demands="The credentials lead into the account that assent.yaml names.",
    remedy="Sign in to the registry's account, and correct assent.yaml or the role's trust.",
)
_GROUPS = Check(
    id="group-policies",
    demands="No policy of a model package group lets others change its versions.",
    remedy=f"Take {UPDATE} out of the group's policy; other accounts need to read only.",
)
_PARAMETERS = Check(
    id="parameter-count",
    demands="There is room for further parameters.",
    remedy="Ask AWS for a higher limit, or choose advanced parameters.",
)
CHECKS = (_ACCOUNT, _GROUPS, _PARAMETERS)

_MOST = 10_000
"""Standard parameters of an account and region."""


def judge_account(account: Read[str], *, about: str, expected: str) -> Iterator[Finding]:
    """Judge whose credentials are at hand."""
    if isinstance(account, Unread):
        yield _ACCOUNT.unknown(about, account)
    elif account != expected:
        yield _ACCOUNT.problem(about, f"they are of account {account}, and it is in {expected}")
    else:
        yield _ACCOUNT.ok(about, f"account {account}")


def judge_groups(
    policies: Read[Mapping[str, Read[Policy | None]]], *, registry: str, writers: Sequence[str]
) -> Iterator[Finding]:
    """Judge the policies of the model package groups.

    Args:
        policies: By group; None for a group without one.
        registry: The registry's account.
        writers: Globs over principals that may write: `registry.writers`, and roles that apply.
    """
    if isinstance(policies, Unread):
        yield _GROUPS.unknown(registry, policies)
        return
    if not policies:
        yield _GROUPS.warning(
            registry, "there is no model package group yet", "Run doctor again once there is one."
        )
        return
    quiet = 0
    for group, policy in policies.items():
        if isinstance(policy, Unread):
            yield _GROUPS.unknown(group, policy)
            continue
        found = list(_others(policy or {}, registry, writers))
        for who, conditional in found:
            under = ", under conditions" if conditional else ""
            yield _GROUPS.problem(group, f"its policy lets {who} change its versions{under}")
        quiet += not found
    if quiet == len(policies):
        yield _GROUPS.ok(registry, f"no policy of {quiet} groups lets others change versions")


def _others(policy: Policy, own: str, writers: Sequence[str]) -> Iterator[tuple[str, bool]]:
    # The account itself gets nothing by it: its principals still need a policy of their own.
    known = [own, f"arn:*:iam::{own}:root", *writers]
    for statement in statements(policy, UPDATE):
        for who in admitted(statement):
            if not any(fnmatch.fnmatchcase(who, glob) for glob in known):
                yield who, bool(statement.get("Condition"))


def judge_parameters(count: Read[int], about: str) -> Iterator[Finding]:
    """Judge how many parameters there are already."""
    if isinstance(count, Unread):
        yield _PARAMETERS.unknown(about, count)
    elif count >= _MOST * 9 // 10:
        yield _PARAMETERS.warning(about, f"{count} parameters; a standard limit is {_MOST}")
    else:
        yield _PARAMETERS.ok(about, f"{count} parameters; a standard limit is {_MOST}")
