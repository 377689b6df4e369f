"""Accounts, teams and Apps as JSON."""

from datetime import UTC, datetime

from assent.sandbox.github.accounts import Account, App, InstallationToken, Team
from assent.sandbox.github.calls import Call, Json


def timestamp(moment: datetime) -> str:
    """Write a moment as GitHub does: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def maybe_timestamp(moment: datetime | None) -> str | None:
    """Write a moment, or null."""
    return None if moment is None else timestamp(moment)


def node_id(kind: str, identifier: object) -> str:
    """Return an opaque identifier as the GraphQL API would use."""
    return f"{kind}_{identifier}"


def simple_user(call: Call, login: str) -> Json:
    """Show an account as other resources embed it."""
    return account_json(call, call.state.account(login))


def maybe_user(call: Call, login: str | None) -> Json | None:
    """Show an account, or null."""
    return None if login is None else simple_user(call, login)


def account_json(call: Call, account: Account) -> Json:
    """Show an account in the short form."""
    url = call.links.api(f"/users/{account.login}")
    page = account.login
    if account.kind == "Bot":
        page = f"apps/{account.login.removesuffix('[bot]')}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("U", account.id),
        "avatar_url": call.links.web(f"/avatars/u/{account.id}"),
        "gravatar_id": "",
        "url": url,
        "html_url": call.links.web(f"/{page}"),
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": account.kind,
        "site_admin": False,
        "user_view_type": "public",
    }


def full_user(call: Call, account: Account) -> Json:
    """Show an account in the long form."""
    return account_json(call, account) | {
        "name": account.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": account.email,
        "hireable": None,
        "bio": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": timestamp(account.created_at),
        "updated_at": timestamp(account.created_at),
    }


def private_user(call: Call, account: Account) -> Json:
    """Show a person to themselves."""
    return full_user(call, account) | {
        "private_gists": 0,
        "total_private_repos": 0,
        "owned_private_repos": 0,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
    }


def organization_json(call: Call, account: Account) -> Json:
    """Show an organization."""
    url = call.links.api(f"/orgs/{account.login}")
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("O", account.id),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": call.links.web(f"/avatars/u/{account.id}"),
        "description": None,
        "name": account.name or account.login,
        "type": "Organization",
        "has_organization_projects": False,
        "has_repository_projects": False,
        "public_repos": len(call.state.repositories()),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "archived_at": None,
        "html_url": call.links.web(f"/{account.login}"),
        "created_at": timestamp(account.created_at),
        "updated_at": timestamp(account.created_at),
    }


def team_json(call: Call, team: Team) -> Json:
    """Show a team; its address goes by numbers, as GitHub's does."""
    organization = call.state.organization(team.organization)
    url = call.links.api(f"/organizations/{organization.id}/team/{team.id}")
    return {
        "id": team.id,
        "node_id": node_id("T", team.id),
        "name": team.slug,
        "slug": team.slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": url,
        "html_url": call.links.web(f"/orgs/{team.organization}/teams/{team.slug}"),
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": organization.id,
        "parent": None,
    }


def full_team(call: Call, team: Team) -> Json:
    """Show a team in the long form."""
    organization = call.state.organization(team.organization)
    return team_json(call, team) | {
        "members_count": len(team.members),
        "repos_count": sum(
            repository.owner == team.organization for repository in call.state.repositories()
        ),
        "created_at": timestamp(organization.created_at),
        "updated_at": timestamp(organization.created_at),
        "organization": organization_json(call, organization),
    }


def app_json(call: Call, app: App) -> Json:
    """Show a GitHub App."""
    owner = _installed_on(call)
    return {
        "id": app.id,
        "slug": app.slug,
        "node_id": node_id("A", app.id),
        "client_id": f"Iv1.{app.id:016x}",
        "owner": account_json(call, owner),
        "name": app.slug,
        "description": "",
        "external_url": call.links.web(f"/apps/{app.slug}"),
        "html_url": call.links.web(f"/apps/{app.slug}"),
        "created_at": timestamp(app.created_at),
        "updated_at": timestamp(app.created_at),
        "permissions": dict(call.state.app_permissions),
        "events": ["pull_request", "push"],
        "installations_count": 1,
    }


def installation_json(call: Call, app: App) -> Json:
    """Show an App's installation."""
    owner = _installed_on(call)
    url = call.links.api(f"/app/installations/{app.installation_id}")
    return {
        "id": app.installation_id,
        "account": account_json(call, owner),
        "repository_selection": "all",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": call.links.api("/installation/repositories"),
        "html_url": call.links.web(
            f"/organizations/{owner.login}/settings/installations/{app.installation_id}"
        ),
        "app_id": app.id,
        "app_slug": app.slug,
        "client_id": f"Iv1.{app.id:016x}",
        "target_id": owner.id,
        "target_type": owner.kind,
        "permissions": dict(call.state.app_permissions),
        "events": ["pull_request", "push"],
        "created_at": timestamp(app.created_at),
        "updated_at": timestamp(app.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": None,
    }


def installation_token(secret: str, token: InstallationToken) -> Json:
    """Show a token on the only occasion on which it is shown."""
    return {
        "token": secret,
        "expires_at": timestamp(token.expires_at),
        "permissions": dict(token.permissions),
        "repository_selection": "all" if token.repositories is None else "selected",
    }


def _installed_on(call: Call) -> Account:
    """Return the account that an installation belongs to: the first organization, or its bot."""
    return call.state.first_owner()
