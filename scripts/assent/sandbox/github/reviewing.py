"""What reviews amount to: who approved, who still has to, and which approvals went stale."""

from dataclasses import dataclass, replace
from functools import lru_cache

from assent.sandbox.github.codeowners import LOCATIONS, Rule, owners_of, parse
from assent.sandbox.github.conversation import Event, Issue, Pull, Review
from assent.sandbox.github.errors import ApiError
from assent.sandbox.github.git_diff import FileChange, fingerprint
from assent.sandbox.github.protection import Protection
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.state import State

_OPINIONS = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """The owners of some of the changed files; one of them has to approve."""

    names: tuple[str, ...]
    """As CODEOWNERS says it: logins, and teams as ``organization/team``."""
    logins: frozenset[str]
    """The people who can give that approval."""


def three_dot_difference(repository: Repository, base: str, head: str) -> tuple[FileChange, ...]:
    """Say what a head changes since it left a base: the files of a pull request."""
    ancestor = repository.git.merge_base(base, head)
    return repository.git.difference(ancestor or base, head)


def current_base(repository: Repository, pull: Pull) -> str:
    """Return the commit to compare a pull request with: its base branch, or where it was merged."""
    if pull.merged_at is not None:
        return pull.base_sha
    return repository.branch(pull.base_ref) or pull.base_sha


def opinions(pull: Pull) -> dict[str, Review]:
    """Return everybody's last review that says yes or no, dismissed ones included."""
    return {review.author: review for review in pull.reviews if review.state in _OPINIONS}


def approvers(state: State, repository: Repository, issue: Issue, pull: Pull) -> set[str]:
    """Return who approves with effect: not the author, and only those with write access."""
    return {
        login
        for login, review in opinions(pull).items()
        if review.state == "APPROVED"
        and login != issue.author
        and state.may_write(repository, login)
    }


def ownerships(state: State, repository: Repository, pull: Pull) -> list[Ownership]:
    """Return whose approval the changed files ask for, by the base branch's CODEOWNERS."""
    base = current_base(repository, pull)
    rules = _rules_at(repository, base)
    if not rules:
        return []
    found: dict[tuple[str, ...], Ownership] = {}
    for change in three_dot_difference(repository, base, pull.head_sha):
        for path in filter(None, (change.path, change.previous)):
            owners = owners_of(rules, path)
            if owners and owners not in found:
                found[owners] = _eligible(state, repository, owners)
    return [ownership for ownership in found.values() if ownership.logins]


def blocked_by(state: State, repository: Repository, issue: Issue, pull: Pull) -> str | None:
    """Return what the base branch's protection still asks for, in GitHub's words; None if nothing.

    Administrators may pass all the same, unless the protection binds them too.
    """
    protection = repository.protections.get(pull.base_ref)
    if protection is None:
        return None
    reasons: list[str] = []
    if protection.require_pull_request:
        reasons += _missing_reviews(state, repository, issue, pull, protection)
    reasons += _missing_checks(repository, pull, protection)
    return " ".join(reasons) or None


def dismiss_stale(
    state: State, repository: Repository, before: Issue, after: Issue, *, actor: str
) -> Issue:
    """Dismiss the approvals that were given to a difference that is no longer there."""
    old, new = before.pull, after.pull
    if old is None or new is None:
        return after
    protection = repository.protections.get(new.base_ref)
    if protection is None or not (protection.require_pull_request and protection.dismiss_stale):
        return after
    if not any(review.state == "APPROVED" for review in new.reviews):
        return after
    if _seen(repository, old) == _seen(repository, new):
        return after
    for review in new.reviews:
        if review.state == "APPROVED":
            after = dismiss(state, after, review, actor=actor, message="")
    return after


