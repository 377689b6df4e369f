"""Who owns a path: CODEOWNERS of the branch that counts, teams and rights as GitHub has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assent.core.codeowners import LOCATIONS, Owner, OwnerKind, owners_of
from assent.core.errors import AssentError
from assent.ports import Forge, History

__all__ = ["Clone", "CloneAt", "UndeterminedOwner", "codeowners", "is_code_owner"]


class Clone(Protocol):
    """A clone, and the commit of the branch that counts in it."""

    @property
    def history(self) -> History:
        """The clone."""
        ...

    @property
    def head(self) -> str:
        """The commit."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CloneAt:
    """A clone as it was at another commit than the head."""

    history: History
    head: str


class UndeterminedOwner(AssentError):
    """CODEOWNERS names an owner that nobody but GitHub can tell from another."""


def is_code_owner(clone: Clone, forge: Forge, login: str, path: str) -> bool:
    """Whether a person is a code owner of a path, by the CODEOWNERS of the clone's commit.

    Someone who may not write to the repository is none, whatever the file says: that is how GitHub
    reads it.

    Raises:
        AssentError: It could not be found out, which is not a no.
    """
    owners = owners_of(codeowners(clone) or b"", path)
    person = Owner(kind=OwnerKind.PERSON, name=login.lower())
    if person in owners or _is_in_team(owners, forge, login):
        return forge.may_write(login)
    addresses = [owner.name for owner in owners if owner.kind is OwnerKind.EMAIL]
    if addresses and forge.may_write(login):
        raise UndeterminedOwner(
            f"CODEOWNERS gives {path} to {addresses[0]}, and GitHub does not tell whose address "
            f"that is, so nobody knows whether {login} is meant",
            hint="Name owners by login or team in CODEOWNERS.",
        )
    return False


def _is_in_team(owners: Sequence[Owner], forge: Forge, login: str) -> bool:
    """Whether a person is in one of some teams; a team that cannot be read stands in no way."""
    unread: AssentError | None = None
    for owner in owners:
        if owner.kind is not OwnerKind.TEAM:
            continue
        try:
            if forge.is_member(owner.name, login):
                return True
        except AssentError as error:
            if error.retryable:
                raise
            unread = error
    if unread is not None:
        raise unread
    return False


def codeowners(clone: Clone) -> bytes | None:
    """The CODEOWNERS that GitHub reads in a commit; None where there is none."""
    entries = clone.history.lookup(clone.head, LOCATIONS)
    for location in LOCATIONS:
        if location in entries:
            ((_, content),) = clone.history.blobs([entries[location].blob])
            return content
    return None
