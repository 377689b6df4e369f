"""Prove that a record was approved: by whom, in which pull request, on which commit of main."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from assent.core.forge import PullRequest
from assent.core.git_objects import blob_id
from assent.core.parameters import NAMED_APPROVERS
from assent.core.plan import Asked
from assent.core.record import Decision, Waiver
from assent.flows.wanted import World
from assent.ports import Forge, NotThere

__all__ = ["Proof", "Unproven", "prove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A merged and approved pull request brought the record."""

    by: tuple[str, ...]
    at: datetime
    """When it was merged."""
    pull_request: str
    """Its address."""
    commit: str
    number: int
    """The pull request's."""
    author: str
    """Who opened it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """Nothing shows that the record was approved."""

    why: str


def prove(
    world: World, forge: Forge, asked: Asked, *, waived: Sequence[Waiver] = ()
) -> Proof | Unproven:
    """Find the approved pull request that brought a record to the branch that counts.

    What is required here is a merged pull request whose branch held this very record, and enough
    approvals that stood at the merge, of others than its author and those who committed to it;
    that they are code owners of the path is what branch protection enforces.

    Args:
        world: What is read.
        forge: Where the pull requests are.
        asked: The record.
        waived: Its waivers without which a gate would stand in the way. They ask for an approval
            more, and none of those who asked for one counts.

    Raises:
        AssentError: GitHub or the clone could not be read, which is neither a yes nor a no.
    """
    path = asked.id.path
    commit = world.history.brought_by(world.head, path)
    if commit is None:
        return Unproven(why=f"no commit of {world.config.branch} brought {path}")
    pulls = forge.merged_pull_requests(commit)
    if not pulls:
        return Unproven(
            why=f"commit {commit[:12]} brought it without a merged pull request (a direct push?)"
        )
    # Merging a branch that was made from another's marks both merged; only one held the record.
    holding = (each for each in pulls if _approved_blob(world, forge, each, path) == asked.blob)
    pull = next(holding, None)
    if pull is None:
        return Unproven(
            why=f"pull request {pulls[0].url} did not hold this record: what was merged with it is "
            "not what was approved"
        )
    approvals = forge.approvals(pull)
    wrote = {pull.author, *approvals.committed}
    # GitHub tells no logins apart by their case, and people wrote these ones.
    wanting = {waiver.asked_by.lower() for waiver in waived}
    by = tuple(
        login for login in approvals.approved if login not in wrote and login.lower() not in wanting
    )
    needed = _needed(world, asked) + bool(waived)
    if len(by) < needed:
        return Unproven(
            why=f"pull request {pull.url} was merged with {len(by)} "
            f"{'approval' if len(by) == 1 else 'approvals'} of people who wrote none of it"
            f"{' and asked for no waiver' if waived else ''}; "
            f"{needed} {'is' if needed == 1 else 'are'} needed"
            f"{', one of them for what is waived' if waived else ''}"
        )
    return Proof(
        by=by[:NAMED_APPROVERS],
        at=pull.merged_at,
        pull_request=pull.url,
        commit=commit,
        number=pull.number,
        author=pull.author,
    )


def _approved_blob(world: World, forge: Forge, pull: PullRequest, path: str) -> str | None:
    """The record's blob at the head of the pull request, from the clone unless it was squashed."""
    try:
        entry = world.history.lookup(pull.head, [path]).get(path)
    except NotThere:
        content = forge.file(path, pull.head)
        return None if content is None else blob_id(content)
    return None if entry is None else entry.blob


def _needed(world: World, asked: Asked) -> int:
    """One for a no, which nothing may hold up; as many as configured for a yes."""
    if asked.record.decision is not Decision.APPROVED:
        return 1
    return world.config.approvals(asked.id.environment, asked.id.model)
