"""Promotions to render: evidence as real reports give it, judged by a real configuration."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from assent.contracts import load_contracts
from assent.core.config import Config, parse_config
from assent.core.curves import Curve
from assent.core.evidence import (
    Evidence,
    EvidenceSource,
    Inference,
    Origin,
    ReportFile,
    UnreadPart,
    evidence_digest,
)
from assent.core.gates import (
    Gate,
    GateFails,
    GateHolds,
    GateKind,
    GateUnjudged,
    GateWaived,
)
from assent.core.metrics import Metric
from assent.core.names import RecordId, parse_package_arn
from assent.core.package import Artifact, Container, ModelVersion, Package, RegistryApproval
from assent.core.parameters import Names
from assent.core.record import Decision, Record, Waiver
from assent.core.reports import Report, ReportKind, Violation, parse_report
from assent.core.review import (
    BrokenGlass,
    Champion,
    ChampionState,
    ChampionUnread,
    NewerVersion,
    Review,
    review,
)

__all__ = ["AT", "CASES", "CONFIG", "HOSTILE", "METRICS", "Case", "champion", "record", "version"]

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
PULL = "https://github.com/acme/model-promotions/pull"
HOSTILE = (
    "# x\n\n<img src=x onerror=alert(1)> @acme/ml-approvers fixes #12 GH-1 ``` ` | "
    "[x](javascript:1) ![x](https://evil.example/x.png) <!-- assent: end --> &lt; \\| *b* _i_ ~s~ "
    "%%{init: {}}%% ::set-output :tada: \u202e\u200b\x1b[31m https://github.com/acme/x/issues/3"
)

_AUC = "binary_classification_metrics.auc"
_YAML = """
schema: assent/config/v1
registry: {account: "111122223333", region: eu-west-1}
github: {repository: acme/model-promotions}
environments:
  - {name: dev, account: "111122223333", region: eu-west-1}
  - name: test
    account: "222233334444"
    region: eu-west-1
    gates: [{id: no-drift, no_violations: true, measured_in: inference}]
  - name: prod
    account: "444455556666"
    region: eu-west-1
    approvals: 2
    soak: 24h
    gates:
      - {id: auc-floor, metric: binary_classification_metrics.auc, at_least: 0.8, sigmas: 2}
      - id: auc-regression
        metric: binary_classification_metrics.auc
        no_worse_than_champion_by: 0.01
      - id: auc-in-test
        metric: binary_classification_metrics.auc
        at_least: 0.85
        measured_in: inference
      - {id: no-drift, no_violations: true, measured_in: inference}
models:
  - match: "tickets"
    environments:
      dev:
        gates:
          - id: accuracy
            metric: multiclass_classification_metrics.accuracy
            improves_champion_by: 0.005
          - {id: recall, metric: multiclass_classification_metrics.weighted_recall, at_least: 0.7}
  - match: "price"
    environments:
      dev:
        gates:
          - {id: rmse, metric: regression_metrics.rmse, at_most: 2.5, sigmas: 2}
          - id: no-worse
            metric: regression_metrics.rmse
            no_worse_than_champion_by: 0.05
            sigmas: 1
"""
CONFIG = parse_config(_YAML.encode(), load_contracts().config)
_FREEZE = """
freezes:
  - reason: "Christmas sale: no model changes @acme/on-call"
    zone: Europe/Berlin
    environments: [prod]
    from: "2026-11-24T18:00"
    until: "2026-12-27T08:00"
