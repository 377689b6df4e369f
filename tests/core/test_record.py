"""The record: what is written reads back equal, for every reader, whatever it holds."""

import io
import math
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from assent.contracts import load_contracts
from assent.core.curves import Curve
from assent.core.errors import AssentError
from assent.core.evidence import (
    Evidence,
    EvidenceSource,
    Inference,
    Origin,
    ReportFile,
    UnreadPart,
    evidence_digest,
    evidence_values,
)
from assent.core.metrics import Metric
from assent.core.names import NAME_PATTERN, RecordId
from assent.core.package import Artifact, Container, Package
from assent.core.record import (
    Decision,
    ParsedRecord,
    Record,
    RecordProblem,
    Waiver,
    parse_record,
    write_record,
)
from assent.core.reports import ReportKind, Violation
from assent.core.strict_yaml import read_yaml

ROOT = Path(__file__).parents[2]
SCHEMA = load_contracts().promotion
CALM = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)  # a record is a large value to draw

NAMES = st.from_regex(NAME_PATTERN, fullmatch=True).filter(lambda name: len(name) < 64)
TEXTS = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40
) | st.sampled_from(
    [
        "no",
        "~",
        "1e-3",
        "12:30:45",
        "null",
        "",
        " ",
        "- a",
        "{{",
        "# x",
        "a: b",
        "::error::",
        "$(id)",
    ]
)
SOME_TEXT = TEXTS.filter(bool)
TOKENS = st.from_regex(r"[!-~]{1,60}", fullmatch=True)
TIMES = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)).map(  # noqa: DTZ001 - hypothesis adds the zone below
    lambda time: time.replace(microsecond=0, tzinfo=UTC)
)
SIZES = st.integers(0, 2**53 - 1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
URIS = SOME_TEXT.map(lambda text: f"s3://b{text}")

DIGESTS = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
ARTIFACTS = st.builds(
    Artifact,
    uri=URIS,
    etag=st.none() | TOKENS,
    version_id=st.none() | TOKENS,
    bytes=st.none() | SIZES,
    sha256=st.none() | DIGESTS,
)
REPORTS = st.builds(
    ReportFile,
    kind=st.sampled_from(ReportKind),
    uri=URIS,
    version_id=st.none() | TOKENS,
    sha256=DIGESTS,
    bytes=SIZES,
    copy=st.none() | URIS,
    shape=st.sampled_from([None, "flattened", "clarify-bias+clarify-explainability"]),
)
METRICS = st.builds(
    Metric,
    value=NUMBERS,
    standard_deviation=st.none() | st.floats(0, allow_infinity=False),
)
METRIC_NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=256)
VIOLATIONS = st.lists(
    st.builds(Violation, feature=TEXTS, check=TEXTS, description=TEXTS), max_size=2
).map(tuple)
CURVES = st.builds(
    Curve,
    name=METRIC_NAMES,
    x=SOME_TEXT,
    y=SOME_TEXT,
    points=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=25).map(tuple),
)
ORIGINS = st.builds(
    Origin, made_by=TEXTS, training_job=TEXTS, commit=TEXTS, repository=TEXTS, description=TEXTS
)
WAIVERS = st.builds(
    Waiver, gate=NAMES, reason=SOME_TEXT, asked_by=st.sampled_from(["", "ana", "acme-bot", "zoe_x"])
)
INFERENCES = st.builds(
    Inference,
    environment=NAMES,
    run=SOME_TEXT,
    started=st.none() | TIMES,
    ended=st.none() | TIMES,
    instance_type=st.none() | TOKENS,
    instances=st.none() | st.integers(1, 1_000_000),
    reports=st.lists(REPORTS, max_size=2).map(tuple),
    metrics=st.dictionaries(METRIC_NAMES, METRICS, max_size=2),
    violations=VIOLATIONS,
)


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Any record that the schema allows."""
    id_ = RecordId(draw(NAMES), draw(NAMES), draw(st.integers(1, 999_999_999)))
    decision = draw(st.sampled_from(Decision))
    source = draw(st.sampled_from(EvidenceSource))
    return Record(
        id=id_,
        decision=decision,
        reason=draw(TEXTS if decision is Decision.APPROVED else SOME_TEXT),
        waivers=tuple(draw(st.lists(WAIVERS, max_size=2))),
        package=Package(
            arn=f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/{id_.model}/{id_.version}",
            created=draw(TIMES),
            created_by=draw(st.none() | TEXTS),
            containers=tuple(
                draw(
                    st.lists(
                        st.builds(Container, image=TOKENS, artifact=st.none() | ARTIFACTS),
                        min_size=1,
                        max_size=2,
                    )
                )
            ),
            specification=draw(st.none() | DIGESTS.map("sha256:{}".format)),
        ),
        evidence=Evidence(
            source=source,
            collected=draw(TIMES),
            reports=tuple(draw(st.lists(REPORTS, max_size=2))),
            metrics=draw(st.dictionaries(METRIC_NAMES, METRICS, max_size=4)),
            inference=draw(INFERENCES) if source is EvidenceSource.BATCH_INFERENCE else None,
            directions=draw(
                st.dictionaries(METRIC_NAMES, st.sampled_from(["higher", "lower"]), max_size=2)
            ),
            curves=tuple(draw(st.lists(CURVES, max_size=2))),
            violations=draw(VIOLATIONS),
            origin=draw(st.none() | ORIGINS),
            unread=tuple(draw(st.lists(st.builds(UnreadPart, where=TEXTS, why=TEXTS), max_size=2))),
        ),
    )


def ordinary() -> Record:
    return Record(
        id=RecordId("dev", "churn", 7),
        decision=Decision.APPROVED,
        package=Package(
            arn="arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7",
            created=datetime(2026, 11, 22, 10, tzinfo=UTC),
            created_by=None,
            containers=(Container(image="xgboost:1.7"),),
        ),
        evidence=Evidence(
            source=EvidenceSource.IMPORT,
            collected=datetime(2026, 11, 22, 10, tzinfo=UTC),
            metrics={"auc": Metric(value=0.9)},
        ),
    )


RUN = Inference(
    environment="dev",
    run="arn:aws:sagemaker:eu-west-1:111122223333:transform-job/churn-7",
    started=datetime(2026, 11, 22, 11, tzinfo=UTC),
    ended=datetime(2026, 11, 22, 11, 4, tzinfo=UTC),
    instance_type="ml.m5.xlarge",
    instances=2,
    reports=(
        ReportFile(
            kind=ReportKind.VIOLATIONS,
            uri="s3://b/v.json",
            version_id=None,
            sha256="0" * 64,
            bytes=2,
            copy="s3://evidence/sha256/00",
        ),
    ),
    metrics={"auc": Metric(value=0.9)},
    violations=(Violation(feature="Age", check="data_type_check", description="No number."),),
)


def inferring(inference: Inference | None = RUN) -> Record:
    evidence = replace(
        ordinary().evidence, source=EvidenceSource.BATCH_INFERENCE, inference=inference
    )
    return replace(ordinary(), id=RecordId("test", "churn", 7), evidence=evidence)


def measuring(value: float, deviation: float | None = None) -> Record:
    metrics = {"auc": Metric(value=value, standard_deviation=deviation)}
    return replace(ordinary(), evidence=replace(ordinary().evidence, metrics=metrics))


def read(content: bytes) -> Record:
    parsed = parse_record(content, SCHEMA)
    assert isinstance(parsed, ParsedRecord), parsed
    return parsed.record


def problems(content: bytes) -> tuple[RecordProblem, ...]:
    parsed = parse_record(content, SCHEMA)
    assert isinstance(parsed, tuple), "the record was taken"
    return parsed


@CALM
@given(records())
def test_what_is_written_reads_back_equal(record: Record) -> None:
    """Any record survives writing and reading, with the digest of its evidence in it."""
    found = read(write_record(record, SCHEMA))
    digest = evidence_digest(record.package, record.evidence)
    assert found == replace(record, evidence=replace(record.evidence, digest=digest))
    assert evidence_digest(found.package, found.evidence) == found.evidence.digest


@CALM
@given(records())
def test_every_reader_reads_what_is_written_alike(record: Record) -> None:
    """YAML 1.1 and 1.2 read a written record as we do, and every byte of it is visible."""
    content = write_record(record, SCHEMA)
    document = read_yaml(content)
    assert yaml.safe_load(content) == getattr(document, "value", None)
    assert YAML(typ="safe", pure=True).load(io.BytesIO(content)) == yaml.safe_load(content)
    assert all(byte == ord("\n") or ord(" ") <= byte <= ord("~") for byte in content)


@CALM
@given(records())
def test_writing_is_repeatable(record: Record) -> None:
    """Writing what was read gives the same bytes, so that nothing changes by passing through."""
    content = write_record(record, SCHEMA)
    assert write_record(read(content), SCHEMA) == content


@given(NUMBERS)
@example(5e-324)
@example(sys.float_info.max)
@example(1e-05)
@example(1e22)
@example(-0.0)
@example(0.1 + 0.2)
@example(1e16)
def test_every_number_survives(number: float) -> None:
    """A metric's value reads back to the last bit, sign of zero included."""
    found = read(write_record(measuring(number, abs(number)), SCHEMA)).evidence.metrics["auc"]
    assert found == Metric(value=number, standard_deviation=abs(number))
    assert math.copysign(1, found.value) == math.copysign(1, number)


