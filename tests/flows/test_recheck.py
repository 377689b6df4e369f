"""Nothing takes effect on evidence that registry and S3 do not bear out; the rest goes through."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from tests.flows.rechecking import (
    ARTIFACT,
    FILES,
    INFERRED,
    Alteration,
    House,
    alterations,
    file_of,
    record_with,
)

from assent.adapters.memory import MemoryRegistry, MemoryReports
from assent.core.changes import Reason
from assent.core.errors import AssentError, Exit
from assent.core.evidence import MAX_UNREAD, EvidenceSource, UnreadPart, copy_address
from assent.core.metrics import Metric
from assent.core.names import parse_package_arn
from assent.core.package import Artifact, ModelVersion
from assent.core.receipts import CurrentSet, DecisionApplied, Failed, Refused, RegistryRestored
from assent.core.record import Decision, Record
from assent.core.reports import ReportKind
from assent.flows.apply import ApplyReport
from assent.ports import FileBytes, NotThere, ObjectFacts, Unavailable

DEV, TEST = House().record(), House().record("test")
QUALITY = file_of(ReportKind.MODEL_QUALITY)

UNTOLD: Mapping[str, str] = {
    r"absent package\.containers\.\d+\.artifact\.sha256": (
        "S3 tells a checksum only to those who may use the object's key, so a record may lack it"
    ),
    r"other evidence\.collected": "nobody else saw when that was",
    r"other evidence\.unread\.\d+\.why": "it is worded anew by each version of Assent",
    r"(other|null) evidence\.inference\.(run|started|ended|instance_type|instances)": (
        "a pipeline that reports on its own run is the only one who knows"
    ),
    r"other evidence\.inference\.reports\.1\.kind": (
        "a pipeline says of what kind its reports are; what they give is compared all the same, "
        "and the kind with it where a remark names it, as one on the other report does"
    ),
}
"""What nothing outside the record tells. The reviewers approved these very bytes: the proof of
approval covers the whole record, so whoever alters this afterwards has no approval for it."""


def untold(alteration: Alteration) -> bool:
    return any(re.fullmatch(pattern, alteration.name) for pattern in UNTOLD)


def everything() -> Iterator[Alteration]:
    yield from alterations(DEV, "package")
    yield from alterations(DEV, "evidence")
    for each in alterations(TEST, "evidence"):
        if each.place[1] in {"inference", "source"}:
            yield each


ALL = tuple(everything())


def tried(alteration: Alteration) -> tuple[House, ApplyReport, bool]:
    """Let an altered record be merged and applied; whether anything was written by it."""
    house = House()
    if alteration.record.id.environment == "test":
        house.merge(DEV)
        assert house.apply().exit is Exit.OK
    before = house.written()
    house.merge(alteration.record)
    report = house.apply()
    return house, report, house.written() != before


@pytest.mark.parametrize(
    "alteration", [each for each in ALL if not untold(each)], ids=lambda each: each.name
)
def test_each_single_thing_that_is_altered_is_refused(alteration: Alteration) -> None:
    """By a reason that fits, naming the field; and nothing is written, whatever the digest says."""
    _, report, wrote = tried(alteration)
    (refusal,) = report.receipts
    assert isinstance(refusal, Refused)
    assert refusal.id == alteration.record.id
    part = alteration.place[0]
    reasons = {
        "package": {Reason.PACKAGE_DIFFERS, Reason.PACKAGE_RECREATED, Reason.ARTIFACT_DIFFERS},
        "evidence": {Reason.EVIDENCE_ALTERED, Reason.REPORT_DIFFERS},
    }
    if alteration.name == "absent package.specification":
        reasons["package"] = {Reason.EVIDENCE_ALTERED}  # it does not differ: nobody says it
    if "source" in alteration.place and alteration.record.evidence.source is EvidenceSource.IMPORT:
        assert report.exit is Exit.INCOMPLETE
        assert (refusal.reason, wrote) == (Reason.IMPORT_REFUSED, False)
        return
    assert refusal.reason in reasons[str(part)]
    field = next(str(each) for each in alteration.place[1:] if isinstance(each, str))
    assert field in refusal.detail
    assert report.exit is Exit.INCOMPLETE
    assert not wrote


@pytest.mark.parametrize(
    "alteration", [each for each in ALL if untold(each)], ids=lambda each: each.name
)
def test_what_nothing_tells_is_left_to_the_approval(alteration: Alteration) -> None:
    """The list of what is not compared is exact: each of it goes through, once it is approved."""
    _, report, wrote = tried(alteration)
    assert [type(each) for each in report.receipts] == [DecisionApplied, CurrentSet]
    assert wrote


def test_every_field_was_tried() -> None:
    """Nothing that a record holds was passed over, and every exception was met."""
    for pattern in UNTOLD:
        assert any(re.fullmatch(pattern, each.name) for each in ALL), pattern
    fields = {".".join(str(part) for part in each.place if isinstance(part, str)) for each in ALL}
    for name in ("arn", "created", "created_by", "specification"):
        assert f"package.{name}" in fields
    for name in ("uri", "etag", "version_id", "bytes", "sha256"):
        assert f"package.containers.artifact.{name}" in fields
    for place in ("evidence.reports", "evidence.inference.reports"):
        for name in ("kind", "uri", "version_id", "sha256", "bytes", "shape"):
            assert f"{place}.{name}" in fields
    assert len(ALL) > 200


def applied(house: House, record: Record = DEV) -> ApplyReport:
    house.merge(record)
    return house.apply("dev")


def is_live(report: ApplyReport) -> bool:
    return [type(each) for each in report.receipts] == [DecisionApplied, CurrentSet]


def refusal_of(report: ApplyReport) -> tuple[Reason, str]:
    (refusal,) = report.receipts
    assert isinstance(refusal, Refused), refusal
    return refusal.reason, refusal.detail


def failure_of(report: ApplyReport) -> Failed:
    (failed,) = report.receipts
    assert isinstance(failed, Failed), failed
    return failed


def test_a_metric_that_was_added_is_refused() -> None:
    """A number that no report holds is named, however good the digest."""
    better = {**DEV.evidence.metrics, "auc_in_my_dreams": Metric(value=0.999)}
    found = record_with(DEV, ("evidence", "metrics", "auc_in_my_dreams"), {"value": 0.999})
    assert found is not None
    assert found.evidence.metrics == better
    reason, detail = refusal_of(applied(House(), found))
    assert reason is Reason.EVIDENCE_ALTERED
    assert "evidence.metrics.auc_in_my_dreams was 0.999, is none" in detail


def test_a_report_overwritten_where_it_lies_goes_through_while_its_version_is_kept() -> None:
    """What was read is still there, so the record is true; the new content is nobody's evidence."""
    house = House()
    house.reports.put(QUALITY, b'{"auc": 0.1}', version_id="later")
    assert is_live(applied(house))


