"""Status on the fakes: what is live beside what main asks for."""

from tests.properties.memory_scene import MemoryScene
from tests.properties.play import Play, Promote, Write

from assent.adapters.memory import MemoryParameters
from assent.contracts import load_contracts
from assent.core.status import Cell
from assent.flows.status import Status, status
from assent.flows.wanted import World


def played(*actions: Promote | Write) -> Play:
    play = Play(MemoryScene(("dev", "test")), thorough=False)
    for action in actions:
        play.perform(action)
    return play


def status_of(play: Play, *environments: str) -> Status:
    scene = play.scene
    assert isinstance(scene, MemoryScene)
    world = World(
        config=scene.config,
        contracts=load_contracts(),
        history=scene.repository,
        head=scene.repository.commit("main"),
        registry=scene.registry,
        parameters=lambda environment: scene.stores[environment.name],
        clock=scene.clock,
    )
    return status(world, scene.config.select(environments))


def store(play: Play, environment: str = "dev") -> MemoryParameters:
    assert isinstance(play.scene, MemoryScene)
    return play.scene.stores[environment]


def write(status: str, *, rung: int = 0, package: int = 0) -> Write:
    return Write(rung, package, status, fresh=False, altered=False, how="merge")


def test_an_empty_repository_has_no_models() -> None:
    """All environments are listed, in ladder order, and no model."""
    assert status_of(played()) == Status(environments=("dev", "test"), models={})


def test_what_waits_for_apply_is_shown_beside_what_is_live() -> None:
    """Before the first run nothing is live; after it both agree; a later merge shows at once."""
    play = played(Promote(0))
    assert status_of(play).models == {"churn": {"dev": Cell(live=None, asked=1)}}
    play.scene.apply(["dev"], None, everything=False)
    assert status_of(play).models == {"churn": {"dev": Cell(live=1, asked=1)}}
    play.perform(Promote(0))
    assert status_of(play).models == {"churn": {"dev": Cell(live=1, asked=2)}}


def test_the_highest_approved_record_is_what_main_asks_for() -> None:
    """A rejected or retired one above it does not count; where all are, nothing is asked."""
    play = played(Promote(0), Promote(0), Promote(0), write("Rejected", package=2))
    assert status_of(play).models["churn"]["dev"].asked == 2
    play.perform(write("Retired", package=1))
    assert status_of(play).models["churn"]["dev"].asked == 1
    play.perform(write("Rejected", package=0))
    assert status_of(play).models["churn"]["dev"].asked is None


def test_models_are_sorted_and_environments_apart() -> None:
    """An environment in which main has no record of a model is absent from its row."""
    play = played(Promote(1), Promote(0), write("Approved", rung=1, package=0))
    play.scene.apply(["dev", "test"], None, everything=False)
    found = status_of(play)
    assert list(found.models) == ["churn", "fraud-eu"]
    assert found.models["churn"] == {"dev": Cell(live=1, asked=1)}
    assert found.models["fraud-eu"] == {
        "dev": Cell(live=1, asked=1),
        "test": Cell(live=1, asked=1),
    }
    only = status_of(play, "test")
    assert (only.environments, list(only.models)) == (("test",), ["fraud-eu"])


def test_an_unreadable_current_is_told_and_is_not_none() -> None:
    """Garbage is neither a version nor the absence of one; the other models are read."""
    play = played(Promote(0), Promote(1))
    play.scene.apply(["dev"], None, everything=False)
    store(play).values["/assent/dev/churn/current"] = "garbage"
    found = status_of(play, "dev").models
    assert "not JSON" in found["churn"]["dev"].unreadable
    assert found["fraud-eu"]["dev"] == Cell(live=1, asked=1)


def test_a_file_that_is_no_record_asks_for_nothing() -> None:
    """What does not parse is passed over, and so is a stray file."""
    play = played(Promote(0))
    play.scene.push("promotions/dev/churn/2.yaml", b"not a record")
    play.scene.push("promotions/dev/churn/notes.md", b"notes")
    assert status_of(play).models == {"churn": {"dev": Cell(live=None, asked=1)}}
