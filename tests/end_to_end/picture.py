"""The whole of what registry, parameters, git and GitHub say of a model, as one row of a table.

Everything that must follow from the rest is asserted on the way, so that a row is all there is.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from github.PullRequest import PullRequest
from tests.end_to_end.ladder import MODEL, Ladder

from assent.contracts import load_contracts
from assent.core.timestamps import written
from assent.sandbox.stage import ENVIRONMENTS

LETTERS = {"Approved": "A", "Retired": "T", "Rejected": "X"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision, as `versions/<n>` holds it."""

    value: Mapping[str, Any]
    number: int
    """The pull request's."""

    def __str__(self) -> str:
        return f"{LETTERS[self.value['status']]}{self.number}"


Histories = Mapping[tuple[str, int], list[Decision]]
"""By environment and version; only those that were decided on."""


def row(ladder: Ladder) -> list[str]:
    """A cell for each environment, one for the registry, one for what is open.

    An environment's cell has each version's decisions there, oldest first, or a dot: `A1` was
    approved by pull request 1, `T7` retired by 7, `X9` rejected by 9, closed or merged. Then comes
    what `current` names: `>2`, or `>-` for none; nothing where there is no such parameter.
    The registry's cell has each version's status and life cycle stage, the last one the numbers of
    open pull requests, and of open issues after an `i`.
    """
    parameters = _parameters(ladder)
    pulls = {pull.number: pull for pull in ladder.stage.pull_requests(state="all")}
    histories = _histories(ladder, parameters, pulls)
    _assert_main(ladder, histories, pulls)
    _assert_applied(ladder, parameters)
    _assert_nothing_waits(ladder)
    currents = {name: _current(ladder, name, parameters, histories) for name in ENVIRONMENTS}
    expected = {(name, f"{MODEL}/current") for name in ENVIRONMENTS if currents[name]}
    expected |= {(name, f"{MODEL}/versions/{version}") for name, version in histories}
    expected |= {(name, "applied") for name in ENVIRONMENTS if ladder.merged}
    assert set(parameters) == expected
    cells = [
        " ".join([_said(histories, name, version) for version in ladder.registered])
        + currents[name]
        for name in ENVIRONMENTS
    ]
    registry = " ".join(_registry(ladder, version, histories) for version in ladder.registered)
    return [*cells, registry, _open(ladder, pulls)]


def _said(histories: Histories, environment: str, version: int) -> str:
    return "".join(map(str, histories.get((environment, version), []))) or "."


def _parameters(ladder: Ladder) -> dict[tuple[str, str], Any]:
    """Every parameter's value; each is in its own environment's account, and in no other."""
    stage = ladder.stage
    found: dict[tuple[str, str], Any] = {}
    for account in sorted({stage.account_of(name) for name in ENVIRONMENTS}):
        pages = stage.aws.backstage(account=account).ssm.get_paginator("get_parameters_by_path")
        for page in pages.paginate(Path="/", Recursive=True):
            for each in page["Parameters"]:
                root, environment, rest = each["Name"].removeprefix("/").split("/", 2)
                assert root == "assent"
                assert stage.account_of(environment) == account, each["Name"]
                found[environment, rest] = json.loads(each["Value"])
    return found


def _histories(
    ladder: Ladder, parameters: Mapping[tuple[str, str], Any], pulls: Mapping[int, PullRequest]
) -> Histories:
    found = {}
    for (environment, rest), value in parameters.items():
        if "/versions/" not in rest:
            continue
        version = int(rest.removeprefix(f"{MODEL}/versions/"))
        said = (value["schema"], value["environment"], value["model"], value["version"])
        assert said == ("assent/history/v1", environment, MODEL, version)
        decisions = [_decision(each, pulls) for each in value["decisions"]]
        for each in decisions:
            assert each.value == _expected(ladder, environment, version, pulls[each.number])
        found[environment, version] = decisions
    return found


def _decision(value: Mapping[str, Any], pulls: Mapping[int, PullRequest]) -> Decision:
    (number,) = (pull.number for pull in pulls.values() if pull.html_url == value["pull_request"])
    assert datetime.fromisoformat(value["applied_at"]).tzinfo is not None
    rest = {key: each for key, each in value.items() if key != "applied_at"}
    return Decision(value=rest, number=number)


def _expected(
    ladder: Ladder, environment: str, version: int, pull: PullRequest
) -> Mapping[str, Any]:
    """A decision as git, GitHub and the people who made it have it."""
    path = f"promotions/{environment}/{MODEL}/{version}.yaml"
    commit = pull.merge_commit_sha if pull.merged_at else pull.head.sha
    record = _read(ladder.bare, f"{commit}:{path}")
    decided, at = ladder.decided[pull.number], pull.merged_at or pull.closed_at
    assert at is not None
    values = {
        "status": record["status"] if pull.merged_at else "Rejected",
        "by": [decided.by],
        "at": written(at),
        "pull_request": pull.html_url,
        "commit": commit,
        "blob": _blob(ladder.bare, f"{commit}:{path}"),
        "evidence": record["evidence"]["digest"],
        "created": record["package"]["created"],
    }
    return values | ({"reason": decided.reason} if decided.reason else {})