def test_a_report_whose_version_is_gone_is_refused() -> None:
    """Nothing bears the record out any more, and what stands there now does not count."""
    house = House()
    content = house.reports.read(QUALITY, limit=100_000).content
    house.reports.expire(QUALITY)
    house.reports.put(QUALITY, content, version_id="uploaded again")
    reason, detail = refusal_of(applied(house))
    assert reason is Reason.REPORT_DIFFERS
    assert detail.startswith("evidence.reports[0] is gone: S3 has no such version of")
    assert QUALITY in detail


KEPT = copy_address("acme-evidence", DEV.evidence.reports[0].sha256)


def unversioned(house: House, *, copy: str | None = None) -> Record:
    """A record whose first report lies in a bucket that keeps no versions."""
    house.scene.config = replace(house.scene.config, evidence_bucket="acme-evidence")
    content = house.reports.read(QUALITY, limit=100_000).content
    house.reports.expire(QUALITY)
    house.reports.put(QUALITY, content)
    found = record_with(DEV, ("evidence", "reports", 0, "version_id"), None)
    if copy is not None:
        house.reports.put(copy, content, version_id="of the bucket of copies")
        found = record_with(found or DEV, ("evidence", "reports", 0, "copy"), copy)
    assert found is not None
    return found


def test_a_report_swapped_in_an_unversioned_bucket_is_refused() -> None:
    """Of an address that keeps nothing, what stands there now is read, and differs."""
    house = House()
    record = unversioned(house)
    house.reports.put(QUALITY, b'{"auc": 0.1}')
    reason, detail = refusal_of(applied(house, record))
    assert reason is Reason.REPORT_DIFFERS
    assert "evidence.reports[0].sha256 was" in detail
    assert "evidence.reports[0].bytes was" in detail


