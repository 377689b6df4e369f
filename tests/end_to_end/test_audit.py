"""The audit over HTTP: what services and clone hold of a story is whole, or told by its name."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.ladder import MODEL, Ladder

import assent

STORY = (
    *("register 1", "merge 1 ana", "score 1 dev", "merge 2 ben"),
    *("register 2", "merge 3 ben", "register 3", "close 4 ben", "retire 2 dev", "merge 5 ana"),
)


def played(ladder: Ladder) -> Ladder:
    """Version 1 reaches test; 2 comes and is retired; 3 is closed."""
    for step in STORY:
        ladder.act(step)
    return ladder


def test_a_story_is_whole_and_its_bundle_proves_it_alone(ladder: Ladder, tmp_path: Path) -> None:
    """Every decision with its receipt and its approver; the bundle verifies in an empty process."""
    played(ladder)
    place = tmp_path / "out.zip"
    audited = ladder.assent("audit", "--bundle", str(place))
    assert (audited.exit_code, audited.stderr) == (0, ""), audited.output
    told = json.loads(ladder.assent("audit", MODEL, "--format", "json").stdout)
    assert [
        (each["environment"], each["version"], each["decision"], each["by"], each["receipt"] != "")
        for each in told["events"]
    ] == [
        ("dev", 1, "Approved", ["ana"], True),
        ("dev", 2, "Approved", ["ben"], True),
        ("dev", 2, "Retired", ["ana"], True),
        ("dev", 3, "Rejected", ["ben"], True),
        ("test", 1, "Approved", ["ben"], True),
    ]
    alone = subprocess.run(
        [sys.executable, "-m", "assent", "verify", str(place)],
        env={"PATH": os.devnull, "PYTHONPATH": str(Path(assent.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (alone.returncode, alone.stderr) == (0, ""), alone.stdout
    assert told["anchors"]["main"] in alone.stdout


def test_what_was_done_by_hand_is_told_by_name(ladder: Ladder) -> None:
    """A parameter edited, the registry flipped: 10, and nothing else is told."""
    played(ladder)
    aws = ladder.stage.aws.backstage()
    name = "/assent/dev/churn/current"
    aws.ssm.put_parameter(Name=name, Value="{}", Type="String", Overwrite=True)
    aws.sagemaker.update_model_package(
        ModelPackageArn=ladder.registered[3].arn, ModelApprovalStatus="Approved"
    )
    audited = ladder.assent("audit", "--format", "json")
    assert audited.exit_code == 10
    gaps = json.loads(audited.stdout)["gaps"]
    assert sorted({each["gap"] for each in gaps}) == ["parameter-unreadable", "registry-differs"], (
        gaps
    )