def dismiss(state: State, issue: Issue, review: Review, *, actor: str, message: str) -> Issue:
    """Take back a review's say, and leave the event that tells of it."""
    pull = issue.pull
    if pull is None:
        return issue
    event = Event(
        id=state.next_id(),
        name="review_dismissed",
        actor=actor,
        created_at=state.now(),
        details={
            "dismissed_review": {
                "state": review.state.lower(),
                "review_id": review.id,
                "dismissal_message": message or None,
                "dismissal_commit_id": pull.head_sha,
            }
        },
    )
    reviews = tuple(
        replace(other, state="DISMISSED") if other.id == review.id else other
        for other in pull.reviews
    )
    return replace(
        issue,
        pull=replace(pull, reviews=reviews),
        events=(*issue.events, event),
        updated_at=event.created_at,
    )


def _seen(repository: Repository, pull: Pull) -> tuple[object, ...]:
    base = repository.branch(pull.base_ref) or pull.base_sha
    return fingerprint(three_dot_difference(repository, base, pull.head_sha))


def _missing_reviews(
    state: State, repository: Repository, issue: Issue, pull: Pull, protection: Protection
) -> list[str]:
    given = approvers(state, repository, issue, pull)
    against = [
        login
        for login, review in opinions(pull).items()
        if review.state == "CHANGES_REQUESTED" and state.may_write(repository, login)
    ]
    if against:
        plural = "s" if len(against) > 1 else ""
        return [f"{len(against)} review{plural} requesting changes by reviewers with write access."]
    if protection.require_code_owners:
        waiting: dict[str, None] = {}
        for ownership in ownerships(state, repository, pull):
            if not ownership.logins & given:
                waiting |= dict.fromkeys(ownership.names)
        if waiting:
            return [f"Waiting on code owner review from {' and/or '.join(waiting)}."]
    needed = protection.required_approvals
    if len(given) < needed:
        noun = "review is" if needed == 1 else "reviews are"
        return [f"At least {needed} approving {noun} required by reviewers with write access."]
    if protection.require_last_push_approval and not given - {pull.last_pusher}:
        return ["New changes require approval from someone other than the last pusher."]
    return []


def _missing_checks(repository: Repository, pull: Pull, protection: Protection) -> list[str]:
    reasons = []
    latest: dict[str, str] = {}
    for status in repository.statuses.get(pull.head_sha, ()):
        latest.setdefault(status.context, status.state)
    wanting = [c for c in protection.required_checks if latest.get(c) != "success"]
    if len(wanting) == 1:
        word = latest.get(wanting[0], "expected")
        reasons.append(f'Required status check "{wanting[0]}" is {word}.')
    elif wanting:
        total = len(protection.required_checks)
        reasons.append(f"{len(wanting)} of {total} required status checks are expected.")
    if protection.strict_checks:
        tip = repository.branch(pull.base_ref)
        if tip is not None and not repository.git.is_ancestor(tip, pull.head_sha):
            reasons.append("The head branch is not up to date with the base branch.")
    return reasons


def _rules_at(repository: Repository, commit: str) -> tuple[Rule, ...]:
    tree = repository.git.objects.commit(commit).tree
    for location in LOCATIONS:
        entry = repository.git.entry_at(tree, location)
        if entry is not None and entry.kind == "blob":
            return _parsed(repository.git.objects.blob(entry.sha))
    return ()


@lru_cache(maxsize=64)
def _parsed(content: bytes) -> tuple[Rule, ...]:
    return parse(content.decode("utf-8", "replace"))


def _eligible(state: State, repository: Repository, owners: tuple[str, ...]) -> Ownership:
    names: list[str] = []
    logins: set[str] = set()
    for owner in owners:
        people = {login for login in _people(state, owner) if state.may_write(repository, login)}
        if people:
            names.append(owner)
            logins |= people
    return Ownership(names=tuple(names), logins=frozenset(logins))


def _people(state: State, owner: str) -> tuple[str, ...]:
    """Return the logins behind an owner; nobody for one that does not exist."""
    if "@" in owner:
        account = state.account_by_email(owner)
        return (account.login,) if account else ()
    try:
        if "/" in owner:
            return state.team(*owner.split("/", 1)).members
        return (state.account(owner).login,)
    except ApiError:
        return ()
