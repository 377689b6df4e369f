"""Who can become a role that applies: the OIDC provider, and the role's trust."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assent.core.doctor.aws_facts import Policy
from assent.core.doctor.finding import Check, Finding, Read, Unread
from assent.core.doctor.policy_documents import admitted, conditions, statements

__all__ = ["CHECKS", "ISSUER", "Subject", "judge_provider", "judge_role", "judge_trust"]

ISSUER = "token.actions.githubusercontent.com"
"""Who signs the OIDC tokens of github.com's workflows."""
AUDIENCE = "sts.amazonaws.com"

_PROVIDER = Check(
    id="oidc-provider",
    demands="The registry's account takes GitHub's OIDC tokens.",
    remedy=f"Create an IAM OIDC provider for https://{ISSUER} with the audience {AUDIENCE}.",
)
_TRUST = Check(
    id="apply-trust",
    demands="A role that applies trusts the jobs of its own environment, and nobody else.",
    remedy="Trust the provider alone, with StringEquals on its `aud` and `sub`, and as `sub` "
    "repo:OWNER/NAME:environment:ENVIRONMENT, or the form with ids, without any wildcard.",
)
_ROLE = Check(
    id="role-trust",
    demands="The role that writes in another account can only be assumed to apply.",
    remedy="Trust the role of ASSENT_APPLY_ROLE by its ARN, and for `read_role` whoever reads.",
)
CHECKS = (_PROVIDER, _TRUST, _ROLE)

_WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"
_OTHER_WAYS = ("sts:AssumeRole", "sts:AssumeRoleWithSAML")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose jobs a role has to trust."""

    repository: str
    """`owner/name`."""
    environment: str
    issuer: str = ISSUER
    """Who signs the tokens, without https."""
    ids: tuple[int, int] | None = None
    """The owner's and the repository's numbers; None where GitHub was not asked."""

    def is_meant(self, text: str) -> bool:
        """Whether a `sub` names jobs of this environment of this repository, and no others."""
        owner, _, name = self.repository.partition("/")
        if text == f"repo:{owner}/{name}:environment:{self.environment}":
            return True
        form = re.compile(
            rf"repo:{re.escape(owner)}@(?P<owner>[0-9]+)/{re.escape(name)}@(?P<name>[0-9]+)"
            rf":environment:{re.escape(self.environment)}"
        )
        found = form.fullmatch(text)
        if found is None:
            return False
        return self.ids is None or (int(found["owner"]), int(found["name"])) == self.ids


def judge_provider(
    providers: Read[Mapping[str, Sequence[str]]], about: str, *, issuer: str = ISSUER
) -> Iterator[Finding]:
    """Judge whether the account knows GitHub.

    Args:
        providers: The audiences of each OIDC provider, by its address without https.
        about: The account.
        issuer: Who signs the tokens, without https.
    """
    if isinstance(providers, Unread):
        yield _PROVIDER.unknown(about, providers)
    elif issuer not in providers:
        yield _PROVIDER.problem(about, f"it has no OIDC provider for {issuer}")
    elif AUDIENCE not in providers[issuer]:
        yield _PROVIDER.problem(about, f"its provider for {issuer} does not take {AUDIENCE}")
    else:
        yield _PROVIDER.ok(about, f"it takes the tokens of {issuer}")


def judge_trust(trust: Read[Policy | None], role: str, subject: Subject) -> Iterator[Finding]:
    """Judge who can become a role.

    Args:
        trust: The role's trust policy; None for a role that does not exist.
        role: Its ARN.
        subject: Whose jobs it has to trust.
    """
    about = f"{subject.environment} {role}"
    if isinstance(trust, Unread):
        yield _TRUST.unknown(about, trust)
        return
    if trust is None:
        yield _TRUST.problem(
            about, "there is no such role", "Create it, or correct ASSENT_APPLY_ROLE."
        )
        return
    trouble = [
        _TRUST.problem(about, message)
        for statement in statements(trust, _WEB_IDENTITY)
        for message in _web_identity(statement, subject)
    ]
    yield from trouble
    others = sorted(
        {
            who
            for way in _OTHER_WAYS
            for statement in statements(trust, way)
            for who in admitted(statement)
        }
    )
    if others:
        foreign = any(_is_foreign(who, {_account(role)}) for who in others)
        tell = _TRUST.problem if foreign else _TRUST.warning
        yield tell(about, f"can become it without a job of GitHub's: {', '.join(others)}")
    if trouble or others:
        return
    if not any(statements(trust, _WEB_IDENTITY)):
        yield _TRUST.problem(about, "no job of GitHub's can become it, so nothing is applied")
    else:
        yield _TRUST.ok(about, f"only jobs of {subject.repository} for {subject.environment}")


def judge_role(trust: Read[Policy | None], role: str, *, applies: Read[str]) -> Iterator[Finding]:
    """Judge who can become the role that writes an environment's parameters.

    Args:
        trust: The role's trust policy; None for a role that does not exist.
        role: Its ARN.
        applies: The ARN of the role in ASSENT_APPLY_ROLE.
    """
    if isinstance(trust, Unread):
        yield _ROLE.unknown(role, trust)
        return
    if trust is None:
        yield _ROLE.problem(role, "there is no such role")
        return
    found = {
        who
        for way in (_WEB_IDENTITY, *_OTHER_WAYS)
        for statement in statements(trust, way)
        for who in admitted(statement)
    }
    if "*" in found:
        yield _ROLE.problem(role, "anybody can become it, as far as its trust goes")
    elif isinstance(applies, Unread):
        yield _ROLE.unknown(role, applies)
    elif applies not in found:
        yield _ROLE.problem(role, f"its trust does not name {applies}")
    elif len(found) > 1:
        others = sorted(found - {applies})
        foreign = any(_is_foreign(who, {_account(role), _account(applies)}) for who in others)
        tell = _ROLE.problem if foreign else _ROLE.warning
        yield tell(role, f"can become it, besides the role that applies: {', '.join(others)}")
    else:
        yield _ROLE.ok(role, f"only {applies} can become it")


def _account(arn: str) -> str:
    return (arn.split(":") + [""] * 5)[4]


def _is_foreign(who: str, accounts: Collection[str]) -> bool:
    """Whether a principal is, or may be, of another account; services are of none."""
    if who.endswith((".amazonaws.com", ".amazonaws.com.cn")) and not who.startswith("arn:"):
        return False
    return (_account(who) if who.startswith("arn:") else who) not in accounts


def _web_identity(statement: Mapping[str, Any], subject: Subject) -> Iterator[str]:
    """What is wrong with a statement that lets holders of tokens in."""
    providers = admitted(statement)
    if not providers or any(not _is_issuer(each, subject.issuer) for each in providers):
        yield f"tokens of another provider are taken: {', '.join(providers) or 'none is named'}"
        return
    # Operators add up. One that compares exactly is enough, whatever looser ones stand beside it.
    exact: dict[str, tuple[str, ...]] = {}
    loose: dict[str, str] = {}
    for operator, key, values in conditions(statement):
        name = key.removeprefix(f"{subject.issuer}:".lower())
        if operator == "StringEquals":
            exact[name] = values
        else:
            loose[name] = f"{operator} {', '.join(values)}"
    if exact.get("aud") != (AUDIENCE,):
        yield f"the audience is not held to {AUDIENCE}"
    if "sub" not in exact:
        said = loose.get("sub")
        yield f"the subject is only held to {said}" if said else "any repository's jobs are let in"
        return
    for each in exact["sub"]:
        if not subject.is_meant(each):
            yield f"other jobs are let in: {each}"


def _is_issuer(provider: str, issuer: str) -> bool:
    return provider.startswith("arn:") and provider.partition(":oidc-provider/")[2] == issuer
