"""The registry's own fields: what a decision writes there, and only what differs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assent.core.names import PackageArn, RecordId
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.record import Decision

__all__ = [
    "RegistryUpdate",
    "derive_approval",
    "derive_life_cycle",
    "one_line",
    "registry_update",
    "shows_approval_of",
    "withdrawal",
]

MAX_ENTRIES = 50
"""`CustomerMetadataProperties` holds no more."""
_MAX_VALUE = 256
_MAX_DESCRIPTION = 1024
# Letters, separators and numbers of any script are allowed; ASCII is enough for ours.
_FORBIDDEN = re.compile(r"[^A-Za-z0-9 _.:/=+\-@]")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryUpdate:
    """One `UpdateModelPackage` call."""

    arn: PackageArn
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Only the keys that differ."""
    approval: RegistryApproval | None = None
    """None where it stays."""
    approval_description: str | None = None
    life_cycle: tuple[str, str] | None = None
    """Stage and its status; None where it stays."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the registry's fields that this changes."""
        approval = ("ModelApprovalStatus",) if self.approval is not None else ()
        life_cycle = ("ModelLifeCycle",) if self.life_cycle is not None else ()
        return (*sorted(self.metadata), *approval, *life_cycle)


def derive_approval(decisions: Mapping[str, Decision]) -> RegistryApproval:
    """The registry's one approval status from the decisions over the whole ladder."""
    if Decision.APPROVED in decisions.values():
        return RegistryApproval.APPROVED
    if decisions:
        return RegistryApproval.REJECTED
    return RegistryApproval.PENDING


def registry_update(
    seen: ModelVersion,
    *,
    id_: RecordId,
    decision: Decision | None,
    elsewhere: Mapping[str, Decision],
    by: Sequence[str],
    pull_request: str,
    ladder: Sequence[str],
    reason: str = "",
) -> RegistryUpdate | None:
    """What to send so that the registry shows a decision; None where it does already.

    Args:
        seen: The version as just described.
        id_: Whose decision it is; only this environment's fields are written.
        decision: What is in effect there; None where it was taken back and nothing is decided.
        elsewhere: The decisions of the other environments.
        by: The logins whose word counted.
        pull_request: Its address.
        ladder: The environments, lowest first.
        reason: Why, if the decision is not in a record that says it.
    """
    status = RegistryApproval.PENDING.value if decision is None else decision.value
    wanted = {
        id_.environment: status,
        f"{id_.environment}.by": _fitting(by),
        f"{id_.environment}.pull-request": _address(pull_request),
    }
    metadata = _differing(wanted, seen.metadata)
    decisions = _with(elsewhere, id_, decision)
    approval = derive_approval(decisions)
    life_cycle = derive_life_cycle(decisions, ladder)
    if not metadata and approval is seen.approval and life_cycle == seen.life_cycle:
        return None
    said = f"{status} in {id_.environment} by {', '.join(by)}: {pull_request}"
    return RegistryUpdate(
        arn=seen.arn,
        metadata=metadata,
        approval=None if approval is seen.approval else approval,
        approval_description=one_line(f"{said} ({reason})" if reason else said, _MAX_DESCRIPTION),
        life_cycle=None if life_cycle == seen.life_cycle else life_cycle,
    )


def shows_approval_of(seen: ModelVersion, id_: RecordId, pull_request: str) -> bool:
    """Whether what Assent wrote last is that a version was approved by some pull request.

    Each of its updates describes itself, so a later one of another environment, or another
    decision, does not look like it.
    """
    shown = seen.metadata.get(f"{id_.environment}.pull-request")
    said = seen.approval_description
    return (
        bool(pull_request)
        and shown == _address(pull_request)
        and seen.metadata.get(id_.environment) == Decision.APPROVED.value
        and said.startswith(f"{Decision.APPROVED.value} in {id_.environment} by ")
        and said.endswith(f": {pull_request}")
    )


def _address(pull_request: str) -> str:
    return _FORBIDDEN.sub("_", pull_request)[:_MAX_VALUE]


def _with(
    elsewhere: Mapping[str, Decision], id_: RecordId, decision: Decision | None
) -> dict[str, Decision]:
    return dict(elsewhere) if decision is None else {**elsewhere, id_.environment: decision}


def withdrawal(
    seen: ModelVersion,
    *,
    id_: RecordId,
    decision: Decision | None,
    elsewhere: Mapping[str, Decision],
    ladder: Sequence[str],
) -> RegistryUpdate | None:
    """What to send where the registry shows an approval that is not in effect; None elsewhere.

    Both the environment's own field and the one status of all environments can show one.

    A run that was cut off after its first write leaves one behind, if the record then changes; so
    does whoever writes the field by hand.

    Args:
        seen: The version as just described.
        id_: Whose field it is.
        decision: What is in effect there; None where nothing was decided.
        elsewhere: The decisions of the other environments.
        ladder: The environments, lowest first.
    """
    claimed = seen.metadata.get(id_.environment) == Decision.APPROVED.value
    decisions = _with(elsewhere, id_, decision)
    approval = derive_approval(decisions)
    overstated = seen.approval is RegistryApproval.APPROVED and approval is not seen.approval
    if decision is Decision.APPROVED or not (claimed or overstated):
        return None
    value = RegistryApproval.PENDING.value if decision is None else decision.value
    life_cycle = derive_life_cycle(decisions, ladder)
    return RegistryUpdate(
        arn=seen.arn,
        metadata={id_.environment: value} if claimed else {},
        approval=None if approval is seen.approval else approval,
        approval_description=f"{value} in {id_.environment}: no approval is in effect there",
        life_cycle=None if life_cycle == seen.life_cycle else life_cycle,
    )


def _differing(wanted: Mapping[str, str], present: Mapping[str, str]) -> dict[str, str]:
    """What to send of the wanted keys; new ones only as far as the registry has entries left.

    The decision itself comes first. A package full of other entries cannot hold up a no.
    """
    room = MAX_ENTRIES - len(present)
    new = [key for key in wanted if key not in present][: max(room, 0)]
    return {
        key: value
        for key, value in wanted.items()
        if present.get(key) != value and (key in present or key in new)
    }


def derive_life_cycle(decisions: Mapping[str, Decision], ladder: Sequence[str]) -> tuple[str, str]:
    """The highest approved rung; where none is, the highest that was decided on, or the first.

    It depends on the decisions alone, so that all environments write the same.
    """
    decided = [rung for rung in ladder if rung in decisions]
    if not decided:
        return ladder[0], RegistryApproval.PENDING.value
    approved = [rung for rung in decided if decisions[rung] is Decision.APPROVED]
    stage = (approved or decided)[-1]
    return stage, decisions[stage].value


def _fitting(logins: Sequence[str]) -> str:
    """Logins in the registry's character set, cut between two of them, never within one."""
    text = ""
    for count, login in enumerate(logins):
        clean = _FORBIDDEN.sub("_", login)
        more = f"{text} {clean}" if text else clean
        rest = len(logins) - count - 1
        note = f" +{rest}" if rest else ""
        if len(more) + len(note) > _MAX_VALUE:
            return f"{text} +{rest + 1}"
        text = more
    return text


def one_line(text: str, limit: int) -> str:
    """Text without control characters or line breaks, at most `limit` characters long."""
    clean = "".join(
        character if character.isprintable() else " " for character in " ".join(text.split())
    )
    return clean if len(clean) <= limit else clean[: limit - 3] + "..."
