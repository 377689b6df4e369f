"""What is seen of registry and Parameter Store, read with nothing of the product's."""

import json
import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from tests.properties.oracle import APPROVED, BOT, PENDING, REJECTED, Entry, Key, Oracle
from tests.properties.scene import Scene

from assent.core.package import ModelVersion

__all__ = [
    "Decided",
    "check_answers",
    "check_current",
    "check_registry",
    "check_told",
    "currents",
    "decisions",
    "histories",
]


class Decided(NamedTuple):
    """One decision of a history, as far as the promises speak of it."""

    status: str
    blob: str
    by: tuple[str, ...]
    number: int
    """The pull request's."""
    reason: str
    """Of a closing."""


def histories(scene: Scene) -> dict[Key, list[Decided]]:
    """Every history, oldest decision first."""
    found: dict[Key, list[Decided]] = {}
    for environment, name, text in _parameters(scene):
        match = re.fullmatch(r"([^/]+)/versions/(\d+)", name)
        if match is not None:
            value = json.loads(text)
            assert value["pages"] == 0, "sequences are too short for a second page"
            found[environment, match[1], int(match[2])] = [
                Decided(
                    status=each["status"],
                    blob=each["blob"],
                    by=tuple(each["by"]),
                    number=_number(each["pull_request"]),
                    reason=each.get("reason", ""),
                )
                for each in value["decisions"]
            ]
    return found


def decisions(effective: Mapping[Key, list[Entry]]) -> dict[Key, list[Decided]]:
    """The same of what an oracle says."""
    return {
        key: [
            Decided(
                status=each.status,
                blob=each.said.blob,
                by=each.by,
                number=each.number or 0,
                reason=each.reason,
            )
            for each in entries
        ]
        for key, entries in effective.items()
        if entries
    }


def currents(scene: Scene) -> dict[tuple[str, str], int | str | None]:
    """The version that each `current` names, by environment and model; or a text that is none."""
    return {
        (environment, name.split("/")[0]): _named(text)
        for environment, name, text in _parameters(scene)
        if name.endswith("/current")
    }


def _named(text: str) -> int | str | None:
    try:
        version: int | None = json.loads(text)["version"]
    except (ValueError, KeyError, TypeError):
        return text
    return version


def _parameters(scene: Scene) -> list[tuple[str, str, str]]:
    """Environment, the name below it, and the text."""
    start = len(scene.config.parameter_prefix) + 1
    found = []
    for name, text in scene.parameters().items():
        environment, _, rest = name[start:].partition("/")
        found.append((environment, rest, text))
    return found


def _number(address: str) -> int:
    return int(address.rpartition("/")[2])


def check_current(scene: Scene, oracle: Oracle) -> None:
    """Each `current` says all about the very decision that is in effect."""
    for environment, name, text in _parameters(scene):
        if not name.endswith("/current"):
            continue
        value = json.loads(text)
        model, version = name.split("/")[0], value["version"]
        assert (value["schema"], value["environment"], value["model"]) == (
            "assent/parameter/v1",
            environment,
            model,
        )
        if version is None:
            assert set(value) == {"schema", "environment", "model", "version"}
            continue
        last = oracle.last((environment, model, version))
        assert last is not None
        assert last.status == APPROVED
        said = (value["model_package_arn"], value["evidence"], tuple(value["approved_by"]))
        assert said == (last.said.arn, last.said.digest, last.by)
        assert _number(value["pull_request"]) == (last.number or 0)
        assert value["containers"] == list(last.said.containers)


def check_answers(scene: Scene, oracle: Oracle, recorded: Mapping[Key, int] | None = None) -> None:
    """Assent told of what closings decided and of what it undid, and never twice of one turn.

    Args:
        scene: Where.
        oracle: What should be.
        recorded: How many decisions were in effect before Assent ran for the first time.
    """
    decided = Counter(
        entry.number
        for key, entries in oracle.effective.items()
        for entry in entries[(recorded or {}).get(key, 0) :]
        if entry.closing
    )
    for number, answers in scene.answers().items():
        pull = oracle.pulls.get(number)
        if pull is None:
            assert answers == 0, number
            continue
        turns = sum(turn.closed or turn.by != BOT for turn in pull.turns)
        due = decided[number] + (pull.undone is not None)
        assert due <= answers <= turns, (number, answers)


def check_told(scene: Scene, oracle: Oracle, environments: Collection[str]) -> None:
    """After a run GitHub shows what is live, and was told once of each decision on main.

    Args:
        scene: Where.
        oracle: What should be.
        environments: Those that the run was about.
    """
    told = scene.told()
    assert set(told.values()) <= {1}
    for key in oracle.effective:
        last, said = oracle.last(key), oracle.main.get(key)
        if last is None or last.closing or last.number is None or key[0] not in environments:
            continue
        if said is not None and said.text == last.said.text:
            assert told[last.number, last.said.blob, key[0]] == 1, key
    shown = {place: n for place, n in scene.shown().items() if place.split("/")[0] in environments}
    live = {
        f"{environment}/{model}": version
        for (environment, model), version in currents(scene).items()
        if version is not None and environment in environments
    }
    assert shown == live


def check_registry(oracle: Oracle, packages: Mapping[tuple[str, int], ModelVersion]) -> None:
    """After a full comparison of the ladder the registry shows what is in effect, and no more."""
    for (model, version), seen in packages.items():
        keys = [(environment, model, version) for environment in oracle.ladder]
        if not any(oracle.is_known(key) for key in keys):
            continue
        due = oracle.fields(model, version)
        for environment, last in due.items():
            shown = seen.metadata.get(environment), seen.metadata.get(f"{environment}.by")
            assert shown == (last.status, " ".join(last.by)), (environment, model, version)
            number = _number(seen.metadata[f"{environment}.pull-request"])
            assert number == (last.number or 0)
        for key in keys:
            if oracle.is_known(key) and key[0] not in due:
                assert seen.metadata.get(key[0]) != APPROVED, key
        _check_status(oracle, seen, due)


def _check_status(oracle: Oracle, seen: ModelVersion, due: Mapping[str, Entry]) -> None:
    """The one approval status, and the stage, follow from the decisions over the whole ladder."""
    decided = oracle.shown(seen.arn.model, seen.arn.version, seen.metadata)
    approved = [each for each, status in decided.items() if status == APPROVED]
    assert (seen.approval.value == APPROVED) == bool(approved), seen.arn.text
    if not due:
        return  # where nothing is in effect, the registry may say Pending or Rejected
    if decided:
        assert seen.approval.value == (APPROVED if approved else REJECTED)
        stage = (approved or list(decided))[-1]
        assert seen.life_cycle == (stage, decided[stage])
    else:
        assert seen.approval.value == PENDING
        assert seen.life_cycle is not None
        assert seen.life_cycle[1] == PENDING
