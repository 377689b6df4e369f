"""Issues, the comments on them, and what happened to them; pull requests are issues too."""

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from assent.sandbox.github.access import may
from assent.sandbox.github.accounts import Role
from assent.sandbox.github.calls import Answer, Json, RepositoryCall
from assent.sandbox.github.conversation import Comment, Event, Issue, Review, StateReason
from assent.sandbox.github.errors import ApiError, forbidden, not_found, validation_failed
from assent.sandbox.github.lifecycle import (
    check_text,
    new_issue,
    refresh_head,
    require_author_or,
    set_state,
)
from assent.sandbox.github.routes.labels import relabelled
from assent.sandbox.github.routes.pulls import edited
from assent.sandbox.github.routing import (
    READ_ISSUES,
    TRIAGE_ISSUES,
    WRITE_ISSUES,
    repository_routes,
)
from assent.sandbox.github.views.issues import comment_json, event_json, issue_json
from assent.sandbox.github.views.pulls import review_json

if TYPE_CHECKING:
    from collections.abc import Callable

routes = repository_routes()

_REASONS = ("completed", "not_planned", "reopened", "duplicate")


@routes.on("GET", "/issues", docs="issues/issues#list-repository-issues", needs=READ_ISSUES)
def list_issues(call: RepositoryCall) -> Answer:
    """List issues and pull requests, the newest first unless asked otherwise."""
    query = call.query
    state = query.get("state", "open")
    labels = {name.lower() for name in query.get("labels", "").split(",") if name}
    since = _moment(query.get("since"))
    found = [
        issue
        for issue in list(call.repository.issues.values())
        if state in {"all", issue.state}
        and labels <= {name.lower() for name in issue.labels}
        and query.get("creator") in {None, "", issue.author}
        and (since is None or issue.updated_at >= since)
        and _assigned(issue, query.get("assignee"))
    ]
    keys: dict[str, Callable[[Issue], object]] = {
        "updated": lambda issue: (issue.updated_at, issue.number),
        "comments": lambda issue: (len(issue.comments), issue.number),
    }
    by_creation: Callable[[Issue], object] = lambda issue: (issue.created_at, issue.number)  # noqa: E731 - stands beside its siblings
    found.sort(
        key=cast("Callable[[Issue], int]", keys.get(query.get("sort", ""), by_creation)),
        reverse=query.get("direction", "desc") == "desc",
    )
    return call.page(found, lambda issue: issue_json(call, issue))


@routes.on("POST", "/issues", docs="issues/issues#create-an-issue", needs=WRITE_ISSUES)
def create_issue(call: RepositoryCall) -> Answer:
    """Open an issue; labels and assignees are kept for those who may set them."""
    body = call.body
    title, text = body.text("title"), body.text_or("body", None)
    check_text("Issue", title=title, body=text)
    trusted = may(call.state, call.actor, call.repository, Role.TRIAGE)
    with call.repository.lock:
        issue = new_issue(call, title, text)
        if trusted:
            issue = relabelled(call, issue, body.texts("labels"))
            issue = replace(issue, assignees=_assignees(call, body.texts("assignees")))
        call.repository.put(issue)
    shown = issue_json(call, issue)
    return Answer(body=shown, status=HTTPStatus.CREATED, headers={"Location": str(shown["url"])})


@routes.on("GET", "/issues/<int:number>", docs="issues/issues#get-an-issue", needs=READ_ISSUES)
def show_issue(call: RepositoryCall, number: int) -> Answer:
    """Show an issue."""
    return Answer(body=issue_json(call, call.repository.issue(number)))


@routes.on(
    "PATCH", "/issues/<int:number>", docs="issues/issues#update-an-issue", needs=WRITE_ISSUES
)
def update_issue(call: RepositoryCall, number: int) -> Answer:
    """Change an issue's title, body, labels, assignees or state."""
    body = call.body
    reason = body.text_or("state_reason", None)
    if reason is not None and reason not in _REASONS:
        raise validation_failed({"resource": "Issue", "field": "state_reason", "code": "invalid"})
    with call.repository.lock:
        issue = call.repository.issue(number)
        require_author_or(call, issue, Role.TRIAGE)
        changed = edited(call, issue, body)
        if "labels" in body:
            changed = relabelled(call, changed, body.texts("labels"))
        if "assignees" in body:
            changed = replace(changed, assignees=_assignees(call, body.texts("assignees")))
        state = body.text_or("state", None)
        if state is not None:
            changed = set_state(call, changed, state, reason=cast("StateReason | None", reason))
            if changed.state == "open" and issue.state == "closed":
                changed = refresh_head(call, changed)
        call.repository.put(changed)
    return Answer(body=issue_json(call, changed))


