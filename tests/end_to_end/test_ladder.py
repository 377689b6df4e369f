"""The demo's story over HTTP: up the ladder, through three accounts, and back down."""

import re
from typing import Any

import yaml
from tests.end_to_end.ladder import MODEL, Ladder
from tests.end_to_end.picture import row

from assent.sandbox.stage import ENVIRONMENTS

# A step names a method of Ladder; what it leaves everywhere is read as `picture.row` says.
STORY = """
step            dev          test        uat         prod               registry             open
register 1      .            .           .           .                  -                    1
merge 1 ana     A1 >1        .           .           .                  A:dev
score 1 dev     A1 >1        .           .           .                  A:dev                2
merge 2 ben     A1 >1        A2 >1       .           .                  A:test
report 1 test   A1 >1        A2 >1       .           .                  A:test               3
merge 3 carla   A1 >1        A2 >1       A3 >1       .                  A:uat
score 1 uat     A1 >1        A2 >1       A3 >1       .                  A:uat                4
merge 4 ana     A1 >1        A2 >1       A3 >1       A4 >1              A:prod
resolve prod 1  A1 >1        A2 >1       A3 >1       A4 >1              A:prod
register 2      A1 . >1      A2 . >1     A3 . >1     A4 . >1            A:prod -             5
merge 5 ben     A1 A5 >2     A2 . >1     A3 . >1     A4 . >1            A:prod A:dev
score 2 dev     A1 A5 >2     A2 . >1     A3 . >1     A4 . >1            A:prod A:dev         6
merge 6 ana     A1 A5 >2     A2 A6 >2    A3 . >1     A4 . >1            A:prod A:test
report 2 test   A1 A5 >2     A2 A6 >2    A3 . >1     A4 . >1            A:prod A:test        7
merge 7 ana     A1 A5 >2     A2 A6 >2    A3 A7 >2    A4 . >1            A:prod A:uat
score 2 uat     A1 A5 >2     A2 A6 >2    A3 A7 >2    A4 . >1            A:prod A:uat         8
merge 8 carla   A1 A5 >2     A2 A6 >2    A3 A7 >2    A4 A8 >2           A:prod A:prod
score 2 prod    A1 A5 >2     A2 A6 >2    A3 A7 >2    A4 A8 >2           A:prod A:prod
resolve prod 2  A1 A5 >2     A2 A6 >2    A3 A7 >2    A4 A8 >2           A:prod A:prod
register 3      A1 A5 . >2   A2 A6 . >2  A3 A7 . >2  A4 A8 . >2         A:prod A:prod -      9
close 9 ben     A1 A5 X9 >2  A2 A6 . >2  A3 A7 . >2  A4 A8 . >2         A:prod A:prod R:dev
announce 3      A1 A5 X9 >2  A2 A6 . >2  A3 A7 . >2  A4 A8 . >2         A:prod A:prod R:dev
monitor 2 prod  A1 A5 X9 >2  A2 A6 . >2  A3 A7 . >2  A4 A8 . >2         A:prod A:prod R:dev  i10
again           A1 A5 X9 >2  A2 A6 . >2  A3 A7 . >2  A4 A8 . >2         A:prod A:prod R:dev  i10
retire 2 prod   A1 A5 X9 >2  A2 A6 . >2  A3 A7 . >2  A4 A8 . >2         A:prod A:prod R:dev  11 i10
merge 11 carla  A1 A5 X9 >2  A2 A6 . >2  A3 A7 . >2  A4 A8T11 . >1      A:prod A:uat R:dev   i10
resolve prod 1  A1 A5 X9 >2  A2 A6 . >2  A3 A7 . >2  A4 A8T11 . >1      A:prod A:uat R:dev   i10
retire 1 prod   A1 A5 X9 >2  A2 A6 . >2  A3 A7 . >2  A4 A8T11 . >1      A:prod A:uat R:dev   12 i10
merge 12 ben    A1 A5 X9 >2  A2 A6 . >2  A3 A7 . >2  A4T12 A8T11 . >-   A:uat A:uat R:dev    i10
resolve prod -  A1 A5 X9 >2  A2 A6 . >2  A3 A7 . >2  A4T12 A8T11 . >-   A:uat A:uat R:dev    i10
"""


def test_a_version_climbs_to_prod_and_comes_back(ladder: Ladder) -> None:
    """Two versions reach prod, a third is refused in dev; prod falls back to 1, then to none."""
    heading, *lines = STORY.strip().splitlines()
    width = len(heading.split())
    for line in lines:
        step, *cells = re.split(" {2,}", line)
        ladder.act(step)
        expected = [*cells, ""][: width - 1]  # the last cell may be empty
        assert (step, row(ladder)) == (step, expected)

    assert_the_rest_follows(ladder)
    ladder.stage.ledger.clear()
    for options in ((), ("--all",)):
        assert "nothing to do: everything is as main asks" in ladder.apply(*options).output
    assert ladder.stage.ledger.count("aws", writes=True) == 0


def assert_the_rest_follows(ladder: Ladder) -> None:
    """What people read, and what pipelines hear of it."""
    evidence = [record(ladder, name)["evidence"] for name in ENVIRONMENTS]
    assert [each["source"] for each in evidence] == ["training", *["batch-inference"] * 3]
    runs = [each.get("inference", {}) for each in evidence]
    assert [run.get("environment") for run in runs] == [None, "dev", "test", "uat"]
    assert runs[2]["run"] == "nightly-2"
    assert ":222233334444:transform-job/churn-2-" in runs[3]["run"]

    drift = ladder.stage.repository("ana").get_issue(10)
    assert drift.title == "Drift: churn 2 in prod"
    assert 'assent retire churn 2 --env prod --reason "it drifts"' in drift.body
    assert drift.comments == 0
    (asked,) = ladder.stage.intake.retraining
    assert asked["detail-type"] == "Assent Retraining Requested"
    detail = asked["detail"]
    told = [detail[key] for key in ("model", "version", "environment", "issue", "violations")]
    assert told == [MODEL, 2, "prod", drift.html_url, 3]

    pages = {number: ladder.stage.repository("ana").get_pull(number).body for number in (8, 11, 12)}
    assert "run version **2** in place of **1**" in pages[8]
    assert "makes inference in `prod` run version **1** in place of **2**" in pages[11]
    assert "**Merging stops inference in `prod`**" in pages[12]
    assert [each.subject for each in ladder.stage.published("prod")] == [
        "Decision wanted: churn 1 in prod",
        "Approved: churn 1 in prod",
        "Live in prod: churn version 1",
        "Decision wanted: churn 2 in prod",
        "Approved: churn 2 in prod",
        "Live in prod: churn version 2",
        "Decision wanted: retire churn 2 from prod",
        "Retired: churn 2 in prod",
        "Live in prod: churn version 1",
        "Decision wanted: retire churn 1 from prod",
        "Retired: churn 1 in prod",
        "Live in prod: churn no version",
    ]


def record(ladder: Ladder, environment: str) -> Any:  # noqa: ANN401 - any YAML
    """Version 2's record on main."""
    path = f"promotions/{environment}/{MODEL}/2.yaml"
    found = ladder.stage.repository("ana").get_contents(path)
    assert not isinstance(found, list)
    return yaml.safe_load(found.decoded_content)
