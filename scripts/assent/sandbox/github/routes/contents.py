"""Files of a repository, read and written one at a time."""

from dataclasses import dataclass
from http import HTTPStatus

from assent.sandbox.github.calls import Answer, Body, RepositoryCall
from assent.sandbox.github.errors import conflict, invalid_request, missing_field, not_found
from assent.sandbox.github.git_objects import FILE, Commit, Entry
from assent.sandbox.github.git_refs import RefConflictError
from assent.sandbox.github.merging import sign, sign_as_github
from assent.sandbox.github.paths import checked_path
from assent.sandbox.github.pushing import branch_changed, is_bound
from assent.sandbox.github.routes.objects import RAW, decode_content, signature_from, wants_raw
from assent.sandbox.github.routing import READ_CONTENTS, WRITE_CONTENTS, repository_routes
from assent.sandbox.github.views.git import content_json, git_commit

routes = repository_routes()

_LISTED_AT_MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One file's change on one branch."""

    branch: str
    tip: str
    """Where the branch is, and has to be still."""
    path: str
    entry: Entry | None
    """None takes the file away."""
    message: str
    verb: str
    """What a refusal says it could not do."""


@routes.on(
    "GET",
    "/contents/<path:path>",
    docs="repos/contents#get-repository-content",
    needs=READ_CONTENTS,
)
@routes.on("GET", "/contents", docs="repos/contents#get-repository-content", needs=READ_CONTENTS)
@routes.on("GET", "/contents/", docs="repos/contents#get-repository-content", needs=READ_CONTENTS)
def show_content(call: RepositoryCall, path: str = "") -> Answer:
    """Show a file, or list a directory, at a ref."""
    git = call.repository.git
    ref = call.query.get("ref") or call.repository.default_branch
    commit = git.resolve(ref)
    if commit is None:
        raise not_found(f"No commit found for the ref {ref}")
    path = path.strip("/")
    entry = git.entry_at(git.objects.commit(commit).tree, path)
    if entry is None:
        raise not_found()
    if entry.kind == "tree":
        below = list(git.objects.tree(entry.sha).items())[:_LISTED_AT_MOST]
        prefix = f"{path}/" if path else ""
        return Answer(
            body=[
                content_json(call, prefix + name, child, ref, with_content=False)
                for name, child in below
            ]
        )
    if wants_raw(call) and entry.kind == "blob":
        return Answer(body=git.objects.blob(entry.sha), media_type=RAW)
    return Answer(body=content_json(call, path, entry, ref))


@routes.on(
    "PUT",
    "/contents/<path:path>",
    docs="repos/contents#create-or-update-file-contents",
    needs=WRITE_CONTENTS,
)
def put_content(call: RepositoryCall, path: str) -> Answer:
    """Create a file, or replace the one whose blob the caller names."""
    body, git = call.body, call.repository.git
    path = checked_path(path)
    message, sha = body.text("message"), body.text_or("sha", None)
    if body.raw("content") is None:
        raise missing_field("content")
    content = decode_content(body.text_or("content", ""), encoding="base64", field="content")
    branch = body.text_or("branch", call.repository.default_branch)
    blob = git.objects.write("blob", content)
    with call.repository.lock:
        tip = _tip(call, branch)
        present = git.entry_at(git.objects.commit(tip).tree, path)
        _check_sha(path, present, sha)
        mode = present.mode if present else FILE
        edit = Edit(
            branch=branch,
            tip=tip,
            path=path,
            entry=Entry(mode=mode, sha=blob),
            message=message,
            verb="update" if present else "create",
        )
        commit = _commit(call, body, edit)
    return Answer(
        body={
            "content": content_json(
                call, path, Entry(mode=mode, sha=blob), branch, with_content=False
            ),
            "commit": git_commit(call, commit),
        },
        status=HTTPStatus.OK if present else HTTPStatus.CREATED,
    )


@routes.on(
    "DELETE",
    "/contents/<path:path>",
    docs="repos/contents#delete-a-file",
    needs=WRITE_CONTENTS,
)
def delete_content(call: RepositoryCall, path: str) -> Answer:
    """Delete the file whose blob the caller names."""
    body, git = _delete_arguments(call), call.repository.git
    path = checked_path(path)
    message, sha = body.text("message"), body.text("sha")
    branch = body.text_or("branch", call.repository.default_branch)
    with call.repository.lock:
        tip = _tip(call, branch)
        present = git.entry_at(git.objects.commit(tip).tree, path)
        if present is None:
            raise not_found()
        _check_sha(path, present, sha)
        edit = Edit(branch=branch, tip=tip, path=path, entry=None, message=message, verb="delete")
        commit = _commit(call, body, edit)
    return Answer(body={"content": None, "commit": git_commit(call, commit)})


def _delete_arguments(call: RepositoryCall) -> Body:
    """Return the arguments of a deletion: in the body, or as some clients do in the query."""
    return call.body if call.data.strip() else Body(dict(call.query))


def _tip(call: RepositoryCall, branch: str) -> str:
    tip = call.repository.branch(branch)
    if tip is None:
        raise not_found(f"Branch {branch} not found")
    return tip


def _check_sha(path: str, present: Entry | None, sha: str | None) -> None:
    if present is None:
        if sha is not None:
            raise conflict(f"{path} does not match {sha}")
        return
    if present.kind != "blob":
        raise invalid_request(f"{path} is not a file.")
    if sha is None:
        raise missing_field("sha")
    if sha != present.sha:
        raise conflict(f"{path} does not match {sha}")


def _commit(call: RepositoryCall, body: Body, edit: Edit) -> Commit:
    """Commit an edit on top of its branch; the caller holds the repository's lock."""
    repository, state = call.repository, call.state
    if is_bound(state, call.actor, repository, edit.branch):
        raise conflict(f"Could not {edit.verb} file: Changes must be made through a pull request.")
    git = repository.git
    author = signature_from(call, body.nested("author"), sign(state, call.account))
    committer = body.nested("committer")
    commit = git.commit_tree(
        tree=git.edit_tree(git.objects.commit(edit.tip).tree, {edit.path: edit.entry}),
        parents=[edit.tip],
        author=author,
        committer=signature_from(
            call, committer, sign_as_github(state) if committer is None else author
        ),
        message=edit.message,
    )
    try:
        git.set_branch(edit.branch, commit.sha, expected=edit.tip)
    except RefConflictError:
        raise conflict(f"{edit.branch} moved meanwhile; fetch it and try again") from None
    branch_changed(state, repository, edit.branch, old=edit.tip, new=commit.sha, actor=call.login)
    return commit
