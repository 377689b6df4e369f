"""GitHub through PyGithub, as an App's installation or with a token."""

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests
from github import Auth, Github, GithubException
from github.GithubException import (
    BadCredentialsException,
    RateLimitExceededException,
    UnknownObjectException,
)

from assent import __version__
from assent.core.errors import AssentError
from assent.core.forge import (
    Approvals,
    OpenedPullRequest,
    PromotionView,
    Proposal,
    ProposalState,
    PullRequest,
)
from assent.ports import AlreadyThere, NothingToMerge, NotThere, Unavailable

if TYPE_CHECKING:
    from github.NamedUser import NamedUser

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

# One request, so one moment: the tip, the record, the champion's record and the pull requests
# belong together. In four REST calls, each could see another state.
_PROMOTION_QUERY = """
query Promotion($owner: String!, $name: String!, $ref: String!, $record: String!,
                $champion: String!, $withChampion: Boolean!, $branch: String!) {
  repository(owner: $owner, name: $name) {
    ref(qualifiedName: $ref) { target { oid } }
    record: object(expression: $record) { ... on Blob { text isTruncated isBinary } }
    champion: object(expression: $champion) @include(if: $withChampion) {
      ... on Blob { text isTruncated isBinary }
    }
    pullRequests(headRefName: $branch, first: 20,
                 orderBy: {field: CREATED_AT, direction: DESC}) {
      nodes {
        number url state headRefOid isCrossRepository viewerDidAuthor
        labels(first: 20) { nodes { name } }
      }
    }
  }
}
"""


class GitHubRefused(AssentError):
    """GitHub understood, and said no."""


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


def app_installation(app_id: str, private_key: str, installation_id: int) -> Auth.Auth:
    """Authentication as an App's installation; tokens are minted as needed and kept."""
    return Auth.AppAuth(app_id, private_key).get_installation_auth(installation_id)


