"""What people, queues and jobs do on a stage, as one call each."""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from github.PullRequest import PullRequest

from assent import lambda_handler
from assent.cli import main
from assent.contracts import load_contracts
from assent.sandbox.aws import Registered, lambda_context, register, sqs_batch
from assent.sandbox.stage import REPOSITORY, Stage

Message = Mapping[str, Any] | str


def evaluation(auc: float) -> dict[str, bytes]:
    """A model quality report, as a training pipeline writes it."""
    metrics = {"auc": {"value": auc, "standard_deviation": 0.004}, "f1": {"value": 0.81}}
    return {"model-quality": json.dumps({"binary_classification_metrics": metrics}).encode()}


def train(stage: Stage, *, group: str = "churn", auc: float = 0.91) -> Registered:
    """Register the next version of a model."""
    return register(stage.aws, group=group, reports=evaluation(auc))


def as_text(message: Message) -> str:
    """A message as it stands in a file or a queue."""
    return message if isinstance(message, str) else json.dumps(message)


def deliver(*messages: Message) -> list[int]:
    """Invoke the Lambda with one batch; return the places of the messages it wants again."""
    batch = sqs_batch(messages)
    places = {record["messageId"]: place for place, record in enumerate(batch["Records"])}
    failures = lambda_handler.handler(batch, lambda_context())["batchItemFailures"]
    return sorted(places[failure["itemIdentifier"]] for failure in failures)


def cold_start() -> None:
    """Let the next delivery find a Lambda that has just started."""
    lambda_handler._proposer.cache_clear()
    lambda_handler._limit.cache_clear()


def propose(stage: Stage, version: Registered, name: str = REPOSITORY) -> PullRequest:
    """Deliver a version's event and return the pull request that is open for it."""
    assert deliver(version.event) == []
    wanted = f"Promote {version.group} {version.version} to dev"
    (pull,) = [each for each in stage.pull_requests(name=name) if each.title.startswith(wanted)]
    return pull


def accept(stage: Stage, number: int, *, by: str = "ana", method: str = "merge") -> str:
    """Approve and merge a pull request as a code owner; return the commit on main."""
    stage.approve(number, by)
    return stage.merge(number, by, method=method)


def assent(*arguments: str | Path) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(main, [str(each) for each in arguments], catch_exceptions=False)


def apply(stage: Stage, *options: str) -> Result:
    """Bring the clone up to date and apply its head, as the workflow does on a push to main."""
    return assent("apply", "--repository", stage.clone(stage.root.parent / "clone"), *options)


def promote(stage: Stage, version: Registered) -> PullRequest:
    """Take a version from its registration until it is in effect in dev."""
    pull = propose(stage, version)
    accept(stage, pull.number)
    applied = apply(stage)
    assert applied.exit_code == 0, applied.output
    return pull


def parameters(stage: Stage) -> dict[str, dict[str, Any]]:
    """Every parameter that Assent wrote, by name below its prefix, read as JSON."""
    pages = stage.aws.ssm.get_paginator("get_parameters_by_path")
    found = pages.paginate(Path="/assent", Recursive=True)
    return {
        each["Name"].removeprefix("/assent/"): json.loads(each["Value"])
        for page in found
        for each in page["Parameters"]
    }


def current(stage: Stage, model: str = "churn", environment: str = "dev") -> int | None:
    """The version that `current` names; the parameter itself fits its schema."""
    value = parameters(stage)[f"{environment}/{model}/current"]
    assert load_contracts().parameter.problems(value) == []
    version: int | None = value["version"]
    return version


def fields(stage: Stage, version: Registered) -> dict[str, Any]:
    """What the registry says of a version, as far as decisions touch it."""
    said = stage.aws.sagemaker.describe_model_package(ModelPackageName=version.arn)
    kept = (
        "ModelApprovalStatus",
        "ApprovalDescription",
        "CustomerMetadataProperties",
        "ModelLifeCycle",
    )
    return {name: value for name, value in said.items() if name in kept}


def edit(
    stage: Stage,
    path: str,
    changes: Sequence[tuple[str, str]],
    *,
    by: str,
    to: str | None = None,
) -> PullRequest:
    """Open a pull request by hand that edits a file of main, or writes the edited text to `to`."""
    repository = stage.repository(by)
    there = repository.get_contents(path)
    assert not isinstance(there, list)
    text = there.decoded_content.decode()
    for old, new in changes:
        assert text.count(old) == 1, (old, text)
        text = text.replace(old, new)
    branch = "by-hand/" + re.sub(r"[^a-z0-9]+", "-", (to or path) + there.sha[:8])
    repository.create_git_ref(f"refs/heads/{branch}", repository.get_branch("main").commit.sha)
    if to is None:
        repository.update_file(path, f"Edit {path}", text, there.sha, branch=branch)
    else:
        repository.create_file(to, f"Add {to}", text, branch=branch)
    return repository.create_pull(base="main", head=branch, title=f"Edit {to or path}")


def push(stage: Stage, clone: Path, path: str, name: str = REPOSITORY) -> None:
    """Commit one file of a clone, and put it onto main behind GitHub's back."""
    identity = ("-c", "user.name=zoe", "-c", "user.email=zoe@acme.test")
    bare = stage.hub.repository_path(name)
    for arguments in (
        ("add", path),
        (*identity, "commit", "--quiet", "--message", "Hurry"),
        ("push", "--quiet", str(bare), "HEAD:refs/heads/main"),
    ):
        subprocess.run(["git", "-C", str(clone), *arguments], check=True)


def retire(stage: Stage, version: int, *, model: str = "churn", by: str = "ben") -> PullRequest:
    """Open a pull request by hand that retires a version in dev."""
    changes = [
        ("\nstatus: Approved\n", "\nstatus: Retired\n"),
        ('\nreason: ""\n', '\nreason: "it drifts"\n'),
    ]
    return edit(stage, f"promotions/dev/{model}/{version}.yaml", changes, by=by)
