"""Reading a clone through git: what a hostile tree, revision or environment cannot do to it."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from assent.adapters.git import GitFailed, GitRepository, NotARepository, ShallowClone
from assent.core.errors import AssentError
from assent.core.git_objects import object_id, read_commit, read_tree
from assent.ports import History, NotThere, Objects

RECORD = "promotions/dev/churn/7.yaml"
LATIN_1 = b"promotions/dev/caf\xe9.yaml".decode("utf-8", "surrogateescape")


class Clone:
    """A repository with a work tree, made by hand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run git there and return what it prints."""
        return subprocess.run(
            [
                *("git", "-c", "user.name=Ana", "-c", "user.email=ana@example.com"),
                *("-c", "commit.gpgSign=false", "-c", "core.fsync=none", *arguments),
            ],
            cwd=self.path,
            check=True,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
        ).stdout.strip()

    def write(self, path: str, content: bytes = b"x\n") -> None:
        """Write a file into the work tree."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def commit(self, message: str = "Change") -> str:
        """Commit everything and return the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def _own_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "clone")


@pytest.fixture
def repository(clone: Clone) -> Iterator[GitRepository]:
    with GitRepository(clone.path) as opened:
        yield opened


def cut(clone: Clone, depth: int = 1) -> Path:
    """A shallow copy of a clone."""
    path = clone.path.parent / f"shallow-{depth}"
    clone.git("clone", "--quiet", f"--depth={depth}", clone.path.as_uri(), str(path))
    return path


def files(path: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def test_is_a_history(repository: GitRepository) -> None:
    """The class satisfies the port that the flows use."""
    history: History = repository
    assert history is repository


def test_reads_a_record_by_commit(clone: Clone, repository: GitRepository) -> None:
    """A file is found and read as it was in the commit, not as it is in the work tree."""
    clone.write(RECORD, b"status: Approved\n")
    commit = clone.commit()
    clone.write(RECORD, b"status: Rejected\n")
    (entry,) = repository.entries("main", "promotions")
    assert (entry.path, entry.mode) == (RECORD, "100644")
    assert repository.commit("HEAD") == commit
    assert repository.lookup(commit, [RECORD]) == {RECORD: entry}
    assert list(repository.blobs([entry.blob])) == [(entry.blob, b"status: Approved\n")]


def test_a_bare_repository_and_a_folder_inside_a_clone_serve(clone: Clone, tmp_path: Path) -> None:
    """A bare copy and a subfolder show the same paths, relative to the root."""
    clone.write(RECORD)
    commit = clone.commit()
    clone.git("clone", "--quiet", "--bare", str(clone.path), str(tmp_path / "bare.git"))
    for path in (tmp_path / "bare.git", clone.path / "promotions" / "dev"):
        with GitRepository(path) as repository:
            assert [entry.path for entry in repository.entries(commit, "")] == [RECORD]
            assert repository.brought_by(commit, RECORD) == commit


def test_entries_take_a_prefix_by_whole_names(clone: Clone, repository: GitRepository) -> None:
    """A prefix is a folder or a file, never the beginning of a name, nor a pattern."""
    for path in ("promotions/dev/a.yaml", "promotions-old/b.yaml", "promo*/c.yaml", ":(top)/d"):
        clone.write(path)
    commit = clone.commit()

    def below(prefix: str) -> list[str]:
        return [entry.path for entry in repository.entries(commit, prefix)]

    assert below("promotions") == below("promotions/") == ["promotions/dev/a.yaml"]
    assert below("promotions/dev/a.yaml") == ["promotions/dev/a.yaml"]
    assert below("promo*") == ["promo*/c.yaml"]
    assert below(":(top)") == [":(top)/d"]
    assert below("promo") == below("../clone/promotions") == below("/promotions") == []
    assert len(below("")) == 4


def test_hostile_names_come_through_unharmed(clone: Clone, repository: GitRepository) -> None:
    """Line breaks, quotes, glob characters and bytes that are no text stay part of the path."""
    names = [
        "-rf.yaml",
        'promotions/"quoted" \\ back.yaml',
        "promotions/[a]*.yaml",
        "promotions/line\nbreak\ttab.yaml",
        "promotions/ümlaut.yaml",
        LATIN_1,
    ]
    old = clone.commit()
    for name in names:
        clone.write(name, name.encode("utf-8", "surrogateescape"))
    new = clone.commit()
    found = repository.lookup(new, names)
    assert set(found) == set(names)
    assert {entry.path for entry in repository.entries(new, "")} == set(names)
    assert set(repository.changed(old, new)) == set(names)
    assert [repository.brought_by(new, name) for name in names] == [new] * len(names)
    read = dict(repository.blobs(entry.blob for entry in found.values()))
    assert {path: read[entry.blob] for path, entry in found.items()} == {
        name: name.encode("utf-8", "surrogateescape") for name in names
    }


@pytest.mark.parametrize(
    "path",
    [
        "promotions/../assent.yaml",
        "./assent.yaml",
        "/assent.yaml",
        "promotions//dev",
        "assent.yaml/",
        "assent.yaml/inside",
        "assent.yaml\0",
        "\ud800",
        "",
        "promotions",
        "missing.yaml",
    ],
)
def test_lookup_takes_paths_literally(clone: Clone, repository: GitRepository, path: str) -> None:
    """A path that is no file of the tree, however it is written, is absent and no error."""
    clone.write("assent.yaml")
    clone.write(RECORD)
    commit = clone.commit()
    assert repository.lookup(commit, [path, "assent.yaml"]).keys() == {"assent.yaml"}
    if path not in {"", "promotions"}:
        assert [entry.path for entry in repository.entries(commit, path)] in ([], ["assent.yaml"])
        assert repository.brought_by(commit, path) is None


def test_links_and_submodules_keep_their_mode(clone: Clone, repository: GitRepository) -> None:
    """What is no plain file says so by its mode, and a submodule has no content to read."""
    clone.path.joinpath("link.yaml").symlink_to("/etc/passwd")
    clone.write("run.sh")
    clone.path.joinpath("run.sh").chmod(0o755)
    first = clone.commit()
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{first},sub")
    clone.git("commit", "--quiet", "--message", "Submodule")
    modes = {entry.path: entry.mode for entry in repository.entries("main", "")}
    assert modes == {"link.yaml": "120000", "run.sh": "100755", "sub": "160000"}
    found = repository.lookup("main", ["link.yaml", "sub"])
    assert list(repository.blobs([found["link.yaml"].blob])) == [
        (found["link.yaml"].blob, b"/etc/passwd")
    ]
    with pytest.raises(NotThere):
        list(repository.blobs([found["sub"].blob]))


def test_lookup_starts_no_process_per_path(
    clone: Clone, repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of paths are answered by the one process that runs already."""
    clone.write(RECORD)
    commit = clone.commit()
    repository.lookup(commit, [RECORD])

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    wanted = [RECORD, *(f"promotions/dev/churn/{number}.yaml" for number in range(8, 4000))]
    assert repository.lookup(commit, wanted).keys() == {RECORD}


