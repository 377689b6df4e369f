"""Merging pull requests, and bringing their branches up to date."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from assent.sandbox.github.accounts import Account
from assent.sandbox.github.calls import RepositoryCall
from assent.sandbox.github.conversation import Issue, Pull
from assent.sandbox.github.errors import conflict, not_allowed, unprocessable
from assent.sandbox.github.git_objects import Signature
from assent.sandbox.github.git_refs import RefConflictError
from assent.sandbox.github.git_repository import Conflict
from assent.sandbox.github.pushing import (
    branch_changed,
    catch_up,
    is_administrator,
    merged,
)
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.reviewing import blocked_by, current_base
from assent.sandbox.github.state import State

Method = Literal["merge", "squash", "rebase"]
MergeableState = Literal["behind", "blocked", "clean", "dirty", "draft", "unknown", "unstable"]
MODIFIED = "Head branch was modified. Review and try the merge again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Mergeability:
    """Whether a pull request could be merged now."""

    mergeable: bool | None
    state: MergeableState
    test_merge: str | None
    """The commit that a merge would make; nothing names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRequest:
    """How somebody wants a pull request merged."""

    method: Method
    expected_head: str | None
    title: str | None
    message: str | None


def sign(state: State, account: Account) -> Signature:
    """Return an account's signature, now."""
    return Signature(name=account.git_name, email=account.git_email, when=state.now())


def sign_as_github(state: State) -> Signature:
    """Return the signature of commits that GitHub itself makes, now."""
    return sign(state, state.account("web-flow"))


def mergeability(state: State, repository: Repository, issue: Issue, pull: Pull) -> Mergeability:
    """Try the merge and look at the protection, without changing a branch."""
    base = repository.branch(pull.base_ref)
    if issue.state == "closed" or base is None:
        return Mergeability(mergeable=None, state="unknown", test_merge=None)
    tree = repository.git.merged_tree(base, pull.head_sha)
    if isinstance(tree, Conflict):
        return Mergeability(mergeable=False, state="dirty", test_merge=None)
    commit = repository.git.commit_tree(
        tree=tree,
        parents=[base, pull.head_sha],
        author=repository.git.objects.commit(pull.head_sha).author,
        committer=repository.git.objects.commit(pull.head_sha).committer,
        message=f"Merge {pull.head_sha} into {base}",
    )
    return Mergeability(
        mergeable=True,
        state=_merge_state(state, repository, issue, pull),
        test_merge=commit.sha,
    )


def _merge_state(state: State, repository: Repository, issue: Issue, pull: Pull) -> MergeableState:
    if pull.draft:
        return "draft"
    reason = blocked_by(state, repository, issue, pull)
    if reason is not None:
        return "behind" if "up to date" in reason else "blocked"
    latest: dict[str, str] = {}
    for status in repository.statuses.get(pull.head_sha, ()):
        latest.setdefault(status.context, status.state)
    return "clean" if all(value == "success" for value in latest.values()) else "unstable"


def merge(call: RepositoryCall, number: int, request: MergeRequest) -> str:
    """Merge a pull request and return the commit that its base branch now names.

    Raises:
        ApiError: 405 when it may not be merged, 409 when the head is not the expected one.
    """
    repository, state = call.repository, call.state
    with repository.lock:
        issue, pull = catch_up(state, repository, number)
        base = _check(call, issue, pull, request)
        match request.method:
            case "merge":
                commit = _merge_commit(call, issue, pull, base, request)
            case "squash":
                commit = _squash(call, issue, pull, base, request)
            case "rebase":
                commit = _rebase(call, pull, base)
            case _:
                assert_never(request.method)
        try:
            repository.git.set_branch(pull.base_ref, commit, expected=base)
        except RefConflictError:
            raise not_allowed("Base branch was modified. Review and try the merge again.") from None
        repository.put(merged(state, issue, pull, call.login, commit=commit, base=base))
        branch_changed(state, repository, pull.base_ref, old=base, new=commit, actor=call.login)
        return commit


def update_branch(call: RepositoryCall, number: int, expected_head: str | None) -> None:
    """Merge the base branch into a pull request's head branch.

    Raises:
        ApiError: 422 when the head is not the expected one, nothing is new, or they conflict.
    """
    repository, state = call.repository, call.state
    with repository.lock:
        issue, pull = catch_up(state, repository, number)
        if expected_head is not None and expected_head != pull.head_sha:
            raise unprocessable(
                "expected head sha didn\N{RIGHT SINGLE QUOTATION MARK}t match current head ref."
            )
        base = repository.branch(pull.base_ref)
        if issue.state == "closed" or base is None:
            raise unprocessable("The pull request is not open.")
        if repository.git.is_ancestor(base, pull.head_sha):
            raise unprocessable("There are no new commits on the base branch.")
        tree = repository.git.merged_tree(pull.head_sha, base)
        if isinstance(tree, Conflict):
            raise unprocessable("merge conflict between base and head")
        commit = repository.git.commit_tree(
            tree=tree,
            parents=[pull.head_sha, base],
            author=sign(state, call.account),
            committer=sign_as_github(state),
            message=f"Merge branch '{pull.base_ref}' into {pull.head_ref}",
        )
        repository.signed.add(commit.sha)
        repository.git.set_branch(pull.head_ref, commit.sha, expected=pull.head_sha)
        branch_changed(
            state,
            repository,
            pull.head_ref,
            old=pull.head_sha,
            new=commit.sha,
            actor=call.login,
        )


