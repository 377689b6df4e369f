"""Objects, references and differences below the server."""

import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from assent.sandbox.github.git_diff import fingerprint
from assent.sandbox.github.git_objects import FILE, Commit, Entry, ObjectMissingError, Signature
from assent.sandbox.github.git_refs import ABSENT, RefConflictError, is_valid_name
from assent.sandbox.github.git_repository import Conflict, GitRepository, git_environment

WHO = Signature(name="Ada", email="ada@acme.test", when=datetime(2021, 3, 4, tzinfo=UTC))


@pytest.fixture
def git(tmp_path: Path) -> GitRepository:
    return GitRepository.create(tmp_path / "x.git", default_branch="main")


def write(git: GitRepository, files: dict[str, str | Entry | None], *parents: Commit) -> Commit:
    edits = {
        path: Entry(mode=FILE, sha=git.objects.write("blob", text.encode()))
        if isinstance(text, str)
        else text
        for path, text in files.items()
    }
    tree = git.edit_tree(parents[0].tree if parents else None, edits)
    return git.commit_tree(
        tree=tree, parents=[p.sha for p in parents], author=WHO, committer=WHO, message="m"
    )


def ask(git: GitRepository, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(git.path), *arguments],
        check=True,
        capture_output=True,
        text=True,
        env=git_environment(),
    ).stdout


def test_objects_are_gits_own(git: GitRepository) -> None:
    """Git reads what was written, checks it strictly, and orders trees the same way."""
    commit = write(git, {"a.b": "1", "a/x": "2", "a0": "3", "é": "4", "d/e/f": "5"})
    git.set_branch("main", commit.sha, expected=None)
    assert ask(git, "fsck", "--strict", "--full") == ""
    assert ask(git, "ls-tree", "-r", "--name-only", "main").split() == [
        "a.b",
        "a/x",
        "a0",
        "d/e/f",
        "é",
    ]
    assert [path for path, _ in git.walk(commit.tree)] == [
        "a.b",
        "a",
        "a/x",
        "a0",
        "d",
        "d/e",
        "d/e/f",
        "é",
    ]
    assert git.objects.write("blob", b"1") == git.objects.write("blob", b"1")


def test_signatures_cannot_break_out_of_their_line(git: GitRepository) -> None:
    """Names lose what would end the line or the address; time zones are read as UTC."""
    east = timezone(timedelta(hours=5, minutes=30))
    evil = Signature(
        name="A <x>\ncommitter B", email="a@b>\n", when=datetime(2021, 3, 4, 5, 30, tzinfo=east)
    )
    commit = git.commit_tree(
        tree=git.edit_tree(None, {}), parents=[], author=evil, committer=WHO, message="m\n\nbody"
    )
    assert (commit.author.name, commit.author.email) == ("A xcommitter B", "a@b")
    assert commit.author.when == datetime(2021, 3, 4, tzinfo=UTC)
    assert commit.message == "m\n\nbody"
    assert "+0530" in ask(git, "cat-file", "-p", commit.sha)


def test_editing_a_tree_takes_empty_folders_away(git: GitRepository) -> None:
    """Removing the last file of a folder removes the folder; a file may become a folder."""
    commit = write(git, {"a/b/c": "1", "d": "2"})
    emptied = git.edit_tree(commit.tree, {"a/b/c": None})
    assert list(git.objects.tree(emptied)) == ["d"]
    blob = git.objects.write("blob", b"3")
    turned = git.edit_tree(commit.tree, {"d/e": Entry(mode=FILE, sha=blob)})
    assert [path for path, _ in git.walk(turned)] == ["a", "a/b", "a/b/c", "d", "d/e"]
    assert git.edit_tree(commit.tree, {"absent/x": None}) == commit.tree


def test_what_is_missing_or_of_another_kind_is_said(git: GitRepository) -> None:
    """Neither an unknown name nor a blob is a commit; nonsense never reaches the disk."""
    blob = git.objects.write("blob", b"x")
    for name in ("0" * 40, "../../../etc/passwd", "", blob.upper(), blob[:39]):
        with pytest.raises(ObjectMissingError):
            git.objects.read(name)
    with pytest.raises(ObjectMissingError, match="is a blob, not a commit"):
        git.objects.commit(blob)
    assert git.commit(blob) is None
    assert git.objects.kind(blob) == "blob"


def test_references_change_only_from_what_was_expected(git: GitRepository) -> None:
    """Creation needs absence, a move the old value; a name may not be a folder of another."""
    one, two = write(git, {"a": "1"}), write(git, {"a": "2"})
    git.refs.change("refs/heads/x", one.sha, expected=ABSENT)
    with pytest.raises(RefConflictError):
        git.refs.change("refs/heads/x", two.sha, expected=ABSENT)
    with pytest.raises(RefConflictError):
        git.refs.change("refs/heads/x", one.sha, expected=two.sha)
    with pytest.raises(RefConflictError):
        git.refs.change("refs/heads/x/y", one.sha, expected=ABSENT)
    git.refs.change("refs/heads/x", two.sha, expected=one.sha)
    with pytest.raises(RefConflictError):
        git.refs.delete("refs/heads/x", expected=one.sha)
    git.refs.delete("refs/heads/x", expected=two.sha)
    assert git.refs.read("refs/heads/x") is None


