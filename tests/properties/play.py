"""Sequences of actions, played on a scene and held against the oracle after every step."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from tests.properties.actions import (
    Action,
    Apply,
    Approve,
    Close,
    Delete,
    DeletePackage,
    Deliver,
    Flip,
    Infer,
    Merge,
    Promote,
    Recreate,
    Register,
    Reject,
    Remark,
    Reopen,
    Retire,
    Write,
)
from tests.properties.oracle import (
    APPROVED,
    BOT,
    PENDING,
    REJECTED,
    RETIRED,
    Brought,
    Key,
    Oracle,
    Pull,
    State,
    Turn,
    path_of,
    read_said,
)
from tests.properties.scene import OWNERS, Cut, OpenPull, Scene
from tests.properties.seen import (
    check_answers,
    check_current,
    check_registry,
    check_told,
    currents,
    decisions,
    histories,
)

from assent.contracts import load_contracts
from assent.core.errors import AssentError, Exit
from assent.core.events import Ignored
from assent.core.names import RecordId
from assent.core.outcome import (
    Attempt,
    DifferenceReported,
    DriftReported,
    Outcome,
    Proposed,
    Settled,
    Unusable,
    Vanished,
    Waiting,
)
from assent.core.package import ModelVersion
from assent.core.record import Decision, ParsedRecord, Record, parse_record, write_record
from assent.core.timestamps import written

__all__ = [
    "Apply",
    "Delete",
    "Play",
    "Promote",
    "Recreate",
    "Register",
    "Write",
]

APPROVERS = ("ana", "ben")
_DECIDED = {APPROVED, REJECTED, RETIRED}


class Play:
    """One sequence on one scene.

    Args:
        scene: Where.
        thorough: Also run what completed a second and a third time, to see no write.
        revive: Run what was cut off again at once, until it ends.
    """

    def __init__(self, scene: Scene, *, thorough: bool = True, revive: bool = False) -> None:
        self.scene = scene
        self.ladder = scene.config.ladder
        self.oracle = Oracle(
            ladder=self.ladder,
            needed={each.name: each.approvals for each in scene.config.environments},
            owners=OWNERS,
        )
        self.completed = 0
        """How many runs of apply came to their end and were checked."""
        self.cuts = 0
        """How often a process died."""
        self._thorough = thorough
        self._revive = revive
        self._disturbed = False
        self._ever: list[tuple[str, int]] = []
        self._branches = 0

    def perform(self, action: Action) -> None:  # noqa: C901, PLR0912 - one case for each action
        """Do one thing, and check what can be checked after it."""
        self.scene.tick()
        self.oracle.time += 1
        match action:
            case Register(model=model):
                self._register(model)
            case Promote(model=model):
                self._promote(model)
            case Deliver(package=index, cut=cut):
                for package in _pick(self._ever, index):
                    self._deliver(package, cut)
            case Infer(package=index):
                for package in _pick(self._ever, index):
                    self._infer(package, action)
            case Retire(package=index):
                for package in _pick(self._ever, index):
                    self._retire(package, action)
            case Reject(pull=index, cut=cut):
                for number in _pick(sorted(self.oracle.pulls), index):
                    self._reject(number, cut)
            case Apply(rungs=rungs, everything=everything, cut=cut):
                chosen = {self._rung(each) for each in rungs}
                environments = [each for each in self.ladder if not chosen or each in chosen]
                self._apply(environments, cut, everything=everything)
            case Write():
                self._write(action)
            case Delete(record=index):
                self._delete(index)
            case Approve(pull=index) | Merge(pull=index) | Close(pull=index):
                for pull in _pick(self.scene.pulls(), index):
                    self._treat(pull, action)
            case Reopen(pull=index) | Remark(pull=index):
                self._revisit(index, action)
            case Recreate(package=index) | DeletePackage(package=index) | Flip(package=index):
                there = [package for package in self._ever if package in self.oracle.packages]
                for package in _pick(there, index):
                    self._tamper(package, action)
        self._see_pulls()

    def _rung(self, index: int) -> str:
        return self.ladder[index % len(self.ladder)]

    # What people do.

    def _register(self, model: int) -> tuple[str, int]:
        name = self.scene.models[model % 2]
        package = (name, self.scene.register(name))
        self._ever.append(package)
        self._see_packages()
        return package

    def _promote(self, model: int) -> None:
        self._deliver(self._register(model), None)
        for pull in self.scene.pulls()[-1:]:
            self._approve(pull, both=True)
            self._merge(pull, bypass=False)

    def _treat(self, pull: OpenPull, action: Approve | Merge | Close) -> None:
        match action:
            case Approve(both=both):
                self._approve(pull, both=both)
            case Merge(bypass=bypass):
                if pull.approvals or bypass:
                    self._merge(pull, bypass=bypass)
            case Close():
                self._close(self.oracle.pulls[pull.number], action)

    def _close(self, pull: Pull, action: Close) -> None:
        by = pull.author if action.by == "author" else action.by
        if action.saying and by != BOT:
            self._remark(pull, by)
        if action.deleting and by != BOT:
            self.scene.delete_branch(pull.number, by)
        else:
            self.scene.close(pull.number, by)
        pull.state = State.CLOSED
        pull.turns += (Turn(closed=True, by=by, at=self.oracle.time),)

    def _remark(self, pull: Pull, by: str) -> None:
        at, text = self.oracle.time, f"words of {by} at {self.oracle.time}"
        self.scene.remark(pull.number, by, text)
        pull.remarks += ((by, at, text),)

    def _revisit(self, index: int, action: Reopen | Remark) -> None:
        """Do something about a pull request that need not be open."""
        state = {State.CLOSED} if isinstance(action, Reopen) else set(State)
        pulls = [pull for _, pull in sorted(self.oracle.pulls.items()) if pull.state in state]
        for pull in _pick(pulls, index):
            by = pull.author if action.by == "author" else action.by
            if by == BOT:
                continue
            if isinstance(action, Remark):
                self._remark(pull, by)
            elif self.scene.reopen(pull.number, by):
                pull.state = State.OPEN
                pull.turns += (Turn(closed=False, by=by, at=self.oracle.time),)

    def _tamper(self, package: tuple[str, int], action: Recreate | DeletePackage | Flip) -> None:
        match action:
            case Recreate():
                self.scene.recreate(*package)
            case DeletePackage():
                self.scene.delete_package(*package)
            case Flip(approval=approval, rung=rung, status=status):
                self.scene.flip(*package, approval, (self._rung(rung), status))
        self._see_packages()
        self._disturbed = True

    def _delete(self, index: int) -> None:
        for path in _pick(sorted(self.scene.main()), index):
            self.scene.push(path, None)
            self._main_changed(None, ())

    def _approve(self, pull: OpenPull, *, both: bool) -> None:
        for login in APPROVERS if both else APPROVERS[:1]:
            if login != pull.author and login not in pull.approvals:
                self.scene.approve(pull.number, login)

    def _merge(self, pull: OpenPull, *, bypass: bool) -> None:
        given = next(p.approvals for p in self.scene.pulls() if p.number == pull.number)
        if self.scene.merge(pull.number, bypass=bypass):
            self.oracle.pulls[pull.number].state = State.MERGED
            self._main_changed(pull.number, given)

    def _write(self, action: Write) -> None:
        environment = self._rung(action.rung)
        for model, version in _pick(self._ever, action.package):
            key = (environment, model, version)
            content = self._content(key, action)
            if content is None or content == self.scene.main().get(path_of(key)):
                continue
            if action.how == "push":
                self.scene.push(path_of(key), content)
                self._main_changed(None, ())
                continue
            self._branches += 1
            branch = f"change/{environment}/{model}/{version}-{self._branches}"
            author = "ana" if action.fresh else "zoe"
            number = self.scene.open_pull(author, branch, path_of(key), content)
            self.oracle.pulls[number] = Pull(
                number=number, branch=branch, author=author, key=key, said=read_said(content)
            )
            if action.how == "merge":
                self._take_in(number)

    def _take_in(self, number: int) -> None:
        """Approve a pull request, and merge it."""
        pull = next(each for each in self.scene.pulls() if each.number == number)
        self._approve(pull, both=True)
        self._merge(pull, bypass=False)

    def _content(self, key: Key, action: Write) -> bytes | None:
        """A record as a person would write it: after an earlier one, or from the registry."""
        schema = load_contracts().promotion
        places = [path_of((environment, *key[1:])) for environment in (key[0], *self.ladder)]
        main = self.scene.main()
        earlier = next((main[path] for path in places if path in main), None)
        record: Record | None = None
        if earlier is not None and not action.fresh:
            parsed = parse_record(earlier, schema)
            record = parsed.record if isinstance(parsed, ParsedRecord) else None
        elif (found := self.scene.packages().get(key[1:])) is not None:
            now = self.scene.collected(found)
            record = Record(
                id=_id(key),
                decision=Decision.APPROVED,
                package=now.package,
                evidence=now.evidence,
            )
        if record is None:
            return None
        decision = Decision(action.status)
        reason = "" if decision is Decision.APPROVED else "It did not hold what it promised"
        content = write_record(
            replace(record, id=_id(key), decision=decision, reason=reason), schema
        )
        return (
            re.sub(rb'collected: "\d{4}', b'collected: "1999', content)
            if action.altered
            else content
        )

    def _main_changed(self, number: int | None, approvers: tuple[str, ...]) -> None:
        """Tell the oracle what a merge or a push brought, and who had approved it."""
        brought = Brought(at=self.oracle.time, number=number, approvers=approvers)
        now = {_key(path): content for path, content in self.scene.main().items()}
        for key in {*now, *self.oracle.main}:
            said = self.oracle.main.get(key)
            if said is not None and now.get(key) == said.text:
                continue
            if key in now:
                self.oracle.main[key] = read_said(now[key])
                self.oracle.brought[key] = brought
            else:
                self.oracle.main.pop(key, None)

    def _see_packages(self) -> None:
        self.oracle.packages = {
            key: written(each.package.created) for key, each in self.scene.packages().items()
        }

    # What the bot opens, and what must hold of it.

    def _deliver(self, package: tuple[str, int], cut: Cut | None) -> None:
        expected, key = self._expected(package), (self.ladder[0], *package)
        outcome = self.scene.propose(*package, cut)
        self._see_pulls(key if expected == "opened" else None)
        if outcome is not None:
            # What somebody flipped by hand, or a run that died left half, is told beside it.
            told = expected == "ignored" and isinstance(outcome, DifferenceReported)
            assert told or _kind(outcome) == expected, outcome
            return
        self.cuts += 1
        if self._revive:
            self._deliver(package, None)

    def _expected(self, package: tuple[str, int]) -> str:
        """What must become of the version's event, whatever was tried before."""
        version = self.scene.packages().get(package)
        if version is None:
            return "vanished"
        key = (self.ladder[0], *package)
        decided = version.metadata.get(key[0]) in _DECIDED
        if decided or version.approval.value != PENDING:
            return "ignored"
        return self._asked(key, self.oracle.packages[package])

    def _asked(self, key: Key, created: str) -> str:
        """What must become of proposing a package for an environment."""
        said = self.oracle.main.get(key)
        if said is not None and said.created == created:
            return "settled"
        earlier = [
            pull
            for pull in self.oracle.pulls.values()
            if pull.is_promotion and (pull.key, pull.said.created) == (key, created)
        ]
        assert len(earlier) <= 1, f"{key} of {created} was proposed twice"
        if not earlier:
            return "opened"
        return "already open" if earlier[0].state is State.OPEN else "settled"

    def _infer(self, package: tuple[str, int], action: Infer) -> None:
        environment = self._rung(action.rung)
        job = action.job and package in self.oracle.packages
        event = self.scene.infer(environment, *package, job=job)
        target = self._due_above(environment, package)
        for cut in (action.cut, None):
            outcome = self.scene.deliver(event, cut)
            self._see_pulls(target)
            if outcome is not None:
                kind = _kind(outcome)
                assert (kind == "opened") == (target is not None), (outcome, target)
                return
            self.cuts += 1
            if not self._revive:
                return
            target = self._due_above(environment, package)

    def _due_above(self, environment: str, package: tuple[str, int]) -> Key | None:
        """Where a version must be proposed after an inference; None where it must not be."""
        version = self.scene.packages().get(package)
        place = self.ladder.index(environment) + 1
        if version is None or place == len(self.ladder):
            return None
        below, key = (environment, *package), (self.ladder[place], *package)
        created = self.oracle.packages[package]
        said, last = self.oracle.main.get(below), self.oracle.last(below)
        wanted = said is not None and (said.status, said.created) == (APPROVED, created)
        in_effect = last is not None and (last.status, last.said.created) == (APPROVED, created)
        decided = version.metadata.get(key[0]) in _DECIDED
        due = wanted and in_effect and not decided and self._asked(key, created) == "opened"
        return key if due else None

    def _retire(self, package: tuple[str, int], action: Retire) -> None:
        key = (self._rung(action.rung), *package)
        reason = f"no good at {self.oracle.time}"
        for cut in (action.cut, None):
            expected, known = self._may_retire(key), set(self.oracle.pulls)
            outcome = self.scene.retire(*key, reason, cut)
            self._see_pulls(key if expected == "opened" else None, retired=True)
            match outcome:
                case None:
                    self.cuts += 1
                    if not self._revive:
                        return
                case AssentError():
                    assert expected == "refused", outcome
                    return
                case _:
                    fresh = outcome.number not in known
                    assert expected == ("opened" if fresh else "already open"), outcome
                    if action.merge and self.oracle.pulls[outcome.number].state is State.OPEN:
                        self._take_in(outcome.number)
                    return

    def _may_retire(self, key: Key) -> str:
        """What must become of asking for a retirement."""
        said = self.oracle.main.get(key)
        if said is None or said.status != APPROVED:
            return "refused"
        branch = "/".join(("retire", *map(str, key))) + f"-{said.blob[:12]}"
        states = {pull.state for pull in self.oracle.pulls.values() if pull.branch == branch}
        if State.OPEN in states:
            return "already open"
        return "refused" if State.MERGED in states else "opened"

    def _see_pulls(self, due: Key | None = None, *, retired: bool = False) -> None:
        """See that the very pull requests are open that should be.

        Args:
            due: What the bot may just have opened one pull request for.
            retired: Whether that takes a version back.
        """
        found = {pull.number: pull for pull in self.scene.pulls()}
        fresh = [each for number, each in found.items() if number not in self.oracle.pulls]
        assert len(fresh) <= (due is not None), fresh
        for each in fresh:
            key = _key_of_branch(each.branch)
            pull = Pull(
                number=each.number,
                branch=each.branch,
                author=BOT,
                key=key,
                said=read_said(each.files[path_of(key)]),
            )
            created = self.oracle.packages.get(key[1:])
            if retired:
                assert (key, pull.said.status) == (due, RETIRED), each
            else:
                said = (key, pull.said.status, pull.said.created)
                assert said == (due, APPROVED, created), each
                below = dict(pairwise((None, *self.ladder)))
                assert below[pull.said.inference] == key[0], each
            self.oracle.pulls[each.number] = pull
        still = {n for n, pull in self.oracle.pulls.items() if pull.state is State.OPEN}
        assert set(found) == still

    # What runs bring into effect, and what must hold after them.

    def _reject(self, number: int, cut: Cut | None) -> None:
        before, packages = self.oracle.copy(), self.scene.packages()
        after, said = self.oracle.copy(), self.scene.answers()
        for environment in self.ladder:
            after.look(environment, {number})
        report = self.scene.reject(number, cut)
        self._check_nothing_unapproved(packages, after)
        if report is None:
            self.cuts += 1
            self._adopt(after, [after.pulls[number].key[0]], said)
            if self._revive:
                self._reject(number, None)
            return
        self._check_end(before, after)
        assert report.exit is Exit.OK
        if self._thorough:
            writes = self.scene.writes()
            again = self.scene.reject(number, None)
            assert again is not None
            assert self.scene.writes() == writes, again.receipts

    def _apply(self, environments: list[str], cut: Cut | None, *, everything: bool) -> None:
        before, packages = self.oracle.copy(), self.scene.packages()
        after, said = self.oracle.copy(), self.scene.answers()
        unusable = after.run(environments)
        report = self.scene.apply(environments, cut, everything=everything)
        self._check_nothing_unapproved(packages, after)
        if report is None:
            self.cuts += 1
            self._adopt(after, environments, said)
            if self._revive:
                self._apply(environments, None, everything=everything)
            return
        self._check_end(before, after)
        check_told(self.scene, after, environments)
        refused = {key for each in environments for key in after.refused(each)} | unusable
        expected = Exit.INCOMPLETE if refused else Exit.OK
        assert report.exit is expected, (report, refused)
        if everything and environments == list(self.ladder):
            self._disturbed = False
            check_registry(self.oracle, self.scene.packages())
        if self._thorough:
            self._check_quiet(environments, expected, everything=everything)
        self.completed += 1

    def _check_end(self, before: Oracle, after: Oracle) -> None:
        """A run that came to its end left what it should."""
        self.oracle = after
        assert histories(self.scene) == decisions(after.effective)
        assert currents(self.scene) == after.current
        check_current(self.scene, after)
        self._check_fresh_fields(before)
        self._see_pulls()
        check_answers(self.scene, after)

    def _check_quiet(self, environments: list[str], code: Exit, *, everything: bool) -> None:
        """A second run writes nothing, nor does one that compares everything."""
        full = everything or not self._disturbed
        for how in (False, True) if full else (False,):
            writes = self.scene.writes()
            again = self.scene.apply(environments, None, everything=how)
            assert again is not None
            assert self.scene.writes() == writes, again.receipts
            assert again.exit is code

    def _check_nothing_unapproved(
        self, before: Mapping[tuple[str, int], ModelVersion], after: Oracle
    ) -> None:
        """What a run wrote as Approved was approved, on main, and of the very package there is."""
        for package, now in self.scene.packages().items():
            was, approved = before[package], set()
            for environment in self.ladder:
                key = (environment, *package)
                due, asked = after.fields(*package).get(environment), self.oracle.main.get(key)
                if due is not None and due.status == APPROVED:
                    approved.add(environment)
                if was.metadata.get(environment) == APPROVED:
                    # Written by hand it counts for the one status if main asks for it as well,
                    # approved or not: what is in effect elsewhere is not read.
                    if asked is not None and asked.status == APPROVED:
                        approved.add(environment)
                elif now.metadata.get(environment) == APPROVED:
                    assert environment in approved, key
                elif now.metadata.get(environment) != was.metadata.get(environment):
                    # A no about the package that had the number before says nothing of this one.
                    assert due is not None, key
            if now.approval.value == APPROVED != was.approval.value:
                assert approved, package

    def _check_fresh_fields(self, before: Oracle) -> None:
        """A decision that just took effect shows in the registry."""
        for (model, version), seen in self.scene.packages().items():
            for environment, due in self.oracle.fields(model, version).items():
                known = before.effective.get((environment, model, version), [])
                if not any(each is due for each in known):
                    assert seen.metadata[environment] == due.status

    def _adopt(self, after: Oracle, environments: Sequence[str], said: Mapping[int, int]) -> None:
        """After a cut, each decision is either in effect or not, and nothing else is."""
        observed = histories(self.scene)
        known, wanted = decisions(self.oracle.effective), decisions(after.effective)
        assert not known.keys() - observed.keys()
        moved = set()
        for key, entries in observed.items():
            count = len(entries)
            assert entries == wanted[key][:count], key
            assert count >= len(known.get(key, [])), key
            if count > len(known.get(key, [])):
                self.oracle.effective[key] = after.effective[key][:count]
                moved.add(key[0])
        for lower, upper in pairwise(environments):
            if upper in moved:  # the rung below was finished first
                assert not self.oracle.due(lower)
        found = currents(self.scene)
        for where in {*found, *self.oracle.current}:
            now = found.get(where, "none")
            may = (self.oracle.current.get(where, "none"), after.current.get(where, "none"))
            assert now in may, where
        self.oracle.current = {
            where: now for where, now in found.items() if not isinstance(now, str)
        }
        self._adopt_pulls(after, said)

    def _adopt_pulls(self, after: Oracle, said: Mapping[int, int]) -> None:
        """What was to be undone was told, or told and done, or neither."""
        still, answers = {pull.number for pull in self.scene.pulls()}, self.scene.answers()
        for number, pull in self.oracle.pulls.items():
            wanted = after.pulls[number]
            if answers[number] != said[number]:
                pull.undone = wanted.undone
            if number in still and pull.state is State.CLOSED:
                assert wanted.state is State.OPEN, number
                pull.state, pull.turns = State.OPEN, wanted.turns


