"""References of a repository."""

from http import HTTPStatus

from assent.sandbox.github.calls import Answer, RepositoryCall
from assent.sandbox.github.errors import not_found, unprocessable
from assent.sandbox.github.git_refs import ABSENT, RefConflictError, is_valid_name
from assent.sandbox.github.pushing import branch_changed, is_bound
from assent.sandbox.github.routing import READ_CONTENTS, WRITE_CONTENTS, repository_routes
from assent.sandbox.github.views.git import ref_json

routes = repository_routes()

_HEADS = "refs/heads/"
_HIDDEN = "refs/pull/"
"""References that only the server moves."""
_THROUGH_PULLS = "Changes must be made through a pull request."


@routes.on("GET", "/git/ref/<path:ref>", docs="git/refs#get-a-reference", needs=READ_CONTENTS)
def show_ref(call: RepositoryCall, ref: str) -> Answer:
    """Show one reference by its exact name."""
    name = f"refs/{ref}"
    sha = call.repository.git.refs.read(name)
    if sha is None:
        raise not_found()
    return Answer(body=ref_json(call, name, sha))


@routes.on(
    "GET",
    "/git/matching-refs/<path:ref>",
    docs="git/refs#list-matching-references",
    needs=READ_CONTENTS,
)
@routes.on(
    "GET", "/git/matching-refs", docs="git/refs#list-matching-references", needs=READ_CONTENTS
)
def list_matching_refs(call: RepositoryCall, ref: str = "") -> Answer:
    """List the references whose names begin so."""
    return _listed(call, f"refs/{ref}")


@routes.on("GET", "/git/refs", docs="git/refs#list-matching-references", needs=READ_CONTENTS)
def list_refs(call: RepositoryCall) -> Answer:
    """List every reference."""
    return _listed(call, "refs/")


@routes.on("GET", "/git/refs/<path:ref>", docs="git/refs#get-a-reference", needs=READ_CONTENTS)
def show_ref_as_before(call: RepositoryCall, ref: str) -> Answer:
    """Show a reference at the address that its own ``url`` gives."""
    return show_ref(call, ref)


@routes.on("POST", "/git/refs", docs="git/refs#create-a-reference", needs=WRITE_CONTENTS)
def create_ref(call: RepositoryCall) -> Answer:
    """Create a reference; of any number of attempts at one name, one succeeds."""
    repository, body = call.repository, call.body
    name, sha = body.text("ref"), body.text("sha")
    if not is_valid_name(name) or name.count("/") < 2:  # noqa: PLR2004 - refs/<kind>/<name>
        raise unprocessable(f"{name} is not a valid ref name.")
    _require_object(call, name, sha)
    with repository.lock:
        if repository.git.refs.read(name) is not None:
            raise unprocessable("Reference already exists")
        _set(call, name, sha, old=None)
    return Answer(
        body=ref_json(call, name, sha),
        status=HTTPStatus.CREATED,
        headers={"Location": str(ref_json(call, name, sha)["url"])},
    )


@routes.on(
    "PATCH", "/git/refs/<path:ref>", docs="git/refs#update-a-reference", needs=WRITE_CONTENTS
)
def update_ref(call: RepositoryCall, ref: str) -> Answer:
    """Move a reference; backwards or sideways only by force."""
    repository, body = call.repository, call.body
    name, sha, force = f"refs/{ref}", body.text("sha"), body.flag("force")
    with repository.lock:
        old = repository.git.refs.read(name)
        if old is None:
            raise unprocessable("Reference does not exist")
        _require_object(call, name, sha)
        branch = name.removeprefix(_HEADS)
        if name.startswith(_HEADS) and is_bound(call.state, call.actor, repository, branch):
            raise unprocessable(_THROUGH_PULLS)
        protection = repository.protections.get(branch) if name.startswith(_HEADS) else None
        forward = _is_forward(call, old, sha)
        if protection is not None and not (forward or protection.allow_force_pushes):
            raise unprocessable("Cannot force-push to this branch")
        if not (force or forward):
            raise unprocessable("Update is not a fast forward")
        _set(call, name, sha, old=old)
    return Answer(body=ref_json(call, name, sha))


@routes.on(
    "DELETE", "/git/refs/<path:ref>", docs="git/refs#delete-a-reference", needs=WRITE_CONTENTS
)
def delete_ref(call: RepositoryCall, ref: str) -> Answer:
    """Delete a reference; open pull requests from the branch are closed."""
    repository = call.repository
    name = f"refs/{ref}"
    with repository.lock:
        old = repository.git.refs.read(name)
        if old is None:
            raise unprocessable("Reference does not exist")
        branch = name.removeprefix(_HEADS)
        protection = repository.protections.get(branch)
        if name == f"{_HEADS}{repository.default_branch}":
            raise unprocessable("Cannot delete the default branch")
        if name.startswith(_HEADS) and protection and not protection.allow_deletions:
            raise unprocessable("Cannot delete a protected branch")
        if name.startswith(_HIDDEN):
            raise unprocessable("Reference cannot be updated")
        try:
            repository.git.refs.delete(name, expected=old)
        except RefConflictError:
            raise unprocessable("Reference cannot be updated") from None
        if name.startswith(_HEADS):
            branch_changed(call.state, repository, branch, old=old, new=None, actor=call.login)
    return Answer(status=HTTPStatus.NO_CONTENT)


def _listed(call: RepositoryCall, prefix: str) -> Answer:
    refs = list(call.repository.git.refs.under(prefix).items())
    return call.page(refs, lambda item: ref_json(call, *item))


def _require_object(call: RepositoryCall, name: str, sha: str) -> None:
    kind = call.repository.git.objects.kind(sha)
    if kind is None or (name.startswith(_HEADS) and kind != "commit"):
        raise unprocessable("Object does not exist")


def _is_forward(call: RepositoryCall, old: str, new: str) -> bool:
    """Whether a reference that moves so loses nothing; what is no commit has no history."""
    git = call.repository.git
    commits = git.objects.kind(old) == git.objects.kind(new) == "commit"
    return commits and git.is_ancestor(old, new)


def _set(call: RepositoryCall, name: str, sha: str, *, old: str | None) -> None:
    repository = call.repository
    if name.startswith(_HIDDEN):
        raise unprocessable("Reference update failed")
    try:
        repository.git.refs.change(name, sha, expected=old or ABSENT)
    except RefConflictError:
        raise unprocessable("Reference update failed") from None
    if name.startswith(_HEADS):
        branch_changed(
            call.state,
            repository,
            name.removeprefix(_HEADS),
            old=old,
            new=sha,
            actor=call.login,
        )
