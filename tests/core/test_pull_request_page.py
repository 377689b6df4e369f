"""The page that an approver decides on: golden bodies, its limits, and untrusted text in it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assent.core.evidence import (
    Evidence,
    EvidenceSource,
    Inference,
    ReportFile,
    UnreadPart,
    evidence_digest,
)
from assent.core.metrics import Metric
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import Artifact, Container, ModelVersion, Package, RegistryApproval
from assent.core.parameters import Names
from assent.core.record import Decision, Record
from assent.core.rendering.markdown import code, table
from assent.core.rendering.pull_request import (
    MAX_BODY,
    branch_name,
    labels,
    pull_request_body,
    title,
)
from assent.core.reports import ReportKind, Violation
from assent.core.review import Champion, ChampionState, ChampionUnread, Review

PAGES = Path(__file__).parent / "pages"
NAMES = Names(prefix="/assent", environment="dev")
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOSTILE = (
    "# x\n\n<img src=x onerror=alert(1)> @acme/ml-approvers #12 GH-1 ``` ` | [x](javascript:1) "
    "![x](https://evil.example/x.png) <!-- &lt; \\| *b* _i_ ~s~ :tada: \u202e\u200b\x1b[31m"
)
METRICS: Mapping[str, Metric] = {
    "binary_classification_metrics.auc": Metric(value=0.913, standard_deviation=0.004),
    "binary_classification_metrics.f1": Metric(value=0.81),
    "rows": Metric(value=12_345.0),
}


def record(
    metrics: Mapping[str, Metric] = METRICS,
    *,
    unread: tuple[UnreadPart, ...] = (),
    text: str = "",
    containers: int = 1,
) -> Record:
    """Churn 7 for dev; `text` goes wherever a stranger can put some."""
    package = Package(
        arn="arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7",
        created=AT,
        created_by=text or "arn:aws:sts::111122223333:assumed-role/training/zoe",
        containers=tuple(
            Container(
                image=text or "111122223333.dkr.ecr.eu-west-1.amazonaws.com/xgboost@sha256:5d5d",
                artifact=Artifact(
                    uri=f"s3://acme-models/churn/7/{text or 'model.tar.gz'}",
                    etag=text or "9b2cf535f27731c974343645a3985328",
                    version_id=text or "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
                    bytes=104_857 + index,
                ),
            )
            for index in range(containers)
        ),
    )
    evidence = Evidence(
        source=EvidenceSource.TRAINING,
        collected=AT,
        reports=(
            ReportFile(
                kind=ReportKind.MODEL_QUALITY,
                uri=f"s3://acme-models/churn/7/{text or 'evaluation.json'}",
                version_id=None,
                sha256="0" * 64,
                bytes=2_462,
            ),
        ),
        metrics=metrics,
        unread=unread,
    )
    evidence = replace(evidence, digest=evidence_digest(package, evidence))
    return Record(
        id=RecordId("dev", "churn", 7),
        decision=Decision.APPROVED,
        package=package,
        evidence=evidence,
    )


def version(of: Record, text: str = "") -> ModelVersion:
    """What the registry says of it."""
    return ModelVersion(
        arn=parse_package_arn(of.package.arn),
        package=of.package,
        status="Completed",
        approval=RegistryApproval.PENDING,
        metadata={"dev": text} if text else {},
        description=text,
        generated_by=text
        or "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/churn-training/execution/abc",
        commit=text or "8f7c2d1",
        repository=text or "https://github.com/acme/churn",
    )


def live(
    number: int,
    metrics: Mapping[str, Metric],
    inference: Mapping[str, Metric] | None = None,
) -> Champion:
    """A version that is live, with a record of these metrics."""
    of = record(metrics)
    if inference is not None:
        of = replace(of, evidence=replace(of.evidence, inference=replace(RUN, metrics=inference)))
    return Champion(version=number, record=replace(of, id=RecordId("dev", "churn", number)))


LIVE_METRICS: Mapping[str, Metric] = {
    "binary_classification_metrics.auc": Metric(value=0.901, standard_deviation=0.005),
    "rows": Metric(value=12_345.0),
    "gone": Metric(value=1.0),
}
LIVE = live(5, LIVE_METRICS)
UNREAD = (
    UnreadPart(where="bias s3://acme-models/churn/7/bias.json", why="access denied"),
    UnreadPart(where="model-quality rows", why="it is no number"),
)
RUN = Inference(
    environment="dev",
    run="arn:aws:sagemaker:eu-west-1:111122223333:transform-job/churn-7-20261123",
    started=AT + timedelta(days=1),
    ended=AT + timedelta(days=1, minutes=4, seconds=12),
    instance_type="ml.m5.xlarge",
    instances=2,
    reports=tuple(
        ReportFile(
            kind=kind,
            uri=f"s3://acme-dev/churn/7/{name}.json",
            version_id=None,
            sha256=character * 64,
            bytes=1_204,
            copy=f"s3://acme-assent-evidence/sha256/{character * 64}",
        )
        for kind, name, character in (
            (ReportKind.EVALUATION, "metrics", "a"),
            (ReportKind.VIOLATIONS, "constraint_violations", "b"),
        )
    ),
    metrics={
        "binary_classification_metrics.auc": Metric(value=0.894, standard_deviation=0.011),
        "scored": Metric(value=20_480.0),
    },
)
VIOLATIONS = (
    Violation(
        feature="Age",
        check="baseline_drift_check",
        description="Baseline drift distance: 0.71 exceeds threshold: 0.1",
    ),
    Violation(feature="recency_days", check="data_type_check", description=""),
)
LIVE_INFERENCE = live(5, LIVE_METRICS, {"binary_classification_metrics.auc": Metric(value=0.899)})


def page_of(
    proposed: Record, seen: ModelVersion, champion: ChampionState, names: Names = NAMES
) -> str:
    """The page of a promotion that nothing is demanded of."""
    return pull_request_body(
        Review(
            record=proposed,
            champion=champion,
            gates=(),
            waits=(),
            approvals=1,
            waived=0,
            names=names,
            seen=seen,
        )
    )


def promoted(
    inference: Inference = RUN,
    metrics: Mapping[str, Metric] = METRICS,
    *,
    unread: tuple[UnreadPart, ...] = (),
    text: str = "",
) -> Record:
    """Churn 7 for test, after a batch inference with it in dev."""
    below = record(metrics, unread=unread, text=text)
    evidence = replace(
        below.evidence, source=EvidenceSource.BATCH_INFERENCE, inference=inference, digest=""
    )
    evidence = replace(evidence, digest=evidence_digest(below.package, evidence))
    return replace(below, id=RecordId("test", "churn", 7), evidence=evidence)


def hostile_inference() -> Inference:
    """A run in which everything that a stranger can write is `HOSTILE`."""
    return replace(
        RUN,
        run=HOSTILE,
        started=AT + timedelta(days=2),
        instance_type=HOSTILE,
        reports=(replace(RUN.reports[0], uri=f"s3://{HOSTILE}", copy=f"s3://{HOSTILE}"),),
        metrics={HOSTILE: Metric(value=0.9)},
        violations=(Violation(feature=HOSTILE, check=HOSTILE, description=HOSTILE),),
    )


GOLDEN: Mapping[str, tuple[Record, ChampionState, str]] = {
    "first": (record(), None, ""),
    "challenger": (record(), LIVE, ""),
    "newer-is-live": (record(), replace(LIVE, version=9), ""),
    "recreated": (record(), Champion(version=7, record=None), ""),
    "nothing-read": (
        record({}, unread=UNREAD),
        ChampionUnread(why="the parameter is not what Assent wrote"),
        "",
    ),
    "something-unread": (record(unread=UNREAD, containers=2), LIVE, ""),
    "hostile": (
        record(
            {HOSTILE: Metric(value=0.9)},
            unread=(UnreadPart(where=HOSTILE, why=HOSTILE),),
            text=HOSTILE,
        ),
        ChampionUnread(why=HOSTILE),
        HOSTILE,
    ),
    "challenger-after-inference": (promoted(), LIVE_INFERENCE, ""),
    "drift": (promoted(replace(RUN, violations=VIOLATIONS)), LIVE, ""),
    "inference-without-metrics": (
        promoted(
            replace(RUN, run="nightly 311", started=None, reports=(), metrics={}, instances=None)
        ),
        LIVE_INFERENCE,
        "",
    ),
    "hostile-inference": (
        promoted(
            hostile_inference(), unread=(UnreadPart(where=HOSTILE, why=HOSTILE),), text=HOSTILE
        ),
        live(5, {}, {HOSTILE: Metric(value=0.8)}),
        HOSTILE,
    ),
}


def body(name: str) -> str:
    """The page of a golden case."""
    proposed, champion, text = GOLDEN[name]
    names = replace(NAMES, environment=proposed.id.environment)
    return page_of(proposed, version(proposed, text), champion, names)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_page_is_what_was_looked_at(name: str) -> None:
    """Each kind of page is, to the letter, its golden file, which is there to be read."""
    assert body(name) == (PAGES / f"{name}.md").read_text(encoding="utf-8")


def test_each_golden_page_has_a_case() -> None:
    """No golden file is left behind."""
    assert {path.stem for path in PAGES.iterdir()} == GOLDEN.keys()


# A reader of GitHub's Markdown, as far as our own pages need one: code spans and table cells.

_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def spans(line: str) -> list[str]:
    """The contents of the code spans of a line, as CommonMark reads them."""
    found = [match[2] for match in _SPAN.finditer(line)]
    return [
        text[1:-1] if text[0] == text[-1] == " " and text.strip(" ") else text for text in found
    ]


def outside(line: str) -> str:
    """What of a line is Markdown, once its code spans are taken out."""
    return _SPAN.sub("", line)


def cells(row: str) -> list[str]:
    """The cells of a table's row; a bar with a backslash before it is text."""
    assert row.startswith("| ")
    assert row.endswith(" |")
    assert not re.search(r"\\\\+\|", row), "readers disagree on such a bar"
    return [cell.replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


@pytest.mark.parametrize(("name", "headings"), [("hostile", 5), ("hostile-inference", 6)])
def test_hostile_text_is_text_on_the_page(name: str, headings: int) -> None:
    """Outside of code spans a hostile page holds nothing but our own words."""
    lines = [line.removeprefix("> ") for line in body(name).split("\n")]
    assert all(line.isprintable() for line in lines)
    for line in lines:
        parts = cells(line) if line.startswith("|") else [line]
        for part in parts:
            rest = outside(part)
            assert "`" not in rest
            assert not re.search(r"onerror|evil|javascript|acme|tada|\[31m", rest), rest
            assert "@" not in rest
    assert len([line for line in lines if line.startswith("#")]) == headings


def test_every_row_of_a_table_has_as_many_cells() -> None:
    """No text can add a cell to its row."""
    for name in GOLDEN:
        page = re.sub(r"^> ", "", body(name), flags=re.MULTILINE)
        for block in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
            widths = {len(cells(row)) for row in block.splitlines()}
            assert len(widths) == 1, block


def _visible(text: str) -> str:
    return "".join(
        each
        if each == " " or (each.isprintable() and not each.isspace())
        else f"\\u{ord(each):04x}"
        if ord(each) <= 0xFFFF
        else f"\\U{ord(each):08x}"
        for each in text
    )


@given(st.text(alphabet=st.characters() | st.sampled_from("`| \\\n"), max_size=40))
@example("`")
@example("``")
@example(" ` ")
@example("a`b``c```d")
@example(" both ")
@example("\\`")
@example("\r\n\u2028\x00\ud800\U000e0041")
def test_any_text_is_one_code_span(text: str) -> None:
    """A reader finds one code span with exactly this text in it, and nothing around it."""
    written = code(text)
    if not text.strip(" "):
        assert written == "*(empty)*"
        return
    assert spans(written) == [_visible(text)]
    assert outside(written) == ""
    assert written.isprintable()


def test_long_text_is_cut_visibly() -> None:
    """What is cut ends in dots, and the cut never breaks the span."""
    assert code("x" * 301) == f"`{'x' * 300}...`"
    assert code("`" * 400, limit=10) == f"{'`' * 11} {'`' * 10}... {'`' * 11}"


@given(
    st.lists(
        st.lists(st.text(alphabet=st.characters() | st.sampled_from("`|\\"), min_size=1),
                 min_size=2, max_size=2),
        max_size=3,
    )
)  # fmt: skip
@example([["\\|", "a|b"], ["\\\\|", "|"]])
def test_any_text_stays_in_its_cell(rows: list[list[str]]) -> None:
    """A table of code spans has its own rows and columns, whatever stands in them."""
    lines = table(["a", "b"], [[code(text) for text in row] for row in rows]).split("\n")
    assert len(lines) == 2 + len(rows)
    for line, row in zip(lines[2:], rows, strict=True):
        found = cells(line)
        assert len(found) == 2
        for cell, text in zip(found, row, strict=True):
            if text.strip(" "):
                assert spans(cell) == [_visible(text).replace("\\|", "\\\\u007c")]


def test_columns_of_numbers_are_aligned_to_the_right() -> None:
    """The rule under the header says so."""
    assert table(["a", "b"], [["1", "2"]], right=[1]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (12_345.0, "12345"),
        (104_857_600.0, "104857600"),
        (0.91349, "0.9135"),
        (-0.00001234567, "-1.235e-05"),
        (1_234.5678, "1234.57"),
        (1e300, "1e+300"),
        (5e-324, "4.941e-324"),
    ],
)
def test_a_number_is_shown_as_people_read_it(value: float, shown: str) -> None:
    """Counts are whole, fractions have four digits, and only what is out of range an exponent."""
    proposed = record({"metric": Metric(value=value)})
    page = page_of(proposed, version(proposed), None, NAMES)
    assert f"| `metric` | {shown} |\n" in page


