"""The page that an approver decides on: golden bodies, what it must say, and its limits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.core.reviews import (
    AT,
    CASES,
    EARLIER,
    LIVE,
    METRICS,
    RUN,
    UNREAD,
    Case,
    below,
    champion,
    crowded,
    hostile_record,
    record,
    to_prod,
    version,
)

from assent.core.curves import Curve
from assent.core.evidence import EvidenceSource, UnreadPart
from assent.core.metrics import Metric
from assent.core.names import RecordId
from assent.core.package import Artifact, RegistryApproval
from assent.core.record import Record, Waiver
from assent.core.rendering.page.decision import decision_words
from assent.core.rendering.pull_request import (
    MAX_BODY,
    branch_name,
    labels,
    pull_request_body,
    title,
)
from assent.core.reports import Violation
from assent.core.review import ChampionUnread

PAGES = Path(__file__).parent / "pages"
AUC = "binary_classification_metrics.auc"


def page(case: Case) -> str:
    """The page of a promotion."""
    return pull_request_body(case.review())


def section(body: str, heading: str) -> str:
    """What stands under a heading."""
    return body.partition(f"### {heading}\n")[2].partition("\n### ")[0]


@pytest.mark.parametrize("name", CASES)
def test_the_page_is_what_was_looked_at(name: str) -> None:
    """Each kind of page is, to the letter, its golden file, which is there to be read."""
    assert page(CASES[name]) == (PAGES / f"{name}.md").read_text(encoding="utf-8")


def test_each_golden_page_has_a_case() -> None:
    """No golden file is left behind."""
    assert {path.stem for path in PAGES.iterdir()} == CASES.keys()


def test_the_decision_comes_first_in_one_line() -> None:
    """Gates, the first gate's metric against what is live, and until when it waits."""
    lines = page(CASES["better"]).split("\n")
    assert lines[2] == "## Promote `churn` 7 to `prod`"
    assert lines[4] == (
        "**✅ 4 of 4 gates pass** · **`auc` 0.913 ± 0.0042, 🟢 +0.012 better (2.0 \u03c3) than "
        "version 5**"
    )
    assert "in place of **5**, live since 2026-11-02T10:00:00Z, by [its pull request]" in lines[6]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("better", f"4 of 4 gates pass; {AUC} 0.913, live 0.901: better"),
        ("waived", f"3 of 4 gates pass, 1 waived; {AUC} 0.877, live 0.901: worse"),
        ("waiting", "4 of 4 gates pass; waits: the line is stopped; "),
        ("broken-glass", "; the glass is broken"),
        ("no-reports", "No gate is set here"),
    ],
)
def test_the_decision_is_told_in_plain_words_too(name: str, said: str) -> None:
    """A notice can have the page's first line, without marks and Markdown."""
    words = decision_words(CASES[name].review())
    assert said in words
    assert "\n" not in words
    assert not set(words) & set("*`✅❌⚠⏳")


def test_the_same_review_gives_the_same_page_at_any_time() -> None:
    """A refresh without news changes nothing: no time of rendering is on the page."""
    case = CASES["waiting"]
    assert page(replace(case, now=case.now + timedelta(minutes=7))) == page(case)


def test_failing_gates_stand_on_top_and_first_in_their_table() -> None:
    """The alert names each, and tells how to ask for a waiver."""
    body = page(CASES["worse-with-failing-gates"])
    assert "> [!CAUTION]\n> **1 gate fails**: `auc-regression`." in body
    assert body.index("[!CAUTION]") < body.index("### Gates")
    rows = section(body, "Gates").strip().split("\n")
    assert rows[2].startswith("| ❌&nbsp;**fails** | `auc-regression` |")
    assert "  - gate: auc-regression\n    reason: " in body
    assert "waiver" not in page(CASES["better"])


def test_a_gate_that_nobody_can_judge_is_neither_yes_nor_no() -> None:
    """It counts as no gate that passes, and is no gate that a waiver excuses."""
    unread = ChampionUnread(why="AccessDenied")
    body = page(Case(record=to_prod(0.012), champion=unread))
    assert "**❌ 3 of 4 gates pass, 1 not to be judged**" in body
    assert "**1 gate cannot be judged**: `auc-regression`. That is neither a yes nor a no" in body
    assert "| ❔&nbsp;**unknown** | `auc-regression` |" in body
    assert "how to ask for a waiver" not in body


