"""What Parameter Store holds: `current`, `versions/<n>` and `applied`, as values and as text."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from assent.core.errors import AssentError
from assent.core.evidence import package_values
from assent.core.names import RecordId
from assent.core.package import Package, RegistryApproval
from assent.core.record import Decision, Record
from assent.core.timestamps import read_time, written

__all__ = [
    "MAX_VALUE_BYTES",
    "Applied",
    "Current",
    "History",
    "HistoryEntry",
    "Live",
    "Names",
    "UnreadableParameter",
    "entries_digest",
    "parse_applied",
    "parse_current_version",
    "parse_history",
    "parse_live",
    "write_applied",
    "write_current",
    "write_history",
]

NAMED_APPROVERS = 10
"""As many approvers as a parameter names; the pull request itself has the rest."""
MAX_VALUE_BYTES = 4096
"""What a standard parameter holds."""


class UnreadableParameter(AssentError):
    """A parameter holds what Assent did not write; it is neither a yes nor a no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Where an environment's parameters are."""

    prefix: str
    environment: str

    @property
    def applied(self) -> str:
        """The commit last applied there."""
        return f"{self.prefix}/{self.environment}/applied"

    def current(self, model: str) -> str:
        """The one parameter that inference reads."""
        return f"{self.prefix}/{self.environment}/{model}/current"

    def history(self, model: str, version: int) -> str:
        """Every decision on one version."""
        return f"{self.prefix}/{self.environment}/{model}/versions/{version}"

    def earlier(self, model: str, version: int, page: int) -> str:
        """Decisions that no longer fit into `history`, oldest first, from page 1."""
        return f"{self.history(model, version)}/earlier/{page}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One decision that took effect."""

    decision: Decision | None
    """None where a code owner reopened a closed pull request: nothing is decided any more."""
    blob: str
    """The record's git blob id: the very bytes that were approved, or refused."""
    by: tuple[str, ...]
    """Logins of those whose approval counted, or of who closed or reopened."""
    at: datetime
    """When its pull request was merged, closed or reopened."""
    applied_at: datetime
    pull_request: str
    """Its address."""
    commit: str
    """The commit of the default branch that brought it; for a pull request that was closed or
    reopened, the last one of its branch."""
    evidence: str
    """The digest of the evidence that was approved, or refused."""
    created: datetime | None = None
    """When the package was created; None in what was written before this was kept."""
    reason: str = ""
    """Why a pull request was closed, on one line; a record says its own reason."""
    aside: bool = False
    """Whether it leaves the decision in effect alone: it is about another package of this number,
    or takes back a closing that is not in effect any more."""
    broke_glass: str = ""
    """The login of the code owner by whose word it did not wait; empty where it need not."""
    waived: tuple[str, ...] = ()
    """The ids of gates that it does not hold, and that its record excuses it from."""

    def is_closing_of(self, pull_request: str) -> bool:
        """Whether closing that pull request made this decision, or merging its no."""
        said = (self.decision, self.pull_request)
        return said == (Decision.REJECTED, pull_request)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All decisions on one version in one environment, oldest first."""

    id: RecordId
    entries: tuple[HistoryEntry, ...] = ()
    pages: int = 0
    """How many full pages of earlier entries are stored beside the newest ones."""

    @property
    def last(self) -> HistoryEntry | None:
        """What is in effect; None before the first decision."""
        return next((entry for entry in reversed(self.entries) if not entry.aside), None)

    @property
    def decision(self) -> Decision | None:
        """The decision that is in effect."""
        return self.last.decision if self.last else None

    @property
    def withdrawn(self) -> frozenset[str]:
        """The digests of all evidence up to the last no: what was said no to stays so.

        Reopening a pull request takes its closing back, and nothing else. A no that was said aside
        is about its own evidence alone.
        """
        standing: list[HistoryEntry] = []
        for entry in self.entries:
            if entry.decision is not None:
                standing.append(entry)
                continue
            closed = [each for each in standing if each.is_closing_of(entry.pull_request)]
            if closed:
                standing.remove(closed[-1])
        aside = {entry.evidence for entry in standing if entry.aside}
        main = [entry for entry in standing if not entry.aside]
        noes = [
            index for index, entry in enumerate(main) if entry.decision is not Decision.APPROVED
        ]
        upto = noes[-1] + 1 if noes else 0
        return frozenset({*aside, *(entry.evidence for entry in main[:upto])})

    def about(self, created: datetime) -> HistoryEntry | None:
        """What counts of the very package that was created then; None where nothing was decided.

        That is the decision in effect, if it is about that package, or else the last one that was
        made aside. What was written before packages were told apart counts for every package.
        """
        about = [entry for entry in self.entries if entry.created in {None, created}]
        if self.last in about:
            return self.last
        return about[-1] if about else None

    def holds(self, blob: str, decision: Decision) -> bool:
        """Whether what is in effect is this decision, by this very record."""
        last = self.last
        return last is not None and (last.blob, last.decision) == (blob, decision)

    def then(self, entry: HistoryEntry) -> "History":
        """This history with one more decision."""
        return replace(self, entries=(*self.entries, entry))


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """What `current` says: the version that inference runs, and on whose word."""

    environment: str
    model: str
    package: Package
    version: int
    entry: HistoryEntry

    @classmethod
    def of(cls, record: Record, entry: HistoryEntry) -> "Current":
        """The value that names `record`'s version, by the decision `entry`."""
        return cls(
            environment=record.id.environment,
            model=record.id.model,
            version=record.id.version,
            package=record.package,
            entry=entry,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What a `current` parameter says of the version that it names."""

    version: int
    since: datetime | None = None
    """When it was approved; None where that does not read."""
    pull_request: str = ""
    """The address of the pull request that approved it; empty where that does not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How far apply came in an environment."""

    commit: str
    retry: tuple[str, ...] = ()
    """Paths that were refused or failed, to be tried again."""
    everything: bool = False
    """More was refused than fits; the next run compares everything."""
    closings: datetime | None = None
    """Pull requests last updated before this were looked at; None before the first look."""


def compact(value: Mapping[str, Any]) -> str:
    """One line of JSON that Parameter Store takes."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    # Parameter Store refuses `{{`. In JSON two braces can only meet inside a string, where the
    # second may be written as its escape.
    while "{{" in text:
        text = text.replace("{{", "{\\u007b")
    return text


def write_current(environment: str, model: str, current: Current | None) -> str:
    """The text of `current`; with None it says that nothing is approved."""
    values: dict[str, Any] = {"schema": "assent/parameter/v1", "model": model}
    if current is None:
        return compact({**values, "version": None, "environment": environment})
    package = package_values(current.package)
    return compact(
        {
            **values,
            "version": current.version,
            "environment": environment,
            "model_package_arn": current.package.arn,
            "approved_by": list(current.entry.by),
            "approved_at": written(current.entry.at),
            "pull_request": current.entry.pull_request,
            "commit": current.entry.commit,
            "evidence": current.entry.evidence,
            "containers": package["containers"],
        }
    )


def parse_current_version(name: str, text: str) -> int | None:
    """The version that a `current` parameter names; None where it says that there is none.

    Raises:
        UnreadableParameter: The text is not what Assent writes.
    """
    live = parse_live(name, text)
    return None if live is None else live.version


_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._/-]+", re.ASCII)


