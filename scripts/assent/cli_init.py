"""The command `init`: a promotion repository of one's own, made and upgraded."""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assent.cli_options import emit, format_option
from assent.cli_verdicts import verdicts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assent.core.errors import Exit
    from assent.scaffold.answers import Answers, Given
    from assent.scaffold.establish import Before
    from assent.scaffold.folder import Folder

__all__ = ["init"]


@click.command(short_help="Make, or upgrade, a promotion repository.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--repository", metavar="OWNER/NAME", help="The repository on GitHub.")
@click.option("--registry", metavar="ACCOUNT/REGION", help="Where the Model Registry is, in AWS.")
@click.option(
    "--environment",
    "environments",
    multiple=True,
    metavar="NAME[=ACCOUNT[/REGION]]",
    help="An environment; given several times, the lowest first.  [default: dev, test, uat, prod, "
    "in the registry's account and region]",
)
@click.option(
    "--owner",
    "owners",
    multiple=True,
    metavar="[ENV=]OWNER",
    help="Who approves, as @acme/team or @login, in ENV or wherever no other option says who; may "
    "be given several times.",
)
@click.option(
    "--platform",
    multiple=True,
    metavar="OWNER",
    help="Who owns everything else, as @acme/team or @login; may be given several times.",
)
@click.option(
    "--app-id",
    type=click.IntRange(min=1),
    metavar="N",
    help="The GitHub App's number, for the rulesets that name it; may be given later.",
)
@click.option(
    "--api-url", metavar="URL", help="GitHub Enterprise Server's API.  [default: github.com's]"
)
@click.option(
    "--restore",
    multiple=True,
    metavar="PATH",
    help="Take this file as it is generated, whatever was done to it; may be given several times.",
)
@click.option("--diff", is_flag=True, help="Show what would change in the files that are kept.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be written.")
@format_option("text", "json")
@verdicts
def init(
    folder: Path,
    *,
    repository: str | None,
    registry: str | None,
    environments: tuple[str, ...],
    owners: tuple[str, ...],
    platform: tuple[str, ...],
    app_id: int | None,
    api_url: str | None,
    restore: tuple[str, ...],
    diff: bool,
    dry_run: bool,
    form: str,
) -> "Exit":
    """Make a promotion repository in DIR, or upgrade one that this made.

    What people edited, deleted or put there stays. What is not answered is asked for on a terminal,
    and known from before when DIR is upgraded. Exit code 10: a file that was kept would now be
    another one; look at --diff, and merge by hand.
    """
    from assent.core.rendering.plain import json_text
    from assent.scaffold.answers import Given
    from assent.scaffold.establish import carry_out, look_before, plan_for
    from assent.scaffold.folder import Folder
    from assent.scaffold.report import scaffold_text, scaffold_values

    place = Folder(folder)
    before = look_before(place)
    outside = _look_around(place, known=before.manifest is not None)
    given = Given(
        repository=repository,
        registry=registry,
        environments=environments,
        owners=owners,
        platform=platform,
        app_id=app_id,
        api_url=api_url,
    )
    found = plan_for(place, before, _answered(before, given), restore)
    if not dry_run:
        if outside:
            _make_repository(place)
        carry_out(place, before, found.plan)
    if form == "json":
        emit(json_text(scaffold_values(found, dry_run=dry_run)))
    else:
        emit(scaffold_text(found, dry_run=dry_run, diff=diff))
    return found.exit


def _answered(before: "Before", given: "Given") -> "Answers":
    """The answers; what is missing is asked for where somebody can answer."""
    from assent.scaffold.answers import Missing
    from assent.scaffold.establish import resolve

    answers = resolve(before, given)
    if isinstance(answers, Missing) and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(f"Missing: {', '.join(answers.flags)}.")
    if isinstance(answers, Missing) and not given.environments and before.known is None:
        given = _until_usable(before, partial(_ask_ladder, given))
        answers = resolve(before, given)
    while isinstance(answers, Missing):
        given = _until_usable(before, partial(_ask, given, answers.flags[0]))
        answers = resolve(before, given)
    return answers


def _until_usable(before: "Before", ask: "Callable[[], Given]") -> "Given":
    """Ask until the answer has the form that it has to have."""
    from assent.core.rendering.plain import plain
    from assent.scaffold.answers import BadAnswer
    from assent.scaffold.establish import resolve

    while True:
        given = ask()
        try:
            resolve(before, given)
        except BadAnswer as error:
            click.echo(plain(f"{error.message}. {error.hint}"), err=True)
        else:
            return given


def _ask_ladder(given: "Given") -> "Given":
    from assent.scaffold.answers import LADDER

    text: str = click.prompt(
        "Environments, lowest first, as NAME or NAME=ACCOUNT/REGION",
        default=" ".join(LADDER),
        err=True,
    )
    return replace(given, environments=tuple(text.split()))


def _ask(given: "Given", flag: str) -> "Given":
    """What is given, and the answer to one more question."""
    option, _, form = flag.partition(" ")
    match option:
        case "--repository":
            return replace(given, repository=click.prompt(f"Repository, as {form}", err=True))
        case "--registry":
            question = f"Model Registry, as {form} (111122223333/eu-west-1)"
            return replace(given, registry=click.prompt(question, err=True))
        case "--platform":
            who = click.prompt("Who owns everything else, as @acme/ml-platform", err=True)
            return replace(given, platform=tuple(who.split()))
        case _:
            name, equals, _owner = form.partition("=")
            where = f"in {name}" if equals else "where nobody else is named"
            who = click.prompt(f"Who approves {where}, as @acme/ml-approvers", err=True)
            owners = tuple(f"{name}={each}" if equals else each for each in who.split())
            return replace(given, owners=(*given.owners, *owners))


def _look_around(folder: "Folder", *, known: bool) -> bool:
    """Whether a folder still has to become a git repository.

    Raises:
        Foreign: It is within another one, where GitHub would not find the workflows; or it has
            files, no history in which they could be found again, and was not made by this.
    """
    from assent.adapters.git_program import git_environment, run_git, what_git_said
    from assent.core.names import shown
    from assent.scaffold.establish import Foreign

    path = folder.path
    around = next(each for each in (path, *path.absolute().parents) if each.is_dir())
    found = run_git(["-C", around, "rev-parse", "--show-toplevel"], git_environment())
    if found.returncode == 0:
        top = Path(found.stdout.decode("utf-8", "surrogateescape").removesuffix("\n"))
        if top.resolve() != path.resolve():
            raise Foreign(
                f"{shown(str(path))} is within the git repository {shown(str(top))}",
                hint="Workflows and CODEOWNERS have to be at its root: name that, or run "
                "`git init` in the folder first.",
            )
        return False
    names = folder.names()
    if ".git" in names:
        raise Foreign(
            f"git does not read {shown(str(path))} as a work tree: {what_git_said(found)}",
            hint="If git speaks of ownership, `git config --global --add safe.directory PATH` "
            "makes it trust the folder.",
        )
    if names and not known:
        raise Foreign(
            f"{shown(str(path))} holds other files, and is no git repository",
            hint="Name an empty folder, or a clone of the promotion repository.",
        )
    return True


def _make_repository(folder: "Folder") -> None:
    from assent.adapters.git_program import git_environment, run_git, what_git_said
    from assent.core.errors import AssentError

    arguments: Sequence[str | Path] = ["init", "--quiet", "--initial-branch=main", folder.path]
    done = run_git(arguments, git_environment())
    if done.returncode:
        raise AssentError(f"git could not make a repository there: {what_git_said(done)}")
