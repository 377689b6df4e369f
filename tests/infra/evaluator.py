"""IAM's evaluation of policies, as far as the templates use it; anything else is an error.

By AWS's documentation of how a request is judged: an explicit Deny anywhere decides; service
control policies have to allow it at every level; within an account identity or resource have to
allow it, across accounts both; whom a role trusts, its trust policy alone says. Whoever is allowed
because a resource's policy names the account as a whole needs a policy of their own besides.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any

Document = Mapping[str, Any]
Values = str | Sequence[str]
FULL_ACCESS: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


class UnknownElement(Exception):
    """A policy says something that this evaluator does not know; nobody knows what it means."""


class Verdict(Enum):
    """What some policies say of a request."""

    DENIED = "explicitly denied"
    ALLOWED = "allowed"
    ALLOWED_TO_ACCOUNT = "allowed to the caller's account as a whole"
    SILENT = "nothing said"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of AWS."""

    principal: str
    """The ARN of a role, a user or an OIDC provider; or a service as `events.amazonaws.com`."""
    action: str
    resource: str
    owner: str
    """The account that the resource is in."""
    context: Mapping[str, Values] = field(default_factory=dict)
    """Condition keys; several values for a key that can hold several."""

    @property
    def account(self) -> str:
        """The principal's account; empty for a service."""
        return self.principal.split(":")[4] if self.principal.startswith("arn:") else ""

    def values(self, key: str) -> Values | None:
        """A condition key's value, whatever its case; None where the request has none."""
        known: dict[str, Values] = {"aws:securetransport": "true"}
        if self.account and ":oidc-provider/" not in self.principal:
            known |= {"aws:principalarn": self.principal, "aws:principalaccount": self.account}
        known |= {name.lower(): value for name, value in self.context.items()}
        return known.get(key.lower())


def is_allowed(
    request: Request,
    *,
    identity: Sequence[Document] = (),
    resource: Document | None = None,
    scps: Sequence[Sequence[Document]] = (),
    session: Sequence[Document] | None = None,
) -> bool:
    """Whether AWS would do it.

    Args:
        request: What is asked.
        identity: The principal's own policies.
        resource: The resource's policy, or the trust policy of a role.
        scps: The service control policies that bind the principal's account, level by level.
        session: The session's own policies, if there are any; they only narrow.
    """
    own = _verdict(identity, request, named=False)
    said = Verdict.SILENT if resource is None else _verdict([resource], request, named=True)
    levels = [_verdict(level, request, named=False) for level in scps]
    narrow = Verdict.ALLOWED if session is None else _verdict(session, request, named=False)
    if Verdict.DENIED in (own, said, narrow, *levels):
        return False
    if any(level is not Verdict.ALLOWED for level in levels):
        return False
    if not request.account or ":oidc-provider/" in request.principal:
        return said is Verdict.ALLOWED
    may = own is Verdict.ALLOWED and narrow is Verdict.ALLOWED
    if _is_trust(request):
        at_home = request.account == request.owner
        return (said is Verdict.ALLOWED and (at_home or may)) or (
            said is Verdict.ALLOWED_TO_ACCOUNT and may
        )
    if request.account == request.owner:
        return may or (said is Verdict.ALLOWED and narrow is Verdict.ALLOWED)
    return may and said in {Verdict.ALLOWED, Verdict.ALLOWED_TO_ACCOUNT}


def _is_trust(request: Request) -> bool:
    return request.action.lower().startswith("sts:assumerole")


def _verdict(policies: Sequence[Document], request: Request, *, named: bool) -> Verdict:
    found = Verdict.SILENT
    for statement in (each for policy in policies for each in statements(policy)):
        who = _admits(statement, request) if named else Verdict.ALLOWED
        if who is Verdict.SILENT or not _applies(statement, request, named=named):
            continue
        if statement["Effect"] == "Deny":
            return Verdict.DENIED
        if found is not Verdict.ALLOWED:
            found = who
    return found


