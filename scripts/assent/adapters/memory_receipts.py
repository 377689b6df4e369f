"""Receipts in memory: a branch with its commits, and a bucket that forgets nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from assent.ports import AlreadyThere, ReceiptFiles

if TYPE_CHECKING:
    from assent.core.errors import AssentError

__all__ = ["MemoryReceiptLog", "MemoryReceiptVault"]


class MemoryReceiptLog:
    """A branch to which commits are added."""

    def __init__(self) -> None:
        self.commits: list[tuple[str, Mapping[str, bytes]]] = []
        """The id of each commit, and what it changed; oldest first."""
        self.files: dict[str, bytes] = {}
        """What stands at the tip; tests may change it behind Assent's back."""
        self.failing: AssentError | None = None
        """What reading and appending raise for now."""
        self.reads = 0
        """How often it was read."""

    @property
    def tip(self) -> str | None:
        """The last commit; None where there is no branch yet."""
        return self.commits[-1][0] if self.commits else None

    def read(self, paths: Sequence[str], /) -> ReceiptFiles:
        """See `ports.ReceiptLog`."""
        self.reads += 1
        if self.failing is not None:
            raise self.failing
        files = {path: self.files[path] for path in paths if path in self.files}
        return ReceiptFiles(tip=self.tip, files=files)

    def append(self, tip: str | None, files: Mapping[str, bytes], message: str, /) -> str:
        """See `ports.ReceiptLog`."""
        if self.failing is not None:
            raise self.failing
        if tip != self.tip:
            raise AlreadyThere(f"the receipts branch is at {self.tip}, not at {tip}")
        number = f"{len(self.commits)} {message}"
        commit = hashlib.sha1(number.encode(), usedforsecurity=False).hexdigest()
        self.commits.append((commit, dict(files)))
        self.files.update(files)
        return commit


class MemoryReceiptVault:
    """Objects that are never replaced."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        """What is stored now."""
        self.failing: AssentError | None = None
        """What putting raises for now."""

    def holds(self, key: str, /) -> bool:
        """See `ports.ReceiptVault`."""
        return key in self.objects

    def put(self, key: str, content: bytes, /) -> None:
        """See `ports.ReceiptVault`."""
        if self.failing is not None:
            raise self.failing
        if self.objects.setdefault(key, content) != content:
            raise AlreadyThere(f"{key} holds something else")
