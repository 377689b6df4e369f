"""What people, services and the bot may do next, and the sequences that are made of it."""

from dataclasses import dataclass, replace
from itertools import chain

from hypothesis import strategies as st
from tests.properties.scene import Cut

__all__ = [
    "Action",
    "Apply",
    "Approve",
    "Close",
    "Delete",
    "DeletePackage",
    "Deliver",
    "Flip",
    "Infer",
    "Merge",
    "Promote",
    "Recreate",
    "Register",
    "Reject",
    "Remark",
    "Reopen",
    "Retire",
    "Write",
    "calm",
    "sequences",
]


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
class Infer:
    """A batch inference finished, with a version that may or may not be approved there."""

    rung: int
    package: int
    job: bool = False
    """Whether it was a transform job, and no pipeline that reports for itself."""
    cut: Cut | None = None


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
    by: str = "ana"
    """A login; or `author`, whoever that is."""
    deleting: bool = False
    """Whether by deleting the branch."""
    saying: bool = False
    """Whether with a reason."""


@dataclass(frozen=True, slots=True)
class Reopen:
    """Somebody opens again what was closed."""

    pull: int
    by: str


@dataclass(frozen=True, slots=True)
class Remark:
    """Somebody comments on a pull request, whatever became of it."""

    pull: int
    by: str


@dataclass(frozen=True, slots=True)
class Reject:
    """The workflow that a closing or reopening starts runs; or late, or again."""

    pull: int
    cut: Cut | None = None


@dataclass(frozen=True, slots=True)
class Retire:
    """Somebody asks for a retirement."""

    rung: int
    package: int
    merge: bool
    """Whether it is then approved and merged."""
    cut: Cut | None = None


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


Cuttable = Deliver | Infer | Reject | Retire | Apply
Action = (
    Cuttable
    | Register
    | Promote
    | Approve
    | Merge
    | Close
    | Reopen
    | Remark
    | Write
    | Delete
    | Recreate
    | DeletePackage
    | Flip
)


def calm(action: Action) -> Action:
    """The same, with no process killed."""
    return replace(action, cut=None) if isinstance(action, Cuttable) else action


# The same few again and again, for it is what happens to one version that is interesting.
_some = st.sampled_from([0, 0, 0, 0, 0, 1, 1, 2, 5])
_pulls = st.sampled_from([-1, -1, -1, 0, 0, 1, 2])
_rungs = st.sampled_from([0, 0, 0, 1, 1, 1, 2, 3])
_people = st.sampled_from(["ana", "ana", "ana", "ben", "carla", "zoe", "zoe", "author"])
_rarely = st.sampled_from([False, False, False, True])
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
    how=st.sampled_from(["merge", "merge", "merge", "merge", "open", "open", "push"]),
)
_closes = st.builds(Close, _pulls, _people, _rarely, st.booleans())
_reopens = st.builds(Reopen, _pulls, _people)


