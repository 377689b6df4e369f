"""Pull requests."""

from dataclasses import replace
from http import HTTPStatus
from typing import cast

from assent.sandbox.github.access import may
from assent.sandbox.github.accounts import Role
from assent.sandbox.github.calls import Answer, Body, RepositoryCall
from assent.sandbox.github.conversation import Issue
from assent.sandbox.github.errors import (
    forbidden,
    invalid_request,
    missing_field,
    not_found,
)
from assent.sandbox.github.lifecycle import (
    PullDraft,
    check_text,
    open_pull,
    refresh_head,
    require_author_or,
    retarget,
    set_state,
)
from assent.sandbox.github.merging import (
    MergeRequest,
    Method,
    commits_of,
    merge,
    update_branch,
)
from assent.sandbox.github.pushing import catch_up, new_event
from assent.sandbox.github.reviewing import current_base, three_dot_difference
from assent.sandbox.github.routes.commits import DIFF
from assent.sandbox.github.routing import (
    MERGE_PULLS,
    READ_PULLS,
    WRITE_PULLS,
    repository_routes,
)
from assent.sandbox.github.views.git import commit_json, file_change
from assent.sandbox.github.views.pulls import full_pull, simple_pull

routes = repository_routes()

_METHODS = ("merge", "squash", "rebase")


@routes.on("GET", "/pulls", docs="pulls/pulls#list-pull-requests", needs=READ_PULLS)
def list_pulls(call: RepositoryCall) -> Answer:
    """List pull requests, by state, head and base; the newest first unless asked otherwise."""
    query = call.query
    state = query.get("state", "open")
    owner, separator, head = query.get("head", "").partition(":")
    base = query.get("base")
    found = [
        issue
        for issue, pull in call.repository.pulls()
        if state in {"all", issue.state}
        and (not base or pull.base_ref == base)
        # GitHub pays no attention to a head without its owner.
        and (
            not separator
            or (pull.head_ref == head and owner.lower() == call.repository.owner.lower())
        )
    ]
    return call.page(_sorted(call, found), lambda issue: simple_pull(call, issue))


@routes.on("POST", "/pulls", docs="pulls/pulls#create-a-pull-request", needs=WRITE_PULLS)
def create_pull(call: RepositoryCall) -> Answer:
    """Open a pull request."""
    body = call.body
    if not may(call.state, call.actor, call.repository, Role.WRITE):
        raise forbidden("Resource not accessible by personal access token")
    draft = PullDraft(
        head=body.text("head"),
        base=body.text("base"),
        title=body.text("title"),
        body=body.text_or("body", None),
        draft=body.flag("draft"),
        maintainer_can_modify=body.flag("maintainer_can_modify"),
    )
    issue = open_pull(call, draft)
    shown = full_pull(call, issue, judged=False)
    return Answer(body=shown, status=HTTPStatus.CREATED, headers={"Location": str(shown["url"])})


@routes.on("GET", "/pulls/<int:number>", docs="pulls/pulls#get-a-pull-request", needs=READ_PULLS)
def show_pull(call: RepositoryCall, number: int) -> Answer:
    """Show a pull request, or with the diff media type what it changes."""
    issue, pull = catch_up(call.state, call.repository, number)
    if ".diff" in call.accept:
        git = call.repository.git
        base = current_base(call.repository, pull)
        text = git.patch_text(git.merge_base(base, pull.head_sha) or base, pull.head_sha)
        return Answer(body=text.encode(), media_type=DIFF)
    return Answer(body=full_pull(call, issue))


@routes.on(
    "PATCH", "/pulls/<int:number>", docs="pulls/pulls#update-a-pull-request", needs=WRITE_PULLS
)
def update_pull(call: RepositoryCall, number: int) -> Answer:
    """Change a pull request's title, body, base or state."""
    body, repository = call.body, call.repository
    with repository.lock:
        issue, _ = catch_up(call.state, repository, number)
        require_author_or(call, issue, Role.WRITE)
        changed = edited(call, issue, body)
        base = body.text_or("base", None)
        if base is not None:
            changed = retarget(call, changed, base)
        state = body.text_or("state", None)
        if state is not None:
            changed = set_state(call, changed, state)
            if changed.state == "open" and issue.state == "closed":
                changed = refresh_head(call, changed)
        if "maintainer_can_modify" in body and changed.pull is not None:
            changed = replace(
                changed,
                pull=replace(
                    changed.pull, maintainer_can_modify=body.flag("maintainer_can_modify")
                ),
            )
        repository.put(changed)
    return Answer(body=full_pull(call, changed))