stop_the_line: "Incident 311: features arrive late"
"""
WAITING = parse_config((_YAML + _FREEZE).encode(), load_contracts().config)


def read(kind: ReportKind, document: Mapping[str, Any]) -> Report:
    """A report as the parsers give it."""
    report = parse_report(json.dumps(document).encode(), kind)
    assert isinstance(report, Report), report
    return report


def _value(value: float, deviation: float | str = "NaN") -> dict[str, Any]:
    return {"value": value, "standard_deviation": deviation}


def binary(gain: float = 0.0) -> dict[str, Metric]:
    """What Model Monitor and Clarify report of a churn model; `gain` moves all of it."""
    quality = {
        "binary_classification_metrics": {
            "accuracy": _value(round(0.871 + gain, 4), 0.0031),
            "accuracy_best_constant_classifier": _value(0.74, 0.0029),
            "auc": _value(round(0.901 + gain, 4), 0.0042),
            "f1": _value(round(0.795 + 2 * gain, 4), 0.0061),
            "f1_best_constant_classifier": _value(0.41, 0.005),
            "precision": _value(round(0.812 + gain, 4), 0.007),
            "recall": _value(round(0.779 - gain, 4), 0.008),
            "true_negative_rate": _value(0.92, 0.004),
            "false_positive_rate": _value(0.08, 0.004),
            "confusion_matrix": {
                "0": {"0": 1_361 + round(500 * gain), "1": 119 - round(500 * gain)},
                "1": {"0": 115, "1": 405},
            },
        },
        "dataset": {"item_count": 2_000},
    }
    bias = {
        "post_training_bias_metrics": {
            "facets": {
                "Gender": [
                    {
                        "value_or_threshold": "0",
                        "metrics": [
                            {"name": "AD", "value": round(-0.031 + gain, 4)},
                            {"name": "DI", "value": round(0.91 - gain, 4)},
                            {"name": "DPPL", "value": 0.044},
                        ],
                    }
                ],
                "Age": [
                    {
                        "value_or_threshold": "(40.0, 90.0]",
                        "metrics": [{"name": "DPPL", "value": round(0.062 - gain, 4)}],
                    }
                ],
            }
        }
    }
    return {
        **read(ReportKind.MODEL_QUALITY, quality).metrics,
        **read(ReportKind.BIAS, bias).metrics,
        **read(ReportKind.EXPLAINABILITY, explained(gain)).metrics,
    }


def explained(gain: float) -> dict[str, Any]:
    """Clarify's attributions; with a gain one feature is new, one is gone, and two change place."""
    shap = {
        "recency_days": 0.182,
        "frequency": 0.131 + 4 * gain,
        "monetary_value": 0.127,
        "tenure_days": 0.083,
        "discount share": 0.051,
        "returns": 0.044,
        "visits_30d": 0.032,
        "newsletter": 0.021,
        "Pays by card?": 0.019,
        "age": 0.012,
        "weekday": 0.006,
        "basket size": 0.004,
    }
    if gain:
        shap["support_calls"] = 0.097
        shap["monetary_value"] = 0.061
        shap["recency_days"] = 0.171
        del shap["returns"]
    return {"explanations": {"kernel_shap": {"label0": {"global_shap_values": shap}}}}


def curves(bend: float) -> tuple[Curve, ...]:
    """A receiver operating characteristic and precision over recall; more bend is better."""
    steps = [index / 20 for index in range(21)]
    rates = tuple((x, round(1 - (1 - x) ** bend, 4)) for x in steps)
    precisions = tuple((x, round(1 - 0.74 * x ** (bend / 1.5), 4)) for x in steps)
    section = "binary_classification_metrics"
    return (
        Curve(name=f"{section}.precision_recall_curve", x="recalls", y="precisions",
              points=precisions),
        Curve(name=f"{section}.receiver_operating_characteristic_curve", x="false_positive_rates",
              y="true_positive_rates", points=rates),
    )  # fmt: skip


METRICS: Mapping[str, Metric] = {
    _AUC: Metric(value=0.913, standard_deviation=0.004),
    "binary_classification_metrics.f1": Metric(value=0.81),
    "rows": Metric(value=12_345.0),
}


def report_file(
    kind: ReportKind = ReportKind.MODEL_QUALITY,
    name: str = "evaluation.json",
    shape: str | None = "model-quality",
) -> ReportFile:
    """A report that was read."""
    return ReportFile(
        kind=kind,
        uri=f"s3://acme-models/churn/7/{name}",
        version_id="3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
        sha256="0" * 64,
        bytes=2_462,
        shape=shape,
    )