def _actions(*, flips: bool, cuts: bool) -> st.SearchStrategy[tuple[Action, ...]]:
    """Any action by itself; the usual ones are likelier, so that sequences get somewhere."""
    dies = _cuts if cuts else st.none()
    usual: list[st.SearchStrategy[Action]] = [
        st.builds(Promote, st.integers(0, 1)),
        st.builds(Register, st.integers(0, 1)),
        st.builds(Deliver, _some, dies),
        st.builds(Infer, _rungs, _some, st.booleans(), dies),
        st.builds(Infer, _rungs, _some, st.booleans(), dies),
        st.builds(Approve, _pulls, st.booleans()),
        st.builds(Merge, _pulls, _rarely),
        _closes,
        _closes,
        _reopens,
        st.builds(Remark, _pulls, _people),
        st.builds(Reject, _pulls, dies),
        st.builds(Reject, _pulls, dies),
        st.builds(Retire, _rungs, _some, st.booleans(), dies),
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
    numbers = st.integers(0, len(usual) - 1)
    return numbers.flatmap(lambda which: usual[which].map(lambda action: (action,)))


# A few that make sense only together.

Together = st.SearchStrategy[tuple[Action, ...]]
_returns: Together = st.builds(
    lambda rung, package: (
        Write(rung, package, "Retired", fresh=False, altered=False, how="merge"),
        Apply(),
        Write(rung, package, "Approved", fresh=False, altered=False, how="merge"),
        Apply(),
    ),
    _rungs,
    _some,
)
_replacements: Together = st.builds(
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
_proposals: Together = st.builds(
    lambda model, then: (Register(model), Deliver(-1), then),
    st.integers(0, 1),
    st.one_of(_closes, st.builds(Approve, st.just(-1), st.booleans())),
)


def _climbs(dies: st.SearchStrategy[Cut | None]) -> Together:
    """A new version goes up as far as it comes."""
    step = st.builds(
        lambda job, cut, last: (job, cut, last),
        st.booleans(),
        dies,
        st.sampled_from([Merge(-1), Merge(-1), Merge(-1), Close(-1), Retire(0, -1, merge=True)]),
    )

    def climb(steps: list[tuple[bool, Cut | None, Action]]) -> tuple[Action, ...]:
        found: list[Action] = [Promote(0), Apply()]
        for rung, (job, cut, last) in enumerate(steps):
            found += [Infer(rung, -1, job, cut), Approve(-1, both=True), last, Apply()]
        return tuple(found)

    return st.lists(step, min_size=1, max_size=3).map(climb)


def _refusals(dies: st.SearchStrategy[Cut | None]) -> Together:
    """A pull request is closed, looked at, reopened or closed again, and looked at."""
    return st.builds(
        lambda opening, closes, look, again, then: (*opening, closes, look, again, *then),
        st.sampled_from(
            [
                (Register(0), Deliver(-1)),
                (Write(0, 0, "Approved", fresh=True, altered=False, how="open"),),
                (Write(1, 0, "Approved", fresh=True, altered=False, how="open"),),
            ]
        ),
        st.builds(Close, st.just(-1), _people, _rarely, st.booleans()),
        st.one_of(
            st.builds(Reject, st.just(-1), dies),
            st.builds(Apply, cut=dies),
            st.just(Remark(-1, "zoe")),
        ),
        st.one_of(st.builds(Reopen, st.just(-1), _people), st.just(Reopen(-1, "ana")), _closes),
        st.sampled_from(
            [
                (Approve(-1, both=True), Merge(-1), Apply()),
                (Reject(-1), Close(-1, "zoe"), Apply()),
                (Close(-1, "zoe"), Reject(-1), Apply()),
            ]
        ),
    )


def _retirements(dies: st.SearchStrategy[Cut | None]) -> Together:
    """What is live is taken back, while something else goes on."""
    return st.builds(
        lambda retires, again: (Apply(), retires, again, Apply()),
        st.builds(Retire, _rungs, _some, st.sampled_from([True, True, False]), dies),
        st.one_of(_writes, st.just(Delete(0)), _applies),
    )


def sequences(
    least: int, most: int, *, flips: bool = True, cuts: bool = True
) -> st.SearchStrategy[tuple[Action, ...]]:
    """Actions one after another, and now and then a few that make sense only together.

    Args:
        least: How many of both there are at least.
        most: And at most.
        flips: Whether people write the registry by hand, too.
        cuts: Whether processes die.
    """
    dies = _cuts if cuts else st.none()
    one = _actions(flips=flips, cuts=cuts)
    some = [_returns, _replacements, _proposals]
    some += [_climbs(dies), _climbs(dies), _refusals(dies), _retirements(dies)]
    # Chosen by number, for a strategy of strategies would count each of an inner one's as its own.
    chosen = st.sampled_from([-1] * 6 + list(range(len(some))))
    parts = chosen.flatmap(lambda which: some[which] if which >= 0 else one)
    return st.lists(parts, min_size=least, max_size=most).map(
        lambda found: tuple(chain.from_iterable(found))
    )