@pytest.mark.parametrize(
    ("other", "difference"), [(0.9, "+0.01"), (0.92, "-0.01"), (0.91, "0"), (1234.91, "-1234")]
)
def test_a_difference_has_its_sign(other: float, difference: str) -> None:
    """Better or worse is for people to say; the page says more or less."""
    proposed = record({"metric": Metric(value=0.91)})
    champion = live(5, {"metric": Metric(value=other)})
    page = page_of(proposed, version(proposed), champion, NAMES)
    assert f" | {difference} |\n" in page


@pytest.mark.parametrize("count", [26, 200, 201, 1_000])
def test_many_metrics_are_folded_and_then_counted(count: int) -> None:
    """Twenty-five are shown, up to 175 more are folded, the rest is counted."""
    proposed = record({f"metric-{index}": Metric(value=index / 7) for index in range(count)})
    page = page_of(proposed, version(proposed), None, NAMES)
    folded = f"{min(count - 25, 175)} more metric{'s' if count > 26 else ''}"
    assert f"<details><summary>{folded}</summary>" in page
    assert page.count("| `metric-") == min(count, 200)
    assert (f"{count - 200} further metrics are in the record itself." in page) is (count > 200)


@pytest.mark.parametrize("champion", [None, LIVE, ChampionUnread(why="`" * 5_000)])
@pytest.mark.parametrize("text", ["x" * 1_000, "`" * 1_000, "\U000e0041" * 1_000, "|" * 1_000])
def test_no_page_is_longer_than_github_takes(champion: ChampionState, text: str) -> None:
    """However much there is to say, whole sections make room, and the decision's part stays."""
    proposed = record(
        {f"{text[:200]}{index}": Metric(value=1e-300) for index in range(1_000)},
        unread=tuple(UnreadPart(where=text, why=text[:500]) for _ in range(100)),
        text=text,
        containers=15,
    )
    page = page_of(proposed, version(proposed, text), champion, NAMES)
    assert len(page) <= MAX_BODY
    assert page.startswith("## Promote `churn` version 7 to `dev`\n")
    assert "### What merging will do" in page
    assert "### How to decide" in page


