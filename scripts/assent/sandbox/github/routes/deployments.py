"""Commit statuses and deployments."""

from dataclasses import replace
from http import HTTPStatus

from assent.sandbox.github.calls import Answer, RepositoryCall
from assent.sandbox.github.errors import (
    ApiError,
    field_error,
    not_found,
    unprocessable,
    validation_failed,
)
from assent.sandbox.github.repositories import CommitStatus, Deployment, DeploymentStatus
from assent.sandbox.github.routing import (
    READ_DEPLOYMENTS,
    READ_STATUSES,
    WRITE_DEPLOYMENTS,
    WRITE_STATUSES,
    repository_routes,
)
from assent.sandbox.github.views.deployments import (
    deployment_json,
    deployment_status_json,
    status_json,
)
from assent.sandbox.github.views.repositories import repository_json, repository_url

routes = repository_routes()

_STATES = frozenset({"error", "failure", "pending", "success"})
_DESCRIPTION_AT_MOST = 140
_DEPLOYMENT_STATES = _STATES | {"inactive", "in_progress", "queued"}


@routes.on(
    "POST",
    "/statuses/<sha>",
    docs="commits/statuses#create-a-commit-status",
    needs=WRITE_STATUSES,
)
@routes.on(
    "POST",
    "/commits/<sha>/statuses",
    docs="commits/statuses#create-a-commit-status",
    needs=WRITE_STATUSES,
)
def create_status(call: RepositoryCall, sha: str) -> Answer:
    """Say something about a commit, in one context."""
    body, repository = call.body, call.repository
    if repository.git.commit(sha) is None:
        raise unprocessable(f"No commit found for SHA: {sha}")
    state = body.text("state")
    if state not in _STATES:
        raise validation_failed(field_error("Status", "state", "invalid"))
    status = CommitStatus(
        id=call.state.next_id(),
        context=body.text_or("context", "default"),
        state=state,
        description=body.text_or("description", None),
        target_url=body.text_or("target_url", None),
        creator=call.login,
        created_at=call.state.now(),
    )
    with repository.lock:
        repository.statuses[sha] = (status, *repository.statuses.get(sha, ()))
    return Answer(body=status_json(call, sha, status), status=HTTPStatus.CREATED)


@routes.on(
    "GET",
    "/commits/<path:ref>/statuses",
    docs="commits/statuses#list-commit-statuses-for-a-reference",
    needs=READ_STATUSES,
)
def list_statuses(call: RepositoryCall, ref: str) -> Answer:
    """List what was said about a commit, the latest first."""
    sha = _commit(call, ref)
    return call.page(
        call.repository.statuses.get(sha, ()), lambda status: status_json(call, sha, status)
    )


@routes.on(
    "GET",
    "/commits/<path:ref>/status",
    docs="commits/statuses#get-the-combined-status-for-a-specific-reference",
    needs=READ_STATUSES,
)
def show_combined_status(call: RepositoryCall, ref: str) -> Answer:
    """Show the latest word of each context, and what they amount to."""
    sha = _commit(call, ref)
    latest: dict[str, CommitStatus] = {}
    for status in call.repository.statuses.get(sha, ()):
        latest.setdefault(status.context, status)
    states = {status.state for status in latest.values()}
    if states & {"error", "failure"}:
        combined = "failure"
    else:
        combined = "success" if states == {"success"} else "pending"
    url = repository_url(call, call.repository)
    return call.page_of(
        "statuses",
        list(latest.values()),
        lambda status: status_json(call, sha, status),
        state=combined,
        sha=sha,
        repository=repository_json(call, call.repository),
        commit_url=f"{url}/commits/{sha}",
        url=f"{url}/commits/{sha}/status",
    )


@routes.on(
    "POST",
    "/deployments",
    docs="deployments/deployments#create-a-deployment",
    needs=WRITE_DEPLOYMENTS,
)
def create_deployment(call: RepositoryCall) -> Answer:
    """Ask for a ref to be deployed; what its checks say holds it back, unless they are waived."""
    body = call.body
    ref = body.text("ref")
    sha = call.repository.git.resolve(ref)
    if sha is None:
        raise unprocessable(f"No ref found for: {ref}")
    _require_contexts(call, sha, body.raw("required_contexts"))
    now = call.state.now()
    payload = body.raw("payload")
    deployment = Deployment(
        id=call.state.next_id(),
        sha=sha,
        ref=ref,
        task=body.text_or("task", "deploy"),
        payload={} if payload is None else payload,
        environment=body.text_or("environment", "production"),
        description=body.text_or("description", None),
        transient=body.flag("transient_environment"),
        production=body.flag("production_environment"),
        creator=call.login,
        created_at=now,
        updated_at=now,
    )
    with call.repository.lock:
        call.repository.deployments[deployment.id] = deployment
    return Answer(body=deployment_json(call, deployment), status=HTTPStatus.CREATED)


