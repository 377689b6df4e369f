"""References, objects, contents and commits as JSON."""

import base64
from urllib.parse import quote

from assent.sandbox.github.calls import Call, Json, RepositoryCall
from assent.sandbox.github.git_diff import FileChange
from assent.sandbox.github.git_objects import Commit, Entry, Signature
from assent.sandbox.github.views.people import account_json, node_id, timestamp
from assent.sandbox.github.views.repositories import repository_url

INLINE_AT_MOST = 1024 * 1024
"""Bytes of a file that the contents API sends in its answer; larger ones come empty."""


def ref_json(call: RepositoryCall, name: str, sha: str) -> Json:
    """Show a reference."""
    repository = call.repository
    base = f"/repos/{repository.full_name}/git"
    kind = repository.git.objects.kind(sha) or "commit"
    return {
        "ref": name,
        "node_id": node_id("REF", name),
        "url": call.links.api(f"{base}/{name}"),
        "object": {"sha": sha, "type": kind, "url": call.links.api(f"{base}/{kind}s/{sha}")},
    }


def blob_json(call: RepositoryCall, sha: str, content: bytes) -> Json:
    """Show a blob."""
    return {
        "sha": sha,
        "node_id": node_id("B", sha),
        "size": len(content),
        "url": f"{repository_url(call, call.repository)}/git/blobs/{sha}",
        "content": encoded(content),
        "encoding": "base64",
    }


def tree_json(
    call: RepositoryCall, sha: str, entries: list[tuple[str, Entry]], *, truncated: bool = False
) -> Json:
    """Show a tree."""
    base = f"{repository_url(call, call.repository)}/git"
    shown = []
    for path, entry in entries:
        item: Json = {
            "path": path,
            "mode": entry.mode.zfill(6),
            "type": entry.kind,
            "sha": entry.sha,
            "url": f"{base}/{entry.kind}s/{entry.sha}",
        }
        if entry.kind == "blob":
            item["size"] = len(call.repository.git.objects.blob(entry.sha))
        shown.append(item)
    return {"sha": sha, "url": f"{base}/trees/{sha}", "tree": shown, "truncated": truncated}


def signature_json(signature: Signature) -> Json:
    """Show who made a commit, and when."""
    return {
        "name": signature.name,
        "email": signature.email,
        "date": timestamp(signature.when),
    }


_UNSIGNED: Json = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


def _verification(call: RepositoryCall, sha: str) -> Json:
    """Say whether GitHub vouches for who made a commit."""
    if sha not in call.repository.signed:
        return dict(_UNSIGNED)
    return {**_UNSIGNED, "verified": True, "reason": "valid"}


def git_commit(call: RepositoryCall, commit: Commit) -> Json:
    """Show a commit as the git data API does."""
    url = repository_url(call, call.repository)
    page = call.links.web(f"/{call.repository.full_name}/commit")
    return {
        "sha": commit.sha,
        "node_id": node_id("C", commit.sha),
        "url": f"{url}/git/commits/{commit.sha}",
        "html_url": f"{page}/{commit.sha}",
        "author": signature_json(commit.author),
        "committer": signature_json(commit.committer),
        "tree": {"sha": commit.tree, "url": f"{url}/git/trees/{commit.tree}"},
        "message": commit.message,
        "parents": [
            {"sha": parent, "url": f"{url}/git/commits/{parent}", "html_url": f"{page}/{parent}"}
            for parent in commit.parents
        ],
        "verification": _verification(call, commit.sha),
    }


def commit_json(call: RepositoryCall, sha: str, *, with_files: bool = False) -> Json:
    """Show a commit as the repository API does."""
    git = call.repository.git
    commit = git.objects.commit(sha)
    url = repository_url(call, call.repository)
    page = call.links.web(f"/{call.repository.full_name}/commit")
    shown: Json = {
        "sha": sha,
        "node_id": node_id("C", sha),
        "commit": {
            "author": signature_json(commit.author),
            "committer": signature_json(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": f"{url}/git/trees/{commit.tree}"},
            "url": f"{url}/git/commits/{sha}",
            "comment_count": 0,
            "verification": _verification(call, sha),
        },
        "url": f"{url}/commits/{sha}",
        "html_url": f"{page}/{sha}",
        "comments_url": f"{url}/commits/{sha}/comments",
        "author": _account_of(call, commit.author),
        "committer": _account_of(call, commit.committer),
        "parents": [
            {"sha": parent, "url": f"{url}/commits/{parent}", "html_url": f"{page}/{parent}"}
            for parent in commit.parents
        ],
    }
    if with_files:
        changes = git.changes_in(sha)
        additions = sum(change.additions for change in changes)
        deletions = sum(change.deletions for change in changes)
        shown["stats"] = {
            "total": additions + deletions,
            "additions": additions,
            "deletions": deletions,
        }
        shown["files"] = [file_change(call, change, sha) for change in changes]
    return shown


def file_change(call: RepositoryCall, change: FileChange, sha: str) -> Json:
    """Show one file's part in a difference that ends at a commit."""
    repository = call.repository
    shown: Json = {
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": call.links.web(f"/{repository.full_name}/blob/{sha}/{change.path}"),
        "raw_url": call.links.web(f"/{repository.full_name}/raw/{sha}/{change.path}"),
        "contents_url": _contents_url(call, change.path, sha),
    }
    if change.patch is not None:
        shown["patch"] = change.patch
    if change.previous is not None:
        shown["previous_filename"] = change.previous
    return shown


def content_json(
    call: RepositoryCall, path: str, entry: Entry, ref: str, *, with_content: bool = True
) -> Json:
    """Show a file, a directory or a submodule as the contents API does."""
    repository = call.repository
    url = _contents_url(call, path, ref)
    kind = {"blob": "file", "tree": "dir", "commit": "submodule"}[entry.kind]
    page_kind = "tree" if kind == "dir" else "blob"
    page = call.links.web(f"/{repository.full_name}/{page_kind}/{ref}/{path}")
    git_url = f"{repository_url(call, repository)}/git/{entry.kind}s/{entry.sha}"
    content = repository.git.objects.blob(entry.sha) if kind == "file" else b""
    shown: Json = {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": entry.sha,
        "size": len(content),
        "url": url,
        "html_url": page,
        "git_url": git_url,
        "download_url": (
            call.links.web(f"/{repository.full_name}/raw/{ref}/{path}") if kind == "file" else None
        ),
        "type": kind,
        "_links": {"self": url, "git": git_url, "html": page},
    }
    if kind == "file" and with_content:
        inline = len(content) <= INLINE_AT_MOST
        shown["content"] = encoded(content) if inline else ""
        shown["encoding"] = "base64" if inline else "none"
    return shown


def encoded(content: bytes) -> str:
    """Encode bytes the way GitHub does: base64 in lines of 60 characters."""
    text = base64.b64encode(content).decode()
    return "".join(f"{text[at : at + 60]}\n" for at in range(0, len(text), 60))


def _contents_url(call: RepositoryCall, path: str, ref: str) -> str:
    base = call.links.api(f"/repos/{call.repository.full_name}/contents/{path}")
    return f"{base}?ref={quote(ref, safe='/')}"


def _account_of(call: Call, signature: Signature) -> Json | None:
    account = call.state.account_by_email(signature.email)
    return None if account is None else account_json(call, account)
