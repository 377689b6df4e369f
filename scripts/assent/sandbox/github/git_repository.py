"""One bare git repository, in the words that the routes need."""

import os
import subprocess
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from assent.sandbox.github.git_diff import FileChange, parse_difference
from assent.sandbox.github.git_objects import (
    DIRECTORY,
    Commit,
    Entry,
    ObjectMissingError,
    ObjectStore,
    Signature,
)
from assent.sandbox.github.git_refs import ABSENT, RefStore, is_valid_name

Answer = TypeVar("Answer")

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
REMEMBERED = 4096
"""How many answers about pairs of commits are kept; commits never change, so they stay true."""

_CONFIGURATION = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tquotePath = false
\tfsync = none
[gc]
\tauto = 0
[http]
\treceivepack = true
[receive]
\tautogc = false
\tunpackLimit = 1000000
\thideRefs = refs/pull
[uploadpack]
\tallowAnySHA1InWant = true
\tallowFilter = true
"""

_UPDATE_HOOK = """\
#!/bin/sh
# Called by git for each reference of a push: its name, what it was, what it would become.
name=$1 old=$2 new=$3 none=0000000000000000000000000000000000000000
refuse() {
  echo "error: GH006: Protected branch update failed for $name." >&2
  echo "error: $1" >&2
  exit 1
}
listed() { case " $1 " in *" $name "*) true ;; *) false ;; esac }
if [ "$new" = "$none" ]; then
  if listed "$ASSENT_UNDELETABLE"; then refuse "Cannot delete a protected branch"; fi
  exit 0
fi
if listed "$ASSENT_PROTECTED"; then refuse "Changes must be made through a pull request."; fi
if listed "$ASSENT_FORWARD_ONLY" && [ "$old" != "$none" ] \\
  && ! git merge-base --is-ancestor "$old" "$new"; then
  refuse "Cannot force-push to this branch"
fi
"""


class GitError(RuntimeError):
    """Git failed where it should not have; the message is its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two commits that cannot be merged without a person."""

    detail: str


def git_environment() -> dict[str, str]:
    """Return an environment in which nobody's personal git configuration has a say."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