@routes.on(
    "GET",
    "/deployments",
    docs="deployments/deployments#list-deployments",
    needs=READ_DEPLOYMENTS,
)
def list_deployments(call: RepositoryCall) -> Answer:
    """List deployments, the latest first, by commit, ref, task or environment."""
    query = call.query
    found = [
        deployment
        for deployment in reversed(list(call.repository.deployments.values()))
        if query.get("sha") in {None, "", deployment.sha}
        and query.get("ref") in {None, "", deployment.ref}
        and query.get("task") in {None, "", deployment.task}
        and query.get("environment") in {None, "", deployment.environment}
    ]
    return call.page(found, lambda deployment: deployment_json(call, deployment))


@routes.on(
    "GET",
    "/deployments/<int:number>",
    docs="deployments/deployments#get-a-deployment",
    needs=READ_DEPLOYMENTS,
)
def show_deployment(call: RepositoryCall, number: int) -> Answer:
    """Show a deployment."""
    return Answer(body=deployment_json(call, _deployment(call, number)))


@routes.on(
    "POST",
    "/deployments/<int:number>/statuses",
    docs="deployments/statuses#create-a-deployment-status",
    needs=WRITE_DEPLOYMENTS,
)
def create_deployment_status(call: RepositoryCall, number: int) -> Answer:
    """Tell how a deployment goes."""
    body = call.body
    state = body.text("state")
    if state not in _DEPLOYMENT_STATES:
        raise validation_failed(field_error("DeploymentStatus", "state", "invalid"))
    if len(body.text_or("description", "")) > _DESCRIPTION_AT_MOST:
        raise validation_failed(field_error("DeploymentStatus", "description", "invalid"))
    with call.repository.lock:
        deployment = _deployment(call, number)
        now = call.state.now()
        status = DeploymentStatus(
            id=call.state.next_id(),
            state=state,
            description=body.text_or("description", ""),
            environment=body.text_or("environment", deployment.environment),
            environment_url=body.text_or("environment_url", ""),
            log_url=body.text_or("log_url", body.text_or("target_url", "")),
            creator=call.login,
            created_at=now,
        )
        call.repository.deployments[number] = replace(
            deployment, statuses=(*deployment.statuses, status), updated_at=now
        )
        if state == "success" and body.raw("auto_inactive") is not False:
            _retire_earlier(call, deployment)
    return Answer(body=deployment_status_json(call, deployment, status), status=HTTPStatus.CREATED)


@routes.on(
    "GET",
    "/deployments/<int:number>/statuses",
    docs="deployments/statuses#list-deployment-statuses",
    needs=READ_DEPLOYMENTS,
)
def list_deployment_statuses(call: RepositoryCall, number: int) -> Answer:
    """List how a deployment went, the latest first."""
    deployment = _deployment(call, number)
    return call.page(
        deployment.statuses[::-1],
        lambda status: deployment_status_json(call, deployment, status),
    )


@routes.on(
    "GET",
    "/deployments/<int:number>/statuses/<int:status>",
    docs="deployments/statuses#get-a-deployment-status",
    needs=READ_DEPLOYMENTS,
)
def show_deployment_status(call: RepositoryCall, number: int, status: int) -> Answer:
    """Show one step of a deployment."""
    deployment = _deployment(call, number)
    found = next((s for s in deployment.statuses if s.id == status), None)
    if found is None:
        raise not_found()
    return Answer(body=deployment_status_json(call, deployment, found))


def _commit(call: RepositoryCall, ref: str) -> str:
    sha = call.repository.git.resolve(ref)
    if sha is None:
        raise not_found()
    return sha


def _deployment(call: RepositoryCall, number: int) -> Deployment:
    deployment = call.repository.deployments.get(number)
    if deployment is None:
        raise not_found()
    return deployment


def _require_contexts(call: RepositoryCall, sha: str, required: object) -> None:
    """Refuse a commit of which a check has not succeeded; an empty list asks for none."""
    latest: dict[str, str] = {}
    for status in call.repository.statuses.get(sha, ()):
        latest.setdefault(status.context, status.state)
    asked = required if isinstance(required, list) else list(latest)
    failing = [str(context) for context in asked if latest.get(context) != "success"]
    if failing:
        raise ApiError(
            HTTPStatus.CONFLICT,
            f"Conflict: Commit status checks failed for {sha}: {', '.join(failing)}",
        )


def _retire_earlier(call: RepositoryCall, newest: Deployment) -> None:
    """Show earlier deployments of an environment as inactive; the caller holds the lock.

    As documented: those that are neither transient nor of production, and had succeeded.
    """
    for number, other in list(call.repository.deployments.items()):
        if other.environment != newest.environment or other.id >= newest.id:
            continue
        state = other.statuses[-1].state if other.statuses else ""
        if state != "success" or other.transient or other.production:
            continue
        status = replace(
            other.statuses[-1],
            id=call.state.next_id(),
            state="inactive",
            description="",
            creator=call.login,
            created_at=call.state.now(),
        )
        call.repository.deployments[number] = replace(
            other, statuses=(*other.statuses, status), updated_at=call.state.now()
        )