def _current(
    ladder: Ladder,
    environment: str,
    parameters: Mapping[tuple[str, str], Any],
    histories: Histories,
) -> str:
    """What `current` names; all of it follows from the decision that lets the version run."""
    value = parameters.get((environment, f"{MODEL}/current"))
    if value is None:
        return ""
    assert load_contracts().parameter.problems(value) == []
    names = {"schema": "assent/parameter/v1", "model": MODEL, "environment": environment}
    version = value["version"]
    if version is None:
        assert value == {**names, "version": None}
        return " >-"
    last = histories[environment, version][-1].value
    assert value == {
        **names,
        "version": version,
        "model_package_arn": ladder.registered[version].arn,
        "approved_by": last["by"],
        "approved_at": last["at"],
        "pull_request": last["pull_request"],
        "commit": last["commit"],
        "evidence": last["evidence"],
        "containers": _read(ladder.bare, last["blob"])["package"]["containers"],
    }
    return f" >{version}"


def _registry(ladder: Ladder, version: int, histories: Histories) -> str:
    """A version's status and stage; its fields show the last decision in each environment."""
    arn = ladder.registered[version].arn
    said: Mapping[str, Any] = ladder.stage.aws.sagemaker.describe_model_package(
        ModelPackageName=arn
    )
    fields: dict[str, str] = {}
    last = {
        name: histories[name, version][-1] for name in ENVIRONMENTS if (name, version) in histories
    }
    for name, decision in last.items():
        fields[name] = decision.value["status"]
        fields[f"{name}.by"] = " ".join(decision.value["by"])
        fields[f"{name}.pull-request"] = decision.value["pull_request"]
    assert said.get("CustomerMetadataProperties", {}) == fields
    status = said["ModelApprovalStatus"]
    if not last:
        assert status == "PendingManualApproval"
        assert not {"ModelLifeCycle", "ApprovalDescription"} & said.keys()
        return "-"
    # What one merge let through on several rungs takes effect on the lowest first.
    name = max(last, key=lambda each: (last[each].value["at"], ENVIRONMENTS.index(each)))
    latest = last[name]
    sentence = (
        f"{latest.value['status']} in {name} by {latest.value['by'][0]}: "
        f"{latest.value['pull_request']}"
    )
    reason = latest.value.get("reason")
    assert said["ApprovalDescription"] == (f"{sentence} ({reason})" if reason else sentence)
    stage = said["ModelLifeCycle"]["Stage"]
    assert said["ModelLifeCycle"]["StageStatus"] == last[stage].value["status"]
    return f"{status[0]}:{stage}"


def _assert_main(ladder: Ladder, histories: Histories, pulls: Mapping[int, PullRequest]) -> None:
    """Main came about by the merges alone; its records are the decisions that were merged."""
    merges = [
        f"Merge pull request #{number} from acme/{pulls[number].head.ref}"
        for number in ladder.merged
    ]
    log = _git(ladder.bare, "log", "--first-parent", "--reverse", "--format=%s", "main")
    assert log.splitlines()[1:] == merges
    entries = _git(ladder.bare, "ls-tree", "-r", "--format=%(objectname) %(path)", "main")
    files = [entry.split(" ", 1) for entry in entries.splitlines()]
    records = {
        path: _read(ladder.bare, blob)["status"]
        for blob, path in files
        if path.startswith("promotions/") and path.endswith(".yaml")
    }
    expected = {}
    for (environment, version), decisions in histories.items():
        merged = [each.value["status"] for each in decisions if each.number in ladder.merged]
        if merged:
            expected[f"promotions/{environment}/{MODEL}/{version}.yaml"] = merged[-1]
    assert records == expected


def _assert_applied(ladder: Ladder, parameters: Mapping[tuple[str, str], Any]) -> None:
    """Every environment was brought to main's head, and nothing is left to be tried again."""
    head = _git(ladder.bare, "rev-parse", "main").strip()
    for (_, rest), value in parameters.items():
        if rest == "applied":
            assert (value["commit"], value["retry"]) == (head, [])


def _assert_nothing_waits(ladder: Ladder) -> None:
    assert (len(ladder.stage.intake), ladder.stage.intake.dead_letters) == (0, ())


def _open(ladder: Ladder, pulls: Mapping[int, PullRequest]) -> str:
    """Pull requests and issues that wait for somebody, each complete."""
    numbers = []
    for number, pull in pulls.items():
        if pull.state != "open":
            continue
        assert pull.user.login == "assent[bot]"
        (path,) = (file.filename for file in pull.get_files())
        _, environment, _, name = path.split("/")
        version = name.removesuffix(".yaml")
        where = f"{environment}/{MODEL}/{version}"
        title, verb = next(
            each
            for each in (
                (f"Promote {MODEL} {version} to {environment}", "promote"),
                (f"Retire {MODEL} {version} from {environment}", "retire"),
            )
            if each[0] == pull.title
        )
        assert pull.head.ref.startswith(f"{verb}/{where}"), title
        assert _labels(pull) == ["assent", f"environment: {environment}", f"model: {MODEL}"]
        numbers.append(str(number))
    return " ".join([*numbers, *_issues(ladder)])


def _issues(ladder: Ladder) -> Iterator[str]:
    for issue in ladder.stage.repository("ana").get_issues(state="open", direction="asc"):
        if issue.pull_request is None:
            assert issue.user.login == "assent[bot]"
            yield f"i{issue.number}"


def _labels(item: Any) -> list[str]:  # noqa: ANN401 - PyGithub has two classes for it
    return sorted(label.name for label in item.labels)


@cache
def _read(bare: Path, blob: str) -> Mapping[str, Any]:
    """A record by what never changes: the id of a blob, or of a commit with a path."""
    record: Mapping[str, Any] = yaml.safe_load(_git(bare, "cat-file", "blob", blob))
    return record


@cache
def _blob(bare: Path, place: str) -> str:
    return _git(bare, "rev-parse", place).strip()


def _git(bare: Path, *arguments: str) -> str:
    command = ["git", "--git-dir", str(bare), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