def test_a_report_that_grew_beyond_measure_is_refused() -> None:
    """It cannot be the one that was read, so no more of it is."""
    house = House()
    record = unversioned(house)
    house.reports.put(QUALITY, b" " * (5 * 1024 * 1024 + 1))
    assert refusal_of(applied(house, record))[0] is Reason.REPORT_DIFFERS


def test_the_copy_counts_where_the_bucket_keeps_no_versions() -> None:
    """The address may be overwritten or emptied: the copy is what was read."""
    for is_overwritten in (True, False):
        house = House()
        record = unversioned(house, copy=KEPT)
        house.reports.expire(QUALITY)
        if is_overwritten:
            house.reports.put(QUALITY, b'{"auc": 0.1}')
        assert is_live(applied(house, record))
    house = House()
    record = unversioned(house, copy=KEPT)
    house.reports.put(KEPT, b'{"auc": 0.1}')
    assert refusal_of(applied(house, record))[0] is Reason.REPORT_DIFFERS


@pytest.mark.parametrize("copy", ["s3://zoes-own/r.json", "s3://acme-evidence/other", f"{KEPT}0"])
def test_a_copy_that_assent_did_not_keep_is_none(copy: str) -> None:
    """Whoever edits a record may keep a file elsewhere: only its place by its digest counts."""
    house = House()
    reason, detail = refusal_of(applied(house, unversioned(house, copy=copy)))
    assert reason is Reason.EVIDENCE_ALTERED
    assert f"evidence.reports[0].copy is '{copy}', and evidence_bucket has it at '{KEPT}'" in detail


def test_without_a_bucket_of_copies_there_is_no_copy() -> None:
    """Where none is configured, nothing is kept anywhere."""
    house = House()
    record = unversioned(house, copy=KEPT)
    house.scene.config = replace(house.scene.config, evidence_bucket=None)
    reason, detail = refusal_of(applied(house, record))
    assert reason is Reason.EVIDENCE_ALTERED
    assert "evidence.reports[0].copy" in detail
    assert "not configured" in detail


def test_a_copy_of_an_inferences_report_counts_in_its_place_only() -> None:
    """Reports of batch inference are kept in the same bucket, by the same rule."""
    for copy in ("s3://zoes-own/r.json", None):
        house = House()
        assert is_live(applied(house))
        house.scene.config = replace(house.scene.config, evidence_bucket="acme-evidence")
        inference = TEST.evidence.inference
        assert inference is not None
        first, second = inference.reports
        found = house.reports.read(first.uri, limit=100_000)
        kept = copy or copy_address("acme-evidence", first.sha256)
        house.reports.put(kept, found.content)
        file = replace(first, version_id=None, copy=kept)
        inference = replace(inference, reports=(file, second))
        house.merge(replace(TEST, evidence=replace(TEST.evidence, inference=inference)))
        report = house.apply("test")
        if copy is None:
            assert is_live(report)
        else:
            reason, detail = refusal_of(report)
            assert reason is Reason.EVIDENCE_ALTERED
            assert "evidence.inference.reports[0].copy is 's3://zoes-own/r.json'" in detail


