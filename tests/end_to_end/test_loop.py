"""From a registration to what inference runs: every step over HTTP, as in production."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from github import GithubException
from tests.end_to_end import play

from assent.contracts import load_contracts
from assent.sandbox.aws import Registered, register
from assent.sandbox.stage import Stage

LABELS = ["assent", "environment: dev", "model: churn"]
BUDGET_OF_WRITES = 4
"""Branch, file, pull request, labels."""
BUDGET_OF_READS = 4
"""Configuration, the query for each of the two branches, the record that the page speaks of."""
BOT = "assent[bot]"


def repository_writes(stage: Stage) -> list[str]:
    """GitHub calls since the ledger was cleared that can change the repository."""
    calls = [call for call in stage.ledger.calls if call.service == "github" and call.writes]
    return [call.operation for call in calls if "/access_tokens" not in call.operation]


def refused(call: Any) -> int:  # noqa: ANN401 - anything that PyGithub sends
    """The status with which GitHub refuses a call."""
    with pytest.raises(GithubException) as caught:
        call()
    status: int = caught.value.status
    return status


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_version_becomes_what_inference_runs(stage: Stage, method: str) -> None:
    """A registered version, approved and merged in whichever way, is what `resolve` prints."""
    version = play.train(stage)
    pull = play.propose(stage, version)
    commit = play.accept(stage, pull.number, method=method)

    applied = play.apply(stage)

    assert applied.exit_code == 0, applied.output
    assert play.assent("resolve", "churn", "--env", "dev").output == f"{version.arn}\n"
    assert play.fields(stage, version) == {
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": f"Approved in dev by ana: {pull.html_url}",
        "CustomerMetadataProperties": {
            "dev": "Approved",
            "dev.by": "ana",
            "dev.pull-request": pull.html_url,
        },
        "ModelLifeCycle": {"Stage": "dev", "StageStatus": "Approved"},
    }
    value = play.parameters(stage)["dev/churn/current"]
    assert load_contracts().parameter.problems(value) == []
    told = ("version", "model_package_arn", "approved_by", "pull_request", "commit")
    assert [value[key] for key in told] == [1, version.arn, ["ana"], pull.html_url, commit]


def test_a_second_apply_writes_nothing(stage: Stage) -> None:
    """Where everything is as main asks, apply reads and leaves it so, `--all` included."""
    play.promote(stage, play.train(stage))
    for options in ((), ("--all",)):
        stage.ledger.clear()
        again = play.apply(stage, *options)
        assert again.exit_code == 0
        assert "nothing to do: everything is as main asks" in again.output
        assert stage.ledger.count("aws", writes=False) > 0
        assert stage.ledger.count("aws", writes=True) == 0


def test_the_pull_request_says_what_it_asks(stage: Stage) -> None:
    """A first version's page shows its metrics, what merging does, where it came from, and how."""
    version = play.train(stage)
    pull = play.propose(stage, version)

    assert pull.title == "Promote churn 1 to dev"
    assert [label.name for label in pull.labels] == LABELS
    assert pull.user.login == BOT
    assert pull.head.ref == "promote/dev/churn/1"
    assert [file.filename for file in pull.get_files()] == ["promotions/dev/churn/1.yaml"]
    for line in (
        "merging makes version **1** the first that inference there runs",
        "| `auc` | 0.91 ± 0.004 |",
        "| registry field `dev` | `not set` | `Approved` |",
        "| registry approval status | `PendingManualApproval` | `Approved` |",
        "| parameter `/assent/dev/churn/current` | no version | version 1 |",
        f"| package | `{version.arn}` |",
        "by `arn:aws:sts::111122223333:assumed-role/training/pipeline`",
        "a code owner of `promotions/dev/churn/1.yaml` approves",
        "a code owner closes this pull request without merging it",
    ):
        assert line in pull.body


def test_the_pull_request_compares_with_the_champion(stage: Stage) -> None:
    """A challenger's page puts its metrics beside those of the version that is live."""
    play.promote(stage, play.train(stage, auc=0.90))
    pull = play.propose(stage, play.train(stage, auc=0.93))
    for line in (
        "run version **2** in place of **1**",
        "| metric | version 2 | version 1 (live) | difference |",
        "| `auc` | 0.93 ± 0.004 | 0.9 ± 0.004 | 🟢 +0.03 better (5.3 \u03c3) |",
        "| parameter `/assent/dev/churn/current` | version 1 | version 2 |",
    ):
        assert line in pull.body


