"""Propose a version for the next rung, after a batch inference with it one rung down."""

from assent.core.config import Config, Environment
from assent.core.errors import AssentError
from assent.core.events import (
    Ignored,
    InferenceReport,
    Misdirected,
    TransformChange,
    require_account,
    require_same_job,
)
from assent.core.forge import PromotionView
from assent.core.inference import ExpectedFile, InferenceRun, UnusableReport, expected_files
from assent.core.names import PackageArn, RecordId, parse_package_arn
from assent.core.outcome import Outcome, Settled, Unusable, Vanished
from assent.core.package import ModelVersion
from assent.core.parameters import HistoryEntry, Names
from assent.core.record import Decision, ParsedRecord, parse_record
from assent.flows.collect_evidence import Collected, collect_evidence
from assent.flows.collect_inference import collect_inference
from assent.flows.event_world import World
from assent.flows.histories import read_histories
from assent.flows.open_promotion import open_promotion
from assent.ports import NotThere, TransformRun

__all__ = ["promote_after_report", "promote_after_transform"]


def promote_after_transform(change: TransformChange, world: World) -> Outcome:
    """Open the pull request for the rung above the one where a transform job ran, if it is due.

    Raises:
        AssentError: A service refuses or does not answer.
    """
    config = world.config
    found = config.running(change.name, account=change.account, region=change.region)
    if len(found) != 1:
        return Ignored(why=_unclear_environment(change, found))
    environment = found[0]
    target = config.above(environment.name)
    if target is None:
        return Ignored(why=_top(environment))
    try:
        job = world.jobs(environment).transform(change.name)
    except NotThere as error:
        return Vanished(why=error.message)
    require_same_job(change.arn, job.arn, environment)
    arn = _package_of(job, config)
    if isinstance(arn, Ignored):
        return arn
    run = InferenceRun(
        environment=environment.name,
        run=job.arn,
        started=job.started,
        ended=job.ended,
        instance_type=job.instance_type,
        instances=job.instances,
        files=expected_files(environment.inference.reports, job.output),
    )
    return _promote(run, arn, environment, target, world)


def promote_after_report(report: InferenceReport, world: World) -> Outcome:
    """Open the pull request for the rung above the one that a pipeline speaks of, if it is due.

    Raises:
        Misdirected: The pipeline runs in another account, or speaks of another registry.
        UnknownEnvironment: It names no rung.
        AssentError: A service refuses or does not answer.
    """
    config = world.config
    environment = config.environment(report.environment)
    require_account(report.account, environment)
    arn = parse_package_arn(config.registry.package_arn(report.model, report.version))
    told = report.package_arn or arn
    if told != arn:
        raise Misdirected(
            f"the report is about {told.text}; in the registry of assent.yaml that version is "
            f"{arn.text}",
            hint="Correct `registry` in assent.yaml, or what the pipeline reports.",
        )
    outside = config.registry.outside(arn.model)
    if outside is not None:
        return Ignored(why=outside)
    target = config.above(environment.name)
    if target is None:
        return Ignored(why=_top(environment))
    run = InferenceRun(
        environment=environment.name,
        run=report.run,
        started=report.started,
        ended=report.ended,
        files=tuple(ExpectedFile(kind=each.kind, uri=each.uri) for each in report.reports),
    )
    return _promote(run, arn, environment, target, world)


def _unclear_environment(change: TransformChange, found: tuple[Environment, ...]) -> str:
    where = f"account {change.account}, region {change.region}"
    if not found:
        return (
            f"{change.arn} is of no environment: none in {where} runs a transform job of that name"
        )
    names = " and ".join(each.name for each in found)
    return (
        f"{change.arn} may be of {names}, which are all in {where}: set inference.transform_jobs "
        "there, so that a job's name tells"
    )


def _top(environment: Environment) -> str:
    return f"{environment.name} is the top of the ladder; there is no rung above to propose for"


