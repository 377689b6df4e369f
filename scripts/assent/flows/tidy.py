"""Keep open promotions tidy: pages that say what is so, the newest version in front.

Nothing is remembered between runs. Each looks at what is open, works out what has to stand there
and writes what differs; so one that was cut off anywhere is completed by the next.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assent.core.config import Environment
from assent.core.errors import AssentError, Exit
from assent.core.forge import BREAK_GLASS, OpenPullRequest
from assent.core.names import RecordId, parse_package_arn, promotion_of_branch
from assent.core.outcome import Attempt, Proposed
from assent.core.package import ModelVersion
from assent.core.record import Decision, ParsedRecord, Record, parse_record
from assent.core.rendering.page.stray import stray_page
from assent.core.rendering.page_markers import is_shown, with_page
from assent.core.rendering.pull_request import SUPERSEDED, labels
from assent.core.rendering.tidying import superseded_by, superseded_comment
from assent.core.review import BrokenGlass, NewerVersion, Review
from assent.core.tidying import InForeground, NotTidied, PageRefreshed, Superseded, Tidied
from assent.flows.announce_promotion import announce
from assent.flows.assemble_review import promotion_page
from assent.flows.break_glass import glass_shown
from assent.flows.open_waiting import WaitingPromotions
from assent.flows.standing_around import Standing, record_text
from assent.flows.wanted import World
from assent.ports import Forge, NotThere, Unavailable

__all__ = ["GlassJudge", "TidyReport", "tidy"]


GlassJudge = Callable[[OpenPullRequest, RecordId], BrokenGlass | None]
"""Tells who broke the glass of a pull request, if that counts for its record; it may raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TidyReport:
    """What a run did."""

    looked_at: int
    """How many open promotions there were when it began."""
    done: tuple[Tidied, ...]

    @property
    def exit(self) -> Exit:
        """0 everything is tidy; 12 something could not be read or written."""
        if any(isinstance(each, NotTidied) for each in self.done):
            return Exit.INCOMPLETE
        return Exit.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """An open pull request that would add a record."""

    id: RecordId
    pull: OpenPullRequest


def tidy(
    world: World,
    forge: Forge,
    environments: Sequence[Environment],
    *,
    emit: Callable[[Tidied], None] = lambda _: None,
    judge_glass: GlassJudge | None = None,
) -> TidyReport:
    """Tidy the App's own open promotions into some environments.

    What a run costs follows how many are open, and not what was ever decided: they are listed once,
    and written to only where something changed.

    Args:
        world: A clone at main's head, and what is read.
        forge: Where the pull requests are.
        environments: Those whose promotions are tidied.
        emit: Called with everything that was done, as soon as it is.
        judge_glass: Asked about pull requests that carry the break-glass label, and no others;
            None to look at who put it there.

    Raises:
        AssentError: The open pull requests could not be listed.
    """
    done: list[Tidied] = []
    judge = judge_glass or _who_broke_it(world, forge)

    def record(what: Tidied) -> None:
        done.append(what)
        emit(what)

    found = [
        _Open(id=id_, pull=pull)
        for pull in forge.open_promotions()
        if (id_ := promotion_of_branch(pull.branch)) is not None
    ]
    looked_at = 0
    for environment in environments:
        here = [each for each in found if each.id.environment == environment.name]
        looked_at += len(here)
        try:
            _Environment(world, forge, environment, record, judge).tidy(here)
        except AssentError as error:
            record(_failure(environment, "the environment", error))
    return TidyReport(looked_at=looked_at, done=tuple(done))


def _who_broke_it(world: World, forge: Forge) -> GlassJudge:
    def judge(pull: OpenPullRequest, id_: RecordId) -> BrokenGlass | None:
        # The App opened it, and no App breaks any glass: no author has to be told apart.
        return glass_shown(world, forge, pull.number, author="", path=id_.path)

    return judge


def _failure(environment: Environment, what: str, error: AssentError) -> NotTidied:
    return NotTidied(
        environment=environment.name, what=what, message=error.message, hint=error.hint
    )


