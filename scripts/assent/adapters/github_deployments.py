"""GitHub's deployments through PyGithub."""

from collections.abc import Mapping
from typing import Any

from github import Github

from assent.adapters.github_errors import GitHubRefused, translated
from assent.core.deployment import Deployed, Deployment, live_of, live_values

__all__ = ["GitHubDeployments"]

_LONGEST_DESCRIPTION = 140
"""As GitHub documents it, of a status."""


class GitHubDeployments:
    """The `Deployments` port over GitHub's API. Not safe across threads, as PyGithub is not.

    Args:
        client: From `github.connect`.
        repository: `owner/name`.
    """

    def __init__(self, client: Github, repository: str) -> None:
        self._client = client
        self._path = f"/repos/{repository}/deployments"

    def latest(self, place: str, /) -> Deployed | None:
        """See `ports.Deployments`."""
        doing = f"reading the latest deployment of {place}"
        found = self._get(self._path, doing, environment=place, per_page=1)
        if not found:
            return None
        return Deployed(id=found[0]["id"], live=live_of(found[0]["payload"]))

    def is_shown(self, number: int, /) -> bool:
        """See `ports.Deployments`."""
        doing = f"reading how deployment {number} stands"
        found = self._get(f"{self._path}/{number}/statuses", doing, per_page=1)
        return bool(found) and found[0]["state"] == "success"

    def create(self, deployment: Deployment, /) -> int:
        """See `ports.Deployments`."""
        live = deployment.live
        content = {
            "ref": live.commit,
            "environment": deployment.place,
            "description": _short(f"{live.model} {live.version}"),
            "payload": live_values(live),
            # What was merged is deployed as it is: nothing is merged into it, and no check that
            # runs later holds it back.
            "auto_merge": False,
            "required_contexts": [],
            "production_environment": deployment.production,
        }
        answer = self._post(self._path, f"showing {deployment.place} as deployed", content)
        if "id" not in answer:
            raise GitHubRefused(f"GitHub made no deployment of {deployment.place}")
        number: int = answer["id"]
        return number

    def show(self, number: int, deployment: Deployment, /) -> None:
        """See `ports.Deployments`."""
        live = deployment.live
        content = {
            "state": "success",
            "description": _short(f"{live.model} {live.version} is live"),
            "environment_url": deployment.pull_request,
            "auto_inactive": True,
        }
        if deployment.run:
            content["log_url"] = deployment.run
        self._tell(number, content)

    def hide(self, number: int, /) -> None:
        """See `ports.Deployments`."""
        self._tell(number, {"state": "inactive", "description": "not live any more"})

    def _tell(self, number: int, content: Mapping[str, Any]) -> None:
        doing = f"telling how deployment {number} stands"
        self._post(f"{self._path}/{number}/statuses", doing, content)

    def _get(self, path: str, doing: str, **parameters: object) -> list[dict[str, Any]]:
        with translated(doing):
            _, answer = self._client.requester.requestJsonAndCheck(
                "GET", path, parameters=dict(parameters)
            )
        found: list[dict[str, Any]] = answer
        return found

    def _post(self, path: str, doing: str, content: Mapping[str, Any]) -> dict[str, Any]:
        with translated(doing):
            _, answer = self._client.requester.requestJsonAndCheck(
                "POST", path, input=dict(content)
            )
        made: dict[str, Any] = answer
        return made


def _short(text: str) -> str:
    return text[:_LONGEST_DESCRIPTION]
