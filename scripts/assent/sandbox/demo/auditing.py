"""The end: what an auditor finds, and what of all this stays in the folder."""

import re
import shlex
import shutil
import sys
from pathlib import Path

from assent.sandbox.demo.play import MODEL, Play, require
from assent.sandbox.demo.running import package
from assent.sandbox.stage import ENVIRONMENTS

__all__ = ["audit", "farewell"]

_MERGES = (
    ("ana", f"promote/dev/{MODEL}/1"),
    ("ana", f"promote/test/{MODEL}/1"),
    ("ben", f"promote/uat/{MODEL}/1"),
    ("carla", f"promote/prod/{MODEL}/1"),
    ("ben", f"promote/dev/{MODEL}/2"),
    ("ana", f"promote/test/{MODEL}/2"),
    ("ben", f"promote/uat/{MODEL}/2"),
    ("carla", f"promote/prod/{MODEL}/2"),
    ("carla", f"retire/prod/{MODEL}/2"),
)
"""Who merged which branch."""
_DECISIONS = (
    *((environment, "1", "Approved") for environment in ENVIRONMENTS),
    *((environment, "2", "Approved") for environment in ENVIRONMENTS),
    ("dev", "3", "Rejected"),
    ("prod", "2", "Retired"),
)
_REGISTRY = {
    1: ("Approved", dict.fromkeys(ENVIRONMENTS, "Approved")),
    2: ("Approved", {**dict.fromkeys(ENVIRONMENTS, "Approved"), "prod": "Retired"}),
    3: ("Rejected", {"dev": "Rejected"}),
}


def audit(play: Play) -> None:
    """Show the three places that tell who decided what: git, Parameter Store, the registry."""
    play.say(
        "Somebody asks, a year later: who let this model run, when, and on what evidence? main's "
        "history answers, one merge for each yes and for each withdrawal:"
    )
    log = play.git(
        "log",
        "--first-parent",
        "--date=format:%Y-%m-%d",
        "--pretty=%h %ad %<(5)%an %s",
        "--",
        "promotions",
    )
    found = re.findall(r"(\w+) +Merge pull request #\d+ from acme/(\S+?)(?:-[0-9a-f]{12})?\n", log)
    require(tuple(reversed(found)) == _MERGES, "main should have every merge of the story", found)
    play.say(
        "Each brought a record with the evidence that was judged. Parameter Store, in each "
        "environment's own account, holds every decision with its digest, also the no that left "
        "no record; what was decided within one second is in the ladder's order:"
    )
    said = play.assent("history", MODEL, table=True)
    file = play.folder.history
    file.write_text(f"{said}\n", encoding="utf-8")
    play.narrator.output(f"(cut; with commits, evidence and reasons in {play.folder.shown(file)})")
    decided = [tuple(line.split()[1:4]) for line in said.splitlines()[1:]]
    # Within one second, decisions on different versions and environments have no order.
    require(
        sorted(decided) == sorted(_DECISIONS) and decided[-1] == _DECISIONS[-1],
        "the history should hold every decision, and the retirement last",
        decided,
    )
    play.say("And the registry says of each version where it stands, for those who look there:")
    for version in play.registered:
        _stands(play, version)


def _stands(play: Play, version: int) -> None:
    """Show a version's fields in the registry."""
    found = package(play, version)
    fields: dict[str, str] = found["CustomerMetadataProperties"]
    decisions = {name: fields[name] for name in ENVIRONMENTS if name in fields}
    status = found["ModelApprovalStatus"]
    play.narrator.command(f"{MODEL} {version}   ModelApprovalStatus: {status}")
    play.narrator.output(
        "\n".join(
            f"{name:5} {decision:9} {fields[f'{name}.by']:10} {fields[f'{name}.pull-request']}"
            for name, decision in decisions.items()
        )
    )
    require(
        (status, decisions) == _REGISTRY[version],
        f"the registry should say of version {version} what was decided",
        (status, decisions),
    )


def farewell(play: Play, seconds: float) -> None:
    """Say where everything is left, and how to look into it.

    Args:
        play: At its end, the servers stopped.
        seconds: How long it took.
    """
    folder, ledger = play.folder, play.stage.ledger
    clone, pages, issues, history, log = (
        shlex.quote(folder.shown(path))
        for path in (
            folder.clone,
            folder.page(1).parent,
            folder.issue(1).parent,
            folder.history,
            folder.log,
        )
    )
    play.leave_clone()
    play.narrator.heading("Where this is left")
    play.say(
        f"Every step had the result it should have. That took {seconds:.1f} seconds; the two "
        f"servers answered {ledger.count('github')} requests for GitHub and "
        f"{ledger.count('aws')} for AWS. They are gone now. What they said stays in {folder.path}:"
    )
    for what, line in (
        ("who let what in, and when", f"git -C {clone} log --first-parent --stat"),
        ("what was judged, and what became of it", f"cat {clone}/promotions/prod/{MODEL}/2.yaml"),
        ("what the approvers saw, and said", f"ls {pages} {issues}"),
        ("every decision", f"less -S {history}"),
        ("judge the records again", f"{_assent()} check --repository {clone}"),
        ("all of this, and every request", f"less {log}"),
    ):
        play.narrator.command(f"$ {line}")
        play.narrator.output(what)
    play.say(f"The next run replaces that folder. For the other commands: {_assent()} --help")


def _assent() -> str:
    """How to call Assent from here: by its name where PATH finds it, otherwise by its place."""
    if shutil.which("assent") is not None:
        return "assent"
    program = Path(sys.executable).with_name("assent")
    here = Path.cwd()
    return shlex.quote(str(program.relative_to(here) if here in program.parents else program))
