"""What changed between two trees, as ``git diff`` tells it."""

import re
from dataclasses import dataclass
from typing import Literal

Status = Literal["added", "removed", "modified", "renamed", "copied", "changed"]

_STATUS: dict[str, Status] = {
    "A": "added",
    "C": "copied",
    "D": "removed",
    "M": "modified",
    "R": "renamed",
    "T": "changed",
}
_POSITION = re.compile(r"^@@ [^@]* @@.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file's part in a difference."""

    path: str
    previous: str | None
    """The old path of a renamed or copied file."""
    status: Status
    sha: str
    """The blob: new, or for a removed file the old one."""
    mode: str
    additions: int
    deletions: int
    patch: str | None
    """Hunks in unified format without the file header; None for binary and unchanged content."""


def parse_difference(text: str) -> tuple[FileChange, ...]:
    """Read what ``git diff -M --raw --patch --full-index --abbrev=40`` prints.

    With ``core.quotePath=false``: raw lines first, an empty line, then a patch section for each
    (two for a change of type: the removal and the addition).
    """
    raw, _, patches = text.partition("\n\ndiff --git ")
    sections = iter(("\n" + patches).split("\ndiff --git ") if patches else ())
    changes: list[FileChange] = []
    for line in raw.split("\n"):
        if not line.startswith(":"):
            continue
        facts, *paths = line[1:].split("\t")
        old_mode, new_mode, old_sha, new_sha, letter = facts.split(" ")
        status = _STATUS.get(letter[0], "changed")
        hunks = _hunks(next(sections, ""))
        if status == "changed":
            next(sections, "")
        body = hunks.split("\n") if hunks else []
        removed = status == "removed"
        changes.append(
            FileChange(
                path=_unquote(paths[-1]),
                previous=_unquote(paths[0]) if len(paths) > 1 else None,
                status=status,
                sha=old_sha if removed else new_sha,
                mode=old_mode if removed else new_mode,
                additions=sum(text.startswith("+") for text in body),
                deletions=sum(text.startswith("-") for text in body),
                patch=hunks,
            )
        )
    return tuple(changes)


def fingerprint(changes: tuple[FileChange, ...]) -> tuple[object, ...]:
    """Reduce a difference to what a reviewer saw: neither line numbers nor surrounding moves.

    Two differences with equal fingerprints make the same edits, so an approval of one holds for
    the other; merging the base branch into a pull request leaves it as it was.
    """
    return tuple(
        (
            change.path,
            change.previous,
            change.status,
            change.mode,
            change.sha if change.patch is None else _POSITION.sub("@@", change.patch),
        )
        for change in changes
    )


def _hunks(section: str) -> str | None:
    at = section.find("\n@@ ")
    return section[at + 1 :].removesuffix("\n") if at >= 0 else None


def _unquote(path: str) -> str:
    """Undo the quoting that git applies to paths with control characters, quotes or backslashes."""
    if not (path.startswith('"') and path.endswith('"')):
        return path
    return path[1:-1].encode("utf-8").decode("unicode_escape").encode("latin-1").decode("utf-8")
