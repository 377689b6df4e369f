"""retire.yml, run by act: whatever is typed into the form stays text."""

from pathlib import Path

import yaml
from tests.workflows.runner import names
from tests.workflows.scene import Scene


def test_a_hostile_reason_is_only_a_reason(scene: Scene, tmp_path: Path) -> None:
    """The pull request that asks for the retirement quotes it, and nothing ran it."""
    scene.accept(scene.propose())
    scene.apply()
    marker = tmp_path / "executed"
    typed = f'it drifts "$(touch {marker})" `touch {marker}`; \' ::error::no'
    reason = f"{typed}\n::add-path::x\n--help"
    event = scene.on_dispatch(model="churn", version="1", environment="dev", reason=reason)
    run = scene.run("retire.yml", event)
    assert not marker.exists()
    assert names(run.commands) == {"add-mask"}
    assert run.jobs == {"retire": "success"}, run.story
    (pull,) = scene.stage.pull_requests(name=scene.name)
    path, record = scene.record(pull)
    assert path == "promotions/dev/churn/1.yaml"
    assert pull.head.ref.startswith("retire/dev/churn/1-")
    asked = yaml.safe_load(record)
    assert asked["status"] == "Retired"
    assert asked["reason"].split() == reason.split()
