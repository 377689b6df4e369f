"""The scene over HTTP: the sandbox's services, the real adapters, and a wire that can be cut."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar

from github import GithubException
from tests.properties.oracle import BOT
from tests.properties.scene import Cut, OpenPull, configuration, is_answer, told_in

from assent.adapters.git import GitRepository
from assent.adapters.github import GitHubForge, app_installation, connect
from assent.adapters.memory import MemoryBus, MemoryNotices, SettableClock
from assent.adapters.parameter_store import ParameterStore
from assent.adapters.s3 import S3Reports
from assent.adapters.sagemaker import SageMakerRegistry
from assent.adapters.sagemaker_jobs import SageMakerJobs
from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.errors import AssentError
from assent.core.git_objects import blob_id
from assent.core.names import RecordId
from assent.core.outcome import Outcome
from assent.core.own_events import INFERENCE_COMPLETED
from assent.core.package import ModelVersion
from assent.core.rendering.retirement import Retirement
from assent.core.timestamps import written
from assent.flows import propose
from assent.flows.apply import ApplyReport, apply
from assent.flows.collect_evidence import Collected, collect_evidence
from assent.flows.reject import RejectReport, reject
from assent.flows.retire import retire
from assent.flows.wanted import World
from assent.ports import Unavailable
from assent.sandbox.aws import registry as packages_of_moto
from assent.sandbox.aws import transform
from assent.sandbox.aws.events import registration_event
from assent.sandbox.aws.model_package import kept
from assent.sandbox.github import Protection
from assent.sandbox.stage import ACCOUNT, REGION, Stage, repository_files
from assent.sandbox.wire import Call, Drop, Moment

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["HttpScene", "Services"]

T = TypeVar("T")

_LIFTED = Protection(required_approvals=0, require_code_owners=False, require_pull_request=False)
_REPORT = b'{"binary_classification_metrics": {"auc": {"value": 0.9, "standard_deviation": 0.01}}}'


_SCORED = b'{"scored": {"auc": {"value": 0.88}}}'


class Services:
    """A running stage and the clients that every sequence uses; made once, for they take long.

    Args:
        stage: It must have `clock` as its clock.
        clock: Stands still during an action, so that each has a time of its own.
    """

    def __init__(self, stage: Stage, clock: SettableClock) -> None:
        self.stage = stage
        self.clock = clock
        session = stage.aws.session()
        self.registry = SageMakerRegistry(session.client("sagemaker"))
        self.jobs = SageMakerJobs(session.client("sagemaker"))
        self.parameters = ParameterStore(session.client("ssm"))
        self.reports = S3Reports(session.client("s3"))
        said = stage.environment()
        auth = app_installation(
            said["ASSENT_APP_ID"],
            said["ASSENT_APP_PRIVATE_KEY"],
            int(said["ASSENT_INSTALLATION_ID"]),
        )
        self.github = connect(auth, stage.api_url)
        self.sequences = 0


class _WireFuse:
    """Drops one call, before or after its effect, and all that follow: the process is dead."""

    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._seen = 0
        self._last: Call | None = None
        self.blown = False

    def __call__(self, call: Call, moment: Moment) -> Drop | None:
        """See `assent.sandbox.wire.Interceptor`."""
        if moment is Moment.BEFORE:
            self._seen += 1
            if self._seen == self._cut.at:
                self._last = call
        due = call is self._last and moment is (Moment.AFTER if self._cut.after else Moment.BEFORE)
        self.blown = self.blown or due
        return Drop() if self.blown else None


class HttpScene:
    """See `Scene`. A repository, a prefix and models of its own; AWS begins empty."""

    def __init__(self, services: Services, ladder: Sequence[str]) -> None:
        services.sequences += 1
        number = services.sequences
        self._services = services
        self._stage = services.stage
        self._stage.aws.reset()
        self._stage.ledger.clear()
        self.models = (f"churn-{number}", f"fraud-eu-{number}")
        self.clock = services.clock
        # Near the wall's, by which the App's credentials are signed.
        self.clock.set(datetime.now(tz=UTC).replace(microsecond=0))
        self._name = f"acme/promotions-{number}"
        prefix = f"/assent-{number}"
        text = configuration(ladder, prefix, self._name, named_jobs=True)
        self.config = parse_config(text.encode(), load_contracts().config)
        files = {**repository_files(), "assent.yaml": text}
        del files["promotions/README.md"]  # only records are compared
        self._git = GitRepository(self._stage.add_repository(self._name, files))
        self._forge = GitHubForge(services.github, self._name)
        self._approvals: dict[int, list[str]] = {}
        self._trees: dict[str, dict[str, bytes]] = {}
        self._runs = 0
        self._stage.aws.s3.create_bucket(
            Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        for model in self.models:
            self._stage.aws.sagemaker.create_model_package_group(ModelPackageGroupName=model)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        self._git.close()

    def tick(self) -> None:
        """See `Scene`."""
        self.clock.advance(timedelta(seconds=2))

    def now(self) -> str:
        """See `Scene`."""
        return written(self.clock.now())

    # The registry.

    def register(self, model: str) -> int:
        """See `Scene`."""
        aws = self._stage.aws
        report = f"{model}/{self.now()}.json"
        aws.s3.put_object(Bucket="models", Key=report, Body=_REPORT)
        source = {"ContentType": "application/json", "S3Uri": f"s3://models/{report}"}
        answer: Any = aws.sagemaker.create_model_package(
            ModelPackageGroupName=model,
            ModelApprovalStatus="PendingManualApproval",
            InferenceSpecification={
                "Containers": [{"Image": "xgboost:1.7", "ModelDataUrl": f"s3://models/{report}"}],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
            ModelMetrics={"ModelQuality": {"Statistics": source}},  # type: ignore[typeddict-item]
            CustomerMetadataProperties={"team": "growth"},
        )
        return int(answer["ModelPackageArn"].rpartition("/")[2])

    def _arn(self, model: str, version: int) -> str:
        return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/{model}/{version}"

    def recreate(self, model: str, version: int) -> None:
        """See `Scene`. Behind the API's back: SageMaker numbers a new group's versions from 1."""
        found = packages_of_moto.package(ACCOUNT, REGION, self._arn(model, version))
        found.creation_time += timedelta(minutes=1)
        found.model_approval_status = "PendingManualApproval"
        found.approval_description = None
        found.customer_metadata_properties = {"team": "growth"}
        kept(found).pop("ModelLifeCycle", None)

    def collected(self, version: ModelVersion) -> Collected:
        """See `Scene`."""
        return collect_evidence(version, self._services.reports, self.clock.now())

    def delete_package(self, model: str, version: int) -> None:
        """See `Scene`."""
        self._stage.aws.sagemaker.delete_model_package(ModelPackageName=self._arn(model, version))

    def flip(self, model: str, version: int, approval: str | None, field: tuple[str, str]) -> None:
        """See `Scene`."""
        request: dict[str, Any] = {"ModelPackageArn": self._arn(model, version)}
        if approval is not None:
            request["ModelApprovalStatus"] = approval
        self._stage.aws.sagemaker.update_model_package(
            **request, CustomerMetadataProperties=dict([field])
        )

    def packages(self) -> Mapping[tuple[str, int], ModelVersion]:
        """See `Scene`."""
        found = SageMakerRegistry(self._stage.aws.sagemaker).everything()
        return {(each.arn.model, each.arn.version): each for each in found}

    def parameters(self) -> Mapping[str, str]:
        """See `Scene`."""
        store = ParameterStore(self._stage.aws.ssm)
        return dict(store.read_below(self.config.parameter_prefix))

    # The repository.

    def main(self) -> Mapping[str, bytes]:
        """See `Scene`."""
        return self._files(self._head())

    def _head(self) -> str:
        return self._git.commit("refs/heads/main")

    def _files(self, commit: str) -> dict[str, bytes]:
        if commit not in self._trees:
            entries = self._git.entries(commit, "promotions")
            contents = dict(self._git.blobs(entry.blob for entry in entries))
            self._trees[commit] = {entry.path: contents[entry.blob] for entry in entries}
        return self._trees[commit]

    def pulls(self) -> Sequence[OpenPull]:
        """See `Scene`."""
        return [
            OpenPull(
                number=pull.number,
                branch=pull.head.ref,
                author=pull.user.login,
                approvals=tuple(self._approvals.get(pull.number, ())),
                files=self._files(pull.head.sha),
            )
            for pull in self._stage.pull_requests(name=self._name)
        ]

    def open_pull(self, author: str, branch: str, path: str, content: bytes) -> int:
        """See `Scene`."""
        repository = self._stage.repository(author, self._name)
        repository.create_git_ref(f"refs/heads/{branch}", self._head())
        self._put(author, branch, path, content)
        return repository.create_pull("main", branch, title=f"Change {path}", body="").number

    def _put(self, login: str, branch: str, path: str, content: bytes | None) -> None:
        """Write a file over the one that main has there; None deletes it."""
        repository = self._stage.repository(login, self._name)
        there = self.main().get(path)
        if content is None:
            if there is not None:
                repository.delete_file(path, "Delete", blob_id(there), branch=branch)
        elif there is None:
            repository.create_file(path, "Write", content, branch=branch)
        else:
            repository.update_file(path, "Write", content, blob_id(there), branch=branch)

    def approve(self, number: int, login: str) -> None:
        """See `Scene`."""
        self._stage.approve(number, login, self._name)
        self._approvals.setdefault(number, []).append(login)

    def merge(self, number: int, *, bypass: bool) -> bool:
        """See `Scene`."""
        with self._protection_lifted(really=bypass):
            try:
                self._stage.merge(number, "carla", self._name)
            except GithubException:
                return False
        return True

    @contextmanager
    def _protection_lifted(self, *, really: bool = True) -> Iterator[None]:
        """Let everything through for a moment, as somebody who administers the branch can."""
        protections = self._stage.hub._state.repository(self._name).protections
        kept_rules = protections["main"]
        if really:
            self._stage.hub.protect(self._name, "main", _LIFTED)
        try:
            yield
        finally:
            self._stage.hub.protect(self._name, "main", kept_rules)

    def answers(self) -> Mapping[int, int]:
        """See `Scene`."""
        issues = self._stage.hub._state.repository(self._name).issues
        return {
            number: sum(each.author == BOT and is_answer(each.body) for each in issue.comments)
            for number, issue in issues.items()
            if issue.pull is not None
        }

    def told(self) -> Counter[tuple[int, str, str]]:
        """See `Scene`."""
        issues = self._stage.hub._state.repository(self._name).issues
        return Counter(
            each
            for number, issue in issues.items()
            for each in told_in(number, (c.body for c in issue.comments if c.author == BOT))
        )

    def shown(self) -> Mapping[str, int]:
        """See `Scene`."""
        found: dict[str, int] = {}
        for each in self._stage.hub._state.repository(self._name).deployments.values():
            if each.statuses and each.statuses[-1].state == "success":
                assert isinstance(each.payload, dict)
                assert each.environment not in found, "two are active at one place"
                found[each.environment] = each.payload["version"]
        return found

    def close(self, number: int, by: str) -> None:
        """See `Scene`."""
        if by == BOT:
            self._services.github.get_repo(self._name).get_pull(number).edit(state="closed")
        else:
            self._stage.close(number, by, self._name)

    def delete_branch(self, number: int, by: str) -> None:
        """See `Scene`."""
        person = self._stage.person(by)
        branch = person.get_repo(self._name).get_pull(number).head.ref
        # PyGithub's own call for it asks a path that the documentation does not have.
        path = f"/repos/{self._name}/git/refs/heads/{branch}"
        person.requester.requestJsonAndCheck("DELETE", path)

    def reopen(self, number: int, by: str) -> bool:
        """See `Scene`."""
        repository = self._stage.repository(by, self._name)
        pull = repository.get_pull(number)
        try:
            if not any(each.name == pull.head.ref for each in repository.get_branches()):
                repository.create_git_ref(f"refs/heads/{pull.head.ref}", pull.head.sha)
            pull.edit(state="open")
        except GithubException:
            return False
        return True

    def remark(self, number: int, by: str, text: str) -> None:
        """See `Scene`."""
        self._stage.repository(by, self._name).get_pull(number).create_issue_comment(text)

    def push(self, path: str, content: bytes | None) -> None:
        """See `Scene`."""
        with self._protection_lifted():
            self._put("carla", "main", path, content)

    # The bot.

    @contextmanager
    def _wired(self, cut: Cut | None) -> Iterator[_WireFuse | None]:
        fuse = None if cut is None else _WireFuse(cut)
        wires = (self._stage.aws.wire, self._stage.github_wire)
        for wire in wires:
            wire.interceptor = fuse
        try:
            yield fuse
        finally:
            for wire in wires:
                wire.interceptor = None

    def propose(self, model: str, version: int, cut: Cut | None) -> Outcome | None:
        """See `Scene`."""
        arn = self._arn(model, version)
        seen = self.packages().get((model, version))
        event = registration_event(
            {
                "ModelPackageArn": arn,
                "ModelPackageGroupName": model,
                "ModelPackageVersion": version,
                "CreationTime": seen.package.created if seen else self.clock.now(),
            }
        )
        return self.deliver(event, cut)

    def infer(self, environment: str, model: str, version: int, *, job: bool) -> Mapping[str, Any]:
        """See `Scene`."""
        arn, outputs = self._arn(model, version), {"metrics.json": _SCORED}
        if job:
            return transform(self._stage.aws, arn, environment, outputs=outputs).event
        self._runs += 1
        key = f"{model}/{version}/{self._runs}/metrics.json"
        self._stage.aws.s3.put_object(Bucket="models", Key=key, Body=_SCORED)
        return {
            "source": "assent",
            "detail-type": INFERENCE_COMPLETED,
            "account": ACCOUNT,
            "region": REGION,
            "detail": {
                "model": model,
                "version": version,
                "environment": environment,
                "run": f"pipeline-{self._runs}",
                "reports": [{"kind": "evaluation", "uri": f"s3://models/{key}"}],
            },
        }

    def deliver(self, event: Mapping[str, Any], cut: Cut | None) -> Outcome | None:
        """See `Scene`."""
        world = propose.World(
            config=self.config,
            contracts=load_contracts(),
            forge=self._forge,
            registry=self._services.registry,
            clock=self.clock,
            reports=lambda _: self._services.reports,
            parameters=lambda _: self._services.parameters,
            jobs=lambda _: self._services.jobs,
            bus=MemoryBus(),
            notices=MemoryNotices(),
            store=None,
        )
        return self._unless_killed(lambda: propose.propose(event, world), cut)

    def _unless_killed(self, run: Callable[[], T], cut: Cut | None) -> T | None:
        """Run a process; None where it dies."""
        with self._wired(cut) as fuse:
            try:
                found = run()
            except AssentError:
                if fuse is None or not fuse.blown:
                    raise
                return None
        return None if fuse is not None and fuse.blown else found

    def _world(self) -> World:
        return World(
            config=self.config,
            contracts=load_contracts(),
            history=self._git,
            head=self._head(),
            registry=self._services.registry,
            parameters=lambda _: self._services.parameters,
            clock=self.clock,
            deployments=self._forge.deployments(),
            reports=lambda _: self._services.reports,
        )

    def retire(
        self, environment: str, model: str, version: int, reason: str, cut: Cut | None
    ) -> Retirement | AssentError | None:
        """See `Scene`."""
        world, id_ = self._world(), RecordId(environment, model, version)
        try:
            return self._unless_killed(lambda: retire(world, self._forge, id_, reason), cut)
        except Unavailable:
            raise
        except AssentError as error:
            return error

    def reject(self, number: int, cut: Cut | None) -> RejectReport | None:
        """See `Scene`."""
        world, rungs = self._world(), self.config.environments
        return self._unless_killed(lambda: reject(world, self._forge, number, rungs), cut)

    def apply(
        self, environments: Sequence[str], cut: Cut | None, *, everything: bool
    ) -> ApplyReport | None:
        """See `Scene`."""
        world, rungs = self._world(), self.config.select(environments)
        return self._unless_killed(
            lambda: apply(world, self._forge, rungs, everything=everything), cut
        )

    def writes(self) -> int:
        """See `Scene`."""
        return self._stage.ledger.count(writes=True)
