"""What a backfill chooses, and how fast it may write: over whatever there can be."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.command_line import package_of

from assent.adapters.memory import SettableClock
from assent.contracts import load_contracts
from assent.core.backfill import Choice, Known, select_imports, select_proposals
from assent.core.config import Config, ImportSettings, parse_config
from assent.core.names import RecordId, parse_package_arn
from assent.core.pacing import A_MINUTE, AN_HOUR, Pace
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.parameters import History, HistoryEntry
from assent.core.record import Decision

START = SettableClock().now()
CONFIG: Config = replace(
    parse_config((Path(__file__).parents[2] / "assent.yaml").read_bytes(), load_contracts().config),
    imports=ImportSettings(registered_before=START),
)
CHOICES = st.sampled_from([Choice(), Choice(every=True)])
OLD, NEW = START - timedelta(days=1), START
KEYS = [(model, number) for model in ("churn", "fraud") for number in (1, 2, 3, 4)]


def version(
    key: tuple[str, int],
    approval: RegistryApproval = RegistryApproval.PENDING,
    *,
    late: bool = False,
    touched: bool = False,
    status: str = "Completed",
) -> ModelVersion:
    """A version as the registry shows it."""
    package = replace(package_of(*key), created=NEW if late else OLD)
    return ModelVersion(
        arn=parse_package_arn(package.arn),
        package=package,
        status=status,
        approval=approval,
        written_at=NEW if touched else None,
        written_by="arn:aws:iam::111122223333:user/zoe" if touched else None,
    )


def history(key: tuple[str, int]) -> History:
    """A decision on a version."""
    id_ = RecordId("dev", *key)
    blob = "0" * 40
    entry = HistoryEntry(
        decision=Decision.REJECTED,
        blob=blob,
        by=("ana",),
        at=OLD,
        applied_at=OLD,
        pull_request="https://forge.example/pull/1",
        commit=blob,
        evidence="sha256:" + "0" * 64,
        created=OLD,
    )
    return History(id=id_, entries=(entry,))


@st.composite
def registries(draw: st.DrawFn) -> dict[tuple[str, int], ModelVersion]:
    """What a registry may have of two models."""
    return {
        key: version(
            key,
            draw(st.sampled_from(RegistryApproval)),
            late=draw(st.booleans()),
            touched=draw(st.booleans()),
            status=draw(st.sampled_from(["Completed", "Completed", "Failed"])),
        )
        for key in KEYS
        if draw(st.booleans())
    }


@st.composite
def knowns(draw: st.DrawFn) -> Known:
    """What Assent may know of them."""
    some = st.sets(st.sampled_from(KEYS), max_size=3)
    return Known(
        recorded={key: draw(st.sampled_from([OLD, NEW, None])) for key in draw(some)},
        histories={key: (history(key),) for key in draw(some)},
        unread=dict.fromkeys(draw(some), "it is not JSON"),
        open=dict.fromkeys(draw(some), "https://forge.example/pull/2"),
        live=draw(st.dictionaries(st.sampled_from(["churn", "fraud"]), st.integers(1, 4))),
    )


def keys(versions: tuple[ModelVersion, ...]) -> list[tuple[str, int]]:
    """Which versions they are."""
    return [(each.arn.model, each.arn.version) for each in versions]


@given(registries(), knowns(), CHOICES)
def test_every_pending_version_is_chosen_or_told_why_not(
    registry: Mapping[tuple[str, int], ModelVersion], known: Known, choice: Choice
) -> None:
    """Nothing is dropped silently, nothing else is proposed, and nothing that is behind."""
    found = select_proposals(registry.values(), known, choice, CONFIG)
    chosen, left = keys(found.chosen), [(each.model, each.version) for each in found.left_out]
    pending = {key for key, each in registry.items() if each.approval is RegistryApproval.PENDING}
    assert sorted([*chosen, *left]) == sorted(pending)
    assert all(each.why for each in found.left_out)
    assert not {*chosen} & {*known.unread, *known.open}
    for key in chosen:
        assert registry[key].status == "Completed"
        assert known.recorded.get(key, ...) not in {None, registry[key].package.created}
        if not choice.every:
            ahead = [number for model, number in known.open if model == key[0]]
            ahead += [known.live.get(key[0], 0)]
            ahead += [
                number
                for (model, number), each in registry.items()
                if model == key[0] and each.approval is RegistryApproval.APPROVED
            ]
            assert key[1] >= max(ahead)
    if not choice.every:
        assert len({model for model, _ in chosen}) == len(chosen)


@given(registries(), knowns(), CHOICES)
def test_what_is_proposed_is_not_proposed_again(
    registry: Mapping[tuple[str, int], ModelVersion], known: Known, choice: Choice
) -> None:
    """The next run finds nothing to do, where all that was chosen is open by then."""
    first = select_proposals(registry.values(), known, choice, CONFIG)
    after = replace(known, open={**known.open, **dict.fromkeys(keys(first.chosen), "there")})
    assert not select_proposals(registry.values(), after, choice, CONFIG).chosen


@given(registries(), knowns(), CHOICES)
def test_only_what_was_approved_before_is_imported(
    registry: Mapping[tuple[str, int], ModelVersion], known: Known, choice: Choice
) -> None:
    """Old, untouched, unknown to Assent; never below an approved one that cannot be imported."""
    found = select_imports(registry.values(), known, choice, CONFIG)
    chosen = keys(found.chosen)
    approved = {
        key: each for key, each in registry.items() if each.approval is RegistryApproval.APPROVED
    }
    assert sorted([*chosen, *((each.model, each.version) for each in found.left_out)]) == sorted(
        approved
    )
    known_keys = {*known.recorded, *known.histories, *known.unread, *known.open}
    for key in chosen:
        each = approved[key]
        assert (each.package.created, each.written_at, each.status) == (OLD, None, "Completed")
        assert key not in known_keys
        newer = [
            other
            for (model, number), other in approved.items()
            if model == key[0] and number > key[1] and (model, number) not in known_keys
        ]
        assert all(
            (other.package.created, other.written_at, other.status) == (OLD, None, "Completed")
            for other in newer
        )
        if not choice.every:
            assert not [n for model, n in approved if model == key[0] and n > key[1]]
    after = replace(known, recorded={**known.recorded, **dict.fromkeys(chosen, OLD)})
    assert not select_imports(registry.values(), after, choice, CONFIG).chosen


def test_a_package_of_another_registry_is_nobodys() -> None:
    """What a page shows twice, or of another account, counts once or not at all."""
    mine = version(("churn", 1))
    text = mine.arn.text.replace("111122223333", "999999999999")
    other = replace(mine, arn=parse_package_arn(text))
    found = select_proposals([mine, other, mine], Known(), Choice(every=True), CONFIG)
    assert (keys(found.chosen), found.looked_at) == ([("churn", 1)], 1)


def test_a_glob_and_a_time_choose() -> None:
    """Only the models that match, and what was registered since."""
    several = [version(key, late=key[1] == 4) for key in KEYS]
    choice = Choice(models="ch*", since=NEW, every=True)
    assert keys(select_proposals(several, Known(), choice, CONFIG).chosen) == [("churn", 4)]


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 300)), max_size=150))
def test_no_span_has_more_writes_than_it_may(batches: list[tuple[int, int]]) -> None:
    """However work comes, after the waits that it asks for no minute and no hour is too full."""
    pace, now = Pace(), START
    written = []
    for count, idle in batches:
        now += timedelta(seconds=idle)
        now += timedelta(seconds=pace.seconds(now, count))
        pace.wrote(now, count)
        written += [now] * count
    for span, most in ((timedelta(minutes=1), A_MINUTE), (timedelta(hours=1), AN_HOUR)):
        for place, first in enumerate(written):
            within = [each for each in written[place:] if each < first + span]
            assert len(within) <= most


def test_nobody_waits_while_there_is_room() -> None:
    """Fifteen promotions go at once, the next waits for the first minute to end."""
    pace = Pace()
    for _ in range(A_MINUTE // 4):
        assert pace.seconds(START, 4) == 0
        pace.wrote(START, 4)
    assert pace.seconds(START, 4) == 60
