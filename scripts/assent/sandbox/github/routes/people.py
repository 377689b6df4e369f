"""The API's root, users, organizations and teams."""

from http import HTTPStatus

from assent.sandbox.github.access import AsAccount, require_member_access
from assent.sandbox.github.accounts import InstallationToken, Team
from assent.sandbox.github.calls import Answer, Call, Json
from assent.sandbox.github.errors import forbidden, not_found
from assent.sandbox.github.routing import Routes
from assent.sandbox.github.views.people import (
    full_team,
    full_user,
    organization_json,
    private_user,
    simple_user,
    team_json,
)
from assent.sandbox.github.views.repositories import repository_json

routes = Routes()


@routes.on("GET", "/", docs="meta/meta#github-api-root")
def show_root(call: Call) -> Answer:
    """Show where the API's parts are."""
    links = call.links
    return Answer(
        body={
            "current_user_url": links.api("/user"),
            "organization_url": links.api("/orgs/") + "{org}",
            "rate_limit_url": links.api("/rate_limit"),
            "repository_url": links.api("/repos/") + "{owner}/{repo}",
            "user_url": links.api("/users/") + "{user}",
        }
    )


@routes.on("GET", "/rate_limit", docs="rate-limit/rate-limit#get-rate-limit-status")
def show_rate_limit(call: Call) -> Answer:
    """Show how many calls are left this hour."""
    return Answer(
        body={
            "resources": {"core": call.rate, "search": call.rate, "graphql": call.rate},
            "rate": call.rate,
        }
    )


@routes.on("GET", "/user", docs="users/users#get-the-authenticated-user")
def show_me(call: Call) -> Answer:
    """Show the person whose token the request carries."""
    account = call.account
    if isinstance(call.actor, AsAccount) and isinstance(call.actor.token, InstallationToken):
        raise forbidden("Resource not accessible by integration")
    return Answer(body=private_user(call, account))


@routes.on("GET", "/users/<login>", docs="users/users#get-a-user")
def show_user(call: Call, login: str) -> Answer:
    """Show an account."""
    return Answer(body=full_user(call, call.state.account(login)))


@routes.on("GET", "/orgs/<org>", docs="orgs/orgs#get-an-organization")
def show_organization(call: Call, org: str) -> Answer:
    """Show an organization."""
    return Answer(body=organization_json(call, call.state.organization(org)))


@routes.on("GET", "/orgs/<org>/repos", docs="repos/repos#list-organization-repositories")
def list_repositories(call: Call, org: str) -> Answer:
    """List an organization's public repositories."""
    owner = call.state.organization(org)
    shown = [
        repository
        for repository in call.state.repositories()
        if repository.owner == owner.login and not repository.private
    ]
    return call.page(shown, lambda repository: repository_json(call, repository))


@routes.on("GET", "/orgs/<org>/members", docs="orgs/members#list-organization-members")
def list_members(call: Call, org: str) -> Answer:
    """List an organization's members."""
    owner = call.state.organization(org)
    require_member_access(call.state, call.actor, owner.login)
    return call.page(call.state.members(owner.login), lambda login: simple_user(call, login))


@routes.on(
    "GET",
    "/orgs/<org>/members/<login>",
    docs="orgs/members#check-organization-membership-for-a-user",
)
def check_member(call: Call, org: str, login: str) -> Answer:
    """Say by the status whether somebody is a member."""
    owner = call.state.organization(org)
    require_member_access(call.state, call.actor, owner.login)
    if login.lower() not in {member.lower() for member in call.state.members(owner.login)}:
        raise not_found()
    return Answer(status=HTTPStatus.NO_CONTENT)


@routes.on("GET", "/orgs/<org>/teams", docs="teams/teams#list-teams")
def list_teams(call: Call, org: str) -> Answer:
    """List an organization's teams."""
    owner = call.state.organization(org)
    require_member_access(call.state, call.actor, owner.login)
    return call.page(call.state.teams(owner.login), lambda team: team_json(call, team))


