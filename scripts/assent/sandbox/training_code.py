"""The repository that the demo's model is trained from; its modules are those that really do it."""

from dataclasses import dataclass
from importlib import resources
from typing import Final

from assent.sandbox.github.git_repository import GitRepository
from assent.sandbox.stage import Stage

__all__ = ["TRAINING_REPOSITORY", "TrainingCode", "keep_training_code"]

TRAINING_REPOSITORY: Final = "acme/churn-training"
_PACKAGE: Final = "assent.sandbox.churn"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCode:
    """A commit that holds the code of a training, as a pipeline tells it to the registry."""

    url: str
    """What `git clone` takes."""
    commit: str


def keep_training_code(stage: Stage) -> TrainingCode:
    """Commit the training's modules, as they are, to a repository of its own on a stage.

    So the commit that a version is registered with is one that exists, and what it holds is what
    trained the version.
    """
    files = {
        f"churn/{each.name}": each.read_text(encoding="utf-8")
        for each in resources.files(_PACKAGE).iterdir()
        if each.name.endswith(".py")
    }
    path = stage.hub.create_repository(TRAINING_REPOSITORY, files=files, writers=["zoe"])
    commit = GitRepository(path).resolve("main")
    if commit is None:
        raise AssertionError("a repository that was just created has a commit")
    return TrainingCode(url=stage.clone_url(TRAINING_REPOSITORY), commit=commit)
