"""Prove that a record was approved: by whom, in which pull request, on which commit of main."""

from dataclasses import dataclass
from datetime import datetime

from assent.core.plan import Asked
from assent.core.record import Decision
from assent.flows.observe import World
from assent.ports import Forge

__all__ = ["Proof", "Unproven", "prove"]

_NAMED_APPROVERS = 20
"""As many as a parameter names; the pull request itself has the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A merged and approved pull request brought the record."""

    by: tuple[str, ...]
    at: datetime
    """When it was merged."""
    pull_request: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """Nothing shows that the record was approved."""

    why: str


def prove(world: World, forge: Forge, asked: Asked) -> Proof | Unproven:
    """Find the approved pull request that brought a record to the branch that counts.

    What is required here is a merged pull request and enough standing approvals of others than its
    author; that they are code owners of the path is what branch protection enforces.

    Raises:
        AssentError: GitHub or the clone could not be read, which is neither a yes nor a no.
    """
    path = asked.id.path
    commit = world.history.brought_by(world.head, path)
    if commit is None:
        return Unproven(why=f"no commit of {world.config.branch} brought {path}")
    pull = forge.merged_pull_request(commit)
    if pull is None:
        return Unproven(
            why=f"commit {commit[:12]} brought it without a merged pull request (a direct push?)"
        )
    approvals = forge.approvals(pull.number)
    by = tuple(login for login in approvals.approved if login != pull.author)
    needed = _needed(world, asked)
    if len(by) < needed:
        return Unproven(
            why=f"pull request {pull.url} has {len(by)} standing "
            f"{'approval' if len(by) == 1 else 'approvals'} of others than its author; "
            f"{needed} are needed"
        )
    return Proof(by=by[:_NAMED_APPROVERS], at=pull.merged_at, pull_request=pull.url, commit=commit)


def _needed(world: World, asked: Asked) -> int:
    """One for a no, which nothing may hold up; as many as configured for a yes."""
    if asked.record.decision is not Decision.APPROVED:
        return 1
    return world.config.approvals(asked.id.environment, asked.id.model)