@pytest.mark.parametrize(
    "name",
    ["refs/heads/a", "refs/heads/a/b-c.d", "refs/heads/@", "refs/heads/é", "refs/x/y", "refs/x"],
)
def test_good_names_are_gits_good_names(git: GitRepository, name: str) -> None:
    """Whatever git accepts is accepted."""
    assert ask(git, "check-ref-format", name) == ""
    assert is_valid_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "main",
        "refs/",
        "refs//x",
        "refs/heads/.x",
        "refs/heads/x.",
        "refs/heads/x.lock/y",
        "refs/heads/a..b",
        "refs/heads/a~b",
        "refs/heads/a@{b",
        "refs/heads/a\\b",
        "refs/heads/a\tb",
        "refs/heads/x/",
        "refs/heads/" + "x" * 201,
    ],
)
def test_bad_names_are_bad(git: GitRepository, name: str) -> None:
    """What git refuses (and what is no reference at all) is refused, and never read."""
    assert not is_valid_name(name)
    assert git.refs.read(name) is None


def test_differences_say_what_happened_to_each_file(git: GitRepository) -> None:
    """Added, removed, modified, renamed, changed type, binary, mode only: each with its counts."""
    text = "".join(f"line {n}\n" for n in range(20))
    link = Entry(mode="120000", sha=git.objects.write("blob", b"target"))
    binary = Entry(mode=FILE, sha=git.objects.write("blob", b"\x00\x01"))
    script = git.objects.write("blob", b"run\n")
    old = write(
        git,
        {
            "gone": "bye\n",
            "kept": "a\nb\n",
            "old name": text,
            "turns": "file\n",
            "zz": "1\n",
            "script": Entry(mode=FILE, sha=script),
        },
    )
    new = write(
        git,
        {
            "gone": None,
            "kept": "a\n-- c\n+++ d\n",
            "old name": None,
            'new "name"': text + "more\n",
            "turns": link,
            "zz": "1\n2\n3\n",
            "data": binary,
            "script": Entry(mode="100755", sha=script),
        },
        old,
    )
    found = {
        change.path: (change.status, change.additions, change.deletions, change.previous)
        for change in git.difference(old.sha, new.sha)
    }
    assert found == {
        "data": ("added", 0, 0, None),
        "gone": ("removed", 0, 1, None),
        "kept": ("modified", 2, 1, None),
        'new "name"': ("renamed", 1, 0, "old name"),
        "script": ("modified", 0, 0, None),
        "turns": ("changed", 0, 1, None),
        "zz": ("modified", 2, 0, None),
    }
    assert [change.path for change in git.changes_in(old.sha)] == [
        "gone",
        "kept",
        "old name",
        "script",
        "turns",
        "zz",
    ]


def test_a_fingerprint_sees_edits_not_positions(git: GitRepository) -> None:
    """The same edit further down is the same; another edit, mode or binary content is not."""
    lines = [f"line {n}\n" for n in range(30)]
    edited = [*lines[:20], "new\n", *lines[20:]]

    def seen(before: str | Entry, after: str | Entry) -> tuple[object, ...]:
        old = write(git, {"f": before, "x": "x"})
        return fingerprint(git.difference(old.sha, write(git, {"f": after}, old).sha))

    plain = seen("".join(lines), "".join(edited))
    assert plain == seen("top\n" + "".join(lines), "top\n" + "".join(edited))
    assert plain != seen("".join(lines), "".join(edited).replace("new", "old"))
    blobs = [git.objects.write("blob", bytes([0, n])) for n in range(3)]
    first, second, third = (Entry(mode=FILE, sha=blob) for blob in blobs)
    assert seen(first, second) != seen(first, third)
    assert seen(first, second) != seen(first, Entry(mode="100755", sha=blobs[1]))


def test_merges_are_tried_without_touching_branches(git: GitRepository) -> None:
    """A clean merge gives a tree, a conflict says where, strangers do not merge."""
    base = write(git, {"a": "1\n", "b": "1\n"})
    left, right = write(git, {"a": "2\n"}, base), write(git, {"b": "2\n"}, base)
    clash, stranger = write(git, {"a": "3\n"}, base), write(git, {"z": "z"})
    tree = git.merged_tree(left.sha, right.sha)
    assert isinstance(tree, str)
    assert {p: git.objects.blob(e.sha) for p, e in git.walk(tree)} == {"a": b"2\n", "b": b"2\n"}
    assert git.merged_tree(base.sha, left.sha) == left.tree
    conflict = git.merged_tree(left.sha, clash.sha)
    assert isinstance(conflict, Conflict)
    assert "CONFLICT (content): Merge conflict in a" in conflict.detail
    assert isinstance(git.merged_tree(left.sha, stranger.sha), Conflict)
    assert git.merge_base(left.sha, stranger.sha) is None
    assert git.refs.under("refs/") == {}


def test_a_commit_is_replayed_on_another(git: GitRepository) -> None:
    """Only its own change goes along, whatever its ancestors did; a clash is a conflict."""
    base = write(git, {"a": "1\n"})
    first = write(git, {"b": "1\n"}, base)
    second = write(git, {"c": "1\n"}, first)
    onto = write(git, {"d": "1\n"}, base)
    tree = git.replay(second, onto.sha)
    assert isinstance(tree, str)
    assert [path for path, _ in git.walk(tree)] == ["a", "c", "d"]
    assert isinstance(git.replay(second, write(git, {"c": "2\n"}, base).sha), Conflict)
