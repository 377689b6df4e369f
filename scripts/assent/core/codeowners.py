"""CODEOWNERS: who owns a path, as GitHub reads the file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from codeowners import CodeOwners

__all__ = ["LOCATIONS", "Owner", "OwnerKind", "owners_of"]

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks; the first that exists counts, and no other."""
_MAX_BYTES = 3_000_000
"""GitHub does not load a larger file: then nobody owns anything."""
# Logins and slugs are ASCII; a deleted line is safer than an owner whom GitHub does not know.
_PERSON = re.compile(r"@[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?", re.ASCII)
_TEAM = re.compile(r"@[A-Za-z0-9-]{1,100}/[A-Za-z0-9._-]{1,100}", re.ASCII)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_SPACES = re.compile(r"(?<!\\)\s+")


class OwnerKind(StrEnum):
    """How an owner is named."""

    PERSON = "person"
    TEAM = "team"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """One owner of a path."""

    kind: OwnerKind
    name: str
    """A login, `organization/team` or an address; in lower case, as GitHub compares them."""

    @property
    def written(self) -> str:
        """As CODEOWNERS names it: an at sign before a login or team."""
        return self.name if self.kind is OwnerKind.EMAIL else f"@{self.name}"


def owners_of(content: bytes, path: str) -> tuple[Owner, ...]:
    """The owners of a path: those of the last line that matches it, perhaps none.

    The library matches patterns as GitHub does. What GitHub does besides is done here, on the
    lines: a byte order mark is skipped, a comment may end a line, and a line with a syntax that
    GitHub does not take (an owner that is none, `!`, `[`) is as if it were not there.

    Args:
        content: The file's bytes.
        path: A file's path in the repository, without a slash at its start.
    """
    if len(content) > _MAX_BYTES:
        return ()
    text = content.decode("utf-8-sig", "replace")
    found = CodeOwners("\n".join(_lines(text))).of(path)
    return tuple(
        Owner(kind=_KINDS[kind], name=name.removeprefix("@").lower()) for kind, name in found
    )


_KINDS = {"USERNAME": OwnerKind.PERSON, "TEAM": OwnerKind.TEAM, "EMAIL": OwnerKind.EMAIL}


def _lines(text: str) -> Iterator[str]:
    for raw in text.splitlines():
        line = _COMMENT.sub("", raw).strip()
        if not line:
            continue
        pattern, *owners = _SPACES.split(line)
        if pattern.startswith(("!", "\\#")) or "[" in pattern or "]" in pattern:
            continue
        if all(_is_owner(owner) for owner in owners):
            yield " ".join([pattern, *owners])


def _is_owner(text: str) -> bool:
    return any(form.fullmatch(text) for form in (_PERSON, _TEAM, _EMAIL))
