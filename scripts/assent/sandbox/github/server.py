"""The web application: finds the route, admits the caller, and speaks HTTP as GitHub does."""

import itertools
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, assert_never

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from assent.sandbox.github.access import Actor, Anonymous, AsAccount, AsApp, authenticate, require
from assent.sandbox.github.accounts import InstallationToken
from assent.sandbox.github.calls import Answer, Call, Json, Links, RepositoryCall
from assent.sandbox.github.errors import ApiError, not_found
from assent.sandbox.github.routes import (
    administration,
    apps,
    branches,
    commits,
    contents,
    deployments,
    graphql,
    issues,
    labels,
    objects,
    organizations,
    people,
    pulls,
    refs,
    repositories,
    reviews,
    settings,
    smart_http,
)
from assent.sandbox.github.routing import Route
from assent.sandbox.github.state import State

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

ENTERPRISE_PREFIX = "/api/v3"
DOCUMENTATION = "https://docs.github.com/rest"
MODULES = (
    administration,
    apps,
    branches,
    commits,
    contents,
    deployments,
    graphql,
    issues,
    labels,
    objects,
    organizations,
    people,
    pulls,
    refs,
    repositories,
    reviews,
    settings,
)
ROUTES = (
    *administration.organization_routes.all,
    *(route for module in MODULES for route in module.routes.all),
)
HOURLY_LIMIT = 5000
HOURLY_LIMIT_OF_AN_APP = 15000
_HOUR = 3600
_MULTIPLE_SLASHES = re.compile(r"/{2,}")


