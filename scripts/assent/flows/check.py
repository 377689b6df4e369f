"""Judges a tree of promotion records, or what a pull request would make of it."""

import multiprocessing
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from assent.contracts import Contracts
from assent.core.codeowners import LOCATIONS, owners_of
from assent.core.config import CONFIG_PATH, Config, InvalidConfig, parse_config
from assent.core.findings import CheckReport, Finding, Severity
from assent.core.names import PROMOTIONS, RecordId, parse_path
from assent.core.review import Review
from assent.core.rules.judge import holds_record, judge_change, judge_file, judge_tree
from assent.core.rules.subject import (
    README,
    REGULAR_FILE,
    BrokenConfig,
    Change,
    JudgedFile,
    Standing,
    State,
    Step,
    Tree,
)
from assent.core.schema import Schema
from assent.flows.check_promotions import Bench, promotions
from assent.flows.circumstances import Circumstances
from assent.ports import Clock, History, NotThere, TreeEntry

__all__ = ["CheckReport", "check"]

_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
_ALONE = 500
"""Up to so many records one process is done before a second one has started."""
_BATCH = 200
"""Records that a worker judges at a time."""


def check(
    history: History,
    contracts: Contracts,
    *,
    head: str,
    clock: Clock,
    base: str | None = None,
    head_branch: str | None = None,
    circumstances: Circumstances | None = None,
    workers: int | None = None,
) -> CheckReport:
    """Judge every record at `head`, or, with `base`, only what `head` changes.

    A change is judged as what merging it would make of the base: the files that it touches since
    it left the base, over the base's other files, by the base's `assent.yaml`. If it touches
    `assent.yaml`, every record must also pass under the new one. Gates, soak and freezes are judged
    of what a change brings; what a tree holds is settled. A whole tree without a record passes only
    where promotions/ holds its README.md, and `assent.yaml` and CODEOWNERS are ready to judge one.

    Args:
        history: The clone.
        contracts: The schemas that judge.
        head: A revision, or the full id of a commit or tree.
        clock: Tells whether a soak or a freeze has ended.
        base: What `head` wants to be merged into; None to judge the whole tree.
        head_branch: The name of the pull request's branch, where there is one.
        circumstances: What GitHub knows of the change; None to leave open, with a warning, what
            only that can tell.
        workers: Processes that may judge; None for as many as there are processors.

    Raises:
        NotThere: A revision, or the configuration that judges, does not exist.
        InvalidConfig: The configuration that judges cannot be used.
        NoVerdict: Something that a gate needs could not be read.
        AssentError: GitHub did not answer, or there are no credentials for it.
    """
    judge = _Judge(
        history=history, schema=contracts.promotion, workers=workers or os.cpu_count() or 1
    )
    head_id = _full_id(history, head)
    if base is None:
        config = _judging_config(history, contracts, head_id)
        entries = history.entries(head_id, PROMOTIONS)
        findings, count = judge.everything(entries, config)
        founded = [entry.path for entry in entries] == [README] and _owned(history, head_id, config)
        return replace(_report(findings, count, head=head_id), founded=founded)
    base_id = _full_id(history, base)
    proposal = _Proposal(
        judge=judge,
        contracts=contracts,
        config=_judging_config(history, contracts, base_id),
        base=base_id,
        head=head_id,
        paths=tuple(history.changed(base_id, head_id, from_fork_point=True)),
        head_branch=head_branch,
        clock=clock,
        circumstances=circumstances,
    )
    findings, count, reviews = proposal.judged()
    report = _report(findings, count, head=head_id, base=base_id)
    return replace(report, config=proposal.config, reviews=reviews)


def _report(
    findings: Iterable[Finding], count: int, *, head: str, base: str | None = None
) -> CheckReport:
    return CheckReport(
        findings=tuple(sorted(set(findings))), records_read=count, head=head, base=base
    )


def _owned(history: History, commit: str, config: Config) -> bool:
    """Whether CODEOWNERS names somebody for every environment, and for what judges."""
    files = history.lookup(commit, LOCATIONS)
    counts = next((files[place] for place in LOCATIONS if place in files), None)
    if counts is None or counts.mode != REGULAR_FILE:
        return False
    ((_, content),) = history.blobs([counts.blob])
    judging = (CONFIG_PATH, "schemas/promotion.schema.json", ".github/workflows/x.yml", counts.path)
    records = (f"{PROMOTIONS}/{name}/x/1.yaml" for name in config.ladder)
    return all(owners_of(content, path) for path in (*judging, *records))


def _full_id(history: History, revision: str) -> str:
    # A full id may be that of a tree, which has files to judge and is no commit.
    return revision if _FULL_ID.fullmatch(revision) else history.commit(revision)