def test_a_waiver_is_seen_and_costs_one_approval_more() -> None:
    """Who asks is named, with the reason, and does not count; two approvals become three."""
    body = page(CASES["waived"])
    assert "**The gate `auc-regression` fails, and is waived**: `ben` asks for it." in body
    assert "**three** code owners" in body
    assert "one more than usual" in body
    assert "neither does who asks for a waiver: `ben`" in body
    without = to_prod(-0.024, waivers=[Waiver(gate="auc-regression", reason="x")])
    assert "**❌ 3 of 4 gates pass, 1 fails**" in page(Case(record=without, champion=LIVE))


def test_nothing_is_folded_that_got_worse() -> None:
    """After the first metric, what is worse comes first, however many metrics are better."""
    own = {f"m{index}.auc": Metric(value=0.9) for index in range(300)}
    live = {**{name: Metric(value=0.8) for name in own}, "m299.auc": Metric(value=0.95)}
    body = page(Case(record=record(own), champion=champion(record(live, number=5))))
    rows = section(body, "Metrics").split("\n")
    assert "**1** worse, **299** better." in rows
    assert rows[6].startswith("| `m299.auc` | 0.9 | 0.95 | 🔴 -0.05 worse |")


def test_metrics_that_did_not_change_are_folded() -> None:
    """The table shows what differs; the rest is one click away, and counted."""
    listed = section(page(CASES["better"]), "Metrics of training")
    shown, _, folded = listed.partition("<details><summary>3 did not change</summary>")
    assert "`false_positive_rate`" not in shown
    assert "| `false_positive_rate` | 0.08 ± 0.004 | 0.08 ± 0.004 | same |" in folded


def test_a_metric_that_is_no_longer_reported_is_missed() -> None:
    """What the live version reports and this one does not stands among what changed."""
    body = page(CASES["something-unread"])
    assert "| `gone` | **not reported** | 1 |  |" in body
    assert "**1** no longer reported" in body


@pytest.mark.parametrize(
    ("name", "own", "live", "shown"),
    [
        ("auc", 0.91, 0.9, "🟢 +0.01 better"),
        ("auc", 0.91, 0.92, "🔴 -0.01 worse"),
        ("rmse", 2.0, 2.5, "🟢 -0.5 better"),
        ("rmse", 2.5, 2.0, "🔴 +0.5 worse"),
        ("rows", 1_200.0, 1_000.0, "+200"),
        ("auc", 0.3, 0.1 + 0.2, "🔴 -4e-17 worse"),
    ],
)
def test_a_difference_says_which_way_is_better(
    name: str, own: float, live: float, shown: str
) -> None:
    """By the metric's direction; where nothing tells it, the difference alone."""
    case = Case(
        record=record({name: Metric(value=own)}),
        champion=champion(record({name: Metric(value=live)}, number=5)),
    )
    assert f" | {shown} |\n" in page(case)


def test_constraint_files_may_say_which_way_is_better() -> None:
    """A metric that no table knows has the direction that its reports tell."""
    metrics = {"churners_found": Metric(value=40.0)}
    proposed = record(metrics, directions={"churners_found": "lower"})
    live = champion(record({"churners_found": Metric(value=30.0)}, number=5))
    assert "| 40 | 30 | 🔴 +10 worse |" in page(Case(record=proposed, champion=live))
    contradicted = record({"auc": Metric(value=0.9)}, directions={"auc": "lower"})
    live = champion(record({"auc": Metric(value=0.8)}, number=5))
    assert "| 0.9 | 0.8 | +0.1 |" in page(Case(record=contradicted, champion=live))