def test_blobs_come_once_in_the_order_asked(clone: Clone, repository: GitRepository) -> None:
    """Repeated ids are answered once, empty and large files included."""
    contents = {"a": b"", "b": b"\n\nno end", "c": bytes(range(256)) * 4000}
    for name, content in contents.items():
        clone.write(name, content)
    found = repository.lookup(clone.commit(), ["c", "a", "b"])
    ids = [found[name].blob for name in ("c", "a", "c", "b", "a")]
    assert list(repository.blobs(iter(ids))) == [
        (found[name].blob, contents[name]) for name in ("c", "a", "b")
    ]


def test_a_tree_has_no_history(clone: Clone, repository: GitRepository) -> None:
    """The id of a tree serves for reading and comparing, and is no commit where history counts."""
    clone.write("assent.yaml")
    head = clone.commit()
    tree = clone.git("rev-parse", "HEAD^{tree}")
    assert repository.entries(tree, "") == repository.entries(head, "")
    assert repository.changed(head, tree) == ()
    questions: list[Callable[[], object]] = [
        lambda: repository.commit(tree),
        lambda: repository.fork_point(head, tree),
        lambda: repository.is_ancestor(head, tree),
        lambda: repository.brought_by(tree, "assent.yaml"),
    ]
    for ask in questions:
        with pytest.raises(NotThere, match="has no commit"):
            ask()


