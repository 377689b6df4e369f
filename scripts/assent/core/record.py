"""The promotion record: text to value and back."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import yaml

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
    package_values,
)
from assent.core.metrics import Metric
from assent.core.names import RecordId, shown
from assent.core.package import Artifact, Container, Package
from assent.core.reports import ReportKind, Violation
from assent.core.schema import Schema
from assent.core.strict_yaml import Document, Place, YamlProblem, read_yaml
from assent.core.timestamps import read_time

__all__ = [
    "Decision",
    "ParsedRecord",
    "Record",
    "RecordProblem",
    "Waiver",
    "dotted",
    "parse_record",
    "write_record",
]

SCHEMA = "assent/promotion/v1"


class Decision(StrEnum):
    """What merging a record asks for."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    RETIRED = "Retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A gate that this promotion is excused from."""

    gate: str
    reason: str
    asked_by: str = ""
    """The login of who asks for it; without one it excuses nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is wanted for one version in one environment, and what it rests on."""

    id: RecordId
    decision: Decision
    """The field `status`."""
    reason: str = ""
    waivers: tuple[Waiver, ...] = ()
    package: Package
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordProblem:
    """Why a text is no record."""

    kind: str
    """`strict-yaml` or `schema`: the rule of `check` that speaks of it."""
    message: str
    line: int
    place: str
    """The field, dotted; empty for the whole file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedRecord:
    """A record and the document it came from, for the line numbers."""

    record: Record
    document: Document

    def line(self, *place: str | int) -> int:
        """The line of a field."""
        return self.document.line(place)


class _UnfitRecord(AssentError):
    """What was about to be written would not read back equal."""


def parse_record(content: bytes, schema: Schema) -> ParsedRecord | tuple[RecordProblem, ...]:
    """Read a record from a file's bytes.

    Args:
        content: The file as it stands in git; hostile until this returns a record.
        schema: `schemas/promotion.schema.json`.

    Returns:
        The record, or every problem found. Whether path and content agree, and whether the digest
        fits, is for the rules to say.
    """
    document = read_yaml(content)
    if isinstance(document, YamlProblem):
        problem = RecordProblem(
            kind="strict-yaml", message=document.message, line=document.line, place=""
        )
        return (problem,)
    problems = schema.problems(document.value)
    if problems:
        return tuple(
            RecordProblem(
                kind="schema",
                message=problem.message,
                line=document.line(problem.place),
                place=dotted(problem.place),
            )
            for problem in problems
        )
    try:
        return ParsedRecord(record=_record(document.value), document=document)
    except ValueError:
        return tuple(_unreal_times(document))


def _unreal_times(document: Document) -> Iterator[RecordProblem]:
    """The times that no calendar has: the schema's pattern lets 31 February pass."""
    evidence = document.value["evidence"]
    times: dict[Place, str] = {
        ("package", "created"): document.value["package"]["created"],
        ("evidence", "collected"): evidence["collected"],
    }
    for name in ("started", "ended"):
        text = evidence.get("inference", {}).get(name)
        if text is not None:
            times["evidence", "inference", name] = text
    for place, text in times.items():
        try:
            read_time(text)
        except ValueError:
            yield RecordProblem(
                kind="schema",
                message=f"{text} is no time that there was",
                line=document.line(place),
                place=dotted(place),
            )


_LONGEST_KEY = 100
_PLAIN_KEY = re.compile(rf"[!-~]{{1,{_LONGEST_KEY}}}", re.ASCII)


