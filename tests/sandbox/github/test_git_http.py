"""Cloning and pushing with git itself."""

import os
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assent.sandbox.github import Protection

if TYPE_CHECKING:
    from tests.sandbox.github.conftest import Stage

NAME = "acme/model-promotions"
BEN = "token-of-ben"


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A clone, and git in it."""

    path: Path

    def git(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run git here."""
        return subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            check=check,
            capture_output=True,
            text=True,
            env=environment(),
        )

    def commit(self, path: str, text: str) -> str:
        """Write a file, commit it, and return the commit's name."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"Write {path}")
        return self.git("rev-parse", "HEAD").stdout.strip()


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    person = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ben"), ("EMAIL", "ben@acme.test"))
    }
    return (
        kept
        | person
        | {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "LC_ALL": "C",
        }
    )


@pytest.fixture
def clone(stage: "Stage", tmp_path: Path) -> Callable[..., Checkout]:
    """Return a function that clones with somebody's token, or with none."""

    def run(token: str | None = BEN, suffix: str = ".git") -> Checkout:
        credentials = f"x-access-token:{token}@" if token else ""
        target = tmp_path / f"clone-{len(list(tmp_path.glob('clone-*')))}"
        url = stage.url.replace("http://", f"http://{credentials}")
        subprocess.run(
            ["git", "clone", "--quiet", f"{url}/{NAME}{suffix}", str(target)],
            check=True,
            capture_output=True,
            env=environment(),
        )
        return Checkout(path=target)

    return run


def test_anybody_clones_a_public_repository(stage: "Stage", clone: Callable[..., Checkout]) -> None:
    """With and without ``.git``, with and without a token; the content is that of main."""
    for token, suffix in ((None, ".git"), (None, ""), (stage.bot_token(), ".git")):
        checkout = clone(token, suffix)
        assert "redirecting" not in checkout.git("fetch", "--all").stderr
        assert (checkout.path / "README.md").read_text(encoding="utf-8") == "Models\n"


def test_a_private_repository_is_not_there_for_strangers(stage: "Stage", tmp_path: Path) -> None:
    """Zoe belongs to no organization: neither git nor the API tells her of it."""
    stage.hub.create_repository("acme/secret", files={"a": "b"}, private=True)
    assert stage.call("GET", "//repos/acme/secret", token="token-of-eve").status_code == 200
    for token in ("token-of-zoe", None):
        answer = stage.call("GET", "//repos/acme/secret", token=token)
        assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")
    anonymous = subprocess.run(
        ["git", "clone", f"{stage.url}/acme/secret.git", str(tmp_path / "secret")],
        check=False,
        capture_output=True,
        env=environment(),
    )
    assert anonymous.returncode != 0


def test_what_the_api_wrote_is_what_git_reads(
    stage: "Stage", clone: Callable[..., Checkout]
) -> None:
    """The repository passes git's own check, and pull request heads can be fetched."""
    pull = stage.propose(stage.as_person("ben"))
    stage.see("cleo", pull).create_review(event="APPROVE")
    stage.see("cleo", pull).merge()
    checkout = clone()
    assert (checkout.path / "promotions/dev/churn/7.yaml").exists()
    checkout.git("fetch", "--quiet", "origin", "refs/pull/1/head")
    assert checkout.git("rev-parse", "FETCH_HEAD").stdout.strip() == pull.head.sha
    path = stage.hub.repository_path(NAME)
    check = Checkout(path=path).git("fsck", "--strict", "--full")
    assert "error" not in check.stderr
    log = checkout.git("log", "-1", "--format=%an <%ae> %cn <%ce>").stdout.strip()
    assert log == "Cleo <cleo@acme.test> GitHub <noreply@github.com>"


def test_a_push_updates_the_pull_request_of_its_branch(
    stage: "Stage", clone: Callable[..., Checkout]
) -> None:
    """The head follows, the approval goes stale, and deleting the branch closes it."""
    pull = stage.propose(stage.as_bot())
    stage.see("cleo", pull).create_review(event="APPROVE")
    checkout = clone()
    checkout.git("switch", "--quiet", "promote")
    sha = checkout.commit("promotions/dev/churn/7.yaml", "status: Rejected\n")
    checkout.git("push", "--quiet", "origin", "promote")
    after = stage.see("eve", pull)
    assert after.head.sha == sha
    assert [review.state for review in after.get_reviews()] == ["DISMISSED"]
    assert stage.as_person("eve").get_git_ref("pull/1/head").object.sha == sha
    checkout.git("push", "--quiet", "--delete", "origin", "promote")
    closed = stage.see("eve", pull)
    assert (closed.state, closed.as_issue().raw_data["closed_by"]["login"]) == ("closed", "ben")


