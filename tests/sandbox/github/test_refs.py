"""References: created once, moved forwards, deleted."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.github.conftest import Refused, Stage


def test_of_fifty_parallel_creations_one_succeeds(stage: "Stage") -> None:
    """The name of a branch is a lock: one 201, and 49 times 422 with GitHub's words."""
    sha = stage.as_person("ben").get_branch("main").commit.sha
    body = {"ref": "refs/heads/promote/dev/churn-7", "sha": sha}

    def create(_: int) -> tuple[int, str]:
        answer = stage.call("POST", "/git/refs", token="token-of-ben", body=body)
        return answer.status_code, answer.json().get("message", "")

    with ThreadPoolExecutor(50) as pool:
        answers = Counter(pool.map(create, range(50)))
    assert answers == {(201, ""): 1, (422, "Reference already exists"): 49}


def test_parallel_writes_to_one_branch_lose_nothing(stage: "Stage") -> None:
    """Twenty files put at once, each attempt repeated until it lands, are all there."""
    ben = stage.as_person("ben")
    ben.create_git_ref("refs/heads/busy", ben.get_branch("main").commit.sha)

    def put(number: int) -> int:
        body = {"message": "Add", "content": "YQ==", "branch": "busy"}
        return stage.call("PUT", f"/contents/f{number}.txt", body=body).status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(put, range(20))) == {201}
    names = {item.path for item in ben.get_git_tree("busy").tree}
    assert {f"f{number}.txt" for number in range(20)} <= names
    assert ben.get_commits("busy").totalCount == 21


def test_one_of_two_parallel_edits_of_a_file_wins(stage: "Stage") -> None:
    """Both name the blob that they saw; the later one gets 409."""
    ben = stage.as_person("ben")
    ben.create_git_ref("refs/heads/edit", ben.get_branch("main").commit.sha)
    file = ben.get_contents("README.md", ref="edit")
    assert not isinstance(file, list)

    def edit(text: str) -> int:
        body = {"message": "m", "content": text, "branch": "edit", "sha": file.sha}
        return stage.call("PUT", "/contents/README.md", body=body).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(edit, ["YQ==", "Yg=="])) == [200, 409]


def test_parallel_merges_of_one_pull_request_merge_once(stage: "Stage") -> None:
    """One merge succeeds, the others learn that there is nothing to merge."""
    pull = stage.propose(stage.as_person("ben"))

    def merge(_: int) -> int:
        return stage.call("PUT", f"/pulls/{pull.number}/merge").status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(merge, range(8))) == [200] + [405] * 7


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("heads/promote", "is not a valid ref name."),
        ("refs/promote", "is not a valid ref name."),
        ("refs/heads/a..b", "is not a valid ref name."),
        ("refs/heads/../../config", "is not a valid ref name."),
        ("refs/heads/a.lock", "is not a valid ref name."),
        ("refs/heads/a b", "is not a valid ref name."),
        ("refs/pull/1/head", "Reference update failed"),
    ],
)
def test_names_that_git_forbids_are_refused(stage: "Stage", name: str, reason: str) -> None:
    """A bad name is 422, and nothing is created."""
    sha = stage.as_person("ben").get_branch("main").commit.sha
    answer = stage.call("POST", "/git/refs", body={"ref": name, "sha": sha})
    assert answer.status_code == 422
    assert answer.json()["message"].endswith(reason)
    assert stage.as_person("ben").get_git_refs().totalCount == 1


def test_a_reference_needs_an_object(stage: "Stage", refused: "Refused") -> None:
    """Neither an unknown object nor a blob can be a branch."""
    ben = stage.as_person("ben")
    blob = ben.create_git_blob("hello", "utf-8").sha
    for sha in ("0" * 40, "nonsense", blob):
        assert refused(lambda sha=sha: ben.create_git_ref("refs/heads/x", sha)) == (  # type: ignore[misc]
            422,
            "Object does not exist",
        )


def test_moving_backwards_takes_force(stage: "Stage", refused: "Refused") -> None:
    """A fast forward is free; anything else is refused unless forced."""
    ben = stage.as_person("ben")
    old = ben.get_branch("main").commit.sha
    ref = ben.create_git_ref("refs/heads/move", old)
    new = ben.create_file("a.txt", "A", "a", branch="move")["commit"].sha
    assert refused(lambda: ref.edit(old)) == (422, "Update is not a fast forward")
    ref.edit(old, force=True)
    ref.edit(new)
    assert ben.get_git_ref("heads/move").object.sha == new
    absent = ben.get_git_ref("heads/move")
    absent.delete()
    assert refused(lambda: absent.edit(new)) == (422, "Reference does not exist")
    assert refused(absent.delete) == (422, "Reference does not exist")


def test_references_are_found_by_prefix(stage: "Stage", refused: "Refused") -> None:
    """An exact name shows one reference; a prefix lists those below it, none included."""
    ben = stage.as_person("ben")
    sha = ben.get_branch("main").commit.sha
    for name in ("promote/dev/a", "promote/dev/b", "promote/prod/a"):
        ben.create_git_ref(f"refs/heads/{name}", sha)
    names = [ref.ref for ref in ben.get_git_matching_refs("heads/promote/dev")]
    assert names == ["refs/heads/promote/dev/a", "refs/heads/promote/dev/b"]
    assert list(ben.get_git_matching_refs("heads/retire")) == []
    assert refused(lambda: ben.get_git_ref("heads/promote").object) == (404, "Not Found")
    assert refused(lambda: ben.create_git_ref("refs/heads/promote", sha)) == (
        422,
        "Reference update failed",
    )
    assert [b.name for b in ben.get_branches()] == [
        "main",
        "promote/dev/a",
        "promote/dev/b",
        "promote/prod/a",
    ]
    assert ben.get_branch("promote/dev/a").commit.sha == sha
    assert refused(lambda: ben.get_branch("promote"))[0] == 404


def test_a_protected_branch_is_not_changed_directly(stage: "Stage", refused: "Refused") -> None:
    """Neither moved nor deleted nor written to; by administrators only forwards."""
    ben = stage.as_person("ben")
    main = ben.get_git_ref("heads/main")
    ben.create_git_ref("refs/heads/side", main.object.sha)
    new = ben.create_file("a.txt", "A", "a", branch="side")["commit"].sha
    through = "Changes must be made through a pull request."
    assert refused(lambda: main.edit(new)) == (422, through)
    assert refused(lambda: ben.create_file("a.txt", "A", "a")) == (
        409,
        f"Could not create file: {through}",
    )
    assert refused(main.delete) == (422, "Cannot delete the default branch")
    as_ada = stage.as_person("ada").get_git_ref("heads/main")
    as_ada.edit(new)
    assert refused(lambda: as_ada.edit(main.object.sha, force=True)) == (
        422,
        "Cannot force-push to this branch",
    )


def test_readers_write_nothing(stage: "Stage", refused: "Refused") -> None:
    """Eve reads everything and changes neither references nor files."""
    eve = stage.as_person("eve")
    sha = eve.get_branch("main").commit.sha
    assert refused(lambda: eve.create_git_ref("refs/heads/x", sha))[0] == 403
    assert refused(lambda: eve.create_file("a.txt", "A", "a"))[0] == 403
    anonymous = stage.call(
        "POST", "/git/refs", token=None, body={"ref": "refs/heads/x", "sha": sha}
    )
    assert (anonymous.status_code, anonymous.json()["message"]) == (
        401,
        "Requires authentication",
    )
