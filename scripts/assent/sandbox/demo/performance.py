"""Sets the stage, tells the story step by step, and says where a step went wrong."""

import os
import sys
import time
from pathlib import Path

import click

from assent import lambda_handler
from assent.core.errors import AssentError
from assent.sandbox.demo import surroundings
from assent.sandbox.demo.auditing import farewell
from assent.sandbox.demo.folder import DemoFolder
from assent.sandbox.demo.narrator import Narrator, columns, is_styled
from assent.sandbox.demo.play import Play
from assent.sandbox.demo.scenery import DemoStage
from assent.sandbox.demo.story import STEPS, Step

__all__ = ["StepFailed", "perform", "tell_step"]


class StepFailed(AssentError):
    """A step of the demo did not have the result that it should."""


def perform(path: Path) -> None:
    """Tell the whole story; see `assent.sandbox.demo.run`."""
    started = time.monotonic()
    folder = DemoFolder(path)
    with surroundings.only(), surroundings.interrupts() as arrived, folder.open_log() as log:
        narrator = Narrator(log, styled=is_styled(sys.stdout), width=columns(), interrupts=arrived)
        with DemoStage(folder.root) as stage:
            os.environ.update(stage.environment())
            # A cold start: what an earlier run in this process kept leads to servers that are gone.
            lambda_handler._proposer.cache_clear()  # noqa: SLF001
            lambda_handler._limit.cache_clear()  # noqa: SLF001
            play = Play(stage=stage, narrator=narrator, folder=folder)
            for number, step in enumerate(STEPS, 1):
                tell_step(play, number, step)
        farewell(play, time.monotonic() - started)


def tell_step(play: Play, number: int, step: Step) -> None:
    """Tell one step, and note its requests in the log.

    Raises:
        StepFailed: It went wrong, in whatever way.
    """
    before = len(play.stage.ledger.calls)
    play.narrator.heading(f"{number}. {step.title}")
    try:
        step.tell(play)
    except (BrokenPipeError, click.Abort):
        raise  # nobody listens any more, or wants to; the command line knows what to do
    except Exception as error:
        failure = _failure(play, number, step, error)
        play.narrator.aside(f"\n{failure.message}\n{failure.hint}\n")
        raise failure from error
    finally:
        _note_calls(play, before)


def _failure(play: Play, number: int, step: Step, error: Exception) -> StepFailed:
    if isinstance(error, AssentError):
        what, hint = error.message, error.hint
    else:
        what, hint = f"{type(error).__name__}: {error}", ""
    log = play.folder.shown(play.folder.log)
    more = f"{log} holds everything up to here, with every call to the two servers."
    return StepFailed(
        f"the demo failed in step {number}, {step.title}: {what}", hint=f"{hint} {more}".lstrip()
    )


def _note_calls(play: Play, before: int) -> None:
    calls = play.stage.ledger.calls[before:]
    lines = [
        f"  call {call.number:3}  {call.service:6}  "
        + (call.operation if call.service == "aws" else f"{call.method} {call.path}")
        for call in calls
    ]
    play.narrator.aside("\n".join(["", *lines]))
