"""Blobs, trees and commits: git's data, piece by piece."""

import base64
import binascii
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

from assent.sandbox.github.calls import Answer, Body, RepositoryCall
from assent.sandbox.github.errors import invalid_request, not_found, unprocessable
from assent.sandbox.github.git_objects import Entry, ObjectMissingError, Signature
from assent.sandbox.github.merging import sign
from assent.sandbox.github.paths import checked_path
from assent.sandbox.github.routing import READ_CONTENTS, WRITE_CONTENTS, repository_routes
from assent.sandbox.github.views.git import blob_json, git_commit, tree_json

routes = repository_routes()

_MODES = {
    "100644": "blob",
    "100755": "blob",
    "120000": "blob",
    "040000": "tree",
    "160000": "commit",
}
_TREE_AT_MOST = 100_000
"""Entries that a recursive listing shows before it says ``truncated``."""


@routes.on("POST", "/git/blobs", docs="git/blobs#create-a-blob", needs=WRITE_CONTENTS)
def create_blob(call: RepositoryCall) -> Answer:
    """Store a blob."""
    body = call.body
    content = decode_content(
        body.text("content"), encoding=body.text_or("encoding", "utf-8"), field="content"
    )
    sha = call.repository.git.objects.write("blob", content)
    url = call.links.api(f"/repos/{call.repository.full_name}/git/blobs/{sha}")
    return Answer(
        body={"sha": sha, "url": url}, status=HTTPStatus.CREATED, headers={"Location": url}
    )


@routes.on("GET", "/git/blobs/<sha>", docs="git/blobs#get-a-blob", needs=READ_CONTENTS)
def show_blob(call: RepositoryCall, sha: str) -> Answer:
    """Show a blob, or with the raw media type its bytes."""
    try:
        content = call.repository.git.objects.blob(sha)
    except ObjectMissingError:
        raise not_found() from None
    if wants_raw(call):
        return Answer(body=content, media_type=RAW)
    return Answer(body=blob_json(call, sha, content))


@routes.on("POST", "/git/trees", docs="git/trees#create-a-tree", needs=WRITE_CONTENTS)
def create_tree(call: RepositoryCall) -> Answer:
    """Store a tree, on top of another one if ``base_tree`` says so."""
    body, git = call.body, call.repository.git
    base = body.text_or("base_tree", None)
    if base is not None:
        base = _tree_of(call, base)
        if base is None:
            raise unprocessable("base_tree is not a valid tree oid")
    edits: dict[str, Entry | None] = {}
    if not body.nested_all("tree") and base is None:
        raise unprocessable("Invalid tree info")
    for item in body.nested_all("tree"):
        path = checked_path(item.text("path"), problem="tree.path")
        edits[path] = _entry(call, item)
    sha = git.edit_tree(base, edits)
    shown = list(git.objects.tree(sha).items())
    return Answer(body=tree_json(call, sha, shown), status=HTTPStatus.CREATED)


@routes.on("GET", "/git/trees/<path:sha>", docs="git/trees#get-a-tree", needs=READ_CONTENTS)
def show_tree(call: RepositoryCall, sha: str) -> Answer:
    """Show a tree by its own name, a commit's or a branch's; with ``recursive`` all below it."""
    tree = _tree_of(call, sha)
    if tree is None:
        raise not_found()
    if "recursive" not in call.query:
        return Answer(
            body=tree_json(call, tree, list(call.repository.git.objects.tree(tree).items()))
        )
    entries = list(call.repository.git.walk(tree))
    return Answer(
        body=tree_json(call, tree, entries[:_TREE_AT_MOST], truncated=len(entries) > _TREE_AT_MOST)
    )


@routes.on("POST", "/git/commits", docs="git/commits#create-a-commit", needs=WRITE_CONTENTS)
def create_commit(call: RepositoryCall) -> Answer:
    """Store a commit; the caller is its author unless the body names another."""
    body, git = call.body, call.repository.git
    message, tree = body.text("message"), body.text("tree")
    if git.objects.kind(tree) != "tree":
        raise unprocessable("Tree SHA does not exist")
    parents = body.texts("parents")
    for parent in parents:
        if git.objects.kind(parent) != "commit":
            raise unprocessable("Parent SHA does not exist or is not a commit object")
    author = signature_from(call, body.nested("author"), sign(call.state, call.account))
    commit = git.commit_tree(
        tree=tree,
        parents=parents,
        author=author,
        committer=signature_from(call, body.nested("committer"), author),
        message=message,
    )
    return Answer(body=git_commit(call, commit), status=HTTPStatus.CREATED)


@routes.on("GET", "/git/commits/<sha>", docs="git/commits#get-a-commit-object", needs=READ_CONTENTS)
def show_commit(call: RepositoryCall, sha: str) -> Answer:
    """Show a commit."""
    commit = call.repository.git.commit(sha)
    if commit is None:
        raise not_found()
    return Answer(body=git_commit(call, commit))


RAW = "application/vnd.github.raw; charset=utf-8"


def wants_raw(call: RepositoryCall) -> bool:
    """Whether the caller asks for bytes instead of JSON."""
    return "application/vnd.github" in call.accept and ".raw" in call.accept.replace("+", ".")


def decode_content(text: str, *, encoding: str, field: str) -> bytes:
    """Decode content that was sent as text or as base64."""
    if encoding == "base64":
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except binascii.Error:
            raise unprocessable(f"{field} is not valid Base64") from None
    if encoding != "utf-8":
        raise invalid_request(f"For 'properties/encoding', {encoding} is not utf-8 or base64.")
    return text.encode("utf-8", "replace")


def signature_from(call: RepositoryCall, body: Body | None, default: Signature) -> Signature:
    """Read who made a commit, and when; the date is now unless given."""
    if body is None:
        return default
    name, email = body.text("name"), body.text("email")
    date = body.text_or("date", None)
    when = call.state.now()
    if date is not None:
        try:
            when = datetime.fromisoformat(date)
        except ValueError:
            raise invalid_request(f"{date!r} is not a valid date-time.") from None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return replace(default, name=name, email=email, when=when)


def _tree_of(call: RepositoryCall, name: str) -> str | None:
    git = call.repository.git
    if git.objects.kind(name) == "tree":
        return name
    commit = git.resolve(name)
    return git.objects.commit(commit).tree if commit else None


def _entry(call: RepositoryCall, item: Body) -> Entry | None:
    mode = item.text_or("mode", "100644")
    kind = _MODES.get(mode)
    if kind is None:
        raise unprocessable("tree.mode is not a valid mode")
    if item.is_null("sha"):
        return None
    objects = call.repository.git.objects
    sha = item.text_or("sha", None)
    if sha is None:
        if "content" not in item:
            raise unprocessable("Must supply either tree.sha or tree.content")
        sha = objects.write("blob", item.text_or("content", "").encode("utf-8", "replace"))
    elif kind != "commit" and objects.kind(sha) != kind:
        raise unprocessable(f"tree.sha {sha} is not a valid {kind}")
    return Entry(mode=mode.lstrip("0"), sha=sha)
