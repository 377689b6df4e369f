"""Any tree against any actual state: where `apply` ends, told by the promises alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.properties.oracle import APPROVED, BOT, PENDING, REJECTED, RETIRED, Key, Pull, Turn
from tests.properties.scene import Cut, refusals_told
from tests.properties.seen import (
    check_answers,
    check_current,
    check_registry,
    currents,
    decisions,
    histories,
)
from tests.properties.states import LADDER, Setting, Variant, unsettled

from assent.core.errors import Exit
from assent.core.parameters import Applied

SETTINGS = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=300,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
MODELS = ("churn", "fraud-eu")


# The tree, and what closed pull requests decided.


@dataclass(frozen=True, slots=True)
class Closing:
    """A pull request that was closed as a decision, which is recorded."""

    variant: Variant
    taken_back: bool
    """Whether a code owner reopened it, which is recorded too."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A pull request that was closed and reopened in turn, of which nothing is recorded."""

    variant: Variant
    author: str
    turns: tuple[str, ...]
    """Who closed it, who reopened it, who closed it..."""
    deleting: bool
    """Whether by deleting the branch."""
    early: bool
    """Whether before what was decided, and not after it."""
    remarked: bool
    """Whether somebody said something on it after all that."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One version in one environment."""

    past: tuple[Variant | Closing, ...] = ()
    """What took effect, oldest first."""
    reopened: str | None = None
    """Who reopened what the last recorded closing closed, which is not recorded."""
    asks: Variant | None = None
    """What main holds, unless that is what took effect last."""
    settled: bool = False
    approvals: int | None = 2
    ended: tuple[Ended, ...] = ()


