"""Moving branches, and what follows for the pull requests that come from them or go to them."""

from dataclasses import replace

from assent.sandbox.github.access import Actor, AsAccount
from assent.sandbox.github.accounts import InstallationToken, Role
from assent.sandbox.github.conversation import Event, Issue, Pull, StateReason
from assent.sandbox.github.git_refs import ABSENT
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.reviewing import dismiss_stale
from assent.sandbox.github.state import State


def new_event(
    state: State,
    name: str,
    actor: str,
    *,
    commit_id: str | None = None,
    **details: object,
) -> Event:
    """Return an event that happens now."""
    return Event(
        id=state.next_id(),
        name=name,
        actor=actor,
        created_at=state.now(),
        commit_id=commit_id,
        details=details,
    )


def closed(state: State, issue: Issue, actor: str, *, reason: StateReason | None = None) -> Issue:
    """Return an issue as somebody closes it now."""
    now = state.now()
    return replace(
        issue,
        state="closed",
        state_reason=reason,
        closed_at=now,
        closed_by=actor,
        updated_at=now,
        events=(*issue.events, new_event(state, "closed", actor)),
    )


def merged(state: State, issue: Issue, pull: Pull, actor: str, *, commit: str, base: str) -> Issue:
    """Return a pull request as somebody merges it now: merged, then closed."""
    now = state.now()
    done = replace(
        issue,
        pull=replace(pull, merged_at=now, merged_by=actor, merge_commit_sha=commit, base_sha=base),
        events=(*issue.events, new_event(state, "merged", actor, commit_id=commit)),
    )
    return closed(state, done, actor)


def is_bound(state: State, actor: Actor, repository: Repository, branch: str) -> bool:
    """Whether a branch's protection keeps this caller from changing the branch directly."""
    protection = repository.protections.get(branch)
    if protection is None or not (protection.require_pull_request or protection.required_checks):
        return False
    return protection.enforce_admins or not is_administrator(state, actor, repository)


def is_administrator(state: State, actor: Actor, repository: Repository) -> bool:
    """Whether the caller administers the repository; an App's bot never does."""
    return (
        isinstance(actor, AsAccount)
        and not isinstance(actor.token, InstallationToken)
        and state.role(repository, actor.login) >= Role.ADMIN
    )


def point_pull_ref(repository: Repository, issue: Issue, pull: Pull) -> None:
    """Let ``refs/pull/<n>/head`` name the pull request's head."""
    name = f"refs/pull/{issue.number}/head"
    present = repository.git.refs.read(name)
    if present != pull.head_sha:
        repository.git.refs.change(name, pull.head_sha, expected=present or ABSENT)


def branch_changed(
    state: State,
    repository: Repository,
    branch: str,
    *,
    old: str | None,
    new: str | None,
    actor: str,
) -> None:
    """Bring the pull requests into line with a branch that was created, moved or deleted.

    The caller holds the repository's lock. Open pull requests from the branch get its new head,
    or are closed by whoever deleted it; those into it whose commits arrived are merged.
    """
    if old == new:
        return
    repository.pushed_at = state.now()
    for issue, pull in repository.pulls():
        if pull.head_ref == branch:
            if new is None:
                _head_deleted(state, repository, issue, actor)
            elif issue.state == "open" and pull.head_sha != new:
                _synchronize(state, repository, issue, new=new, actor=actor)
            elif old is None and issue.state == "closed":
                event = new_event(state, "head_ref_restored", actor)
                repository.put(replace(issue, events=(*issue.events, event)))
        elif pull.base_ref == branch and issue.state == "open" and new is None:
            repository.put(closed(state, issue, actor))
    if old is not None and new is not None:
        _mark_arrived(state, repository, branch, old=old, new=new, actor=actor)


def catch_up(state: State, repository: Repository, number: int) -> tuple[Issue, Pull]:
    """Return a pull request whose head is what its branch says.

    They differ only when somebody changed the bare repository behind the server's back.
    """
    issue, pull = repository.pull(number)
    if issue.state == "open" and repository.branch(pull.head_ref) != pull.head_sha:
        with repository.lock:
            issue, pull = repository.pull(number)
            branch_changed(
                state,
                repository,
                pull.head_ref,
                old=pull.head_sha,
                new=repository.branch(pull.head_ref),
                actor=pull.last_pusher,
            )
            issue, pull = repository.pull(number)
    return issue, pull


def _head_deleted(state: State, repository: Repository, issue: Issue, actor: str) -> None:
    event = new_event(state, "head_ref_deleted", actor)
    issue = replace(issue, events=(*issue.events, event))
    repository.put(closed(state, issue, actor) if issue.state == "open" else issue)


def _synchronize(
    state: State, repository: Repository, issue: Issue, *, new: str, actor: str
) -> None:
    pull = issue.pull
    if pull is None:
        return
    moved = replace(
        pull,
        head_sha=new,
        base_sha=repository.branch(pull.base_ref) or pull.base_sha,
        last_pusher=actor,
    )
    after = replace(issue, pull=moved, updated_at=state.now())
    if not repository.git.is_ancestor(pull.head_sha, new):
        event = new_event(state, "head_ref_force_pushed", actor, commit_id=new)
        after = replace(after, events=(*after.events, event))
    repository.put(dismiss_stale(state, repository, issue, after, actor=actor))
    point_pull_ref(repository, issue, moved)


def _mark_arrived(
    state: State, repository: Repository, branch: str, *, old: str, new: str, actor: str
) -> None:
    waiting = [
        (issue, pull)
        for issue, pull in repository.pulls()
        if issue.state == "open" and pull.base_ref == branch
    ]
    if not waiting:
        return
    arrived = set(repository.git.commits_between(old, new))
    for issue, pull in waiting:
        if pull.head_sha in arrived:
            repository.put(merged(state, issue, pull, actor, commit=new, base=old))
