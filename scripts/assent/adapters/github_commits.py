"""Commits of many files on GitHub, piece by piece; no branch names them yet."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["commit_files"]

_MOST_FILES = 100
_MOST_BYTES = 1_000_000
"""A tree of so much content is taken in a few seconds; GitHub gives up after ten."""
_FILE = "100644"


def commit_files(
    send: Callable[..., Any], parent: str, files: Mapping[str, bytes], message: str
) -> str:
    """Make a commit that adds files to what another one holds; returns its id.

    Args:
        send: Sends a request below the repository's address: method, path, what is being done.
        parent: The commit.
        files: UTF-8 text by path.
        message: The commit's.
    """
    doing = "making a commit of many files"
    base: str = send("GET", f"git/commits/{parent}", doing)["tree"]["sha"]
    for part in _parts(files):
        entries = [
            {"path": path, "mode": _FILE, "type": "blob", "content": content.decode()}
            for path, content in part.items()
        ]
        base = send("POST", "git/trees", doing, base_tree=base, tree=entries)["sha"]
    # A commit without an author of our own is signed by GitHub in the App's name.
    made = send("POST", "git/commits", doing, message=message, tree=base, parents=[parent])
    commit: str = made["sha"]
    return commit


def _parts(files: Mapping[str, bytes]) -> Iterator[dict[str, bytes]]:
    part: dict[str, bytes] = {}
    size = 0
    for path, content in files.items():
        if part and (len(part) == _MOST_FILES or size + len(content) > _MOST_BYTES):
            yield part
            part, size = {}, 0
        part[path] = content
        size += len(content)
    if part:
        yield part
