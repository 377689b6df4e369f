"""Commit statuses and deployments as JSON."""

from assent.sandbox.github.calls import Json, RepositoryCall
from assent.sandbox.github.repositories import CommitStatus, Deployment, DeploymentStatus
from assent.sandbox.github.views.people import node_id, simple_user, timestamp
from assent.sandbox.github.views.repositories import repository_url


def status_json(call: RepositoryCall, sha: str, status: CommitStatus) -> Json:
    """Show a commit status."""
    return {
        "url": f"{repository_url(call, call.repository)}/statuses/{sha}",
        "avatar_url": call.links.web("/avatars/status"),
        "id": status.id,
        "node_id": node_id("SC", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": timestamp(status.created_at),
        "updated_at": timestamp(status.created_at),
        "creator": simple_user(call, status.creator),
    }


def deployment_json(call: RepositoryCall, deployment: Deployment) -> Json:
    """Show a deployment."""
    base = repository_url(call, call.repository)
    url = f"{base}/deployments/{deployment.id}"
    return {
        "url": url,
        "id": deployment.id,
        "node_id": node_id("DE", deployment.id),
        "sha": deployment.sha,
        "ref": deployment.ref,
        "task": deployment.task,
        "payload": deployment.payload,
        "original_environment": deployment.environment,
        "environment": deployment.environment,
        "description": deployment.description,
        "creator": simple_user(call, deployment.creator),
        "created_at": timestamp(deployment.created_at),
        "updated_at": timestamp(deployment.updated_at),
        "statuses_url": f"{url}/statuses",
        "repository_url": base,
        "transient_environment": deployment.transient,
        "production_environment": deployment.production,
        "performed_via_github_app": None,
    }


def deployment_status_json(
    call: RepositoryCall, deployment: Deployment, status: DeploymentStatus
) -> Json:
    """Show a step in the life of a deployment."""
    base = repository_url(call, call.repository)
    url = f"{base}/deployments/{deployment.id}"
    return {
        "url": f"{url}/statuses/{status.id}",
        "id": status.id,
        "node_id": node_id("DES", status.id),
        "state": status.state,
        "creator": simple_user(call, status.creator),
        "description": status.description,
        "environment": status.environment,
        "target_url": status.log_url,
        "log_url": status.log_url,
        "environment_url": status.environment_url,
        "created_at": timestamp(status.created_at),
        "updated_at": timestamp(status.created_at),
        "deployment_url": url,
        "repository_url": base,
        "performed_via_github_app": None,
    }
