"""Labels of a repository, and the labels on its issues and pull requests."""

import json
import re
from dataclasses import replace
from http import HTTPStatus

from assent.sandbox.github.access import Needs
from assent.sandbox.github.calls import Answer, RepositoryCall
from assent.sandbox.github.conversation import Issue, Label
from assent.sandbox.github.errors import (
    ApiError,
    field_error,
    invalid_request,
    not_found,
    validation_failed,
)
from assent.sandbox.github.pushing import new_event
from assent.sandbox.github.repositories import DEFAULT_LABEL_COLOR
from assent.sandbox.github.routing import (
    READ_ISSUES,
    TRIAGE_ISSUES,
    WRITE_CONTENTS,
    repository_routes,
)
from assent.sandbox.github.views.issues import label_json, labels_of

routes = repository_routes()

MANAGE_LABELS = Needs(
    permissions=("issues", "pull_requests"), level="write", role=WRITE_CONTENTS.role
)
_NAME_AT_MOST = 50


@routes.on("GET", "/labels", docs="issues/labels#list-labels-for-a-repository", needs=READ_ISSUES)
def list_labels(call: RepositoryCall) -> Answer:
    """List the repository's labels."""
    labels = list(call.repository.labels.values())
    return call.page(labels, lambda label: label_json(call, label))


@routes.on("POST", "/labels", docs="issues/labels#create-a-label", needs=MANAGE_LABELS)
def create_label(call: RepositoryCall) -> Answer:
    """Create a label."""
    body = call.body
    name = _checked_name(body.text("name"))
    color = _checked_color(body.text_or("color", DEFAULT_LABEL_COLOR))
    with call.repository.lock:
        if name.lower() in call.repository.labels:
            raise validation_failed(field_error("Label", "name", "already_exists"))
        label = _keep(call, name, color, body.text_or("description", None))
    return Answer(body=label_json(call, label), status=HTTPStatus.CREATED)


@routes.on("GET", "/labels/<path:name>", docs="issues/labels#get-a-label", needs=READ_ISSUES)
def show_label(call: RepositoryCall, name: str) -> Answer:
    """Show a label."""
    return Answer(body=label_json(call, _label(call, name)))


@routes.on("PATCH", "/labels/<path:name>", docs="issues/labels#update-a-label", needs=MANAGE_LABELS)
def update_label(call: RepositoryCall, name: str) -> Answer:
    """Change a label; issues that carry it follow a new name."""
    body, repository = call.body, call.repository
    with repository.lock:
        label = _label(call, name)
        new_name = _checked_name(body.text_or("new_name", label.name))
        if new_name.lower() != label.name.lower() and new_name.lower() in repository.labels:
            raise validation_failed(field_error("Label", "name", "already_exists"))
        changed = replace(
            label,
            name=new_name,
            color=_checked_color(body.text_or("color", label.color)),
            description=body.text_or("description", label.description),
        )
        repository.labels = {
            changed.name.lower() if key == label.name.lower() else key: (
                changed if key == label.name.lower() else other
            )
            for key, other in repository.labels.items()
        }
        for issue in list(repository.issues.values()):
            if label.name in issue.labels:
                names = tuple(new_name if n == label.name else n for n in issue.labels)
                repository.put(replace(issue, labels=names))
    return Answer(body=label_json(call, changed))


@routes.on(
    "DELETE", "/labels/<path:name>", docs="issues/labels#delete-a-label", needs=MANAGE_LABELS
)
def delete_label(call: RepositoryCall, name: str) -> Answer:
    """Delete a label, and take it off every issue."""
    repository = call.repository
    with repository.lock:
        label = _label(call, name)
        del repository.labels[label.name.lower()]
        for issue in list(repository.issues.values()):
            if label.name in issue.labels:
                names = tuple(n for n in issue.labels if n != label.name)
                repository.put(replace(issue, labels=names))
    return Answer(status=HTTPStatus.NO_CONTENT)


@routes.on(
    "GET",
    "/issues/<int:number>/labels",
    docs="issues/labels#list-labels-for-an-issue",
    needs=READ_ISSUES,
)
def list_issue_labels(call: RepositoryCall, number: int) -> Answer:
    """List an issue's labels."""
    return call.page(labels_of(call, call.repository.issue(number)), lambda shown: shown)