def test_the_inference_stands_between_metrics_and_what_was_not_read() -> None:
    """Whoever reads the file finds the run's facts, reports, metrics and violations together."""
    values = evidence_values(inferring().evidence)
    assert list(values) == ["source", "collected", "reports", "metrics", "inference", "unread"]
    assert list(values["inference"]) == [
        *("environment", "run", "started", "ended", "instance_type", "instances"),
        *("reports", "metrics", "violations"),
    ]
    content = write_record(inferring(), SCHEMA)
    assert b"  inference:\n    environment: dev\n    run: arn:aws:sagemaker:" in content
    assert b"copy: s3://evidence/sha256/00\n" in content or b'copy: "s3://' in content


def test_what_an_older_record_lacks_is_not_written() -> None:
    """Without what was added since, a record has none of the fields, so its digest is the same."""
    evidence = replace(ordinary().evidence, reports=(replace(RUN.reports[0], copy=None),))
    values = evidence_values(evidence)
    assert list(values) == ["source", "collected", "reports", "metrics", "unread"]
    assert values["reports"][0].keys() == {"kind", "uri", "version_id", "sha256", "bytes"}
    waived = replace(ordinary(), waivers=(Waiver(gate="g", reason="r"),))
    assert b"asked_by" not in write_record(waived, SCHEMA)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("approved", "16aa96540b8f9eba7d96c9c1edabb384b3c7c059728c4d3224e54e08391e4031"),
        ("after-inference", "2c5c44a533143a9a758ba07e276034165214daeb1f0979457c6e6c05d6b7332d"),
    ],
)
def test_an_older_record_keeps_its_digest(name: str, digest: str) -> None:
    """Records that were written before there were curves and the like stay proven."""
    found = read((ROOT / "tests" / "rules" / "valid" / f"{name}.yaml").read_bytes())
    assert found.evidence.digest == f"sha256:{digest}"
    assert evidence_digest(found.package, found.evidence) == found.evidence.digest


