"""Drift after random orders of what people, services and crashes do; see `play`."""

import pytest
from hypothesis import given, settings
from tests.properties.actions import Action, sequences
from tests.properties.memory_scene import Fuse, MemoryScene
from tests.properties.test_sequences import SETTINGS, play_all

from assent.core.discrepancy import Discrepancy, Kind
from assent.core.rendering.discrepancies import DISCREPANCY_TITLE
from assent.flows.find_discrepancies import find_discrepancies
from assent.flows.heal import heal

FEWER = settings(SETTINGS, max_examples=40)
EXPLAINED = {Kind.RECORD_WITHOUT_EFFECT, Kind.PACKAGE_DELETED, Kind.PACKAGE_RECREATED}
"""What apply leaves as it is, because it may not happen, or cannot be undone."""


def differs(scene: MemoryScene) -> list[Discrepancy]:
    world = scene._world(Fuse(None))
    report = find_discrepancies(world, world.config.environments)
    assert not report.broken
    return [
        each
        for each in report.discrepancies
        # An approval in effect whose record somebody deleted is people's to end.
        if each.kind not in EXPLAINED and (each.heals or each.kind is Kind.HISTORY_EDITED)
    ]


@pytest.mark.parametrize("rungs", [2, 4])
@given(played=sequences(5, 11))
@FEWER
def test_nothing_is_invented_after_a_full_apply(rungs: int, played: tuple[Action, ...]) -> None:
    """Whatever was done, by hand or by half: what a full comparison converged is no drift."""
    scene = play_all(rungs, played, thorough=False)
    for _ in range(2):
        assert scene.apply(scene.config.ladder, None, everything=True) is not None
    paths = {*scene.main(), *scene.parameters()}
    for each in differs(scene):
        # Of what has neither record nor history apply never learns; only drift does.
        assert each.kind is Kind.APPROVED_WITHOUT_RECORD
        known = {f"/{each.model}/{each.version}.yaml", f"/{each.model}/versions/{each.version}"}
        assert not [path for path in paths for end in known if path.endswith(end)]


@pytest.mark.parametrize("rungs", [2, 4])
@given(played=sequences(5, 11, flips=False, cuts=False))
@FEWER
def test_nothing_is_invented_in_ordinary_life(rungs: int, played: tuple[Action, ...]) -> None:
    """Where nobody writes by hand and no run dies, no event tells of drift, and none is left."""
    scene = play_all(rungs, played, thorough=False)
    assert not [each for each in scene.repository.issues if each.title == DISCREPANCY_TITLE]
    assert scene.apply(scene.config.ladder, None, everything=False) is not None
    assert differs(scene) == []


@pytest.mark.parametrize("rungs", [2, 4])
@given(played=sequences(5, 11))
@FEWER
def test_healing_mends_whatever_was_done_by_hand(rungs: int, played: tuple[Action, ...]) -> None:
    """Healed once, nothing is left to heal; and no history has changed."""
    scene = play_all(rungs, played, thorough=False)
    before = histories(scene)
    world = scene._world(Fuse(None))
    report = find_discrepancies(world, world.config.environments)
    heal(world, world.config.environments, report)
    assert differs(scene) == []
    assert histories(scene) == before
    writes = scene.writes()
    world = scene._world(Fuse(None))
    heal(world, world.config.environments, find_discrepancies(world, world.config.environments))
    assert scene.writes() == writes


def histories(scene: MemoryScene) -> dict[str, str]:
    return {name: text for name, text in scene.parameters().items() if "/versions/" in name}
