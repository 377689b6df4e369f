"""What `assent apply` costs where many pull requests were closed long ago: what it costs without.

The first run looks at all of them. What is counted is a run after it.
"""

import json
from datetime import timedelta
from pathlib import Path

from assent.contracts import load_contracts
from assent.core.names import RecordId
from assent.core.record import write_record
from assent.sandbox.aws import register
from assent.sandbox.stage import REPOSITORY
from benchmarks.calls import Operations, count_apply
from benchmarks.scene import REPORT, Scene, open_scene
from benchmarks.tree import CREATED, ENVIRONMENT, TreeShape, commit_files, record_of

__all__ = ["count_with_closed"]

_RECORDS = 10
_TURNED_DOWN = RecordId(ENVIRONMENT, "turned-down", 1)
_OWNER = "ana"
_OTHER = "zoe"
_APART = timedelta(minutes=10)
_LONG_AGO = timedelta(days=60)


def count_with_closed(closed: int, folder: Path) -> Operations:
    """Apply one promotion where so many others were closed before, and looked at.

    Args:
        closed: How many.
        folder: An empty one.

    Raises:
        RuntimeError: The first run did not record them, or the promotion did not take effect.
    """
    with open_scene(TreeShape.of(_RECORDS), folder) as scene:
        _close(scene, closed)
        _move_main(scene)
        clone = str(scene.clone())
        looked = json.loads(scene.run("apply", "--repository", clone, "--format", "json"))
        if [each["receipt"] for each in looked["receipts"]] != ["closing"]:
            raise RuntimeError(f"the closings were not recorded: {looked}")
        registered = scene.register_next()
        event = scene.folder / "event.json"
        event.write_text(json.dumps(registered.event), encoding="utf-8")
        scene.run("propose", str(event))
        return count_apply(scene, registered.version)


def _move_main(scene: Scene) -> None:
    """Let main have moved, as before most runs; where it has not, they save themselves writes."""
    bare = scene.stage.hub.repository_path(REPOSITORY)
    commit_files(bare, [("NOTES.md", b"Notes\n")], message="Take notes")


def _close(scene: Scene, count: int) -> None:
    """Let a code owner close promotions of one version, one after the other, two months ago.

    The first one rejects it; the others find that decided.
    """
    register(
        scene.stage.aws,
        group=_TURNED_DOWN.model,
        reports={"model-quality": REPORT},
        created=CREATED,
    )
    repository, owner = scene.stage.repository(_OTHER), scene.stage.repository(_OWNER)
    branch = f"promote/{ENVIRONMENT}/{_TURNED_DOWN.model}/{_TURNED_DOWN.version}"
    content = write_record(record_of(_TURNED_DOWN), load_contracts().promotion)
    start = scene.clock() - _LONG_AGO
    scene.clock.at = start
    repository.create_git_ref(f"refs/heads/{branch}", repository.get_branch("main").commit.sha)
    repository.create_file(_TURNED_DOWN.path, "Add", content, branch=branch)
    for place in range(count):
        scene.clock.at = start + place * _APART
        pull = repository.create_pull(base="main", head=branch, title="Promote it")
        owner.get_pull(pull.number).edit(state="closed")
    scene.clock.at = None