class GitRepository:
    """Objects, references and merges of one bare repository. Safe across threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.environment = git_environment()
        self.objects = ObjectStore(path, self.environment)
        self.refs = RefStore(path, self.environment)
        self._memory: OrderedDict[tuple[str, ...], object] = OrderedDict()
        self._memory_lock = threading.Lock()

    @classmethod
    def create(cls, path: Path, *, default_branch: str) -> "GitRepository":
        """Make an empty bare repository whose pushes respect protected branches."""
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--template=", str(path)],
            check=True,
            capture_output=True,
            env=git_environment(),
        )
        (path / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n", encoding="ascii")
        (path / "config").write_text(_CONFIGURATION, encoding="ascii")
        hook = path / "hooks" / "update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(_UPDATE_HOOK, encoding="ascii")
        hook.chmod(0o755)
        return cls(path)

    def resolve(self, name: str) -> str | None:
        """Find the commit that a branch, tag, full reference or commit name means."""
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}", name):
            if is_valid_name(candidate) and (sha := self.refs.read(candidate)):
                return sha
        if name == "HEAD":
            head = (self.path / "HEAD").read_text(encoding="ascii").strip()
            return self.refs.read(head.removeprefix("ref: "))
        return name if self.objects.kind(name) == "commit" else None

    def entry_at(self, tree: str, path: str) -> Entry | None:
        """Return what a tree holds at a path; the empty path is the tree itself."""
        entry = Entry(mode=DIRECTORY, sha=tree)
        for part in [part for part in path.split("/") if part]:
            if entry.kind != "tree":
                return None
            found = self.objects.tree(entry.sha).get(part)
            if found is None:
                return None
            entry = found
        return entry

    def walk(self, tree: str, prefix: str = "") -> Iterator[tuple[str, Entry]]:
        """Yield every path below a tree, directories included, parents first."""
        for name, entry in self.objects.tree(tree).items():
            yield prefix + name, entry
            if entry.kind == "tree":
                yield from self.walk(entry.sha, f"{prefix}{name}/")

    def edit_tree(self, tree: str | None, edits: Mapping[str, Entry | None]) -> str:
        """Return a tree with entries put at paths, or taken away where the edit is None."""
        here: dict[str, Entry] = self.objects.tree(tree) if tree else {}
        below: dict[str, dict[str, Entry | None]] = {}
        for path, entry in edits.items():
            name, _, rest = path.partition("/")
            if rest:
                below.setdefault(name, {})[rest] = entry
            elif entry is None:
                here.pop(name, None)
            else:
                here[name] = entry
        for name, nested in below.items():
            present = here.get(name)
            child = present.sha if present is not None and present.kind == "tree" else None
            sha = self.edit_tree(child, nested)
            if sha == EMPTY_TREE:
                here.pop(name, None)
            else:
                here[name] = Entry(mode=DIRECTORY, sha=sha)
        return self.objects.write_tree(here)

    def commit_tree(
        self,
        *,
        tree: str,
        parents: Sequence[str],
        author: Signature,
        committer: Signature,
        message: str,
    ) -> Commit:
        """Store a commit and return it."""
        sha = self.objects.write_commit(
            tree=tree, parents=parents, author=author, committer=committer, message=message
        )
        return self.objects.commit(sha)

    def set_branch(self, branch: str, sha: str, *, expected: str | None) -> None:
        """Move (or with ``expected`` None create) a branch, if it is still where it was."""
        self.refs.change(f"refs/heads/{branch}", sha, expected=expected or ABSENT)

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor; None for unrelated histories."""
        if one == other:
            return one

        def ask() -> str | None:
            done = self._git("merge-base", one, other, accept=(0, 1))
            return done.split("\n", 1)[0] or None

        return self._remember(("merge-base", one, other), ask)

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether a reference may move from old to new without losing history."""
        return self.merge_base(old, new) == old

    def commits_between(self, base: str, head: str) -> tuple[str, ...]:
        """Name the commits that head has and base has not, oldest first."""

        def ask() -> tuple[str, ...]:
            listing = self._git("rev-list", "--topo-order", "--reverse", head, f"^{base}")
            return tuple(listing.split())

        return self._remember(("between", base, head), ask)

    def log(
        self, start: str, *, path: str | None = None, limits: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """Name the commits reachable from one, newest first, or those that touch a path."""
        inside = path.strip("/") if path else ""
        if {"..", "."} & set(inside.split("/")):
            return ()
        below = ["--", inside] if inside else []
        return tuple(self._git("rev-list", *limits, start, *below).split())

    def difference(self, old: str, new: str) -> tuple[FileChange, ...]:
        """Say what changed from one commit or tree to another."""

        def ask() -> tuple[FileChange, ...]:
            if old == new:
                return ()
            return parse_difference(
                self._git("diff", "-M", "--raw", "--patch", "--full-index", "--abbrev=40", old, new)
            )

        return self._remember(("difference", old, new), ask)

    def changes_in(self, sha: str) -> tuple[FileChange, ...]:
        """Say what a commit changed, against its first parent."""
        commit = self.objects.commit(sha)
        return self.difference(commit.parents[0] if commit.parents else EMPTY_TREE, sha)

    def patch_text(self, old: str, new: str) -> str:
        """Return a difference as text that ``git apply`` takes."""
        return self._git("diff", old, new)

    def merged_tree(self, base: str, head: str) -> str | Conflict:
        """Return the tree of a merge of two commits, or what stands in its way."""

        def ask() -> str | Conflict:
            ancestor = self.merge_base(base, head)
            if ancestor == base:
                return self.objects.commit(head).tree
            if ancestor is None:
                return Conflict(detail="the histories have nothing in common")
            done = subprocess.run(
                ["git", "-C", str(self.path), "merge-tree", "--write-tree", base, head],
                capture_output=True,
                check=False,
                env=self.environment,
            )
            text = done.stdout.decode("utf-8", "replace")
            if done.returncode == 1:
                return Conflict(detail=text.rpartition("\n\n")[2].strip())
            if done.returncode != 0:
                raise GitError(done.stderr.decode("utf-8", "replace"))
            return text.strip()

        return self._remember(("merge", base, head), ask)

    def replay(self, commit: Commit, onto: str) -> str | Conflict:
        """Return the tree of one commit's change applied on top of another commit.

        The three-way merge takes the commit's parent as its base: a stand-in for ``onto`` whose
        parent that is makes it so, since ``merge-tree`` finds the base by itself.
        """
        parent = commit.parents[0]
        if onto == parent:
            return commit.tree
        target = self.objects.commit(onto)
        stand_in = self.objects.write_commit(
            tree=target.tree,
            parents=[parent],
            author=target.author,
            committer=target.committer,
            message="stand-in",
        )
        return self.merged_tree(stand_in, commit.sha)

    def commit(self, sha: str) -> Commit | None:
        """Read a commit, or None when no commit has that name."""
        try:
            return self.objects.commit(sha)
        except ObjectMissingError:
            return None

    def _git(self, *arguments: str, accept: Sequence[int] = (0,)) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            capture_output=True,
            check=False,
            env=self.environment,
        )
        if done.returncode not in accept:
            raise GitError(f"git {arguments[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")
        return done.stdout.decode("utf-8", "replace")

    def _remember(self, key: tuple[str, ...], ask: Callable[[], Answer]) -> Answer:
        with self._memory_lock:
            if key in self._memory:
                self._memory.move_to_end(key)
                return cast("Answer", self._memory[key])
        answer = ask()
        with self._memory_lock:
            self._memory[key] = answer
            if len(self._memory) > REMEMBERED:
                self._memory.popitem(last=False)
        return answer
