"""Git's smart HTTP protocol: clones, fetches and authenticated pushes, by ``git http-backend``."""

import os
import subprocess
import zlib
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from flask import Response, request
from werkzeug.routing import Rule

from assent.sandbox.github.access import Actor, Anonymous, AsAccount, authenticate, role_of
from assent.sandbox.github.accounts import Role
from assent.sandbox.github.errors import ApiError
from assent.sandbox.github.pushing import branch_changed, is_bound
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.state import State

ENDPOINT = "git"
_HEADS = "refs/heads/"
_REALM = 'Basic realm="GitHub"'


def rules() -> list[Rule]:
    """Return the addresses that git asks."""
    return [
        Rule(
            f"/<owner>/<repo>{suffix}/{service}",
            endpoint=ENDPOINT,
            methods=[method],
            defaults={"service": service},
        )
        for suffix in ("", ".git")
        for service, method in (
            ("info/refs", "GET"),
            ("git-upload-pack", "POST"),
            ("git-receive-pack", "POST"),
        )
    ]


def view(state: State, *, wall_clock: Callable[[], datetime]) -> Callable[..., Response]:
    """Return what Flask calls when git asks."""

    def serve(owner: str, repo: str, service: str) -> Response:
        try:
            repository = state.repository(f"{owner}/{repo.removesuffix('.git')}")
            actor = authenticate(state, request.headers.get("Authorization"), wall_clock=wall_clock)
            pushing = "git-receive-pack" in {service, request.args.get("service")}
            _admit(state, actor, repository, pushing=pushing)
        except ApiError as refusal:
            return _refusal(refusal)
        if service == "git-receive-pack":
            return _receive(state, actor, repository)
        return _run(repository, service, {})

    return serve


def _admit(state: State, actor: Actor, repository: Repository, *, pushing: bool) -> None:
    role = role_of(state, actor, repository)
    if role >= (Role.WRITE if pushing else Role.READ):
        return
    if isinstance(actor, Anonymous):
        raise ApiError(
            HTTPStatus.UNAUTHORIZED,
            "Authentication is required",
            headers={"WWW-Authenticate": _REALM},
        )
    if role < Role.READ:
        raise ApiError(HTTPStatus.NOT_FOUND, "Repository not found.")
    raise ApiError(HTTPStatus.FORBIDDEN, "Write access to repository not granted.")


def _receive(state: State, actor: Actor, repository: Repository) -> Response:
    """Take a push, then bring the pull requests into line with the branches that it moved."""
    if not isinstance(actor, AsAccount):
        raise TypeError("only an account pushes")
    refs = repository.git.refs
    with repository.lock:
        before = refs.under(_HEADS)
        bound = [b for b in repository.protections if is_bound(state, actor, repository, b)]
        protections = repository.protections.items()
        kept = [branch for branch, rules in protections if not rules.allow_deletions]
        forward = [branch for branch, rules in protections if not rules.allow_force_pushes]
        response = _run(
            repository,
            "git-receive-pack",
            {
                "REMOTE_USER": actor.login,
                "ASSENT_FORWARD_ONLY": _spaced(forward),
                "ASSENT_PROTECTED": _spaced(bound),
                "ASSENT_UNDELETABLE": _spaced(kept),
            },
        )
        after = refs.under(_HEADS)
        for name in dict.fromkeys((*before, *after)):
            branch_changed(
                state,
                repository,
                name.removeprefix(_HEADS),
                old=before.get(name),
                new=after.get(name),
                actor=actor.login,
            )
    return response


def _spaced(branches: list[str]) -> str:
    """List branches for the hook; their names cannot contain spaces."""
    return " ".join(_HEADS + branch for branch in branches)


def _run(repository: Repository, service: str, more: dict[str, str]) -> Response:
    git = repository.git
    body = request.get_data()
    if request.headers.get("Content-Encoding") == "gzip":
        body = zlib.decompress(body, wbits=zlib.MAX_WBITS | 16)
    environment = git.environment | {
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROJECT_ROOT": str(git.path.parent),
        "PATH_INFO": f"/{git.path.name}/{service}",
        "QUERY_STRING": request.query_string.decode("latin-1"),
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "PATH": os.environ.get("PATH", os.defpath),
        **more,
    }
    done = subprocess.run(
        ["git", "http-backend"], input=body, capture_output=True, check=False, env=environment
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    response = Response(content)
    response.headers.remove("Content-Type")
    for line in head.decode("latin-1").split("\r\n"):
        name, separator, value = line.partition(": ")
        if name == "Status":
            response.status_code = int(value.split(" ", 1)[0])
        elif separator and name != "Content-Length":
            response.headers[name] = value
    return response


def _refusal(refusal: ApiError) -> Response:
    status = refusal.status
    headers = dict(refusal.headers)
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = _REALM
    return Response(
        refusal.message + "\n", status=status, headers=headers, content_type="text/plain"
    )