def dotted(place: Place) -> str:
    """A place as people write it: `package.containers[0].image`; odd keys quoted and cut."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part if _PLAIN_KEY.fullmatch(part) else shown(part, _LONGEST_KEY)}"
    return text.removeprefix(".")


def _record(value: Mapping[str, Any]) -> Record:
    return Record(
        id=RecordId(value["environment"], value["model"], value["version"]),
        decision=Decision(value["status"]),
        reason=value["reason"],
        waivers=tuple(
            Waiver(
                gate=waiver["gate"],
                reason=waiver["reason"],
                asked_by=waiver.get("asked_by", ""),
            )
            for waiver in value["waivers"]
        ),
        package=_package(value["package"]),
        evidence=_evidence(value["evidence"]),
    )


def _package(value: Mapping[str, Any]) -> Package:
    return Package(
        arn=value["arn"],
        created=read_time(value["created"]),
        created_by=value["created_by"],
        containers=tuple(
            Container(
                image=container["image"],
                artifact=Artifact(**container["artifact"]) if "artifact" in container else None,
            )
            for container in value["containers"]
        ),
        specification=value.get("specification"),
    )


def _evidence(value: Mapping[str, Any]) -> Evidence:
    return Evidence(
        source=EvidenceSource(value["source"]),
        collected=read_time(value["collected"]),
        reports=_reports(value["reports"]),
        metrics=_metrics(value["metrics"]),
        inference=_inference(value["inference"]) if "inference" in value else None,
        directions=value.get("directions", {}),
        curves=tuple(_curve(each) for each in value.get("curves", [])),
        violations=tuple(Violation(**each) for each in value.get("violations", [])),
        origin=Origin(**value["origin"]) if "origin" in value else None,
        unread=tuple(UnreadPart(**part) for part in value["unread"]),
        digest=value["digest"],
    )


def _inference(value: Mapping[str, Any]) -> Inference:
    started, ended = value["started"], value["ended"]
    return Inference(
        environment=value["environment"],
        run=value["run"],
        started=None if started is None else read_time(started),
        ended=None if ended is None else read_time(ended),
        instance_type=value["instance_type"],
        instances=value["instances"],
        reports=_reports(value["reports"]),
        metrics=_metrics(value["metrics"]),
        violations=tuple(Violation(**each) for each in value["violations"]),
    )


def _curve(value: Mapping[str, Any]) -> Curve:
    points = tuple((float(x), float(y)) for x, y in value["points"])
    return Curve(name=value["name"], x=value["x"], y=value["y"], points=points)


def _reports(values: Sequence[Mapping[str, Any]]) -> tuple[ReportFile, ...]:
    return tuple(ReportFile(**{**each, "kind": ReportKind(each["kind"])}) for each in values)


def _metrics(values: Mapping[str, Mapping[str, float]]) -> dict[str, Metric]:
    return {name: _metric(metric) for name, metric in values.items()}


def _metric(value: Mapping[str, float]) -> Metric:
    deviation = value.get("standard_deviation")
    return Metric(
        value=float(value["value"]),
        standard_deviation=None if deviation is None else float(deviation),
    )


def write_record(record: Record, schema: Schema) -> bytes:
    """Write a record as YAML that every reader reads alike, with its evidence digest.

    Raises:
        AssentError: What was written would not read back equal; nothing like it may be stored.
    """
    values = {
        "schema": SCHEMA,
        "model": record.id.model,
        "version": record.id.version,
        "environment": record.id.environment,
        "status": record.decision.value,
        "reason": record.reason,
        "waivers": [_waiver_values(each) for each in record.waivers],
        "package": package_values(record.package),
        "evidence": {
            **evidence_values(record.evidence),
            "digest": evidence_digest(record.package, record.evidence),
        },
    }
    # ASCII only: what a bidirectional or invisible character does is seen in its escape.
    text = yaml.dump(
        values, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=False, indent=2
    )
    content: bytes = (_EDITOR_LINE + text).encode()
    parsed = parse_record(content, schema)
    if not isinstance(parsed, ParsedRecord):
        raise _UnfitRecord(
            f"the record of {record.id} would not be valid: "
            f"{parsed[0].place or 'file'}: {parsed[0].message}",
            hint="The registry holds something that a record cannot carry; see the field named.",
        )
    if parsed.document.value != values:
        raise _UnfitRecord(f"the record of {record.id} would not read back as it was written")
    return content


def _waiver_values(waiver: Waiver) -> dict[str, str]:
    values = {"gate": waiver.gate, "reason": waiver.reason}
    return {**values, "asked_by": waiver.asked_by} if waiver.asked_by else values


# Editors with a YAML language server check and complete records by the schema that this names.
_EDITOR_LINE = "# yaml-language-server: $schema=../../../schemas/promotion.schema.json\n"
# Strings that no YAML reader takes for anything else, and that no reader could mistake for syntax.
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9/_.@+-]*(:[A-Za-z0-9/_.@+-]+)*", re.ASCII)
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_INLINE_KEYS = 4


class _Dumper(yaml.SafeDumper):
    """Plain where it is safe, quoted where it is not, one line for a metric or a curve's points."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _write_string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS
    style = None if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _write_float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    text = repr(value)
    # 1e-05 is a number to some readers and a string to others; 1.0e-05 is a number to all.
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


def _write_mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.MappingNode:
    inline = 0 < len(value) <= _INLINE_KEYS and all(
        isinstance(each, (int, float)) for each in value.values()
    )
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=inline)


def _write_list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.SequenceNode:
    inline = bool(value) and all(
        isinstance(each, (int, float)) or (isinstance(each, list) and _is_point(each))
        for each in value
    )
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=inline)


def _is_point(value: list[Any]) -> bool:
    return all(isinstance(each, (int, float)) for each in value)


_Dumper.add_representer(str, _write_string)
_Dumper.add_representer(list, _write_list)
_Dumper.add_representer(float, _write_float)
_Dumper.add_representer(dict, _write_mapping)
