"""Calls to AWS and GitHub that a version takes on its way, by operation."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assent.sandbox.aws import transform
from assent.sandbox.stage import REPOSITORY
from assent.sandbox.wire import Call
from benchmarks.scene import Scene

__all__ = [
    "Counts",
    "Operations",
    "count_apply",
    "count_calls",
    "operations",
    "writes_to_github",
]

Operations = Mapping[str, int]
"""How often each operation of each service was called, first call first."""

_SCORED = b'{"scored": {"auc": {"value": 0.88}}}'
_VARIABLE = (
    (re.compile(rf"/repos/{REPOSITORY}(?=/|$)"), "/repos/{repository}"),
    (re.compile(r"/contents/[^?]+"), "/contents/{path}"),
    (re.compile(r"/[0-9a-f]{40}(?=/|$)"), "/{commit}"),
    (re.compile(r"/[0-9]+(?=/|$)"), "/{number}"),
    (re.compile(r"/memberships/[^/?]+"), "/memberships/{login}"),
    (re.compile(r"/collaborators/[^/?]+"), "/collaborators/{login}"),
    (re.compile(r"^/api/v3"), ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What each step took, each by a fresh process that mints a token and reads all it needs."""

    propose: Operations
    """After the registration."""
    again: Operations
    """After the same event once more, as SageMaker and SQS tell it."""
    apply: Operations
    """Over every environment of the ladder, after the merge."""
    infer: Operations
    """`propose` again, for the next rung, after a batch inference with a transform job."""
    reject: Operations
    """After a code owner closed that pull request."""


def count_calls(scene: Scene) -> Counts:
    """Take one version from its registration up a rung, and turn it down there.

    Everything else in the tree is settled.

    Raises:
        RuntimeError: A step did not do what it is there for, so that the counts mean nothing.
    """
    registered = scene.register_next()
    event = _written(scene, registered.event)
    propose, proposed = _counted(scene, "propose", event)
    _require(proposed.get("attempt") == "opened", proposed)
    again, settled = _counted(scene, "propose", event)
    _require(settled.get("attempt") == "already open", settled)
    apply = count_apply(scene, registered.version)
    ran = transform(scene.stage.aws, registered.arn, "dev", outputs={"metrics.json": _SCORED})
    infer, inferred = _counted(scene, "propose", _written(scene, ran.event))
    opened = (inferred.get("attempt"), inferred.get("environment"))
    _require(opened == ("opened", "test"), inferred)
    number = scene.close()
    reject, rejected = _counted(
        scene, "reject", str(number), "--repository", str(scene.clone()), "--env", "test"
    )
    _require([each["receipt"] for each in rejected["receipts"]] == ["closing"], rejected)
    return Counts(propose=propose, again=again, apply=apply, infer=infer, reject=reject)


def count_apply(scene: Scene, version: int) -> Operations:
    """Merge the one open pull request, of a version of the first model, and apply it.

    Raises:
        RuntimeError: The promotion did not take effect.
    """
    scene.merge()
    apply, applied = _counted(scene, "apply", "--repository", str(scene.clone()))
    done = [(each["receipt"], each.get("becomes")) for each in applied["receipts"]]
    _require(done == [("decided", "Approved"), ("current", version)], applied)
    return apply


def _written(scene: Scene, event: Mapping[str, Any]) -> str:
    path = scene.folder / "event.json"
    path.write_text(json.dumps(event), encoding="utf-8")
    return str(path)


def _counted(scene: Scene, *arguments: str) -> tuple[Operations, dict[str, Any]]:
    """Run Assent; returns the calls that it made, and what it says."""
    ledger = scene.stage.ledger
    ledger.clear()
    said: dict[str, Any] = json.loads(scene.run(*arguments, "--format", "json"))
    return operations(ledger.calls), said


def _require(holds: bool, said: Mapping[str, Any]) -> None:  # noqa: FBT001 - what is required
    if not holds:
        raise RuntimeError(f"a step did not do what is counted here: {said}")


def operations(calls: Iterable[Call]) -> dict[str, int]:
    """How often each operation was called, whatever it was called about."""
    return dict(Counter(f"{call.service} {_operation(call)}" for call in calls))


def writes_to_github(operation: str) -> bool:
    """Whether an operation, as `operations` names it, creates or changes something on GitHub."""
    service, _, asked = operation.partition(" ")
    method, _, path = asked.partition(" ")
    return (
        service == "github"
        and method in {"POST", "PUT", "PATCH", "DELETE"}
        and not path.endswith(("/graphql", "/access_tokens"))
    )


def _operation(call: Call) -> str:
    if call.service == "aws":
        return call.operation
    method, _, path = call.operation.partition(" ")
    for variable, name in _VARIABLE:
        path = variable.sub(name, path)
    if path.endswith("/graphql") and _mutates(call.body):
        path += " mutation"
    return f"{method} {path}"


def _mutates(body: bytes) -> bool:
    query: str = json.loads(body)["query"]
    return query.lstrip().startswith("mutation")