def test_an_artifact_swapped_after_approval_is_refused() -> None:
    """What will be loaded is what stands at the address now, whatever version is kept of before."""
    house = House()
    house.reports.put(ARTIFACT, b"evil!!!", version_id="model-2", checksum=True)
    reason, detail = refusal_of(applied(house))
    assert reason is Reason.ARTIFACT_DIFFERS
    for name in ("etag", "sha256", "version_id"):
        assert f"package.containers[0].artifact.{name} was " in detail
    house.reports.expire(ARTIFACT)
    reason, detail = refusal_of(house.apply("dev"))
    assert reason is Reason.ARTIFACT_DIFFERS
    assert "package.containers[0].artifact is gone: S3 has no object" in detail


class Troubled(MemoryReports):
    """S3 that answers one address in its own way."""

    def __init__(self, of: MemoryReports, uri: str, error: AssentError | None = None) -> None:
        super().__init__()
        self._of, self._uri, self._error = of, uri, error

    def read(self, uri: str, /, *, limit: int, version_id: str | None = None) -> FileBytes:
        """Fail for the one address."""
        if uri == self._uri and self._error is not None:
            raise self._error
        return self._of.read(uri, limit=limit, version_id=version_id)

    def facts(self, uri: str, /) -> ObjectFacts:
        """Fail for the one address, or hide its checksum."""
        if uri == self._uri and self._error is not None:
            raise self._error
        found = self._of.facts(uri)
        return replace(found, sha256=None, checksum_hidden=True) if uri == self._uri else found


@pytest.mark.parametrize("uri", [QUALITY, ARTIFACT])
@pytest.mark.parametrize(
    "error",
    [
        NotThere("it is missing, or may not be read", hint="allow s3:GetObject"),
        Unavailable("S3 did not answer"),
    ],
    ids=["forbidden", "down"],
)
def test_what_cannot_be_read_is_neither_a_yes_nor_a_no(uri: str, error: AssentError) -> None:
    """The change failed, it was not refused; nothing is written, and the next run tries again."""
    house = House()
    before = house.written()
    fine = house.scene.reports
    house.scene.reports = Troubled(fine, uri, error)
    failed = failure_of(applied(house))
    assert (failed.what, failed.message, failed.hint) == (DEV.id.path, error.message, error.hint)
    assert house.written() == before
    house.scene.reports = fine
    assert is_live(house.apply("dev"))


def test_a_checksum_that_may_not_be_read_is_no_difference() -> None:
    """Without the right to use the key, S3 tells no checksum: that says nothing of the object."""
    house = House()
    house.scene.reports = Troubled(house.reports, ARTIFACT)
    failed = failure_of(applied(house))
    assert "checksum" in failed.message
    assert "kms:Decrypt" in failed.hint


@pytest.mark.parametrize("decision", [Decision.REJECTED, Decision.RETIRED])
def test_a_no_needs_no_evidence(decision: Decision) -> None:
    """Saying no is never held up: nothing is read for it, and all of it may be gone."""
    house = House()
    assert is_live(applied(house))
    house.scene.reports = Troubled(MemoryReports(), "")
    house.merge(replace(DEV, decision=decision, reason="it did not hold"))
    report = house.apply("dev")
    assert [type(each) for each in report.receipts] == [DecisionApplied, CurrentSet]


def test_current_falls_back_to_a_version_whose_files_have_expired() -> None:
    """What was proven once is not proven again: a rollback reads nothing of S3."""
    house = House()
    assert is_live(applied(house))
    arn = parse_package_arn(house.version.arn.text.replace("churn/1", "churn/2"))
    package = replace(house.version.package, arn=arn.text)
    second = replace(house.version, arn=arn, package=package)
    house.scene.registry.put(second)
    pinned = replace(DEV.package, arn=arn.text)
    record = replace(DEV, id=replace(DEV.id, version=2), package=pinned)
    assert is_live(applied(house, record))
    for kind in FILES:
        house.reports.expire(file_of(kind))
    house.reports.expire(ARTIFACT)
    house.scene.reports = Troubled(house.reports, "", Unavailable("nobody may ask S3"))
    house.merge(replace(record, decision=Decision.RETIRED, reason="it drifts"))
    report = house.apply("dev")
    assert report.exit is Exit.OK
    assert report.receipts[-1] == CurrentSet(environment="dev", model="churn", was=2, becomes=1)


