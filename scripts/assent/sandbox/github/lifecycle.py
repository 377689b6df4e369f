"""Opening, closing, reopening and retargeting pull requests and issues."""

from dataclasses import dataclass, replace

from assent.sandbox.github.access import may
from assent.sandbox.github.accounts import Role
from assent.sandbox.github.calls import RepositoryCall
from assent.sandbox.github.conversation import Issue, Pull, StateReason
from assent.sandbox.github.errors import (
    ErrorDetail,
    custom_error,
    field_error,
    forbidden,
    validation_failed,
)
from assent.sandbox.github.pushing import closed, new_event, point_pull_ref
from assent.sandbox.github.reviewing import dismiss_stale, ownerships

_TITLE_AT_MOST = 256
_BODY_AT_MOST = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class PullDraft:
    """What somebody wants to open a pull request with."""

    title: str
    body: str | None
    head: str
    """``branch`` or ``owner:branch``."""
    base: str
    draft: bool
    maintainer_can_modify: bool


def check_text(resource: str, *, title: str | None = None, body: str | None = None) -> None:
    """Refuse titles and bodies that GitHub would not store.

    Raises:
        ApiError: 422 for an empty or over-long title, or an over-long body.
    """
    if title is not None and not title.strip():
        raise validation_failed(field_error(resource, "title", "missing_field"))
    problems: list[ErrorDetail] = []
    if title is not None and len(title) > _TITLE_AT_MOST:
        problems.append(_too_long(resource, "title", _TITLE_AT_MOST))
    if body is not None and len(body) > _BODY_AT_MOST:
        problems.append(_too_long(resource, "body", _BODY_AT_MOST))
    if problems:
        raise validation_failed(*problems)


def new_issue(call: RepositoryCall, title: str, body: str | None) -> Issue:
    """Return an issue that the caller opens now; the caller holds the repository's lock."""
    now = call.state.now()
    return Issue(
        id=call.state.next_id(),
        number=call.repository.next_number(),
        title=title,
        body=body,
        author=call.login,
        state="open",
        created_at=now,
        updated_at=now,
    )


def open_pull(call: RepositoryCall, draft: PullDraft) -> Issue:
    """Open a pull request, and ask the code owners of what it changes for a review.

    Raises:
        ApiError: 422 for branches that do not exist, hold nothing new, or have one open already.
    """
    repository, state = call.repository, call.state
    check_text("PullRequest", title=draft.title, body=draft.body)
    owner, _, branch = draft.head.rpartition(":")
    with repository.lock:
        base_sha = repository.branch(draft.base)
        head_sha = repository.branch(branch)
        invalid = []
        if head_sha is None or owner.lower() not in {"", repository.owner.lower()}:
            invalid.append(field_error("PullRequest", "head", "invalid"))
        if base_sha is None:
            invalid.append(field_error("PullRequest", "base", "invalid"))
        if invalid or base_sha is None or head_sha is None:
            raise validation_failed(*invalid)
        _require_news(call, base_sha, head_sha, draft.base, branch)
        _require_only(call, branch, draft.base)
        pull = Pull(
            id=state.next_id(),
            head_ref=branch,
            head_sha=head_sha,
            base_ref=draft.base,
            base_sha=base_sha,
            last_pusher=call.login,
            draft=draft.draft,
            maintainer_can_modify=draft.maintainer_can_modify,
        )
        issue = replace(new_issue(call, draft.title, draft.body), pull=pull)
        point_pull_ref(repository, issue, pull)
        return repository.put(issue if draft.draft else _ask_code_owners(call, issue, pull))


def set_state(
    call: RepositoryCall, issue: Issue, wanted: str, *, reason: StateReason | None = None
) -> Issue:
    """Close or reopen; the caller holds the repository's lock.

    Raises:
        ApiError: 403 for a bystander, 422 for a state or a reopening that makes no sense.
    """
    resource = "PullRequest" if issue.pull else "Issue"
    if wanted not in {"open", "closed"}:
        raise validation_failed(field_error(resource, "state", "invalid"))
    if wanted == issue.state:
        return issue
    require_author_or(call, issue, Role.TRIAGE)
    if wanted == "closed":
        if issue.pull is None and reason is None:
            reason = "completed"
        return closed(call.state, issue, call.login, reason=reason)
    if issue.pull is not None:
        _require_reopenable(call, issue.pull)
    return replace(
        issue,
        state="open",
        state_reason=None if issue.pull else "reopened",
        closed_at=None,
        closed_by=None,
        updated_at=call.state.now(),
        events=(*issue.events, new_event(call.state, "reopened", call.login)),
    )