_variants = st.builds(
    Variant,
    st.sampled_from([APPROVED] * 4 + [RETIRED, REJECTED]),
    st.sampled_from([0, 0, 1, 2]),
    st.sampled_from([0, 0, 0, 0, 1]),
    st.sampled_from([False] * 6 + [True]),
)
_yeses = st.builds(
    Variant, evidence=st.sampled_from([0, 0, 1, 2]), generation=st.sampled_from([0] * 5 + [1])
)
_people = st.sampled_from(["ana", "ana", "ben", "carla", "zoe"])
_steps: st.SearchStrategy[Variant | Closing] = st.one_of(
    _yeses, _yeses, _variants, st.builds(Closing, _yeses, st.booleans())
)
_ended = st.builds(
    Ended,
    st.one_of(_yeses, _yeses, _yeses, _variants),
    st.sampled_from([BOT, BOT, BOT, "ana", "zoe"]),
    st.lists(_people, min_size=1, max_size=3).map(tuple),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
_cells = st.builds(
    Cell,
    st.lists(_steps, max_size=3).map(tuple),
    st.sampled_from([None, None, None, "ana", "zoe"]),
    st.none() | _variants,
    st.booleans(),
    st.sampled_from([2, 2, 2, 1, 0, None]),
    st.lists(_ended, max_size=2).map(tuple),
)


# What registry and parameters say.


@dataclass(frozen=True, slots=True)
class Field:
    """What somebody wrote into the registry by hand."""

    environment: str
    suffix: str
    text: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version: its package, its cells, and what was done to the registry's fields."""

    generation: int | None
    cells: tuple[Cell | None, ...]
    flipped: tuple[Field, ...] = ()
    approval: str | None = None
    stage: tuple[str, str] | None = None


_rungs = st.sampled_from(LADDER)
_versions = st.builds(
    Version,
    st.sampled_from([0] * 8 + [1, 1, None]),
    st.tuples(*[st.one_of(st.none(), _cells, _cells)] * len(LADDER)),
    st.lists(
        st.builds(
            Field,
            _rungs,
            st.sampled_from(["", "", "", ".by", ".pull-request"]),
            st.sampled_from([APPROVED, REJECTED, RETIRED, PENDING, "nonsense 7/7"]),
        ),
        max_size=3,
    ).map(tuple),
    st.sampled_from([None, None, None, APPROVED, REJECTED, PENDING]),
    st.sampled_from([None, None, None, ("dev", APPROVED), ("prod", RETIRED)]),
)
_GARBAGE = (
    "x",
    "{}",
    "[1]",
    '{"schema":"assent/parameter/v1","model":"churn","version":true}',
    '{"schema":"assent/parameter/v1","version":1}',
    '{"schema":"assent/parameter/v1","model":"churn","version":2,"environment":"prod"}',
)
_currents = st.dictionaries(
    st.tuples(_rungs, st.sampled_from(MODELS)),
    st.sampled_from([None, 1, 2, 3, 7, "top", "top", *_GARBAGE]),
    max_size=6,
)
_APPLIED = ("", "x", "{}", '{"schema":"assent/applied/v1","commit":"abc","retry":[]}')
_applied = st.dictionaries(_rungs, st.sampled_from([*_APPLIED, "first", "head"]), max_size=4)


@dataclass(frozen=True, slots=True)
class Actual:
    """What was found, if it is not what it should be."""

    currents: dict[tuple[str, str], int | str | None]
    applied: dict[str, str]


_worlds = st.lists(_versions, min_size=1, max_size=3)


# Putting it together.


def place(setting: Setting, keys: dict[Key, Cell]) -> None:
    """Arrange what was decided, what main holds, and what was closed."""
    ended = [
        (setting.propose(key, each.variant, each.author), each)
        for key, cell in keys.items()
        for each in cell.ended
    ]
    end(setting, [(pull, each) for pull, each in ended if each.early])
    for key, cell in keys.items():
        decide(setting, key, cell)
    end(setting, [(pull, each) for pull, each in ended if not each.early])
    for key, cell in keys.items():
        done = [each for each in cell.past if isinstance(each, Variant)]
        wanted = done[-1] if cell.settled and done else cell.asks
        if wanted is not None:
            setting.bring(key, wanted, cell.approvals)
    for pull, each in ended:
        if each.remarked:
            setting.remark(pull, "zoe")


def end(setting: Setting, ended: Sequence[tuple[Pull, Ended]]) -> None:
    """Close pull requests and reopen them, one by one in turn."""
    for count in range(3):
        for pull, each in ended:
            if count < len(each.turns) and count % 2 == 0:
                setting.close(pull, each.turns[count], deleting=each.deleting)
            elif count < len(each.turns):
                setting.reopen(pull, each.turns[count])


def decide(setting: Setting, key: Key, cell: Cell) -> None:
    last: tuple[Pull, Turn] | None = None
    for step in cell.past:
        last = None
        if isinstance(step, Variant):
            setting.decide(key, step)
            continue
        created = step.variant.said(key).created
        if setting.oracle.is_decided(key, created):
            continue  # closing it would not have been a decision
        aside = setting.oracle.decision(key) is not None
        pull = setting.propose(key, step.variant)
        turn = setting.close(pull, "ana")
        setting.record(pull, turn, aside=aside)
        last = pull, turn
        if step.taken_back:
            setting.record(pull, setting.reopen(pull, "ben"), aside=aside)
            last = None
    if last is not None and cell.reopened is not None:
        setting.reopen(last[0], cell.reopened)


def spoil(setting: Setting, versions: dict[tuple[str, int], Version], actual: Actual) -> None:
    """Let registry and parameters say something else than they should."""
    for (model, number), version in versions.items():
        for each in version.flipped:
            if (model, number) in setting.scene.packages():
                name = f"{each.environment}{each.suffix}"
                setting.scene.flip(model, number, version.approval, (name, each.text))
    for (environment, model), said in actual.currents.items():
        if isinstance(said, str) and said != "top":
            setting.write_current(environment, model, said)
        else:
            top = setting.highest(environment, model) if said == "top" else said
            setting.name(environment, model, top if isinstance(top, int) else None)
    head = setting.scene.repository.commit("main")
    for environment, text in actual.applied.items():
        if text == "first":
            setting.mark(environment, Applied(commit=setting.first))
        elif text == "head":
            setting.mark(environment, Applied(commit=head, everything=True))
        elif text:
            setting.write_applied(environment, text)


# What must hold.


def arranged(worlds: Sequence[Sequence[Version]], actual: Actual) -> Setting:
    setting = Setting()
    versions = {
        (model, number): version
        for model, found in zip(MODELS, worlds, strict=False)
        for number, version in enumerate(found, 1)
    }
    for (model, number), version in versions.items():
        setting.register(model, number, version.generation)
    keys = {
        (environment, model, number): cell
        for (model, number), version in versions.items()
        for environment, cell in zip(LADDER, version.cells, strict=True)
        if cell is not None
    }
    place(setting, keys)
    setting.show()
    spoil(setting, versions, actual)
    setting.finish()
    return setting


def converge(setting: Setting, *, everything: bool) -> None:
    """Apply, and see that it ends where the promises say, and that it has nothing left to do."""
    scene, oracle = setting.scene, setting.oracle
    recorded = {key: len(entries) for key, entries in oracle.effective.items()}
    unusable = oracle.run(LADDER)
    report = scene.apply(LADDER, None, everything=everything)
    assert report is not None
    refused = {key for each in LADDER for key in oracle.refused(each)} | unusable
    assert report.exit is (Exit.INCOMPLETE if refused else Exit.OK), (report, refused)
    assert histories(scene) == decisions(oracle.effective)
    assert currents(scene) == oracle.current
    check_current(scene, oracle)
    check_registry(oracle, scene.packages())
    still = {pull.number for pull in scene.pulls()}
    assert still == {pull.number for pull in oracle.pulls.values() if pull.state.value == "open"}
    check_answers(scene, oracle, recorded)
    for how in (everything, True, False):
        before = scene.writes()
        again = scene.apply(LADDER, None, everything=how)
        assert again is not None
        assert scene.writes() == before, again.receipts
        assert again.exit is report.exit


@given(
    worlds=st.lists(_worlds, min_size=1, max_size=2),
    actual=st.builds(Actual, _currents, _applied),
)
@SETTINGS
def test_everything_compared_ends_as_the_promises_say(
    worlds: list[list[Version]], actual: Actual
) -> None:
    """Whatever tree meets whatever state, `apply --all` ends in the one state that is due."""
    converge(arranged(worlds, actual), everything=True)


@dataclass(frozen=True, slots=True)
class News:
    """What happened to one version in one environment since the last run."""

    environment: str
    model: int
    version: int
    what: tuple[Variant, int | None] | Ended | None
    """A record and its approvals, a pull request that was closed, or a deletion."""


_cuts = st.none() | st.builds(Cut, at=st.integers(1, 60), after=st.booleans())
_news = st.builds(
    News,
    _rungs,
    st.sampled_from([0, 0, 0, 1]),
    st.integers(1, 3),
    st.one_of(
        st.tuples(_variants, st.sampled_from([2, 2, 2, 1, None])),
        st.tuples(_yeses, st.just(2)),
        _ended,
        st.none(),
    ),
)


def settle(setting: Setting) -> None:
    """Let everything that is due have been done by an earlier run."""
    oracle, scene = setting.oracle, setting.scene
    unusable = oracle.run(LADDER)
    setting.show()
    for _ in range(3):
        setting.tick()
    head, at = scene.repository.commit("main"), scene.clock.now()
    for (environment, model), version in oracle.current.items():
        setting.name(environment, model, version)
    setting.tell()
    for environment in LADDER:
        refused = oracle.refused(environment) | {key for key in unusable if key[0] == environment}
        setting.mark(environment, Applied(commit=head, retry=unsettled(refused), closings=at))


def happen(setting: Setting, news: Sequence[News]) -> None:
    """Let things change."""
    ended: list[tuple[Pull, Ended]] = []
    for each in news:
        key = (each.environment, MODELS[each.model], each.version)
        match each.what:
            case None:
                setting.delete(key)
            case Ended() as what:
                there = setting.oracle.main.get(key)
                if there is None or there.text != what.variant.said(key).text:
                    ended.append((setting.propose(key, what.variant, what.author), what))
            case (variant, approvals):
                setting.bring(key, variant, approvals)
    end(setting, ended)


@given(
    worlds=st.lists(_worlds, min_size=1, max_size=2),
    news=st.lists(_news, max_size=6),
    cut=_cuts,
)
@SETTINGS
def test_what_changed_compared_ends_as_the_promises_say(
    worlds: list[list[Version]], news: list[News], cut: Cut | None
) -> None:
    """What is as it should be is left alone; what changed then is done, wherever a run was cut."""
    calm = [
        [
            replace(
                version,
                flipped=(),
                cells=tuple(
                    None if cell is None else replace(cell, ended=(), reopened=None)
                    for cell in version.cells
                ),
            )
            for version in versions
        ]
        for versions in worlds
    ]
    setting = arranged(calm, Actual({}, {}))
    settle(setting)
    before = setting.scene.writes()
    for everything in (True, False):
        report = setting.scene.apply(LADDER, None, everything=everything)
        assert report is not None
        # What is refused is said once, and nobody has said it yet.
        assert setting.scene.writes() == before + refusals_told(setting.scene), report.receipts
    happen(setting, news)
    setting.finish()
    if cut is not None:
        setting.scene.apply(LADDER, cut, everything=False)
    converge(setting, everything=False)