def _judging_config(history: History, contracts: Contracts, commit: str) -> Config:
    """The configuration that judges.

    Raises:
        NotThere: There is none.
        InvalidConfig: It is no plain file, or does not read.
    """
    hint = (
        f"Nothing can be judged before {CONFIG_PATH} there is mended. A pull request that mends "
        "it is judged by it too, and needs somebody who may merge without this check."
    )
    entry = history.lookup(commit, [CONFIG_PATH]).get(CONFIG_PATH)
    if entry is None:
        raise NotThere(f"there is no {CONFIG_PATH} in {commit}", hint=hint)
    try:
        return _read_config(history, contracts, entry)
    except InvalidConfig as error:
        raise InvalidConfig(
            f"the {CONFIG_PATH} that judges, in {commit}, cannot be used:\n{error.message}",
            hint=hint,
        ) from error


def _read_config(history: History, contracts: Contracts, entry: TreeEntry) -> Config:
    if entry.mode != REGULAR_FILE:
        raise InvalidConfig(f"{CONFIG_PATH}:1: it is no plain file")
    ((_, content),) = history.blobs([entry.blob])
    return parse_config(content, contracts.config)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Reads files and judges them, in several processes where that is quicker."""

    history: History
    schema: Schema
    workers: int

    def files(
        self, entries: Sequence[TreeEntry], config: Config, *, whole: bool = False
    ) -> list[JudgedFile]:
        """Judge each file by the rules over one file; see `judge_file` for `whole`."""
        if len(entries) > _ALONE and self.workers > 1:
            # Without shared memory or processes, or for a caller that another process cannot
            # import, the verdict is the same from this one.
            with suppress(BrokenProcessPool, OSError, ImportError):
                return self._in_processes(entries, config, whole=whole)
        return _judge_batch(_Batch(self.schema, config, tuple(self._contents(entries)), whole))

    def everything(self, entries: Sequence[TreeEntry], config: Config) -> tuple[list[Finding], int]:
        """Judge files and the tree that they form; with the number of records among them."""
        judged = self.files(entries, config)
        states = {file.id: file.state for file in judged if file.id is not None}
        tree = Tree(
            config=config,
            judged=_standing(states),
            below=states,
            models=frozenset(id_.model for id_ in states),
        )
        findings = [finding for file in judged for finding in file.findings]
        return [*findings, *judge_tree(tree)], len(states)

    def states(self, commit: str, ids: Iterable[RecordId], config: Config) -> dict[RecordId, State]:
        """What stands at some records' paths in a commit; absent ones are left out."""
        entries = self.history.lookup(commit, [id_.path for id_ in ids])
        judged = self.files(tuple(entries.values()), config)
        return {file.id: file.state for file in judged if file.id is not None}

    def _in_processes(
        self, entries: Sequence[TreeEntry], config: Config, *, whole: bool
    ) -> list[JudgedFile]:
        # Spawned, not forked: a forked child would share the pipes of the git process.
        with ProcessPoolExecutor(
            min(self.workers, len(entries) // _BATCH),
            mp_context=multiprocessing.get_context("spawn"),
        ) as pool:
            contents = self._contents(entries)
            running = [
                pool.submit(_judge_batch, _Batch(self.schema, config, batch, whole))
                for batch in iter(lambda: tuple(islice(contents, _BATCH)), ())
            ]
            return [judged for future in running for judged in future.result()]

    def _contents(self, entries: Sequence[TreeEntry]) -> Iterator[tuple[TreeEntry, bytes | None]]:
        """Each file with its bytes, if a record can be in them."""
        wanted: dict[str, list[TreeEntry]] = {}
        for entry in entries:
            if holds_record(entry.path, entry.mode):
                wanted.setdefault(entry.blob, []).append(entry)
            else:
                yield entry, None
        for blob, content in self.history.blobs(wanted):
            for entry in wanted[blob]:
                yield entry, content


@dataclass(frozen=True, slots=True)
class _Batch:
    """What a worker needs to know, to pass between processes."""

    schema: Schema
    config: Config
    files: tuple[tuple[TreeEntry, bytes | None], ...]
    whole: bool


def _judge_batch(batch: _Batch) -> list[JudgedFile]:
    return [
        judge_file(
            path=entry.path,
            mode=entry.mode,
            blob=entry.blob,
            content=content,
            schema=batch.schema,
            config=batch.config,
            whole=batch.whole,
        )
        for entry, content in batch.files
    ]


def _standing(states: Mapping[RecordId, State]) -> dict[RecordId, Standing]:
    return {id_: state for id_, state in states.items() if isinstance(state, Standing)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proposal:
    """A pull request to judge."""

    judge: _Judge
    contracts: Contracts
    config: Config
    """The base's."""
    base: str
    head: str
    paths: tuple[str, ...]
    """What differs from where it left the base."""
    head_branch: str | None
    clock: Clock
    circumstances: Circumstances | None

    def judged(self) -> tuple[list[Finding], int, tuple[Review, ...]]:
        """Every finding, how many records were judged, and what the page of each promotion says."""
        touched = [path for path in self.paths if path.split("/", 1)[0].lower() == PROMOTIONS]
        before = self.judge.history.lookup(self.base, touched)
        after = self.judge.history.lookup(self.head, touched)
        brought = [path for path in touched if before.get(path) != after.get(path)]
        files = self.judge.files(
            [after[path] for path in brought if path in after], self.config, whole=True
        )
        findings = [finding for file in files for finding in file.findings]
        steps = self._steps(brought, files)
        tree = self._tree(steps)
        findings += judge_tree(tree)
        proposed = self._proposed()
        bench = Bench(
            history=self.judge.history,
            contracts=self.contracts,
            config=self.config,
            base=self.base,
            now=self.clock.now(),
            circumstances=self.circumstances,
        )
        asked = promotions(bench, tree)
        findings += judge_change(
            Change(
                base=self.base,
                paths=self.paths,
                steps=tuple(steps.values()),
                ladder=self.config.ladder,
                config=self.config,
                below=tree.below,
                head_branch=self.head_branch,
                proposed=proposed,
                promotions=asked,
                now=bench.now,
            )
        )
        reviews = tuple(each.review for each in asked)
        if not isinstance(proposed, Config):
            return findings, len(steps), reviews
        more, count = self._under(proposed, touched, after)
        # What either configuration objects to is one finding.
        told = set(findings)
        more = [_of_proposed(each) for each in more if each not in told]
        return [*findings, *more], count, reviews

    def _steps(self, brought: Sequence[str], files: Sequence[JudgedFile]) -> dict[RecordId, Step]:
        """What happens to each record whose path is among those brought."""
        ids = [id_ for path in brought if (id_ := parse_path(path)) is not None]
        before = self.judge.states(self.base, ids, self.config)
        after: dict[RecordId, State] = {file.id: file.state for file in files if file.id}
        return {id_: Step(id=id_, before=before.get(id_), after=after.get(id_)) for id_ in ids}

    def _tree(self, steps: Mapping[RecordId, Step]) -> Tree:
        """The records that the change brings, over the records of the base."""
        after = {id_: step.after for id_, step in steps.items()}
        judged = _standing(after)
        ladder = self.config.ladder
        below = {
            RecordId(rung.name, id_.model, id_.version)
            for id_ in judged
            if id_.environment in ladder and (rung := self.config.below(id_.environment))
        }
        stand = self.judge.states(self.base, sorted(below - after.keys()), self.config)
        # Only a new record can bring a new model; listing all others is not for every change.
        entries = (
            self.judge.history.entries(self.base, PROMOTIONS)
            if any(step.before is None for step in steps.values())
            else ()
        )
        return Tree(
            config=self.config,
            judged=judged,
            below={**stand, **after},
            models=frozenset(id_.model for entry in entries if (id_ := parse_path(entry.path))),
            steps=steps,
        )

    def _proposed(self) -> Config | BrokenConfig | None:
        """The configuration that the change brings; None where it leaves that alone."""
        if CONFIG_PATH not in self.paths:
            return None
        entry = self.judge.history.lookup(self.head, [CONFIG_PATH]).get(CONFIG_PATH)
        if entry is None:
            return BrokenConfig(why=f"{CONFIG_PATH}:1: it is deleted, and nothing works without it")
        try:
            return _read_config(self.judge.history, self.contracts, entry)
        except InvalidConfig as error:
            return BrokenConfig(why=error.message)

    def _under(
        self, proposed: Config, touched: Sequence[str], after: Mapping[str, TreeEntry]
    ) -> tuple[list[Finding], int]:
        """What stands in the way under the proposed configuration, in all of the merged tree."""
        others = set(touched)
        entries = [
            entry
            for entry in self.judge.history.entries(self.base, PROMOTIONS)
            if entry.path not in others
        ]
        findings, count = self.judge.everything([*entries, *after.values()], proposed)
        return [each for each in findings if each.severity is Severity.ERROR], count


def _of_proposed(finding: Finding) -> Finding:
    return replace(
        finding, message=f"under the {CONFIG_PATH} that this change brings: {finding.message}"
    )
