"""Where receipts are kept: a branch of the repository, and a bucket that forgets nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["ReceiptFiles", "ReceiptLog", "ReceiptVault"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFiles:
    """Files of the receipts branch at one moment."""

    tip: str | None
    """The branch's commit; None where there is no such branch yet."""
    files: Mapping[str, bytes]
    """Those of the files asked for that are there."""


class ReceiptLog(Protocol):
    """The branch of the promotion repository to which only the App may add."""

    def read(self, paths: Sequence[str], /) -> ReceiptFiles:
        """Some files as they stand at the branch's tip.

        Raises:
            AssentError: They could not be read, which does not mean that there are none.
        """
        ...

    def append(self, tip: str | None, files: Mapping[str, bytes], message: str, /) -> str:
        """Commit files on top of a tip, all or none of them; the branch is made where it is None.

        Returns:
            The commit, which is the tip now.

        Raises:
            AlreadyThere: The branch has another tip by now; nothing was written.
            AssentError: It could not be written, or nobody knows whether it was.
        """
        ...


class ReceiptVault(Protocol):
    """An S3 bucket with Object Lock that holds a copy of every receipt."""

    def holds(self, key: str, /) -> bool:
        """Whether there is an object of that key."""
        ...

    def put(self, key: str, content: bytes, /) -> None:
        """Store an object, locked as long as the bucket says; a second time is harmless.

        Raises:
            AlreadyThere: Another object has that key.
            AssentError: It could not be stored.
        """
        ...