def test_an_older_version_never_displaces_a_newer_one(stage: Stage) -> None:
    """Approving 7 while 8 is live records the approval, leaves 8, and gives a fallback."""
    versions = {number: play.train(stage) for number in range(1, 9)}
    play.promote(stage, versions[8])

    pull = play.propose(stage, versions[7])
    assert "A newer version is live: **current stays 8**" in pull.body
    assert "| parameter `/assent/dev/churn/current` | version 8 | stays version 8 |" in pull.body
    play.accept(stage, pull.number)
    assert play.apply(stage).exit_code == 0

    assert play.current(stage) == 8
    assert play.fields(stage, versions[7])["ModelApprovalStatus"] == "Approved"
    assert play.parameters(stage)["dev/churn/versions/7"]["decisions"][0]["by"] == ["ana"]


def test_only_an_approval_of_a_code_owner_counts(stage: Stage) -> None:
    """Neither the author, nor somebody who owns nothing, nor the bot can bring a merge about."""
    pull = play.propose(stage, play.train(stage))

    assert refused(lambda: stage.merge(pull.number, "ana")) == 405  # nobody has approved
    stage.approve(pull.number, "zoe")
    assert refused(lambda: stage.merge(pull.number, "ana")) == 405
    assert play.apply(stage).exit_code == 0
    assert "dev/churn/current" not in play.parameters(stage)

    play.accept(stage, pull.number)
    play.apply(stage)
    by_hand = play.retire(stage, 1, by="ana")
    assert refused(lambda: stage.approve(by_hand.number, "ana")) == 422  # her own
    assert refused(lambda: stage.merge(by_hand.number, "ana")) == 405


def test_closing_unmerged_rejects(stage: Stage, tmp_path: Path) -> None:
    """What a code owner closed is rejected by the next run, and a later event reopens nothing."""
    version = play.train(stage)
    pull = play.propose(stage, version)
    stage.close(pull.number, "ana")

    applied = play.apply(stage)
    assert applied.exit_code == 0
    assert f"closing  churn 1 in dev: Rejected, by ana in {pull.html_url}" in applied.output
    event = tmp_path / "event.json"
    event.write_text(play.as_text(version.event))
    stage.ledger.clear()
    again = play.assent("propose", event)
    assert again.exit_code == 0
    assert f"{version.arn} is Rejected in dev already" in again.output
    assert repository_writes(stage) == []
    assert play.apply(stage).exit_code == 0
    assert stage.ledger.count("aws", writes=True) == 0

    assert stage.pull_requests() == []
    assert [each.number for each in stage.pull_requests(state="all")] == [pull.number]
    assert play.fields(stage, version) == {
        "ModelApprovalStatus": "Rejected",
        "ApprovalDescription": f"Rejected in dev by ana: {pull.html_url}",
        "CustomerMetadataProperties": {
            "dev": "Rejected",
            "dev.by": "ana",
            "dev.pull-request": pull.html_url,
        },
        "ModelLifeCycle": {"Stage": "dev", "StageStatus": "Rejected"},
    }
    assert play.current(stage) is None
    assert play.assent("resolve", "churn", "--env", "dev").exit_code == 4


def test_proposing_keeps_to_its_budget_and_out_of_the_registry(stage: Stage) -> None:
    """Cold, a proposal takes four writes to the repository, a token and four reads; warm, less."""
    first, second = play.train(stage), play.train(stage)
    counts = []
    for version in (first, second, second):
        stage.ledger.clear()
        assert play.deliver(version.event) == []
        github = stage.ledger.count("github")
        writes, reads = len(repository_writes(stage)), stage.ledger.count("github", writes=False)
        assert writes <= BUDGET_OF_WRITES
        assert reads <= BUDGET_OF_READS
        assert github - writes - reads <= 1  # the token
        assert stage.ledger.count("aws", writes=True) == 0
        counts.append((github, writes))
    cold, warm, repeated = counts
    assert warm < cold
    assert repeated[1] == 0


def test_retiring_falls_back_to_the_next_version_and_then_to_none(stage: Stage) -> None:
    """Retiring what is live makes `current` name the highest approval left, then no version."""
    first, second = play.train(stage), play.train(stage)
    for version in (first, second):
        play.promote(stage, version)

    play.accept(stage, play.retire(stage, 2).number)
    assert play.apply(stage).exit_code == 0
    assert play.current(stage) == 1
    assert play.assent("resolve", "churn", "--env", "dev").output == f"{first.arn}\n"
    assert play.fields(stage, second)["CustomerMetadataProperties"]["dev"] == "Retired"
    assert play.fields(stage, second)["ModelApprovalStatus"] == "Rejected"

    play.accept(stage, play.retire(stage, 1).number)
    assert play.apply(stage).exit_code == 0
    assert play.current(stage) is None
    nothing = play.assent("resolve", "churn", "--env", "dev")
    assert (nothing.exit_code, nothing.stdout) == (4, "")
    decisions = play.parameters(stage)["dev/churn/versions/1"]["decisions"]
    assert [each["status"] for each in decisions] == ["Approved", "Retired"]


