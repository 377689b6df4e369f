"""GitHub through PyGithub, as an App's installation or with a token."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from github import Auth, Github, GithubException

from assent import __version__
from assent.adapters.github_app import PrivateKey, app_auth
from assent.adapters.github_commits import commit_files
from assent.adapters.github_deployments import GitHubDeployments
from assent.adapters.github_errors import GitHubRefused, translated
from assent.adapters.github_promotions import (
    BRANCHES,
    OPEN_PROMOTIONS,
    expressions,
    promotion_query,
    read_branch,
    read_open,
    read_promotion,
)
from assent.adapters.github_proof import Listed, read_brought
from assent.adapters.github_queries import (
    CONVERSATION,
    ISSUES,
    PULL_REQUEST,
    PULL_REQUESTS,
    Node,
    read_conversation,
    read_issue,
    read_pull_request,
    some,
)
from assent.adapters.github_receipts import GitHubReceipts
from assent.core.approval import Bringing
from assent.core.forge import (
    Branch,
    Conversation,
    IssueReport,
    OpenedPullRequest,
    OpenPullRequest,
    PromotionView,
    PullRequestState,
)
from assent.ports import NoReadableFile, NotThere

__all__ = [
    "TIMEOUT",
    "GitHubForge",
    "GitHubRefused",
    "app_installation",
    "connect",
    "installation_of",
]

TIMEOUT = 15
"""Seconds to wait for an answer, unless told otherwise."""

_NO_LABEL = "Label does not exist"
"""What GitHub says of a label that an issue does not carry, beside that nothing was found."""
_MAY_WRITE = frozenset({"admin", "maintain", "write"})


def connect(auth: Auth.Auth, api_url: str, timeout: int = TIMEOUT) -> Github:
    """A client that neither waits nor retries: the queue or the next run does that, and knows why.

    PyGithub's own defaults wait a second between writes, and replay a POST eleven times after a
    5xx answer, by which an applied one comes back as a conflict.

    Args:
        auth: Whose requests they are.
        api_url: GitHub's API, without a slash at its end.
        timeout: Seconds to wait for an answer to one request.
    """
    return Github(
        auth=auth,
        base_url=api_url,
        timeout=timeout,
        user_agent=f"assent/{__version__}",
        per_page=100,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
    )


def app_installation(app_id: str, private_key: PrivateKey, installation_id: int) -> Auth.Auth:
    """Authentication as an App's installation; tokens are minted as needed and kept."""
    return app_auth(app_id, private_key).get_installation_auth(installation_id)


def installation_of(
    app_id: str, private_key: PrivateKey, repository: str, api_url: str, timeout: int = TIMEOUT
) -> int:
    """The id of the App's installation on a repository.

    Raises:
        AssentError: The App is not installed there, or GitHub did not answer.
    """
    with translated(f"finding the App's installation on {repository}"):
        client = connect(app_auth(app_id, private_key), api_url, timeout)
        _, answer = client.requester.requestJsonAndCheck("GET", f"/repos/{repository}/installation")
    return int(answer["id"])