def test_protected_branches_refuse_pushes(stage: "Stage", clone: Callable[..., Checkout]) -> None:
    """Ben's push to main fails while his branch beside it arrives; Ada may pass, forwards."""
    checkout = clone()
    first = checkout.git("rev-parse", "HEAD").stdout.strip()
    checkout.git("branch", "side")
    sha = checkout.commit("a.txt", "a")
    pushed = checkout.git("push", "origin", "main", "side", check=False)
    assert pushed.returncode != 0
    assert "GH006: Protected branch update failed for refs/heads/main." in pushed.stderr
    assert "Changes must be made through a pull request." in pushed.stderr
    assert [branch.name for branch in stage.as_person("ben").get_branches()] == ["main", "side"]
    assert stage.as_person("ben").get_branch("main").commit.sha == first

    ada = clone("token-of-ada")
    ada.git("fetch", "--quiet", str(checkout.path), "main")
    ada.git("push", "--quiet", "origin", "FETCH_HEAD:refs/heads/main")
    assert stage.as_person("ben").get_branch("main").commit.sha == sha
    forced = ada.git("push", "--force", "origin", f"{first}:refs/heads/main", check=False)
    assert "Cannot force-push to this branch" in forced.stderr
    stage.hub.protect(NAME, "side", Protection())
    deleted = ada.git("push", "--delete", "origin", "side", check=False)
    assert "Cannot delete a protected branch" in deleted.stderr
    stage.hub.protect(NAME, "main", Protection(enforce_admins=True))
    ada.git("fetch", "--quiet", "origin")
    ada.git("reset", "--quiet", "--hard", "origin/main")
    ada.commit("b.txt", "b")
    assert ada.git("push", "origin", "main", check=False).returncode != 0


def test_pushing_takes_a_writers_token(stage: "Stage", clone: Callable[..., Checkout]) -> None:
    """Nobody, a stranger, a reader and a narrowed App token are refused; the App is not."""
    narrow = stage.bot_token({"pull_requests": "write"})
    for token in (None, "nonsense", "token-of-eve", narrow):
        checkout = clone(None)
        url = stage.url.replace("http://", f"http://x:{token}@" if token else "http://")
        checkout.git("remote", "set-url", "origin", f"{url}/{NAME}.git")
        checkout.commit("a.txt", "a")
        assert checkout.git("push", "origin", "HEAD:x", check=False).returncode != 0
    assert [branch.name for branch in stage.as_person("ben").get_branches()] == ["main"]
    checkout = clone(stage.bot_token())
    checkout.commit("a.txt", "a")
    checkout.git("push", "--quiet", "origin", "HEAD:x")
    assert stage.as_person("ben").get_branch("x").commit.commit.message == "Write a.txt"


def test_pull_request_references_belong_to_the_server(
    stage: "Stage", clone: Callable[..., Checkout]
) -> None:
    """Git cannot push to them, so they keep what was proposed."""
    pull = stage.propose(stage.as_person("ben"))
    checkout = clone()
    checkout.commit("a.txt", "a")
    refused = checkout.git("push", "--force", "origin", "HEAD:refs/pull/1/head", check=False)
    assert "deny updating a hidden ref" in refused.stderr
    assert stage.as_person("ben").get_git_ref("pull/1/head").object.sha == pull.head.sha


def test_a_pull_request_pushed_into_its_base_is_merged(
    stage: "Stage", clone: Callable[..., Checkout]
) -> None:
    """Whoever pushes the head's commits to the base has merged it."""
    pull = stage.propose(stage.as_person("ben"))
    ada = clone("token-of-ada")
    ada.git("fetch", "--quiet", "origin", "promote")
    ada.git("push", "--quiet", "origin", "FETCH_HEAD:refs/heads/main")
    after = stage.see("eve", pull)
    assert (after.merged, after.merged_by.login) == (True, "ada")
    assert after.merge_commit_sha == pull.head.sha


def test_a_repacked_repository_is_still_read(stage: "Stage") -> None:
    """Objects and references that git packed answer as before."""
    ben = stage.as_person("ben")
    pull = stage.propose(ben)
    Checkout(path=stage.hub.repository_path(NAME)).git("gc", "--quiet", "--prune=now")
    assert not list(stage.hub.repository_path(NAME).glob("objects/[0-9a-f][0-9a-f]"))
    assert ben.get_branch("main").commit.commit.message == "Initial commit"
    assert {ref.ref for ref in ben.get_git_refs()} == {
        "refs/heads/main",
        "refs/heads/promote",
        "refs/pull/1/head",
    }
    assert stage.see("ada", pull).merge().merged
    assert stage.call("GET", "/git/blobs/" + "0" * 40).status_code == 404


def test_a_change_behind_the_servers_back_is_noticed(stage: "Stage") -> None:
    """A branch moved in the bare repository itself shows in its pull request."""
    pull = stage.propose(stage.as_person("ben"))
    bare = Checkout(path=stage.hub.repository_path(NAME))
    tree = f"{pull.head.sha}^{{tree}}"
    sha = bare.git("commit-tree", tree, "-p", pull.head.sha, "-m", "Behind").stdout.strip()
    bare.git("update-ref", "refs/heads/promote", sha)
    assert stage.see("ben", pull).head.sha == sha


def test_a_large_push_arrives_whole(stage: "Stage", clone: "Callable[..., Checkout]") -> None:
    """Beyond a megabyte git sends in chunks."""
    checkout = clone()
    noise = random.Random(7).randbytes(3 * 1024 * 1024)  # noqa: S311 - incompressible, not secret
    (checkout.path / "noise").write_bytes(noise)
    checkout.commit("a.txt", "a")
    checkout.git("push", "--quiet", "origin", "HEAD:large")
    raw = stage.call("GET", "/contents/noise?ref=large", accept="application/vnd.github.raw")
    assert raw.content == noise