@pytest.mark.parametrize("id_", ["0" * 40, "main", "", "HEAD:assent.yaml", "a" * 40 + "\nHEAD"])
def test_blobs_refuse_what_is_no_blob(clone: Clone, repository: GitRepository, id_: str) -> None:
    """Names, missing ids and smuggled lines are refused, and the next question is answered."""
    clone.write("assent.yaml", b"schema: assent/config/v1\n")
    found = repository.lookup(clone.commit(), ["assent.yaml"])
    with pytest.raises(NotThere, match="has no blob"):
        list(repository.blobs([id_]))
    blob = found["assent.yaml"].blob
    assert list(repository.blobs([blob])) == [(blob, b"schema: assent/config/v1\n")]


@pytest.mark.parametrize(
    "revision",
    [
        "nothing",
        "",
        "-h",
        "--all",
        "HEAD\nHEAD",
        "HEAD\0",
        "HEAD:assent.yaml",
        "f" * 40,
        "HEAD~9",
        "\ud800",
        "HEAD missing",
        "x" * 5000,
    ],
)
def test_a_revision_that_is_not_there_says_so(
    clone: Clone, repository: GitRepository, revision: str
) -> None:
    """An unknown or hostile revision is NotThere from every method, never an option of git's."""
    clone.write("assent.yaml")
    head = clone.commit()
    questions: list[Callable[[], object]] = [
        lambda: repository.commit(revision),
        lambda: repository.entries(revision, ""),
        lambda: repository.entries(revision, "promotions"),
        lambda: repository.lookup(revision, ["assent.yaml"]),
        lambda: repository.changed(revision, head),
        lambda: repository.changed(head, revision),
        lambda: repository.changed(head, revision, from_fork_point=True),
        lambda: repository.is_ancestor(head, revision),
        lambda: repository.brought_by(revision, "assent.yaml"),
        lambda: repository.parent(revision),
    ]
    for ask in questions:
        with pytest.raises(NotThere) as raised:
            ask()
        assert raised.value.hint


def test_a_name_that_could_mean_two_things_is_refused(
    clone: Clone, repository: GitRepository
) -> None:
    """A tag named like the branch cannot stand in for it unseen."""
    commit = clone.commit("First")
    clone.commit("Second")
    clone.git("tag", "main", commit)
    with pytest.raises(GitFailed, match="more than one thing"):
        repository.commit("main")
    assert repository.commit("refs/heads/main") == clone.git("rev-parse", "refs/heads/main")


def test_changed_names_every_path_that_differs(clone: Clone, repository: GitRepository) -> None:
    """Added, edited, deleted and renamed paths are all named, a rename at both ends."""
    for name in ("edited", "deleted", "renamed", "same"):
        clone.write(f"promotions/{name}", name.encode() * 50)
    old = clone.commit()
    clone.git("config", "diff.renames", "copies")
    clone.git("config", "diff.noprefix", "true")
    clone.git("config", "diff.relative", "true")
    clone.write("order", b"promotions/*\n")
    clone.git("config", "diff.orderFile", "order")
    clone.git("mv", "promotions/renamed", "promotions/moved")
    clone.git("rm", "--quiet", "promotions/deleted")
    clone.write("promotions/edited", b"other")
    clone.write("added")
    new = clone.commit()
    assert repository.changed(old, new) == (
        "added",
        "order",
        *(f"promotions/{name}" for name in ("deleted", "edited", "moved", "renamed")),
    )
    assert repository.changed(new, new) == ()


def test_a_pull_request_s_files_count_from_where_it_began(
    clone: Clone, repository: GitRepository
) -> None:
    """What the base branch gained meanwhile is no change of the pull request."""
    fork = clone.commit()
    clone.git("checkout", "--quiet", "-b", "promote")
    clone.write("theirs")
    head = clone.commit()
    clone.git("checkout", "--quiet", "main")
    clone.write("ours")
    base = clone.commit()
    assert repository.changed(base, head) == ("ours", "theirs")
    assert repository.changed(base, head, from_fork_point=True) == ("theirs",)
    assert repository.fork_point(base, head) == fork


def test_unrelated_histories_have_no_fork_point(clone: Clone, repository: GitRepository) -> None:
    """A branch that shares no history is an error, not an empty list of changes."""
    base = clone.commit()
    clone.git("checkout", "--quiet", "--orphan", "stranger")
    head = clone.commit("Unrelated")
    with pytest.raises(GitFailed, match="no common history"):
        repository.changed(base, head, from_fork_point=True)


