"""Tell GitHub what is in effect: a comment on each decision's pull request, and deployments.

Both come after everything that counts, and what fails of them holds up nothing: it is tried again.
What was told is looked for on GitHub itself, so a run that was cut off is made up for by the next.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial

from assent.core.closing import answered
from assent.core.deployment import Deployment, LiveVersion, place_of
from assent.core.errors import AssentError
from assent.core.imports import is_import
from assent.core.parameters import HistoryEntry
from assent.core.plan import Asked
from assent.core.record import Decision
from assent.core.rendering.applied import (
    MOST_TOLD,
    Effect,
    applied_comment,
    applied_mark,
    imported_comment,
)
from assent.core.rendering.notices import imported_notice
from assent.flows.progress import Progress
from assent.flows.set_current import Live
from assent.ports import Deployments, Forge, NotThere

__all__ = ["Announcer"]

_RECENT = timedelta(days=2)
"""In a full comparison, only what took effect so lately is looked at: a run that was cut off may
have left it untold. All else was told when it happened, and would cost a call each."""
_NUMBER = re.compile(r"/pull/([1-9][0-9]{0,17})\Z", re.ASCII)


class Announcer:
    """Tells of one environment's run.

    Args:
        run: What took effect.
        forge: Where the pull requests are.
        live: By model, what `current` names. One that could not be set is told of by a later run.
    """

    def __init__(self, run: Progress, forge: Forge, live: Mapping[str, Live]) -> None:
        self._run = run
        self._forge = forge
        self._live = live
        self._silent = False
        """Whether GitHub does not answer; it is not asked about the rest then."""

    def announce(self) -> None:
        """Tell all that may not have been told yet."""
        decided = list(self._decided())
        self._tell_of_imports([each for each in decided if is_import(each.record)])
        for asked in decided:
            if is_import(asked.record) and asked.record.decision is Decision.APPROVED:
                continue
            self._attempt(asked.id.path, [asked.id.path], partial(self._say, asked))
        deployments = self._run.world.deployments
        if deployments is None:
            return
        for model, live in self._live.items():
            if self._is_looked_at(model):
                step = _Showing(self._run, deployments, model, live)
                self._attempt(model, self._paths(model), step.show)

    def _attempt(self, what: str, paths: Iterable[str], step: Callable[[], None]) -> None:
        if not self._silent:
            try:
                step()
            except AssentError as error:
                self._silent = error.retryable
                self._run.fail(what, error)
            else:
                return
        self._run.retry.update(paths)

    def _paths(self, model: str) -> list[str]:
        """Paths by which the next run looks at a model again."""
        known = (id_.path for id_ in self._run.histories if id_.model == model)
        return [*self._run.paths(model)] or [*known][:1]

    def _is_recent(self, entry: HistoryEntry | None) -> bool:
        return entry is not None and self._run.seen.actual.now - entry.applied_at <= _RECENT

    def _is_looked_at(self, model: str) -> bool:
        if not self._run.seen.everything or self._live[model].has_moved:
            return True
        histories = (each for id_, each in self._run.histories.items() if id_.model == model)
        return any(self._is_recent(each.last) for each in histories)

    def _decided(self) -> Iterator[Asked]:
        """Records whose decision is in effect, as far as they may not have been told of."""
        for each in self._run.seen.wanted:
            if not isinstance(each, Asked) or each.id.model not in self._live:
                continue
            history = self._run.histories[each.id]
            if not history.holds(each.blob, each.record.decision):
                continue
            if not self._run.seen.everything or self._is_recent(history.last):
                yield each

    def _tell_of_imports(self, imports: Sequence[Asked]) -> None:
        """Tell of imports pull request by pull request, for one may bring thousands."""
        by_pull: dict[str, list[Asked]] = {}
        for asked in imports:
            *_, entry = self._run.histories[asked.id].entries
            if entry.decision is Decision.APPROVED:
                by_pull.setdefault(entry.pull_request, []).append(asked)
        for address, some in by_pull.items():
            paths = [each.id.path for each in some]
            step = partial(self._say_imports, address, some)
            self._attempt(address, paths, step)

    def _say_imports(self, address: str, some: Sequence[Asked]) -> None:
        number = _NUMBER.search(address)
        if number is None:
            return
        pull, environment = int(number[1]), self._run.environment
        fresh = [each for each in some if each.id in self._run.fresh]
        if fresh:
            self._run.notify(imported_notice(environment, [each.id for each in fresh], address))
        try:
            conversation = self._forge.conversation(pull)
        except NotThere:
            return
        if conversation.url != address:
            return  # of a repository that was moved
        untold = [
            each
            for each in some
            if not answered(conversation.remarks, applied_mark(each.blob, environment))
        ]
        for at in range(0, len(untold), MOST_TOLD):
            effects = [self._imported(each) for each in untold[at : at + MOST_TOLD]]
            self._forge.comment(pull, imported_comment(effects))

    def _imported(self, asked: Asked) -> Effect:
        *before, entry = [each for each in self._run.histories[asked.id].entries if not each.aside]
        return self._effect(asked, entry, _decision(before))

    def _say(self, asked: Asked) -> None:
        """Comment on the decision's pull request, once."""
        history = self._run.histories[asked.id]
        *before, entry = [each for each in history.entries if not each.aside]
        number = _NUMBER.search(entry.pull_request)
        if number is None:
            return
        pull = int(number[1])
        mark = applied_mark(asked.blob, asked.id.environment)
        # What this run decided for the first time cannot have been told of before.
        known = asked.id not in self._run.fresh or any(each.blob == entry.blob for each in before)
        if known and not self._is_untold(pull, entry, mark):
            return
        self._forge.comment(pull, applied_comment(self._effect(asked, entry, _decision(before))))

    def _is_untold(self, pull: int, entry: HistoryEntry, mark: str) -> bool:
        """Whether the decision's pull request is there, and says nothing of it."""
        try:
            conversation = self._forge.conversation(pull)
        except NotThere:
            return False
        # Of a repository that was moved, another pull request may have the number by now.
        here = conversation.url == entry.pull_request
        return here and not answered(conversation.remarks, mark)

    def _effect(self, asked: Asked, entry: HistoryEntry, was: Decision | None) -> Effect:
        live = self._live[asked.id.model]
        return Effect(
            id=asked.id,
            was=was,
            entry=entry,
            waivers=asked.record.waivers,
            fields=self._run.written.get(asked.id),
            live_before=live.was,
            live=live.version,
            run=self._run.world.run,
        )


