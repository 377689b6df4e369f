"""The end: what an auditor finds, and what of all this stays in the folder."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import assent
from assent.core.timestamps import read_time, written
from assent.sandbox.demo.play import MODEL, Play, require
from assent.sandbox.demo.running import package
from assent.sandbox.demo.scenery import TOP
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
    ("zoe", f"promote/dev/{MODEL}/4"),
    ("ana", f"retire/dev/{MODEL}/4"),
)
"""Who merged which branch."""
_DECISIONS = (
    *((environment, "1", "Approved") for environment in ENVIRONMENTS),
    *((environment, "2", "Approved") for environment in ENVIRONMENTS),
    ("dev", "3", "Rejected"),
    ("prod", "2", "Retired"),
    ("dev", "4", "Retired"),
)
_DECIDED = {"Approved": "Approved", "Retired": "Retired", "closed:": "Rejected"}
"""By the first word that the audit's table has for a decision; the rest of it decides nothing."""
_CELLS = 4
"""As many cells of the table as are looked at."""
_REGISTRY = {
    1: ("Approved", dict.fromkeys(ENVIRONMENTS, "Approved")),
    2: ("Approved", {**dict.fromkeys(ENVIRONMENTS, "Approved"), "prod": "Retired"}),
    3: ("Rejected", {"dev": "Rejected"}),
    4: ("Rejected", {"dev": "Retired"}),
}


def audit(play: Play) -> None:
    """Judge the trail of this very story, and prove it to somebody who trusts nobody."""
    play.pull()  # the receipts of the last run, too
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
        "That is what GitHub shows. An audit believes nobody: it walks main commit by commit, "
        "follows the receipts that every run left on a branch of their own, each with the digest "
        "of the one before, and holds registry and parameters against them. It names every gap; "
        "here there is none:"
    )
    bundle = play.folder.shown(play.folder.bundle)
    said = play.assent("audit", MODEL, "--bundle", str(play.folder.bundle), table=True)
    file = play.folder.trail
    file.write_text(f"{said}\n", encoding="utf-8")
    play.narrator.output(f"(cut; with approvals, evidence and times in {play.folder.shown(file)})")
    decided = [tuple(line.split()[:_CELLS]) for line in said.splitlines()[1:]]
    found_decisions = [
        (environment, version, _DECIDED[what])
        for environment, _, version, what in (each for each in decided if len(each) == _CELLS)
        if what in _DECIDED
    ]
    require(
        sorted(found_decisions) == sorted(_DECISIONS) and "the trail is whole" in said,
        "the audit should find every decision, and no gap",
        said,
    )
    _was_live(play)
    play.say("Was anything changed behind Assent's back, in the registry or the parameters?")
    said = play.assent("drift")
    require("nothing differs" in said, "registry and parameters should be as main says", said)
    play.say(
        f"Whoever trusts neither this machine nor its operators takes {bundle} elsewhere. It holds "
        "git's own objects, all receipts, and what AWS said, and is verified from its bytes alone; "
        "here by a process without a network, credentials or git:"
    )
    _verify(play)
    play.say("And the registry says of each version where it stands, for those who look there:")
    for version in play.registered:
        _stands(play, version)


def _was_live(play: Play) -> None:
    """Ask what ran in prod between two decisions."""
    name = f"/assent/{TOP}/{MODEL}/versions/2"
    text = play.stage.ssm(TOP).get_parameter(Name=name)["Parameter"]["Value"]
    approved, retired = (each["applied_at"] for each in json.loads(text)["decisions"])
    require(approved < retired, "version 2 should have been live for a while", (approved, retired))
    play.say(f"What was live in {TOP} the second before version 2 was retired there?")
    moment = read_time(retired) - timedelta(seconds=1)
    said = play.assent("audit", MODEL, "--env", TOP, "--at", written(moment), table=True)
    require(
        any(line.split()[:3] == [TOP, MODEL, "2"] for line in said.splitlines()),
        "version 2 should have been live then",
        said,
    )


def _verify(play: Play) -> None:
    """Verify the bundle in a process that reaches nothing."""
    play.narrator.command(f"$ assent verify {play.folder.shown(play.folder.bundle)}")
    answer = subprocess.run(
        [sys.executable, "-m", "assent", "verify", str(play.folder.bundle)],
        env={"PATH": "", "PYTHONPATH": str(Path(assent.__file__).parents[1])},
        cwd=play.folder.root,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = answer.stdout.splitlines()
    whole = [index for index, line in enumerate(lines) if line.startswith("the trail is whole")]
    require(answer.returncode == 0 and bool(whole), "the bundle should verify", answer)
    play.narrator.output("\n".join(["…", *lines[whole[0] :]]))


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
    clone, pages, issues, trail, bundle, log = (
        shlex.quote(folder.shown(path))
        for path in (
            folder.clone,
            folder.page(1).parent,
            folder.issue(1).parent,
            folder.trail,
            folder.bundle,
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
        ("every decision, and who approved what", f"less -S {trail}"),
        ("verify all of it, offline", f"{_assent()} verify {bundle}"),
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