def test_a_direct_push_takes_no_effect(stage: Stage, tmp_path: Path) -> None:
    """A record that no pull request brought is refused, again on each run; what was live stays."""
    play.promote(stage, play.train(stage))
    challenger = play.train(stage)
    pull = play.propose(stage, challenger)
    path = "promotions/dev/churn/2.yaml"
    there = stage.repository("ana").get_contents(path, ref=pull.head.ref)
    assert not isinstance(there, list)
    clone = stage.clone(tmp_path / "push")
    (clone / path).write_bytes(there.decoded_content)
    play.push(stage, clone, path)

    for _ in range(2):
        applied = play.apply(stage)
        assert applied.exit_code == 12
        assert "refused  churn 2 in dev: commit " in applied.output
        assert "without a merged pull request (a direct push?) [direct-push]" in applied.output
    assert play.current(stage) == 1
    assert "dev/churn/versions/2" not in play.parameters(stage)
    assert play.fields(stage, challenger) == {"ModelApprovalStatus": "PendingManualApproval"}


def recreate(stage: Stage, version: Registered) -> Registered:
    """Delete a model with its only version, and register it anew, so that it is 1 again."""
    stage.aws.sagemaker.delete_model_package(ModelPackageName=version.arn)
    stage.aws.sagemaker.delete_model_package_group(ModelPackageGroupName=version.group)
    return register(
        stage.aws,
        group=version.group,
        reports=play.evaluation(0.5),
        created=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


@pytest.mark.parametrize("before", ["open", "closed", "merged"])
def test_a_version_created_again_is_asked_for_again(stage: Stage, before: str) -> None:
    """Whatever became of the first package, the second has a pull request, and only one."""
    first = play.train(stage)
    pull = play.propose(stage, first)
    match before:
        case "closed":
            stage.close(pull.number, "ana")
        case "merged":
            play.accept(stage, pull.number)
            assert play.apply(stage).exit_code == 0
        case _:
            pass
    again = recreate(stage, first)
    assert again.arn == first.arn
    for _ in range(2):
        assert play.deliver(again.event) == []

    (fresh,) = [each for each in stage.pull_requests() if each.number != pull.number]
    assert fresh.head.ref == "promote/dev/churn/1-20300102T030405Z"
    assert fresh.title == "Promote churn 1 to dev (the package was created again)"
    assert [label.name for label in fresh.labels] == LABELS
    assert "| `auc` | 0.5 ± 0.004 |" in fresh.body
    play.accept(stage, fresh.number)
    assert play.apply(stage).exit_code == 0
    assert play.parameters(stage)["dev/churn/current"]["pull_request"] == fresh.html_url


def test_no_rung_is_skipped(stage: Stage) -> None:
    """A version takes effect in test only while it is approved in dev, and then by the next run."""
    version = play.train(stage)
    path = "promotions/dev/churn/1.yaml"
    pull = play.propose(stage, version)
    play.accept(stage, pull.number)
    up = play.edit(
        stage,
        path,
        [("\nenvironment: dev\n", "\nenvironment: test\n")],
        by="zoe",
        to=path.replace("dev", "test"),
    )
    play.accept(stage, up.number)

    alone = play.apply(stage, "--env", "test")
    assert alone.exit_code == 12
    assert "in dev the version is not decided, not Approved [rung-below]" in alone.output
    assert "test/churn/current" not in play.parameters(stage)

    assert play.apply(stage).exit_code == 0
    assert play.current(stage, environment="test") == 1
    assert play.fields(stage, version)["ModelLifeCycle"]["Stage"] == "test"


def test_both_commands_run_as_processes(stage: Stage, tmp_path: Path) -> None:
    """`python -m assent` proposes, applies and resolves in an environment that holds no more."""
    version = play.train(stage)
    event = tmp_path / "event.json"
    event.write_text(play.as_text(version.event))
    environment = {"PATH": os.environ["PATH"], **stage.environment()}

    def assent(*arguments: str | Path) -> str:
        command = [sys.executable, "-m", "assent", *map(str, arguments)]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return ran.stdout

    assert assent("propose", event).endswith("/pull/1 (opened)\n")
    play.accept(stage, 1)
    clone = stage.clone(tmp_path / "clone")
    assert assent("apply", "--repository", clone).endswith("1 decided, 1 current written\n")
    assert assent("resolve", "churn", "--env", "dev") == f"{version.arn}\n"
