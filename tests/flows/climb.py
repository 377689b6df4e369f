"""A version that climbs the ladder in memory: approved in dev, with batch inference there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from tests.properties.memory_scene import Fuse, MemoryScene, fused
from tests.properties.play import Play, Promote, Write

from assent.adapters.memory import MemoryJobs, MemoryReports
from assent.adapters.memory_repository import MemoryPull
from assent.contracts import load_contracts
from assent.core.evidence import Inference
from assent.core.names import RecordId, parse_package_arn
from assent.core.outcome import Outcome
from assent.core.own_events import INFERENCE_COMPLETED
from assent.core.record import ParsedRecord, Record, parse_record
from assent.flows.propose import World, propose
from assent.ports import TransformRun

TARGET = RecordId("test", "churn", 1)
BELOW = RecordId("dev", "churn", 1)
BRANCH = "promote/test/churn/1"
ARN = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/1"
ACCOUNTS = {"dev": "222222222222", "test": "333333333333", "prod": "444444444444"}
OUTPUT = "s3://batch/out"
METRICS = f"{OUTPUT}/metrics.json"
VIOLATIONS = f"{OUTPUT}/constraint_violations.json"
QUALITY = b'{"scored": {"auc": {"value": 0.88}}}'
DRIFT = b"""{"violations": [{"feature_name": "age", "constraint_check_type": "data_type_check",
 "description": "too many unknown ages"}]}"""


def job_arn(name: str, account: str) -> str:
    return f"arn:aws:sagemaker:eu-west-1:{account}:transform-job/{name}"


def completed(name: str = "nightly", environment: str = "dev", **changes: Any) -> TransformRun:  # noqa: ANN401 - any field
    run = TransformRun(
        arn=job_arn(name, ACCOUNTS[environment]),
        status="Completed",
        failure="",
        model="churn-1",
        packages=(parse_package_arn(ARN),),
        started=datetime(2026, 11, 22, 10, tzinfo=UTC),
        ended=datetime(2026, 11, 22, 10, 10, tzinfo=UTC),
        instance_type="ml.m5.xlarge",
        instances=3,
        output=OUTPUT,
    )
    return replace(run, **changes)


@dataclass
class Climb:
    """A version that is approved in dev, and in effect there, and batch inference with it."""

    scene: MemoryScene
    play: Play
    jobs: dict[str, MemoryJobs]
    files: dict[str | None, MemoryReports]
    """By environment; None for the registry's account."""

    def world(self, fuse: Fuse | None = None, **others: Any) -> World:  # noqa: ANN401 - any field of World
        """Each environment reads with credentials of its own, and sees nothing else."""
        fuse = fuse or Fuse(None)
        world = replace(
            self.scene.event_world(fuse),
            jobs=lambda environment: fused(self.jobs[environment.name], fuse),
            reports=lambda environment: fused(
                self.files[environment.name if environment else None], fuse
            ),
        )
        return replace(world, **others)

    def deliver(self, event: Mapping[str, Any] | None = None, **others: Any) -> Outcome:  # noqa: ANN401 - as above
        """Answer an event; without one, that the nightly job in dev completed."""
        return propose(transformed() if event is None else event, self.world(**others))

    def configure(self, name: str, **changes: Any) -> None:  # noqa: ANN401 - any field of Environment
        """Change the configuration of an environment."""
        config = self.scene.config
        self.scene.config = replace(
            config,
            environments=tuple(
                replace(each, **changes) if each.name == name else each
                for each in config.environments
            ),
        )

    def main(self, status: str, rung: int = 0) -> None:
        """Let an approved pull request change the record on main."""
        self.play.perform(Write(rung, 0, status, fresh=False, altered=False, how="merge"))

    def apply(self, *environments: str) -> None:
        """Bring everything to what main says."""
        report = self.scene.apply(environments or self.play.ladder, None, everything=False)
        assert report is not None

    def pull(self, environment: str = "test") -> MemoryPull:
        """The one pull request of the version for an environment."""
        branch = f"promote/{environment}/churn/1"
        (pull,) = [each for each in self.scene.repository.pulls if each.branch == branch]
        return pull

    def record(self, environment: str = "test") -> Record:
        """What that pull request would add."""
        path = RecordId(environment, "churn", 1).path
        content = self.scene.repository.file(path, self.pull(environment).head)
        assert content is not None
        parsed = parse_record(content, load_contracts().promotion)
        assert isinstance(parsed, ParsedRecord)
        return parsed.record

    def inference(self, environment: str = "test") -> Inference:
        """What that pull request says of the batch inference."""
        found = self.record(environment).evidence.inference
        assert found is not None
        return found


def climbing(*, applied: bool = True) -> Climb:
    play = Play(MemoryScene(("dev", "test", "prod")), thorough=False)
    play.perform(Promote(0))
    scene = cast("MemoryScene", play.scene)
    climb = Climb(
        scene=scene,
        play=play,
        jobs={name: MemoryJobs() for name in ACCOUNTS},
        files={None: scene.reports, **{name: MemoryReports() for name in ACCOUNTS}},
    )
    for name, account in ACCOUNTS.items():
        climb.configure(name, account=account)
        scene.elsewhere[name] = climb.files[name]
    if applied:
        climb.apply("dev")
    climb.jobs["dev"].transforms["nightly"] = completed()
    climb.files["dev"].put(METRICS, QUALITY)
    return climb


def transformed(name: str = "nightly", environment: str = "dev") -> dict[str, Any]:
    arn = job_arn(name, ACCOUNTS[environment])
    return {
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Transform Job State Change",
        "account": ACCOUNTS[environment],
        "region": "eu-west-1",
        "detail": {
            "TransformJobName": name,
            "TransformJobArn": arn,
            "TransformJobStatus": "Completed",
        },
    }


def reported(account: str = ACCOUNTS["dev"], **changes: object) -> dict[str, Any]:
    detail = {
        "model": "churn",
        "version": 1,
        "environment": "dev",
        "run": "pipeline-7",
        "reports": [{"kind": "evaluation", "uri": METRICS}],
        **changes,
    }
    return {
        "source": "assent",
        "detail-type": INFERENCE_COMPLETED,
        "account": account,
        "region": "eu-west-1",
        "detail": detail,
    }
