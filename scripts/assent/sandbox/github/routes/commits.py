"""Commits of a repository, comparisons of them, and the pull requests that they came by."""

from http import HTTPStatus

from assent.sandbox.github.calls import Answer, RepositoryCall
from assent.sandbox.github.errors import not_found, unprocessable
from assent.sandbox.github.merging import pulls_of_commit
from assent.sandbox.github.routing import READ_CONTENTS, READ_PULLS, repository_routes
from assent.sandbox.github.views.git import commit_json, file_change
from assent.sandbox.github.views.pulls import simple_pull
from assent.sandbox.github.views.repositories import repository_url

routes = repository_routes()

DIFF = "application/vnd.github.diff; charset=utf-8"
_FILES_AT_MOST = 300


@routes.on("GET", "/commits", docs="commits/commits#list-commits", needs=READ_CONTENTS)
def list_commits(call: RepositoryCall) -> Answer:
    """List the commits that a ref reaches, newest first, or those that touch a path."""
    git = call.repository.git
    start = git.resolve(call.query.get("sha") or call.repository.default_branch)
    if start is None:
        raise not_found()
    limits = [f"--{name}={call.query[name]}" for name in ("since", "until") if call.query.get(name)]
    listed = list(git.log(start, path=call.query.get("path"), limits=limits))
    author = call.query.get("author")
    if author:
        listed = [sha for sha in listed if _is_by(call, sha, author)]
    return call.page(listed, lambda sha: commit_json(call, sha))


@routes.on("GET", "/commits/<path:ref>", docs="commits/commits#get-a-commit", needs=READ_CONTENTS)
def show_commit(call: RepositoryCall, ref: str) -> Answer:
    """Show a commit with the files that it changed."""
    sha = call.repository.git.resolve(ref)
    if sha is None:
        raise unprocessable(f"No commit found for SHA: {ref}")
    if ".sha" in call.accept:
        return Answer(body=sha.encode(), media_type="application/vnd.github.sha; charset=utf-8")
    return Answer(body=commit_json(call, sha, with_files=True))


@routes.on(
    "GET",
    "/commits/<sha>/pulls",
    docs="commits/commits#list-pull-requests-associated-with-a-commit",
    needs=READ_PULLS,
)
def list_pulls_of_commit(call: RepositoryCall, sha: str) -> Answer:
    """List the merged pull request that brought a commit, or the open ones that hold it."""
    git = call.repository.git
    commit = git.resolve(sha)
    if commit is None:
        raise unprocessable(f"No commit found for SHA: {sha}")
    found = pulls_of_commit(call.repository, commit)
    return call.page(found, lambda issue: simple_pull(call, issue))


@routes.on(
    "GET",
    "/compare/<path:basehead>",
    docs="commits/commits#compare-two-commits",
    needs=READ_CONTENTS,
)
def compare(call: RepositoryCall, basehead: str) -> Answer:
    """Compare two commits, from where they parted."""
    git = call.repository.git
    base_name, separator, head_name = basehead.partition("...")
    base, head = (git.resolve(_own(call, name)) for name in (base_name, head_name))
    if not separator or base is None or head is None:
        raise not_found()
    ancestor = git.merge_base(base, head)
    if ancestor is None:
        raise not_found(f"No common ancestor between {base_name} and {head_name}.")
    if ".diff" in call.accept:
        return Answer(body=git.patch_text(ancestor, head).encode(), media_type=DIFF)
    ahead, behind = git.commits_between(base, head), git.commits_between(head, base)
    url = f"{repository_url(call, call.repository)}/compare/{base_name}...{head_name}"
    page = call.links.web(f"/{call.repository.full_name}/compare/{base_name}...{head_name}")
    shown = call.page(ahead, lambda sha: commit_json(call, sha))
    return Answer(
        status=HTTPStatus.OK,
        headers=shown.headers,
        body={
            "url": url,
            "html_url": page,
            "permalink_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "base_commit": commit_json(call, base),
            "merge_base_commit": commit_json(call, ancestor),
            "status": _relation(bool(ahead), bool(behind)),
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": shown.body,
            "files": [
                file_change(call, change, head)
                for change in git.difference(ancestor, head)[:_FILES_AT_MOST]
            ],
        },
    )


def _own(call: RepositoryCall, name: str) -> str:
    """Drop the owner from ``owner:branch``; branches cannot contain a colon."""
    owner, separator, branch = name.partition(":")
    if separator and owner.lower() == call.repository.owner.lower():
        return branch
    return name


def _relation(ahead: bool, behind: bool) -> str:  # noqa: FBT001 - a table of two facts
    if ahead and behind:
        return "diverged"
    if ahead:
        return "ahead"
    return "behind" if behind else "identical"


def _is_by(call: RepositoryCall, sha: str, author: str) -> bool:
    signature = call.repository.git.objects.commit(sha).author
    account = call.state.account_by_email(signature.email)
    return author == signature.email or (account is not None and account.login == author)