@routes.on(
    "GET",
    "/issues/<int:number>/comments",
    docs="issues/comments#list-issue-comments",
    needs=READ_ISSUES,
)
def list_comments(call: RepositoryCall, number: int) -> Answer:
    """List an issue's comments, oldest first."""
    issue = call.repository.issue(number)
    since = _moment(call.query.get("since"))
    shown = [c for c in issue.comments if since is None or c.updated_at >= since]
    return call.page(shown, lambda comment: comment_json(call, issue, comment))


@routes.on(
    "POST",
    "/issues/<int:number>/comments",
    docs="issues/comments#create-an-issue-comment",
    needs=WRITE_ISSUES,
)
def create_comment(call: RepositoryCall, number: int) -> Answer:
    """Comment on an issue."""
    text = _comment_text(call)
    now = call.state.now()
    with call.repository.lock:
        issue = call.repository.issue(number)
        comment = Comment(
            id=call.state.next_id(), author=call.login, body=text, created_at=now, updated_at=now
        )
        call.repository.put(replace(issue, comments=(*issue.comments, comment), updated_at=now))
    shown = comment_json(call, issue, comment)
    return Answer(body=shown, status=HTTPStatus.CREATED, headers={"Location": str(shown["url"])})


@routes.on(
    "GET",
    "/issues/comments",
    docs="issues/comments#list-issue-comments-for-a-repository",
    needs=READ_ISSUES,
)
def list_all_comments(call: RepositoryCall) -> Answer:
    """List the comments on every issue, oldest first."""
    pairs = [
        (issue, comment)
        for issue in list(call.repository.issues.values())
        for comment in issue.comments
    ]
    pairs.sort(key=lambda pair: pair[1].id)
    return call.page(pairs, lambda pair: comment_json(call, *pair))


@routes.on(
    "GET",
    "/issues/comments/<int:comment>",
    docs="issues/comments#get-an-issue-comment",
    needs=READ_ISSUES,
)
def show_comment(call: RepositoryCall, comment: int) -> Answer:
    """Show a comment."""
    return Answer(body=comment_json(call, *_comment(call, comment)))


@routes.on(
    "PATCH",
    "/issues/comments/<int:comment>",
    docs="issues/comments#update-an-issue-comment",
    needs=WRITE_ISSUES,
)
def update_comment(call: RepositoryCall, comment: int) -> Answer:
    """Change what a comment says."""
    text = _comment_text(call)
    with call.repository.lock:
        issue, found = _editable(call, comment)
        changed = replace(found, body=text, updated_at=call.state.now())
        comments = tuple(changed if c.id == comment else c for c in issue.comments)
        call.repository.put(replace(issue, comments=comments))
    return Answer(body=comment_json(call, issue, changed))


@routes.on(
    "DELETE",
    "/issues/comments/<int:comment>",
    docs="issues/comments#delete-an-issue-comment",
    needs=WRITE_ISSUES,
)
def delete_comment(call: RepositoryCall, comment: int) -> Answer:
    """Delete a comment."""
    with call.repository.lock:
        issue, _ = _editable(call, comment)
        comments = tuple(c for c in issue.comments if c.id != comment)
        call.repository.put(replace(issue, comments=comments))
    return Answer(status=HTTPStatus.NO_CONTENT)


@routes.on(
    "GET",
    "/issues/events",
    docs="issues/events#list-issue-events-for-a-repository",
    needs=READ_ISSUES,
)
def list_all_events(call: RepositoryCall) -> Answer:
    """List what happened in the repository, the latest first."""
    pairs = [
        (issue, event) for issue in list(call.repository.issues.values()) for event in issue.events
    ]
    pairs.sort(key=lambda pair: pair[1].id, reverse=True)
    return call.page(
        pairs,
        lambda pair: event_json(call, pair[1]) | {"issue": issue_json(call, pair[0])},
    )


