"""`assent status` beside `gto show`, which tells the same of models that are kept as git tags."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.comparison import Comparison, Measured
from benchmarks.duration import Command, time_beside
from benchmarks.scene import Scene
from benchmarks.tree import ENVIRONMENT, TreeShape, model_name

__all__ = ["compare_status"]

_WHO = "Assent <assent@example.com> {} +0000"
_START = 1795342800


def compare_status(scene: Scene, peers: Path, *, runs: int, peer_records: int) -> Comparison:
    """Time both: ours with its services on the sandbox, the peer's over tags in a local clone.

    Args:
        scene: Whose status is read.
        peers: The folder of the peers' programs.
        runs: How often ours runs; the peer runs once.
        peer_records: How many versions the peer has to read. Its time grows faster than their
            number, so that fewer than ours flatter it.
    """
    shape = TreeShape.of(peer_records)
    tagged = scene.folder / "tagged"
    tag_versions(tagged, shape)
    ours, peer = time_beside(
        Command(
            arguments=[*scene.assent(), "status"],
            folder=scene.clone(),
            environment=scene.environment(),
        ),
        Command(arguments=[str(peers / "gto"), "show"], folder=tagged),
        runs=runs,
    )
    return Comparison(
        question="What is live?",
        ours=Measured(
            command="assent status", size=f"{scene.shape.records:,} versions", duration=ours
        ),
        peer=Measured(command="gto show", size=f"{shape.records:,} versions", duration=peer),
    )


def tag_versions(repository: Path, shape: TreeShape) -> None:
    """Make a repository that says in GTO's words what a tree of records says in ours.

    Each version is a tag, and so is each model's assignment of its highest version to the stage.
    GTO allows one version of a model per commit; all models share those commits, which is the
    shortest history that it accepts.
    """
    subprocess.run(
        ["git", "init", "--quiet", "--initial-branch", "main", str(repository)],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        ["git", "-C", str(repository), "fast-import", "--quiet", "--done"],
        input="".join(_history(shape)).encode(),
        check=True,
        capture_output=True,
    )
    subprocess.run(
        ["git", "-C", str(repository), "reset", "--quiet", "--hard"],
        check=True,
        capture_output=True,
    )


def _history(shape: TreeShape) -> Iterator[str]:
    models = [model_name(index) for index in range(shape.models)]
    artifacts = "".join(f"{model}:\n  path: models/{model}\n  type: model\n" for model in models)
    second = _START
    for version in range(1, shape.versions + 1):
        message = f"Version {version}"
        yield f"commit refs/heads/main\ncommitter {_WHO.format(second)}\n{_data(message)}"
        yield f"M 100644 inline artifacts.yaml\n{_data(artifacts)}"
        for model in models:
            second += 1
            yield _tag(f"{model}@v{version}.0.0", second)
    for model in models:
        second += 1
        yield _tag(f"{model}#{ENVIRONMENT}#1", second)
    yield "done\n"


def _tag(name: str, second: int) -> str:
    who = _WHO.format(second)
    return f"tag {name}\nfrom refs/heads/main\ntagger {who}\n{_data(name)}"


def _data(text: str) -> str:
    return f"data {len(text)}\n{text}\n"
