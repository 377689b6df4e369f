"""What the story's steps act with: the stage, the people, the commands; each checks its result."""

import contextlib
import json
import shlex
import subprocess
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from click.testing import CliRunner
from github import GithubException
from github.PullRequest import PullRequest

from assent import cli, lambda_handler
from assent.core.errors import AssentError, Exit
from assent.sandbox.aws import Registered, lambda_context, register, sqs_batch
from assent.sandbox.churn import TrainedModel
from assent.sandbox.demo import surroundings
from assent.sandbox.demo.folder import DemoFolder
from assent.sandbox.demo.narrator import Narrator
from assent.sandbox.demo.page import excerpt
from assent.sandbox.stage import REPOSITORY, Stage

__all__ = ["ENVIRONMENT", "MODEL", "Measured", "Play", "Unexpected", "branch_of", "require"]

MODEL = "churn"
ENVIRONMENT = "dev"
_METRICS = ("accuracy", "auc", "f1", "precision", "recall")


class Unexpected(AssentError):
    """Something came out otherwise than the story says."""


def require(condition: bool, expected: str, found: object = None) -> None:  # noqa: FBT001 - as assert
    """Stop the demo unless a condition holds.

    Raises:
        Unexpected: It does not.
    """
    if not condition:
        raise Unexpected(expected if found is None else f"{expected}; found: {found}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A metric as the report has it."""

    value: float
    deviation: float

    def __str__(self) -> str:
        return f"{self.value:.4g} ± {self.deviation:.2g}"


def _meaning(code: int) -> str:
    return Exit(code).name.lower().replace("_", " ") if code in set(Exit) else "unknown"


def branch_of(version: int) -> str:
    """The branch of a version's pull request."""
    return f"promote/{ENVIRONMENT}/{MODEL}/{version}"


def _record_of(version: int) -> str:
    return f"promotions/{ENVIRONMENT}/{MODEL}/{version}.yaml"


@dataclass(slots=True, kw_only=True)
class Play:
    """The stage and what has happened on it so far."""

    stage: Stage
    narrator: Narrator
    folder: DemoFolder
    trained: dict[int, TrainedModel] = field(default_factory=dict)
    registered: dict[int, Registered] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """See `Narrator.say`."""
        self.narrator.say(text)

    def quality(self, version: int) -> Mapping[str, Any]:
        """The model quality report that was stored with a version."""
        report: Mapping[str, Any] = json.loads(self.trained[version].reports["model-quality"])
        return report

    def metric(self, version: int, name: str) -> Measured:
        """A metric from that report."""
        found = self.quality(version)["binary_classification_metrics"][name]
        return Measured(value=found["value"], deviation=found["standard_deviation"])

    def assent(self, *arguments: str, exit_code: Exit = Exit.OK) -> str:
        """Run `assent` in the clone, as a shell would, and show what it prints.

        Raises:
            Unexpected: It ended with another exit code.
        """
        line = shlex.join(["assent", *arguments])
        self.narrator.command(f"$ {line}")
        with contextlib.chdir(self.folder.clone):
            result = CliRunner().invoke(cli.main, arguments, prog_name="assent")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.narrator.output(result.output)
        if result.exit_code:
            self.narrator.output(f"(exit code {result.exit_code}: {_meaning(result.exit_code)})")
        require(
            result.exit_code == exit_code,
            f"`{line}` should end with exit code {exit_code.value}",
            result.exit_code,
        )
        return result.output.strip()

    def aws_writes(self) -> int:
        """How many calls to AWS could have changed something, so far."""
        return self.stage.ledger.count("aws", writes=True)

    def git(self, *arguments: str) -> str:
        """Run git in the clone, and show what it prints."""
        self.narrator.command(f"$ {shlex.join(['git', *arguments])}")
        answer = subprocess.run(
            ["git", "-C", str(self.folder.clone), *arguments],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        self.narrator.output(answer)
        return answer

    def pull(self) -> None:
        """Bring the clone up to date, as the workflow's checkout does."""
        self.stage.clone(self.folder.clone)

    def register(self, version: int) -> None:
        """Do the last step of zoe's pipeline: files to S3, the version to the registry."""
        model = self.trained[version]
        found = register(
            self.stage.aws,
            group=MODEL,
            reports=model.reports,
            artifact=model.artifact,
            description=model.summary,
            created_by="zoe",
        )
        require(found.version == version, f"the registry should call it {version}", found.version)
        self.registered[version] = found

    def package(self, version: int) -> Mapping[str, Any]:
        """What the registry says of a version now."""
        arn = self.registered[version].arn
        answer: Any = self.stage.aws.sagemaker.describe_model_package(ModelPackageName=arn)
        found: Mapping[str, Any] = answer
        return found

    def deliver(self, *events: Mapping[str, Any], logged: Sequence[str]) -> None:
        """Invoke the Lambda function with a batch, and show its log and its answer.

        Args:
            events: From EventBridge; SQS puts each into a message.
            logged: How each message's line in the log has to end.
        """
        messages = "1 message" if len(events) == 1 else f"{len(events)} messages"
        self.narrator.command(f"> assent.lambda_handler.handler(SQS batch of {messages})")
        with surroundings.heard() as heard:
            answer = lambda_handler.handler(sqs_batch(events), lambda_context())
        for message in heard:
            self.narrator.output(f"log: {message}")
        self.narrator.output(f"returns: {json.dumps(answer)}")
        ends = [message.endswith(end) for message, end in zip(heard, logged, strict=False)]
        require(
            all(ends) and len(heard) == len(logged) and answer == {"batchItemFailures": []},
            f"the log should have {len(logged)} lines that end with {', '.join(logged)}, and no "
            "message should fail",
            heard,
        )

    def pull_request(self, number: int) -> PullRequest:
        """A pull request, after looking that there are no more than expected by then."""
        found = self.stage.pull_requests(state="all")
        require(
            [each.number for each in found] == list(range(1, number + 1)),
            f"there should be {number} pull requests, one for each version so far",
            [each.title for each in found],
        )
        return found[-1]

    def show_page(self, number: int, *, sections: Collection[str]) -> str:
        """Show parts of a pull request's page, and leave all of it in the folder."""
        opened = self.pull_request(number)
        file = self.folder.page(number)
        file.write_text(opened.body, encoding="utf-8")
        lines = excerpt(opened.body, sections=list(sections), metrics=_METRICS)
        labels = ", ".join(label.name for label in opened.labels)
        head = [f"#{number} {opened.title}", f"opened by {opened.user.login}; {labels}", ""]
        self.narrator.quote([*head, *lines])
        self.narrator.output(f"(shortened; the whole page is {self.folder.shown(file)})")
        return opened.body

    def refused(self, who: str, what: str, attempt: Callable[[], object]) -> None:
        """Let somebody try something that GitHub has to refuse, and show its answer."""
        self.narrator.command(f"{who} {what}")
        try:
            attempt()
        except GithubException as error:
            self.narrator.output(f"GitHub: {error.status} {error.data['message']}")
        else:
            raise Unexpected(f"GitHub should not let {who} do this: {what}")

    def approve_and_merge(self, number: int, who: str) -> None:
        """A code owner approves a pull request at its head and merges it."""
        self.narrator.command(f"{who} approves and merges #{number}")
        self.stage.approve(number, who)
        commit = self.stage.merge(number, who)
        self.narrator.output(f"GitHub: merged as {commit[:12]}")
        require(self.pull_request(number).merged, f"pull request {number} should be merged")

    def try_to_bypass(self, number: int, who: str) -> None:
        """Somebody who is no code owner tries to merge, then to write to main; both refused."""
        self.refused(who, f"merges #{number}", partial(self.stage.merge, number, who))
        path, content = _record_of(number), self.proposed_record(number)
        write = partial(
            self.stage.repository(who).create_file, path, "Promote it", content, branch="main"
        )
        self.refused(who, f"commits {path} to main directly", write)

    def proposed_record(self, version: int) -> bytes:
        """The record on the branch of a version's pull request."""
        repository = self.stage.repository("ana")
        file: Any = repository.get_contents(_record_of(version), ref=branch_of(version))
        content: bytes = file.decoded_content
        return content

    def resolves_to(self, version: int) -> None:
        """Resolve as an inference pipeline does, and look that it gives this version."""
        found = self.assent("resolve", MODEL, "--env", ENVIRONMENT)
        wanted = self.registered[version].arn
        require(found == wanted, f"`assent resolve` should print {wanted}", found)

    def shows_live(self, cell: str) -> None:
        """Look at `assent status`: what it has to say of the model in the environment."""
        table = self.assent("status").splitlines()
        names, cells = (line.split("  ") for line in (table[0], table[-1]))
        found = [name.strip() for name in cells if name.strip()]
        require(
            [name.strip() for name in names if name.strip()][1] == ENVIRONMENT
            and found[:2] == [MODEL, cell],
            f"`assent status` should show {cell} for {MODEL} in {ENVIRONMENT}",
            table,
        )

    def current(self) -> Mapping[str, Any]:
        """What Parameter Store holds for inference to read."""
        name = f"/assent/{ENVIRONMENT}/{MODEL}/current"
        text = self.stage.aws.ssm.get_parameter(Name=name)["Parameter"]["Value"]
        value: Mapping[str, Any] = json.loads(text)
        return value

    def leave_clone(self) -> None:
        """Let the clone fetch from the bare repository, which stays when the server goes."""
        bare = self.stage.hub.repository_path(REPOSITORY)
        subprocess.run(
            ["git", "-C", str(self.folder.clone), "remote", "set-url", "origin", str(bare)],
            check=True,
            capture_output=True,
        )