class GitHubForge:
    """The `Forge` port over GitHub's API. Not safe across threads, as PyGithub is not.

    Args:
        client: From `connect`.
        repository: `owner/name`.
        branch: The branch that counts.
    """

    def __init__(self, client: Github, repository: str, branch: str = "main") -> None:
        self._client = client
        self._repository = client.get_repo(repository)
        self._name = repository
        self._branch = branch
        self._listed: Listed = {}

    def deployments(self) -> GitHubDeployments:
        """The repository's deployments, by the same client."""
        return GitHubDeployments(self._client, self._name)

    def receipts(self, branch: str) -> GitHubReceipts:
        """The repository's receipts branch, by the same client."""
        return GitHubReceipts(self._client, self._name, branch)

    def configuration(self) -> bytes:
        """See `ports.Forge`."""
        content = self.file("assent.yaml", self._branch)
        if content is None:
            raise NotThere(
                f"{self._name} has no assent.yaml on {self._branch}",
                hint="Copy assent.yaml from Assent's own repository and adapt it.",
            )
        return content

    def promotion(
        self,
        path: str,
        branch: str,
        /,
        *,
        beside: Sequence[str] = (),
        other: str | None = None,
        label: str | None = None,
    ) -> PromotionView:
        """See `ports.Forge`."""
        paths = list(dict.fromkeys([path, *beside]))
        repository = self._asked(
            promotion_query(len(paths)),
            f"reading {path} and its pull requests",
            ref=f"refs/heads/{self._branch}",
            branch=branch,
            other=other or branch,
            withOther=other is not None,
            label=label or "",
            withLabel=label is not None,
            **expressions(self._branch, paths),
        )
        if repository["ref"] is None:
            raise NotThere(
                f"{self._name} has no branch {self._branch}",
                hint="Check github.repository in assent.yaml, and that the App is installed there.",
            )
        return read_promotion(repository, paths)

    def file(self, path: str, commit: str, /) -> bytes | None:
        """See `ports.Forge`."""
        url = f"/repos/{self._name}/contents/{quote(path)}"
        try:
            with translated(f"reading {path} at {commit}"):
                _, answer = self._client.requester.requestJsonAndCheck(
                    "GET", url, parameters={"ref": commit}
                )
        except NotThere:
            return None
        if not isinstance(answer, dict) or answer.get("encoding") != "base64":
            raise NoReadableFile(f"{path} at {commit} is no file of at most 1 MB")
        return base64.b64decode(answer["content"])

    def create_branch(self, name: str, commit: str, /) -> None:
        """See `ports.Forge`."""
        with translated(f"creating the branch {name}"):
            self._repository.create_git_ref(f"refs/heads/{name}", commit)

    def commit_files(self, parent: str, files: Mapping[str, bytes], message: str, /) -> str:
        """See `ports.Forge`."""
        return commit_files(self._send, parent, files, message)

    def move_branch(self, name: str, commit: str, /) -> None:
        """See `ports.Forge`."""
        doing = f"moving the branch {name}"
        path = f"git/refs/heads/{quote(name)}"
        self._send("PATCH", path, doing, sha=commit, force=True)

    def add_file(
        self, branch: str, path: str, content: bytes, message: str, /, *, replaces: str | None
    ) -> None:
        """See `ports.Forge`."""
        with translated(f"adding {path} to {branch}"):
            if replaces is None:
                self._repository.create_file(path, message, content, branch=branch)
            else:
                self._repository.update_file(path, message, content, replaces, branch=branch)

    def open_pull_request(self, branch: str, title: str, body: str, /) -> OpenedPullRequest:
        """See `ports.Forge`."""
        with translated(f"opening the pull request of {branch}"):
            pull = self._repository.create_pull(
                base=self._branch, head=branch, title=title, body=body
            )
            return OpenedPullRequest(number=pull.number, url=pull.html_url)

    def label(self, number: int, labels: Sequence[str], /) -> None:
        """See `ports.Forge`."""
        doing = f"labelling pull request {number}"
        self._send("POST", f"issues/{number}/labels", doing, labels=list(labels))

    def unlabel(self, number: int, label: str, /) -> None:
        """See `ports.Forge`."""
        path = f"/repos/{self._name}/issues/{number}/labels/{quote(label, safe='')}"
        with translated(f"taking a label off pull request {number}"):
            try:
                self._client.requester.requestJsonAndCheck("DELETE", path)
            except GithubException as error:
                if (error.status, error.message) != (HTTPStatus.NOT_FOUND, _NO_LABEL):
                    raise

    def open_promotions(self) -> Iterator[OpenPullRequest]:
        """See `ports.Forge`. What is opened meanwhile comes last."""
        doing = "reading the open pull requests"
        for node in self._pages(OPEN_PROMOTIONS, "pullRequests", doing, base=self._branch):
            found = read_open(node)
            if found is not None:
                yield found

    def branches_below(self, prefix: str, /) -> Iterator[Branch]:
        """See `ports.Forge`."""
        doing = f"reading the branches below {prefix}"
        for node in self._pages(BRANCHES, "refs", doing, prefix=f"refs/heads/{prefix}"):
            yield read_branch(node, prefix)

    def brought(self, commit: str, path: str, /) -> Sequence[Bringing]:
        """See `ports.Forge`."""
        doing = f"finding the pull requests of {commit}"

        def ask(query: str, **variables: object) -> Node:
            return self._asked(query, doing, **variables)

        return read_brought(ask, commit, path, self._branch, self._listed)

    def body(self, number: int, /) -> str:
        """See `ports.Forge`."""
        with translated(f"reading the text of pull request {number}"):
            _, answer = self._client.requester.requestJsonAndCheck(
                "GET", f"/repos/{self._name}/pulls/{number}"
            )
        return answer["body"] or ""

    def edit_body(self, number: int, body: str, /) -> None:
        """See `ports.Forge`."""
        doing = f"correcting the text of pull request {number}"
        self._send("PATCH", f"pulls/{number}", doing, body=body)

    def tip(self) -> str:
        """See `ports.Forge`."""
        with translated(f"reading the tip of {self._branch}"):
            return self._repository.get_git_ref(f"heads/{self._branch}").object.sha

    def other_files(self, branch: str, path: str, /) -> Sequence[str]:
        """See `ports.Forge`."""
        with translated(f"comparing {branch} with {self._branch}"):
            compared = self._repository.compare(self._branch, branch)
            return [file.filename for file in compared.files if file.filename != path]

    def pull_request(self, number: int, /) -> PullRequestState:
        """See `ports.Forge`."""
        doing = f"reading pull request {number}"
        node = self._asked(PULL_REQUEST, doing, number=number)["pullRequest"]
        if node is None or node["baseRefName"] != self._branch:
            raise NotThere(f"{self._name} has no pull request {number} to {self._branch}")
        if node["isCrossRepository"]:
            raise NotThere(
                f"pull request {number} comes from another repository than {self._name}",
                hint="Promotions come from branches of the promotion repository itself.",
            )
        return read_pull_request(node)

    def recent_pull_requests(self, since: datetime | None, /) -> Iterator[PullRequestState]:
        """See `ports.Forge`. What changes meanwhile may be seen by the next call only."""
        # GitHub's times are whole seconds, rounded down.
        earliest = None if since is None else since.replace(microsecond=0)
        doing = "reading the pull requests that changed last"
        for node in self._pages(PULL_REQUESTS, "pullRequests", doing, base=self._branch):
            pull = read_pull_request(node)
            if earliest is not None and pull.updated_at < earliest:
                return
            if not node["isCrossRepository"]:
                yield pull

    def conversation(self, number: int, /) -> Conversation:
        """See `ports.Forge`."""
        doing = f"reading what was said on pull request {number}"
        node = self._asked(CONVERSATION, doing, number=number)["pullRequest"]
        if node is None:
            raise NotThere(f"{self._name} has no pull request {number}")
        return read_conversation(node)

    def comment(self, number: int, text: str, /) -> None:
        """See `ports.Forge`."""
        self._send("POST", f"issues/{number}/comments", f"commenting on {number}", body=text)

    def reopen(self, number: int, /) -> None:
        """See `ports.Forge`."""
        self._send("PATCH", f"pulls/{number}", f"reopening pull request {number}", state="open")

    def may_write(self, login: str, /) -> bool:
        """See `ports.Forge`."""
        if login.endswith("[bot]"):
            return False
        doing = f"reading what {login} may do in {self._name}"
        path = f"/repos/{self._name}/collaborators/{quote(login, safe='')}/permission"
        answer = self._found(path, doing)
        if answer is None:
            # Whoever has no access has the permission `none` or `read`. Nothing at all is there
            # where there is no such account, or where the repository itself cannot be seen.
            self._require(f"/repos/{self._name}", doing, f"{self._name} cannot be seen")
            return False
        # A role of the organization's own making comes with the one that it extends.
        permission: str = answer["permission"]
        return permission in _MAY_WRITE

    def is_member(self, team: str, login: str, /) -> bool:
        """See `ports.Forge`."""
        organization, _, slug = team.partition("/")
        path = f"/orgs/{quote(organization, safe='')}/teams/{quote(slug, safe='')}"
        doing = f"reading whether {login} is in {team}"
        membership = self._found(f"{path}/memberships/{quote(login, safe='')}", doing)
        if membership is None:
            # GitHub says the same of somebody outside the team and of a team that is not shown.
            self._require(path, doing, f"the team {team} cannot be seen, if it exists")
            return False
        state: str = membership["state"]
        return state == "active"

    def own_issues(self, label: str, /) -> Iterator[IssueReport]:
        """See `ports.Forge`."""
        for node in self._pages(
            ISSUES, "issues", f"reading the issues labelled {label}", label=label
        ):
            if node["viewerDidAuthor"]:
                yield read_issue(node)

    def open_issue(self, title: str, body: str, labels: Sequence[str], /) -> IssueReport:
        """See `ports.Forge`."""
        answer = self._send(
            "POST", "issues", "opening an issue", title=title, body=body, labels=list(labels)
        )
        return IssueReport(
            number=answer["number"],
            url=answer["html_url"],
            title=answer["title"],
            body=answer["body"] or "",
        )

    def edit_issue(self, number: int, body: str, /) -> None:
        """See `ports.Forge`."""
        self._send("PATCH", f"issues/{number}", f"correcting issue {number}", body=body)

    def close_issue(self, number: int, /) -> None:
        """See `ports.Forge`."""
        self._send(
            "PATCH",
            f"issues/{number}",
            f"closing issue {number}",
            state="closed",
            state_reason="not_planned",
        )

    def _asked(self, query: str, doing: str, **variables: object) -> Node:
        """The repository of a query's answer."""
        owner, name = self._name.split("/")
        with translated(doing):
            _, answer = self._client.requester.graphql_query(
                query, {"owner": owner, "name": name, **variables}
            )
        repository: Node | None = answer["data"]["repository"]
        if repository is None:
            raise NotThere(
                f"GitHub shows no repository {self._name} while {doing}",
                hint="Check github.repository in assent.yaml, and that the App is installed there.",
            )
        return repository

    def _pages(
        self, query: str, connection: str, doing: str, **variables: object
    ) -> Iterator[Node]:
        """The nodes of a connection, page by page, as they are reached."""
        after: str | None = None
        while True:
            page = self._asked(query, doing, after=after, **variables)[connection]
            yield from some(page)
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def _send(self, method: str, path: str, doing: str, **content: object) -> Any:  # noqa: ANN401 - JSON
        with translated(doing):
            _, answer = self._client.requester.requestJsonAndCheck(
                method, f"/repos/{self._name}/{path}", input=content
            )
        return answer

    def _found(self, path: str, doing: str) -> dict[str, Any] | None:
        """What is at an address; None where GitHub says that there is nothing."""
        with translated(doing):
            try:
                _, answer = self._client.requester.requestJsonAndCheck("GET", path)
            except GithubException as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return None
                raise
        found: dict[str, Any] = answer
        return found

    def _require(self, path: str, doing: str, otherwise: str) -> None:
        """Make sure that nothing was found because there is nothing.

        Raises:
            GitHubRefused: Because the App does not get to see it.
        """
        if self._found(path, doing) is None:
            raise GitHubRefused(
                f"{otherwise}, while {doing}",
                hint="The App has to be installed on the repository and needs members: read.",
            )
