"""Whatever happens in whatever order: what Assent did, the audit finds whole."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from tests.flows.trail import MemoryObjects
from tests.properties.actions import Action, sequences
from tests.properties.memory_scene import MemoryScene
from tests.properties.play import Play
from tests.properties.scene import LADDERS
from tests.properties.test_receipts import SETTINGS

from assent.contracts import load_contracts
from assent.core.audit.gaps import GapKind
from assent.core.audit.material import Scope
from assent.flows.audit import Audited, audit
from assent.flows.wanted import World

START = datetime(2026, 11, 22, tzinfo=UTC)


class SceneObjects:
    """The objects of a repository in memory, whose commits have ids of their own."""

    def __init__(self, scene: MemoryScene) -> None:
        self._history = scene.repository
        self._made = MemoryObjects()
        if scene.receipts.files:
            tip = self._made.commit_files(scene.receipts.files, at=START)
            self._made.refs["refs/heads/receipts"] = tip

    def commit(self, revision: str, /) -> str:
        """See `ports.Objects`."""
        return self._made.commit(revision)

    def raw(self, id_: str, /) -> tuple[str, bytes]:
        """See `ports.Objects`."""
        if id_ in self._history._commits:
            commit = self._history._commits[id_]
            made = self._made.commit_files(commit.files, *commit.parents, at=START)
            return self._made.raw(made)
        if id_ in self._history._blobs:
            return "blob", self._history._blobs[id_]
        return self._made.raw(id_)


def judged(scene: MemoryScene) -> Audited:
    """What an audit says of a scene now."""
    world = World(
        config=scene.config,
        contracts=load_contracts(),
        history=scene.repository,
        head=scene.repository.branches["main"],
        registry=scene.registry,
        parameters=lambda environment: scene.stores[environment.name],
        clock=scene.clock,
    )
    return audit(world, SceneObjects(scene), Scope(environments=scene.config.ladder))


@pytest.mark.parametrize("rungs", [2, 4])
@given(played=sequences(5, 11))
@SETTINGS
def test_what_was_done_is_found_whole(rungs: int, played: Sequence[Action]) -> None:
    """Cut off anywhere and run again: every link holds."""
    scene = MemoryScene(LADDERS[rungs], named_jobs=True)
    play = Play(scene, thorough=False, revive=True)
    for action in played:
        play.perform(action)
    report = scene.apply(scene.config.ladder, None, everything=True)
    assert report is not None
    found = judged(scene)
    by_hand = {GapKind.REGISTRY_DIFFERS, GapKind.PARAMETER_DIFFERS}
    assert [each for each in found.audit.gaps if each.kind not in by_hand] == []
    for each in found.audit.gaps:  # packages that people deleted, made anew or approved themselves
        assert each.kind is GapKind.REGISTRY_DIFFERS or _falls_back(each.detail)


def _falls_back(detail: str) -> bool:
    """Whether `current` cannot name what was decided, since its package is not there any more."""
    return "what was decided makes it version" in detail
