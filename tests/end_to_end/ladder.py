"""A model on its way up and down the ladder: what pipelines, people and the queue do about it.

The stage has the registry, dev and test in one account, uat and prod in accounts of their own.
Each step ends when all that follows from it by itself has happened.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from click.testing import Result
from github import InputGitTreeElement
from tests.end_to_end import play
from tests.end_to_end.nursery import Nursery

from assent import lambda_handler
from assent.sandbox.aws import Drained, Ran, Registered, register
from assent.sandbox.aws.training import ensure_bucket
from assent.sandbox.churn import TrainedModel, run_batch, train_versions
from assent.sandbox.inference import infer, watch
from assent.sandbox.stage import REPOSITORY, Stage

MODEL = "churn"
_READING = ("/access_tokens", "/git-upload-pack", "/graphql")
"""The ends of addresses that are posted to in order to read."""


@cache
def _models() -> tuple[TrainedModel, ...]:
    """The demo's three versions; training gives the same each time."""
    return train_versions()


class Clock:
    """The wall's, put forward by hand, so that GitHub sees no two steps in the same second."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(tz=UTC) + self._ahead

    def tick(self) -> None:
        """Let a few seconds pass."""
        self._ahead += timedelta(seconds=10)


@dataclass(slots=True, kw_only=True)
class Decided:
    """What a person did to a pull request, to compare with what was made of it."""

    by: str
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class Ladder:
    """A stage with several accounts, and what happened on it so far."""

    stage: Stage
    clock: Clock
    nursery: Nursery
    folder: Path
    """Where the clone goes."""
    registered: dict[int, Registered] = field(default_factory=dict)
    merged: list[int] = field(default_factory=list)
    """Pull requests, in the order in which they came to main."""
    decided: dict[int, Decided] = field(default_factory=dict)
    """By pull request."""
    ran: Ran | None = None
    """The job that ended last."""
    _trained: tuple[TrainedModel, ...] = field(default_factory=_models)

    def act(self, step: str) -> None:
        """Do what a line says: the name of a method here, and its arguments."""
        verb, *words = step.split()
        getattr(self, verb)(*[int(word) if word.isdecimal() else word for word in words])

    # Pipelines.

    def register(self, version: int) -> None:
        """The training pipeline registers a version."""
        trained = self._trained[version - 1]
        found = register(
            self.stage.aws,
            group=MODEL,
            reports=trained.reports,
            artifact=trained.artifact,
            created_by="zoe",
        )
        assert found.version == version
        self.registered[version] = found
        self.announce(version)

    def announce(self, version: int) -> None:
        """SageMaker sends the event about a version, perhaps again."""
        self.send(self.registered[version].event)

    def score(self, version: int, environment: str) -> None:
        """A batch transform job of an environment scores its batch with a version."""
        package, trained = self.registered[version].arn, self._trained[version - 1]
        account = self.stage.account_of(environment)
        self.ran = infer(self.stage.aws, package, trained, environment, account=account).ran
        self.send(self.ran.event)

    def report(self, version: int, environment: str) -> None:
        """A pipeline without transform jobs scores a batch, and reports that itself."""
        places = self.stored(version, environment)
        with self.signed_in(environment):
            reported = play.assent(
                "report-inference",
                MODEL,
                "--env",
                environment,
                "--metrics",
                places["metrics.json"],
                "--report",
                f"violations={places['constraint_violations.json']}",
                "--run",
                f"nightly-{version}",
            )
        assert reported.exit_code == 0, reported.output
        self.drain()

    def stored(self, version: int, environment: str) -> Mapping[str, str]:
        """Files of a batch inference in an environment's own bucket: their addresses by name."""
        account = self.stage.account_of(environment)
        s3, bucket = self.stage.aws.backstage(account=account).s3, f"acme-nightly-{account}"
        ensure_bucket(s3, bucket, self.stage.aws.region)
        batch = run_batch(self._trained[version - 1], environment)
        outputs = batch.outputs(self.registered[version].arn)
        for name, content in outputs.items():
            s3.put_object(Bucket=bucket, Key=f"{MODEL}/{version}/{name}", Body=content)
        return {name: f"s3://{bucket}/{MODEL}/{version}/{name}" for name in outputs}

    def monitor(self, version: int, environment: str) -> None:
        """Model Monitor looks at a version in an environment, whose data have drifted."""
        package, trained = self.registered[version].arn, self._trained[version - 1]
        account = self.stage.account_of(environment)
        self.ran = watch(self.stage.aws, package, trained, environment, account=account).ran
        self.send(self.ran.event)

    def again(self) -> None:
        """The event of the job that ended last is delivered once more."""
        assert self.ran is not None
        self.send(self.ran.event)

    def send(self, event: Mapping[str, Any]) -> None:
        """SageMaker sends an event, and the Lambda gets what the rules let through."""
        self.stage.aws.emit(event)
        self.drain()

    def drain(self) -> None:
        """The Lambda handles every message that waits, at the first attempt."""
        drained = self.drained()
        assert (drained.failures, drained.errors) == (0, [])

    def drained(self) -> Drained:
        """The Lambda handles every message that waits, or gives it up."""
        self.clock.tick()
        return self.stage.intake.drain(lambda_handler.handler)

    # People, and the workflows that they set off.

    def merge(self, number: int, by: str) -> None:
        """A code owner approves a pull request and merges it, and `apply` runs."""
        self._let_in(number, by)
        self.apply()

    def _let_in(self, number: int, by: str) -> None:
        self.clock.tick()
        play.accept(self.stage, number, by=by)
        self.merged.append(number)
        self.decided[number] = Decided(by=by)

    def promoted(self, versions: Mapping[int, Sequence[str]]) -> None:
        """Versions are registered, and Approved from dev upwards; quicker than climbing.

        Args:
            versions: The environments of each, the lowest first.
        """
        for version, environments in versions.items():
            assert environments[0] == "dev"
            self.register(version)
            (pull,) = self.stage.pull_requests()
            self._let_in(pull.number, "ana")
        above = {
            path: content
            for version, (_, *others) in versions.items()
            for path, content in self._records_above(version, others).items()
        }
        if above:
            self.bring(above, "ana")
        else:
            self.apply()

    def _records_above(self, version: int, environments: Sequence[str]) -> dict[str, bytes]:
        """The record that main has for dev, as it would be for other environments."""
        path = f"promotions/dev/{MODEL}/{version}.yaml"
        there = self.stage.repository("ana").get_contents(path)
        assert not isinstance(there, list)
        text = there.decoded_content.decode()
        assert text.count("\nenvironment: dev\n") == 1
        return {
            path.replace("/dev/", f"/{name}/"): text.replace(
                "\nenvironment: dev\n", f"\nenvironment: {name}\n"
            ).encode()
            for name in environments
        }

    def bring(self, files: Mapping[str, bytes], by: str) -> None:
        """Somebody asks for any records in one pull request, and a code owner merges it."""
        self.clock.tick()
        repository = self.stage.repository("zoe")
        head = repository.get_git_commit(repository.get_branch("main").commit.sha)
        elements = [
            InputGitTreeElement(path, "100644", "blob", content=content.decode())
            for path, content in files.items()
        ]
        tree = repository.create_git_tree(elements, repository.get_git_tree(head.tree.sha))
        commit = repository.create_git_commit("Promote many", tree, [head])
        branch = f"by-hand/{commit.sha[:12]}"
        repository.create_git_ref(f"refs/heads/{branch}", commit.sha)
        number = repository.create_pull(base="main", head=branch, title="Promote many").number
        self.merge(number, by)

    def close(self, number: int, by: str) -> None:
        """Somebody says no to a pull request and closes it, and `reject` runs."""
        self.clock.tick()
        pull = self.stage.repository(by).get_pull(number)
        self.decided[number] = Decided(by=by, reason="it is worse than what we have")
        pull.create_issue_comment(self.decided[number].reason)
        self.stage.close(number, by)
        self.clock.tick()
        rejected = self.assent("reject", number)
        assert rejected.exit_code == 0, rejected.output

    def retire(self, version: int, environment: str) -> Result:
        """Somebody asks for a version to be retired."""
        self.clock.tick()
        asked = self.assent("retire", MODEL, version, "--env", environment, "--reason", "it drifts")
        assert asked.exit_code == 0, asked.output
        return asked

    def apply(self, *options: str) -> Result:
        """`apply` runs, as on a push to main or by its schedule."""
        self.clock.tick()
        applied = self.assent("apply", *options)
        assert applied.exit_code == 0, applied.output
        return applied

    def resolve(self, environment: str, version: int | str) -> None:
        """An inference job asks what it may run, with its own account's credentials alone.

        It has to be told this version; or, for `-`, that there is none.
        """
        account = self.stage.account_of(environment)
        environ = {"PATH": os.environ["PATH"], **self.stage.aws.environment(account=account)}
        asked = self.nursery.command("resolve", MODEL, "--env", environment, environment=environ)
        code = asked.go().wait()
        if isinstance(version, int):
            assert (code, asked.output) == (0, f"{self.registered[version].arn}\n")
        else:
            assert (version, code) == ("-", 4), asked.output
            assert f"no version of {MODEL} is approved in {environment}" in asked.output

    def assent(self, command: str, *arguments: str | int) -> Result:
        """Run a command in the clone, brought up to date, as a workflow does."""
        clone = self.stage.clone(self.folder / "clone")
        return play.assent(command, *map(str, arguments), "--repository", clone)

    @contextmanager
    def signed_in(self, environment: str) -> Iterator[None]:
        """This process has the credentials of an environment's account, and none for GitHub."""
        account = self.stage.account_of(environment)
        with patch.dict(os.environ, self.stage.aws.environment(account=account)):
            for name in [name for name in os.environ if name.startswith("ASSENT_")]:
                del os.environ[name]
            yield

    def writes(self) -> list[str]:
        """The calls since the ledger was cleared that can change anything anywhere."""
        return [
            call.operation
            for call in self.stage.ledger.calls
            if call.writes and not call.operation.endswith(_READING)
        ]

    @property
    def bare(self) -> Path:
        """The promotion repository."""
        return self.stage.hub.repository_path(REPOSITORY)