def test_ancestry(clone: Clone, repository: GitRepository) -> None:
    """A commit contains itself and what came before it; an unknown one is contained nowhere."""
    old, new = clone.commit("Old"), clone.commit("New")
    assert repository.is_ancestor(old, new)
    assert repository.is_ancestor(new, new)
    assert not repository.is_ancestor(new, old)
    assert not repository.is_ancestor("f" * 40, new)


def test_brought_by_names_the_merge_on_the_first_parent_line(
    clone: Clone, repository: GitRepository
) -> None:
    """A file that a branch brought is the merge's doing; a deletion counts as a change."""
    clone.commit("Root")
    clone.git("checkout", "--quiet", "-b", "promote")
    clone.write(RECORD)
    clone.commit("Add the record")
    clone.git("checkout", "--quiet", "main")
    clone.write("other")
    other = clone.commit("Meanwhile")
    clone.git("merge", "--quiet", "--no-ff", "--message", "Merge", "promote")
    merge = clone.git("rev-parse", "HEAD")
    clone.write("other", b"again")
    later = clone.commit("Later")
    assert repository.brought_by(later, RECORD) == merge
    assert repository.parent(merge) == other, "what main was, not what the branch was"
    root = repository.parent(other)
    assert root is not None
    assert repository.parent(root) is None
    assert repository.brought_by(merge, "other") == other
    assert repository.brought_by(other, RECORD) is None
    clone.git("rm", "--quiet", RECORD)
    deleted = clone.commit("Delete")
    assert repository.brought_by(deleted, RECORD) == deleted


def test_replaced_and_grafted_history_is_not_believed(
    clone: Clone, repository: GitRepository
) -> None:
    """Replacement objects and grafts, which show another history than was cloned, do nothing."""
    clone.write(RECORD, b"approved")
    old = clone.commit()
    clone.write(RECORD, b"forged")
    new = clone.commit()
    clone.git("replace", new, old)
    clone.write(".git/info/grafts", f"{new}\n".encode())
    (entry,) = repository.lookup(new, [RECORD]).values()
    assert list(repository.blobs([entry.blob])) == [(entry.blob, b"forged")]
    assert repository.changed(old, new) == (RECORD,)
    assert repository.is_ancestor(old, new)
    assert repository.parent(new) == old


def test_the_environment_cannot_point_elsewhere(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a hook or an alias leaves in the environment does not select another repository."""
    clone.write(RECORD)
    commit = clone.commit()
    other = Clone(tmp_path / "other")
    other.commit("Other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.path / ".git/objects"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    monkeypatch.setenv("GIT_GLOB_PATHSPECS", "1")
    with GitRepository(clone.path) as repository:
        assert repository.commit("main") == commit
        assert repository.entries(repository.snapshot(), "") == repository.entries(commit, "")


def test_a_dead_process_is_started_again(clone: Clone, repository: GitRepository) -> None:
    """Killing the process that reads objects costs nothing but a new one."""
    clone.write(RECORD)
    commit = clone.commit()
    repository.lookup(commit, [RECORD])
    process = repository._objects._process
    assert process is not None
    process.kill()
    process.wait()
    assert repository.lookup(commit, [RECORD]).keys() == {RECORD}


def test_threads_get_their_own_answers(clone: Clone, repository: GitRepository) -> None:
    """Questions of several threads at once are never answered with one another's objects."""
    for number in range(40):
        clone.write(f"{number}", f"content {number}".encode() * (number * 50 + 1))
    found = repository.lookup(clone.commit(), [str(number) for number in range(40)])
    wrong: list[str] = []

    def read() -> None:
        for path, entry in found.items():
            ((_, content),) = repository.blobs([entry.blob])
            if not content.startswith(f"content {path}".encode()):
                wrong.append(path)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_where_there_is_no_repository(tmp_path: Path) -> None:
    """A plain or missing folder is refused with advice."""
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NotARepository, match="no git repository") as raised:
            GitRepository(path)
        assert "clone" in raised.value.hint


