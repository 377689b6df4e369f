"""Prove that a record was approved: by whom, in which pull request, on which commit of main.

Branch protection may be switched off, bypassed or misconfigured. So nothing is taken from it: what
counts are the reviews themselves, and who gave them on which commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from assent.core.approval import Approval, Bringing, Review, ReviewState, Shown, last_words
from assent.core.changes import Asked, Reason
from assent.core.config import Config
from assent.core.errors import AssentError
from assent.core.identities import RegistrarKind
from assent.core.imports import early_setting, is_import, late_import
from assent.core.objections import (
    Objection,
    Verdict,
    Yardstick,
    judges_records,
    objection_to,
    shortfall,
)
from assent.core.parameters import NAMED_APPROVERS
from assent.core.record import Decision, Waiver
from assent.flows.origins import Origin, Origins
from assent.flows.ownership import CloneAt, is_code_owner
from assent.flows.wanted import World
from assent.ports import Forge

__all__ = ["Proof", "Unproven", "prove", "prove_at"]

_CANDIDATES = frozenset({ReviewState.APPROVED, ReviewState.DISMISSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A merged and approved pull request brought the record."""

    by: tuple[str, ...]
    at: datetime
    """When it was merged."""
    pull_request: str
    """Its address."""
    commit: str
    base: str
    """The commit of the branch that counts before all that the pull request brought, whose
    CODEOWNERS counted."""
    number: int
    """The pull request's."""
    author: str
    """Who opened it."""
    approvals: tuple[Approval, ...]
    """What everybody said last before the merge, and whether it counted."""
    registered_before: datetime | None = None
    """Of a yes: the earlier of the times before which `assent.yaml` lets what was registered be
    imported, of those before the pull request and now; None where one of them names no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """Nothing shows that the record was approved."""

    reason: Reason
    why: str
    shown: Shown | None = None
    """What there was all the same; None where no pull request held the record."""


def prove(
    world: World, forge: Forge, origins: Origins, asked: Asked, *, waived: Sequence[Waiver] = ()
) -> Proof | Unproven:
    """Find the approved pull request that brought a record to the branch that counts.

    What is required is a merged pull request whose branch held this very record, and enough
    approvals of it that stood at the merge: each by a code owner, by the CODEOWNERS of the commit
    before all that it brought, and on a commit that held this very record. Its author, those who
    wrote the record, bots, and for a yes whoever registered the model do not count. Once enough are
    found, nobody is asked about the others.

    Args:
        world: What is read.
        forge: Where the pull requests are.
        origins: How records came to the branch.
        asked: The record.
        waived: Its waivers without which a gate would stand in the way. They ask for an approval
            more, and none of those who asked for one counts.

    Raises:
        AssentError: GitHub or the clone could not be read, which is neither a yes nor a no.
    """
    return prove_at(origins.of(asked.id.path), world, forge, origins, asked, waived=waived)


def prove_at(
    origin: Origin | None,
    world: World,
    forge: Forge,
    origins: Origins,
    asked: Asked,
    *,
    waived: Sequence[Waiver] = (),
) -> Proof | Unproven:
    """Find the approval of a record that may not be main's any more; see `prove`.

    Args:
        origin: How the record came to the branch.
        world: As `prove`.
        forge: As `prove`.
        origins: What reads earlier configurations.
        asked: The record.
        waived: As `prove`.
    """
    if origin is None or origin.base is None or not origin.pulls:
        return _pushed(world, asked, origin)
    pull = origin.holding(asked.blob)
    if pull is None:
        return Unproven(
            reason=Reason.NOT_WHAT_WAS_APPROVED,
            why=f"pull request {origin.pulls[0].url} did not hold this record: what was merged "
            "with it is not what was approved",
        )
    landing = origins.landing(origin, pull, asked.id.path)
    if landing.base is None:
        why = f"pull request {pull.url} brought the first commit of {world.config.branch}"
        return Unproven(reason=Reason.RULES_CHANGED_ALONG, why=why)
    places = (origin.commit, landing.base, landing.end)
    return _Case(world, forge, asked, pull, *places, tuple(waived)).proof(origins)


def _pushed(world: World, asked: Asked, origin: Origin | None) -> Unproven:
    branch, path = world.config.branch, asked.id.path
    if origin is None:
        why = f"no commit of {branch} brought {path}"
    elif origin.base is None:
        why = f"the first commit of {branch}, {origin.commit[:12]}, brought it"
    else:
        why = (
            f"commit {origin.commit[:12]} brought it without a merged pull request (a direct push?)"
        )
    return Unproven(reason=Reason.DIRECT_PUSH, why=why)


@dataclass(frozen=True, slots=True)
class _Case:
    """One record, and the pull request that is to prove it."""

    world: World
    forge: Forge
    asked: Asked
    pull: Bringing
    commit: str
    base: str
    end: str
    waived: tuple[Waiver, ...]

    def proof(self, origins: Origins) -> Proof | Unproven:
        configs: tuple[Config, ...] = ()
        # Of a branch that was pushed as it is, what main held before it may be on no line of ours.
        if self._rises or self.commit in self.pull.commits:
            changed = self._rules_changed()
            if changed is not None:
                return self._unproven(Reason.RULES_CHANGED_ALONG, changed)
        if self._rises:
            # Neither what a later change lowered nor what one raised is got around.
            both = (self.world.config, origins.config_at(self.base))
            configs = both
            late = self._late(both)
            if late is not None:
                return self._unproven(Reason.IMPORT_REFUSED, late)
            unknown = self._unknown(configs)
            if unknown is not None:
                return self._unproven(Reason.CREATOR_UNKNOWN, unknown)
        yardstick = self._yardstick(configs)
        verdicts, unread = self._verdicts(yardstick)
        short = shortfall(verdicts, self.pull, yardstick.needed, waived=bool(self.waived))
        if short is not None and unread is not None:
            raise unread
        if short is not None:
            return self._unproven(short.reason, short.why, verdicts)
        counted = [each.approval.review.by for each in verdicts if each.approval.counted]
        return Proof(
            by=tuple(counted[:NAMED_APPROVERS]),
            at=self.pull.merged_at,
            pull_request=self.pull.url,
            commit=self.commit,
            base=self.base,
            number=self.pull.number,
            author=self.pull.author,
            approvals=tuple(each.approval for each in verdicts),
            registered_before=_earliest(configs),
        )

    def _unproven(
        self, reason: Reason, why: str, verdicts: Sequence[Verdict] | None = None
    ) -> Unproven:
        """Refuse it; without verdicts nothing that anybody said counts, for the same reason."""
        if verdicts is None:
            said = last_words(self.pull.reviews, self.pull.merged_at)
            verdicts = [_uncounted(review, why) for review in said]
        approvals = tuple(each.approval for each in verdicts)
        shown = Shown(author=self.pull.author, approvals=approvals, short=why)
        return Unproven(reason=reason, why=why, shown=shown)

    @property
    def _rises(self) -> bool:
        return self.asked.record.decision is Decision.APPROVED

    def _rules_changed(self) -> str | None:
        """Say that what judges the record changed along with it, if it did."""
        touched = {*self.pull.files, *self.world.history.touched(self.base, self.end)}
        found = sorted(path for path in touched if judges_records(path))
        if not found:
            return None
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return f"pull request {self.pull.url} also changed {found[0]}{more}, which judges records"

    def _late(self, configs: tuple[Config, Config]) -> str | None:
        """Say that an import was not to be had by the rules of before it, or of now."""
        if not is_import(self.asked.record):
            return None
        created = self.asked.record.package.created
        # What counts is what was over when it was merged, and what is now.
        now, before = configs
        found = [late_import(created, each) for each in configs]
        found.append(early_setting(before, self.pull.merged_at))
        found.append(early_setting(now, self.world.clock.now()))
        return next((each for each in found if each is not None), None)

    def _unknown(self, configs: Sequence[Config]) -> str | None:
        """Say whom nobody knows, where that holds a yes up."""
        if not any(each.identities.strict for each in configs):
            return None
        by = self.asked.record.package.created_by
        kinds = {each.identities.registrar(by).kind for each in configs}
        if kinds == {RegistrarKind.UNKNOWN}:
            who = "an unnamed principal" if by is None else by
            return f"identities is strict, and does not say who registered the model as {who}"
        for commit in self.pull.written:
            if commit.unknown:
                return (
                    f"identities is strict, and commit {commit.id[:12]}, which changed the record, "
                    f"names {commit.unknown[0]}, an address that belongs to no account"
                )
        return None

    def _yardstick(self, configs: Sequence[Config]) -> Yardstick:
        id_, by = self.asked.id, self.asked.record.package.created_by
        # An environment that the earlier configuration does not have asked for nothing then.
        needed = [
            each.approvals(id_.environment, id_.model)
            for each in configs
            if id_.environment in each.ladder
        ]
        registrars = (each.identities.registrar(by) for each in configs)
        return Yardstick(
            blob=self.asked.blob,
            needed=max(needed, default=1) + bool(self.waived),
            # GitHub tells no logins apart by their case, and people wrote these ones.
            registrars=frozenset(each.login.lower() for each in registrars if each.login),
            askers=frozenset(each.asked_by.lower() for each in self.waived),
        )

    def _verdicts(self, yardstick: Yardstick) -> tuple[list[Verdict], AssentError | None]:
        """Judge everybody's last word, and note what could not be found out."""
        verdicts: list[Verdict] = []
        unread: AssentError | None = None
        counted = 0
        for review in last_words(self.pull.reviews, self.pull.merged_at):
            if review.state not in _CANDIDATES:
                verdicts.append(_uncounted(review, "asked for changes"))
                continue
            objection = objection_to(review, self.pull, yardstick)
            if objection is None and counted >= yardstick.needed:
                verdicts.append(_uncounted(review, ""))
                continue
            try:
                verdicts.append(Verdict.of(review, objection or self._not_owning(review)))
            except AssentError as error:
                if error.retryable:
                    raise
                unread = unread or error
                verdicts.append(_uncounted(review, "may own the record or not: it is not shown"))
            counted += verdicts[-1].approval.counted
        return verdicts, unread

    def _not_owning(self, review: Review) -> Objection | None:
        path = self.asked.id.path
        clone = CloneAt(history=self.world.history, head=self.base)
        if is_code_owner(clone, self.forge, review.by, path):
            return None
        why = f"is no code owner of {path} who may write"
        return Objection(reason=Reason.APPROVED_BY_NON_OWNER, why=why)


def _earliest(configs: Sequence[Config]) -> datetime | None:
    times = [each.imports.registered_before for each in configs if each.imports is not None]
    return min(times) if times and len(times) == len(configs) else None


def _uncounted(review: Review, why: str) -> Verdict:
    return Verdict(approval=Approval(review=review, counted=False, why=why))