@pytest.mark.parametrize(
    ("deviation", "shown"),
    [(0.02, "🟡 +0.01 better (0.4 \u03c3)"), (0.004, "🟢 +0.01 better (1.8 \u03c3)")],
)
def test_what_lies_within_the_deviation_is_no_clear_gain(deviation: float, shown: str) -> None:
    """A difference below one standard deviation of both together has a mark of its own."""
    case = Case(
        record=record({"auc": Metric(value=0.91, standard_deviation=deviation)}),
        champion=champion(
            record({"auc": Metric(value=0.9, standard_deviation=deviation)}, number=5)
        ),
    )
    assert f"| {shown} |" in page(case)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (12_345.0, "12,345"),
        (104_857_600.0, "104,857,600"),
        (0.91349, "0.9135"),
        (0.0012346, "0.001235"),
        (-0.00001234567, "-1.235e-05"),
        (0.0001, "1e-04"),
        (1_234.5678, "1,234.57"),
        (1e300, "1e+300"),
        (5e-324, "4.941e-324"),
    ],
)
def test_a_number_is_shown_as_people_read_it(value: float, shown: str) -> None:
    """Counts are whole, fractions have four digits, and no seven digits stand in a row."""
    body = page(Case(record=record({"metric": Metric(value=value)})))
    assert f"| `metric` | {shown} |\n" in body


def test_a_short_name_is_only_used_where_it_is_the_only_one() -> None:
    """Two metrics of different sections never look like one."""
    both = {AUC: Metric(value=0.9), "auc": Metric(value=0.1)}
    body = page(Case(record=record(both)))
    assert f"| `{AUC}` | 0.9 |" in body
    assert "| `auc` | 0.1 |" in body


def test_the_rung_below_may_have_approved_on_other_numbers() -> None:
    """Evidence that changed on its way up the ladder is a warning of its own, with the numbers."""
    proposed = to_prod(0.012)
    same = Case(record=proposed, champion=LIVE, more={"below": below(proposed)})
    assert "`test` approved this version on the very same metrics of training." in page(same)
    assert "Its record in `test` was not at hand" in page(Case(record=proposed, champion=LIVE))
    other = below(to_prod(0.02))
    body = page(Case(record=proposed, champion=LIVE, more={"below": other}))
    assert "⚠️ **Its record in `test` holds other metrics of training**:" in body
    assert "| `auc` | 0.913 ± 0.0042 | 0.921 ± 0.0042 | 🔴 -0.008 worse (1.3 \u03c3) |" in body


def test_an_approval_below_of_another_package_is_loud() -> None:
    """A package that was made again between two rungs is another one."""
    proposed = to_prod(0.012)
    older = below(proposed)
    older = replace(older, package=replace(older.package, created=AT - timedelta(days=9)))
    body = page(Case(record=proposed, champion=LIVE, more={"below": older}))
    assert "> **The approval in `test` is about another package**" in body


def test_guessing_the_same_for_all_is_a_yardstick() -> None:
    """A model that is no better than a constant has a warning on its top."""
    metrics = {
        AUC: Metric(value=0.5),
        f"{AUC}_best_constant_classifier": Metric(value=0.5),
    }
    body = page(Case(record=record(metrics)))
    assert "> **Guessing the same for all would do as well**: `auc` is 0.5" in body
    assert "Guessing the same for all would do" not in page(CASES["better"])


def test_inference_is_compared_with_three_others() -> None:
    """With what is live, with training, and with the run one rung further down."""
    listed = section(page(CASES["better"]), "Batch inference in `test`")
    assert (
        "| metric | inference in `test` | inference of version 5 (live) | difference | training | "
        "inference in `dev` |"
    ) in listed
    assert (
        "| `auc` | 0.894 ± 0.011 | 0.889 ± 0.01 | 🟡 +0.005 better (0.3 \u03c3) | 0.913 ± 0.0042 | "
        "0.899 ± 0.009 |"
    ) in listed
    assert "Against what is live: **1** within one \u03c3, **1** new." in listed
    without = Case(record=to_prod(0.012), champion=champion(record(environment="prod", number=5)))
    assert "The record of version 5, which is live, holds no batch inference." in page(without)


@pytest.mark.parametrize(
    ("changed", "facts"),
    [
        (
            {"started": None, "instances": None},
            "ended 2026-11-23T10:04:12Z on `ml.m5.xlarge`, without",
        ),
        ({"ended": None, "instance_type": None}, "started 2026-11-23T10:00:00Z, without failures."),
        ({"started": None, "ended": None}, "on 2 `ml.m5.xlarge` instances, without"),
        ({"ended": AT}, "ended 2026-11-22T10:00:00Z on 2 `ml.m5.xlarge` instances"),
        ({"ended": AT + timedelta(days=1, seconds=9)}, "after 9 s on"),
        ({"ended": AT + timedelta(days=1)}, "after 0 s on"),
        ({"instances": 1}, "on 1 `ml.m5.xlarge` instance, without"),
        ({"ended": AT + timedelta(days=1, minutes=1)}, "after 1 min 0 s on"),
        ({"ended": AT + timedelta(days=2, minutes=5)}, "after 24 h 5 min on"),
        ({"run": "nightly 311"}, "Run `nightly 311` ended"),
    ],
    ids=str,
)
def test_the_run_tells_what_is_known_of_it(changed: Mapping[str, Any], facts: str) -> None:
    """One line holds when it ran, how long and on what, as far as anybody said."""
    assert facts in page(Case(record=to_prod(0.0, replace(RUN, **changed)), champion=LIVE))


