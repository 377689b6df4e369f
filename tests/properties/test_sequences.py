"""Random orders of what people, services and crashes do, against the fakes; see `play`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from tests.properties.actions import Action, Apply, calm, sequences
from tests.properties.memory_scene import MemoryScene
from tests.properties.play import Play
from tests.properties.scene import LADDERS

SETTINGS = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=150,
    # A sequence of forty actions says enough without the minutes that shrinking takes; to shrink
    # one, add Phase.shrink.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# How far closings were looked at: what was cut off looks a second time, and that decides nothing.
_LOOKED = re.compile(r'"closings":"[^"]*",')


@pytest.mark.parametrize("rungs", [2, 4])
@given(played=sequences(5, 11))
@SETTINGS
def test_the_promises_hold_in_any_order(rungs: int, played: tuple[Action, ...]) -> None:
    """After every completed run the promises hold, whatever came before, crashes included."""
    play_all(rungs, played)


@pytest.mark.parametrize("rungs", [2, 4])
@given(played=sequences(5, 11))
@SETTINGS
def test_a_crash_leaves_no_trace_once_the_run_was_repeated(
    rungs: int, played: tuple[Action, ...]
) -> None:
    """Cut off anywhere and run again, it ends in the very state of a run that was never cut."""
    cut = play_all(rungs, played, thorough=False, revive=True)
    assert seen(cut) == seen(play_all(rungs, list(map(calm, played)), thorough=False))


@pytest.mark.parametrize("rungs", [2, 4])
@given(played=sequences(5, 11, flips=False, cuts=False))
@SETTINGS
def test_comparing_what_changed_is_as_good_as_comparing_everything(
    rungs: int, played: tuple[Action, ...]
) -> None:
    """Where nobody writes AWS by hand, the short way and the long way decide the same."""
    ways = [
        [replace(each, everything=way) if isinstance(each, Apply) else each for each in played]
        for way in (False, True)
    ]
    short, long = (play_all(rungs, way, thorough=False) for way in ways)
    assert short.parameters() == long.parameters()
    assert fields(short) == fields(long)


def play_all(
    rungs: int, played: Sequence[Action], *, thorough: bool = True, revive: bool = False
) -> MemoryScene:
    """Play a sequence on a fresh scene."""
    play = Play(MemoryScene(LADDERS[rungs], named_jobs=True), thorough=thorough, revive=revive)
    for action in played:
        play.perform(action)
    scene = play.scene
    assert isinstance(scene, MemoryScene)
    return scene


def seen(scene: MemoryScene) -> Mapping[str, Any]:
    """Everything that anybody can see of a scene."""
    return {
        "registry": scene.packages(),
        "parameters": {name: _LOOKED.sub("", text) for name, text in scene.parameters().items()},
        "main": scene.main(),
        "branches": set(scene.repository.branches),
        "pulls": [
            (
                *(pull.number, pull.branch, pull.title, pull.body, pull.state, pull.labels),
                *(pull.turns, pull.remarks),
            )
            for pull in scene.repository.pulls
        ],
        "content": [pull.files for pull in scene.pulls()],
    }


def fields(scene: MemoryScene) -> Mapping[tuple[str, int], Mapping[str, str]]:
    """The metadata of every version."""
    return {key: version.metadata for key, version in scene.packages().items()}
