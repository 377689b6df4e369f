"""An import's pull request: branch, title and page; and what came of asking for one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assent.core.canonical import digest
from assent.core.config import Config
from assent.core.names import IMPORTS, partition_of
from assent.core.outcome import Attempt
from assent.core.package import ModelVersion
from assent.core.receipts import NotNotified
from assent.core.record import Record
from assent.core.registry_fields import one_line
from assent.core.rendering.markdown import alert, code, link, table
from assent.core.rendering.notices import Notice
from assent.core.rendering.page import consoles
from assent.core.rendering.page_markers import marked
from assent.core.rendering.pull_request import MAX_BODY
from assent.core.timestamps import written

__all__ = [
    "IMPORT_LABELS",
    "ImportOpened",
    "ImportPage",
    "ImportSettled",
    "Imported",
    "import_body",
    "import_branch",
    "import_notice",
    "import_title",
]

IMPORT_LABELS = ("assent", "assent: import")
_DIGITS = 16
_LONGEST_SUBJECT = 99
"""SNS wants fewer than a hundred characters."""
_METRICS = 3
_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A version that is to be taken over."""

    version: ModelVersion
    """As the registry shows it."""
    record: Record
    """That of the first rung; the others differ in their environment alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage:
    """What the page of an import says."""

    imported: Sequence[Imported]
    environments: Sequence[str]
    """Where, lowest first."""
    config: Config


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOpened:
    """A pull request with the imports is open."""

    url: str
    number: int
    records: int
    attempt: Attempt
    not_notified: tuple[NotNotified, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSettled:
    """The same imports were asked for before, and the pull request was closed."""

    url: str
    why: str


def import_branch(versions: Sequence[ModelVersion], environments: Sequence[str]) -> str:
    """The import's own branch: the same set of packages and environments has the same name."""
    packages = sorted([each.arn.text, written(each.package.created)] for each in versions)
    said = digest({"environments": list(environments), "packages": packages})
    return f"{IMPORTS}{said.removeprefix('sha256:')[:_DIGITS]}"


def import_title(versions: int, models: int, highest: str) -> str:
    """The pull request's title.

    Args:
        versions: How many are imported.
        models: Of how many models.
        highest: The highest environment.
    """
    what = _many(versions, "approved version")
    return f"Import {what} of {_many(models, 'model')}, up to {highest}"


def import_body(page: ImportPage) -> str:
    """The page between its marks: what is not judged, what merging does, and every version."""
    body = ""
    for listing in (_with_evidence, _by_version, _by_model):
        body = _page(page, listing(page))
        if len(body) <= MAX_BODY:
            return body
    return _cut(page)


def _page(page: ImportPage, listing: str) -> str:
    return marked("\n\n".join([*_head(page), listing, _how(page)]))


_VOUCHED = (
    "Nothing but that approval, and what the registry shows, tells so. `assent check` and `assent "
    "apply` hold that each package is from before, that the registry shows it as Approved, and "
    "that Assent never decided on it. They cannot tell where it ran."
)
_STEPS = """\
- **Approve**: code owners of every environment approve this pull request, then it is merged. A \
job proves the approval of each record by the owners of its own path, and refuses the others. \
Freezes and the stop of the line hold.
- **Reject**: close it. That decides nothing on any version: they stay as they are, unknown to \
Assent. To leave some out, close it, and import others by `--model`.
- Do not edit a record: what was edited does not take effect."""


def _head(page: ImportPage) -> list[str]:
    models, where = len(_models(page)), ", ".join(map(code, page.environments))
    records = _many(len(page.imported) * len(page.environments), "record")
    what = f"{_many(len(page.imported), 'version')} of {_many(models, 'model')}"
    takes_over = (
        f"Merging adds {records} with the source `import`. `current` of each model then names its "
        f"highest version, in each of {where}."
    )
    return [
        f"## Import {what} into {where}",
        alert("CAUTION", list(_warnings(page, where))),
        takes_over,
        "### What is imported",
    ]