def _check(call: RepositoryCall, issue: Issue, pull: Pull, request: MergeRequest) -> str:
    """Return the base branch's tip if the merge may happen."""
    repository, state = call.repository, call.state
    base = repository.branch(pull.base_ref)
    if issue.state == "closed" or base is None:
        raise not_allowed("Pull Request is not mergeable")
    if pull.draft:
        raise not_allowed("Pull Request is still a draft")
    if request.expected_head is not None and request.expected_head != pull.head_sha:
        raise conflict(MODIFIED)
    if isinstance(repository.git.merged_tree(base, pull.head_sha), Conflict):
        raise not_allowed("Pull Request is not mergeable")
    protection = repository.protections.get(pull.base_ref)
    if protection is None:
        return base
    if protection.linear_history and request.method == "merge":
        raise not_allowed("Merge commits are not allowed on this repository.")
    if protection.enforce_admins or not is_administrator(state, call.actor, repository):
        reason = blocked_by(state, repository, issue, pull)
        if reason is not None:
            raise not_allowed(reason)
    return base


def _tree(repository: Repository, base: str, head: str) -> str:
    tree = repository.git.merged_tree(base, head)
    if isinstance(tree, Conflict):
        raise not_allowed("Pull Request is not mergeable")
    return tree


def _merge_commit(
    call: RepositoryCall, issue: Issue, pull: Pull, base: str, request: MergeRequest
) -> str:
    repository = call.repository
    title = request.title or (
        f"Merge pull request #{issue.number} from {repository.owner}/{pull.head_ref}"
    )
    return repository.git.commit_tree(
        tree=_tree(repository, base, pull.head_sha),
        parents=[base, pull.head_sha],
        author=sign(call.state, call.account),
        committer=sign_as_github(call.state),
        message=_message(title, issue.title if request.message is None else request.message),
    ).sha


def _squash(
    call: RepositoryCall, issue: Issue, pull: Pull, base: str, request: MergeRequest
) -> str:
    git, state = call.repository.git, call.state
    messages = [git.objects.commit(sha).message for sha in git.commits_between(base, pull.head_sha)]
    if len(messages) == 1:
        subject, _, rest = messages[0].partition("\n")
    else:
        subject, rest = issue.title, "\n\n".join(f"* {message}" for message in messages)
    title = request.title or f"{subject} (#{issue.number})"
    return git.commit_tree(
        tree=_tree(call.repository, base, pull.head_sha),
        parents=[base],
        author=sign(state, state.account(issue.author)),
        committer=sign_as_github(state),
        message=_message(title, rest if request.message is None else request.message),
    ).sha


def _rebase(call: RepositoryCall, pull: Pull, base: str) -> str:
    git, state = call.repository.git, call.state
    commits = [git.objects.commit(sha) for sha in git.commits_between(base, pull.head_sha)]
    if any(len(commit.parents) != 1 for commit in commits):
        raise not_allowed("This branch can't be rebased")
    tip = base
    for commit in commits:
        tree = git.replay(commit, tip)
        if isinstance(tree, Conflict):
            raise not_allowed("This branch can't be rebased")
        tip = git.commit_tree(
            tree=tree,
            parents=[tip],
            author=commit.author,
            committer=sign(state, call.account),
            message=commit.message,
        ).sha
    return tip


def _message(title: str, body: str) -> str:
    return f"{title}\n\n{body.strip()}" if body.strip() else title


def commits_of(repository: Repository, pull: Pull) -> Sequence[str]:
    """Name a pull request's commits, oldest first."""
    return repository.git.commits_between(current_base(repository, pull), pull.head_sha)


def pulls_of_commit(repository: Repository, commit: str) -> Sequence[Issue]:
    """Find the merged pull request that brought a commit, or the open ones that hold it."""
    git, pulls = repository.git, repository.pulls()
    tip = repository.branch(repository.default_branch)
    arrived = tip is not None and git.is_ancestor(commit, tip)
    made = [issue for issue, pull in pulls if arrived and pull.merge_commit_sha == commit]
    return made or [
        issue
        for issue, pull in pulls
        if (pull.merged_at is not None) is arrived
        and (arrived or issue.state == "open")
        and (commit in commits_of(repository, pull) or commit in _rebased(repository, pull))
    ]


def _rebased(repository: Repository, pull: Pull) -> Sequence[str]:
    """Name the commits that merging made on the base branch, where there are several."""
    if pull.merged_at is None or pull.merge_commit_sha is None:
        return ()
    git = repository.git
    if len(git.objects.commit(pull.merge_commit_sha).parents) != 1:
        return ()
    return git.commits_between(pull.base_sha, pull.merge_commit_sha)