def refresh_head(call: RepositoryCall, issue: Issue) -> Issue:
    """Let a reopened pull request show what was pushed while it was closed."""
    pull = issue.pull
    if pull is None:
        return issue
    head = call.repository.branch(pull.head_ref) or pull.head_sha
    if head == pull.head_sha:
        return issue
    moved = replace(pull, head_sha=head)
    point_pull_ref(call.repository, issue, moved)
    return dismiss_stale(
        call.state, call.repository, issue, replace(issue, pull=moved), actor=call.login
    )


def retarget(call: RepositoryCall, issue: Issue, base: str) -> Issue:
    """Let a pull request go to another branch; the caller holds the repository's lock.

    Raises:
        ApiError: 422 for a branch that does not exist or already holds the pull request.
    """
    pull = issue.pull
    if pull is None or base == pull.base_ref:
        return issue
    sha = call.repository.branch(base)
    if sha is None:
        raise validation_failed(field_error("PullRequest", "base", "invalid"))
    if issue.state == "closed":
        raise validation_failed(
            custom_error("PullRequest", "Cannot change the base branch of a closed pull request.")
        )
    _require_news(call, sha, pull.head_sha, base, pull.head_ref)
    _require_only(call, pull.head_ref, base)
    event = new_event(call.state, "base_ref_changed", call.login)
    after = replace(
        issue,
        pull=replace(pull, base_ref=base, base_sha=sha),
        events=(*issue.events, event),
    )
    return dismiss_stale(call.state, call.repository, issue, after, actor=call.login)


def require_author_or(call: RepositoryCall, issue: Issue, role: Role) -> None:
    """Let whoever opened it pass, and those with a role.

    Raises:
        ApiError: 403 for everybody else.
    """
    if call.login != issue.author and not may(call.state, call.actor, call.repository, role):
        raise forbidden("Must have admin rights to Repository.")


def _require_news(call: RepositoryCall, base_sha: str, head_sha: str, base: str, head: str) -> None:
    if not call.repository.git.commits_between(base_sha, head_sha):
        raise validation_failed(
            custom_error("PullRequest", f"No commits between {base} and {head}")
        )


def _require_only(call: RepositoryCall, head: str, base: str) -> None:
    for issue, pull in call.repository.pulls():
        if issue.state == "open" and (pull.head_ref, pull.base_ref) == (head, base):
            raise validation_failed(
                custom_error(
                    "PullRequest",
                    f"A pull request already exists for {call.repository.owner}:{head}.",
                )
            )


def _require_reopenable(call: RepositoryCall, pull: Pull) -> None:
    repository = call.repository
    head, base = repository.branch(pull.head_ref), repository.branch(pull.base_ref)
    problem = None
    if pull.merged_at is not None:
        problem = "The pull request has been merged."
    elif head is None:
        problem = f"The {pull.head_ref} branch has been deleted."
    elif base is None:
        problem = f"The {pull.base_ref} branch has been deleted."
    elif not repository.git.is_ancestor(pull.head_sha, head):
        problem = f"The {pull.head_ref} branch was force-pushed or recreated."
    elif not repository.git.commits_between(base, head):
        problem = f"There are no new commits on the {pull.head_ref} branch."
    if problem is not None:
        raise validation_failed(
            {
                "resource": "PullRequest",
                "code": "custom",
                "field": "state",
                "message": f"state cannot be changed. {problem}",
            }
        )
    _require_only(call, pull.head_ref, pull.base_ref)


def _ask_code_owners(call: RepositoryCall, issue: Issue, pull: Pull) -> Issue:
    people: dict[str, None] = {}
    teams: dict[str, None] = {}
    for ownership in ownerships(call.state, call.repository, pull):
        for name in ownership.names:
            if "/" in name:
                teams |= {name.partition("/")[2].lower(): None}
            elif "@" not in name:
                people |= {call.state.account(name).login: None}
    people.pop(issue.author, None)
    return replace(
        issue,
        pull=replace(pull, requested_reviewers=tuple(people), requested_teams=tuple(teams)),
    )


def _too_long(resource: str, field: str, limit: int) -> ErrorDetail:
    return custom_error(resource, f"{field} is too long (maximum is {limit} characters)")
