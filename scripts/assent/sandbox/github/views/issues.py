"""Issues, comments, labels and events as JSON."""

from assent.sandbox.github.calls import Json, RepositoryCall
from assent.sandbox.github.conversation import Comment, Event, Issue, Label
from assent.sandbox.github.repositories import DEFAULT_LABEL_COLOR
from assent.sandbox.github.views.people import (
    maybe_timestamp,
    maybe_user,
    node_id,
    simple_user,
    timestamp,
)
from assent.sandbox.github.views.repositories import repository_url

_REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


def label_json(call: RepositoryCall, label: Label) -> Json:
    """Show a label."""
    return {
        "id": label.id,
        "node_id": node_id("LA", label.id),
        "url": call.links.api(f"/repos/{call.repository.full_name}/labels/{label.name}"),
        "name": label.name,
        "description": label.description,
        "color": label.color,
        "default": False,
    }


def labels_of(call: RepositoryCall, issue: Issue) -> list[Json]:
    """Show an issue's labels, those left out that the repository no longer has."""
    labels = (call.repository.labels.get(name.lower()) for name in issue.labels)
    return [label_json(call, label) for label in labels if label is not None]


def issue_json(call: RepositoryCall, issue: Issue) -> Json:
    """Show an issue; a pull request seen as an issue says so."""
    repository = call.repository
    base = repository_url(call, repository)
    url = f"{base}/issues/{issue.number}"
    page = call.links.web(f"/{repository.full_name}")
    shown: Json = {
        "id": issue.id,
        "node_id": node_id("I", issue.id),
        "url": url,
        "repository_url": base,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": f"{page}/{'pull' if issue.pull else 'issues'}/{issue.number}",
        "number": issue.number,
        "state": issue.state,
        "state_reason": issue.state_reason,
        "title": issue.title,
        "body": issue.body,
        "user": simple_user(call, issue.author),
        "labels": labels_of(call, issue),
        "assignee": maybe_user(call, issue.assignees[0] if issue.assignees else None),
        "assignees": [simple_user(call, login) for login in issue.assignees],
        "milestone": None,
        "locked": issue.locked,
        "active_lock_reason": None,
        "comments": len(issue.comments),
        "closed_at": maybe_timestamp(issue.closed_at),
        "created_at": timestamp(issue.created_at),
        "updated_at": timestamp(issue.updated_at),
        "closed_by": maybe_user(call, issue.closed_by),
        "author_association": call.state.association(repository, issue.author),
        "performed_via_github_app": None,
        "reactions": _no_reactions(url),
    }
    if issue.pull is not None:
        pull_page = f"{page}/pull/{issue.number}"
        shown["draft"] = issue.pull.draft
        shown["pull_request"] = {
            "url": f"{base}/pulls/{issue.number}",
            "html_url": pull_page,
            "diff_url": f"{pull_page}.diff",
            "patch_url": f"{pull_page}.patch",
            "merged_at": maybe_timestamp(issue.pull.merged_at),
        }
    return shown


def comment_json(call: RepositoryCall, issue: Issue, comment: Comment) -> Json:
    """Show a comment."""
    repository = call.repository
    base = repository_url(call, repository)
    url = f"{base}/issues/comments/{comment.id}"
    page = call.links.web(f"/{repository.full_name}")
    kind = "pull" if issue.pull else "issues"
    return {
        "id": comment.id,
        "node_id": node_id("IC", comment.id),
        "url": url,
        "html_url": f"{page}/{kind}/{issue.number}#issuecomment-{comment.id}",
        "issue_url": f"{base}/issues/{issue.number}",
        "body": comment.body,
        "user": simple_user(call, comment.author),
        "created_at": timestamp(comment.created_at),
        "updated_at": timestamp(comment.updated_at),
        "author_association": call.state.association(repository, comment.author),
        "performed_via_github_app": None,
        "reactions": _no_reactions(url),
    }


def event_json(call: RepositoryCall, event: Event) -> Json:
    """Show an event; a label or a requested reviewer is shown in full."""
    base = repository_url(call, call.repository)
    shown: Json = {
        "id": event.id,
        "node_id": node_id("E", event.id),
        "url": f"{base}/issues/events/{event.id}",
        "actor": simple_user(call, event.actor),
        "event": event.name,
        "commit_id": event.commit_id,
        "commit_url": f"{base}/commits/{event.commit_id}" if event.commit_id else None,
        "created_at": timestamp(event.created_at),
        "performed_via_github_app": None,
    }
    for name, value in event.details.items():
        if name == "label":
            label = call.repository.labels.get(str(value).lower())
            color = label.color if label else DEFAULT_LABEL_COLOR
            shown["label"] = {"name": value, "color": color}
        elif name == "requested_reviewer":
            shown["requested_reviewer"] = simple_user(call, str(value))
            shown["review_requester"] = simple_user(call, event.actor)
        else:
            shown[name] = value
    return shown


def _no_reactions(url: str) -> Json:
    return {
        "url": f"{url}/reactions",
        "total_count": 0,
        **dict.fromkeys(_REACTIONS, 0),
    }