def drifting(count: int, **words: str) -> Record:
    """A promotion after a run with so many violations."""
    violations = tuple(
        Violation(
            feature=f"f{index}{words.get('feature', '')}",
            check=words.get("check", "data_type_check"),
            description=words.get("description", "No number."),
        )
        for index in range(count)
    )
    return promoted(replace(RUN, violations=violations))


@pytest.mark.parametrize(
    ("count", "found"),
    [
        (1, "1 violation"),
        (2, "2 violations"),
        (99, "99 violations"),
        (100, "at least 100 violations"),
    ],
)
def test_drift_is_the_first_thing_after_the_headline(count: int, found: str) -> None:
    """An alert counts the violations, shows twenty of them, and folds the rest."""
    proposed = drifting(count)
    page = page_of(proposed, version(proposed), LIVE, NAMES)
    said = f"**Model Monitor found {found} when version 7 ran in `dev`.**"
    assert page.split("\n\n")[2].startswith(f"> [!CAUTION]\n> {said}")
    assert page.index("[!CAUTION]") < page.index("### Batch inference in `dev`")
    alert = page[page.index("> [!CAUTION]") : page.index("### Batch inference")]
    assert all(line.startswith(">") for line in alert.rstrip("\n").split("\n"))
    assert alert.count("> | `f") == count
    folded = alert.partition("<details>")[2]
    assert folded.count("> | `f") == max(count - 20, 0)


