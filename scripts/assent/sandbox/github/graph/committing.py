"""`createCommitOnBranch`: one commit of many files, on top of the tip that the caller names."""

import base64
import binascii
from typing import Any

from graphql import GraphQLError

from assent.sandbox.github.access import require
from assent.sandbox.github.calls import Call
from assent.sandbox.github.errors import ApiError
from assent.sandbox.github.git_objects import FILE, Entry
from assent.sandbox.github.git_refs import RefConflictError
from assent.sandbox.github.graph.paging import Object
from assent.sandbox.github.merging import sign, sign_as_github
from assent.sandbox.github.paths import checked_path
from assent.sandbox.github.pushing import branch_changed, is_bound
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.routing import WRITE_CONTENTS

__all__ = ["create_commit_on_branch"]


def create_commit_on_branch(call: Call, wanted: dict[str, Any]) -> Object:
    """Commit files to a branch, if it is where the caller expects it; GitHub is the committer."""
    branch = wanted["branch"].get("branchName")
    repository = _repository(call, wanted["branch"].get("repositoryNameWithOwner"))
    edits = _edits(repository, wanted.get("fileChanges") or {})
    message = wanted["message"]["headline"]
    if wanted["message"].get("body"):
        message += f"\n\n{wanted['message']['body']}"
    with repository.lock:
        tip = repository.branch(branch) if branch else None
        if tip is None:
            raise _refusal("NOT_FOUND", f"Could not resolve to a branch named '{branch}'.")
        if tip != wanted["expectedHeadOid"]:
            raise _stale(wanted["expectedHeadOid"])
        if is_bound(call.state, call.actor, repository, branch):
            raise _refusal("UNPROCESSABLE", "Changes must be made through a pull request.")
        git = repository.git
        commit = git.commit_tree(
            tree=git.edit_tree(git.objects.commit(tip).tree, edits),
            parents=[tip],
            author=sign(call.state, call.account),
            committer=sign_as_github(call.state),
            message=message,
        )
        try:
            git.set_branch(branch, commit.sha, expected=tip)
        except RefConflictError:
            raise _stale(tip) from None
        branch_changed(call.state, repository, branch, old=tip, new=commit.sha, actor=call.login)
    return {
        "commit": {"__typename": "Commit", "oid": commit.sha},
        "clientMutationId": wanted.get("clientMutationId"),
    }


def _repository(call: Call, name: str | None) -> Repository:
    try:
        repository = call.state.repository(name or "")
        require(call.state, call.actor, repository, WRITE_CONTENTS)
    except ApiError as refusal:
        kind = "NOT_FOUND" if refusal.status == 404 else "FORBIDDEN"  # noqa: PLR2004 - HTTP's
        raise _refusal(kind, refusal.message) from refusal
    return repository


def _edits(repository: Repository, changes: dict[str, Any]) -> dict[str, Entry | None]:
    edits: dict[str, Entry | None] = {}
    try:
        for each in changes.get("deletions") or []:
            edits[checked_path(each["path"])] = None
        for each in changes.get("additions") or []:
            content = base64.b64decode(each["contents"], validate=True)
            blob = repository.git.objects.write("blob", content)
            edits[checked_path(each["path"])] = Entry(mode=FILE, sha=blob)
    except (ApiError, binascii.Error) as error:
        raise _refusal("UNPROCESSABLE", f"A file change is not valid: {error}") from error
    return edits


def _stale(expected: str) -> GraphQLError:
    return _refusal(
        "STALE_DATA",
        f'Expected branch to point to "{expected}" but it did not.  Pull and try again.',
    )


def _refusal(kind: str, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"type": kind})
