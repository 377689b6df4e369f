"""Sequences of actions, played on a scene and held against the oracle after every step."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Any, TypeVar

from hypothesis import strategies as st
from tests.properties.oracle import Key, Oracle, Said, read_said
from tests.properties.scene import Cut, OpenPull, Scene

from assent.contracts import load_contracts
from assent.core.errors import Exit
from assent.core.events import Ignored
from assent.core.evidence import Evidence, EvidenceSource
from assent.core.names import RecordId
from assent.core.outcome import Attempt, Outcome, Proposed, Settled, Vanished
from assent.core.package import ModelVersion
from assent.core.record import Decision, ParsedRecord, Record, parse_record, write_record
from assent.core.timestamps import read_time, written

__all__ = [
    "Action",
    "Apply",
    "Approve",
    "Close",
    "Delete",
    "DeletePackage",
    "Deliver",
    "Flip",
    "Merge",
    "Play",
    "Promote",
    "Recreate",
    "Register",
    "Write",
    "actions",
    "sequences",
]

OWNERS = ("ana", "ben")


@dataclass(frozen=True, slots=True)
class Register:
    """The training pipeline registers a version."""

    model: int


@dataclass(frozen=True, slots=True)
class Deliver:
    """The event of a version arrives: the first time, again, or late."""

    package: int
    cut: Cut | None = None


@dataclass(frozen=True, slots=True)
class Promote:
    """A version goes the usual way: registered, proposed, approved, merged."""

    model: int


@dataclass(frozen=True, slots=True)
class Approve:
    """One or two code owners approve."""

    pull: int
    both: bool


@dataclass(frozen=True, slots=True)
class Merge:
    """Somebody merges, perhaps with the protection lifted."""

    pull: int
    bypass: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Somebody closes."""

    pull: int


@dataclass(frozen=True, slots=True)
class Write:
    """Somebody writes a record: a higher rung, a retirement, a rejection, a second approval."""

    rung: int
    package: int
    status: str
    fresh: bool
    """With evidence collected now, not with that of an earlier record."""
    altered: bool
    """With evidence that somebody edited."""
    how: str
    """`open` leaves the pull request open, `merge` merges it approved, `push` needs none."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Somebody deletes a record from main."""

    record: int


@dataclass(frozen=True, slots=True)
class Recreate:
    """A package is deleted and created again under its number."""

    package: int


@dataclass(frozen=True, slots=True)
class DeletePackage:
    """A package is deleted."""

    package: int


@dataclass(frozen=True, slots=True)
class Flip:
    """Somebody writes the registry by hand."""

    package: int
    approval: str | None
    rung: int
    status: str


@dataclass(frozen=True, slots=True)
class Apply:
    """Apply runs for some rungs, or for all where none is named."""

    rungs: tuple[int, ...] = ()
    everything: bool = False
    cut: Cut | None = None


Action = (
    Register
    | Deliver
    | Promote
    | Approve
    | Merge
    | Close
    | Write
    | Delete
    | Recreate
    | DeletePackage
    | Flip
    | Apply
)

# The same few again and again, for it is what happens to one version that is interesting.
_some = st.sampled_from([0, 0, 0, 0, 0, 1, 1, 2, 5])
_rungs = st.sampled_from([0, 0, 0, 1, 1, 1, 2, 3])
_cuts = st.none() | st.builds(Cut, at=st.integers(1, 14), after=st.booleans())
_applies = st.builds(
    Apply, st.just(()) | st.tuples(_rungs), everything=st.sampled_from([False, False, True])
)
_writes = st.builds(
    Write,
    _rungs,
    _some,
    status=st.sampled_from(["Approved", "Approved", "Retired", "Rejected"]),
    fresh=st.sampled_from([False, False, True]),
    altered=st.sampled_from([False] * 7 + [True]),
    how=st.sampled_from(["merge", "merge", "merge", "merge", "open", "push"]),
)


