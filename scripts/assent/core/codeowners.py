"""CODEOWNERS: who owns a path, as GitHub reads the file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from codeowners import CodeOwners

__all__ = ["LOCATIONS", "Line", "Owner", "OwnerKind", "lines_of", "owners_of"]

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks; the first that exists counts, and no other."""
_MAX_BYTES = 3_000_000
"""GitHub does not load a larger file: then nobody owns anything."""
# Logins and slugs are ASCII; a deleted line is safer than an owner whom GitHub does not know.
_PERSON = re.compile(r"@[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?", re.ASCII)
_TEAM = re.compile(r"@[A-Za-z0-9-]{1,100}/[A-Za-z0-9._-]{1,100}", re.ASCII)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
# Blanks are spaces and tabs. Others, such as U+00A0, look the same to people and are part of a name
# to GitHub; a line in which one stands between two owners would otherwise name both.
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#.*", re.DOTALL)
_SPACES = re.compile(r"(?<!\\)[ \t]+")
_BLANKS = " \t\r"
# The last two would be read otherwise by the library, and stand in no path of a record.
_UNSUPPORTED = re.compile(r"^!|^\\#|[\[\]]|[^\S ]|\\$")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that counts."""

    number: int
    """From 1."""
    text: str
    """Pattern and owners."""
    owned: bool
    """Whether it names an owner; one that names none makes what it matches nobody's."""


def owners_of(content: bytes, path: str) -> tuple[Owner, ...]:
    """The owners of a path: those of the last line that matches it, perhaps none.

    The library matches patterns as GitHub does. What GitHub does besides is done here, on the
    lines: a byte order mark is skipped, a comment may end a line, and a line with a syntax that
    GitHub does not take (an owner that is none, `!`, `[`) is as if it were not there.

    Args:
        content: The file's bytes.
        path: A file's path in the repository, without a slash at its start.
    """
    text = "\n".join(line.text for line in lines_of(content))
    return tuple(_owner(kind, name) for kind, name in CodeOwners(text).of(path))


def _owner(kind: str, name: str) -> Owner:
    return Owner(kind=_KINDS[kind], name=name.removeprefix("@").lower())


_KINDS = {"USERNAME": OwnerKind.PERSON, "TEAM": OwnerKind.TEAM, "EMAIL": OwnerKind.EMAIL}


def lines_of(content: bytes) -> Iterator[Line]:
    """The lines that count, in their order: those of valid syntax that are no comment."""
    if len(content) > _MAX_BYTES:
        return
    # Only line feeds end a line; what else Python takes for one may stand within a name.
    for number, raw in enumerate(content.decode("utf-8-sig", "replace").split("\n"), start=1):
        line = _COMMENT.sub("", raw.strip(_BLANKS)).strip(_BLANKS)
        if not line:
            continue
        pattern, *owners = _SPACES.split(line)
        if _UNSUPPORTED.search(pattern) or not all(_is_owner(owner) for owner in owners):
            continue
        yield Line(number=number, text=" ".join([pattern, *owners]), owned=bool(owners))


def _is_owner(text: str) -> bool:
    return any(form.fullmatch(text) for form in (_PERSON, _TEAM, _EMAIL))