@pytest.mark.parametrize(
    ("count", "found"),
    [(1, "1 violation"), (20, "20 violations"), (99, "99 violations"), (100, "at least 100 viol")],
)
def test_drift_is_on_top_and_listed_below(count: int, found: str) -> None:
    """An alert counts the violations and names the first; the table has all of them."""
    violations = tuple(
        Violation(feature=f"f{index}", check="drift", description="") for index in range(count)
    )
    body = page(Case(record=to_prod(0.0, replace(RUN, violations=violations)), champion=LIVE))
    assert f"**Model Monitor found {found}" in body.partition("### ")[0]
    listed = section(body, "Data and model quality")
    assert listed.count("| `f") == count
    assert listed.partition("<details>")[2].count("| `f") == max(count - 20, 0)


def test_a_version_that_climbs_without_inference_is_an_alert() -> None:
    """Whoever drops a run from a record drops what was found in it: approvers are told."""
    alert = "**The record holds no batch inference in `test`**: nothing on this page says how it"
    dropped = record(environment="prod")
    assert dropped.evidence.inference is None
    assert alert in page(Case(record=dropped, champion=LIVE)).partition("### ")[0]
    imported = replace(dropped.evidence, source=EvidenceSource.IMPORT)
    for fine in (to_prod(0.0), record(environment="dev"), replace(dropped, evidence=imported)):
        assert "holds no batch inference in" not in page(Case(record=fine)).partition("### ")[0]


def test_that_there_is_no_violation_is_only_said_where_a_list_says_so() -> None:
    """Silence is no proof: without a list the page says that nothing tells."""
    assert "No violation in batch inference in `test`" in page(CASES["better"])
    silent = to_prod(0.0, replace(RUN, reports=RUN.reports[:1]))
    body = page(Case(record=silent, champion=LIVE))
    assert "No violation in" not in body
    assert "nothing here tells whether its data drifted" in body


def test_the_features_that_count_are_ranked_with_their_moves() -> None:
    """New ones, those that are gone from the first ten, and how far each moved."""
    listed = section(page(CASES["better"]), "What the model looks at")
    assert "Against what is live: 1 new, 1 gone, 1 came into the first ten." in listed
    assert "| 1 | `frequency` | 0.179 | 0.131 | 2 | ▲ 1 |" in listed
    assert "| 3 | `support_calls` | 0.097 | not reported |  | new |" in listed
    assert "|  | `returns` | **gone** | 0.044 | 6 | gone |" in listed.partition("<details>")[0]


def test_attributions_that_are_missing_now_are_missed() -> None:
    """A live version with attributions shows that this one has none."""
    body = page(Case(record=record(environment="prod", inference=RUN), champion=LIVE))
    assert "No attribution is reported; version 5, which is live, has them." in body


def test_bias_says_what_became_less_fair() -> None:
    """A difference is fair at 0 and a ratio at 1, whichever way it goes."""
    listed = section(page(CASES["better"]), "Bias")
    assert "| model | `Gender.0` | `AD` | -0.019 | -0.031 | 🟢 +0.012 fairer |" in listed
    assert "| model | `Gender.0` | `DI` | 0.898 | 0.91 | 🔴 -0.012 less fair |" in listed
    assert "1 bias metric did not change" in listed


def test_the_confusion_matrix_is_a_table_with_what_was_found() -> None:
    """Rows are what was, columns what the model said; the last ones compare the recalls."""
    listed = section(page(CASES["better"]), "Confusion matrix")
    assert "| was | said `0` | said `1` | found | by version 5 (live) |" in listed
    assert "| `0` | **1,367** | 113 | 92.4% | 92.0% |" in listed