ROC = Curve(name="roc", x="fpr", y="tpr", points=((0.0, 0.0), (0.25, 0.75), (1.0, 1.0)))
TOLD = replace(
    inferring().evidence,
    reports=(replace(RUN.reports[0], shape="model-quality+violations"),),
    directions={"auc": "higher", "loss": "lower"},
    curves=(ROC,),
    violations=RUN.violations,
    origin=Origin(made_by="arn:x", training_job="job", commit="c", repository="r", description="d"),
)


def telling(evidence: Evidence = TOLD) -> Record:
    return replace(inferring(), evidence=evidence)


def test_all_that_a_version_was_told_stands_before_what_was_not_read() -> None:
    """Directions, curves, violations and origin follow the metrics; a curve's points are a line."""
    values = evidence_values(TOLD)
    assert list(values) == [
        *("source", "collected", "reports", "metrics", "inference"),
        *("directions", "curves", "violations", "origin", "unread"),
    ]
    content = write_record(telling(), SCHEMA)
    assert b"      points: [[0.0, 0.0], [0.25, 0.75], [1.0, 1.0]]\n" in content
    assert replace(read(content).evidence, digest="") == TOLD


def test_the_example_with_everything_has_every_field() -> None:
    """It is the corpus's proof that each is taken, so nothing that can be said is missing in it."""
    found = read((ROOT / "tests" / "rules" / "valid" / "everything.yaml").read_bytes())
    assert all(waiver.asked_by for waiver in found.waivers)
    evidence = found.evidence
    assert evidence.inference is not None
    assert all(file.shape for file in (*evidence.reports, *evidence.inference.reports))
    assert [file.lists_violations for file in evidence.reports] == [False, True]
    for told in (evidence.directions, evidence.curves, evidence.violations):
        assert told
    assert evidence.origin is not None
    assert all(asdict(evidence.origin).values())


