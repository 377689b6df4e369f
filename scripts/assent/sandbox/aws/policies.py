"""Resource policies, as far as the sandbox judges them: whom a bus or a topic lets in."""

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["admits"]


def admits(statements: Iterable[Mapping[str, Any]], account: str, action: str) -> bool:
    """Whether a resource's policy lets another account do something.

    Statements with a condition count for nothing, since conditions are not evaluated here: a
    default policy's condition admits the resource's own account, which needs no policy.

    Args:
        statements: The policy's.
        account: Whose call it is.
        action: As IAM names it, such as ``events:PutEvents``.
    """
    return any(
        statement.get("Effect") == "Allow"
        and not statement.get("Condition")
        and action.lower() in {each.lower() for each in _listed(statement.get("Action"))}
        and any(
            principal in {"*", account} or f"::{account}:" in principal
            for principal in _principals(statement.get("Principal"))
        )
        for statement in statements
    )


def _principals(principal: object) -> list[str]:
    return _listed(principal.get("AWS") if isinstance(principal, Mapping) else principal)


def _listed(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(each) for each in value] if isinstance(value, Iterable) else []