class _Mounted:
    """Serves an application at ``/`` and again below a prefix."""

    def __init__(self, application: "WSGIApplication", prefix: str) -> None:
        self._application = application
        self._prefix = prefix

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path == self._prefix or path.startswith(self._prefix + "/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
            environ["PATH_INFO"] = path[len(self._prefix) :] or "/"
        return self._application(environ, start_response)


class _RateLimits:
    """Counts calls by the hour. It reports, and refuses nobody: that is for faults to play."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._used: dict[str, tuple[int, int]] = {}

    def count(self, actor: Actor) -> dict[str, int]:
        """Count a call and return what the headers say."""
        hour = int(self._now().timestamp()) // _HOUR
        match actor:
            case AsAccount():
                key = actor.login
                limit = (
                    HOURLY_LIMIT_OF_AN_APP
                    if isinstance(actor.token, InstallationToken)
                    else HOURLY_LIMIT
                )
            case AsApp():
                key, limit = f"app {actor.app.id}", HOURLY_LIMIT
            case Anonymous():
                key, limit = "", HOURLY_LIMIT
            case _:
                assert_never(actor)
        last_hour, used = self._used.get(key, (hour, 0))
        used = used + 1 if last_hour == hour else 1
        self._used[key] = (hour, used)
        return {
            "limit": limit,
            "used": used,
            "remaining": max(1, limit - used),
            "reset": (hour + 1) * _HOUR,
        }


def create_application(state: State, *, wall_clock: Callable[[], datetime]) -> Flask:
    """Build the application that serves the API and git's smart HTTP protocol."""
    application = Flask(__name__, static_folder=None)
    server = _Server(state, wall_clock)
    application.url_map = _url_map()
    for route in ROUTES:
        application.view_functions[_endpoint(route)] = server.view(route)
    application.view_functions[smart_http.ENDPOINT] = smart_http.view(state, wall_clock=wall_clock)
    application.register_error_handler(HTTPException, server.unrouted)
    application.wsgi_app = _Mounted(  # type: ignore[method-assign]
        application.wsgi_app, ENTERPRISE_PREFIX
    )
    return application


@cache
def _url_map() -> Map:
    """Compile the addresses, once for every hub: it costs more than all the rest of making one."""
    rules = [
        Rule(route.path, endpoint=_endpoint(route), methods=[route.method]) for route in ROUTES
    ]
    url_map = Map(
        [*rules, *smart_http.rules()],
        merge_slashes=False,
        redirect_defaults=False,
        strict_slashes=False,
    )
    url_map.update()
    return url_map


def _endpoint(route: Route) -> str:
    return f"{route.method} {route.path}"


class _Server:
    """Turns HTTP requests into calls, and answers into HTTP responses."""

    def __init__(self, state: State, wall_clock: Callable[[], datetime]) -> None:
        self._state = state
        self._wall_clock = wall_clock
        self._limits = _RateLimits(state.now)
        self._requests = itertools.count(1)

    def view(self, route: Route) -> Callable[..., Response]:
        """Return what Flask calls for a route."""

        def view(**path: str) -> Response:
            return self._respond(route, path)

        return view

    def unrouted(self, error: HTTPException) -> Response:
        """Answer what no route covers, and what Flask itself refuses."""
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
            refusal = not_found()
        else:
            refusal = ApiError(status, status.phrase)
        return self._finish(_refused(refusal, ""), self._limits.count(Anonymous()))

    def _respond(self, route: Route, path: dict[str, str]) -> Response:
        limits = self._limits.count(Anonymous())
        try:
            actor = authenticate(
                self._state,
                request.headers.get("Authorization"),
                wall_clock=self._wall_clock,
            )
            limits = self._limits.count(actor)
            if route.creates and isinstance(actor, AsAccount):
                self._state.content.admit(actor.login)
            answer = route.handler(self._call(route, actor, path, limits), **path)
        except ApiError as refusal:
            answer = _refused(refusal, route.docs)
        return self._finish(answer, limits)

    def _call(self, route: Route, actor: Actor, path: dict[str, str], rate: dict[str, int]) -> Call:
        links = Links(host=request.host_url.rstrip("/"), prefix=request.script_root)
        sent = request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI") or request.path
        if route.needs is None:
            return Call(
                state=self._state,
                actor=actor,
                links=links,
                path=_path_of(sent, request.script_root),
                query=request.args,
                accept=request.headers.get("Accept", ""),
                data=request.get_data(),
                rate=rate,
            )
        repository = self._state.repository(f"{path.pop('owner')}/{path.pop('repo')}")
        require(self._state, actor, repository, route.needs)
        return RepositoryCall(
            state=self._state,
            actor=actor,
            links=links,
            path=_path_of(sent, request.script_root),
            query=request.args,
            accept=request.headers.get("Accept", ""),
            data=request.get_data(),
            rate=rate,
            repository=repository,
        )

    def _finish(self, answer: Answer, limits: dict[str, int]) -> Response:
        if answer.body is None:
            data = b""
        elif isinstance(answer.body, bytes):
            data = answer.body
        else:
            data = json.dumps(answer.body, separators=(",", ":")).encode()
        response = Response(data, status=answer.status, content_type=answer.media_type)
        if answer.status is HTTPStatus.NO_CONTENT:
            del response.headers["Content-Type"]
        for name, value in answer.headers.items():
            response.headers[name] = value
        number = next(self._requests)
        response.headers.update(
            {
                "X-GitHub-Request-Id": f"{number:04X}:{number * 7919 % 0xFFFFF:05X}",
                "X-GitHub-Media-Type": "github.v3; format=json",
                "X-GitHub-Api-Version-Selected": "2022-11-28",
                "X-RateLimit-Limit": str(limits["limit"]),
                "X-RateLimit-Remaining": str(limits["remaining"]),
                "X-RateLimit-Used": str(limits["used"]),
                "X-RateLimit-Reset": str(limits["reset"]),
                "X-RateLimit-Resource": "core",
                "Cache-Control": "private, max-age=60, s-maxage=60",
                "Vary": "Accept, Authorization",
            }
        )
        return response


def _path_of(sent: str, prefix: str) -> str:
    """Return the path as it was sent, percent-encoded, without prefix and query."""
    path = sent.split("?", 1)[0]
    return _MULTIPLE_SLASHES.sub("/", path.removeprefix(prefix))


def _refused(refusal: ApiError, docs: str) -> Answer:
    body: Json = {"message": refusal.message}
    if refusal.errors:
        body["errors"] = list(refusal.errors)
    body["documentation_url"] = f"{DOCUMENTATION}/{refusal.docs or docs}".rstrip("/")
    body["status"] = str(int(refusal.status))
    return Answer(body=body, status=refusal.status, headers=refusal.headers)


def time_of_day() -> datetime:
    """Return the time by which clients sign their assertions."""
    return datetime.now(tz=UTC)