ORIGIN = Origin(
    made_by="arn:aws:sagemaker:eu-west-1:111122223333:pipeline/churn-training/execution/9x2kq1",
    training_job="pipelines-9x2kq1-Train-7fQ2",
    commit="8f7c2d1e5b6a49d0c3f2e1a0b9c8d7e6f5a4b3c2",
    repository="https://github.com/acme/churn",
    description="Churn with the support calls of the last 90 days.",
)


def record(
    metrics: Mapping[str, Metric] = METRICS,
    *,
    environment: str = "dev",
    model: str = "churn",
    number: int = 7,
    text: str = "",
    containers: int = 1,
    **evidence: object,
) -> Record:
    """A record that asks for approval; `text` goes wherever a stranger can put some.

    Args:
        metrics: Of training.
        environment: Where.
        model: The model.
        number: The version.
        text: Hostile.
        containers: How many.
        evidence: Further fields of the evidence.
    """
    package = Package(
        arn=f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/{model}/{number}",
        created=AT - timedelta(days=7 * (7 - number)),
        created_by=text or "arn:aws:sts::111122223333:assumed-role/training/zoe",
        containers=tuple(
            Container(
                image=text
                or f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/xgboost@sha256:{'5d' * 32}",
                artifact=Artifact(
                    uri=f"s3://acme-models/{model}/{number}/{text or 'model.tar.gz'}",
                    etag=text or "9b2cf535f27731c974343645a3985328",
                    version_id=text or "L4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
                    bytes=104_857 + index,
                ),
            )
            for index in range(containers)
        ),
    )
    after = "inference" in evidence
    known: dict[str, Any] = {
        "source": EvidenceSource.BATCH_INFERENCE if after else EvidenceSource.TRAINING,
        "collected": package.created + timedelta(seconds=7),
        "reports": (report_file(),),
        "origin": None if text else ORIGIN,
        **evidence,
    }
    collected = Evidence(metrics=metrics, **known)
    # Of text that no file can hold there is no digest.
    digest = f"sha256:{'0' * 64}" if text else evidence_digest(package, collected)
    collected = replace(collected, digest=digest)
    return Record(
        id=RecordId(environment, model, number),
        decision=Decision.APPROVED,
        package=package,
        evidence=collected,
    )


def version(of: Record, text: str = "", **changed: object) -> ModelVersion:
    """What the registry says of a record's package."""
    known: dict[str, Any] = {
        "approval": RegistryApproval.PENDING,
        "metadata": {of.id.environment: text} if text else {},
        "description": text,
        "generated_by": text or ORIGIN.made_by,
        "commit": text or ORIGIN.commit,
        "repository": text or ORIGIN.repository,
        **changed,
    }
    return ModelVersion(
        arn=parse_package_arn(of.package.arn), package=of.package, status="Completed", **known
    )


def champion(of: Record, **changed: object) -> Champion:
    """What is live, by a record."""
    known: dict[str, Any] = {
        "version": of.id.version,
        "record": of,
        "since": AT - timedelta(days=20),
        "pull_request": f"{PULL}/31",
        **changed,
    }
    return Champion(**known)