def test_without_violations_there_is_no_alert() -> None:
    """That Model Monitor found none is said only where its list was read."""
    proposed = promoted()
    page = page_of(proposed, version(proposed), LIVE, NAMES)
    assert "[!CAUTION]" not in page
    assert "Model Monitor found no violation." in page
    silent = promoted(replace(RUN, reports=RUN.reports[:1]))
    page = page_of(silent, version(silent), LIVE, NAMES)
    assert "Model Monitor found" not in page
    assert "nothing here tells whether its data drifted" in page


@pytest.mark.parametrize(
    ("changed", "facts"),
    [
        (
            {"started": None, "instances": None},
            "ended 2026-11-23T10:04:12Z on `ml.m5.xlarge`, without",
        ),
        ({"ended": None, "instance_type": None}, "started 2026-11-23T10:00:00Z, without failures."),
        (
            {"started": None, "ended": None},
            "churn-7-20261123` on 2 `ml.m5.xlarge` instances, without",
        ),
        ({"ended": AT}, "ended 2026-11-22T10:00:00Z on 2 `ml.m5.xlarge` instances"),
        ({"ended": AT + timedelta(days=1, seconds=9)}, "after 9 s on"),
        ({"ended": AT + timedelta(days=1)}, "after 0 s on"),
        ({"instances": 1}, "on 1 `ml.m5.xlarge` instance, without"),
        ({"ended": AT + timedelta(days=1, minutes=1)}, "after 1 min 0 s on"),
        ({"ended": AT + timedelta(days=2, minutes=5)}, "after 24 h 5 min on"),
    ],
    ids=str,
)
def test_the_run_tells_what_is_known_of_it(changed: Mapping[str, Any], facts: str) -> None:
    """One line holds when it ran, how long and on what, as far as anybody said."""
    proposed = promoted(replace(RUN, **changed))
    assert facts in page_of(proposed, version(proposed), LIVE, NAMES)