def test_a_matrix_of_many_classes_shows_what_is_confused_most() -> None:
    """It would be too wide for a table; its classes' recalls are folded."""
    name = "multiclass_classification_metrics.confusion_matrix"
    cells = {
        f"{name}.{row}.{column}": Metric(value=1_000.0 if row == column else float(row * column))
        for row in range(15)
        for column in range(15)
    }
    listed = section(page(Case(record=record(cells))), "Confusion matrix")
    assert listed.startswith("\n15 classes. What is confused most:\n\n| was | the model said |")
    assert "| `13` | `14` | 182 | 8.3% |" in listed
    assert "How much of each class is found" in listed


def test_the_trend_has_what_is_live_and_what_is_proposed_in_their_places() -> None:
    """Versions in order, each with what became of it; a version without the metric says so."""
    listed = section(page(CASES["better"]), "`auc` over the last versions")
    assert 'x-axis "version" ["1", "2", "3", "4", "5", "6", "7"]' in listed
    assert "| 3 | 0.858 ± 0.004 | 🔴 -0.016 worse (2.8 \u03c3) | rejected in `dev` |" in listed
    assert "| **live** in `prod` |" in listed
    gap = (*EARLIER[:2], record({"rows": Metric(value=1.0)}, number=3))
    body = page(Case(record=record(), champion=None, more={"earlier": gap}))
    listed = section(body, "`auc` over the last versions")
    assert "| 3 | not reported |  | approved in `dev` |" in listed
    assert 'x-axis "version" ["1", "2", "7"]' in listed


def test_what_merging_does_is_told_line_by_line() -> None:
    """Registry fields and parameters, each with what it is and what it becomes."""
    rows = section(page(CASES["better"]), "What merging will do").split("\n")
    history = "parameter `/assent/prod/churn/versions/7`"
    assert rows[3:9] == [
        "| registry field `prod` | `not set` | `Approved` |",
        "| registry field `prod.by` | `not set` | who approves |",
        "| registry field `prod.pull-request` | `not set` | this pull request |",
        "| registry approval status | `PendingManualApproval` | `Approved` |",
        f"| {history} | its decisions so far | one more: `Approved` |",
        "| parameter `/assent/prod/churn/current` | version 5 | version 7 |",
    ]


def test_without_the_registry_the_page_says_that_it_was_not_asked() -> None:
    """As in the job summary of the check, which sees git alone."""
    listed = section(page(CASES["in-the-job-summary"]), "What merging will do")
    assert "| registry approval status | not asked | `Approved` |" in listed
    assert "Registry and parameters were not asked for this page" in listed


@pytest.mark.parametrize(
    ("metadata", "approval", "said"),
    [
        ({"dev": "Rejected"}, "PendingManualApproval", "**The registry says `Rejected` for `dev`"),
        ({"dev": "PendingManualApproval"}, "PendingManualApproval", ""),
        ({}, "Approved", "approval status is `Approved` already**, and no environment"),
        ({"test": "Approved"}, "Approved", ""),
        ({"test": "Rejected"}, "Rejected", "approval status is `Rejected`**; merging makes it"),
    ],
)
def test_a_registry_that_says_something_already_is_a_warning(
    metadata: Mapping[str, str], approval: str, said: str
) -> None:
    """Whoever wrote there, the approver should know before the merge overwrites it."""
    proposed = record()
    seen = version(proposed, metadata=metadata, approval=RegistryApproval(approval))
    body = page(Case(record=proposed, more={"seen": seen}))
    assert said in body
    assert ("The registry" in body.partition("### ")[0]) is bool(said)


def test_owners_are_named_without_notifying_them() -> None:
    """CODEOWNERS' names lose their sign; none, and unknown ones, are said."""
    body = page(CASES["first"])
    assert "Its owners: `acme/ml-approvers`, `ana`." in body
    unknown = page(Case(record=record(), more={"owners": None}))
    assert "Who that is could not be read here" in unknown
    nobody = page(Case(record=record(), more={"owners": ()}))
    assert "> **Nobody owns `promotions/dev/churn/7.yaml`**" in nobody


