"""Report drift of a live version: one open issue for it, and a request to train it anew."""

from dataclasses import dataclass

from assent.core.config import Environment
from assent.core.drift import Drift, read_progress, run_key
from assent.core.errors import AssentError
from assent.core.events import (
    VIOLATED,
    Ignored,
    MonitoringChange,
    ViolationsReport,
    require_account,
    require_same_job,
)
from assent.core.evidence import UnreadPart
from assent.core.forge import IssueReport
from assent.core.names import PackageArn, RecordId, parse_package_arn
from assent.core.outcome import DriftReported, DriftStep, Outcome, Vanished
from assent.core.own_events import RETRAINING_REQUESTED, retraining_detail
from assent.core.parameters import Names, parse_current_version
from assent.core.rendering.drift import (
    DRIFT_LABEL,
    comment_marker,
    drift_body,
    drift_comment,
    drift_labels,
    drift_title,
    duplicate_comment,
)
from assent.core.reports import ReportKind, Unreadable, Violation, parse_report
from assent.core.reports.violations import VIOLATIONS
from assent.flows.event_world import World
from assent.flows.one_issue import OneIssue
from assent.flows.read_reports import read_file, require_answer, unread_part
from assent.ports import MonitoringRun, NotThere, Reports

__all__ = ["report_monitoring", "report_violations"]

_REPORT = "constraint_violations.json"
"""What Model Monitor leaves below its output when it finds some."""


def report_monitoring(change: MonitoringChange, world: World) -> Outcome:
    """Report what a Model Monitor job found, if it is about a version that is live.

    Raises:
        AssentError: A service refuses or does not answer.
    """
    where = (change.account, change.region)
    environments = [each for each in world.config.environments if _place(each) == where]
    if not environments:
        return Ignored(
            why=f"{change.arn} is of no environment: none is in account {change.account}, "
            f"region {change.region}"
        )
    try:
        job = world.jobs(environments[0]).monitoring(change.name)
    except NotThere as error:
        return Vanished(why=error.message)
    require_same_job(change.arn, job.arn, environments[0])
    if not job.exit_message.startswith(VIOLATED):
        return Ignored(why=f"{job.arn} does not say {VIOLATED}")
    if job.model is None:
        return Ignored(
            why=f"nothing tells which model {job.arn} watches: set ASSENT_MODEL in its environment"
        )
    outside = world.config.registry.outside(job.model)
    if outside is not None:
        return Ignored(why=f"{job.arn} watches {job.model}: {outside}")
    watched = _watched(job, job.model, environments, world)
    if isinstance(watched, Ignored):
        return watched
    environment, version = watched
    arn = _package(job.model, version, world)
    uris = tuple(f"{output.rstrip('/')}/{_REPORT}" for output in job.outputs)
    found = _read(uris, arn, world.reports(environment))
    if not uris:
        found.unread.append(unread_part(job.arn, "the job names no output in S3"))
    drift = Drift(
        id=RecordId(environment.name, job.model, version),
        run=job.arn,
        ended=job.ended,
        said=job.exit_message,
        violations=tuple(found.violations),
        unread=tuple(found.unread),
    )
    return _report(drift, arn, world)


def report_violations(report: ViolationsReport, world: World) -> Outcome:
    """Report what a pipeline's own monitoring found, if it is about the version that is live.

    Raises:
        Misdirected: The pipeline runs in another account than the environment's.
        UnknownEnvironment: It names no rung.
        AssentError: A service refuses or does not answer.
    """
    environment = world.config.environment(report.environment)
    require_account(report.account, environment)
    outside = world.config.registry.outside(report.model)
    if outside is not None:
        return Ignored(why=outside)
    live = _live(report.model, environment, world)
    if live is None:
        return Ignored(why=f"no version of {report.model} is live in {environment.name}")
    if report.version not in {None, live}:
        return Ignored(
            why=f"{report.model} {report.version} is not live in {environment.name}; "
            f"{live} is, which was not monitored"
        )
    arn = _package(report.model, live, world)
    found = _read(report.uris, arn, world.reports(environment))
    if not found.violations and not found.unread:
        return Ignored(why=f"the reports of {report.run} hold no violation")
    drift = Drift(
        id=RecordId(environment.name, report.model, live),
        run=report.run,
        violations=tuple(found.violations),
        unread=tuple(found.unread),
    )
    return _report(drift, arn, world)


def _place(environment: Environment) -> tuple[str, str]:
    return environment.account, environment.region


def _package(model: str, version: int, world: World) -> PackageArn:
    return parse_package_arn(world.config.registry.package_arn(model, version))