@pytest.mark.parametrize(
    "changed",
    [
        replace(TOLD, reports=(replace(TOLD.reports[0], shape=None),)),
        replace(TOLD, reports=(replace(TOLD.reports[0], shape="flattened"),)),
        replace(TOLD, directions={}),
        replace(TOLD, directions={**TOLD.directions, "auc": "lower"}),
        replace(TOLD, curves=()),
        replace(TOLD, curves=(replace(ROC, points=ROC.points[1:]),)),
        replace(TOLD, curves=(replace(ROC, y="recall"),)),
        replace(TOLD, violations=()),
        replace(TOLD, origin=None),
        replace(TOLD, origin=Origin()),
        replace(TOLD, origin=Origin(made_by="arn:x")),
    ],
    ids=range(11),
)
def test_the_digest_covers_all_that_was_told(changed: Evidence) -> None:
    """Nothing that an approver sees can be edited under an approval that was given before."""
    package = ordinary().package
    assert evidence_digest(package, TOLD) != evidence_digest(package, changed)


@pytest.mark.parametrize(
    "evidence",
    [
        replace(TOLD, directions={f"m{index}": "lower" for index in range(1_001)}),
        replace(TOLD, directions={"": "lower"}),
        replace(TOLD, curves=(ROC,) * 11),
        replace(TOLD, curves=(replace(ROC, name=""),)),
        replace(TOLD, curves=(replace(ROC, x="x" * 129),)),
        replace(TOLD, curves=(replace(ROC, points=((0.0, 0.0),) * 26),)),
        replace(TOLD, violations=RUN.violations * 101),
        replace(TOLD, violations=(replace(RUN.violations[0], feature="x" * 301),)),
        replace(TOLD, origin=Origin(made_by="x" * 4_097)),
        replace(TOLD, origin=Origin(description="two\nlines")),
        replace(TOLD, reports=(replace(TOLD.reports[0], shape="::error::"),)),
        replace(TOLD, reports=(replace(TOLD.reports[0], shape=""),)),
    ],
    ids=range(12),
)
def test_nothing_told_is_written_that_would_not_be_read(evidence: Evidence) -> None:
    """The limits are the schema's."""
    with pytest.raises(AssentError, match="would not be valid"):
        write_record(telling(evidence), SCHEMA)


def test_as_much_as_can_be_told_is_written() -> None:
    """The limits themselves pass: 10 curves of 25 points, 1000 directions, 100 violations."""
    steps = tuple((float(step), 0.5) for step in range(25))
    full = replace(
        TOLD,
        directions={f"m{index}": "lower" for index in range(1_000)},
        curves=(replace(ROC, points=steps),) * 10,
        violations=RUN.violations * 100,
        origin=Origin(description="x" * 4_096),
    )
    assert replace(read(write_record(telling(full), SCHEMA)).evidence, digest="") == full


@pytest.mark.parametrize(
    "changed",
    [
        replace(RUN, environment="uat"),
        replace(RUN, run="other"),
        replace(RUN, started=None),
        replace(RUN, ended=None),
        replace(RUN, instance_type=None),
        replace(RUN, instances=1),
        replace(RUN, reports=()),
        replace(RUN, reports=(replace(RUN.reports[0], copy=None),)),
        replace(RUN, metrics={}),
        replace(RUN, violations=()),
    ],
    ids=str,
)
def test_the_digest_covers_all_of_the_inference(changed: Inference) -> None:
    """No fact of the run can be edited under an approval that was given for another."""
    was, is_ = inferring(), inferring(changed)
    assert evidence_digest(was.package, was.evidence) != evidence_digest(is_.package, is_.evidence)


@pytest.mark.parametrize("source", EvidenceSource)
@pytest.mark.parametrize("inference", [None, RUN], ids=["without", "with"])
def test_the_source_says_whether_there_is_an_inference(
    source: EvidenceSource, inference: Inference | None
) -> None:
    """Batch inference has its run, and nothing else has one; the schema says so."""
    record = inferring(inference)
    record = replace(record, evidence=replace(record.evidence, source=source))
    if (source is EvidenceSource.BATCH_INFERENCE) is (inference is not None):
        assert read(write_record(record, SCHEMA)).evidence.inference == inference
    else:
        with pytest.raises(AssentError, match="would not be valid: evidence"):
            write_record(record, SCHEMA)


