"""Files and the data under them."""

import base64
from typing import TYPE_CHECKING

import github
import pytest

if TYPE_CHECKING:
    from tests.sandbox.github.conftest import Refused, Stage

NAME = "acme/model-promotions"


def test_a_file_is_created_changed_and_deleted(stage: "Stage", refused: "Refused") -> None:
    """Each write names the blob that it replaces, and makes one commit by its caller."""
    ben = stage.as_person("ben")
    ben.create_git_ref("refs/heads/x", ben.get_branch("main").commit.sha)
    created = ben.create_file("a/b/c.txt", "Create", "one", branch="x")
    assert ben.get_commit("x").sha == created["commit"].sha
    assert refused(lambda: ben.create_file("a/b/c.txt", "Again", "two", branch="x")) == (
        422,
        'Invalid request.\n\n"sha" wasn\'t supplied.',
    )
    first = created["content"].sha
    changed = ben.update_file("a/b/c.txt", "Change", "two", first, branch="x")
    assert refused(lambda: ben.update_file("a/b/c.txt", "Late", "three", first, branch="x")) == (
        409,
        f"a/b/c.txt does not match {first}",
    )
    file = ben.get_contents("a/b/c.txt", ref="x")
    assert not isinstance(file, list)
    assert (file.decoded_content, file.sha) == (b"two", changed["content"].sha)
    assert refused(lambda: ben.delete_file("a/b/c.txt", "Gone", first, branch="x"))[0] == 409
    ben.delete_file("a/b/c.txt", "Gone", file.sha, branch="x")
    assert refused(lambda: ben.get_contents("a", ref="x")) == (404, "Not Found")
    commits = [c.commit.message for c in ben.get_commits(sha="x", path="a/b/c.txt")]
    assert commits == ["Gone", "Change", "Create"]
    assert {c.author.login for c in ben.get_commits(sha="x", author="ben")} == {"ben"}


def test_writers_may_name_other_authors(stage: "Stage") -> None:
    """The author and committer of a commit are those given; otherwise the caller and GitHub."""
    ben = stage.as_person("ben")
    ben.create_git_ref("refs/heads/x", ben.get_branch("main").commit.sha)
    somebody = github.InputGitAuthor("Some Body", "some@body.test", "2020-01-02T03:04:05Z")
    named = ben.create_file("a", "m", "1", branch="x", author=somebody, committer=somebody)
    plain = ben.create_file("b", "m", "2", branch="x")
    first = ben.get_git_commit(named["commit"].sha)
    assert first.author.name == first.committer.name == "Some Body"
    assert first.author.date.year == 2020
    second = ben.get_git_commit(plain["commit"].sha)
    assert (second.author.email, second.committer.name) == ("ben@acme.test", "GitHub")
    assert second.author.date == stage.clock.time


def test_missing_branches_refs_and_fields_are_told_apart(
    stage: "Stage", refused: "Refused"
) -> None:
    """GitHub has a sentence for each."""
    ben = stage.as_person("ben")
    assert refused(lambda: ben.create_file("a", "m", "1", branch="absent")) == (
        404,
        "Branch absent not found",
    )
    assert refused(lambda: ben.get_contents("README.md", ref="absent")) == (
        404,
        "No commit found for the ref absent",
    )
    for body, message in (
        ({"content": "YQ=="}, 'Invalid request.\n\n"message" wasn\'t supplied.'),
        ({"message": "m"}, 'Invalid request.\n\n"content" wasn\'t supplied.'),
        ({"message": "m", "content": "%"}, "content is not valid Base64"),
        (
            {"message": 1, "content": "YQ=="},
            "Invalid request.\n\nFor 'properties/message', 1 is not a string.",
        ),
    ):
        answer = stage.call("PUT", "/contents/a", body=body)
        assert (answer.status_code, answer.json()["message"]) == (422, message)


