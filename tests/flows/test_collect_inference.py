"""What a batch inference left: each way in which a report can fail, and what comes of the rest."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from assent.adapters.memory import MemoryEvidenceStore, MemoryReports
from assent.contracts import load_contracts
from assent.core.config import ExpectedReport
from assent.core.errors import AssentError
from assent.core.evidence import EvidenceSource, UnreadPart, evidence_digest
from assent.core.inference import (
    CollectedInference,
    ExpectedFile,
    InferenceRun,
    UnusableReport,
    expected_files,
)
from assent.core.metrics import Metric
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import (
    Artifact,
    Container,
    ModelVersion,
    Package,
    RegistryApproval,
    ReportSource,
)
from assent.core.record import Decision, ParsedRecord, Record, parse_record, write_record
from assent.core.reports import ReportKind
from assent.flows.collect_evidence import collect_evidence
from assent.flows.collect_inference import collect_inference
from assent.flows.read_reports import MAX_REPORT_BYTES
from assent.ports import CredentialsRefused, FileBytes, NotThere, Unavailable

ARN = parse_package_arn("arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn/7")
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
OUT = "s3://acme-dev/churn/7"
METRICS, DRIFT = f"{OUT}/metrics.json", f"{OUT}/constraint_violations.json"
SCHEMA = load_contracts().promotion

EVALUATION = ReportKind.EVALUATION
VIOLATIONS = ReportKind.VIOLATIONS


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def drifted(count: int, **words: str) -> bytes:
    entry = {"constraint_check_type": "data_type_check", "description": "No number.", **words}
    return encoded({"violations": [{"feature_name": f"f{i}", **entry} for i in range(count)]})


def expected(
    uri: str = METRICS, kind: ReportKind = EVALUATION, *, required: bool = True
) -> ExpectedFile:
    return ExpectedFile(kind=kind, uri=uri, required=required)


BOTH = (expected(required=False), expected(DRIFT, VIOLATIONS, required=False))


def run_of(*files: ExpectedFile) -> InferenceRun:
    return InferenceRun(environment="dev", run="nightly-311", files=files)


class Refusing(MemoryReports):
    """S3 that refuses one address in one way."""

    def __init__(self, uri: str, error: AssentError) -> None:
        super().__init__()
        self._uri, self._error = uri, error

    def read(self, uri: str, /, *, limit: int, version_id: str | None = None) -> FileBytes:
        """Refuse the one address."""
        if uri == self._uri:
            raise self._error
        return super().read(uri, limit=limit, version_id=version_id)


def collected(
    reports: MemoryReports,
    files: Sequence[ExpectedFile] = BOTH,
    store: MemoryEvidenceStore | None = None,
) -> CollectedInference:
    found = collect_inference(run_of(*files), ARN, reports, store=store)
    assert isinstance(found, CollectedInference), found
    return found


def refused(reports: MemoryReports, file: ExpectedFile) -> UnusableReport:
    found = collect_inference(run_of(file), ARN, reports)
    assert isinstance(found, UnusableReport), found
    return found


def test_a_run_gives_its_facts_metrics_and_violations() -> None:
    """Each in its place, times in whole seconds of UTC; the run's facts are no metrics."""
    reports = MemoryReports()
    reports.put(METRICS, encoded({"auc": 0.9, "a": {"b": 2}}), version_id="v1")
    reports.put(DRIFT, drifted(2), version_id="v2")
    zone = timezone(timedelta(hours=1))
    run = InferenceRun(
        environment="dev",
        run="arn:aws:sagemaker:eu-west-1:111122223333:transform-job/churn",
        started=datetime(2026, 11, 22, 11, 0, 0, 900_000, zone),
        ended=datetime(2026, 11, 22, 11, 4, 0, 1, zone),
        instance_type="ml.m5.xlarge",
        instances=2,
        files=BOTH,
    )
    found = collect_inference(run, ARN, reports)
    assert isinstance(found, CollectedInference)
    inference = found.inference
    assert (inference.environment, inference.run) == ("dev", run.run)
    assert [file.shape for file in inference.reports] == ["flattened", "violations"]
    assert (inference.started, inference.ended) == (AT, AT + timedelta(minutes=4))
    assert (inference.instance_type, inference.instances) == ("ml.m5.xlarge", 2)
    assert inference.metrics == {"a.b": Metric(value=2.0), "auc": Metric(value=0.9)}
    assert list(inference.metrics) == ["a.b", "auc"]
    assert [each.feature for each in inference.violations] == ["f0", "f1"]
    assert [(each.kind, each.uri, each.version_id) for each in inference.reports] == [
        (EVALUATION, METRICS, "v1"),
        (VIOLATIONS, DRIFT, "v2"),
    ]
    first = inference.reports[0]
    content = encoded({"auc": 0.9, "a": {"b": 2}})
    assert (first.sha256, first.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert found.unread == ()


def test_optional_reports_that_are_missing_leave_an_empty_run() -> None:
    """A run that left nothing is a run all the same; the page says that it left nothing."""
    found = collected(MemoryReports())
    assert (found.inference.reports, found.inference.metrics, found.unread) == ((), {}, ())


def test_a_list_without_violations_is_no_drift() -> None:
    """An empty list says something: that Model Monitor looked and found nothing."""
    reports = MemoryReports({DRIFT: encoded({"violations": []})})
    found = collected(reports, [expected(DRIFT, VIOLATIONS)])
    assert [each.uri for each in found.inference.reports] == [DRIFT]
    assert (found.inference.violations, found.unread) == ((), ())


BAD = [
    pytest.param(EVALUATION, b"", "empty file", id="no-bytes"),
    pytest.param(EVALUATION, b" \n", "empty file", id="blank"),
    pytest.param(EVALUATION, b"{}", "it holds neither a metric nor a violation", id="no-keys"),
    pytest.param(
        EVALUATION,
        encoded({"model": "churn", "version": 7}),
        "it holds neither a metric nor a violation",
        id="only-whose",
    ),
    pytest.param(
        EVALUATION,
        encoded({"note": "all good", "curve": [1, 2]}),
        "it holds neither a metric nor a violation",
        id="only-text",
    ),
    pytest.param(
        ReportKind.MODEL_QUALITY,
        encoded({"version": 0.0, "regression_metrics": {}}),
        "it holds neither a metric nor a violation",
        id="known-and-empty",
    ),
    pytest.param(EVALUATION, b"{", "not JSON: line 1 column 2", id="cut-off"),
    pytest.param(EVALUATION, b"[1]", "the top level is a list, not an object", id="list"),
    pytest.param(EVALUATION, b'{"a": 1, "a": 2}', "duplicate key 'a'", id="twice"),
    pytest.param(EVALUATION, b"\x1f\x8b\x08", "not UTF-8", id="gzip"),
    pytest.param(EVALUATION, b" " * (MAX_REPORT_BYTES + 1), "at most 5242880 are read", id="huge"),
    pytest.param(
        EVALUATION,
        encoded({"auc": 0.9, "model": "fraud"}),
        "it is of another model: its model is 'fraud', not churn",
        id="other-model",
    ),
    pytest.param(
        VIOLATIONS,
        encoded({"violations": [], "model": "churn", "version": 6}),
        "it is of another model: its version is 6, not 7",
        id="other-version",
    ),
    pytest.param(
        EVALUATION,
        encoded({"auc": 0.9, "model_package_arn": ARN.text.replace("1111", "2222")}),
        "it is of another model: its model_package_arn is",
        id="other-account",
    ),
    pytest.param(VIOLATIONS, encoded({"auc": 0.9}), "it holds no list of violations", id="no-list"),
    pytest.param(
        VIOLATIONS,
        encoded({"violations": {"age": 1}}),
        "it holds no list of violations",
        id="no-list-but-an-object",
    ),
    pytest.param(
        VIOLATIONS,
        encoded({"violations": ["age", {}, {"note": "x"}]}),
        "none of its violations can be read",
        id="no-violation",
    ),
]


@pytest.mark.parametrize(("kind", "content", "why"), BAD)
def test_a_bad_required_report_makes_the_run_unusable(
    kind: ReportKind, content: bytes, why: str
) -> None:
    """It is told which file, what is wrong with it and what to do; and nothing is kept."""
    store = MemoryEvidenceStore()
    reports = MemoryReports({METRICS: content, f"{OUT}/first.json": encoded({"auc": 0.9})})
    files = run_of(expected(f"{OUT}/first.json"), expected(METRICS, kind))
    found = collect_inference(files, ARN, reports, store=store)
    assert isinstance(found, UnusableReport)
    assert found.uri == METRICS
    assert why in found.why
    assert found.message.startswith(f"the report '{METRICS}' cannot be used: {found.why}. ")
    assert found.message.endswith(".")
    assert found.message.isprintable()
    assert store.kept == {}


@pytest.mark.parametrize(("kind", "content", "why"), BAD)
def test_a_bad_optional_report_is_named_among_the_unread(
    kind: ReportKind, content: bytes, why: str
) -> None:
    """The others count, and nothing is missing silently; what was not used is not kept."""
    store = MemoryEvidenceStore()
    other = encoded({"f1": 0.8})
    reports = MemoryReports({METRICS: content, f"{OUT}/other.json": other})
    files = (expected(METRICS, kind, required=False), expected(f"{OUT}/other.json"))
    found = collected(reports, files, store=store)
    (part,) = found.unread
    assert part.where == f"inference {kind} {METRICS}"
    assert why in part.why
    assert found.inference.metrics == {"f1": Metric(value=0.8)}
    assert found.inference.violations == ()
    assert [each.uri for each in found.inference.reports] == [f"{OUT}/other.json"]
    assert list(store.kept.values()) == [other]


def test_a_required_report_that_is_missing_says_what_to_do() -> None:
    """Either the inference writes it, or the configuration does not ask for it."""
    found = refused(MemoryReports(), expected())
    assert (found.uri, found.why) == (METRICS, "it is missing")
    assert "required: false" in found.remedy


@pytest.mark.parametrize("required", [True, False])
def test_what_may_be_hidden_is_not_taken_for_missing(*, required: bool) -> None:
    """S3 hides what may not be read; an optional report that may be there is unread, not absent."""
    error = NotThere("is missing, or may not be read", hint="Allow s3:GetObject on it.")
    reports = Refusing(METRICS, error)
    if required:
        found = refused(reports, expected())
        assert (found.why, found.remedy) == (error.message, error.hint)
    else:
        part = UnreadPart(where=f"inference evaluation {METRICS}", why=error.message)
        assert collected(reports).unread == (part,)


@pytest.mark.parametrize("error", [Unavailable("slow down"), CredentialsRefused("expired")])
@pytest.mark.parametrize("required", [True, False])
def test_what_says_nothing_of_a_file_is_raised(error: AssentError, *, required: bool) -> None:
    """Where S3 did not answer, or not to us, nothing is known yet of any report."""
    with pytest.raises(type(error)):
        collect_inference(run_of(expected(required=required)), ARN, Refusing(METRICS, error))


def test_a_store_that_fails_fails_the_collection() -> None:
    """What is to be kept is kept before a record speaks of it."""

    class Full(MemoryEvidenceStore):
        def keep(self, content: bytes, sha256: str, /) -> str:
            raise Unavailable(f"{len(content)} bytes of {sha256} are too many for now")

    reports = MemoryReports({METRICS: encoded({"auc": 0.9})})
    with pytest.raises(Unavailable):
        collect_inference(run_of(expected()), ARN, reports, store=Full())


def test_reports_without_a_version_are_kept_by_digest() -> None:
    """Those with one are pinned by it, and without a store nothing is kept."""
    reports = MemoryReports({METRICS: encoded({"auc": 0.9})})
    reports.put(DRIFT, drifted(1), version_id="v2")
    store = MemoryEvidenceStore("evidence")
    first, second = collected(reports, store=store).inference.reports
    assert first.copy == f"s3://evidence/sha256/{first.sha256}"
    assert store.kept == {first.copy: encoded({"auc": 0.9})}
    assert second.copy is None
    assert [each.copy for each in collected(reports).inference.reports] == [None, None]


def test_of_two_metrics_of_a_name_the_first_counts() -> None:
    """The second is named among the unread, with the report that it is in."""
    reports = MemoryReports({METRICS: encoded({"auc": 0.9}), DRIFT: encoded({"auc": 0.1})})
    found = collected(reports, [expected(), expected(DRIFT, ReportKind.MODEL_QUALITY)])
    assert found.inference.metrics == {"auc": Metric(value=0.9)}
    assert [part.where for part in found.unread] == ["inference model-quality auc"]


def test_a_file_named_twice_is_read_once() -> None:
    """Its violations count once; it is required if it is so under either name."""
    reports = MemoryReports({DRIFT: drifted(1)})
    twice = [expected(DRIFT, VIOLATIONS, required=False), expected(DRIFT, VIOLATIONS)]
    found = collected(reports, twice)
    assert (len(found.inference.violations), len(found.inference.reports)) == (1, 1)
    missing = collect_inference(run_of(*twice), ARN, MemoryReports())
    assert isinstance(missing, UnusableReport)


def test_more_violations_than_a_record_holds_are_counted() -> None:
    """The first hundred in the files' order stay; how many are over is said."""
    reports = MemoryReports({METRICS: drifted(60), DRIFT: drifted(90)})
    found = collected(reports)
    kept = [each.feature for each in found.inference.violations]
    assert kept == [*(f"f{index}" for index in range(60)), *(f"f{index}" for index in range(40))]
    (part,) = found.unread
    assert part.where == "inference violations"
    assert part.why.startswith("50 more than the 100 that a record holds")


def test_more_metrics_than_a_record_holds_are_told() -> None:
    """A thousand stay, and the place where it stopped is named."""
    first = encoded({f"a{index}": index for index in range(700)})
    second = encoded({f"b{index}": index for index in range(700)})
    reports = MemoryReports({METRICS: first, DRIFT: second})
    found = collected(reports, [expected(), expected(DRIFT)])
    assert len(found.inference.metrics) == 1_000
    (part,) = found.unread
    assert "a record holds 1000 metrics" in part.why


def test_a_run_of_more_reports_than_a_record_holds_is_unusable() -> None:
    """A hundred are read; with one more, nothing is."""
    uris = [f"{OUT}/{index}.json" for index in range(101)]
    reports = MemoryReports({uri: encoded({uri: 1.0}) for uri in uris})
    assert len(collected(reports, [expected(uri) for uri in uris[:100]]).inference.reports) == 100
    found = collect_inference(run_of(*(expected(uri) for uri in uris)), ARN, reports)
    assert isinstance(found, UnusableReport)
    assert found.uri == uris[100]
    assert "101 reports" in found.why


def test_expected_files_lie_below_the_output() -> None:
    """One slash stands between the job's output and the configured path."""
    reports = (
        ExpectedReport(kind=EVALUATION, path="metrics.json"),
        ExpectedReport(kind=VIOLATIONS, path="monitor/v.json", required=False),
    )
    files = (expected(), expected(f"{OUT}/monitor/v.json", VIOLATIONS, required=False))
    assert expected_files(reports, OUT) == files
    assert expected_files(reports, f"{OUT}/") == files


# Together with the evidence of training.


def registered(*, artifact: bool = True) -> ModelVersion:
    model = Artifact(uri="s3://models/churn/7/model.tar.gz") if artifact else None
    return ModelVersion(
        arn=ARN,
        package=Package(
            arn=ARN.text,
            created=AT,
            created_by=None,
            containers=(Container(image="xgboost:1.7", artifact=model),),
        ),
        status="Completed",
        approval=RegistryApproval.APPROVED,
        reports=(ReportSource(kind=ReportKind.MODEL_QUALITY, uri="s3://models/7/e.json"),),
    )


def test_inference_joins_the_evidence_of_training() -> None:
    """Both stand in one evidence with one digest, the new one's unread parts first."""
    training = MemoryReports({"s3://models/7/e.json": encoded({"auc": 0.93, "note": "x"})})
    running = MemoryReports({METRICS: encoded({"auc": 0.9, "note": "y"})})
    store = MemoryEvidenceStore()
    inference = collected(running, store=store)
    found = collect_evidence(registered(), training, AT, store=store, inference=inference)
    evidence = found.evidence
    assert evidence.source is EvidenceSource.BATCH_INFERENCE
    assert evidence.inference == inference.inference
    assert evidence.metrics == {"auc": Metric(value=0.93)}
    assert [part.where for part in evidence.unread] == [
        "inference evaluation note",
        "s3://models/churn/7/model.tar.gz",
        "model-quality note",
    ]
    assert evidence.reports[0].copy is not None
    files = (*evidence.reports, *inference.inference.reports)
    assert set(store.kept) == {each.copy for each in files}
    assert evidence.digest == evidence_digest(found.package, evidence)
    training_only = collect_evidence(registered(), training, AT).evidence
    assert (training_only.source, training_only.inference) == (EvidenceSource.TRAINING, None)
    assert training_only.reports == (replace(evidence.reports[0], copy=None),)


def written(inference: CollectedInference, training: MemoryReports) -> Record:
    """The record of what was collected, as it reads back."""
    found = collect_evidence(registered(), training, AT, inference=inference)
    record = Record(
        id=RecordId("test", "churn", 7),
        decision=Decision.APPROVED,
        package=found.package,
        evidence=found.evidence,
    )
    parsed = parse_record(write_record(record, SCHEMA), SCHEMA)
    assert isinstance(parsed, ParsedRecord)
    assert parsed.record == record
    return record


HOSTILE = ["x", "`", "\u202e", "\U000e0041", "\ud800", "\n::error::", "\\", "\u6f22", "\U0001f600"]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_the_reports_hold_a_record_can_carry_it(text: str) -> None:
    """Hostile words of any length are cut to what the schema takes, and read back equal."""
    long = text * (1_000 // len(text))
    drift = drifted(101, constraint_check_type=long, description=long, feature_name=long)
    reports = MemoryReports({METRICS: encoded({long: 1.0, "auc": 0.9, "t": long}), DRIFT: drift})
    record = written(
        collected(reports), MemoryReports({"s3://models/7/e.json": encoded({long: 1.0})})
    )
    assert record.evidence.inference is not None
    violations = record.evidence.inference.violations
    assert len(violations) == 100
    for violation in violations:
        assert 0 < len(ascii(violation.feature)) <= 302
        assert 0 < len(ascii(violation.check)) <= 302
        assert 0 < len(ascii(violation.description)) <= 602


@pytest.mark.parametrize("text", ["x", "\u6f22", "\U0001f600"])
def test_as_much_as_reports_can_hold_fits_into_a_record(text: str) -> None:
    """Violations all stay; of metrics and remarks the first do, and how many do not is said."""
    metrics = encoded({f"{index:04}{text * 120}": index for index in range(1_000)})
    drift = drifted(100, constraint_check_type=text * 500, description=text * 900)
    remarks = encoded({"auc": 0.9, **{f"{text * 100}{index}": "text" for index in range(200)}})
    uri = f"{OUT}/remarks.json"
    reports = MemoryReports({METRICS: metrics, DRIFT: drift, uri: remarks})
    inference = collected(reports, [*BOTH, expected(uri)])
    record = written(inference, MemoryReports({"s3://models/7/e.json": metrics}))
    assert record.evidence.inference is not None
    assert len(record.evidence.inference.violations) == 100
    first = record.evidence.unread[0]
    if text == "x":
        assert (len(record.evidence.metrics), len(record.evidence.inference.metrics)) == (
            1_000,
            1_000,
        )
        assert first.where != "evidence"
    else:
        assert 10 <= len(record.evidence.metrics) < 1_000
        assert first.where == "evidence"
        assert "metrics of training" in first.why
        assert "remarks were left out; see the reports themselves" in first.why


def test_unread_parts_of_both_share_the_room_of_a_record() -> None:
    """Ninety-nine stay, the inference's first, and the last entry counts all others."""
    many = encoded({"auc": 0.9, **{f"t{index:03}": "text" for index in range(150)}})
    inference = collected(MemoryReports({METRICS: many}))
    assert len(inference.unread) == 150
    training = MemoryReports({"s3://models/7/e.json": many})
    found = collect_evidence(registered(artifact=False), training, AT, inference=inference)
    unread = found.evidence.unread
    assert len(unread) == 100
    assert all(part.where.startswith("inference evaluation t") for part in unread[:99])
    assert unread[99].why.startswith("201 more places")
