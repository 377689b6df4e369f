"""GitHub's settings, read through its REST API. Only GET requests are made."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from github import Github, GithubException

from assent.adapters.github_errors import GitHubRefused, translated
from assent.adapters.github_rules import protection_source, ruleset_source
from assent.core.codeowners import LOCATIONS
from assent.core.doctor.finding import Read, Unread
from assent.core.doctor.github_facts import (
    ActionsPolicy,
    AppInstallation,
    CodeownersError,
    CodeownersFile,
    DeploymentBranch,
    GitHubEnvironment,
    OidcSubject,
    RepositorySettings,
    RuleSource,
    TeamSettings,
    WorkflowToken,
)
from assent.core.errors import AssentError
from assent.ports import NotThere, Unavailable

__all__ = ["GitHubSettingsReader"]

_PER_PAGE = 100
_UNPROTECTED = frozenset({"branch not protected", "branch not found"})
"""What GitHub says, beside 404, where it could look and there is no classic protection."""
_WRITES = frozenset({"admin", "maintain", "write"})
_NO_GROUPS = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""How GitHub answers about groups of an identity provider where the organization has none."""


class GitHubSettingsReader:
    """The `GitHubSettings` port. Not safe across threads, as PyGithub is not.

    Args:
        client: With credentials that read the settings; an administrator's read the most.
        repository: `owner/name`.
        branch: The branch that counts.
        app: A client that signs as the App itself; None where its key is not at hand.
        app_id: The App's number or client id, to find it among an organization's.
    """

    def __init__(
        self,
        client: Github,
        repository: str,
        branch: str = "main",
        *,
        app: Github | None = None,
        app_id: str = "",
    ) -> None:
        self._client = client
        self._branch = branch
        self._base = f"/repos/{repository}"
        self._name = repository
        self._app = app
        self._app_id = app_id
        self._rulesets: dict[int, dict[str, Any]] = {}

    def repository(self) -> RepositorySettings:
        """See `ports.settings`."""
        found = self._get(self._base, "reading the repository's settings")
        return RepositorySettings(
            id=found["id"],
            owner_id=found["owner"]["id"],
            default_branch=found["default_branch"],
            allows_rebase=found.get("allow_rebase_merge"),
        )

    def rulesets(self, branch: str, /) -> Sequence[RuleSource]:
        """See `ports.settings`."""
        doing = f"reading the rules of {branch}"
        path = f"{self._base}/rules/branches/{quote(branch, safe='')}"
        by_ruleset: dict[int, list[dict[str, Any]]] = {}
        for rule in self._pages(path, doing):
            by_ruleset.setdefault(rule["ruleset_id"], []).append(rule)
        return [ruleset_source(self._ruleset(id_), rules) for id_, rules in by_ruleset.items()]

    def _ruleset(self, number: int) -> dict[str, Any]:
        """A ruleset of the repository, or of the organization above it."""
        if number not in self._rulesets:
            path, doing = f"{self._base}/rulesets/{number}", f"reading the ruleset {number}"
            try:
                self._rulesets[number] = self._get(path, doing)
            except (GitHubRefused, NotThere):
                # Its rules bind all the same, as GitHub said; whom they do not bind is not shown.
                self._rulesets[number] = {"name": str(number)}
        return self._rulesets[number]

    def protection(self, branch: str, /) -> RuleSource | None:
        """See `ports.settings`."""
        path = f"{self._base}/branches/{quote(branch, safe='')}/protection"
        doing = f"reading the protection of {branch}"
        with translated(doing):
            try:
                found = self._client.requester.requestJsonAndCheck("GET", path)[1]
            except GithubException as error:
                if error.status == HTTPStatus.NOT_FOUND and _said(error) in _UNPROTECTED:
                    return None
                raise
        return protection_source(found)

    def codeowners(self) -> CodeownersFile | None:
        """See `ports.settings`."""
        self.repository()  # so that what is not found is not there, rather than not seen
        for path in LOCATIONS:
            doing = f"reading {path}"
            found = self._perhaps(f"{self._base}/contents/{quote(path)}", doing, ref=self._branch)
            if found is None:
                continue
            if not isinstance(found, dict) or found.get("encoding") != "base64":
                raise GitHubRefused(f"{path} is no file of at most 1 MB, while {doing}")
            return CodeownersFile(path=path, content=base64.b64decode(found["content"]))
        return None

    def codeowners_errors(self) -> Sequence[CodeownersError]:
        """See `ports.settings`."""
        found = self._get(
            f"{self._base}/codeowners/errors", "reading CODEOWNERS' errors", ref=self._branch
        )
        return [
            CodeownersError(
                line=each["line"], kind=each["kind"], suggestion=each.get("suggestion") or ""
            )
            for each in found["errors"]
        ]

    def may_write(self, login: str, /) -> bool:
        """See `ports.settings`."""
        path = f"{self._base}/collaborators/{quote(login, safe='')}/permission"
        found = self._perhaps(path, f"reading what {login} may do")
        if found is None:
            self.repository()
            return False
        return found["permission"] in _WRITES

    def team(self, name: str, /) -> TeamSettings | None:
        """See `ports.settings`."""
        organization, _, slug = name.partition("/")
        teams = f"/orgs/{quote(organization, safe='')}/teams"
        path = f"{teams}/{quote(slug, safe='')}"
        doing = f"reading the team {name}"
        found = self._perhaps(path, doing)
        if found is None:
            # GitHub says the same of a team that does not exist and of one that it does not show.
            # Whoever gets the list would be shown any team that may own a path.
            self._get(teams, doing, per_page=1)
            return None
        return TeamSettings(
            visible=found["privacy"] != "secret",
            writes=self._team_writes(path, doing),
            members=found["members_count"],
            synchronised=found.get("type") == "enterprise" or self._synchronised(path, doing),
        )

    def _team_writes(self, path: str, doing: str) -> bool:
        """Whether the team itself was given write access, or inherits it from its parent."""
        headers = {"Accept": "application/vnd.github.v3.repository+json"}
        with translated(doing):
            try:
                found = self._client.requester.requestJsonAndCheck(
                    "GET", f"{path}{self._base}", headers=headers
                )[1]
            except GithubException as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return False
                raise
        return bool(found["permissions"]["push"])

    def _synchronised(self, path: str, doing: str) -> bool:
        for group in ("team-sync/group-mappings", "external-groups"):
            try:
                with translated(doing):
                    found = self._client.requester.requestJsonAndCheck("GET", f"{path}/{group}")[1]
            except AssentError as error:
                cause = error.__cause__
                if isinstance(cause, GithubException) and cause.status in _NO_GROUPS:
                    if isinstance(error, Unavailable):
                        raise
                    continue
                raise
            if found.get("groups"):
                return True
        return False

    def workflow_token(self) -> WorkflowToken:
        """See `ports.settings`."""
        found = self._get(
            f"{self._base}/actions/permissions/workflow", "reading what workflows may do"
        )
        return WorkflowToken(
            default=found["default_workflow_permissions"],
            may_approve=found["can_approve_pull_request_reviews"],
        )

    def actions_policy(self) -> ActionsPolicy:
        """See `ports.settings`."""
        found = self._get(f"{self._base}/actions/permissions", "reading which actions may run")
        return ActionsPolicy(
            enabled=found["enabled"],
            allowed=found.get("allowed_actions", ""),
            pinned=found.get("sha_pinning_required", False),
        )

    def oidc_subject(self) -> OidcSubject:
        """See `ports.settings`."""
        found = self._get(
            f"{self._base}/actions/oidc/customization/sub", "reading the OIDC subject's template"
        )
        return OidcSubject(
            default=found["use_default"], claims=tuple(found.get("include_claim_keys") or ())
        )

    def installation(self) -> AppInstallation:
        """See `ports.settings`."""
        doing = f"reading the App's installation on {self._name}"
        if self._app is not None:
            with translated(doing):
                found = self._app.requester.requestJsonAndCheck(
                    "GET", f"{self._base}/installation"
                )[1]
            return _installation(found)
        if not self._app_id:
            raise GitHubRefused("nothing says which App it is", hint="Set ASSENT_APP_ID.")
        organization = self._name.partition("/")[0]
        path = f"/orgs/{quote(organization, safe='')}/installations"
        for each in self._pages(path, doing, inside="installations"):
            if self._app_id in {str(each["app_id"]), each.get("client_id")}:
                return _installation(each)
        raise NotThere(f"App {self._app_id} is not installed on {organization}, while {doing}")

    def environment(self, name: str, /) -> GitHubEnvironment | None:
        """See `ports.settings`."""
        doing = f"reading the environment {name}"
        listed = self._pages(f"{self._base}/environments", doing, inside="environments")
        found = next((each for each in listed if each["name"] == name), None)
        if found is None:
            return None
        path = f"{self._base}/environments/{quote(name, safe='')}"
        policy = found["deployment_branch_policy"]
        return GitHubEnvironment(
            name=name,
            waits_for=tuple(_waits(found.get("protection_rules", ()))),
            only=_which(policy),
            branches=self._branches(path, doing) if _which(policy) == "custom" else (),
            variables=self._variables(path, doing),
            secrets=self._secrets(path, doing),
        )

    def _branches(self, path: str, doing: str) -> Read[tuple[DeploymentBranch, ...]]:
        try:
            found = self._pages(
                f"{path}/deployment-branch-policies", doing, inside="branch_policies"
            )
            return tuple(
                DeploymentBranch(pattern=each["name"], tag=each.get("type") == "tag")
                for each in found
            )
        except AssentError as error:
            return Unread(why=error.message, needs="Use credentials with actions: read.")

    def _variables(self, path: str, doing: str) -> Read[Mapping[str, str]]:
        try:
            found = self._pages(f"{path}/variables", doing, inside="variables")
            return {each["name"]: each["value"] for each in found}
        except AssentError as error:
            return Unread(why=error.message, needs="Use credentials with environments: read.")

    def _secrets(self, path: str, doing: str) -> Read[frozenset[str]]:
        try:
            found = self._pages(f"{path}/secrets", doing, inside="secrets")
            return frozenset(each["name"] for each in found)
        except AssentError as error:
            return Unread(why=error.message, needs="Use credentials with environments: read.")

    def variable(self, name: str, /) -> str | None:
        """See `ports.settings`."""
        doing = f"reading the variable {name}"
        for place in ("variables", "organization-variables"):
            listed = self._pages(f"{self._base}/actions/{place}", doing, inside="variables")
            for each in listed:
                if each["name"] == name:
                    value: str = each["value"]
                    return value
        return None

    def _get(self, path: str, doing: str, **parameters: object) -> Any:  # noqa: ANN401 - JSON
        with translated(doing):
            return self._client.requester.requestJsonAndCheck("GET", path, parameters=parameters)[1]

    def _perhaps(self, path: str, doing: str, **parameters: object) -> Any:  # noqa: ANN401 - JSON
        """What is at an address; None where GitHub says that there is nothing."""
        with suppress(NotThere):
            return self._get(path, doing, **parameters)
        return None

    def _pages(self, path: str, doing: str, *, inside: str | None = None) -> Iterator[Any]:
        """Every entry of a list, page by page; `inside` is the field that holds it, if one does."""
        number = 1
        while True:
            found = self._get(path, doing, per_page=_PER_PAGE, page=number)
            entries = found if inside is None else found[inside]
            yield from entries
            if len(entries) < _PER_PAGE:
                return
            number += 1


def _said(error: GithubException) -> str:
    data = error.data if isinstance(error.data, dict) else {}
    return str(data.get("message", "")).lower()


def _installation(found: Mapping[str, Any]) -> AppInstallation:
    return AppInstallation(
        app=found["app_id"],
        slug=found["app_slug"],
        permissions=dict(found["permissions"]),
        suspended=found.get("suspended_at") is not None,
    )


def _waits(rules: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What holds a job up before it starts; which branches may deploy is told elsewhere."""
    for rule in rules:
        if rule["type"] == "branch_policy" or rule.get("enabled") is False:
            continue
        if rule["type"] == "wait_timer" and not rule.get("wait_timer"):
            continue
        yield rule["type"]


def _which(policy: Mapping[str, bool] | None) -> str:
    if policy is None:
        return "all"
    return "custom" if policy["custom_branch_policies"] else "protected"
