"""GitHub Apps: who they are, where they are installed, and their tokens."""

import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import cast

from assent.sandbox.github.access import AsAccount, AsApp
from assent.sandbox.github.accounts import App, InstallationToken, Level
from assent.sandbox.github.calls import Answer, Body, Call
from assent.sandbox.github.errors import ApiError, forbidden, not_found, unprocessable
from assent.sandbox.github.routing import Routes
from assent.sandbox.github.views.people import app_json, installation_json, installation_token
from assent.sandbox.github.views.repositories import repository_json

routes = Routes()

TOKEN_LIFE = timedelta(hours=1)
_LEVELS = ("read", "write", "admin")


@routes.on("GET", "/app", docs="apps/apps#get-the-authenticated-app")
def show_app(call: Call) -> Answer:
    """Show the App whose key signed the request."""
    return Answer(body=app_json(call, _app(call)))


@routes.on(
    "GET", "/app/installations", docs="apps/apps#list-installations-for-the-authenticated-app"
)
def list_installations(call: Call) -> Answer:
    """List the App's one installation."""
    return call.page([_app(call)], lambda app: installation_json(call, app))


@routes.on(
    "GET",
    "/app/installations/<int:installation>",
    docs="apps/apps#get-an-installation-for-the-authenticated-app",
)
def show_installation(call: Call, installation: int) -> Answer:
    """Show the installation."""
    return Answer(body=installation_json(call, _installed(call, installation)))


@routes.on(
    "POST",
    "/app/installations/<int:installation>/access_tokens",
    docs="apps/apps#create-an-installation-access-token-for-an-app",
)
def create_token(call: Call, installation: int) -> Answer:
    """Mint a token for an hour, narrowed to the permissions and repositories asked for."""
    app = _installed(call, installation)
    repositories = _repositories(call, call.body)
    token = InstallationToken(
        app_id=app.id,
        permissions=_permissions(call, call.body),
        repositories=repositories,
        expires_at=call.state.now() + TOKEN_LIFE,
    )
    secret = f"ghs_{secrets.token_hex(18)}"
    call.state.tokens[secret] = token
    shown = installation_token(secret, token)
    if repositories is not None:
        seen_as_bot = Call(
            state=call.state,
            actor=AsAccount(login=app.bot, token=token),
            links=call.links,
            path=call.path,
            query=call.query,
            accept=call.accept,
            data=call.data,
            rate=call.rate,
        )
        shown["repositories"] = [
            repository_json(seen_as_bot, call.state.repository(name)) for name in repositories
        ]
    return Answer(body=shown, status=HTTPStatus.CREATED)


@routes.on(
    "DELETE", "/installation/token", docs="apps/installations#revoke-an-installation-access-token"
)
def revoke_token(call: Call) -> Answer:
    """Revoke the token that the request carries."""
    token = _installation_token(call)
    for secret, known in list(call.state.tokens.items()):
        if known is token:
            del call.state.tokens[secret]
    return Answer(status=HTTPStatus.NO_CONTENT)


@routes.on(
    "GET",
    "/installation/repositories",
    docs="apps/installations#list-repositories-accessible-to-the-app-installation",
)
def list_installed_repositories(call: Call) -> Answer:
    """List the repositories that the token reaches."""
    token = _installation_token(call)
    reached = [
        repository
        for repository in call.state.repositories()
        if token.repositories is None or repository.full_name in token.repositories
    ]
    return call.page_of(
        "repositories",
        reached,
        lambda repository: repository_json(call, repository),
        repository_selection="all" if token.repositories is None else "selected",
    )


@routes.on(
    "GET",
    "/orgs/<org>/installation",
    docs="apps/apps#get-an-organization-installation-for-the-authenticated-app",
)
def show_organization_installation(call: Call, org: str) -> Answer:
    """Show the App's installation on an organization."""
    call.state.organization(org)
    return Answer(body=installation_json(call, _app(call)))


@routes.on(
    "GET",
    "/repos/<owner>/<repo>/installation",
    docs="apps/apps#get-a-repository-installation-for-the-authenticated-app",
)
def show_repository_installation(call: Call, owner: str, repo: str) -> Answer:
    """Show the App's installation on a repository."""
    call.state.repository(f"{owner}/{repo}")
    return Answer(body=installation_json(call, _app(call)))


def _app(call: Call) -> App:
    if not isinstance(call.actor, AsApp):
        raise ApiError(HTTPStatus.UNAUTHORIZED, "A JSON web token could not be decoded")
    return call.actor.app


def _installed(call: Call, installation: int) -> App:
    app = _app(call)
    if app.installation_id != installation:
        raise not_found()
    return app


def _installation_token(call: Call) -> InstallationToken:
    if isinstance(call.actor, AsAccount) and isinstance(call.actor.token, InstallationToken):
        return call.actor.token
    raise forbidden("You must authenticate with an installation access token.")


def _permissions(call: Call, body: Body) -> dict[str, Level]:
    granted = call.state.app_permissions
    asked = body.nested("permissions")
    if asked is None or not asked.items():
        return dict(granted)
    permissions: dict[str, Level] = {}
    for name, value in asked.items():
        if value not in _LEVELS:
            raise unprocessable(f"The permission level for {name} is not read, write or admin.")
        level = cast("Level", value)
        held = granted.get(name)
        if held is None or _LEVELS.index(level) > _LEVELS.index(held):
            raise unprocessable("The permissions requested are not granted to this installation.")
        permissions[name] = level
    permissions.setdefault("metadata", "read")
    return permissions


def _repositories(call: Call, body: Body) -> tuple[str, ...] | None:
    names = body.texts("repositories")
    numbers = body.raw("repository_ids")
    ids = numbers if isinstance(numbers, list) else []
    if not names and not ids:
        return None
    found = tuple(
        repository.full_name
        for repository in call.state.repositories()
        if repository.name in names or repository.id in ids
    )
    if len(found) < len(names) + len(ids):
        raise unprocessable(
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation."
        )
    return found
