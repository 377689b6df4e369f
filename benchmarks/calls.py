"""Calls to AWS and GitHub that one promotion takes, by operation."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assent.sandbox.stage import REPOSITORY
from assent.sandbox.wire import Call
from benchmarks.scene import Scene

__all__ = ["Counts", "count_calls"]

_VARIABLE = (
    (re.compile(rf"/repos/{REPOSITORY}(?=/|$)"), "/repos/{repository}"),
    (re.compile(r"/contents/[^?]+"), "/contents/{path}"),
    (re.compile(r"/[0-9a-f]{40}(?=/|$)"), "/{commit}"),
    (re.compile(r"/[0-9]+(?=/|$)"), "/{number}"),
    (re.compile(r"^/api/v3"), ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How often each operation of each service was called, first call first."""

    propose: Mapping[str, int]
    """By a fresh process, which must mint a token and read the configuration first."""
    apply: Mapping[str, int]
    """By a fresh process, over every environment of the ladder."""


def count_calls(scene: Scene) -> Counts:
    """Propose one version and apply its promotion; everything else in the tree is settled.

    Raises:
        RuntimeError: The promotion did not take effect, so that the counts would mean nothing.
    """
    registered = scene.register_next()
    event = scene.folder / "event.json"
    event.write_text(json.dumps(registered.event), encoding="utf-8")
    ledger = scene.stage.ledger
    ledger.clear()
    proposed = json.loads(scene.run("propose", str(event), "--format", "json"))
    propose = _counted(ledger.calls)
    if proposed.get("attempt") != "opened":
        raise RuntimeError(f"no pull request was opened: {proposed}")
    scene.merge()
    clone = scene.clone()
    ledger.clear()
    applied = json.loads(scene.run("apply", "--repository", str(clone), "--format", "json"))
    apply = _counted(ledger.calls)
    done = [(each["receipt"], each.get("becomes")) for each in applied["receipts"]]
    if done != [("decided", "Approved"), ("current", registered.version)]:
        raise RuntimeError(f"the promotion did not take effect: {applied}")
    return Counts(propose=propose, apply=apply)


def _counted(calls: Iterable[Call]) -> dict[str, int]:
    return dict(Counter(f"{call.service} {_operation(call)}" for call in calls))


def _operation(call: Call) -> str:
    if call.service == "aws":
        return call.operation
    method, _, path = call.operation.partition(" ")
    for variable, name in _VARIABLE:
        path = variable.sub(name, path)
    return f"{method} {path}"