def installation_of(
    app_id: str, private_key: str, repository: str, api_url: str, timeout: int = TIMEOUT
) -> int:
    """The id of the App's installation on a repository.

    Raises:
        AssentError: The App is not installed there, or GitHub did not answer.
    """
    with _translated(f"finding the App's installation on {repository}"):
        client = connect(Auth.AppAuth(app_id, private_key), api_url, timeout)
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

    def configuration(self) -> bytes:
        """See `ports.Forge`."""
        content = self.file("assent.yaml", self._branch)
        if content is None:
            raise NotThere(
                f"{self._name} has no assent.yaml on {self._branch}",
                hint="Copy assent.yaml from Assent's own repository and adapt it.",
            )
        return content

    def promotion(self, path: str, branch: str, champion: str | None, /) -> PromotionView:
        """See `ports.Forge`."""
        owner, name = self._name.split("/")
        variables = {
            "owner": owner,
            "name": name,
            "ref": f"refs/heads/{self._branch}",
            "record": f"{self._branch}:{path}",
            "champion": f"{self._branch}:{champion or path}",
            "withChampion": champion is not None,
            "branch": branch,
        }
        with _translated(f"reading {path} and its pull requests"):
            _, answer = self._client.requester.graphql_query(_PROMOTION_QUERY, variables)
        repository = answer["data"]["repository"]
        if repository is None or repository["ref"] is None:
            raise NotThere(
                f"{self._name} has no branch {self._branch}",
                hint="Check github.repository in assent.yaml, and that the App is installed there.",
            )
        return PromotionView(
            head=repository["ref"]["target"]["oid"],
            record=_blob(repository["record"], path),
            champion=_blob(repository.get("champion"), champion or ""),
            proposals=tuple(
                _proposal(node)
                for node in repository["pullRequests"]["nodes"]
                # Anybody may open, or close, a pull request from a branch of this name.
                if node["viewerDidAuthor"] and not node["isCrossRepository"]
            ),
        )

    def file(self, path: str, commit: str, /) -> bytes | None:
        """See `ports.Forge`."""
        url = f"/repos/{self._name}/contents/{quote(path)}"
        try:
            with _translated(f"reading {path} at {commit}"):
                _, answer = self._client.requester.requestJsonAndCheck(
                    "GET", url, parameters={"ref": commit}
                )
        except NotThere:
            return None
        if not isinstance(answer, dict) or answer.get("encoding") != "base64":
            raise GitHubRefused(f"{path} at {commit} is no file of at most 1 MB")
        return base64.b64decode(answer["content"])

    def create_branch(self, name: str, commit: str, /) -> None:
        """See `ports.Forge`."""
        with _translated(f"creating the branch {name}"):
            self._repository.create_git_ref(f"refs/heads/{name}", commit)

    def add_file(
        self, branch: str, path: str, content: bytes, message: str, /, *, replaces: str | None
    ) -> None:
        """See `ports.Forge`."""
        with _translated(f"adding {path} to {branch}"):
            if replaces is None:
                self._repository.create_file(path, message, content, branch=branch)
            else:
                self._repository.update_file(path, message, content, replaces, branch=branch)

    def open_pull_request(self, branch: str, title: str, body: str, /) -> OpenedPullRequest:
        """See `ports.Forge`."""
        with _translated(f"opening the pull request of {branch}"):
            pull = self._repository.create_pull(
                base=self._branch, head=branch, title=title, body=body
            )
            return OpenedPullRequest(number=pull.number, url=pull.html_url)

    def label(self, number: int, labels: Sequence[str], /) -> None:
        """See `ports.Forge`."""
        url = f"/repos/{self._name}/issues/{number}/labels"
        with _translated(f"labelling pull request {number}"):
            self._client.requester.requestJsonAndCheck("POST", url, input={"labels": list(labels)})

    def merged_pull_request(self, commit: str, /) -> PullRequest | None:
        """See `ports.Forge`."""
        with _translated(f"finding the pull request of {commit}"):
            found = [
                PullRequest(
                    number=pull.number,
                    url=pull.html_url,
                    author=_login(pull.user),
                    merged_at=pull.merged_at,
                    merge_commit=pull.merge_commit_sha,
                    head=pull.head.sha,
                )
                for pull in self._repository.get_commit(commit).get_pulls()
                if pull.merged_at is not None and pull.base.ref == self._branch
            ]
        # A commit can belong to several pull requests; the one that was merged as it comes first.
        return min(found, key=lambda pull: pull.merge_commit != commit, default=None)

    def approvals(self, pull: PullRequest, /) -> Approvals:
        """See `ports.Forge`."""
        last: dict[str, str] = {}
        with _translated(f"reading the reviews of pull request {pull.number}"):
            found = self._repository.get_pull(pull.number)
            for review in found.get_reviews():
                # PyGithub's types do not say that the user of a deleted account is null.
                person: NamedUser | None = review.user
                # A bot's word is nobody's approval; a comment leaves what was said before; and
                # on a public repository anybody at all may write a review, at any time.
                if person is None or person.type == "Bot" or review.state == "COMMENTED":
                    continue
                if not _counts(review.raw_data, pull.merged_at):
                    continue
                last.pop(person.login, None)
                last[person.login] = review.state
            # "Update branch" makes a merge commit in the name of whoever pressed it.
            written = [commit for commit in found.get_commits() if len(commit.parents) == 1]
            committed = {_login(who) for each in written for who in (each.author, each.committer)}
        return Approvals(
            approved=tuple(login for login, state in last.items() if state == "APPROVED"),
            committed=frozenset(committed),
        )

    def edit_body(self, number: int, body: str, /) -> None:
        """See `ports.Forge`."""
        url = f"/repos/{self._name}/pulls/{number}"
        with _translated(f"correcting the text of pull request {number}"):
            self._client.requester.requestJsonAndCheck("PATCH", url, input={"body": body})

    def tip(self) -> str:
        """See `ports.Forge`."""
        with _translated(f"reading the tip of {self._branch}"):
            return self._repository.get_git_ref(f"heads/{self._branch}").object.sha

    def other_files(self, branch: str, path: str, /) -> Sequence[str]:
        """See `ports.Forge`."""
        with _translated(f"comparing {branch} with {self._branch}"):
            compared = self._repository.compare(self._branch, branch)
            return [file.filename for file in compared.files if file.filename != path]


_MAY_APPROVE = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


def _counts(review: dict[str, Any], merged_at: datetime) -> bool:
    """Whether a review was there at the merge, from somebody of the repository's own."""
    submitted = datetime.fromisoformat(review["submitted_at"])
    return review.get("author_association") in _MAY_APPROVE and submitted <= merged_at