T = TypeVar("T")


def _pick(some: Sequence[T], index: int) -> Sequence[T]:
    """One of some, or nothing where there is none."""
    return [some[index % len(some)]] if some else []


def _id(key: Key) -> RecordId:
    return RecordId(*key)


def _key(path: str) -> Key:
    _, environment, model, file = path.split("/")
    return environment, model, int(file.removesuffix(".yaml"))


def _key_of_branch(branch: str) -> Key:
    match = re.fullmatch(
        r"(?:promote/([^/]+)/([^/]+)/(\d+)(?:-\d{8}T\d{6}Z)?|retire/([^/]+)/([^/]+)/(\d+)-\w{12})",
        branch,
    )
    assert match is not None, branch
    environment, model, version = (each for each in match.groups() if each is not None)
    return environment, model, int(version)


def _kind(outcome: Outcome) -> str:
    match outcome:
        case Proposed(attempt=Attempt.ALREADY_OPEN):
            return "already open"
        case Proposed():
            return "opened"
        case Settled():
            return "settled"
        case Vanished():
            return "vanished"
        case Ignored():
            return "ignored"
        case DifferenceReported():
            return "difference reported"
        case Unusable() | DriftReported() | Waiting():
            raise AssertionError(f"a registration or an inference came to {outcome}")