def _decision(before: list[HistoryEntry]) -> Decision | None:
    return before[-1].decision if before else None


class _Showing:
    """Lets the deployments page show what `current` of a model names; writes only what differs."""

    def __init__(self, run: Progress, deployments: Deployments, model: str, live: Live) -> None:
        self._run = run
        self._deployments = deployments
        self._model = model
        self._live = live

    def show(self) -> None:
        wanted = self._wanted()
        place = place_of(self._run.environment, self._model)
        latest = self._deployments.latest(place)
        shown = None if latest is None else latest.live
        if latest is None or wanted is None or shown != wanted.live:
            # One of production is not hidden by the one that follows, and must not be left behind
            # by a run that is cut off after it.
            hides = wanted is None or wanted.production
            if latest is not None and shown is not None and hides:
                self._hide(latest.id)
            if wanted is not None:
                self._deployments.show(self._deployments.create(wanted), wanted)
        elif not self._deployments.is_shown(latest.id):
            self._deployments.show(latest.id, wanted)

    def _hide(self, number: int) -> None:
        if self._deployments.is_shown(number):
            self._deployments.hide(number)

    def _wanted(self) -> Deployment | None:
        id_ = self._live.id
        entry = None if id_ is None else self._run.histories[id_].last
        if id_ is None or entry is None:
            return None
        return Deployment(
            place=place_of(self._run.environment, self._model),
            live=LiveVersion(model=self._model, version=id_.version, commit=entry.commit),
            production=self._run.environment == self._run.world.config.ladder[-1],
            pull_request=entry.pull_request,
            run=self._run.world.run,
        )
