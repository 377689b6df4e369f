"""IAM policies, read with suspicion: what cannot be told apart counts as allowed."""

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any

from assent.core.doctor.aws_facts import Policy

__all__ = ["admitted", "conditions", "listed", "statements"]


def statements(policy: Policy, action: str) -> Iterator[Mapping[str, Any]]:
    """The statements that allow an action, perhaps under conditions.

    A Deny is not held against them: it may bind others, elsewhere, or not at all.

    Args:
        policy: The document.
        action: As IAM names it, such as `sagemaker:UpdateModelPackage`.
    """
    found = policy.get("Statement", [])
    for each in [found] if isinstance(found, Mapping) else found:
        if isinstance(each, Mapping) and each.get("Effect") == "Allow" and _covers(each, action):
            yield each


def _covers(statement: Mapping[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(_matches(each, action) for each in listed(statement["NotAction"]))
    return any(_matches(each, action) for each in listed(statement.get("Action")))


def _matches(pattern: str, action: str) -> bool:
    # IAM's wildcards are * and ?; brackets mean nothing.
    literal = pattern.lower().replace("[", "[[]")
    return fnmatch.fnmatchcase(action.lower(), literal)


def admitted(statement: Mapping[str, Any]) -> tuple[str, ...]:
    """Whom a statement admits: ARNs, accounts, services or providers; `*` for everybody."""
    if "NotPrincipal" in statement:
        return ("*",)
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        return tuple(who for each in principal.values() for who in listed(each))
    return tuple(listed(principal))


def conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each condition as operator, key in lower case, and values, all of them strings."""
    found = statement.get("Condition")
    for operator, keys in found.items() if isinstance(found, Mapping) else ():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            yield str(operator), str(key).lower(), tuple(listed(values))


def listed(value: object) -> list[str]:
    """One value or several, as a list."""
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
