"""The page that an approver decides on: golden bodies, its limits, and untrusted text in it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assent.core.evidence import (
    Evidence,
    EvidenceSource,
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
    Champion,
    ChampionState,
    ChampionUnread,
    branch_name,
    labels,
    pull_request_body,
    title,
)
from assent.core.reports import ReportKind

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


LIVE = Champion(
    version=5,
    metrics={
        "binary_classification_metrics.auc": Metric(value=0.901, standard_deviation=0.005),
        "rows": Metric(value=12_345.0),
        "gone": Metric(value=1.0),
    },
)
UNREAD = (
    UnreadPart(where="bias s3://acme-models/churn/7/bias.json", why="access denied"),
    UnreadPart(where="model-quality rows", why="it is no number"),
)
GOLDEN: Mapping[str, tuple[Record, ChampionState, str]] = {
    "first": (record(), None, ""),
    "challenger": (record(), LIVE, ""),
    "newer-is-live": (record(), replace(LIVE, version=9), ""),
    "recreated": (record(), Champion(version=7, metrics=None), ""),
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
}


def body(name: str) -> str:
    """The page of a golden case."""
    proposed, champion, text = GOLDEN[name]
    return pull_request_body(proposed, version(proposed, text), champion, NAMES)


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


def test_hostile_text_is_text_on_the_page() -> None:
    """Outside of code spans a hostile page holds nothing but our own words."""
    lines = body("hostile").split("\n")
    assert all(line.isprintable() for line in lines)
    for line in lines:
        parts = cells(line) if line.startswith("|") else [line]
        for part in parts:
            rest = outside(part.removeprefix("> "))
            assert "`" not in rest
            assert not re.search(r"onerror|evil|javascript|acme|tada|\[31m", rest), rest
            assert "@" not in rest
    assert len([line for line in lines if line.startswith("#")]) == 5


def test_every_row_of_a_table_has_as_many_cells() -> None:
    """No text can add a cell to its row."""
    for name in GOLDEN:
        for block in re.findall(r"(?:^\|.*\n)+", body(name), re.MULTILINE):
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
    page = pull_request_body(proposed, version(proposed), None, NAMES)
    assert f"| `metric` | {shown} |\n" in page


@pytest.mark.parametrize(
    ("live", "difference"), [(0.9, "+0.01"), (0.92, "-0.01"), (0.91, "0"), (1234.91, "-1234")]
)
def test_a_difference_has_its_sign(live: float, difference: str) -> None:
    """Better or worse is for people to say; the page says more or less."""
    proposed = record({"metric": Metric(value=0.91)})
    champion = Champion(version=5, metrics={"metric": Metric(value=live)})
    page = pull_request_body(proposed, version(proposed), champion, NAMES)
    assert f" | {difference} |\n" in page


@pytest.mark.parametrize("count", [26, 200, 201, 1_000])
def test_many_metrics_are_folded_and_then_counted(count: int) -> None:
    """Twenty-five are shown, up to 175 more are folded, the rest is counted."""
    proposed = record({f"metric-{index}": Metric(value=index / 7) for index in range(count)})
    page = pull_request_body(proposed, version(proposed), None, NAMES)
    assert f"<details><summary>{min(count - 25, 175)} more metrics</summary>" in page
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
    page = pull_request_body(proposed, version(proposed, text), champion, NAMES)
    assert len(page) <= MAX_BODY
    assert page.startswith("## Promote `churn` version 7 to `dev`\n")
    assert "### What merging will do" in page
    assert "### How to decide" in page


def test_branch_title_and_labels_name_the_version() -> None:
    """They are made from names that need no escaping; a package made again has its own branch."""
    proposed = record()
    assert branch_name(proposed) == "promote/dev/churn/7"
    assert branch_name(proposed, recreated=True) == "promote/dev/churn/7-20261122T100000Z"
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