def parse_live(name: str, text: str) -> Live | None:
    """What a `current` parameter says; None where it says that there is no version.

    Raises:
        UnreadableParameter: It names no version as Assent writes one. The rest may be missing.
    """
    value = _object(name, text, "assent/parameter/v1")
    version = value.get("version")
    if version is None and "version" in value:
        return None
    if not isinstance(version, int) or isinstance(version, bool) or version <= 0:
        raise _unreadable(name, "it has no version")
    try:
        since = read_time(value["approved_at"])
    except (KeyError, TypeError, ValueError):
        since = None
    address = value.get("pull_request")
    if not isinstance(address, str) or _ADDRESS.fullmatch(address) is None:
        address = ""
    return Live(version=version, since=since, pull_request=address)


def write_history(names: Names, history: History) -> list[tuple[str, str]]:
    """The parameters that hold a history, in the order in which they must be written.

    What no longer fits into 4 KB moves, oldest first, to numbered pages that are never changed
    again; they come before the parameter that counts them, so that no cut loses an entry.
    """
    model, version = history.id.model, history.id.version
    lines = [_entry_values(entry) for entry in history.entries]
    written_pages: list[tuple[str, str]] = []
    page = 0
    while True:
        head = {
            "schema": "assent/history/v1",
            "environment": history.id.environment,
            "model": model,
            "version": version,
        }
        text = compact({**head, "pages": page, "decisions": lines})
        if len(text.encode()) <= MAX_VALUE_BYTES:
            fresh = written_pages[history.pages :]
            return [*fresh, (names.history(model, version), text)]
        page += 1
        count = _fitting(head, page, lines)
        value = compact({**head, "page": page, "decisions": lines[:count]})
        written_pages.append((names.earlier(model, version, page), value))
        lines = lines[count:]


_PAGE_BYTES = 3600
"""A page is closed below the limit, so that what is on it never depends on what comes after."""


def _fitting(head: Mapping[str, Any], page: int, lines: Sequence[Mapping[str, Any]]) -> int:
    count = 1
    while (
        count < len(lines)
        and len(compact({**head, "page": page, "decisions": lines[: count + 1]}).encode())
        <= _PAGE_BYTES
    ):
        count += 1
    return count