@routes.on(
    "GET",
    "/pulls/<int:number>/files",
    docs="pulls/pulls#list-pull-requests-files",
    needs=READ_PULLS,
)
def list_files(call: RepositoryCall, number: int) -> Answer:
    """List what a pull request changes since its branch left the base."""
    _, pull = catch_up(call.state, call.repository, number)
    base = current_base(call.repository, pull)
    changes = three_dot_difference(call.repository, base, pull.head_sha)
    return call.page(changes, lambda change: file_change(call, change, pull.head_sha))


@routes.on(
    "GET",
    "/pulls/<int:number>/commits",
    docs="pulls/pulls#list-commits-on-a-pull-request",
    needs=READ_PULLS,
)
def list_commits(call: RepositoryCall, number: int) -> Answer:
    """List a pull request's commits, oldest first."""
    _, pull = catch_up(call.state, call.repository, number)
    return call.page(commits_of(call.repository, pull), lambda sha: commit_json(call, sha))


@routes.on(
    "GET",
    "/pulls/<int:number>/comments",
    docs="pulls/comments#list-review-comments-on-a-pull-request",
    needs=READ_PULLS,
)
def list_review_comments(call: RepositoryCall, number: int) -> Answer:
    """List the comments on lines: none, this server does not keep them."""
    call.repository.pull(number)
    return Answer(body=[])


@routes.on(
    "GET",
    "/pulls/<int:number>/merge",
    docs="pulls/pulls#check-if-a-pull-request-has-been-merged",
    needs=READ_PULLS,
)
def check_merged(call: RepositoryCall, number: int) -> Answer:
    """Say by the status whether a pull request was merged."""
    _, pull = call.repository.pull(number)
    if pull.merged_at is None:
        raise not_found()
    return Answer(status=HTTPStatus.NO_CONTENT)


@routes.on(
    "PUT",
    "/pulls/<int:number>/merge",
    docs="pulls/pulls#merge-a-pull-request",
    needs=MERGE_PULLS,
)
def merge_pull(call: RepositoryCall, number: int) -> Answer:
    """Merge a pull request, if its head is the expected one and nothing stands in the way."""
    body = call.body
    method = body.text_or("merge_method", "merge")
    if method not in _METHODS:
        raise invalid_request(
            f"For 'properties/merge_method', {method} is not a member of {list(_METHODS)}."
        )
    commit = merge(
        call,
        number,
        MergeRequest(
            method=cast("Method", method),
            expected_head=body.text_or("sha", None),
            title=body.text_or("commit_title", None),
            message=body.text_or("commit_message", None),
        ),
    )
    return Answer(
        body={"sha": commit, "merged": True, "message": "Pull Request successfully merged"}
    )


@routes.on(
    "PUT",
    "/pulls/<int:number>/update-branch",
    docs="pulls/pulls#update-a-pull-request-branch",
    needs=WRITE_PULLS,
)
def bring_up_to_date(call: RepositoryCall, number: int) -> Answer:
    """Merge the base into a pull request's branch."""
    if not may(call.state, call.actor, call.repository, Role.WRITE):
        raise forbidden("Must have write access to the head branch.")
    update_branch(call, number, call.body.text_or("expected_head_sha", None))
    return Answer(
        body={
            "message": "Updating pull request branch.",
            "url": call.links.web(f"/{call.repository.full_name}/pull/{number}"),
        },
        status=HTTPStatus.ACCEPTED,
    )


def edited(call: RepositoryCall, issue: Issue, body: Body) -> Issue:
    """Return an issue with the title and body that were sent."""
    resource = "PullRequest" if issue.pull else "Issue"
    title = body.text_or("title", issue.title)
    text = body.text_or("body", None if body.is_null("body") else issue.body)
    if "title" in body and body.raw("title") is None:
        raise missing_field("title")
    check_text(resource, title=title, body=text)
    events = issue.events
    if title != issue.title:
        rename = {"from": issue.title, "to": title}
        events = (*events, new_event(call.state, "renamed", call.login, rename=rename))
    return replace(issue, title=title, body=text, events=events, updated_at=call.state.now())


def _sorted(call: RepositoryCall, issues: list[Issue]) -> list[Issue]:
    order = call.query.get("sort", "created")
    default = "desc" if order == "created" else "asc"
    descending = call.query.get("direction", default) == "desc"
    keys = {
        "updated": lambda issue: (issue.updated_at, issue.number),
        "popularity": lambda issue: (len(issue.comments), issue.number),
    }
    key = keys.get(order, lambda issue: (issue.created_at, issue.number))
    return sorted(issues, key=key, reverse=descending)
