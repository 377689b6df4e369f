"""What has its receipt, as whoever only compares sees it: in the clone, at no call."""

from collections.abc import Collection

from assent.core.receipt_book import Book, book_paths, read_book
from assent.flows.wanted import World
from assent.ports import NotThere

__all__ = ["read_receipted"]


def read_receipted(world: World, environment: str, models: Collection[str]) -> Book | None:
    """What the receipts branch says of an environment; None where the clone has no such branch.

    Args:
        world: Whose clone; one with its whole history has the branch along.
        environment: Which one.
        models: Those of which an index is wanted.

    Raises:
        AssentError: It could not be read, or is not what Assent writes.
    """
    paths, branch = book_paths(environment, models), world.config.receipts.branch
    for name in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
        try:
            entries = world.history.lookup(name, paths)
        except NotThere:
            continue
        contents = dict(world.history.blobs({each.blob for each in entries.values()}))
        files = {path: contents[entry.blob] for path, entry in entries.items()}
        return read_book(environment, models, files)
    return None