def test_an_inference_without_its_source_is_a_problem_of_its_place() -> None:
    """The finding leads to the field that must not be there, and quotes nothing of it."""
    content = write_record(inferring(), SCHEMA)
    (found,) = problems(content.replace(b"source: batch-inference", b"source: training"))
    assert (found.kind, found.place) == ("schema", "evidence.inference")
    assert found.message == "must not be there with the other fields as they are"
    assert content.splitlines()[found.line - 1] == b"  inference:"


VIOLATION = RUN.violations[0]


@pytest.mark.parametrize(
    "inference",
    [
        replace(RUN, environment="../x"),
        replace(RUN, run=""),
        replace(RUN, run="two\nlines"),
        replace(RUN, run="x" * 257),
        replace(RUN, instance_type="a b"),
        replace(RUN, instances=0),
        replace(RUN, reports=RUN.reports * 101),
        replace(RUN, reports=(replace(RUN.reports[0], copy="file:///etc/passwd"),)),
        replace(RUN, metrics={f"m{index}": Metric(value=1.0) for index in range(1_001)}),
        replace(RUN, violations=RUN.violations * 101),
        replace(RUN, violations=(replace(VIOLATION, feature="x" * 301),)),
        replace(RUN, violations=(replace(VIOLATION, check="a\u2028b"),)),
        replace(RUN, violations=(replace(VIOLATION, description="x" * 601),)),
    ],
    ids=lambda inference: str(inference)[:60],
)
def test_no_inference_is_written_that_would_not_be_read(inference: Inference) -> None:
    """Its limits are the schema's."""
    with pytest.raises(AssentError, match="would not be valid"):
        write_record(inferring(inference), SCHEMA)


def test_as_much_as_a_record_holds_is_written() -> None:
    """The limits themselves pass: 100 reports, 1000 metrics, 100 violations."""
    full = replace(
        RUN,
        reports=RUN.reports * 100,
        metrics={f"m{index}": Metric(value=1.0) for index in range(1_000)},
        violations=RUN.violations * 100,
    )
    assert read(write_record(inferring(full), SCHEMA)).evidence.inference == full


def test_an_inference_at_a_time_that_never_was_is_a_problem_of_its_place() -> None:
    """31 February passes the schema's pattern, and no calendar has it."""
    content = write_record(inferring(), SCHEMA)
    (found,) = problems(content.replace(b"2026-11-22T11:04:00Z", b"2026-02-31T11:04:00Z"))
    assert (found.kind, found.place) == ("schema", "evidence.inference.ended")
    assert found.message == "2026-02-31T11:04:00Z is no time that there was"


def test_a_whole_number_is_the_same_value_as_its_decimal() -> None:
    """`3` and `3.0` are one metric value and have one digest."""
    content = write_record(measuring(3.0), SCHEMA)
    edited = content.replace(b"value: 3.0", b"value: 3")
    assert edited != content
    assert read(edited) == read(content)


@pytest.mark.parametrize(
    "record",
    [
        replace(ordinary(), reason="two\nlines"),
        replace(ordinary(), reason="a\u2028b"),
        replace(ordinary(), reason="x" * 501),
        replace(ordinary(), decision=Decision.REJECTED),
        replace(ordinary(), id=RecordId("dev", "../x", 7)),
        replace(ordinary(), id=RecordId("dev", "churn\n", 7)),
        replace(ordinary(), id=RecordId("dev", "churn", 0)),
        replace(ordinary(), waivers=(Waiver(gate="g", reason=""),)),
        replace(ordinary(), waivers=(Waiver(gate="g", reason="r", asked_by="@ana"),)),
        replace(ordinary(), package=replace(ordinary().package, arn="arn:aws:s3:::x")),
        replace(ordinary(), package=replace(ordinary().package, containers=())),
        replace(
            ordinary(), package=replace(ordinary().package, containers=(Container(image="a b"),))
        ),
        replace(ordinary(), package=replace(ordinary().package, created_by="a\x1b[2J")),
    ],
    ids=str,
)
def test_nothing_is_written_that_would_not_be_read(record: Record) -> None:
    """What the schema refuses is not written, and the message names the record."""
    with pytest.raises(AssentError, match="would not be valid"):
        write_record(record, SCHEMA)