@pytest.mark.parametrize(
    ("pins", "said"),
    [
        ({}, "told from another by no more than that"),
        ({"version_id": "v1"}, "version `v1` |"),
        ({"sha256": "ab" * 32}, f"`sha256:{'ab' * 32}` |"),
        ({"bytes": None}, "size not known"),
    ],
)
def test_an_artifact_that_nothing_fixes_is_told_as_such(pins: Mapping[str, Any], said: str) -> None:
    """Where S3 gives neither a version nor a checksum, the page says so beside the artifact."""
    plain = record()
    artifact = replace(
        Artifact(uri="s3://acme-models/churn/7/model.tar.gz", etag="e", bytes=1), **pins
    )
    container = replace(plain.package.containers[0], artifact=artifact)
    package = replace(plain.package, containers=(container,))
    body = section(page(Case(record=replace(plain, package=package))), "Where it came from")
    (row,) = [line for line in body.splitlines() if line.startswith("| artifact |")]
    assert said in row
    assert ("told from another" in row) == (not pins)


def test_origin_leads_to_code_job_artifact_and_image() -> None:
    """Links are built from parts that were judged, and leave out what has none."""
    listed = section(page(CASES["better"]), "Where it came from")
    for address in (
        "https://github.com/acme/churn/commit/8f7c2d1e5b6a49d0c3f2e1a0b9c8d7e6f5a4b3c2",
        "https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/jobs/pipelines-",
        "https://console.aws.amazon.com/s3/object/acme-models?prefix=churn/7/model.tar.gz&versionId=",
        "https://eu-west-1.console.aws.amazon.com/ecr/repositories/private/111122223333/xgboost/_/",
    ):
        assert f"]({address}" in listed
    assert "| flattened: shape not known |" in listed
    plain = record()
    plain = replace(
        plain,
        evidence=replace(plain.evidence, origin=None),
    )
    seen = version(plain, repository="git@host:x", commit="8f7c2d1", generated_by="by hand")
    listed = section(page(Case(record=plain, more={"seen": seen})), "Where it came from")
    assert "| code commit | `8f7c2d1` |" in listed
    assert "| repository | `git@host:x` |" in listed
    assert "| made by | `by hand` |" in listed


def test_what_waits_says_until_when_and_how_to_break_the_glass() -> None:
    """Soak, freeze and stop each with its reason; a broken glass is loud in their place."""
    body = page(CASES["waiting"])
    for said in ("**It soaks**", "**There is a freeze**", "**The line is stopped**"):
        assert said in body.partition("### ")[0]
    assert "the label `assent: break-glass`" in body
    body = page(CASES["broken-glass"])
    assert "> [!CAUTION]\n> **Broken glass**: `cleo` lets it through" in body
    assert body.count("**Does not hold it up**") == 3
    assert "[!WARNING]" not in body
    assert "it waits" not in body


def test_a_newer_proposal_is_linked() -> None:
    """Whoever reads the older page finds the newer one."""
    body = page(CASES["superseded"])
    assert "[its pull request](https://github.com/acme/model-promotions/pull/44)" in body