class _Environment:
    """The open promotions into one environment."""

    def __init__(
        self,
        world: World,
        forge: Forge,
        environment: Environment,
        emit: Callable[[Tidied], None],
        judge_glass: GlassJudge,
    ) -> None:
        self._world = world
        self._forge = forge
        self._environment = environment
        self._emit = emit
        self._judge_glass = judge_glass

    def tidy(self, found: Sequence[_Open]) -> None:
        # What waits comes first, for it may put others behind it.
        promotions = [*found, *self._opened(found)]
        if not promotions:
            return
        standing = Standing(self._world, self._environment, (each.id for each in promotions))
        newest = _newest(promotions)
        for each in promotions:
            if not self._attempted(each, standing, newest):
                return

    def _opened(self, found: Sequence[_Open]) -> list[_Open]:
        """Open what waits for a place, if any is free."""
        most = self._environment.max_open
        if most is None or len(found) >= most:
            return []
        waiting = WaitingPromotions(self._world, self._forge, self._environment, self._emit)
        try:
            opened = waiting.open(most - len(found))
        except AssentError as error:
            self._emit(_failure(self._environment, "what waits for a place", error))
            return []
        return [_Open(id=id_, pull=pull) for id_, pull in opened]

    def _attempted(
        self, each: _Open, standing: Standing, newest: Mapping[str, NewerVersion]
    ) -> bool:
        """Tidy one, and report where that fails; whether to go on with the others."""
        try:
            glass = None
            if BREAK_GLASS in {label.lower() for label in each.pull.labels}:
                glass = self._judge_glass(each.pull, each.id)
            _Promotion(self._world, self._forge, self._environment, self._emit, each).tidy(
                standing, newest[each.id.model], glass
            )
        except AssentError as error:
            self._emit(_failure(self._environment, each.pull.url, error))
            # Who is asked too often wants to be left alone, whatever is asked.
            return not (isinstance(error, Unavailable) and error.retry_after is not None)
        return True


def _newest(promotions: Iterable[_Open]) -> dict[str, NewerVersion]:
    """The newest open promotion of each model."""
    return {
        each.id.model: NewerVersion(version=each.id.version, pull_request=each.pull.url)
        for each in sorted(promotions, key=lambda each: each.id)
    }


class _Promotion:
    """One open pull request."""

    def __init__(
        self,
        world: World,
        forge: Forge,
        environment: Environment,
        emit: Callable[[Tidied], None],
        promotion: _Open,
    ) -> None:
        self._world = world
        self._forge = forge
        self._environment = environment
        self._emit = emit
        self._id = promotion.id
        self._pull = promotion.pull

    def tidy(self, standing: Standing, newest: NewerVersion, glass: BrokenGlass | None) -> None:
        newer = newest if newest.version > self._id.version else None
        self._mark(newer, standing.live_version(self._id))
        record, review = self._record(), None
        if isinstance(record, str):
            self._refresh(stray_page(self._id, record))
        else:
            review = standing.review(record, self._seen(), newer=newer, broke_glass=glass)
            self._refresh(promotion_page(review))
        if not set(labels(self._id)) & set(self._pull.labels):
            self._complete(review)

    def _mark(self, newer: NewerVersion | None, live: int | None) -> None:
        """Say that a newer version is there, once, and then put the label on; or take it off."""
        by: NewerVersion | int | None = newer
        if live is not None and live > max(self._id.version, 0 if newer is None else newer.version):
            by = live
        marked = SUPERSEDED in self._pull.labels
        if by is None:
            if marked:
                self._forge.unlabel(self._pull.number, SUPERSEDED)
                self._emit(InForeground(id=self._id, url=self._pull.url))
            return
        if marked:
            return
        number = by if isinstance(by, int) else by.version
        remarks = self._forge.conversation(self._pull.number).remarks
        if not any(each.own and superseded_by(number) in each.text for each in remarks):
            self._forge.comment(self._pull.number, superseded_comment(self._id, by))
        self._forge.label(self._pull.number, [SUPERSEDED])
        self._emit(Superseded(id=self._id, url=self._pull.url, by=number))

    def _record(self) -> Record | str:
        """The record at the head; or what it is instead of one that asks for a promotion."""
        content = record_text(self._world, self._forge, self._id, self._pull.head)
        parsed = None if content is None else parse_record(content, self._world.contracts.promotion)
        if content is None:
            return "is gone"
        if not isinstance(parsed, ParsedRecord):
            return "does not read"
        if parsed.record.id != self._id:
            return "speaks of something else"
        decision = parsed.record.decision
        return parsed.record if decision is Decision.APPROVED else f"says {decision.value}"

    def _seen(self) -> ModelVersion | None:
        registry = self._world.config.registry
        arn = parse_package_arn(registry.package_arn(self._id.model, self._id.version))
        try:
            return self._world.registry.describe(arn)
        except NotThere:
            return None

    def _refresh(self, page: str) -> None:
        """Let the page say what is so; what people wrote around it stays."""
        if is_shown(self._pull.body, page):
            return
        # People may have written since the pull requests were listed.
        body = self._forge.body(self._pull.number)
        if not is_shown(body, page):
            self._forge.edit_body(self._pull.number, with_page(body, page))
            self._emit(PageRefreshed(id=self._id, url=self._pull.url))

    def _complete(self, review: Review | None) -> None:
        """Do what whoever opened it did not come to; where they only are slow, it is done twice."""
        failure = None
        if review is None:
            self._forge.label(self._pull.number, labels(self._id))
        else:
            failure = announce(
                review,
                self._pull.number,
                self._pull.url,
                forge=self._forge,
                notices=self._world.notices,
                environment=self._environment,
            )
        self._emit(
            Proposed(
                id=self._id,
                url=self._pull.url,
                number=self._pull.number,
                attempt=Attempt.COMPLETED,
                not_notified=failure,
            )
        )
