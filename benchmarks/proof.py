"""What it costs to prove that one record was approved: GitHub calls of a process that just began.

The record is production's, which asks for two approvals; the code owners are a team.
"""

from contextlib import closing
from pathlib import Path

from assent.adapters.git import GitRepository
from assent.adapters.github import GitHubForge, app_installation, connect
from assent.adapters.memory import MemoryParameters, MemoryRegistry
from assent.adapters.system_clock import SystemClock
from assent.contracts import load_contracts
from assent.core.changes import Asked
from assent.core.config import parse_config
from assent.core.git_objects import blob_id
from assent.core.names import RecordId
from assent.core.record import write_record
from assent.flows.origins import Origins
from assent.flows.prove import Proof, prove
from assent.flows.wanted import World
from assent.sandbox.stage import REPOSITORY, Stage, repository_files
from benchmarks.calls import Operations, operations
from benchmarks.tree import model_name, record_of

__all__ = ["count_proof"]

_ID = RecordId("prod", model_name(0), 1)
_APPROVERS = ("ana", "ben")
_BRANCH = "promote/prod"


def count_proof(folder: Path) -> Operations:
    """Prove the approval of one record.

    Args:
        folder: An empty one.

    Raises:
        RuntimeError: It could not be proven, so that the counts mean nothing.
    """
    contracts = load_contracts()
    record = record_of(_ID)
    content = write_record(record, contracts.promotion)
    with Stage(folder / "stage") as stage:
        text = repository_files()["assent.yaml"].replace(
            "name: prod", "name: prod\n    approvals: 2"
        )
        _demand(stage, text)
        _merge(stage, content)
        with closing(GitRepository(stage.clone(folder / "clone"))) as history:
            world = World(
                config=parse_config(text.encode(), contracts.config),
                contracts=contracts,
                history=history,
                head=history.commit("HEAD"),
                registry=MemoryRegistry(),
                parameters=lambda _: MemoryParameters(),
                clock=SystemClock(),
            )
            stage.ledger.clear()
            forge = _forge(stage)
            asked = Asked(id=_ID, record=record, blob=blob_id(content))
            proof = prove(world, forge, Origins(world, forge), asked)
        if not isinstance(proof, Proof) or proof.by != _APPROVERS:
            raise RuntimeError(f"the approval was not proven: {proof}")
        return operations(stage.ledger.calls)


def _demand(stage: Stage, text: str) -> None:
    """Let main ask for two approvals in production, before anything is promoted there."""
    carla = stage.repository("carla")
    carla.create_git_ref("refs/heads/demand", carla.get_branch("main").commit.sha)
    there = carla.get_contents("assent.yaml")
    if isinstance(there, list):
        raise TypeError("assent.yaml is a folder")
    carla.update_file("assent.yaml", "Ask for two", text, there.sha, branch="demand")
    _land(stage, "zoe", "demand", ["carla"], opened_by="zoe")


def _merge(stage: Stage, content: bytes) -> None:
    zoe = stage.repository("zoe")
    zoe.create_git_ref(f"refs/heads/{_BRANCH}", zoe.get_branch("main").commit.sha)
    zoe.create_file(_ID.path, "Promote", content, branch=_BRANCH)
    _land(stage, "carla", _BRANCH, _APPROVERS, opened_by="zoe")


def _land(
    stage: Stage,
    merger: str,
    branch: str,
    approvers: tuple[str, ...] | list[str],
    *,
    opened_by: str,
) -> None:
    pull = stage.repository(opened_by).create_pull("main", branch, title="Change", body="")
    for login in approvers:
        stage.approve(pull.number, login)
    stage.merge(pull.number, merger)


def _forge(stage: Stage) -> GitHubForge:
    """The forge of a fresh process, which has no token yet."""
    said = stage.environment()
    auth = app_installation(
        said["ASSENT_APP_ID"],
        said["ASSENT_APP_PRIVATE_KEY"],
        int(said["ASSENT_INSTALLATION_ID"]),
    )
    return GitHubForge(connect(auth, stage.api_url), REPOSITORY)