def test_the_reports_of_an_inference_are_read_where_it_ran() -> None:
    """Each environment's account sees its own files; the registry's is not asked for them."""
    house = House()
    assert is_live(applied(house))
    house.merge(TEST)
    theirs = house.scene.elsewhere["dev"] = MemoryReports()
    assert refusal_of(house.apply("test"))[0] is Reason.REPORT_DIFFERS
    for kind in INFERRED:
        found = house.reports.read(file_of(kind), limit=100_000)
        theirs.put(file_of(kind), found.content, version_id=found.version_id)
        house.reports.expire(file_of(kind))
    assert is_live(house.apply("test"))


def told(record: Record, where: str) -> Record:
    """A record that says of something that it could not be used."""
    evidence = record.evidence
    unread = (*evidence.unread, UnreadPart(where=where, why="access denied"))
    return replace(record, evidence=replace(evidence, unread=unread))


def with_artifact(record: Record, artifact: Artifact) -> Record:
    (container,) = record.package.containers
    containers = (replace(container, artifact=artifact),)
    return replace(record, package=replace(record.package, containers=containers))


def test_an_artifact_that_could_not_be_looked_at_is_approved_as_such() -> None:
    """A record that pins nothing has to say so: then that is what the approvers knew."""
    bare = with_artifact(DEV, Artifact(uri=ARTIFACT))
    reason, detail = refusal_of(applied(House(), bare))
    assert reason is Reason.ARTIFACT_DIFFERS
    assert "package.containers[0].artifact.bytes was none, is 7" in detail
    house = House()
    house.reports.expire(ARTIFACT)
    assert is_live(applied(house, told(bare, ARTIFACT)))
    house = House()
    house.scene.reports = Troubled(house.reports, ARTIFACT, NotThere("it may not be read"))
    assert is_live(applied(house, told(bare, ARTIFACT)))


def test_an_artifact_that_can_be_looked_at_by_now_has_to_be_pinned() -> None:
    """A remark that it could not be is no leave to load whatever stands there."""
    bare = told(with_artifact(DEV, Artifact(uri=ARTIFACT)), ARTIFACT)
    reason, detail = refusal_of(applied(House(), bare))
    assert reason is Reason.ARTIFACT_DIFFERS
    assert detail.startswith(f"package.containers[0].artifact '{ARTIFACT}' could not be looked at")
    assert "can be pinned by now: let Assent propose it anew" in detail
    house = House()
    house.scene.reports = Troubled(house.reports, ARTIFACT, Unavailable("S3 did not answer"))
    assert failure_of(applied(house, bare)).message == "S3 did not answer"


def without_a_report(record: Record) -> Record:
    evidence = record.evidence
    reports = evidence.reports[:-1]
    metrics = {
        name: each for name, each in evidence.metrics.items() if not name.startswith("explanations")
    }
    curves = tuple(each for each in evidence.curves if not each.name.startswith("explanations"))
    evidence = replace(evidence, reports=reports, metrics=metrics, curves=curves)
    return replace(record, evidence=evidence)


def test_a_report_that_was_not_there_may_have_come_since() -> None:
    """The record says that it could not be used; one that only lacks it hides it."""
    lacking = without_a_report(DEV)
    reason, detail = refusal_of(applied(House(), lacking))
    assert reason is Reason.EVIDENCE_ALTERED
    uri = file_of(ReportKind.EXPLAINABILITY)
    assert f"the registry names the explainability report '{uri}'" in detail
    assert is_live(applied(House(), told(lacking, f"explainability {uri}")))