def actions(*, flips: bool = True, cuts: bool = True) -> st.SearchStrategy[Action]:
    """Any action; the usual ones are likelier, so that sequences get somewhere.

    Args:
        flips: Whether people write the registry by hand, too.
        cuts: Whether processes die.
    """
    usual: list[st.SearchStrategy[Action]] = [
        st.builds(Promote, st.integers(0, 1)),
        st.builds(Register, st.integers(0, 1)),
        st.builds(Deliver, _some, _cuts if cuts else st.none()),
        st.builds(Approve, _some, st.booleans()),
        st.builds(Merge, _some, st.sampled_from([False, False, False, True])),
        st.builds(Close, _some),
        _writes,
        _writes,
        _writes,
        _applies,
        _applies,
        _applies,
        st.builds(Delete, _some),
        st.builds(Recreate, _some),
        st.builds(DeletePackage, _some),
    ]
    if cuts:
        dying = st.builds(Cut, at=st.integers(1, 40), after=st.booleans())
        usual += [st.builds(replace, _applies, cut=dying)] * 2
    if flips:
        usual.append(
            st.builds(
                Flip,
                _some,
                st.none() | st.sampled_from(["Approved", "Rejected", "PendingManualApproval"]),
                _rungs,
                st.sampled_from(["Approved", "Rejected", "PendingManualApproval", "nonsense"]),
            )
        )
    return st.one_of(usual)


_returns = st.builds(
    lambda rung, package: (
        Write(rung, package, "Retired", fresh=False, altered=False, how="merge"),
        Apply(),
        Write(rung, package, "Approved", fresh=False, altered=False, how="merge"),
        Apply(),
    ),
    _rungs,
    _some,
)
_replacements = st.builds(
    lambda package, rung, status: (
        Apply(),
        Recreate(package),
        Write(rung, package, status, fresh=status == "Approved", altered=False, how="merge"),
        Apply(),
    ),
    _some,
    _rungs,
    st.sampled_from(["Approved", "Retired"]),
)


def sequences(
    least: int, most: int, *, flips: bool = True, cuts: bool = True
) -> st.SearchStrategy[tuple[Action, ...]]:
    """Actions one after another, and now and then a few that make sense only together.

    Args:
        least: How many of both there are at least.
        most: And at most.
        flips: As for `actions`.
        cuts: Likewise.
    """
    one = actions(flips=flips, cuts=cuts).map(lambda action: (action,))
    parts = st.one_of(one, one, one, one, one, one, _returns, _replacements)
    return st.lists(parts, min_size=least, max_size=most).map(
        lambda found: tuple(chain.from_iterable(found))
    )


