"""Branches and their protection."""

from dataclasses import replace
from http import HTTPStatus

from assent.sandbox.github.calls import Answer, Body, RepositoryCall
from assent.sandbox.github.errors import invalid_request, missing_field, not_found
from assent.sandbox.github.protection import Protection
from assent.sandbox.github.routing import (
    ADMINISTER,
    READ_ADMINISTRATION,
    READ_CONTENTS,
    repository_routes,
)
from assent.sandbox.github.views.git import commit_json
from assent.sandbox.github.views.repositories import (
    branch_url,
    protection_json,
    required_reviews_json,
    short_branch,
)

routes = repository_routes()

_AT_MOST_REQUIRED = 6
_HEADS = "refs/heads/"


@routes.on("GET", "/branches", docs="branches/branches#list-branches", needs=READ_CONTENTS)
def list_branches(call: RepositoryCall) -> Answer:
    """List the branches, or those that are (or are not) protected."""
    branches = [
        (name.removeprefix(_HEADS), sha)
        for name, sha in call.repository.git.refs.under(_HEADS).items()
    ]
    wanted = call.query.get("protected")
    if wanted in {"true", "false"}:
        branches = [
            item
            for item in branches
            if (item[0] in call.repository.protections) is (wanted == "true")
        ]
    return call.page(branches, lambda item: short_branch(call, *item))


@routes.on(
    "GET", "/branches/<path:branch>", docs="branches/branches#get-a-branch", needs=READ_CONTENTS
)
def show_branch(call: RepositoryCall, branch: str) -> Answer:
    """Show a branch and the commit at its tip."""
    sha = call.repository.branch(branch)
    if sha is None:
        raise not_found("Branch not found")
    url = branch_url(call, branch)
    return Answer(
        body=short_branch(call, branch, sha)
        | {
            "commit": commit_json(call, sha),
            "_links": {
                "self": url,
                "html": call.links.web(f"/{call.repository.full_name}/tree/{branch}"),
            },
        }
    )


@routes.on(
    "GET",
    "/branches/<path:branch>/protection",
    docs="branches/branch-protection#get-branch-protection",
    needs=READ_ADMINISTRATION,
)
def show_protection(call: RepositoryCall, branch: str) -> Answer:
    """Show what a branch asks for."""
    return Answer(body=protection_json(call, branch, _protection(call, branch)))


@routes.on(
    "PUT",
    "/branches/<path:branch>/protection",
    docs="branches/branch-protection#update-branch-protection",
    needs=ADMINISTER,
)
def put_protection(call: RepositoryCall, branch: str) -> Answer:
    """Replace what a branch asks for; what the body leaves out is switched off."""
    body = call.body
    for name in (
        "required_status_checks",
        "enforce_admins",
        "required_pull_request_reviews",
        "restrictions",
    ):
        if name not in body:
            raise missing_field(name)
    _existing(call, branch)
    checks = body.nested("required_status_checks")
    reviews = body.nested("required_pull_request_reviews")
    protection = Protection(
        required_approvals=0,
        require_code_owners=False,
        dismiss_stale=False,
        enforce_admins=body.flag("enforce_admins"),
        require_pull_request=False,
        required_checks=_contexts(checks),
        strict_checks=checks.flag("strict") if checks else False,
        linear_history=body.flag("required_linear_history"),
        allow_force_pushes=body.flag("allow_force_pushes"),
        allow_deletions=body.flag("allow_deletions"),
        conversation_resolution=body.flag("required_conversation_resolution"),
    )
    if reviews is not None:
        protection = _with_reviews(protection, reviews)
    call.repository.protections[branch] = protection
    return Answer(body=protection_json(call, branch, protection))


@routes.on(
    "DELETE",
    "/branches/<path:branch>/protection",
    docs="branches/branch-protection#delete-branch-protection",
    needs=ADMINISTER,
)
def delete_protection(call: RepositoryCall, branch: str) -> Answer:
    """Let a branch ask for nothing."""
    _protection(call, branch)
    call.repository.protections.pop(branch, None)
    return Answer(status=HTTPStatus.NO_CONTENT)


@routes.on(
    "GET",
    "/branches/<path:branch>/protection/required_pull_request_reviews",
    docs="branches/branch-protection#get-pull-request-review-protection",
    needs=READ_ADMINISTRATION,
)
def show_required_reviews(call: RepositoryCall, branch: str) -> Answer:
    """Show what a branch asks for in reviews."""
    protection = _protection(call, branch)
    if not protection.require_pull_request:
        raise not_found()
    return Answer(body=required_reviews_json(call, branch, protection))


@routes.on(
    "PATCH",
    "/branches/<path:branch>/protection/required_pull_request_reviews",
    docs="branches/branch-protection#update-pull-request-review-protection",
    needs=ADMINISTER,
)
def patch_required_reviews(call: RepositoryCall, branch: str) -> Answer:
    """Change what a branch asks for in reviews."""
    changed = _with_reviews(_protection(call, branch), call.body)
    call.repository.protections[branch] = changed
    return Answer(body=required_reviews_json(call, branch, changed))


def _existing(call: RepositoryCall, branch: str) -> None:
    if call.repository.branch(branch) is None:
        raise not_found("Branch not found")


def _protection(call: RepositoryCall, branch: str) -> Protection:
    _existing(call, branch)
    protection = call.repository.protections.get(branch)
    if protection is None:
        raise not_found("Branch not protected")
    return protection


def _with_reviews(protection: Protection, body: Body) -> Protection:
    count = body.number(
        "required_approving_review_count",
        default=protection.required_approvals if protection.require_pull_request else 1,
    )
    if not 0 <= count <= _AT_MOST_REQUIRED:
        raise invalid_request(
            f"For 'properties/required_approving_review_count', {count} is not between 0 and "
            f"{_AT_MOST_REQUIRED}."
        )
    return replace(
        protection,
        require_pull_request=True,
        required_approvals=count,
        require_code_owners=body.flag(
            "require_code_owner_reviews", default=protection.require_code_owners
        ),
        dismiss_stale=body.flag("dismiss_stale_reviews", default=protection.dismiss_stale),
        require_last_push_approval=body.flag(
            "require_last_push_approval", default=protection.require_last_push_approval
        ),
    )


def _contexts(checks: Body | None) -> tuple[str, ...]:
    if checks is None:
        return ()
    named = [check.text("context") for check in checks.nested_all("checks")]
    return tuple(dict.fromkeys([*checks.texts("contexts"), *named]))
