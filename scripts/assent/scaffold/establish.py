"""Brings a folder to what its answers ask for, and says what was done and what was left."""

from collections.abc import Sequence
from dataclasses import dataclass

from assent import __version__
from assent.contracts import load_contracts
from assent.core.config import CONFIG_PATH, Config, parse_config
from assent.core.errors import AssentError, Exit
from assent.core.names import shown
from assent.scaffold.answers import Answers, BadAnswer, Given, Missing, settle
from assent.scaffold.contents import contents
from assent.scaffold.folder import Folder
from assent.scaffold.manifest import MANIFEST, DamagedManifest, Manifest, is_made, read_manifest
from assent.scaffold.plan import Absent, Create, Plan, Present, Remove, Replace, make_plan
from assent.scaffold.rulesets import owed

__all__ = ["Before", "Foreign", "Scaffolded", "carry_out", "look_before", "plan_for", "resolve"]


class Foreign(AssentError):
    """The folder is somebody else's."""

    exit = Exit.USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What a folder says of itself."""

    manifest: Manifest | None
    config: Config | None
    """An `assent.yaml` that people wrote or edited: what it says counts."""

    @property
    def known(self) -> Answers | None:
        """The answers of before; owners may be missing in them."""
        if self.config is None:
            return None if self.manifest is None else self.manifest.answers
        if self.manifest is not None:
            return self.manifest.answers.following(self.config)
        registry = self.config.registry
        nothing = Answers(
            repository=self.config.repository,
            account=registry.account,
            region=registry.region,
            rungs=(),
            platform=(),
            app_id=None,
            api_url=self.config.api_url,
        )
        return nothing.following(self.config)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaffolded:
    """A plan, and what cannot be made yet."""

    answers: Answers
    plan: Plan
    owed: tuple[str, ...]
    """Files that need the App's number."""

    @property
    def exit(self) -> Exit:
        """Findings where somebody has to look at a file that was kept."""
        return Exit.FINDINGS if self.plan.news else Exit.OK


def look_before(folder: Folder) -> Before:
    """Read what a folder says of itself.

    Raises:
        DamagedManifest: Its manifest cannot be used.
        InvalidConfig: Its `assent.yaml`, which people wrote, does not read.
    """
    manifest = None
    match folder.look(MANIFEST):
        case Present(content):
            manifest = read_manifest(content)
        case Absent():
            pass
        case blocked:
            raise DamagedManifest(f"{MANIFEST} cannot be read: {blocked.why}")
    config = None
    state = folder.look(CONFIG_PATH)
    if isinstance(state, Present):
        generated = () if manifest is None else manifest.files.get(CONFIG_PATH, ())
        if not is_made(CONFIG_PATH, state.content, generated):
            config = parse_config(state.content, load_contracts().config)
    return Before(manifest=manifest, config=config)


def resolve(before: Before, given: Given) -> Answers | Missing:
    """The answers, of before and of now.

    Raises:
        BadAnswer: One is of no use, or contradicts an `assent.yaml` that people wrote.
    """
    answers = settle(given, before.known)
    if isinstance(answers, Missing) or before.config is None or answers.says_as(before.config):
        return answers
    raise BadAnswer(
        f"{CONFIG_PATH} was edited by hand, and says something else",
        hint=f"Change repository, registry, environments and api_url in {CONFIG_PATH} itself, and "
        "run this again without those options: everything else follows it.",
    )


def plan_for(
    folder: Folder, before: Before, answers: Answers, restore: Sequence[str] = ()
) -> Scaffolded:
    """Compare a folder with what answers ask for; nothing is written.

    Raises:
        BadAnswer: A path to restore is none that is generated.
        NotInstalled: Assent's own wheel cannot be made.
    """
    files = contents(answers)
    for path in restore:
        if path not in files:
            raise BadAnswer(f"--restore: {shown(path)} is no file that is generated")
    plan = make_plan(
        answers,
        files,
        before.manifest,
        folder.look,
        version=__version__,
        restore=restore,
        # Answers follow it, so what it would be is no news to who wrote it.
        followed=() if before.config is None else (CONFIG_PATH,),
    )
    return Scaffolded(answers=answers, plan=plan, owed=owed(answers))


def carry_out(folder: Folder, before: Before, plan: Plan) -> None:
    """Write what a plan says. Cut off anywhere, and run again, it ends in the same state.

    The manifest says what is about to be written before anything is, and what was once all of it
    is there: between the two, each file is one of those that it names.

    Raises:
        CannotWrite: The folder did not take a file.
    """
    last = None if before.manifest is None else before.manifest.written()
    for path in (MANIFEST, *plan.intent.files):
        folder.sweep(path)
    if plan.writes:
        _write_manifest(folder, plan.intent, last)
        last = plan.intent.written()
        for step in plan.steps:
            match step:
                case Create() | Replace():
                    folder.write(step.path, step.content)
                case Remove():
                    folder.remove(step.path)
                case _:
                    continue
    _write_manifest(folder, plan.final, last)


def _write_manifest(folder: Folder, manifest: Manifest, last: bytes | None) -> None:
    content = manifest.written()
    if content != last:
        folder.write(MANIFEST, content)