def test_metrics_of_inference_stand_beside_training_and_champion() -> None:
    """Each is compared with the same name in training, and with the champion's own inference."""
    proposed = promoted()
    page = page_of(proposed, version(proposed), LIVE_INFERENCE, NAMES)
    assert (
        "| metric | inference in `dev` | training | inference of version 5 (live) | difference |"
    ) in page
    name = "`binary_classification_metrics.auc`"
    assert f"| {name} | 0.894 ± 0.011 | 0.913 ± 0.004 | 0.899 | -0.005 |" in page
    assert "| `scored` | 20480 | not reported | not reported |  |" in page
    assert page.index("### Batch inference in `dev`") < page.index("### Metrics of training")
    page = page_of(proposed, version(proposed), LIVE, NAMES)
    assert "| metric | inference in `dev` | training |\n" in page
    assert "The record of version 5, which is live, holds no batch inference." in page


@pytest.mark.parametrize(
    ("inference", "training", "said"),
    [
        ({}, {}, "**No metric could be read.** Nothing on this page says how good it is."),
        (RUN.metrics, {}, "**No metric of training could be read.**"),
        ({}, METRICS, "**Batch inference in `dev` left no metric.** Nothing on this page says"),
    ],
    ids=["none", "inference", "training"],
)
def test_metrics_that_are_missing_are_missed(
    inference: Mapping[str, Metric], training: Mapping[str, Metric], said: str
) -> None:
    """The page warns of the very metrics that are not there."""
    proposed = promoted(replace(RUN, metrics=inference), training)
    page = page_of(proposed, version(proposed), None, NAMES)
    assert page.count("> [!WARNING]\n") == 1
    assert said in page
    assert ("### Metrics of training" in page) is bool(training)


@pytest.mark.parametrize("champion", [LIVE, LIVE_INFERENCE, ChampionUnread(why="`" * 5_000)])
@pytest.mark.parametrize("text", ["x" * 600, "`" * 600, "\U000e0041" * 600, "|" * 600])
def test_no_page_after_inference_is_longer_than_github_takes(
    champion: ChampionState, text: str
) -> None:
    """Drift, facts and decision stay on the page, however much there is to say."""
    metrics = {f"{index}{text[:250]}": Metric(value=1e-300) for index in range(1_000)}
    inference = replace(
        hostile_inference(),
        run=text[:256],
        instance_type=text[:64],
        metrics=metrics,
        reports=(replace(RUN.reports[0], uri=f"s3://{text}", copy=f"s3://{text}"),) * 100,
        violations=(
            Violation(feature=text[:300], check=text[:300], description=text),
        ) * 100,
    )  # fmt: skip
    proposed = promoted(
        inference,
        metrics,
        unread=tuple(UnreadPart(where=text, why=text[:500]) for _ in range(100)),
        text=text,
    )
    page = page_of(proposed, version(proposed, text), champion, NAMES)
    assert len(page) <= MAX_BODY
    assert "**Model Monitor found at least 100 violations" in page
    for heading in ("Batch inference in `dev`", "Metrics of training", "How to decide"):
        assert f"### {heading}" in page


def test_branch_title_and_labels_name_the_version() -> None:
    """They are made from names that need no escaping; a package made again has its own branch."""
    proposed = record()
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