@routes.on(
    "GET",
    "/issues/<int:number>/events",
    docs="issues/events#list-issue-events",
    needs=READ_ISSUES,
)
def list_events(call: RepositoryCall, number: int) -> Answer:
    """List what happened to an issue, oldest first."""
    events = call.repository.issue(number).events
    return call.page(events, lambda event: event_json(call, event))


@routes.on(
    "GET",
    "/issues/<int:number>/timeline",
    docs="issues/timeline#list-timeline-events-for-an-issue",
    needs=READ_ISSUES,
)
def list_timeline(call: RepositoryCall, number: int) -> Answer:
    """List events, comments and reviews in the order in which they came."""
    issue = call.repository.issue(number)
    reviews = issue.pull.reviews if issue.pull else ()
    items: list[Event | Comment | Review] = [*issue.events, *issue.comments, *reviews]
    items.sort(key=lambda item: item.id)

    def show(item: Event | Comment | Review) -> Json:
        match item:
            case Event():
                return event_json(call, item)
            case Comment():
                shown = comment_json(call, issue, item)
                return shown | {"event": "commented", "actor": shown["user"]}
            case Review():
                return review_json(call, issue, item) | {
                    "event": "reviewed",
                    "state": item.state.lower(),
                }

    return call.page(items, show)


@routes.on(
    "POST",
    "/issues/<int:number>/assignees",
    docs="issues/assignees#add-assignees-to-an-issue",
    needs=TRIAGE_ISSUES,
)
def add_assignees(call: RepositoryCall, number: int) -> Answer:
    """Give an issue to people; those without access are left out."""
    with call.repository.lock:
        issue = call.repository.issue(number)
        added = _assignees(call, call.body.texts("assignees"))
        everyone = tuple(dict.fromkeys((*issue.assignees, *added)))
        issue = call.repository.put(replace(issue, assignees=everyone))
    return Answer(body=issue_json(call, issue), status=HTTPStatus.CREATED)


@routes.on(
    "DELETE",
    "/issues/<int:number>/assignees",
    docs="issues/assignees#remove-assignees-from-an-issue",
    needs=TRIAGE_ISSUES,
)
def remove_assignees(call: RepositoryCall, number: int) -> Answer:
    """Take an issue from people."""
    gone = set(call.body.texts("assignees"))
    with call.repository.lock:
        issue = call.repository.issue(number)
        kept = tuple(login for login in issue.assignees if login not in gone)
        issue = call.repository.put(replace(issue, assignees=kept))
    return Answer(body=issue_json(call, issue))


def _assignees(call: RepositoryCall, logins: list[str]) -> tuple[str, ...]:
    able = []
    for login in logins:
        try:
            account = call.state.account(login)
        except ApiError:
            continue
        if call.state.role(call.repository, account.login) >= Role.READ:
            able.append(account.login)
    return tuple(dict.fromkeys(able))


def _assigned(issue: Issue, wanted: str | None) -> bool:
    match wanted:
        case None | "":
            return True
        case "*":
            return bool(issue.assignees)
        case "none":
            return not issue.assignees
        case login:
            return login in issue.assignees


def _comment_text(call: RepositoryCall) -> str:
    text = call.body.text("body")
    if not text.strip():
        raise validation_failed(
            {
                "resource": "IssueComment",
                "field": "data",
                "code": "unprocessable",
                "message": "Body cannot be blank",
            }
        )
    check_text("IssueComment", body=text)
    return text


def _comment(call: RepositoryCall, number: int) -> tuple[Issue, Comment]:
    for issue in list(call.repository.issues.values()):
        for comment in issue.comments:
            if comment.id == number:
                return issue, comment
    raise not_found()


def _editable(call: RepositoryCall, number: int) -> tuple[Issue, Comment]:
    issue, comment = _comment(call, number)
    writes = may(call.state, call.actor, call.repository, Role.WRITE)
    if comment.author != call.login and not writes:
        raise forbidden("Must have admin rights to Repository.")
    return issue, comment


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