def test_a_report_that_is_not_the_one_registered_gives_no_numbers() -> None:
    """Its digest was told to the registry, and is another: so it counted for nothing before."""

    def registered(house: House) -> None:
        first, *rest = house.version.reports
        reports = (replace(first, sha256="0" * 64), *rest)
        house.version = replace(house.version, reports=reports)
        house.scene.registry.put(house.version)

    house = House()
    registered(house)
    record = house.record()
    assert not any("auc" in name for name in record.evidence.metrics)
    assert is_live(applied(house, record))
    house = House()
    registered(house)
    assert refusal_of(applied(house, DEV))[0] is Reason.EVIDENCE_ALTERED


def old(record: Record) -> Record:
    """As records were written before origin, directions, curves, violations and shapes."""
    evidence = record.evidence
    reports = tuple(replace(each, shape=None) for each in evidence.reports)
    evidence = replace(
        evidence, reports=reports, origin=None, directions={}, curves=(), violations=(), unread=()
    )
    package = replace(record.package, specification=None)
    (artifact,) = [each.artifact for each in package.containers]
    assert artifact is not None
    return with_artifact(
        replace(record, evidence=evidence, package=package), replace(artifact, sha256=None)
    )


def test_a_record_that_lacks_what_the_registry_tells_is_proposed_anew() -> None:
    """What an older Assent wrote looks like what an editor dropped: neither is borne out."""
    lacking = "the record lacks {}, which the registry has: let Assent propose it anew"
    reason, detail = refusal_of(applied(House(), old(DEV)))
    assert reason is Reason.EVIDENCE_ALTERED
    assert detail == lacking.format("package.specification")
    half = replace(old(DEV), package=DEV.package)
    reason, detail = refusal_of(applied(House(), half))
    assert reason is Reason.EVIDENCE_ALTERED
    assert detail == lacking.format("evidence.origin")


def test_what_a_record_from_before_brought_into_effect_stays() -> None:
    """It was right when it was written: what is live is not withdrawn for lack of a field."""
    house = House()
    described = house.version
    house.version = replace(house.version, package=replace(described.package, specification=None))
    house.scene.registry.put(house.version)
    record = house.record()
    assert record.package.specification is None
    assert is_live(applied(house, record))
    (live,) = house.scene.registry.everything()
    package = replace(live.package, specification=described.package.specification)
    house.scene.registry.put(replace(live, package=package))
    report = house.scene.apply(("dev",), None, everything=True)
    assert report is not None
    assert report.receipts == ()


def crowded() -> House:
    """A version whose report holds more metrics of long names than a record carries."""
    house = House()
    content = {f"m{index}-{'模' * 110}": 0.5 for index in range(1000)}
    house.reports.put(QUALITY, json.dumps(content).encode(), version_id="crowded")
    return house


def test_evidence_that_had_to_leave_something_out_is_borne_out_by_the_rest() -> None:
    """What a record could not carry is not missed; what it does carry is compared."""
    house = crowded()
    record = house.record()
    assert record.evidence.unread[0].where == "evidence"
    assert 10 < len(record.evidence.metrics) < 1000
    assert is_live(applied(house, record))
    house = crowded()
    name = next(iter(record.evidence.metrics))
    false = record_with(record, ("evidence", "metrics", name, "value"), 0.6)
    assert false is not None
    assert refusal_of(applied(house, false))[0] is Reason.EVIDENCE_ALTERED


def test_nothing_is_left_out_of_evidence_that_fits() -> None:
    """A remark that something had to be left out excuses nothing where there was room."""
    lacking = record_with(
        DEV, ("evidence", "metrics"), {"binary_classification_metrics.auc": {"value": 1.0}}
    )
    assert lacking is not None
    reason, detail = refusal_of(applied(House(), told(lacking, "evidence")))
    assert reason is Reason.EVIDENCE_ALTERED
    assert "evidence.metrics" in detail