def _warnings(page: ImportPage, where: str) -> Iterator[str]:
    before = page.config.imports
    since = "" if before is None else f" before {written(before.registered_before)}"
    yield (
        "**No gate and no soak is judged here.** Whoever approves says that each version below "
        f"was approved for each of {where}{since}, by whatever was the rule then."
    )
    yield _VOUCHED
    unmeasured = sum(not each.record.evidence.metrics for each in page.imported)
    if unmeasured:
        yield f"**Of {unmeasured} of {len(page.imported)} no metric could be read.**"
    unread = sum(bool(each.record.evidence.unread) for each in page.imported)
    if unread:
        yield f"Of {unread} something could not be used; their records say what."


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _how(page: ImportPage) -> str:
    rows = [[code(name), _approvals(page, name)] for name in page.environments]
    listing = table(["environment", "approvals by code owners"], rows)
    return f"### How to decide\n\n{listing}\n\n{_STEPS}"


def _approvals(page: ImportPage, environment: str) -> str:
    asked = {page.config.approvals(environment, model) for model in _models(page)}
    least, most = min(asked), max(asked)
    return str(most) if least == most else f"{least} to {most}, by model"


def _models(page: ImportPage) -> dict[str, list[Imported]]:
    found: dict[str, list[Imported]] = {}
    for each in sorted(page.imported, key=lambda one: (one.record.id.model, one.record.id.version)):
        found.setdefault(each.record.id.model, []).append(each)
    return found


def _with_evidence(page: ImportPage) -> str:
    partition = partition_of(page.config.registry.region)
    rows = [
        [
            code(model),
            str(each.record.id.version),
            written(each.record.package.created),
            _writer(each.version),
            "<br>".join(_metrics(each.record)),
            " ".join(_reports(each.record, partition)) or "none",
        ]
        for model, versions in _models(page).items()
        for each in versions
    ]
    header = [
        "model",
        "version",
        "registered",
        "last written in the registry",
        "metrics",
        "reports",
    ]
    return table(header, rows)


def _writer(version: ModelVersion) -> str:
    if version.written_at is None:
        return "never since"
    who = code(version.written_by, _NAME) if version.written_by else "somebody"
    return f"{written(version.written_at)} by {who}"


def _metrics(record: Record) -> Iterator[str]:
    found = list(record.evidence.metrics.items())
    for name, metric in found[:_METRICS]:
        yield f"{code(name, _NAME)} {metric.value:.6g}"
    if len(found) > _METRICS:
        yield f"and {len(found) - _METRICS} more"
    if not found:
        yield "**none**"


def _reports(record: Record, partition: str) -> Iterator[str]:
    for file in record.evidence.reports:
        yield link(file.kind.value, consoles.s3_object(file.uri, file.version_id, partition))


def _by_version(page: ImportPage) -> str:
    rows = [
        [code(model), str(each.record.id.version), written(each.record.package.created)]
        for model, versions in _models(page).items()
        for each in versions
    ]
    return table(["model", "version", "registered"], rows)


def _by_model(page: ImportPage) -> str:
    return _listed(_lines(page))


def _lines(page: ImportPage) -> list[str]:
    return [
        f"{code(model)}: {_ranges([each.record.id.version for each in versions])}"
        for model, versions in _models(page).items()
    ]


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers, those in a row as a range: `1 to 4, 7`."""
    parts: list[tuple[int, int]] = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1] = parts[-1][0], number
        else:
            parts.append((number, number))
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in parts)


def _cut(page: ImportPage) -> str:
    """As many models as there is room for; the files of the pull request have all."""
    lines = _lines(page)
    room = MAX_BODY - len(_page(page, ""))
    shown, size = 0, 200
    for line in lines:
        size += len(line) + 3
        if size > room:
            break
        shown += 1
    left = len(lines) - shown
    more = f"**{left} more models are not named here for want of room**: the files have them all."
    return _page(page, f"{_listed(lines[:shown])}\n\n{more}")


def import_notice(page: ImportPage, environment: str, url: str) -> Notice:
    """The pull request asks for a decision."""
    what = f"{_many(len(page.imported), 'version')} of {_many(len(_models(page)), 'model')}"
    subject = f"Decision wanted: import {_many(len(page.imported), 'version')} into {environment}"
    text = (
        f"{what}, approved before Assent came: they are to be imported into {environment}.\n"
        "No gate and no soak is judged for them.\n"
        f"Pull request: {url}\n"
        "Next: the code owners of this environment read the pull request, and approve or close it."
    )
    return Notice(subject=one_line(subject, _LONGEST_SUBJECT), text=text)
