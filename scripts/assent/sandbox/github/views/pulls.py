"""Pull requests and reviews as JSON."""

from assent.sandbox.github.calls import Json, RepositoryCall
from assent.sandbox.github.conversation import Issue, Pull, Review
from assent.sandbox.github.merging import commits_of, mergeability
from assent.sandbox.github.reviewing import current_base, three_dot_difference
from assent.sandbox.github.views.issues import labels_of
from assent.sandbox.github.views.people import (
    maybe_timestamp,
    maybe_user,
    node_id,
    simple_user,
    team_json,
    timestamp,
)
from assent.sandbox.github.views.repositories import repository_json, repository_url


def simple_pull(call: RepositoryCall, issue: Issue) -> Json:
    """Show a pull request as lists do."""
    pull = _pull(issue)
    repository = call.repository
    base = repository_url(call, repository)
    url = f"{base}/pulls/{issue.number}"
    issue_url = f"{base}/issues/{issue.number}"
    page = call.links.web(f"/{repository.full_name}/pull/{issue.number}")
    statuses = f"{base}/statuses/{pull.head_sha}"
    hosted = repository_json(call, repository)
    owner = simple_user(call, repository.owner)
    return {
        "url": url,
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue_url,
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{base}/pulls/comments{{/number}}",
        "comments_url": f"{issue_url}/comments",
        "statuses_url": statuses,
        "number": issue.number,
        "state": issue.state,
        "locked": issue.locked,
        "title": issue.title,
        "user": simple_user(call, issue.author),
        "body": issue.body,
        "labels": labels_of(call, issue),
        "milestone": None,
        "active_lock_reason": None,
        "created_at": timestamp(issue.created_at),
        "updated_at": timestamp(issue.updated_at),
        "closed_at": maybe_timestamp(issue.closed_at),
        "merged_at": maybe_timestamp(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "assignee": maybe_user(call, issue.assignees[0] if issue.assignees else None),
        "assignees": [simple_user(call, login) for login in issue.assignees],
        "requested_reviewers": [simple_user(call, login) for login in pull.requested_reviewers],
        "requested_teams": [
            team_json(call, call.state.team(repository.owner, slug))
            for slug in pull.requested_teams
        ],
        "head": {
            "label": f"{repository.owner}:{pull.head_ref}",
            "ref": pull.head_ref,
            "sha": pull.head_sha,
            "user": owner,
            "repo": hosted,
        },
        "base": {
            "label": f"{repository.owner}:{pull.base_ref}",
            "ref": pull.base_ref,
            "sha": pull.base_sha,
            "user": owner,
            "repo": hosted,
        },
        "_links": {
            "self": {"href": url},
            "html": {"href": page},
            "issue": {"href": issue_url},
            "comments": {"href": f"{issue_url}/comments"},
            "review_comments": {"href": f"{url}/comments"},
            "review_comment": {"href": f"{base}/pulls/comments{{/number}}"},
            "commits": {"href": f"{url}/commits"},
            "statuses": {"href": statuses},
        },
        "author_association": call.state.association(repository, issue.author),
        "auto_merge": None,
        "draft": pull.draft,
    }


def full_pull(call: RepositoryCall, issue: Issue, *, judged: bool = True) -> Json:
    """Show one pull request; ``judged`` False leaves out, as GitHub does at first, if it merges."""
    pull = _pull(issue)
    repository = call.repository
    base = current_base(repository, pull)
    changes = three_dot_difference(repository, base, pull.head_sha)
    shown = simple_pull(call, issue) | {
        "merged": pull.merged_at is not None,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": maybe_user(call, pull.merged_by),
        "comments": len(issue.comments),
        "review_comments": 0,
        "maintainer_can_modify": pull.maintainer_can_modify,
        "commits": len(commits_of(repository, pull)),
        "additions": sum(change.additions for change in changes),
        "deletions": sum(change.deletions for change in changes),
        "changed_files": len(changes),
    }
    if judged and issue.state == "open":
        verdict = mergeability(call.state, repository, issue, pull)
        shown |= {
            "mergeable": verdict.mergeable,
            "rebaseable": verdict.mergeable,
            "mergeable_state": verdict.state,
            "merge_commit_sha": verdict.test_merge,
        }
    return shown


def review_json(call: RepositoryCall, issue: Issue, review: Review) -> Json:
    """Show a review."""
    repository = call.repository
    url = f"{repository_url(call, repository)}/pulls/{issue.number}"
    page = call.links.web(f"/{repository.full_name}/pull/{issue.number}")
    html_url = f"{page}#pullrequestreview-{review.id}"
    shown: Json = {
        "id": review.id,
        "node_id": node_id("PRR", review.id),
        "user": simple_user(call, review.author),
        "body": review.body,
        "state": review.state,
        "html_url": html_url,
        "pull_request_url": url,
        "_links": {"html": {"href": html_url}, "pull_request": {"href": url}},
        "commit_id": review.commit_id,
        "author_association": call.state.association(repository, review.author),
    }
    if review.submitted_at is not None:
        shown["submitted_at"] = timestamp(review.submitted_at)
    return shown


def _pull(issue: Issue) -> Pull:
    if issue.pull is None:
        raise TypeError(f"issue {issue.number} is no pull request")
    return issue.pull