@routes.on(
    "POST",
    "/issues/<int:number>/labels",
    docs="issues/labels#add-labels-to-an-issue",
    needs=TRIAGE_ISSUES,
)
def add_issue_labels(call: RepositoryCall, number: int) -> Answer:
    """Put labels on an issue; those that do not exist come into being."""
    names = _names(call)
    with call.repository.lock:
        issue = call.repository.issue(number)
        changed = call.repository.put(relabelled(call, issue, [*issue.labels, *names]))
    return Answer(body=labels_of(call, changed))


@routes.on(
    "PUT",
    "/issues/<int:number>/labels",
    docs="issues/labels#set-labels-for-an-issue",
    needs=TRIAGE_ISSUES,
)
def set_issue_labels(call: RepositoryCall, number: int) -> Answer:
    """Replace an issue's labels."""
    names = _names(call)
    with call.repository.lock:
        issue = call.repository.issue(number)
        changed = call.repository.put(relabelled(call, issue, names))
    return Answer(body=labels_of(call, changed))


@routes.on(
    "DELETE",
    "/issues/<int:number>/labels",
    docs="issues/labels#remove-all-labels-from-an-issue",
    needs=TRIAGE_ISSUES,
)
def clear_issue_labels(call: RepositoryCall, number: int) -> Answer:
    """Take every label off an issue."""
    with call.repository.lock:
        issue = call.repository.issue(number)
        call.repository.put(relabelled(call, issue, []))
    return Answer(status=HTTPStatus.NO_CONTENT)


@routes.on(
    "DELETE",
    "/issues/<int:number>/labels/<path:name>",
    docs="issues/labels#remove-a-label-from-an-issue",
    needs=TRIAGE_ISSUES,
)
def remove_issue_label(call: RepositoryCall, number: int, name: str) -> Answer:
    """Take one label off an issue, which has to carry it."""
    with call.repository.lock:
        issue = call.repository.issue(number)
        kept = [label for label in issue.labels if label.lower() != name.lower()]
        if len(kept) == len(issue.labels):
            raise not_found("Label does not exist")
        changed = call.repository.put(relabelled(call, issue, kept))
    return Answer(body=labels_of(call, changed))


def relabelled(call: RepositoryCall, issue: Issue, names: list[str]) -> Issue:
    """Return an issue that carries these labels; the caller holds the repository's lock."""
    labels = {
        name.lower(): call.repository.labels.get(name.lower())
        or _keep(call, _checked_name(name), DEFAULT_LABEL_COLOR, None)
        for name in names
    }
    after = tuple(label.name for label in labels.values())
    events = [
        new_event(call.state, "labeled", call.login, label=name)
        for name in after
        if name not in issue.labels
    ] + [
        new_event(call.state, "unlabeled", call.login, label=name)
        for name in issue.labels
        if name not in after
    ]
    if not events:
        return issue
    return replace(
        issue,
        labels=after,
        events=(*issue.events, *events),
        updated_at=call.state.now(),
    )


def _names(call: RepositoryCall) -> list[str]:
    """Read the labels that were sent: in ``labels``, or as a bare list."""
    try:
        sent = json.loads(call.data or b"{}")
    except ValueError:
        raise ApiError(HTTPStatus.BAD_REQUEST, "Problems parsing JSON") from None
    if isinstance(sent, dict):
        sent = sent.get("labels", [])
    values = sent if isinstance(sent, list) else [sent]
    names = [value.get("name") if isinstance(value, dict) else value for value in values]
    for name in names:
        if not isinstance(name, str):
            raise invalid_request(f"For 'properties/labels', {name!r} is not a string.")
    return [str(name) for name in names]


def _label(call: RepositoryCall, name: str) -> Label:
    label = call.repository.labels.get(name.lower())
    if label is None:
        raise not_found()
    return label


def _keep(call: RepositoryCall, name: str, color: str, description: str | None) -> Label:
    label = Label(id=call.state.next_id(), name=name, color=color, description=description)
    call.repository.labels[name.lower()] = label
    return label


def _checked_name(name: str) -> str:
    if not name.strip():
        raise validation_failed(field_error("Label", "name", "missing_field"))
    if len(name) > _NAME_AT_MOST:
        raise validation_failed(
            {
                "resource": "Label",
                "field": "name",
                "code": "too_long",
                "message": f"name is too long (maximum is {_NAME_AT_MOST} characters)",
            }
        )
    return name


def _checked_color(color: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{6}", color):
        raise validation_failed(field_error("Label", "color", "invalid"))
    return color.lower()