_ELEMENTS = {
    *("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "Condition")
}


def statements(policy: Document) -> Iterator[Mapping[str, Any]]:
    """The statements of a policy, each of them known to be of a known form.

    Raises:
        UnknownElement: It is not.
    """
    if policy.get("Version") != "2012-10-17" or set(policy) - {"Version", "Id", "Statement"}:
        raise UnknownElement(f"a policy of version {policy.get('Version')} with {sorted(policy)}")
    for each in policy["Statement"]:
        if set(each) - _ELEMENTS or each.get("Effect") not in {"Allow", "Deny"}:
            raise UnknownElement(f"a statement with {sorted(each)} and {each.get('Effect')}")
        if ("Action" in each) == ("NotAction" in each):
            raise UnknownElement("a statement with both or neither of Action and NotAction")
        yield each


def _applies(statement: Mapping[str, Any], request: Request, *, named: bool) -> bool:
    if not named and "Principal" in statement:
        raise UnknownElement("a Principal in a policy that belongs to one")
    if "Action" in statement:
        acts = any(
            _like(each.lower(), request.action.lower()) for each in listed(statement["Action"])
        )
    else:
        acts = not any(
            _like(each.lower(), request.action.lower()) for each in listed(statement["NotAction"])
        )
    return acts and _concerns(statement, request) and _holds(statement, request)


def _concerns(statement: Mapping[str, Any], request: Request) -> bool:
    if "NotResource" in statement:
        return not any(
            _text_like(each, request.resource, request) for each in listed(statement["NotResource"])
        )
    if "Resource" not in statement:
        if not _is_trust(request):
            raise UnknownElement("a statement without a Resource that is not of a trust policy")
        return True
    return any(
        _text_like(each, request.resource, request) for each in listed(statement["Resource"])
    )


def _admits(statement: Mapping[str, Any], request: Request) -> Verdict:
    principal = statement.get("Principal")
    if principal == "*":
        return Verdict.ALLOWED
    if not isinstance(principal, Mapping):
        raise UnknownElement(f"a resource's policy for {principal}")
    found = Verdict.SILENT
    for kind, names in principal.items():
        if kind not in {"AWS", "Service", "Federated"}:
            raise UnknownElement(f"a principal of kind {kind}")
        for name in listed(names):
            if name == request.principal or (kind == "AWS" and name == "*"):
                return Verdict.ALLOWED
            whole = {request.account, f"arn:aws:iam::{request.account}:root"}
            if kind == "AWS" and request.account and name in whole:
                found = Verdict.ALLOWED_TO_ACCOUNT
    return found


def listed(value: object) -> list[str]:
    """One value or several, as a list."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]


def _equal(wanted: str, value: str) -> bool:
    return wanted == value


def _equal_ignoring_case(wanted: str, value: str) -> bool:
    return wanted.lower() == value.lower()


def _like(wanted: str, value: str) -> bool:
    return _glob(wanted).fullmatch(value) is not None


@cache
def _glob(wanted: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(each) or re.escape(each) for each in wanted), re.DOTALL)


def _arn_like(wanted: str, value: str) -> bool:
    """Each of the six parts of an ARN by itself, so that a wildcard does not cross a colon."""
    patterns, parts = wanted.split(":", 5), value.split(":", 5)
    return len(patterns) == len(parts) == 6 and all(map(_like, patterns, parts))


def _numbers(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda wanted, value: compare(float(value), float(wanted))


_POSITIVE: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": _like,
    "ArnEquals": _arn_like,  # AWS says that the two behave alike
    "ArnLike": _arn_like,
    "Bool": _equal_ignoring_case,
    "NumericLessThan": _numbers(lambda value, wanted: value < wanted),
    "NumericGreaterThan": _numbers(lambda value, wanted: value > wanted),
}
_NEGATED: Mapping[str, Callable[[str, str], bool]] = {
    "StringNotEquals": _equal,
    "StringNotEqualsIgnoreCase": _equal_ignoring_case,
    "StringNotLike": _like,
    "ArnNotEquals": _arn_like,
    "ArnNotLike": _arn_like,
}


def _holds(statement: Mapping[str, Any], request: Request) -> bool:
    """Whether every condition holds: operators and keys add up, values are alternatives."""
    results = [
        _condition(operator, key, listed(wanted), request)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    ]
    return all(results)


def _condition(operator: str, key: str, wanted: Sequence[str], request: Request) -> bool:
    values = request.values(key)
    if operator == "Null":
        if set(wanted) not in ({"true"}, {"false"}):
            raise UnknownElement(f"Null for {wanted}")
        return (values is None) == (wanted[0] == "true")
    quantifier, _, rest = operator.rpartition(":")
    if_exists = rest.endswith("IfExists")
    name = rest.removesuffix("IfExists")
    negated = name in _NEGATED
    compare = _NEGATED.get(name) or _POSITIVE.get(name)
    if compare is None:
        raise UnknownElement(f"the operator {operator}")

    def one(value: str) -> bool:
        return (
            any(
                compare(expanded, value)
                for each in wanted
                if (expanded := _expanded(each, request)) is not None
            )
            != negated
        )

    match quantifier:
        case "":
            if values is None:
                return negated or if_exists
            if not isinstance(values, str):
                raise UnknownElement(f"{operator} for {key}, which has several values")
            return one(values)
        case "ForAllValues":
            return all(one(value) for value in listed(values if values is not None else []))
        case "ForAnyValue":
            return any(one(value) for value in listed(values if values is not None else []))
        case _:
            raise UnknownElement(f"the operator {operator}")


_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERAL = {"*": "*", "?": "?", "$": "$"}


def _expanded(text: str, request: Request) -> str | None:
    """A text with the request's values in the place of its variables; None where one is missing."""
    if "${" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        if match[1] in _LITERAL:
            raise UnknownElement(f"an escaped wildcard in {text}")
        found = request.values(match[1])
        if found is not None and not isinstance(found, str):
            raise UnknownElement(f"a variable of several values in {text}")
        return "\0" if found is None else found

    whole = _VARIABLE.sub(value, text)
    return None if "\0" in whole else whole


def _text_like(wanted: str, value: str, request: Request) -> bool:
    expanded = _expanded(wanted, request)
    return expanded is not None and _like(expanded, value)