def _watched(
    job: MonitoringRun, model: str, environments: list[Environment], world: World
) -> tuple[Environment, int] | Ignored:
    """The environment and live version that a job watches, as far as one can tell."""
    versions = {
        arn.version
        for arn in job.packages
        if arn.text == world.config.registry.package_arn(model, arn.version)
    }
    if job.packages and not versions:
        return Ignored(why=f"{job.arn} watches no version of {model} in the registry")
    live = {each.name: _live(model, each, world) for each in environments}
    found = [
        (each, version)
        for each in environments
        if (version := live[each.name]) is not None and (not versions or version in versions)
    ]
    if len(found) == 1:
        return found[0]
    names = " and ".join(each.name for each, _ in found)
    if names:
        return Ignored(
            why=f"{job.arn} may be about {names}, which share an account and region, and in all "
            f"of which such a version of {model} is live: report it with assent report-violations"
        )
    which = f" of those that it watches ({', '.join(map(str, sorted(versions)))})"
    return Ignored(
        why=f"{job.arn} is about {model}, of which no version{which if versions else ''} is live "
        f"in {' or '.join(each.name for each in environments)}"
    )


def _live(model: str, environment: Environment, world: World) -> int | None:
    """The version that `current` names there.

    Raises:
        AssentError: It could not be read, which is not a no.
    """
    names = Names(prefix=world.config.parameter_prefix, environment=environment.name)
    name = names.current(model)
    text = world.parameters(environment).read([name]).get(name)
    return None if text is None else parse_current_version(name, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    violations: list[Violation]
    unread: list[UnreadPart]


def _read(uris: tuple[str, ...], arn: PackageArn, reports: Reports) -> _Found:
    """What some reports list; one that cannot be used is named, and stops nothing."""
    found = _Found(violations=[], unread=[])
    for uri in uris:
        try:
            content = read_file(ReportKind.VIOLATIONS, uri, reports).content
        except AssentError as error:
            require_answer(error)
            found.unread.append(unread_part(uri, error.message))
            continue
        report = parse_report(content, ReportKind.VIOLATIONS)
        if isinstance(report, Unreadable):
            found.unread.append(unread_part(uri, report.why))
            continue
        objection = None if report.subject is None else report.subject.objection(arn)
        if objection is not None:
            found.unread.append(unread_part(uri, f"it is of another model: {objection}"))
            continue
        if VIOLATIONS.id not in report.shape.split("+"):
            found.unread.append(unread_part(uri, "it holds no list of violations"))
            continue
        found.violations.extend(report.violations)
        found.unread.extend(
            unread_part(f"{uri} {part.where}", part.why)
            for part in report.unread
            if not part.expected
        )
    return found


def _report(drift: Drift, arn: PackageArn, world: World) -> DriftReported:
    """Open or update the version's issue, then request retraining, once for each run.

    Each step leaves its mark on the page before the next one, so that a redelivery goes on where
    an earlier one was cut off; in between, a request may be made twice, never lost.
    """
    forge, key = world.forge, run_key(drift.run)
    issue, opened = _issue(drift, world)
    step = DriftStep.OPENED if opened else DriftStep.COMPLETED
    progress = read_progress(issue.body)
    if key in progress.requested:
        return _reported(drift, issue, DriftStep.ALREADY_REPORTED)
    if progress.shown != key:
        step = DriftStep.UPDATED
        progress = progress.showing(key)
        if not any(comment_marker(drift.run) in said for said in issue.said):
            forge.comment(issue.number, drift_comment(drift))
        forge.edit_issue(issue.number, drift_body(drift, progress))
    detail = retraining_detail(
        model=drift.id.model,
        version=drift.id.version,
        environment=drift.id.environment,
        package_arn=arn.text,
        run=drift.run,
        issue=issue.url,
        violations=len(drift.violations),
    )
    world.bus.send(RETRAINING_REQUESTED, detail)
    forge.edit_issue(issue.number, drift_body(drift, progress.requesting(key)))
    return _reported(drift, issue, step)


def _issue(drift: Drift, world: World) -> tuple[IssueReport, bool]:
    """The version's one open issue, and whether it was opened here."""
    one = OneIssue(
        forge=world.forge,
        title=drift_title(drift.id),
        label=DRIFT_LABEL,
        duplicate=duplicate_comment,
    )
    found = one.find()
    if found is not None:
        return found, False
    body = drift_body(drift, read_progress("").showing(run_key(drift.run)))
    return one.open(body, drift_labels(drift.id))


def _reported(drift: Drift, issue: IssueReport, step: DriftStep) -> DriftReported:
    return DriftReported(
        id=drift.id,
        run=drift.run,
        url=issue.url,
        number=issue.number,
        step=step,
        violations=len(drift.violations),
        unread=len(drift.unread),
    )
