"""The zip, built once and unpacked, and a stage whose queue a function empties."""

import fcntl
import json
import os
import platform
import secrets
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import pytest
from tests.end_to_end import play
from tests.lambda_runtime.service import HANDLER, Deployment, Function

from assent.lambda_zip import Built, IndexUnreachable, build_lambda
from assent.sandbox.stage import Stage

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")
"""AWS's runtime client and what it requires."""
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "c2VjcmV0LWFjY2Vzcy1rZXktb2YtdGhlLXRlc3Q",
    "AWS_SESSION_TOKEN": "c2Vzc2lvbi10b2tlbi1vZi10aGUtdGVzdA",
}
"""Credentials that nothing else looks like."""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The zip for this machine and this Python, once for all of pytest's processes."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    machine = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
    with (shared / "lambda.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return build_once(shared / "lambda" / "assent-lambda.zip", machine)
        except IndexUnreachable:
            pytest.skip("the package index cannot be reached: the zip was NOT built, and NOT run")


def build_once(target: Path, machine: str) -> Built:
    """Build and unpack, unless that was done."""
    kept = target.with_suffix(".json")
    if not kept.exists():
        built = build_lambda(target, architecture=machine, runtime=RUNTIME)
        with zipfile.ZipFile(target) as archive:
            archive.extractall(target.parent / "task")
        kept.write_text(json.dumps({**asdict(built), "path": str(target)}))
    values = json.loads(kept.read_text())
    return Built(**{**values, "path": Path(values["path"])})


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with AWS's runtime client and what that requires, and nothing else."""
    return lay_out_client(tmp_path_factory.mktemp("runtime"))


def lay_out_client(folder: Path) -> Path:
    """Copy AWS's runtime client, and what that requires, into a folder; returns the folder."""
    for name in CLIENT:
        try:
            files = metadata.files(name) or []
        except metadata.PackageNotFoundError:
            pytest.skip(f"{name} is not installed: the zip was NOT run as Lambda runs it")
        for file in files:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                target = folder / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(str(file.locate())), target)
    return folder


def keep_secret(stage: Stage, text: str) -> str:
    """Keep a text as a new secret; returns its ARN."""
    client = stage.aws.session().client("secretsmanager")
    made = client.create_secret(Name=f"assent/{secrets.token_hex(4)}", SecretString=text)
    return made["ARN"]


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nothing of this machine have a say, and no test inherit another's handler."""
    for name in os.environ:
        if name.startswith(("AWS_", "ASSENT_")):
            monkeypatch.delenv(name)
    play.cold_start()
    yield
    play.cold_start()


Deploy = Callable[..., Function]


@pytest.fixture
def deploy(built: Built, runtime: Path, tmp_path: Path) -> Iterator[Deploy]:
    """Makes functions of the zip, for a stage and with further settings."""
    logs = tmp_path / "logs"
    logs.mkdir()
    with ExitStack() as stack:

        def make(
            stage: Stage,
            settings: Mapping[str, str] | None = None,
            *,
            handler: str = HANDLER,
            task: Path = built.path.parent / "task",
        ) -> Function:
            environment = {**stage.environment(), **SECRETS, **(settings or {})}
            deployment = Deployment(
                task=task,
                runtime=runtime,
                environment=environment,
                logs=logs,
                handler=handler,
            )
            return stack.enter_context(Function(deployment))

        yield make
