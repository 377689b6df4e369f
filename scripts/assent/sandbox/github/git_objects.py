"""Git objects: loose ones are read and written directly, packed ones are asked of git.

Everything that this server stores arrives one small object at a time, and a process for each
would cost more than all the rest of a request. The format is git's own, so ``git fsck`` and
``git clone`` judge it. Pushed packs are unpacked on arrival; should somebody repack the
repository all the same, one long-lived ``git cat-file --batch`` answers.
"""

import hashlib
import itertools
import os
import subprocess
import threading
import weakref
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal, cast

Kind = Literal["blob", "tree", "commit", "tag"]

DIRECTORY = "40000"
FILE = "100644"
COMPRESSION = 1
"""Fastest: the objects are small and the repository is short-lived."""


class ObjectMissingError(LookupError):
    """No object of that name (or not of that kind) is in the repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who made a commit, and when."""

    name: str
    email: str
    when: datetime
    """With a time zone; git keeps whole seconds."""

    def encode(self) -> str:
        """Write the signature as git does, without the characters that would break the line."""
        name, email = (
            "".join(character for character in text if character not in "<>\n\r\0").strip()
            for text in (self.name, self.email)
        )
        offset = self.when.strftime("%z")[:5] or "+0000"
        return f"{name} <{email}> {int(self.when.timestamp())} {offset}"

    @classmethod
    def decode(cls, text: str) -> "Signature":
        """Read what ``encode`` writes; the moment is kept in UTC."""
        identity, _, rest = text.rpartition("> ")
        name, _, email = identity.partition("<")
        seconds = rest.split(" ", 1)[0]
        return cls(
            name=name.strip(), email=email, when=datetime.fromtimestamp(int(seconds or 0), tz=UTC)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit, parsed."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a tree."""

    mode: str
    sha: str

    @property
    def kind(self) -> Kind:
        """What the entry names; a submodule is a commit."""
        if self.mode == DIRECTORY:
            return "tree"
        return "commit" if self.mode == "160000" else "blob"


Tree = Mapping[str, Entry]


class ObjectStore:
    """The objects of one bare repository. Safe across threads."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self._path = path
        self._objects = path / "objects"
        self._environment = dict(environment)
        self._counter = itertools.count()
        self._lock = threading.Lock()
        self._batch: subprocess.Popen[bytes] | None = None

    def write(self, kind: Kind, content: bytes) -> str:
        """Store an object and return its name; storing it twice is harmless."""
        data = b"%s %d\0%s" % (kind.encode(), len(content), content)
        sha = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        folder = self._objects / sha[:2]
        target = folder / sha[2:]
        if target.exists():
            return sha
        folder.mkdir(exist_ok=True)
        temporary = folder / f"tmp_obj_{os.getpid()}_{next(self._counter)}"
        temporary.write_bytes(zlib.compress(data, COMPRESSION))
        temporary.chmod(0o444)
        temporary.replace(target)
        return sha

    def read(self, sha: str) -> tuple[Kind, bytes]:
        """Read an object, or raise ``ObjectMissingError``."""
        if len(sha) != 40 or not set(sha) <= set("0123456789abcdef"):  # noqa: PLR2004 - SHA-1
            raise ObjectMissingError(sha)
        try:
            data = zlib.decompress((self._objects / sha[:2] / sha[2:]).read_bytes())
        except FileNotFoundError:
            return self._read_packed(sha)
        header, _, content = data.partition(b"\0")
        return cast("Kind", header.split(b" ")[0].decode()), content

    def kind(self, sha: str) -> Kind | None:
        """Say what an object is; None when it is not there."""
        try:
            return self.read(sha)[0]
        except ObjectMissingError:
            return None

    def blob(self, sha: str) -> bytes:
        """Read a blob's bytes."""
        return self._read_as("blob", sha)

    def tree(self, sha: str) -> dict[str, Entry]:
        """Read one tree: name to entry, in git's order."""
        content = self._read_as("tree", sha)
        entries: dict[str, Entry] = {}
        at = 0
        while at < len(content):
            space = content.index(b" ", at)
            end = content.index(b"\0", space)
            name = content[space + 1 : end].decode("utf-8", "surrogateescape")
            entries[name] = Entry(
                mode=content[at:space].decode(), sha=content[end + 1 : end + 21].hex()
            )
            at = end + 21
        return entries

    def commit(self, sha: str) -> Commit:
        """Read a commit."""
        header, _, message = (
            self._read_as("commit", sha).decode("utf-8", "replace").partition("\n\n")
        )
        tree, author, committer = "", "", ""
        parents: list[str] = []
        for line in header.split("\n"):
            field, _, value = line.partition(" ")
            match field:
                case "tree":
                    tree = value
                case "parent":
                    parents.append(value)
                case "author":
                    author = value
                case "committer":
                    committer = value
                case _:
                    pass  # signatures, encodings and their continuation lines
        return Commit(
            sha=sha,
            tree=tree,
            parents=tuple(parents),
            author=Signature.decode(author),
            committer=Signature.decode(committer),
            message=message.removesuffix("\n"),
        )

    def write_tree(self, entries: Tree) -> str:
        """Store one tree; the entries may come in any order."""

        def order(item: tuple[str, Entry]) -> bytes:
            name, entry = item
            return os.fsencode(name) + (b"/" if entry.kind == "tree" else b"")

        return self.write(
            "tree",
            b"".join(
                entry.mode.encode() + b" " + os.fsencode(name) + b"\0" + bytes.fromhex(entry.sha)
                for name, entry in sorted(entries.items(), key=order)
            ),
        )

    def write_commit(
        self,
        *,
        tree: str,
        parents: Iterable[str],
        author: Signature,
        committer: Signature,
        message: str,
    ) -> str:
        """Store a commit and return its name."""
        lines = [
            f"tree {tree}",
            *(f"parent {parent}" for parent in parents),
            f"author {author.encode()}",
            f"committer {committer.encode()}",
            "",
            message.replace("\0", ""),
        ]
        return self.write("commit", "\n".join(lines).encode("utf-8", "replace"))

    def _read_as(self, kind: Kind, sha: str) -> bytes:
        found, content = self.read(sha)
        if found != kind:
            raise ObjectMissingError(f"{sha} is a {found}, not a {kind}")
        return content

    def _read_packed(self, sha: str) -> tuple[Kind, bytes]:
        with self._lock:
            batch = self._batch or self._start_batch()
            stdin, stdout = cast("IO[bytes]", batch.stdin), cast("IO[bytes]", batch.stdout)
            stdin.write(sha.encode() + b"\n")
            stdin.flush()
            header = stdout.readline().split()
            if len(header) != 3:  # noqa: PLR2004 - "<sha> <kind> <size>"; otherwise "missing"
                raise ObjectMissingError(sha)
            content = stdout.read(int(header[2]))
            stdout.read(1)
            return cast("Kind", header[1].decode()), content

    def _start_batch(self) -> "subprocess.Popen[bytes]":
        batch = subprocess.Popen(
            ["git", "-C", str(self._path), "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
        )
        self._batch = batch
        weakref.finalize(self, _stop, batch)
        return batch


def _stop(batch: "subprocess.Popen[bytes]") -> None:
    for pipe in (batch.stdin, batch.stdout):
        if pipe is not None:
            pipe.close()
    batch.wait()
