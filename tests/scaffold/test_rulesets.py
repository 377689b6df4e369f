"""The rulesets: what `doctor` judges by is in them, and nobody else is on a bypass list."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.flows.setups import PlantedGitHub
from tests.scaffold.ground import ANSWERS, GIVEN, LADDERS, answered, given_by

from assent.adapters.github_rules import ruleset_source
from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.doctor.finding import Diagnosis, Verdict
from assent.core.doctor.github_facts import GitHubEnvironment, RuleSource
from assent.core.errors import Exit
from assent.flows.doctor import Setup, doctor
from assent.sandbox.github import Ruleset
from assent.scaffold.answers import Answers
from assent.scaffold.rendering import render_texts
from assent.scaffold.rulesets import owed, rulesets

ROOT = Path(__file__).parents[2]
RULE_TYPES = {
    *("creation", "update", "deletion", "non_fast_forward"),
    *("pull_request", "required_status_checks"),
}


def values(answers: Answers) -> dict[str, dict[str, Any]]:
    return {path: json.loads(content) for path, content in rulesets(answers).items()}


def binding(answers: Answers, branch: str) -> list[RuleSource]:
    """What binds a branch, as the adapter reads it once GitHub has taken the files."""
    found = []
    for each in values(answers).values():
        patterns = each["conditions"]["ref_name"]["include"]
        kept = Ruleset(
            name=each["name"],
            branches=tuple(pattern.removeprefix("refs/heads/") for pattern in patterns),
            rules={},
        )
        if each["enforcement"] == "active" and kept.binds(branch):
            found.append(ruleset_source(each, each["rules"]))
    return found


def diagnosed(answers: Answers) -> Diagnosis:
    """What `doctor` says of GitHub, where rules and CODEOWNERS are those that were made."""
    files = render_texts(answers, version="1.0.0")
    config = parse_config(files["assent.yaml"], load_contracts().config)
    well = PlantedGitHub()
    team = well.teams["acme/approvers"]
    prod = well.environments["prod"]
    github = PlantedGitHub(
        main=binding(answers, "main"),
        proposals=binding(answers, "promote/dev/churn/7"),
        receipts=binding(answers, "receipts"),
        owners=files[".github/CODEOWNERS"].decode(),
        teams=dict.fromkeys(
            ["acme/ml-approvers", "acme/ml-approvers-prod", "acme/ml-platform"], team
        ),
        writers={"ana"},
        environments={name: named(prod, name) for name in answers.ladder},
    )
    return doctor(Setup(config=config, github=github), config.select(()))


def named(environment: GitHubEnvironment, name: str) -> GitHubEnvironment:
    return replace(environment, name=name)


@pytest.mark.parametrize("ladder", LADDERS)
def test_the_doctor_finds_a_repository_well_that_took_them(ladder: str) -> None:
    """Rules of main, of the App's branches, of receipts; owners of every path: all say ok."""
    diagnosis = diagnosed(answered(given_by(LADDERS[ladder])))
    amiss = [each for each in diagnosis.findings if each.verdict is not Verdict.OK]
    assert amiss == []
    assert diagnosis.exit is Exit.OK
    assert {"promotion-branches", "receipts-branch", "required-check", "bypass"} <= {
        each.check for each in diagnosis.findings
    }


@pytest.mark.parametrize("path", rulesets(ANSWERS))
def test_without_one_of_them_the_doctor_finds_something(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is there for nothing."""
    kept = {name: content for name, content in rulesets(ANSWERS).items() if name != path}
    monkeypatch.setattr(f"{__name__}.rulesets", lambda _answers: kept)
    assert diagnosed(ANSWERS).exit is Exit.FINDINGS


def test_they_have_the_form_that_the_api_takes() -> None:
    """Each says its name, branches by their refs, rules by GitHub's types, and whom it spares."""
    for each in values(ANSWERS).values():
        assert set(each) == {
            *("name", "target", "enforcement", "bypass_actors", "conditions", "rules"),
        }
        assert (each["target"], each["enforcement"]) == ("branch", "active")
        assert all(
            ref.startswith("refs/heads/") for ref in each["conditions"]["ref_name"]["include"]
        )
        assert {rule["type"] for rule in each["rules"]} <= RULE_TYPES
        for actor in each["bypass_actors"]:
            assert actor == {"actor_id": 7, "actor_type": "Integration", "bypass_mode": "always"}
    assert len({each["name"] for each in values(ANSWERS).values()}) == 4


def test_nobody_is_spared_what_the_app_alone_may_not_do() -> None:
    """Main's rules and those that keep receipts whole have an empty bypass list."""
    found = values(ANSWERS)
    spared = {path for path, each in found.items() if each["bypass_actors"]}
    assert spared == {".github/rulesets/promotions.json", ".github/rulesets/receipts.json"}


def test_what_names_the_app_waits_for_its_number() -> None:
    """No file holds a number that is none; what is missing is named."""
    before = answered(replace(GIVEN, app_id=None))
    assert set(rulesets(before)) | set(owed(before)) == set(rulesets(ANSWERS))
    assert set(owed(before)) == {
        ".github/rulesets/promotions.json",
        ".github/rulesets/receipts.json",
    }
    assert owed(ANSWERS) == ()


def test_the_check_s_source_is_only_named_where_its_number_is_known() -> None:
    """GitHub Actions has another number on each GitHub Enterprise Server."""
    there = answered(replace(GIVEN, api_url="https://github.acme.example/api/v3"))
    assert b"integration_id" not in rulesets(there)[".github/rulesets/main.json"]
    assert b'"integration_id": 15368' in rulesets(ANSWERS)[".github/rulesets/main.json"]
    assert b"integration_id" in render_texts(there, version="1.0.0")["README.md"]