@routes.on("GET", "/orgs/<org>/teams/<slug>", docs="teams/teams#get-a-team-by-name")
@routes.on("GET", "/organizations/<int:org>/team/<int:slug>", docs="teams/teams#get-a-team-by-name")
def show_team(call: Call, org: str | int, slug: str | int) -> Answer:
    """Show a team."""
    return Answer(body=full_team(call, _team(call, org, slug)))


@routes.on("GET", "/orgs/<org>/teams/<slug>/members", docs="teams/members#list-team-members")
@routes.on(
    "GET",
    "/organizations/<int:org>/team/<int:slug>/members",
    docs="teams/members#list-team-members",
)
def list_team_members(call: Call, org: str | int, slug: str | int) -> Answer:
    """List a team's members, or those of one role."""
    team = _team(call, org, slug)
    role = call.query.get("role", "all")
    shown = [login for login in team.members if role in {"all", _role(team, login)}]
    return call.page(shown, lambda login: simple_user(call, login))


@routes.on(
    "GET",
    "/orgs/<org>/teams/<slug>/memberships/<login>",
    docs="teams/members#get-team-membership-for-a-user",
)
@routes.on(
    "GET",
    "/organizations/<int:org>/team/<int:slug>/memberships/<login>",
    docs="teams/members#get-team-membership-for-a-user",
)
def show_membership(call: Call, org: str | int, slug: str | int, login: str) -> Answer:
    """Show somebody's membership of a team; 404 for those outside."""
    team = _team(call, org, slug)
    if login.lower() not in {member.lower() for member in team.members}:
        raise not_found()
    return Answer(body=_membership(call, team, login))


@routes.on(
    "PUT",
    "/orgs/<org>/teams/<slug>/memberships/<login>",
    docs="teams/members#add-or-update-team-membership-for-a-user",
)
@routes.on(
    "PUT",
    "/organizations/<int:org>/team/<int:slug>/memberships/<login>",
    docs="teams/members#add-or-update-team-membership-for-a-user",
)
def put_membership(call: Call, org: str | int, slug: str | int, login: str) -> Answer:
    """Put somebody into a team; for the team's maintainers."""
    team = _maintained(call, org, slug)
    account = call.state.account(login)
    changed = call.state.set_membership(team, account.login, call.body.text_or("role", "member"))
    return Answer(body=_membership(call, changed, account.login))


@routes.on(
    "DELETE",
    "/orgs/<org>/teams/<slug>/memberships/<login>",
    docs="teams/members#remove-team-membership-for-a-user",
)
@routes.on(
    "DELETE",
    "/organizations/<int:org>/team/<int:slug>/memberships/<login>",
    docs="teams/members#remove-team-membership-for-a-user",
)
def delete_membership(call: Call, org: str | int, slug: str | int, login: str) -> Answer:
    """Take somebody out of a team; for the team's maintainers."""
    call.state.set_membership(_maintained(call, org, slug), login, None)
    return Answer(status=HTTPStatus.NO_CONTENT)


def _team(call: Call, org: str | int, slug: str | int) -> Team:
    if isinstance(org, int):
        owner = next((o for o in call.state.organizations() if o.id == org), None)
        if owner is None:
            raise not_found()
        require_member_access(call.state, call.actor, owner.login)
        team = next((t for t in call.state.teams(owner.login) if t.id == slug), None)
        if team is None:
            raise not_found()
        return team
    owner = call.state.organization(org)
    require_member_access(call.state, call.actor, owner.login)
    return call.state.team(owner.login, str(slug))


def _maintained(call: Call, org: str | int, slug: str | int) -> Team:
    team = _team(call, org, slug)
    if call.login not in team.maintainers:
        raise forbidden("You must be a team maintainer.")
    return team


def _role(team: Team, login: str) -> str:
    return "maintainer" if login in team.maintainers else "member"


def _membership(call: Call, team: Team, login: str) -> Json:
    account = call.state.account(login)
    url = str(team_json(call, team)["url"])
    return {
        "url": f"{url}/memberships/{account.login}",
        "role": _role(team, account.login),
        "state": "active",
    }
