"""Whatever happens in whatever order, and wherever a run dies: each effect has its one receipt."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.properties.actions import Action, sequences
from tests.properties.memory_scene import MemoryScene
from tests.properties.play import Play
from tests.properties.scene import LADDERS
from tests.receipt_chain import chain

from assent.core.names import RecordId
from assent.core.parameters import History, Names
from assent.core.statements import StatementKind
from assent.flows.histories import read_histories

SETTINGS = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
OF_A_DECISION = {StatementKind.DECISION, StatementKind.CLOSING}


def histories(scene: MemoryScene, environment: str) -> list[History]:
    """Every history of an environment."""
    names = Names(prefix=scene.config.parameter_prefix, environment=environment)
    store = scene.stores[environment]
    ids = {
        RecordId(environment, parts[3], int(parts[5]))
        for name in store.values
        if "/versions/" in name and (parts := name.split("/"))
    }
    found = read_histories(store, names, sorted(ids)).values()
    return [each for each in found if isinstance(each, History)]


def assert_receipted(scene: MemoryScene) -> None:
    """Every effect that stands has exactly one receipt, and every receipt its copy."""
    for environment in scene.config.ladder:
        written = chain(scene.receipts.files, environment)
        told = Counter(
            (each.what["model"], each.what["version"], each.what["number"])
            for each in written
            if each.kind in OF_A_DECISION
        )
        assert told == Counter(
            (history.id.model, history.id.version, number)
            for history in histories(scene, environment)
            for number in range(1, len(history.entries) + 1)
        )
        last = {
            each.what["model"]: each.what["value"]
            for each in written
            if each.kind is StatementKind.CURRENT
        }
        values = scene.stores[environment].values
        assert last == {
            name.split("/")[3]: text for name, text in values.items() if name.endswith("/current")
        }
    receipts = {path for path in scene.receipts.files if "/0" in path}
    assert {path: scene.receipts.files[path] for path in receipts} == scene.vault.objects


@pytest.mark.parametrize("rungs", [2, 4])
@given(played=sequences(5, 11))
@SETTINGS
def test_each_effect_has_one_receipt_in_any_order(rungs: int, played: Sequence[Action]) -> None:
    """Cut off anywhere and run again, chain, indexes and copies are whole, and nothing is twice."""
    scene = MemoryScene(LADDERS[rungs], named_jobs=True)
    play = Play(scene, thorough=False, revive=True)
    for action in played:
        play.perform(action)
    report = scene.apply(scene.config.ladder, None, everything=True)
    assert report is not None
    assert_receipted(scene)
    commits = len(scene.receipts.commits)
    scene.apply(scene.config.ladder, None, everything=True)
    assert len(scene.receipts.commits) == commits