@pytest.mark.parametrize("path", ["a//b", "a/../b", ".git/config", "a/.GIT/x", "./a"])
def test_paths_that_git_forbids_are_refused(stage: "Stage", path: str) -> None:
    """Such a path reaches neither a tree nor the disk."""
    item = {"path": path, "mode": "100644", "type": "blob", "content": "x"}
    answer = stage.call("POST", "/git/trees", body={"tree": [item]})
    assert answer.status_code == 422
    assert answer.json()["message"] == "tree.path contains a malformed path component"


def test_directories_are_listed(stage: "Stage") -> None:
    """The root and folders list their entries; a file's own address leads back to it."""
    ben = stage.as_person("ben")
    root = ben.get_contents("")
    assert isinstance(root, list)
    assert [(item.path, item.type) for item in root] == [(".github", "dir"), ("README.md", "file")]
    below = ben.get_contents(".github")
    assert isinstance(below, list)
    assert [item.path for item in below] == [".github/CODEOWNERS"]
    assert below[0].decoded_content.startswith(b"* @ada")
    assert stage.call("GET", "/contents/").json() == stage.call("GET", "/contents").json()


def test_large_files_come_without_their_content(stage: "Stage") -> None:
    """Up to a megabyte content is inline; beyond, the raw media type and the blob have it."""
    ben = stage.as_person("ben")
    ben.create_git_ref("refs/heads/x", ben.get_branch("main").commit.sha)
    small, large = b"s" * 1024 * 1024, b"l" * (1024 * 1024 + 1)
    ben.create_file("small", "m", small, branch="x")
    sha = ben.create_file("large", "m", large, branch="x")["content"].sha
    shown = stage.call("GET", "/contents/small?ref=x").json()
    assert base64.b64decode(shown["content"]) == small
    shown = stage.call("GET", "/contents/large?ref=x").json()
    assert (shown["content"], shown["encoding"], shown["size"]) == ("", "none", len(large))
    raw = stage.call("GET", "/contents/large?ref=x", accept="application/vnd.github.raw+json")
    assert raw.content == large
    assert base64.b64decode(ben.get_git_blob(sha).content) == large


@pytest.mark.parametrize(
    "path", ["naïve/ünï.yaml", "with space/a+b.yaml", 'q"uo\\te.txt', "tab\tx"]
)
def test_unusual_paths_survive(stage: "Stage", path: str) -> None:
    """A path is the same when written, read, listed, and in a pull request's files."""
    pull = stage.propose(stage.as_person("ben"), "odd", path, "one\ntwo\n")
    assert [file.filename for file in pull.get_files()] == [path]
    file = stage.as_person("ben").get_contents(path, ref="odd")
    assert not isinstance(file, list)
    assert (file.path, file.decoded_content) == (path, b"one\ntwo\n")
    assert path in {i.path for i in stage.as_person("ben").get_git_tree("odd", recursive=True).tree}


def test_data_is_built_piece_by_piece(stage: "Stage", refused: "Refused") -> None:
    """Blob, tree on a base, commit, reference last: the branch appears with its file."""
    ben = stage.as_person("ben")
    base = ben.get_git_commit(ben.get_branch("main").commit.sha)
    blob = ben.create_git_blob(base64.b64encode(b"\x00\xff").decode(), "base64")
    tree = ben.create_git_tree(
        [
            github.InputGitTreeElement("promotions/a.bin", "100644", "blob", sha=blob.sha),
            github.InputGitTreeElement("promotions/b.txt", "100644", "blob", content="text"),
            github.InputGitTreeElement("README.md", "100644", "blob", sha=None),
        ],
        base_tree=base.tree,
    )
    commit = ben.create_git_commit("Built", tree, [base])
    assert (commit.author.name, commit.message) == ("Ben", "Built")
    ben.create_git_ref("refs/heads/built", commit.sha)
    listed = ben.get_git_tree("built", recursive=True).tree
    assert [(item.path, item.type) for item in listed] == [
        (".github", "tree"),
        (".github/CODEOWNERS", "blob"),
        ("promotions", "tree"),
        ("promotions/a.bin", "blob"),
        ("promotions/b.txt", "blob"),
    ]
    files = {f.filename: (f.status, f.patch) for f in ben.get_commit(commit.sha).files}
    assert files["promotions/a.bin"][0] == "added"
    assert files["promotions/a.bin"][1] is None
    assert files["README.md"][0] == "removed"
    assert refused(lambda: ben.get_git_tree("0" * 40).sha)[0] == 404
    bad = {"message": "m", "tree": blob.sha, "parents": []}
    assert stage.call("POST", "/git/commits", body=bad).status_code == 422