class Play:
    """One sequence on one scene.

    Args:
        scene: Where.
        thorough: Also run apply a second and a third time after each run, to see no write.
        revive: Run what was cut off again at once, until it ends.
    """

    def __init__(self, scene: Scene, *, thorough: bool = True, revive: bool = False) -> None:
        self.scene = scene
        self.ladder = scene.config.ladder
        self.oracle = Oracle(
            ladder=self.ladder,
            needed={each.name: each.approvals for each in scene.config.environments},
        )
        self.completed = 0
        """How many runs of apply came to their end and were checked."""
        self.cuts = 0
        """How often a process died."""
        self._thorough = thorough
        self._revive = revive
        self._disturbed = False
        self._proposals: dict[tuple[Key, str], int] = {}
        self._open: set[int] = set()
        self._ever: list[tuple[str, int]] = []
        self._branches = 0
        # Whose branch has the second form of its name. Which form is used follows from the record
        # on main, so that its deletion leads back to the first, and to a second pull request.
        self._recreated: set[Key] = set()

    def perform(self, action: Action) -> None:  # noqa: C901 - one case for each action
        """Do one thing, and check what can be checked after it."""
        self.scene.tick()
        match action:
            case Register(model=model):
                self._register(model)
            case Promote(model=model):
                self._promote(model)
            case Deliver(package=index, cut=cut):
                for package in _pick(self._ever, index):
                    self._deliver(package, cut)
            case Apply(rungs=rungs, everything=everything, cut=cut):
                chosen = {self.ladder[each % len(self.ladder)] for each in rungs}
                environments = [each for each in self.ladder if not chosen or each in chosen]
                self._apply(environments, cut, everything=everything)
            case Write():
                self._write(action)
            case Delete(record=index):
                self._delete(index)
            case Approve(pull=index) | Merge(pull=index) | Close(pull=index):
                for pull in _pick(self.scene.pulls(), index):
                    self._treat(pull, action)
            case Recreate(package=index) | DeletePackage(package=index) | Flip(package=index):
                there = [package for package in self._ever if package in self.oracle.packages]
                for package in _pick(there, index):
                    self._tamper(package, action)
        self._check_pulls()

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
                self.scene.close(pull.number)
                self._open.discard(pull.number)

    def _tamper(self, package: tuple[str, int], action: Recreate | DeletePackage | Flip) -> None:
        match action:
            case Recreate():
                self.scene.recreate(*package)
            case DeletePackage():
                self.scene.delete_package(*package)
            case Flip(approval=approval, rung=rung, status=status):
                environment = self.ladder[rung % len(self.ladder)]
                self.scene.flip(*package, approval, (environment, status))
        self._see_packages()
        self._disturbed = True

    def _delete(self, index: int) -> None:
        for path in _pick(sorted(self.scene.main()), index):
            if _key(path) not in self._recreated:
                self.scene.push(path, None)
                self._main_changed(approvers=0)

    def _approve(self, pull: OpenPull, *, both: bool) -> None:
        for login in OWNERS if both else OWNERS[:1]:
            if login != pull.author and login not in pull.approvals:
                self.scene.approve(pull.number, login)

    def _merge(self, pull: OpenPull, *, bypass: bool) -> None:
        approvers = next(len(p.approvals) for p in self.scene.pulls() if p.number == pull.number)
        if self.scene.merge(pull.number, bypass=bypass):
            self._open.discard(pull.number)
            self._main_changed(approvers)

    def _write(self, action: Write) -> None:
        environment = self.ladder[action.rung % len(self.ladder)]
        for model, version in _pick(self._ever, action.package):
            key = (environment, model, version)
            content = self._content(key, action)
            if content is None or content == self.scene.main().get(_path(key)):
                continue
            if action.how == "push":
                self.scene.push(_path(key), content)
                self._main_changed(approvers=0)
                continue
            self._branches += 1
            branch = f"change/{environment}/{model}/{version}-{self._branches}"
            author = "ana" if action.fresh else "zoe"
            number = self.scene.open_pull(author, branch, _path(key), content)
            self._open.add(number)
            if action.how == "merge":
                pull = next(each for each in self.scene.pulls() if each.number == number)
                self._approve(pull, both=True)
                self._merge(pull, bypass=False)

    def _content(self, key: Key, action: Write) -> bytes | None:
        """A record as a person would write it: after an earlier one, or from the registry."""
        schema = load_contracts().promotion
        places = [_path((environment, *key[1:])) for environment in (key[0], *self.ladder)]
        main = self.scene.main()
        earlier = next((main[path] for path in places if path in main), None)
        record: Record | None = None
        if earlier is not None and not action.fresh:
            parsed = parse_record(earlier, schema)
            record = parsed.record if isinstance(parsed, ParsedRecord) else None
        elif (found := self.scene.packages().get(key[1:])) is not None:
            collected = read_time(self.scene.now())
            evidence = Evidence(source=EvidenceSource.TRAINING, collected=collected)
            record = Record(
                id=_id(key), decision=Decision.APPROVED, package=found.package, evidence=evidence
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

    def _main_changed(self, approvers: int) -> None:
        """Tell the oracle what a merge or a push brought, and who had approved it."""
        now = {_key(path): content for path, content in self.scene.main().items()}
        for key in {*now, *self.oracle.main}:
            said = self.oracle.main.get(key)
            if said is not None and now.get(key) == said.text:
                continue
            if key in now:
                self.oracle.main[key] = read_said(now[key])
                self.oracle.approvers[key] = approvers
            else:
                self.oracle.main.pop(key, None)

    def _see_packages(self) -> None:
        self.oracle.packages = {
            key: written(each.package.created) for key, each in self.scene.packages().items()
        }

    # What the bot does, and what must hold after it.

    def _deliver(self, package: tuple[str, int], cut: Cut | None) -> None:
        expected = self._expected(package)
        outcome = self.scene.propose(*package, cut)
        self._check_pulls()
        if outcome is not None:
            assert _kind(outcome) == expected, outcome
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
        decided = version.metadata.get(key[0]) in {"Approved", "Rejected", "Retired"}
        if decided or version.approval.value != "PendingManualApproval":
            return "ignored"
        created = self.oracle.packages[package]
        said = self.oracle.main.get(key)
        if said is not None and said.created == created:
            return "settled"
        number = self._proposals.get((key, created))
        if number is None:
            return "opened"
        return "already open" if number in self._open else "settled"

    def _check_pulls(self) -> None:
        """At most one open promotion pull request for each package and environment."""
        found: dict[tuple[Key, str], int] = {}
        for pull in self.scene.pulls():
            match = re.fullmatch(r"promote/([^/]+)/([^/]+)/(\d+)(-\d{8}T\d{6}Z)?", pull.branch)
            if match is None:
                continue
            key = (match[1], match[2], int(match[3]))
            about = (key, read_said(pull.files[_path(key)]).created)
            assert about not in found, f"{about} has two pull requests"
            assert self._proposals.get(about, pull.number) == pull.number, f"{about} came again"
            found[about] = pull.number
            if about not in self._proposals:
                self._open.add(pull.number)
            if match[4] is not None:
                self._recreated.add(key)
        self._proposals.update(found)

    def _apply(self, environments: list[str], cut: Cut | None, *, everything: bool) -> None:
        before, packages = self.oracle.copy(), self.scene.packages()
        after = self.oracle.copy()
        unusable = after.run(environments)
        report = self.scene.apply(environments, cut, everything=everything)
        self._check_nothing_unapproved(packages, after)
        if report is None:
            self.cuts += 1
            self._adopt(after, environments)
            if self._revive:
                self._apply(environments, None, everything=everything)
            return
        self.oracle = after
        refused = {key for each in environments for key in after.refused(each)} | unusable
        expected = Exit.INCOMPLETE if refused else Exit.OK
        assert report.exit is expected, (report, refused)
        assert self._histories() == _decisions(after.effective)
        assert self._currents() == after.current
        self._check_fresh_fields(before)
        if everything and environments == list(self.ladder):
            self._disturbed = False
            self._check_registry()
        if self._thorough:
            self._check_quiet(environments, expected, everything=everything)
        self.completed += 1

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
            was = before[package]
            approved = {
                environment
                for environment in self.ladder
                for said in after.effective.get((environment, *package), [])[-1:]
                if said.status == "Approved"
                and after.is_same_package(said, (environment, *package))
            }
            for environment in self.ladder:
                asked = self.oracle.main.get((environment, *package))
                if was.metadata.get(environment) == "Approved":
                    # Written by hand it counts for the one status if main asks for it as well,
                    # approved or not: what is in effect elsewhere is not read.
                    if asked is not None and asked.status == "Approved":
                        approved.add(environment)
                elif now.metadata.get(environment) == "Approved":
                    assert environment in approved, (package, environment)
                elif now.metadata.get(environment) != was.metadata.get(environment):
                    # A no about the package that had the number before says nothing of this one.
                    last = after.effective[environment, *package][-1]
                    assert after.is_same_package(last, (environment, *package))
            if now.approval.value == "Approved" != was.approval.value:
                assert approved, package

    def _check_fresh_fields(self, before: Oracle) -> None:
        """A decision that just took effect shows in the registry."""
        packages = self.scene.packages()
        for key, entries in self.oracle.effective.items():
            fresh = len(entries) > len(before.effective.get(key, []))
            if fresh and self.oracle.is_same_package(entries[-1], key):
                assert packages[key[1:]].metadata[key[0]] == entries[-1].status

    def _check_registry(self) -> None:
        """After a full comparison the registry shows what is in effect, over the whole ladder."""
        for (model, version), seen in self.scene.packages().items():
            keys = [(environment, model, version) for environment in self.ladder]
            for key in keys:
                known = key in self.oracle.main or key in self.oracle.effective
                if known and seen.metadata.get(key[0]) == "Approved":
                    assert self.oracle.decision(key) == "Approved", key
            settled = [
                key
                for key in keys
                if self.oracle.is_settled(key)
                and self.oracle.is_same_package(self.oracle.main[key], key)
            ]
            if not settled:
                continue
            shown = self.oracle.registry(model, version, seen.metadata)
            for key in settled:
                assert seen.metadata[key[0]] == self.oracle.main[key].status
            approved = [each for each in self.ladder if shown.get(each) == "Approved"]
            assert seen.approval.value == ("Approved" if approved else "Rejected")
            stage = (approved or [each for each in self.ladder if each in shown])[-1]
            assert seen.life_cycle == (stage, shown[stage])

    def _adopt(self, after: Oracle, environments: Sequence[str]) -> None:
        """After a cut, each decision is either in effect or not, and nothing else is."""
        observed = self._histories()
        known, wanted = _decisions(self.oracle.effective), _decisions(after.effective)
        for key, entries in observed.items():
            assert entries in (known.get(key), wanted.get(key)), key
            if entries != known.get(key):
                self.oracle.effective[key] = after.effective[key]
        assert not known.keys() - observed.keys()
        for lower, upper in pairwise(environments):
            if any(observed.get(key) != known.get(key) for key in observed if key[0] == upper):
                # The rung below was finished first.
                assert not self.oracle.due(lower)
        currents = self._currents()
        for where in {*currents, *self.oracle.current}:
            now = currents.get(where, -1)
            assert now in {self.oracle.current.get(where, -1), after.current.get(where, -1)}, where
        self.oracle.current = currents

    # What is seen of Parameter Store, read with nothing of the product's.

    def _histories(self) -> dict[Key, list[tuple[str, str]]]:
        found: dict[Key, list[tuple[str, str]]] = {}
        for environment, name, value in self._objects():
            match = re.fullmatch(r"([^/]+)/versions/(\d+)", name)
            if match is not None:
                assert value["pages"] == 0, "sequences are too short for a second page"
                found[environment, match[1], int(match[2])] = [
                    (each["status"], each["blob"]) for each in value["decisions"]
                ]
        return found

    def _currents(self) -> dict[tuple[str, str], int | None]:
        return {
            (environment, name.split("/")[0]): value["version"]
            for environment, name, value in self._objects()
            if name.endswith("/current")
        }

    def _objects(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Environment, the name below it, and what the JSON holds."""
        start = len(self.scene.config.parameter_prefix) + 1
        found = []
        for name, text in self.scene.parameters().items():
            environment, _, rest = name[start:].partition("/")
            found.append((environment, rest, json.loads(text)))
        return found


T = TypeVar("T")


def _pick(some: Sequence[T], index: int) -> Sequence[T]:
    """One of some, or nothing where there is none."""
    return [some[index % len(some)]] if some else []


def _id(key: Key) -> RecordId:
    return RecordId(*key)


def _path(key: Key) -> str:
    return f"promotions/{key[0]}/{key[1]}/{key[2]}.yaml"


def _key(path: str) -> Key:
    _, environment, model, file = path.split("/")
    return environment, model, int(file.removesuffix(".yaml"))


def _decisions(effective: Mapping[Key, list[Said]]) -> dict[Key, list[tuple[str, str]]]:
    return {
        key: [(each.status, _blob(each.text)) for each in entries]
        for key, entries in effective.items()
    }


def _blob(text: bytes) -> str:
    """The id that git gives to a text."""
    return hashlib.sha1(b"blob %d\0%s" % (len(text), text), usedforsecurity=False).hexdigest()


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