def _login(user: "NamedUser | None") -> str:
    """A person's login; for a deleted account the one that GitHub itself shows."""
    return user.login if user is not None else "ghost"


def _proposal(node: dict[str, Any]) -> Proposal:
    return Proposal(
        number=node["number"],
        url=node["url"],
        state=ProposalState(node["state"].lower()),
        head=node["headRefOid"],
        labels=tuple(label["name"] for label in node["labels"]["nodes"]),
    )


def _blob(value: dict[str, Any] | None, path: str) -> bytes | None:
    if value is None:
        return None
    if value.get("text") is None or value.get("isTruncated") or value.get("isBinary"):
        raise GitHubRefused(
            f"{path} is no text file that GitHub gives whole",
            hint="A record has a few kilobytes; look at what stands there.",
        )
    text: str = value["text"]
    return text.encode()


@contextmanager
def _translated(doing: str) -> Iterator[None]:
    """Turn what PyGithub and requests raise into what the flows understand."""
    try:
        yield
    except RateLimitExceededException as error:
        raise _unavailable(doing, "the rate limit is reached", error) from error
    except BadCredentialsException as error:
        raise GitHubRefused(
            f"GitHub refused the credentials while {doing}",
            hint="The token has expired, or the App's key or installation is another one.",
        ) from error
    except UnknownObjectException as error:
        raise NotThere(f"GitHub knows nothing there while {doing}", hint=_NOT_FOUND) from error
    except GithubException as error:
        raise _refusal(doing, error) from error
    except requests.RequestException as error:
        raise Unavailable(
            f"GitHub did not answer while {doing}: {type(error).__name__}",
            hint="Try again; githubstatus.com tells whether it is down.",
        ) from error
    except AssertionError as error:
        # PyGithub asserts that every address in an answer is below its base address.
        raise GitHubRefused(
            f"GitHub's answer names another host than github.api_url while {doing}",
            hint="For GitHub Enterprise Server, api_url is https://HOST/api/v3.",
        ) from error


_NOT_FOUND = "Check github.repository in assent.yaml, and that the App is installed there."
_CONFLICT = 409
_UNPROCESSABLE = 422
_SERVER_ERROR = 500
_TOO_MANY = 429
_FORBIDDEN = 403


def _refusal(doing: str, error: GithubException) -> AssentError:
    message = _message(error)
    if error.status == _CONFLICT:
        return AlreadyThere(f"somebody else was first while {doing}: {message}")
    if error.status == _UNPROCESSABLE:
        if "no commits between" in message.lower():
            return NothingToMerge(f"nothing to merge while {doing}: {message}")
        if any(sign in message.lower() for sign in ("already exists", "sha", "does not exist")):
            return AlreadyThere(f"somebody else was first while {doing}: {message}")
        return GitHubRefused(f"GitHub refused the content while {doing}: {message}")
    retry_after = (error.headers or {}).get("retry-after")
    limited = error.status == _FORBIDDEN and (retry_after or "rate limit" in message.lower())
    if error.status >= _SERVER_ERROR or error.status == _TOO_MANY or limited:
        return _unavailable(doing, f"it answered {error.status}", error)
    return GitHubRefused(
        f"GitHub answered {error.status} while {doing}: {message}",
        hint="The App needs contents, pull requests and issues: write, and members: read."
        if error.status == _FORBIDDEN
        else "",
    )


def _unavailable(doing: str, what: str, error: GithubException) -> Unavailable:
    headers = error.headers or {}
    after = headers.get("retry-after")
    wait = f" Retry after {after} s." if after and after.isdigit() else ""
    return Unavailable(
        f"GitHub cannot be used now while {doing}: {what}",
        hint=f"Try again later.{wait}",
    )


def _message(error: GithubException) -> str:
    """GitHub's own words, with the details of a 422, on one line of plain text."""
    data = error.data if isinstance(error.data, dict) else {}
    parts = [str(data.get("message") or error.message or "no message")]
    details = data.get("errors")
    parts.extend(
        str(detail.get("message") if isinstance(detail, dict) else detail)
        for detail in (details if isinstance(details, list) else [])
    )
    text = " ".join("; ".join(parts).split())
    return ascii(text[:300])[1:-1]