def test_where_there_is_no_git(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without git is told apart from a folder without repository."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitFailed, match="no git on this machine"):
        GitRepository(clone.path)


def test_a_shallow_clone_does_not_answer_for_what_it_lacks(clone: Clone) -> None:
    """What rests on missing history is refused with advice; what does not is answered."""
    clone.write(RECORD)
    first = clone.commit("First")
    clone.write("second")
    clone.commit("Second")
    clone.write("third")
    last = clone.commit("Third")
    with GitRepository(cut(clone, depth=2)) as repository:
        assert [entry.path for entry in repository.entries(last, RECORD)] == [RECORD]
        assert repository.brought_by(last, "third") == last
        assert repository.is_ancestor(last, last)
        assert repository.parent(last) == repository.commit(f"{last}~1")
        assert repository.changed(last, last, from_fork_point=True) == ()
        refused: list[Callable[[], object]] = [
            lambda: repository.brought_by(last, RECORD),
            lambda: repository.brought_by(last, "never-there"),
            lambda: repository.is_ancestor(first, last),
            lambda: repository.changed(last, f"{last}~1", from_fork_point=True),
            lambda: repository.commit(first),
            lambda: repository.parent(f"{last}~1"),
        ]
        for ask in refused:
            with pytest.raises((ShallowClone, NotThere)) as raised:
                ask()
            assert "fetch-depth: 0" in raised.value.hint


def test_a_snapshot_shows_the_work_tree(clone: Clone, repository: GitRepository) -> None:
    """Edited, new and deleted files are seen; ignored ones are not; a commit can be compared."""
    for name in ("deleted", "edited", "kept"):
        clone.write(f"promotions/{name}.yaml", name.encode())
    clone.write(".gitignore", b"*.log\n")
    head = clone.commit()
    clone.write("promotions/edited.yaml", b"other!")
    clone.write("promotions/staged.yaml")
    clone.git("add", "promotions/staged.yaml")
    clone.write("promotions/new.yaml", b"new")
    clone.write("promotions/noise.log")
    clone.path.joinpath("promotions/deleted.yaml").unlink()
    tree = repository.snapshot()
    names = [f"promotions/{name}.yaml" for name in ("deleted", "edited", "new", "staged")]
    assert repository.changed(head, tree) == tuple(names)
    assert repository.changed(tree, head) == tuple(names)
    (entry,) = repository.lookup(tree, ["promotions/new.yaml"]).values()
    assert list(repository.blobs([entry.blob])) == [(entry.blob, b"new")]
    assert "promotions/noise.log" not in [each.path for each in repository.entries(tree, "")]


def test_a_snapshot_leaves_nothing_behind(clone: Clone) -> None:
    """Neither the index nor the objects of the clone change, and temporary files go away."""
    clone.git("config", "core.splitIndex", "true")
    hook = clone.path / ".git/hooks/post-index-change"
    clone.write(".git/hooks/post-index-change", b"#!/bin/sh\ntouch was-here\n")
    clone.write("a")
    clone.commit()
    hook.chmod(0o755)
    clone.write("b", b"uncommitted")
    before = files(clone.path)
    with GitRepository(clone.path) as repository:
        tree = repository.snapshot()
        assert [entry.path for entry in repository.entries(tree, "")] == ["a", "b"]
        assert repository._scratch is not None
        scratch = Path(repository._scratch.name)
        assert repository.snapshot() == tree
    assert files(clone.path) == before
    assert not scratch.exists()
    with GitRepository(clone.path) as repository, pytest.raises(NotThere):
        repository.entries(tree, "")


def test_a_snapshot_sees_an_edit_in_the_second_of_the_commit(
    clone: Clone, repository: GitRepository
) -> None:
    """An edit of equal size and time as the index is not passed for unchanged."""
    clone.git("config", "core.trustCtime", "false")  # the one time that a test cannot set
    clone.write("a", b"old")
    head = clone.commit()
    index = clone.path / ".git" / "index"
    times = (10**18, 10**18)  # long ago: a copy made now must not pass for older than the edit
    os.utime(clone.path / "a", ns=times)
    clone.git("update-index", "--refresh")
    os.utime(index, ns=times)
    clone.write("a", b"new")
    os.utime(clone.path / "a", ns=times)
    assert repository.changed(head, repository.snapshot()) == ("a",)


def test_a_snapshot_of_a_clone_without_commits(clone: Clone, repository: GitRepository) -> None:
    """Before the first commit, too, the files can be read."""
    clone.write(RECORD)
    assert [entry.path for entry in repository.entries(repository.snapshot(), "")] == [RECORD]


def test_a_snapshot_needs_a_work_tree(clone: Clone, tmp_path: Path) -> None:
    """A bare repository says that it has none."""
    clone.git("clone", "--quiet", "--bare", str(clone.path), str(tmp_path / "bare.git"))
    with GitRepository(tmp_path / "bare.git") as repository:
        with pytest.raises(GitFailed, match="no work tree") as raised:
            repository.snapshot()
        assert "commit" in raised.value.hint


def test_a_linked_work_tree_has_its_own_snapshot(clone: Clone, tmp_path: Path) -> None:
    """A work tree that git keeps beside the clone is read with its own index and files."""
    clone.write("a")
    clone.commit()
    linked = tmp_path / "with: colon"
    clone.git("worktree", "add", "--quiet", str(linked), "-b", "side")
    linked.joinpath("b").write_bytes(b"linked")
    with GitRepository(linked) as repository:
        tree = repository.snapshot()
        assert [entry.path for entry in repository.entries(tree, "")] == ["a", "b"]


def test_a_folder_with_odd_characters_can_be_snapshot(clone: Clone, tmp_path: Path) -> None:
    """Colons, quotes and backslashes in the clone's own path do not mislead git."""
    clone.write("a")
    clone.commit()
    odd = tmp_path / 'odd: "name" \\ here'
    shutil.copytree(clone.path, odd)
    (odd / "b").write_bytes(b"b")
    with GitRepository(odd) as repository:
        tree = repository.snapshot()
        assert [entry.path for entry in repository.entries(tree, "")] == ["a", "b"]


def test_a_damaged_object_is_an_error(clone: Clone, repository: GitRepository) -> None:
    """An object that cannot be read is reported, and is neither empty nor another one."""
    clone.write(RECORD, b"approved")
    found = repository.lookup(clone.commit(), [RECORD])
    blob = found[RECORD].blob
    file = clone.path / ".git/objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(b"damaged")
    with pytest.raises(AssentError) as raised:
        list(repository.blobs([blob]))
    assert "git fsck" in raised.value.hint


def test_a_closed_repository_opens_again_by_itself(clone: Clone) -> None:
    """Closing twice is harmless, and ends the process."""
    clone.write(RECORD)
    commit = clone.commit()
    repository = GitRepository(clone.path)
    repository.lookup(commit, [RECORD])
    process = cast("subprocess.Popen[bytes]", repository._objects._process)
    repository.close()
    repository.close()
    assert process.poll() is not None


def test_raw_objects_are_those_that_their_ids_are_digests_of(tmp_path: Path) -> None:
    """Commit, tree and blob come as git stores them, so that anybody can recompute their ids."""
    clone = Clone(tmp_path)
    clone.write(RECORD, b"record\n")
    first = clone.commit()
    clone.write("README.md")
    second = clone.commit()
    with GitRepository(tmp_path) as opened:
        repository: Objects = opened
        kind, content = repository.raw(second)
        commit = read_commit(content)
        assert (kind, object_id(kind, content), commit.parents) == ("commit", second, (first,))
        kind, content = repository.raw(commit.tree)
        tree = read_tree(content)
        assert (kind, object_id(kind, content)) == ("tree", commit.tree)
        assert {name: each.is_folder for name, each in tree.items()} == {
            "README.md": False,
            "promotions": True,
        }
        blob = tree["README.md"].id
        assert repository.raw(blob) == ("blob", b"x\n")
        for wrong in ("HEAD", "0" * 40, "main", "", "-x", f"{second}^{{tree}}", second[:12]):
            with pytest.raises(NotThere):
                repository.raw(wrong)


def test_a_cut_clone_says_what_its_objects_lack(tmp_path: Path) -> None:
    """A first parent that was not fetched is not there, with the way to fetch it."""
    origin = Clone(tmp_path / "origin")
    origin.commit()
    last = origin.commit()
    origin.git("clone", "--quiet", "--depth=1", f"file://{origin.path}", str(tmp_path / "cut"))
    with GitRepository(tmp_path / "cut") as cut:
        (parent,) = read_commit(cut.raw(last)[1]).parents
        with pytest.raises(NotThere) as missing:
            cut.raw(parent)
        assert "fetch-depth: 0" in missing.value.hint


def test_when_a_commit_was_made_is_told(
    clone: Clone, repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its committer's clock, in UTC; an author or a message that looks alike has no say."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-11-22T10:00:00+02:00")
    made = clone.commit("Add\n\ncommitter eve <eve@example.com> 1 +0000")
    assert repository.committed(made) == datetime(2026, 11, 22, 8, tzinfo=UTC)
    with pytest.raises(NotThere):
        repository.committed("0" * 40)
