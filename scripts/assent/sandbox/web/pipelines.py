"""The pipelines beside the pull requests: training registers versions, inference runs them.

Both are real, as in the demo: a model is fitted, scored and measured, and the Lambda function's own
handler answers what AWS then tells.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from assent import lambda_handler
from assent.core.errors import AssentError, Exit
from assent.sandbox.aws import Registered, lambda_context, register
from assent.sandbox.churn import TrainedModel, train_versions
from assent.sandbox.demo import surroundings
from assent.sandbox.inference import infer
from assent.sandbox.stage import ENVIRONMENTS, Stage
from assent.sandbox.web.workflows import Workflows, pulls_in

__all__ = ["MODEL", "Live", "NothingLive", "Pipelines"]

MODEL = "churn"
_TRAINER = "zoe"


class NothingLive(AssentError):
    """There is no version that an environment's batch inference may run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What inference runs in an environment."""

    environment: str
    account: str
    version: int | None
    """None where nothing is approved."""
    approved_by: tuple[str, ...] = ()
    pull_request: str = ""
    """The address of the pull request that brought it."""


class Pipelines:
    """Trains, registers and runs versions of the churn model on a stage.

    Args:
        stage: A running one.
        workflows: Keeps what the Lambda function said.
    """

    def __init__(self, stage: Stage, workflows: Workflows) -> None:
        self._stage = stage
        self._workflows = workflows
        self._registered: dict[int, tuple[Registered, TrainedModel]] = {}
        # A cold start: what another stage in this process left leads to servers that are gone.
        for kept in (lambda_handler._proposer, lambda_handler._limit, lambda_handler._queue):  # noqa: SLF001
            kept.cache_clear()

    @cached_property
    def _trained(self) -> tuple[TrainedModel, ...]:
        return train_versions()

    @property
    def next_version(self) -> int:
        """The number that the next registered version gets."""
        return len(self._registered) + 1

    def train(self) -> int:
        """Train and register the next version; the Lambda function hears of it.

        There are three recipes. Version 4 and those after it are made as version 2 is.
        """
        version = self.next_version
        recipe = self._trained[version - 1 if version <= len(self._trained) else 1]
        found = register(
            self._stage.aws,
            group=MODEL,
            reports=recipe.reports,
            artifact=recipe.artifact,
            description=recipe.summary,
            created_by=_TRAINER,
        )
        self._registered[found.version] = (found, recipe)
        self._deliver(found.event, f"{MODEL} {found.version} was registered")
        return found.version

    def infer(self, environment: str) -> str:
        """Run an environment's batch inference with what is live there; returns what it did.

        Raises:
            NothingLive: Nothing is.
        """
        version = self.live(environment).version
        if version is None:
            raise NothingLive(
                f"nothing is approved in {environment}, so batch inference there has no version "
                "to run",
                hint=f"Merge a pull request for {environment} first.",
            )
        registered, recipe = self._registered[version]
        account = self._stage.account_of(environment)
        done = infer(self._stage.aws, registered.arn, recipe, environment, account=account)
        self._deliver(done.ran.event, f"batch inference with {MODEL} {version} in {environment}")
        return f"{done.batch.customers} customers were scored with {MODEL} {version}"

    def live(self, environment: str) -> Live:
        """What Parameter Store tells inference to run there."""
        account = self._stage.account_of(environment)
        value = self._current(environment)
        if value is None or value.get("version") is None:
            return Live(environment=environment, account=account, version=None)
        return Live(
            environment=environment,
            account=account,
            version=value["version"],
            approved_by=tuple(value.get("approved_by", ())),
            pull_request=value.get("pull_request", ""),
        )

    def ladder(self) -> tuple[Live, ...]:
        """What is live in each environment, the lowest first."""
        return tuple(self.live(name) for name in ENVIRONMENTS)

    def _current(self, environment: str) -> Mapping[str, Any] | None:
        name = f"/assent/{environment}/{MODEL}/current"
        ssm = self._stage.ssm(environment)
        try:
            text = ssm.get_parameter(Name=name)["Parameter"]["Value"]
        except ssm.exceptions.ParameterNotFound:
            return None
        value: Mapping[str, Any] = json.loads(text)
        return value

    def _deliver(self, event: Mapping[str, Any], because: str) -> None:
        """Let AWS send an event, and the Lambda function answer the queue until it is empty."""
        intake = self._stage.intake
        self._stage.aws.emit(event)
        with self._workflows.signed_in(), surroundings.heard() as heard:
            failed = 0
            while (batch := intake.receive()) is not None:
                answer = lambda_handler.handler(batch, lambda_context())
                failed += intake.settle(batch, answer)
        said = "\n".join(heard)
        self._workflows.note(
            "lambda",
            because=because,
            command="lambda: propose",
            output=said,
            exit_code=Exit.INCOMPLETE if failed else Exit.OK,
            pulls=pulls_in(said),
        )