def test_comparisons_start_where_branches_parted(stage: "Stage", refused: "Refused") -> None:
    """Ahead, behind, both or neither; the files are those of the head's side."""
    ben = stage.as_person("ben")
    tip = ben.get_branch("main").commit.sha
    for name in ("one", "two"):
        ben.create_git_ref(f"refs/heads/{name}", tip)
        ben.create_file(f"{name}.txt", name, name, branch=name)
    both = ben.compare("one", "acme:two")
    assert (both.status, both.ahead_by, both.behind_by) == ("diverged", 1, 1)
    assert both.merge_base_commit.sha == tip
    assert [file.filename for file in both.files] == ["two.txt"]
    assert ben.compare("main", "one").status == "ahead"
    assert ben.compare("one", "main").status == "behind"
    assert ben.compare("main", tip).status == "identical"
    assert refused(lambda: ben.compare("main", "absent").status) == (404, "Not Found")


def test_a_rename_is_shown_as_one(stage: "Stage") -> None:
    """The file has its new name and tells its old one; both owners are asked."""
    ben = stage.as_person("ben")
    tip = ben.get_git_commit(ben.get_branch("main").commit.sha)
    readme = ben.get_contents("README.md")
    assert not isinstance(readme, list)
    element = github.InputGitTreeElement
    tree = ben.create_git_tree(
        [
            element("README.md", "100644", "blob", sha=None),
            element("promotions/README.md", "100755", "blob", sha=readme.sha),
        ],
        base_tree=tip.tree,
    )
    commit = ben.create_git_commit("Move", tree, [tip])
    ben.create_git_ref("refs/heads/move", commit.sha)
    pull = ben.create_pull(title="Move", body="", head="move", base="main")
    assert [(f.filename, f.previous_filename, f.status) for f in pull.get_files()] == [
        ("promotions/README.md", "README.md", "renamed")
    ]
    people, teams = pull.get_review_requests()
    assert [p.login for p in people] == ["ada"]
    assert [t.slug for t in teams] == ["ml-approvers"]


def test_a_commit_is_found_by_branch_and_by_name(stage: "Stage", refused: "Refused") -> None:
    """A commit's media type with ``sha`` gives the bare name; an unknown one is 422."""
    ben = stage.as_person("ben")
    tip = ben.get_branch("main").commit.sha
    assert ben.get_commit("main").sha == tip
    bare = stage.call("GET", "/commits/main", accept="application/vnd.github.sha")
    assert bare.text == tip
    assert refused(lambda: ben.get_commit("0" * 40).files)[0] == 422


def test_pull_requests_of_a_commit(stage: "Stage") -> None:
    """Before the merge the open one that holds it, afterwards the one that brought it."""
    pull = stage.propose(stage.as_person("ben"))
    head = stage.as_person("ben").get_commit(pull.head.sha)
    assert [p.number for p in head.get_pulls()] == [1]
    stage.see("ada", pull).edit(state="closed")
    assert [p.number for p in head.get_pulls()] == []
    stage.see("ada", pull).edit(state="open")
    merge = stage.see("ada", pull).merge().sha
    for sha in (merge, pull.head.sha):
        assert [p.number for p in stage.as_person("eve").get_commit(sha).get_pulls()] == [1]
    assert list(stage.as_person("eve").get_commit(pull.base.sha).get_pulls()) == []
