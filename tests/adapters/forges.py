"""A promotion repository to act on as people do, behind either implementation of `Forge`."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from github import Auth, Github
from github.PullRequest import PullRequest
from github.Repository import Repository

from assent.adapters.github import GitHubForge, connect
from assent.adapters.memory import SettableClock
from assent.adapters.memory_repository import MemoryRepository, Merging
from assent.core.git_objects import blob_id
from assent.ports import Forge
from assent.sandbox.github import AppCredentials, GitHub

__all__ = ["FILES", "HubServer", "Place", "hosted_place", "memory_place", "people"]

FILES = {"assent.yaml": "schema: assent/config/v1\n", "README.md": "Models\n"}
WRITERS = ("ana", "ben")
TEAM = "acme/ml-approvers"


class Place(Protocol):
    """A repository in which ana and ben may write, zoe reads, and ana is in a team."""

    @property
    def forge(self) -> Forge:
        """The repository as the App's bot acts on it."""
        ...

    @property
    def clock(self) -> SettableClock:
        """What the repository takes its times from."""
        ...

    def open_as(self, login: str, branch: str, path: str) -> int:
        """Open a pull request that adds a file, as a person."""
        ...

    def close(self, number: int, by: str) -> None:
        """Close a pull request."""
        ...

    def reopen(self, number: int, by: str) -> None:
        """Reopen a pull request."""
        ...

    def say(self, number: int, by: str, text: str) -> None:
        """Comment on a pull request."""
        ...

    def review(self, number: int, by: str, text: str) -> None:
        """Review a pull request without a verdict; approve it, if there is nothing to say."""
        ...

    def merge(self, number: int, by: str) -> str:
        """Approve and merge a pull request; returns the commit."""
        ...

    def land(self, number: int, by: str, how: Merging = "merge") -> str:
        """Merge a pull request as it is; returns the commit that main has then."""
        ...

    def dismiss(self, number: int) -> None:
        """Dismiss every approval of a pull request."""
        ...

    def update_branch(self, number: int, by: str) -> None:
        """Merge main into a pull request's branch."""
        ...

    def label(self, number: int, by: str, label: str) -> None:
        """Put a label on a pull request."""
        ...

    def unlabel(self, number: int, by: str, label: str) -> None:
        """Take a label off a pull request."""
        ...

    def delete_branch(self, name: str, by: str) -> None:
        """Delete a branch."""
        ...

    def push(self, branch: str, path: str, by: str, text: str = "") -> str:
        """Commit a file to a branch, new or not; returns its new tip."""
        ...

    def put_back(self, branch: str, commit: str) -> None:
        """Let a branch name another commit, by force."""
        ...

    def open_issue_as(self, login: str, title: str, label: str) -> None:
        """Open an issue."""
        ...


@dataclass(kw_only=True)
class MemoryPlace:
    """See `Place`."""

    repository: MemoryRepository
    clock: SettableClock

    @property
    def forge(self) -> Forge:
        return self.repository

    def open_as(self, login: str, branch: str, path: str) -> int:
        self.repository.create_branch(branch, self.repository.tip())
        self.push(branch, path, login)
        number = self.repository.open_pull_request(branch, f"Add {path}", "").number
        self.repository.pull(number).author = login
        return number

    def close(self, number: int, by: str) -> None:
        self.repository.close(number, by=by)

    def reopen(self, number: int, by: str) -> None:
        self.repository.reopen(number, by=by)

    def say(self, number: int, by: str, text: str) -> None:
        self.repository.remark(number, by, text)

    def review(self, number: int, by: str, text: str) -> None:
        if text:
            self.repository.remark(number, by, text)
        else:
            self.repository.approve(number, by)

    def merge(self, number: int, by: str) -> str:
        self.repository.approve(number, by)
        return self.repository.merge(number, by=by)

    def land(self, number: int, by: str, how: Merging = "merge") -> str:
        return self.repository.merge(number, by=by, how=how, bypass=True)

    def dismiss(self, number: int) -> None:
        self.repository.dismiss(number)

    def update_branch(self, number: int, by: str) -> None:
        self.repository.update_branch(number, by=by)

    def label(self, number: int, by: str, label: str) -> None:
        self.repository.put_labels(number, [label], by)

    def unlabel(self, number: int, by: str, label: str) -> None:
        self.repository.unlabel(number, label, by=by)

    def delete_branch(self, name: str, by: str) -> None:
        self.repository.delete_branch(name, by=by)

    def push(self, branch: str, path: str, by: str, text: str = "") -> str:
        content = (text or f"by {by}\n").encode()
        return self.repository.push({path: content}, branch=branch, by=(by,))

    def put_back(self, branch: str, commit: str) -> None:
        self.repository.put_back(branch, commit)

    def open_issue_as(self, login: str, title: str, label: str) -> None:
        self.repository.open_issue(title, "", [label])
        self.repository.issues[-1].author = login


def memory_place(clock: SettableClock) -> Place:
    """A place in memory."""
    files = {path: text.encode() for path, text in FILES.items()}
    repository = MemoryRepository(files, now=clock.now)
    repository.writers = set(WRITERS)
    repository.dismisses_stale = False  # nothing protects a place
    repository.teams = {TEAM: {"ana"}}
    return MemoryPlace(repository=repository, clock=clock)