@pytest.mark.parametrize(
    ("points", "drawn"),
    [
        (((0.0, 0.0), (0.0, 0.8), (1.0, 1.0)), True),
        (((1.0, 0.2), (0.5, 0.6), (0.0, 1.0)), True),
        (((0.0, 0.0), (0.6, 0.8), (0.3, 1.0)), False),
        (((0.5, 0.0), (0.5, 1.0)), False),
        (((0.0, 0.0), (1e9, 1.0)), False),
        (((18.0, 3.1), (33.7, 2.9), (90.1, -4.0)), True),
    ],
)
def test_a_curve_is_drawn_where_it_runs_along(
    points: tuple[tuple[float, float], ...],
    drawn: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    """Of one that goes back, has no width or has huge numbers there is the table alone."""
    curve = Curve(name="c", x="age", y="y", points=points)
    listed = section(page(Case(record=record(curves=(curve,)))), "Curves")
    assert ("xychart-beta" in listed) is drawn
    assert listed.count("\n| ") == 2 + len(points)


def test_nothing_changes_where_nothing_is_to_compare() -> None:
    """A first version has its numbers alone, and says that no gate judges it."""
    body = page(CASES["first"])
    assert "**No gate is set here** · **`auc` 0.901 ± 0.0042**" in body
    assert "difference" not in section(body, "Metrics").partition("<details>")[0]


@pytest.mark.parametrize(
    ("inference", "training", "said"),
    [
        ({}, {}, "**No metric could be read.** Nothing on this page says how good it is."),
        (RUN.metrics, {}, "**No metric of training could be read.**"),
        ({}, METRICS, "**Batch inference in `test` left no metric.** Nothing on this page says"),
    ],
    ids=["none", "inference", "training"],
)
def test_metrics_that_are_missing_are_missed(
    inference: Mapping[str, Metric], training: Mapping[str, Metric], said: str
) -> None:
    """The page warns of the very metrics that are not there."""
    proposed = record(training, environment="prod", inference=replace(RUN, metrics=inference))
    body = page(Case(record=proposed))
    assert f"> {said}" in body
    assert ("### Metrics of training" in body) is bool(training)


@pytest.mark.parametrize("metrics", [{}, METRICS])
def test_what_could_not_be_used_is_listed_with_its_reason(metrics: Mapping[str, Metric]) -> None:
    """In plain sight where there are no metrics; folded, and announced, where there are."""
    body = page(Case(record=record(metrics, unread=UNREAD)))
    assert "| `bias s3://acme-models/churn/7/bias.json` | `access denied` |" in body
    folded = "<details><summary>What could not be used (2)</summary>"
    assert (folded in body) is bool(metrics)
    assert ("### What could not be used\n" in body) is not bool(metrics)


def test_four_hundred_features_and_two_hundred_metrics_fit() -> None:
    """A large model's page is complete but for the tail of its attributions."""
    body = page(CASES["crowded"])
    assert len(body) < MAX_BODY
    assert section(body, "Metrics").count("| `evaluation.") == 199
    assert "### What the model looks at" in body
    assert "further features are in the record itself." in body


@pytest.mark.parametrize("text", ["x" * 600, "`" * 600, "\U000e0041" * 600, "|" * 600, "a.b" * 200])
def test_no_page_is_longer_than_github_takes(text: str) -> None:
    """Decision, alerts, gates and how to decide stay, however much there is to say."""
    base = hostile_record(text[:250])
    many = {f"{index}{text[:240]}": Metric(value=1e-300) for index in range(1_000)}
    crowd = crowded(500, 500)
    run = base.evidence.inference
    assert run is not None
    violations = (Violation(feature=text[:300], check=text[:300], description=text),) * 100
    run = replace(run, metrics=many, violations=violations, reports=run.reports * 50)
    curve = Curve(name=text[:250], x=text[:120], y=text[:120],
                  points=tuple((index / 24, 0.123456) for index in range(25)))  # fmt: skip
    evidence = replace(
        base.evidence,
        metrics={
            **many,
            **crowd,
            **{f"{AUC}.{text[:200]}{i}": Metric(value=1.0) for i in range(9)},
        },
        inference=run,
        violations=violations,
        curves=(curve,) * 10,
        unread=tuple(UnreadPart(where=text, why=text[:500]) for _ in range(100)),
        reports=base.evidence.reports * 50,
    )
    proposed = replace(base, evidence=evidence)
    live = replace(proposed, id=RecordId("prod", "churn", 5))
    case = replace(CASES["hostile"], record=proposed, champion=champion(live), text=text)
    body = page(case)
    assert len(body) <= MAX_BODY
    assert "at least 100 violations" in body
    for heading in ("Gates", "Batch inference in `test`", "Metrics of training", "How to decide"):
        assert f"### {heading}" in body


def test_branch_title_and_labels_name_the_version() -> None:
    """They are made from names that need no escaping; a package made again has its own branch."""
    proposed: Record = record()
    assert branch_name(proposed.id) == "promote/dev/churn/7"
    assert (
        branch_name(proposed.id, recreated=proposed.package.created)
        == "promote/dev/churn/7-20261122T100000Z"
    )
    assert title(proposed.id) == "Promote churn 7 to dev"
    assert title(proposed.id, recreated=True) == (
        "Promote churn 7 to dev (the package was created again)"
    )
    assert labels(proposed.id) == ("assent", "environment: dev", "model: churn")


def test_a_label_that_github_would_refuse_is_left_out() -> None:
    """Labels hold 50 characters; a longer model's name is in the title anyway."""
    assert labels(RecordId("dev", "m" * 43, 1)) == (
        "assent",
        "environment: dev",
        f"model: {'m' * 43}",
    )
    assert labels(RecordId("dev", "m" * 44, 1)) == ("assent", "environment: dev")