@pytest.mark.parametrize("name", ["", "x" * 257])
def test_a_metric_name_of_the_wrong_length_is_not_written(name: str) -> None:
    """A metric has a name, and one that a reviewer can read."""
    evidence = replace(ordinary().evidence, metrics={name: Metric(value=1.0)})
    with pytest.raises(AssentError, match="would not be valid"):
        write_record(replace(ordinary(), evidence=evidence), SCHEMA)


def test_half_a_character_is_refused_not_raised() -> None:
    """Text that no encoding can carry ends in an error of ours."""
    with pytest.raises(AssentError):
        write_record(replace(ordinary(), reason="\ud800"), SCHEMA)
    package = replace(ordinary().package, created_by="\ud800")
    with pytest.raises(AssentError):
        write_record(replace(ordinary(), package=package), SCHEMA)


@pytest.mark.parametrize(
    ("old", "new", "kind", "place"),
    [
        (b"model: churn", b"model: churn\nmodel: fraud", "strict-yaml", ""),
        (b"model: churn", b"model: no", "strict-yaml", ""),
        (b"version: 7", b"version: 12:30:45", "strict-yaml", ""),
        (b"value: 0.9", b"value: 1e-3", "strict-yaml", ""),
        (b"value: 0.9", b"value: .nan", "strict-yaml", ""),
        (b"value: 0.9", b"value: NaN", "schema", "evidence.metrics.auc.value"),
        (b"value: 0.9", b"value: null", "schema", "evidence.metrics.auc.value"),
        (b"value: 0.9", b"value: true", "schema", "evidence.metrics.auc.value"),
        (b"version: 7", b"version: 7.0", "schema", "version"),
        (b"version: 7", b"version: true", "schema", "version"),
        (b"version: 7", b"version: 1000000000", "schema", "version"),
        (b"model: churn", b'model: "churn\\n"', "schema", "model"),
        (b"model: churn", b"model: ..", "strict-yaml", ""),
        (b"model: churn", b'model: ".."', "schema", "model"),
        (b"model: churn", b'model: "$(id)"', "schema", "model"),
        (b"model: churn", b'model: "::error::"', "schema", "model"),
        (b"model: churn", b'model: "\xd9\xa7"', "schema", "model"),
        (b"2026-11-22T10:00:00Z", b"2026-02-31T10:00:00Z", "schema", "package.created"),
        (b"2026-11-22T10:00:00Z", b"0000-01-01T10:00:00Z", "schema", "package.created"),
        (b"2026-11-22T10:00:00Z", b"2026-11-22T10:00:00Z\\n", "schema", "package.created"),
        (b"image: xgboost", b"image: &x xgboost", "strict-yaml", ""),
        (b"waivers: []", b"waivers: {}", "schema", "waivers"),
        (b"waivers: []", b"waivers: [null]", "schema", "waivers[0]"),
    ],
)
def test_a_hostile_record_is_a_problem_of_its_place(
    old: bytes, new: bytes, kind: str, place: str
) -> None:
    """Each edit makes the record a list of problems, the first of the kind and place expected."""
    content = write_record(ordinary(), SCHEMA)
    assert old in content
    found = problems(content.replace(old, new, 1))
    assert (found[0].kind, found[0].place) == (kind, place)
    assert found[0].line == content[: content.index(old)].count(b"\n") + 1 + new.count(b"\n")


def test_a_record_of_a_mebibyte_is_refused_unread() -> None:
    """A file larger than any record says its size, and is not parsed."""
    (found,) = problems(write_record(ordinary(), SCHEMA) + b"#" * 2**20)
    assert (found.kind, found.line) == ("strict-yaml", 1)
    assert "at most 524288 are read" in found.message


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
def test_any_bytes_are_problems_not_errors(content: bytes) -> None:
    """Bytes that are no record are answered with problems, never with an exception."""
    assert problems(content)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_damaged_record_never_raises(data: st.DataObject) -> None:
    """A record with any few bytes replaced is a record or a list of problems."""
    content = bytearray(write_record(ordinary(), SCHEMA))
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start, min(len(content), start + 20)))
    content[start:end] = data.draw(st.binary(max_size=8) | st.sampled_from([b"*", b"&a ", b"\n"]))
    parsed = parse_record(bytes(content), SCHEMA)
    assert isinstance(parsed, ParsedRecord) or all(
        problem.kind in {"strict-yaml", "schema"} for problem in parsed
    )