@pytest.mark.parametrize("where", ["evidence", "and"])
def test_a_remark_that_more_was_left_out_hides_no_report(where: str) -> None:
    """Where there was room to name everything, everything had to be named."""
    reason, detail = refusal_of(applied(House(), told(without_a_report(DEV), where)))
    assert reason is Reason.EVIDENCE_ALTERED
    assert "the registry names the explainability report" in detail


def test_a_file_that_does_not_read_has_to_be_named() -> None:
    """Its bytes are kept as evidence; that they tell nothing is an alert that nobody drops."""
    for is_dropped in (False, True):
        house = House()
        house.reports.put(QUALITY, b"no JSON", version_id="broken")
        record = house.record()
        if is_dropped:
            evidence = record.evidence
            unread = tuple(each for each in evidence.unread if QUALITY not in each.where)
            assert len(unread) < len(evidence.unread)
            record = replace(record, evidence=replace(evidence, unread=unread))
            reason, detail = refusal_of(applied(house, record))
            assert reason is Reason.EVIDENCE_ALTERED
            assert f"evidence.unread does not name 'model-quality {QUALITY}'" in detail
        else:
            assert is_live(applied(house, record))


def test_more_remarks_than_a_record_holds_hold_nothing_up() -> None:
    """A record that has no room to name everything says that, and goes through."""
    house = House()
    content = {f"m{index}": "no number" for index in range(MAX_UNREAD + 50)} | {"auc": 0.9}
    house.reports.put(QUALITY, json.dumps(content).encode(), version_id="remarks")
    record = house.record()
    assert len(record.evidence.unread) == MAX_UNREAD
    assert is_live(applied(house, record))


def test_what_waits_is_not_read_again() -> None:
    """Only what is about to take effect costs calls of S3."""
    house = House()
    house.scene.config = replace(house.scene.config, stopped="incident 311")
    house.scene.reports = Troubled(house.reports, QUALITY, Unavailable("nobody may ask S3"))
    assert refusal_of(applied(house))[0] is Reason.LINE_STOPPED


@pytest.mark.parametrize("change", ["specification", "created_by"])
def test_a_package_changed_after_approval_is_refused(change: str) -> None:
    """`UpdateModelPackage` can write anew what a container is started with; that is named."""
    house = House()
    other = {"specification": "sha256:" + "6" * 64, "created_by": "eve"}[change]
    package = replace(house.version.package, **{change: other})  # type: ignore[arg-type]
    house.scene.registry.put(replace(house.version, package=package))
    reason, detail = refusal_of(applied(house))
    assert reason is Reason.PACKAGE_DIFFERS
    assert f"{change} was " in detail


class Lagging(MemoryRegistry):
    """A registry whose pages say something else than its descriptions."""

    def __init__(self, of: MemoryRegistry, specification: str | None) -> None:
        super().__init__(of.everything())
        self._specification = specification

    def everything(self) -> Iterator[ModelVersion]:
        """Every version, as pages have it."""
        for each in super().everything():
            package = replace(each.package, specification=self._specification)
            yield replace(each, package=package)


@pytest.mark.parametrize("specification", [None, "sha256:" + "0" * 64])
def test_a_page_alone_withdraws_no_approval(specification: str | None) -> None:
    """Where a search says otherwise, the version itself is asked before that counts."""
    house = House()
    assert is_live(applied(house))
    house.scene.registry = Lagging(house.scene.registry, specification)
    report = house.scene.apply(("dev",), None, everything=True)
    assert report is not None
    assert report.receipts == ()
    changed = replace(house.version.package, specification="sha256:" + "0" * 64)
    (live,) = house.scene.registry.everything()
    house.scene.registry = MemoryRegistry([replace(live, package=changed)])
    report = house.scene.apply(("dev",), None, everything=True)
    assert report is not None
    (restored,) = report.receipts
    assert isinstance(restored, RegistryRestored)