@dataclass(kw_only=True)
class HubServer:
    """A hub and where it is served; many places are made in it, for it takes long to make."""

    hub: GitHub
    app: AppCredentials
    url: str
    clock: SettableClock
    clients: dict[str, Github] = field(default_factory=dict)
    places: int = 0

    @cached_property
    def bot(self) -> str:
        """The token of the App's bot; it lasts as long as no test moves the clock by an hour."""
        return self.bot_token()

    def client(self, token: str) -> Github:
        """A client with a token; one for all places."""
        if token not in self.clients:
            self.clients[token] = connect(Auth.Token(token), self.url)
        return self.clients[token]

    def bot_token(self, permissions: dict[str, str] | None = None) -> str:
        """A fresh token of the App's installation."""
        client = connect(Auth.AppAuth(self.app.app_id, self.app.private_key_pem), self.url)
        path = f"/app/installations/{self.app.installation_id}/access_tokens"
        asked = {} if permissions is None else {"permissions": permissions}
        _, answer = client.requester.requestJsonAndCheck("POST", path, input=asked)
        client.close()
        return str(answer["token"])

    def new_repository(self) -> str:
        """Create a repository; returns its name."""
        self.places += 1
        name = f"acme/promotions-{self.places}"
        self.hub.create_repository(name, files=FILES, writers=WRITERS)
        return name


def people(hub: GitHub) -> None:
    """Put the people of a place into a hub."""
    for login in ("ana", "ben", "zoe"):
        hub.add_user(login, token=f"token-of-{login}")
    hub.add_organization("acme", members=["ana", "ben", "zoe"])
    organization, slug = TEAM.split("/")
    hub.add_team(organization, slug, members=["ana"])


@dataclass(kw_only=True)
class HostedPlace:
    """See `Place`."""

    server: HubServer
    name: str
    forge: Forge
    clock: SettableClock

    def _as(self, login: str) -> Repository:
        return self.server.client(f"token-of-{login}").get_repo(self.name)

    def _pull(self, number: int, login: str) -> PullRequest:
        return self._as(login).get_pull(number)

    def open_as(self, login: str, branch: str, path: str) -> int:
        self._as(login).create_git_ref(f"refs/heads/{branch}", self.forge.tip())
        self.push(branch, path, login)
        opened = self._as(login).create_pull("main", branch, title=f"Add {path}", body="")
        return opened.number

    def close(self, number: int, by: str) -> None:
        self._pull(number, by).edit(state="closed")

    def reopen(self, number: int, by: str) -> None:
        self._pull(number, by).edit(state="open")

    def say(self, number: int, by: str, text: str) -> None:
        self._pull(number, by).create_issue_comment(text)

    def review(self, number: int, by: str, text: str) -> None:
        event = "COMMENT" if text else "APPROVE"
        self._pull(number, by).create_review(body=text, event=event)

    def merge(self, number: int, by: str) -> str:
        pull = self._pull(number, by)
        pull.create_review(event="APPROVE")
        return pull.merge().sha

    def land(self, number: int, by: str, how: Merging = "merge") -> str:
        return self._pull(number, by).merge(merge_method=how).sha

    def dismiss(self, number: int) -> None:
        for review in self._pull(number, "ana").get_reviews():
            if review.state == "APPROVED":
                review.dismiss("It changed")

    def update_branch(self, number: int, by: str) -> None:
        assert self._pull(number, by).update_branch()

    def label(self, number: int, by: str, label: str) -> None:
        self._pull(number, by).add_to_labels(label)

    def unlabel(self, number: int, by: str, label: str) -> None:
        self._pull(number, by).remove_from_labels(label)

    def delete_branch(self, name: str, by: str) -> None:
        # PyGithub's lazy references delete at an address that GitHub does not document.
        path = f"/repos/{self.name}/git/refs/heads/{name}"
        self._as(by).requester.requestJsonAndCheck("DELETE", path)

    def push(self, branch: str, path: str, by: str, text: str = "") -> str:
        text = text or f"by {by}\n"
        there = self.forge.file(path, branch)
        repository = self._as(by)
        if there is None:
            return repository.create_file(path, "Add", text, branch=branch)["commit"].sha
        blob = blob_id(there)
        return repository.update_file(path, "Change", text, blob, branch=branch)["commit"].sha

    def put_back(self, branch: str, commit: str) -> None:
        path = f"/repos/{self.name}/git/refs/heads/{branch}"
        sent = {"sha": commit, "force": True}
        self._as("ana").requester.requestJsonAndCheck("PATCH", path, input=sent)

    def open_issue_as(self, login: str, title: str, label: str) -> None:
        self._as(login).create_issue(title, labels=[label])


def hosted_place(server: HubServer) -> Place:
    """A place on the hub, its clock set back to the start."""
    server.clock.set(SettableClock().now())
    name = server.new_repository()
    forge = GitHubForge(server.client(server.bot), name)
    return HostedPlace(server=server, name=name, forge=forge, clock=server.clock)