def _package_of(job: TransformRun, config: Config) -> PackageArn | Ignored:
    """The version that a job ran, if it completed and ran just one of our registry."""
    if job.status != "Completed":
        more = f": {job.failure}" if job.failure else ""
        return Ignored(why=f"{job.arn} is {job.status}{more}; it proposes nothing")
    if not job.packages:
        why = f"{job.arn} ran the model {job.model}, which is no versioned model package"
        return Ignored(why=why)
    if len(job.packages) > 1:
        names = ", ".join(arn.text for arn in job.packages)
        why = f"{job.arn} ran the model {job.model} of several model packages: {names}"
        return Ignored(why=why)
    (arn,) = job.packages
    if arn.text != config.registry.package_arn(arn.model, arn.version):
        return Ignored(why=f"{job.arn} ran {arn.text}, which is of another registry")
    outside = config.registry.outside(arn.model)
    return arn if outside is None else Ignored(why=f"{job.arn} ran {arn.text}: {outside}")


def _promote(
    run: InferenceRun, arn: PackageArn, environment: Environment, target: Environment, world: World
) -> Outcome:
    """Propose for `target` what ran in `environment`, if it is approved there and waits here."""
    try:
        version = world.registry.describe(arn)
    except NotThere as error:
        return Vanished(why=error.message)
    if version.status != "Completed":
        return Ignored(why=f"{arn.text} is {version.status}; it cannot run")
    below = RecordId(environment.name, arn.model, arn.version)
    id_ = RecordId(target.name, arn.model, arn.version)
    decided = version.metadata.get(target.name)
    if decided in {decision.value for decision in Decision}:
        return Settled(id=id_, why=f"{arn.text} is {decided} in {target.name} already")
    last = _decided(below, environment, world)
    why = _not_effective(below, version, last)
    if why is not None:
        return Ignored(why=why)

    def collect(view: PromotionView) -> Collected | Unusable | Ignored:
        why = _not_on_main(below, version, view, world)
        if why is not None:
            return Ignored(why=why)
        found = collect_inference(run, arn, world.reports(environment), store=world.store)
        if isinstance(found, UnusableReport):
            return Unusable(id=id_, run=run.run, uri=found.uri, why=f"{found.why}. {found.remedy}")
        return collect_evidence(
            version, world.reports(None), world.clock.now(), store=world.store, inference=found
        )

    since = None if last is None else last.applied_at
    return open_promotion(id_, version, world, collect, below=below, since_below=since)


def _decided(id_: RecordId, environment: Environment, world: World) -> HistoryEntry | None:
    """The decision in effect where a version ran, as Parameter Store tells.

    Raises:
        AssentError: The history could not be read, which is neither a yes nor a no.
    """
    names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
    history = read_histories(world.parameters(environment), names, [id_])[id_]
    if isinstance(history, AssentError):
        raise history
    return history.last


def _not_effective(id_: RecordId, version: ModelVersion, last: HistoryEntry | None) -> str | None:
    """Why a version is not approved where it ran; None where it is."""
    if last is None or last.decision is not Decision.APPROVED:
        said = "nothing was decided" if last is None or not last.decision else last.decision.value
        return f"{id_} is not approved ({said}), so it is not proposed one rung up"
    if last.created not in {None, version.package.created}:
        return f"{id_} was approved for an earlier package of this number, not for this one"
    return None


def _not_on_main(
    id_: RecordId, version: ModelVersion, view: PromotionView, world: World
) -> str | None:
    """Why main does not want a version where it ran; None where it does."""
    branch = world.config.branch
    content = view.files.get(id_.path)
    if content is None:
        return f"{branch} has no {id_.path}, so it is not proposed one rung up"
    parsed = parse_record(content, world.contracts.promotion)
    if not isinstance(parsed, ParsedRecord):
        return f"{id_.path} of {branch} does not read, so it is not proposed one rung up"
    if parsed.record.decision is not Decision.APPROVED:
        said = parsed.record.decision.value
        return f"{id_.path} of {branch} says {said}, so it is not proposed one rung up"
    if parsed.record.package.created != version.package.created:
        return f"{id_.path} of {branch} is about an earlier package of this number"
    return None
