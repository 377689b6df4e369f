"""Who is calling, and whether they may."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import jwt

from assent.sandbox.github.accounts import (
    App,
    InstallationToken,
    Level,
    PersonalToken,
    Role,
    Token,
)
from assent.sandbox.github.errors import ApiError, bad_credentials, forbidden, not_found
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.state import State

LONGEST_ASSERTION = 600
"""Seconds that an App's JWT may last."""
CLOCK_DRIFT = 60
"""Seconds by which a client's clock may be ahead."""
_ORDER: dict[Level, int] = {"read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Anonymous:
    """Nobody in particular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsApp:
    """An App itself, proven by its private key; may only ask about itself and mint tokens."""

    app: App


@dataclass(frozen=True, slots=True, kw_only=True)
class AsAccount:
    """A person, or an App's bot."""

    login: str
    token: Token


Actor = Anonymous | AsApp | AsAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a call asks of its caller: a role of a person, a permission of an App's token."""

    permissions: tuple[str, ...]
    """Any one of these suffices."""
    level: Level
    role: Role


def authenticate(
    state: State, authorization: str | None, *, wall_clock: Callable[[], datetime]
) -> Actor:
    """Say who an ``Authorization`` header stands for.

    A token's life is measured by the server's clock; an App's assertion is made by the client
    from the time of day, and is judged by ``wall_clock``.

    Raises:
        ApiError: 401, the header names nobody.
    """
    if not authorization:
        return Anonymous()
    secret = _secret(authorization)
    if secret.count(".") == 2:  # noqa: PLR2004 - header.claims.signature
        return AsApp(app=_verify_assertion(state, secret, wall_clock().timestamp()))
    token = state.tokens.get(secret)
    match token:
        case None:
            raise bad_credentials()
        case PersonalToken():
            return AsAccount(login=token.login, token=token)
        case InstallationToken():
            if token.expires_at <= state.now():
                raise bad_credentials()
            return AsAccount(login=state.apps[token.app_id].bot, token=token)


def role_of(state: State, actor: Actor, repository: Repository) -> Role:
    """Return what the caller may do in a repository, as far as a role can say it."""
    match actor:
        case AsAccount(token=InstallationToken() as token):
            if token.repositories is not None and repository.full_name not in token.repositories:
                return Role.NONE if repository.private else Role.READ
            return Role.WRITE if token.permissions.get("contents") == "write" else Role.READ
        case AsAccount():
            return state.role(repository, actor.login)
        case Anonymous():
            return Role.NONE if repository.private else Role.READ
        case AsApp():
            return Role.NONE


def may(state: State, actor: Actor, repository: Repository, role: Role) -> bool:
    """Whether the caller has a role, or a token whose permissions the route has judged already."""
    match actor:
        case AsAccount(token=InstallationToken() as token):
            return token.repositories is None or repository.full_name in token.repositories
        case AsAccount():
            return state.role(repository, actor.login) >= role
        case Anonymous() | AsApp():
            return False


def require(state: State, actor: Actor, repository: Repository, needs: Needs) -> None:
    """Let a caller pass, or refuse the way GitHub does.

    Raises:
        ApiError: 404 for a repository that the caller may not see, else 401 or 403.
    """
    if role_of(state, actor, repository) < Role.READ:
        if isinstance(actor, AsApp):
            raise forbidden("Resource not accessible by integration")
        raise not_found()
    match actor:
        case AsAccount(token=InstallationToken() as token):
            _require_permission(token, repository, needs)
        case AsAccount():
            if state.role(repository, actor.login) < needs.role:
                raise forbidden(
                    "Must have admin rights to Repository."
                    if needs.role is Role.ADMIN
                    else "Resource not accessible by personal access token"
                )
        case Anonymous() | AsApp():
            if needs.level != "read" or needs.role > Role.READ:
                raise ApiError(HTTPStatus.UNAUTHORIZED, "Requires authentication")


def _require_permission(token: InstallationToken, repository: Repository, needs: Needs) -> None:
    inside = token.repositories is None or repository.full_name in token.repositories
    held = (token.permissions.get(permission) for permission in needs.permissions)
    enough = any(level is not None and _ORDER[level] >= _ORDER[needs.level] for level in held)
    if not inside and needs.level == "read" and not repository.private:
        return
    if not (inside and enough):
        raise forbidden("Resource not accessible by integration")


def require_member_access(state: State, actor: Actor, organization: str) -> None:
    """Let those pass who may read an organization's teams.

    Raises:
        ApiError: 403 for an App without ``members: read``, 404 for outsiders, 401 for nobody.
    """
    match actor:
        case AsAccount(token=InstallationToken() as token):
            if "members" not in token.permissions:
                raise forbidden("Resource not accessible by integration")
        case AsAccount():
            if actor.login not in state.members(organization):
                raise not_found()
        case Anonymous() | AsApp():
            raise ApiError(HTTPStatus.UNAUTHORIZED, "Requires authentication")


def _secret(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() in {"bearer", "token"}:
        return rest.strip()
    if scheme.lower() != "basic":
        raise bad_credentials()
    try:
        user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise bad_credentials() from None
    return user if password in {"", "x-oauth-basic"} else password


def _verify_assertion(state: State, assertion: str, now: float) -> App:
    undecodable = ApiError(HTTPStatus.UNAUTHORIZED, "A JSON web token could not be decoded")
    try:
        issuer = jwt.decode(assertion, options={"verify_signature": False}).get("iss")
        app = next((app for app in state.apps.values() if str(app.id) == str(issuer)), None)
        if app is None:
            raise ApiError(HTTPStatus.UNAUTHORIZED, "Integration not found")
        claims = jwt.decode(
            assertion,
            app.public_key_pem,
            algorithms=["RS256"],
            options={
                "verify_exp": False,
                "verify_iat": False,
                "verify_iss": False,
                "verify_sub": False,
            },
        )
    except jwt.PyJWTError:
        raise undecodable from None
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or issued > now + CLOCK_DRIFT:
        raise ApiError(
            HTTPStatus.UNAUTHORIZED,
            "'Issued at' claim ('iat') must be an Integer representing the time that the "
            "assertion was issued",
        )
    if not isinstance(expires, int) or expires <= now:
        raise ApiError(
            HTTPStatus.UNAUTHORIZED,
            "'Expiration time' claim ('exp') must be a numeric value representing the future "
            "time at which the assertion expires",
        )
    if expires > now + LONGEST_ASSERTION + CLOCK_DRIFT:
        raise ApiError(
            HTTPStatus.UNAUTHORIZED,
            "'Expiration time' claim ('exp') is too far in the future",
        )
    return app
