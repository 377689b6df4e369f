"""Look again at all that a record rests on, before it takes effect for the first time.

Branch protection may be off, and whoever can write a branch can make a new digest. So the files are
read again, and the numbers taken from them again.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from assent.core.changes import Asked, Reason
from assent.core.config import Environment
from assent.core.errors import AssentError
from assent.core.evidence import EvidenceSource, Inference, ReportFile
from assent.core.inference import CollectedInference, UnusableReport
from assent.core.names import shown
from assent.core.origin import origin_of
from assent.core.package import Artifact, ModelVersion
from assent.core.recheck import (
    Objection,
    artifact_objection,
    copy_objection,
    evidence_objection,
    is_told,
    listing_objection,
    report_objection,
    specification_objection,
)
from assent.core.record import Decision
from assent.core.reports import Unreadable
from assent.flows.collect_evidence import assembled, named, parsed
from assent.flows.collect_inference import reassembled
from assent.flows.read_reports import ReadFile, read_file, require_answer, unread_part
from assent.flows.wanted import World
from assent.ports import Missing, Reports, TooLarge

__all__ = ["recheck"]


class _NotToBeRead(AssentError):
    """Something that is compared cannot be seen, which is neither a yes nor a no."""


def recheck(world: World, asked: Asked, seen: ModelVersion | None) -> Objection | None:
    """Compare a record that is to become Approved with what registry and S3 say now.

    The facts of the package itself were compared when `seen` was read, and are once more when the
    registry is written: that costs no call here. A no rests on nothing, and is not looked at.

    Args:
        world: What is read.
        asked: The record; its digest fits.
        seen: The version as it was described in this run.

    Returns:
        The first thing that is not as the record says; None where all is.

    Raises:
        AssentError: Something could not be read, which is neither a yes nor a no.
    """
    if asked.record.decision is not Decision.APPROVED:
        return None
    if world.reports is None or seen is None:
        raise _NotToBeRead("the evidence cannot be compared: registry or files were not looked at")
    return _Recheck(world, world.reports, asked, seen).objection()


class _Recheck:
    """One record, cheapest look first: nothing more is read once something differs."""

    def __init__(
        self,
        world: World,
        reports: Callable[[Environment | None], Reports],
        asked: Asked,
        seen: ModelVersion,
    ) -> None:
        self._world = world
        self._reports = reports
        self._central = reports(None)
        self._id = asked.id
        self._package = asked.record.package
        self._evidence = asked.record.evidence
        self._seen = seen

    def objection(self) -> Objection | None:
        names = {each: unread_part(named(each), "").where for each in self._seen.reports}
        return (
            listing_objection(self._seen.reports, self._package, self._evidence, names)
            or specification_objection(self._package, self._seen.package)
            or self._place_of_inference()
            or self._copies()
            or self._artifacts()
            or self._files()
        )

    def _place_of_inference(self) -> Objection | None:
        """Whether the batch inference is said to have run one rung below."""
        inference, rung = self._evidence.inference, self._world.config.below(self._id.environment)
        below = None if rung is None else rung.name
        if inference is None or inference.environment == below:
            return None
        return Objection(
            reason=Reason.EVIDENCE_ALTERED,
            detail=f"evidence.inference.environment was {shown(inference.environment)}, and the "
            f"rung below is {below or 'none'}",
        )

    def _copies(self) -> Objection | None:
        """Whether each copy that is named is one that Assent kept: others, anybody wrote."""
        inference = self._evidence.inference
        files = {"evidence.reports": self._evidence.reports}
        if inference is not None:
            files["evidence.inference.reports"] = inference.reports
        bucket = self._world.config.evidence_bucket
        for place, reports in files.items():
            for index, file in enumerate(reports):
                objection = copy_objection(f"{place}[{index}]", file, bucket)
                if objection is not None:
                    return objection
        return None

    def _artifacts(self) -> Objection | None:
        for index, container in enumerate(self._package.containers):
            artifact = container.artifact
            if artifact is None:
                continue
            place = f"package.containers[{index}].artifact"
            if self._is_unpinned(artifact):
                if self._may_be_pinned(artifact):
                    return Objection(
                        reason=Reason.ARTIFACT_DIFFERS,
                        detail=f"{place} {shown(artifact.uri, 300)} could not be looked at, and "
                        "can be pinned by now: let Assent propose it anew",
                    )
                continue
            try:
                found = self._looked_at(artifact)
            except Missing as error:
                return Objection(
                    reason=Reason.ARTIFACT_DIFFERS, detail=f"{place} is gone: {error.message}"
                )
            objection = artifact_objection(place, artifact, found)
            if objection is not None:
                return objection
        return None

    def _is_unpinned(self, artifact: Artifact) -> bool:
        """Whether a record has nothing to compare, and says so on the page that was approved."""
        where = unread_part(artifact.uri, "").where
        return artifact.bytes is None and is_told(self._package, self._evidence, where)

    def _may_be_pinned(self, artifact: Artifact) -> bool:
        """Whether what could not be looked at can be: then nobody has to trust that it is the same.

        Raises:
            AssentError: S3 did not answer.
        """
        try:
            self._central.facts(artifact.uri)
        except AssentError as error:
            require_answer(error)
            return False
        return True

    def _looked_at(self, artifact: Artifact) -> Artifact:
        facts = self._central.facts(artifact.uri)
        if artifact.sha256 is not None and facts.checksum_hidden:
            raise _NotToBeRead(
                f"the checksum of {shown(artifact.uri, 300)} may not be read",
                hint="Allow kms:Decrypt on the key that encrypts it.",
            )
        return Artifact(
            uri=artifact.uri,
            etag=facts.etag,
            version_id=facts.version_id,
            bytes=facts.bytes,
            sha256=facts.sha256,
        )

    def _files(self) -> Objection | None:
        """Read every report again, and see that they give the evidence."""
        found = self._read("evidence.reports", self._evidence.reports, self._central)
        if isinstance(found, Objection):
            return found
        recorded = self._evidence.inference
        again = None if recorded is None else self._inference(recorded)
        if isinstance(again, Objection):
            return again
        sources = {(each.kind, each.uri): each for each in self._seen.reports}
        named_by = [sources[file.kind, file.uri] for file in self._evidence.reports]
        read = zip(named_by, found, self._evidence.reports, strict=True)
        files = [parsed(source, content, file) for source, content, file in read]
        useless = (
            unread_part(named(source), file.report.why)
            for source, file in zip(named_by, files, strict=True)
            if isinstance(file.report, Unreadable)
        )
        told = replace(
            self._evidence,
            source=self._source(again),
            inference=None if again is None else again.inference,
            origin=origin_of(self._seen),
            unread=(*(() if again is None else again.unread), *useless),
        )
        return evidence_objection(self._package, self._evidence, assembled(told, files))

    def _source(self, again: CollectedInference | None) -> EvidenceSource:
        """What the record's evidence is; an import is of training, and admission judged it."""
        if again is not None:
            return EvidenceSource.BATCH_INFERENCE
        imported = self._evidence.source is EvidenceSource.IMPORT
        return EvidenceSource.IMPORT if imported else EvidenceSource.TRAINING

    def _inference(self, inference: Inference) -> CollectedInference | Objection:
        environment = self._world.config.environment(inference.environment)
        place = "evidence.inference.reports"
        found = self._read(place, inference.reports, self._reports(environment))
        if isinstance(found, Objection):
            return found
        again = reassembled(inference, found, self._seen.arn)
        if isinstance(again, UnusableReport):
            return Objection(reason=Reason.EVIDENCE_ALTERED, detail=f"{place}: {again.message}")
        return again

    def _read(
        self, place: str, files: Sequence[ReportFile], reports: Reports
    ) -> list[bytes] | Objection:
        """The bytes of report files, each of which is as the record has it."""
        contents = []
        for index, file in enumerate(files):
            which = f"{place}[{index}]"
            try:
                read = self._read_one(file, reports)
            except Missing as error:
                return Objection(
                    reason=Reason.REPORT_DIFFERS, detail=f"{which} is gone: {error.message}"
                )
            except TooLarge as error:
                return Objection(
                    reason=Reason.REPORT_DIFFERS,
                    detail=f"{which}.bytes was {file.bytes}: {error.message}",
                )
            objection = report_objection(which, file, read.file)
            if objection is not None:
                return objection
            contents.append(read.content)
        return contents

    def _read_one(self, file: ReportFile, reports: Reports) -> ReadFile:
        """A report where it is pinned: its version, else its copy, else what stands there now.

        What was written to its address since does not matter, as long as what was read is kept.
        """
        if file.version_id is not None:
            return read_file(file.kind, file.uri, reports, version_id=file.version_id)
        if file.copy is None:
            return read_file(file.kind, file.uri, reports)
        read = read_file(file.kind, file.copy, self._central)
        return replace(read, file=replace(read.file, version_id=None))  # not the copy's own