def parse_history(id_: RecordId, name: str, text: str, pages: Sequence[str] = ()) -> History:
    """Read a history from its parameter and its earlier pages, oldest page first.

    Raises:
        UnreadableParameter: A text is not what Assent writes, or speaks of another version.
    """
    entries: list[HistoryEntry] = []
    for part in (*pages, text):
        value = _object(name, part, "assent/history/v1")
        said = (value.get("environment"), value.get("model"), value.get("version"))
        if said != (id_.environment, id_.model, id_.version):
            raise _unreadable(name, f"it speaks of {said[1]} {said[2]} in {said[0]}")
        try:
            entries.extend(_entry(each) for each in value["decisions"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _unreadable(name, f"a decision does not read ({error})") from error
    return History(id=id_, entries=tuple(entries), pages=page_count(name, text))


def page_count(name: str, text: str) -> int:
    """How many earlier pages a history parameter counts.

    Raises:
        UnreadableParameter: The text is not what Assent writes.
    """
    count = _object(name, text, "assent/history/v1").get("pages", 0)
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= 1000:  # noqa: PLR2004 - far beyond any life of a version
        raise _unreadable(name, "its count of earlier pages does not read")
    return count


def write_applied(applied: Applied) -> str:
    """The text of `applied`; a list too long for it becomes a full comparison next time."""
    value: dict[str, Any] = {"schema": "assent/applied/v1", "commit": applied.commit}
    if applied.closings is not None:
        value["closings"] = written(applied.closings)
    if applied.everything:
        return compact({**value, "retry": "everything"})
    text = compact({**value, "retry": list(applied.retry)})
    if len(text.encode()) > MAX_VALUE_BYTES:
        return compact({**value, "retry": "everything"})
    return text


def parse_applied(name: str, text: str) -> Applied:
    """Read `applied`.

    Raises:
        UnreadableParameter: The text is not what Assent writes; the caller compares everything.
    """
    value = _object(name, text, "assent/applied/v1")
    commit, retry, closings = (value.get(key) for key in ("commit", "retry", "closings"))
    if not isinstance(commit, str) or not commit.isalnum():
        raise _unreadable(name, "it names no commit")
    try:
        seen = None if closings is None else read_time(closings)
    except (TypeError, ValueError) as error:
        raise _unreadable(name, "its time of closings does not read") from error
    if retry == "everything":
        return Applied(commit=commit, everything=True, closings=seen)
    if not isinstance(retry, list) or not all(isinstance(path, str) for path in retry):
        raise _unreadable(name, "its list of paths does not read")
    return Applied(commit=commit, retry=tuple(retry), closings=seen)


def _object(name: str, text: str, schema: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(name, "it is not JSON") from error
    if not isinstance(value, dict) or value.get("schema") != schema:
        raise _unreadable(name, f"its schema is not {schema}")
    return value


def _unreadable(name: str, why: str) -> UnreadableParameter:
    return UnreadableParameter(
        f"the parameter {name} is not what Assent wrote: {why}",
        hint="Its history in Parameter Store shows who wrote it; restore the version before.",
    )


def _entry_values(entry: HistoryEntry) -> dict[str, Any]:
    values: dict[str, Any] = {
        "status": entry.decision.value if entry.decision else RegistryApproval.PENDING.value,
        "by": list(entry.by),
        "at": written(entry.at),
        "applied_at": written(entry.applied_at),
        "pull_request": entry.pull_request,
        "commit": entry.commit,
        "blob": entry.blob,
        "evidence": entry.evidence,
    }
    if entry.created is not None:
        values["created"] = written(entry.created)
    if entry.reason:
        values["reason"] = entry.reason
    if entry.aside:
        values["aside"] = True
    if entry.broke_glass:
        values["broke_glass"] = entry.broke_glass
    if entry.waived:
        values["waived"] = list(entry.waived)
    return values


_OBJECT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_UNWRITTEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""No text that Assent writes into a history holds control characters or halves of one."""


def entries_digest(entries: Sequence[HistoryEntry]) -> str:
    """What stands for some decisions, as they are stored: the same only for the same ones."""
    text = json.dumps([_entry_values(each) for each in entries], sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _entry(value: Mapping[str, Any]) -> HistoryEntry:
    """Read a decision; whatever it names is safe to hand to git, to print and to write again."""
    texts = [value[key] for key in ("blob", "pull_request", "commit", "evidence")]
    status, reason = value["status"], value.get("reason", "")
    broke_glass, waived = value.get("broke_glass", ""), value.get("waived", [])
    told = (*texts, *value["by"], reason, broke_glass, *waived)
    if not all(isinstance(text, str) for text in told):
        raise TypeError("a field is no string")
    if any(map(_UNWRITTEN.search, told)):
        raise ValueError("a field holds control characters")
    for key in ("blob", "commit"):
        if _OBJECT.fullmatch(value[key]) is None:
            raise ValueError(f"its {key} is the name of no object of git's")
    return HistoryEntry(
        decision=None if status == RegistryApproval.PENDING else Decision(status),
        by=tuple(value["by"]),
        at=read_time(value["at"]),
        applied_at=read_time(value["applied_at"]),
        blob=value["blob"],
        pull_request=value["pull_request"],
        commit=value["commit"],
        evidence=value["evidence"],
        created=read_time(value["created"]) if "created" in value else None,
        reason=reason,
        aside=value.get("aside") is True,
        broke_glass=broke_glass,
        waived=tuple(waived),
    )