RUN = Inference(
    environment="test",
    run="arn:aws:sagemaker:eu-west-1:222233334444:transform-job/churn-7-20261123",
    started=AT + timedelta(days=1),
    ended=AT + timedelta(days=1, minutes=4, seconds=12),
    instance_type="ml.m5.xlarge",
    instances=2,
    reports=tuple(
        replace(
            report_file(kind, f"{name}.json", shape),
            uri=f"s3://acme-test/churn/7/{name}.json",
            version_id=None,
            copy=f"s3://acme-assent-evidence/sha256/{character * 64}",
        )
        for kind, name, shape, character in (
            (ReportKind.EVALUATION, "metrics", "flattened", "a"),
            (ReportKind.VIOLATIONS, "constraint_violations", "violations", "b"),
        )
    ),
    metrics={
        _AUC: Metric(value=0.894, standard_deviation=0.011),
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
UNREAD = (
    UnreadPart(where="bias s3://acme-models/churn/7/bias.json", why="access denied"),
    UnreadPart(where="model-quality rows", why="it is no number"),
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A promotion, and all that its page may say."""

    record: Record
    champion: ChampionState = None
    config: Config = CONFIG
    now: datetime = NOW
    seen: bool = True
    text: str = ""
    """What the registry says wherever a stranger can put something."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of `review`."""

    def review(self) -> Review:
        """It, judged."""
        known: dict[str, Any] = {
            "since_below": NOW - timedelta(days=2),
            "owners": ("@acme/ml-approvers", "@ana"),
            "seen": version(self.record, self.text) if self.seen else None,
            **self.more,
        }
        return review(self.record, self.champion, config=self.config, now=self.now, **known)


def to_prod(
    gain: float,
    inference: Inference | None = None,
    number: int = 7,
    waivers: Sequence[Waiver] = (),
    violations: tuple[Violation, ...] = (),
) -> Record:
    """Churn 7 for prod, after a batch inference in test."""
    proposed = record(
        binary(gain),
        environment="prod",
        number=number,
        inference=inference or RUN,
        curves=curves(4 + 40 * gain),
        reports=(
            report_file(),
            report_file(ReportKind.BIAS, "bias.json", "clarify-bias"),
            report_file(ReportKind.EXPLAINABILITY, "explanations.json", "clarify-explainability"),
        ),
        violations=violations,
    )
    return replace(proposed, waivers=tuple(waivers))


def below(of: Record, environment: str = "test") -> Record:
    """The same version one rung down, after a run in dev."""
    run = replace(
        RUN, environment="dev", run="nightly 311",
        metrics={_AUC: Metric(value=0.899, standard_deviation=0.009)},
    )  # fmt: skip
    evidence = replace(of.evidence, inference=run)
    return replace(of, id=replace(of.id, environment=environment), evidence=evidence)


LIVE = champion(
    to_prod(
        0.0,
        replace(RUN, metrics={_AUC: Metric(value=0.889, standard_deviation=0.010)}),
        number=5,
    )
)
EARLIER = tuple(
    replace(
        record({_AUC: Metric(value=value, standard_deviation=0.004)}, number=number),
        decision=decision,
    )
    for number, value, decision in (
        (1, 0.861, Decision.RETIRED),
        (2, 0.874, Decision.APPROVED),
        (3, 0.858, Decision.REJECTED),
        (4, 0.893, Decision.APPROVED),
        (5, 0.901, Decision.APPROVED),
        (6, 0.898, Decision.APPROVED),
    )
)
_BETTER, _WORSE = to_prod(0.012), to_prod(-0.024)
_WHOLE: Mapping[str, Any] = {"below": below(_BETTER), "earlier": EARLIER}


def multiclass(gain: float) -> dict[str, Metric]:
    """What Model Monitor reports of a model of five classes."""
    names = ("billing", "delivery", "login", "other", "returns & refunds")
    matrix = {
        actual: {
            said: 300 + 40 * row + round(1_000 * gain)
            if row == column
            else 6 + 3 * abs(row - column)
            for column, said in enumerate(names)
        }
        for row, actual in enumerate(names)
    }
    document = {
        "multiclass_classification_metrics": {
            "confusion_matrix": matrix,
            "accuracy": _value(round(0.871 + gain, 4), 0.0027),
            "accuracy_best_constant_classifier": _value(0.23, 0.001),
            "weighted_recall": _value(round(0.871 + gain, 4), 0.0027),
            "weighted_precision": _value(round(0.869 + gain, 4), 0.003),
            "weighted_f1": _value(round(0.868 + gain, 4), 0.0028),
            "weighted_f1_best_constant_classifier": _value(0.08, 0.001),
        }
    }
    return dict(read(ReportKind.MODEL_QUALITY, document).metrics)


def regression(loss: float) -> dict[str, Metric]:
    """What Model Monitor reports of a regression."""
    document = {
        "version": 0.0,
        "dataset": {"item_count": 627, "evaluation_time": "2026-11-20T21:08:34.729Z"},
        "regression_metrics": {
            "mae": _value(round(1.592 + loss, 4), 0.0196),
            "mse": _value(round(5.03 + 4 * loss, 4), 0.19),
            "rmse": _value(round(2.243 + loss, 4), 0.0425),
            "r2": _value(round(0.2367 - loss / 4, 4), 0.0295),
        },
    }
    return dict(read(ReportKind.MODEL_QUALITY, document).metrics)


def crowded(metrics: int = 200, features: int = 400, shift: float = 0.0) -> dict[str, Metric]:
    """As many metrics and features as a large model has."""
    return {
        _AUC: Metric(value=0.9 + shift),
        **{
            f"evaluation.segment_{index:03d}.{'recall' if index % 2 else 'rows'}": Metric(
                value=0.5 + index / 1_000 + (shift if index % 3 else 0)
            )
            for index in range(metrics - 1)
        },
        **{
            f"explanations.kernel_shap.label0.global_shap_values.feature_{index:03d}": Metric(
                value=0.2 / (1 + (index * (7 if shift else 1)) % features)
            )
            for index in range(features)
        },
    }


def hostile_run(text: str) -> Inference:
    """A run in which everything that a stranger can write is `text`."""
    return replace(
        RUN,
        run=text,
        instance_type=text,
        reports=(replace(RUN.reports[0], uri=f"s3://{text}", copy=f"s3://{text}", shape=None),),
        metrics={text: Metric(value=0.9)},
        violations=(Violation(feature=text, check=text, description=text),),
    )


def hostile_record(text: str, number: int = 7, value: float = 0.9) -> Record:
    """A record in which everything that a stranger can write is `text`."""
    proposed = record(
        {
            text: Metric(value=value, standard_deviation=0.01),
            f"binary_classification_metrics.confusion_matrix.{text}.x": Metric(value=3.0),
            f"post_training_bias_metrics.{text}.0.DI": Metric(value=value),
            f"explanations.kernel_shap.label0.global_shap_values.{text}": Metric(value=value),
            f"explanations.kernel_shap.{text}.global_shap_values.a": Metric(value=value),
            f"features.{text}.numerical_statistics.mean": Metric(value=value),
            f"{text}_best_constant_classifier": Metric(value=0.99),
        },
        environment="prod",
        number=number,
        text=text,
        inference=hostile_run(text),
        directions={text: "higher"},
        curves=(Curve(name=text, x=text, y=text, points=((0.0, 0.0), (0.5, value), (1.0, 1.0))),),
        violations=(Violation(feature=text, check=text, description=text),),
        unread=(UnreadPart(where=text, why=text), UnreadPart(where="s3://x", why=text)),
    )
    evidence = replace(
        proposed.evidence,
        origin=Origin(
            made_by=text, training_job=text, commit=text, repository=text, description=text
        ),
    )
    waivers = (Waiver(gate="auc-floor", reason=text, asked_by=text),)
    return replace(proposed, evidence=evidence, waivers=waivers, reason=text)


def hostile(text: str) -> Case:
    """A promotion in which everything that a stranger can write is `text`."""
    live = hostile_record(text, number=5, value=0.8)
    return Case(
        record=hostile_record(text),
        champion=champion(live, pull_request=text),
        config=WAITING,
        text=text,
        more={
            "owners": (f"@{text}", text),
            "earlier": (hostile_record(text, number=4, value=0.7),),
            "newer": NewerVersion(version=8, pull_request=text),
            "broke_glass": BrokenGlass(by=text, at=NOW),
            "below": below(hostile_record(text, value=0.85)),
        },
    )


def wholly_hostile(text: str) -> Review:
    """The same, and names too, which no record may have that was read."""
    found = hostile(text).review()
    id_ = RecordId(text, text, 7)
    bad = Gate(id=text, kind=GateKind.AT_LEAST, metric=text, bound=0.5)
    waiver = Waiver(gate=text, reason=text, asked_by=text)
    below_ = None if found.below is None else replace(found.below, id=id_)
    return replace(
        found,
        record=replace(found.record, id=id_),
        names=Names(prefix=text, environment=text),
        below=below_,
        climbs_from=text,
        gates=(
            *found.gates,
            GateFails(gate=bad, why=text),
            GateHolds(gate=bad, why=text),
            GateUnjudged(gate=bad, why=text),
            GateWaived(gate=bad, why=text, waiver=waiver),
        ),
        waits=tuple(replace(wait, why=text) for wait in found.waits),
        broke_glass=None,
        champion=ChampionUnread(why=text) if len(text) % 2 else found.champion,
    )


CASES: Mapping[str, Case] = {
    "first": Case(record=record(binary(), number=1)),
    "better": Case(record=_BETTER, champion=LIVE, more=_WHOLE),
    "worse-with-failing-gates": Case(
        record=_WORSE, champion=LIVE, more={"below": below(_WORSE), "earlier": EARLIER}
    ),
    "waived": Case(
        record=to_prod(
            -0.024,
            waivers=[
                Waiver(
                    gate="auc-regression",
                    reason="Version 5 learned from a leaked column; see incident 311.",
                    asked_by="ben",
                )
            ],
        ),
        champion=LIVE,
    ),
    "multiclass": Case(
        record=record(multiclass(0.008), model="tickets", number=3),
        champion=champion(record(multiclass(0.0), model="tickets", number=2)),
    ),
    "regression": Case(
        record=record(regression(-0.11), model="price", number=12),
        champion=champion(record(regression(0.0), model="price", number=11)),
        more={
            "earlier": tuple(
                record(regression(loss), model="price", number=number)
                for number, loss in ((8, 0.3), (9, 0.21), (10, 0.06))
            )
        },
    ),
    "no-reports": Case(
        record=record(
            {},
            reports=(),
            unread=(UnreadPart(where="model metrics", why="the package names no report"),),
        )
    ),
    "broken-reports": Case(
        record=record(
            {},
            reports=(),
            unread=(
                UnreadPart(
                    where="model-quality s3://acme-models/churn/7/evaluation.json",
                    why="it is no JSON: cut off at line 1, column 812",
                ),
                *UNREAD,
            ),
        ),
        champion=ChampionUnread(why="the parameter is not what Assent wrote"),
    ),
    "crowded": Case(
        record=record(crowded(shift=0.01)), champion=champion(record(crowded(), number=5))
    ),
    "waiting": Case(
        record=_BETTER,
        champion=LIVE,
        config=WAITING,
        more={**_WHOLE, "since_below": NOW - timedelta(hours=3)},
    ),
    "broken-glass": Case(
        record=_BETTER,
        champion=LIVE,
        config=WAITING,
        more={
            "since_below": NOW - timedelta(hours=3),
            "broke_glass": BrokenGlass(by="cleo", at=NOW - timedelta(minutes=12)),
        },
    ),
    "newer-is-live": Case(record=record(number=7), champion=champion(record(number=9))),
    "superseded": Case(
        record=record(number=7),
        champion=champion(record({_AUC: Metric(value=0.901)}, number=5)),
        more={"newer": NewerVersion(version=8, pull_request=f"{PULL}/44")},
    ),
    "drift": Case(
        record=to_prod(0.012, replace(RUN, violations=VIOLATIONS), violations=VIOLATIONS[:1]),
        champion=LIVE,
    ),
    "inference-without-metrics": Case(
        record=record(
            environment="test",
            inference=replace(
                RUN,
                environment="dev",
                run="nightly 311",
                started=None,
                reports=(),
                metrics={},
                instances=None,
            ),
        ),
        champion=champion(record(environment="test", number=5)),
    ),
    "something-unread": Case(
        record=record(unread=UNREAD, containers=2),
        champion=champion(record({_AUC: Metric(value=0.901), "gone": Metric(value=1.0)}, number=5)),
    ),
    "recreated": Case(
        record=record(),
        champion=champion(
            replace(
                record(),
                package=replace(record().package, created=AT - timedelta(days=40)),
            )
        ),
    ),
    "in-the-job-summary": Case(record=_BETTER, champion=LIVE, seen=False, more=_WHOLE),
    "hostile": hostile(HOSTILE),
}
