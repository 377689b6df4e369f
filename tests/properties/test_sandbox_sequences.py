"""The sequences of `test_sequences`, over HTTP: real adapters, real git, a wire that is cut."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.properties.actions import Action, Apply, sequences
from tests.properties.http_scene import HttpScene, Services
from tests.properties.play import Play
from tests.properties.scene import LADDERS

from assent.adapters.memory import SettableClock
from assent.sandbox.stage import Stage

CHUNKS = 8
PER_CHUNK = 8
SETTINGS = settings(
    deadline=None,
    database=None,
    max_examples=PER_CHUNK,
    phases=[Phase.explicit, Phase.generate],  # shrinking would take minutes; memory's is as good
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """One running stage for all the sequences of this process."""
    clock = SettableClock()
    with Stage(tmp_path_factory.mktemp("stage"), now=clock.now) as stage:
        yield Services(stage, clock)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_promises_hold_over_http(services: Services, chunk: int) -> None:
    """Eight sequences in each of eight chunks, each with a repository of its own."""
    played = 0
    completed = 0

    @seed(chunk)
    @SETTINGS
    @given(sequence=sequences(3, 6))
    def play(sequence: tuple[Action, ...]) -> None:
        nonlocal played, completed
        with HttpScene(services, LADDERS[2 if chunk % 2 else 4]) as scene:
            run = Play(scene)
            for action in (*sequence, Apply()):
                run.perform(action)
        played += 1
        completed += run.completed

    play()
    assert played >= PER_CHUNK
    assert completed >= played
