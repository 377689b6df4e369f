"""A clone of the promotion repository, read through the git program; never its work tree."""

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from assent.adapters.git_program import (
    GitFailed,
    GitObject,
    ObjectReader,
    git_environment,
    run_git,
    what_git_said,
)
from assent.core.errors import AssentError
from assent.core.names import shown
from assent.ports import NotThere, TreeEntry

if TYPE_CHECKING:
    import subprocess

__all__ = ["GitFailed", "GitRepository", "NotARepository", "ShallowClone"]

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_NO_REVISION = re.compile(r"-|.*[\x00-\x1f\x7f\ud800-\udfff]|\Z", re.DOTALL)
_DIRECTORY = "40000"
_COMMITTER = re.compile(rb"^committer .*> (?P<seconds>[0-9]{1,11}) [+-][0-9]{4}$", re.MULTILINE)


class NotARepository(AssentError):
    """There is no git repository, or git does not trust it."""


class ShallowClone(AssentError):
    """The clone was cut, so what it says of history may be untrue."""


class GitRepository:
    """A clone or bare repository at `path` or above it. Safe across threads.

    Wherever a commit is asked for, a revision or the id of a tree serves too, unless history is
    needed. Paths are relative to the repository's root; bytes in them that are no UTF-8 become
    surrogates. A path that no tree can hold (`..`, absolute, empty parts) is simply not there.

    It keeps one git process and, after `snapshot`, a temporary folder: close it, or use it as a
    context manager.

    Args:
        path: A folder in the clone, or the bare repository.

    Raises:
        NotARepository: There is none, or git refuses to read it.
        GitFailed: There is no git on this machine.
    """

    def __init__(self, path: Path) -> None:
        self._environment = git_environment()
        found = run_git(
            ["-C", path, "rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"],
            self._environment,
        )
        if found.returncode:
            raise NotARepository(
                f"{shown(str(path))} is no git repository that can be read: {what_git_said(found)}",
                hint="Run inside a clone of the promotion repository. If git speaks of ownership, "
                "`git config --global --add safe.directory PATH` makes it trust the folder.",
            )
        directory, common = map(_decoded, found.stdout.split(b"\n")[:2])
        self._path = path
        self._shallow = Path(common, "shallow")
        self._environment["GIT_DIR"] = directory
        self._partial = any(Path(common, "objects", "pack").glob("*.promisor"))
        self._objects = ObjectReader(
            self._environment,
            damaged=_NO_CREDENTIALS
            if self._partial
            else "The clone may be damaged; `git fsck` tells.",
        )
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the git process and remove what `snapshot` wrote. Closing again does nothing."""
        self._objects.close()
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None
            self._environment.pop("GIT_ALTERNATE_OBJECT_DIRECTORIES", None)

    def commit(self, revision: str, /) -> str:
        """The full id of a revision.

        Raises:
            NotThere: The clone has no such revision, or it is no commit.
            GitFailed: A branch and a tag share the name, so that it could mean either.
        """
        name = _safe(revision)
        found = self._git("rev-parse", "--verify", "--end-of-options", name + "^{commit}")
        if found.returncode:
            raise self._unknown(revision)
        if b"is ambiguous" in found.stderr:
            raise GitFailed(
                f"{shown(revision)} is the name of more than one thing in {self._path}",
                hint="Write it in full, such as refs/heads/main, or remove the other one.",
            )
        return found.stdout.decode("ascii").strip()

    def entries(self, commit: str, prefix: str, /) -> Sequence[TreeEntry]:
        """Every file below a path, or the file at it, in a commit, in git's order.

        Symbolic links and submodules are entries too: `mode` tells them apart. An empty prefix
        means the whole tree.

        Raises:
            NotThere: The clone has no such commit.
        """
        arguments: list[str | bytes] = ["--", _safe(commit)]
        if prefix:
            path = _encoded(prefix.removesuffix("/"))
            if path is None:
                return ()
            arguments.append(path)
        found = self._git("ls-tree", "-r", "-z", "--full-tree", *arguments)
        if found.returncode:
            raise self._failed("ls-tree", found, commit)
        return tuple(_entry(line) for line in found.stdout.split(b"\0") if line)

    def lookup(self, commit: str, paths: Sequence[str], /) -> Mapping[str, TreeEntry]:
        """Those of some paths that are files in a commit; directories are left out.

        Trees are read by their ids through the process that is running anyway, each once; so
        any number of paths takes no further process, and no path is ever an argument.

        Raises:
            NotThere: The clone has no such commit.
        """
        root = self._objects.read(_safe(commit) + "^{tree}")
        if root is None:
            raise self._unknown(commit)
        trees = {root.id: _tree(root)}
        found: dict[str, TreeEntry] = {}
        for path in dict.fromkeys(paths):
            encoded = _encoded(path)
            if encoded is None:
                continue
            *folders, name = encoded.split(b"/")
            tree = trees[root.id]
            for folder in folders:
                mode, id_ = tree.get(folder, ("", ""))
                if mode != _DIRECTORY:
                    break
                if id_ not in trees:
                    trees[id_] = _tree(self._object(id_, "tree"))
                tree = trees[id_]
            else:
                mode, id_ = tree.get(name, (_DIRECTORY, ""))
                if mode != _DIRECTORY:
                    found[path] = TreeEntry(path=path, mode=mode, blob=id_)
        return found

    def blobs(self, ids: Iterable[str], /) -> Iterator[tuple[str, bytes]]:
        """The contents of blobs, each once, in the order asked.

        Git brings what a partial clone lacks when it is read, one request each. So several are
        asked for together before.

        Raises:
            NotThere: An id is not that of a blob in this clone.
            GitFailed: The clone is partial, and git cannot bring what it lacks.
        """
        unique = list(dict.fromkeys(ids))
        if self._partial and len(unique) > 1:
            self._bring([id_ for id_ in unique if _ID.fullmatch(id_)])
        for id_ in unique:
            yield id_, self._object(id_, "blob").content

    def _bring(self, ids: Sequence[str]) -> None:
        """Fetch objects that a partial clone may lack, in one request; none if it has them all."""
        found = self._git("config", "--get-regexp", r"^remote\..*\.promisor$", "true")
        name = found.stdout.decode("utf-8", "surrogateescape").partition(".promisor true\n")[0]
        remote = name.removeprefix("remote.")
        if not remote or _NO_REVISION.match(remote):
            return  # Where they could come from is not known; reading them will tell.
        brought = run_git(
            [
                *("-C", self._environment["GIT_DIR"], *_QUIETLY),
                *("-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--stdin"),
                *("--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-auto-maintenance"),
                *("--recurse-submodules=no", "--filter=blob:none", "--end-of-options", remote),
            ],
            self._environment,
            "".join(f"{id_}\n" for id_ in ids).encode("ascii"),
        )
        if brought.returncode:
            raise GitFailed(
                f"git could not bring what the partial clone {self._path} lacks: "
                f"{what_git_said(brought)}",
                hint=_NO_CREDENTIALS,
            )

    def changed(self, old: str, new: str, /, *, from_fork_point: bool = False) -> Sequence[str]:
        """Paths that differ between two commits; or since their merge base (a pull request's).

        A renamed file counts at both paths.

        Raises:
            NotThere: The clone has not both commits.
            ShallowClone: The merge base cannot be told.
            GitFailed: The commits have no merge base.
        """
        start = self.fork_point(old, new) if from_fork_point else _safe(old)
        # The plumbing command heeds nobody's diff settings: no renames, filters or other order.
        found = self._git(
            *("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--ignore-submodules=none"),
            *("--end-of-options", start, _safe(new), "--"),
        )
        if found.returncode:
            raise self._failed("diff-tree", found, old, new)
        return tuple(_decoded(path) for path in found.stdout.split(b"\0") if path)

    def touched(self, old: str, new: str, /) -> Sequence[str]:
        """Paths that any first-parent commit after `old`, up to `new`, changed, even if undone.

        A merge counts as the change that it brought to its first parent; a renamed file counts at
        both paths.

        Raises:
            NotThere: The clone has not both commits.
        """
        # Each option says what a setting of the user's might say otherwise.
        found = self._git(
            *("log", "--first-parent", "--diff-merges=first-parent", "--format=", "-z"),
            *("--name-only", "--no-renames", "--no-relative", "--ignore-submodules=none"),
            *("--no-show-signature", "--no-ext-diff", "--no-notes"),
            *("--end-of-options", f"{_safe(old)}..{_safe(new)}", "--"),
        )
        if found.returncode:
            raise self._failed("log", found, old, new, kind="commit")
        paths = (_decoded(path) for path in found.stdout.split(b"\0") if path)
        return tuple(dict.fromkeys(paths))

    def fork_point(self, old: str, new: str, /) -> str:
        """The merge base of two commits: where the later line of work left the earlier.

        Raises:
            NotThere: The clone has not both commits.
            ShallowClone: The clone is too short to tell.
            GitFailed: The commits have no common history.
        """
        found = self._git("merge-base", "--end-of-options", _safe(old), _safe(new))
        if found.returncode not in {0, 1}:
            raise self._failed("merge-base", found, old, new, kind="commit")
        base = found.stdout.decode("ascii").strip()
        # In a cut history another, later base may hide beyond the cut, unless it is `old` itself.
        if self._is_shallow() and base != self.commit(old):
            raise self._too_short(f"where {shown(new)} left {shown(old)}")
        if not base:
            raise GitFailed(
                f"{shown(old)} and {shown(new)} have no common history in {self._path}",
                hint="A branch of promotions starts from the branch that counts.",
            )
        return base

    def is_ancestor(self, old: str, new: str, /) -> bool:
        """Whether `new` contains `old`; false too where the clone does not know `old`.

        Raises:
            NotThere: The clone has no commit `new`.
            ShallowClone: The answer would be no, but only because the clone was cut.
        """
        found = self._git("merge-base", "--is-ancestor", _safe(old), _safe(new))
        if found.returncode == 0:
            return True
        if self._objects.read(new + "^{commit}") is None:
            raise self._unknown(new)
        if self._is_shallow():
            raise self._too_short(f"whether {shown(new)} contains {shown(old)}")
        if found.returncode != 1 and self._objects.read(old + "^{commit}") is not None:
            raise self._failed("merge-base", found)
        return False

    def brought_by(self, commit: str, path: str, /) -> str | None:
        """The latest first-parent commit up to `commit` that changed `path`.

        A deletion is a change. None where no commit ever touched the path.

        Raises:
            NotThere: The clone has no such commit.
            ShallowClone: The commit lies beyond the end of the clone.
        """
        encoded = _encoded(path)
        if encoded is None:
            return None
        found = self._git(
            *("rev-list", "--max-count=1", "--first-parent"),
            *("--end-of-options", _safe(commit) + "^{commit}", "--", encoded),
        )
        if found.returncode:
            raise self._failed("rev-list", found, commit, kind="commit")
        answer = found.stdout.decode("ascii").strip()
        # The last commit of a cut history seems to bring every file that it has.
        if self._is_shallow() and (
            not answer or answer in self._shallow.read_text("ascii").split()
        ):
            raise self._too_short(f"which commit brought {shown(path)}")
        return answer or None

    def parent(self, commit: str, /) -> str | None:
        """The first parent of a commit; None where it has none.

        Raises:
            NotThere: The clone has no such commit.
            ShallowClone: The clone was cut there.
        """
        found = self._objects.read(_safe(commit) + "^{commit}")
        if found is None:
            raise self._unknown(commit)
        # The object itself tells, whatever was cut off: its own lines come before the message.
        head = found.content.partition(b"\n\n")[0].decode("ascii", "replace")
        parents = [
            line.removeprefix("parent ") for line in head.split("\n") if line[:7] == "parent "
        ]
        if parents and self._objects.read(parents[0] + "^{commit}") is None:
            raise self._too_short(f"what {shown(commit)} was made from")
        return parents[0] if parents else None

    def raw(self, id_: str, /) -> tuple[str, bytes]:
        """An object's kind and its bytes, as git stores them.

        Raises:
            NotThere: The clone has no such object.
        """
        found = self._objects.read(id_) if _ID.fullmatch(id_) else None
        if found is None:
            raise NotThere(
                f"{self._path} has no object {shown(id_)}",
                hint=_FETCH_ALL if self._is_shallow() else "`git fsck` tells what else is missing.",
            )
        return found.kind, found.content

    def committed(self, commit: str, /) -> datetime:
        """When a commit was made, by the clock of whoever made it; on a server, the server's.

        Raises:
            NotThere: The clone has no such commit, or it does not tell.
        """
        found = self._objects.read(_safe(commit) + "^{commit}")
        head = b"" if found is None else found.content.partition(b"\n\n")[0]
        match = _COMMITTER.search(head)
        if match is None:
            raise self._unknown(commit)
        return datetime.fromtimestamp(int(match["seconds"]), tz=UTC)

    def snapshot(self) -> str:
        """The id of a tree of the present work tree, as committing all of it would make it.

        It has tracked and untracked files, without what `.gitignore` names. Nothing in the
        repository changes: index and objects are temporary, and gone after `close`.

        Raises:
            GitFailed: The repository is bare, or a file cannot be read.
        """
        top = run_git(
            ["-C", self._path, "rev-parse", "--path-format=absolute", "--show-toplevel"],
            git_environment(),
        )
        if top.returncode:
            raise GitFailed(
                f"{self._path} has no work tree: {what_git_said(top)}",
                hint="Name a commit instead, or run inside a clone that has files.",
            )
        work_tree = _decoded(top.stdout.removesuffix(b"\n"))
        if self._scratch is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="assent-")
        scratch = Path(self._scratch.name)
        objects = scratch / "objects"
        objects.mkdir(exist_ok=True)
        environment = self._environment | {
            "GIT_WORK_TREE": work_tree,
            "GIT_INDEX_FILE": str(self._copied_index(scratch)),
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(self._located("objects")),
        }
        found = run_git(["-C", work_tree, *_QUIETLY, "add", "--all"], environment)
        if found.returncode == 0:
            found = run_git(["-C", work_tree, *_QUIETLY, "write-tree"], environment)
        if found.returncode:
            raise GitFailed(f"git could not read the work tree {work_tree}: {what_git_said(found)}")
        self._environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = _quoted(str(objects))
        self._objects.close()  # The next read starts one that sees the new objects.
        return found.stdout.decode("ascii").strip()

    def _copied_index(self, scratch: Path) -> Path:
        copy = scratch / "index"
        copy.unlink(missing_ok=True)
        index = Path(self._located("index"))
        if index.is_file():
            # With its time: git distrusts entries no older than the index, and a younger copy
            # would pass a file that was edited in the same second for unchanged.
            shutil.copy2(index, copy)
        return copy

    def _located(self, name: str) -> str:
        found = self._git("rev-parse", "--path-format=absolute", "--git-path", name)
        if found.returncode:
            raise self._failed("rev-parse", found)
        return _decoded(found.stdout.removesuffix(b"\n"))

    def _git(self, *arguments: str | bytes) -> "subprocess.CompletedProcess[bytes]":
        # From inside, for where the clone names its work tree, git would take paths relative to
        # the folder that the caller happens to be in.
        return run_git(["-C", self._environment["GIT_DIR"], *arguments], self._environment)

    def _object(self, id_: str, kind: str) -> GitObject:
        found = self._objects.read(id_) if _ID.fullmatch(id_) else None
        if found is None or found.kind != kind:
            raise NotThere(
                f"{self._path} has no {kind} {shown(id_)}",
                hint="The clone may be incomplete; `git fsck` tells.",
            )
        return found

    def _is_shallow(self) -> bool:
        return self._shallow.is_file()

    def _too_short(self, question: str) -> ShallowClone:
        return ShallowClone(
            f"the clone {self._path} is shallow and cannot tell {question}",
            hint="Fetch all of the history: `fetch-depth: 0` for actions/checkout, "
            "`git fetch --unshallow` elsewhere.",
        )

    def _unknown(self, revision: str) -> NotThere:
        return NotThere(
            f"{self._path} has no commit {shown(revision)}",
            hint=_FETCH_ALL if self._is_shallow() else "Fetch it, or look for a misspelling.",
        )

    def _failed(
        self,
        command: str,
        found: "subprocess.CompletedProcess[bytes]",
        *revisions: str,
        kind: str = "tree",
    ) -> AssentError:
        """Why git failed: most often a revision that the clone does not have."""
        for revision in revisions:
            if self._objects.read(f"{revision}^{{{kind}}}") is None:
                return self._unknown(revision)
        return GitFailed(f"git {command} failed in {self._path}: {what_git_said(found)}")


_NO_CREDENTIALS = (
    "The clone is partial, and git has to ask for what it lacks: give git credentials for that in "
    "its environment (docs/operating-at-size.md shows how), or clone without a filter."
)
_FETCH_ALL = (
    "The clone is shallow; `fetch-depth: 0` for actions/checkout, or `git fetch --unshallow`, "
    "brings the rest."
)
_QUIETLY = (
    *("-c", "core.hooksPath=/dev/null"),  # a hook of the index would see one that is not its own
    *("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false"),
    *("-c", "core.splitIndex=false"),  # would write its shared half into the repository
    *("-c", "core.safecrlf=false"),
)


def _safe(revision: str) -> str:
    """Return `revision` if git can only take it for one.

    Raises:
        NotThere: It is empty, could be an option, or is more than a line of text.
    """
    if _NO_REVISION.match(revision):
        raise NotThere(f"{shown(revision)} is no revision", hint="Name a commit, branch or tag.")
    return revision


def _encoded(path: str) -> bytes | None:
    """A path as git stores it; None where no tree can hold it."""
    if "\0" in path or any(part in {"", ".", ".."} for part in path.split("/")):
        return None
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def _decoded(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _quoted(path: str) -> str:
    """A path as one item of git's list of object directories, whatever it holds."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _entry(line: bytes) -> TreeEntry:
    facts, _, path = line.partition(b"\t")
    mode, _, id_ = facts.decode("ascii").split(" ")
    return TreeEntry(path=_decoded(path), mode=mode, blob=id_)


def _tree(tree: GitObject) -> dict[bytes, tuple[str, str]]:
    """Mode and id of each name in a tree object: `mode SP name NUL id`, over and over."""
    content, size = tree.content, len(tree.id) // 2
    found: dict[bytes, tuple[str, str]] = {}
    at = 0
    while at < len(content):
        space = content.index(b" ", at)
        end = content.index(b"\0", space) + 1
        mode = content[at:space].decode("ascii")
        found[content[space + 1 : end - 1]] = (mode, content[end : end + size].hex())
        at = end + size
    return found
