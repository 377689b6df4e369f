"""The wheel, installed with its pinned requirements into an empty environment, away from here."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from assent import __version__
from assent.distribution import distributed_files

ROOT = Path(__file__).parents[1]
RECORD = "promotions/dev/churn/7.yaml"
HEAVY = ("aws_lambda_powertools", "click", "github", "jsonschema", "yaml")
UNREACHABLE = re.compile("NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError")
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@dataclass(frozen=True)
class Installation:
    """An environment that holds the wheel and what it requires, and nothing else."""

    wheel: Path
    bin: Path

    @property
    def path(self) -> str:
        """A `PATH` on which its folder comes first."""
        return f"{self.bin}:{os.environ['PATH']}"

    def run(
        self, program: str, *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run one of its programs under no variables but these, its folder on PATH."""
        return subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=cwd,
            env={"PATH": self.path, **(environment or {})},
            check=False,
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel with what it needs at run time, pinned."""
    return install(tmp_path_factory, "runtime.txt")


def install(factory: pytest.TempPathFactory, requirements: str) -> Installation:
    """Build and install once, however many of pytest's processes ask for it."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "packaging" / requirements
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / f"{requirements}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _install(folder, requirements)
            (folder / "ready").touch()
    (wheel,) = folder.glob("*.whl")
    return Installation(wheel=wheel, bin=folder / "environment" / "bin")


def _install(folder: Path, requirements: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    environment = folder / "environment"
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    venv.create(environment, with_pip=True)
    into = ["--python", str(environment / "bin" / "python")]
    pinned = str(ROOT / "requirements" / requirements)
    _pip(*into, "install", "--no-compile", "--retries=1", "--require-hashes", "-r", pinned)
    _pip(*into, "install", "--no-compile", "--no-deps", "--no-index", str(wheel))


def _pip(*arguments: str) -> None:
    done = subprocess.run([*PIP, *arguments], check=False, capture_output=True, text=True)
    if done.returncode and UNREACHABLE.search(done.stderr):
        pytest.skip("the package index cannot be reached, so nothing can be installed from it")
    assert done.returncode == 0, done.stderr


def _repository(folder: Path, record: str) -> Path:
    """A promotion repository with one record, in a folder of its own."""
    for source, name in ((ROOT / "assent.yaml", "assent.yaml"), (ROOT / "tests" / record, RECORD)):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


@pytest.fixture
def valid(tmp_path: Path) -> Path:
    return _repository(tmp_path / "valid", "rules/valid/approved.yaml")


@pytest.fixture
def invalid(tmp_path: Path) -> Path:
    return _repository(tmp_path / "invalid", "rules/invalid/evidence-digest--edited-metric.yaml")


def test_the_wheel_holds_the_package_its_schemas_and_its_licence(
    installation: Installation,
) -> None:
    """Nothing but `assent` and its metadata is in the wheel; the schemas are, to the byte."""
    with zipfile.ZipFile(installation.wheel) as wheel:
        names = wheel.namelist()
        schemas = {name: wheel.read(name) for name in names if "/schemas/" in name}
    assert {name.split("/")[0] for name in names} == {
        "assent",
        f"assent_promotions-{__version__}.dist-info",
    }
    assert f"assent_promotions-{__version__}.dist-info/licenses/LICENSE" in names
    web = ROOT / "scripts" / "assent" / "sandbox" / "web"
    pages = [*web.glob("static/*"), *web.glob("templates/*")]
    assert pages
    assert {f"assent/sandbox/web/{path.relative_to(web)}" for path in pages} <= set(names)
    assert schemas == {
        f"assent/schemas/{path.name}": path.read_bytes()
        for path in (ROOT / "schemas").glob("*.json")
    }


def test_the_wheel_holds_the_very_files_that_a_checkout_carries_on(
    installation: Installation,
) -> None:
    """What `init` and the Lambda's zip are made of is the same, wherever Assent runs from."""
    metadata = re.compile(r"^assent_promotions-[^/]+\.dist-info/")
    with zipfile.ZipFile(installation.wheel) as wheel:
        held = {name: wheel.read(name) for name in wheel.namelist() if not metadata.match(name)}
    assert distributed_files() == held


def test_the_pinned_requirements_are_what_the_wheel_asks_for(installation: Installation) -> None:
    """Nothing that the wheel requires is missing from requirements/runtime.txt or too old in it."""
    python = str(installation.bin / "python")
    done = subprocess.run(
        [*PIP, "--python", python, "check"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_the_installed_command_shows_its_help(installation: Installation, tmp_path: Path) -> None:
    """`assent --help` works in an empty environment, and lists every command."""
    done = installation.run("assent", "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("apply", "check", "demo", "plan", "propose", "resolve", "status"):
        assert f"\n  {command} " in done.stdout


def test_the_installed_command_accepts_a_valid_record(
    installation: Installation, valid: Path
) -> None:
    """A valid tree is judged by the schemas in the wheel, with exit code 0."""
    done = installation.run("assent", "check", cwd=valid)
    assert (done.returncode, done.stdout) == (0, "no finding; 1 record judged\n")


def test_the_installed_command_refuses_an_invalid_record(
    installation: Installation, invalid: Path
) -> None:
    """A finding has exit code 10 and names its rule."""
    done = installation.run("assent", "check", "--format", "json", cwd=invalid)
    assert done.returncode == 10, done.stderr
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["rule"], finding["path"]) == ("evidence-digest", RECORD)


def test_the_lambda_handler_imports(installation: Installation, tmp_path: Path) -> None:
    """The runtime's requirements suffice for the Lambda's entry point, without any setting."""
    code = "from assent.lambda_handler import handler; print(handler.__name__)"
    done = installation.run("python", "-c", code, cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("handler\n", 0), done.stderr


def test_resolving_imports_boto3_and_nothing_else_of_weight(
    installation: Installation, tmp_path: Path
) -> None:
    """An inference job that asks for a version loads neither GitHub's client nor a YAML reader."""
    code = (
        "import sys, json, assent.resolve\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    done = installation.run("python", "-c", code, cwd=tmp_path)
    loaded = json.loads(done.stdout)
    assert "boto3" in loaded
    assert not set(HEAVY) & set(loaded)


@pytest.fixture(scope="module")
def promotions(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A promotion repository that the installed command made, no checkout near."""
    folder = tmp_path_factory.mktemp("promotions")
    done = installation.run(
        *("assent", "init", "."),
        *("--repository=acme/model-promotions", "--registry=111122223333/eu-west-1"),
        *("--owner=@acme/ml-approvers", "--platform=@acme/ml-platform", "--app-id=7"),
        cwd=folder,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def test_the_installed_command_makes_a_repository_that_passes(
    installation: Installation, promotions: Path
) -> None:
    """`assent init` in an empty folder, then `assent check`; a second run changes nothing."""
    done = installation.run("assent", "check", cwd=promotions)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "no finding; no promotion record yet, only what will judge them\n"
    again = installation.run("assent", "init", ".", cwd=promotions)
    assert again.returncode == 0, again.stderr
    assert re.fullmatch(r"Assent \S+ for acme/model-promotions: \d+ unchanged\n", again.stdout)


def test_the_wheel_that_init_packs_is_the_one_that_was_built(
    installation: Installation, promotions: Path
) -> None:
    """The same files with the same bytes, and a record of the same lines."""
    (packed,) = (promotions / ".github" / "assent").glob("*.whl")
    assert packed.name == installation.wheel.name
    held = []
    for path in (packed, installation.wheel):
        with zipfile.ZipFile(path) as wheel:
            files = {name: wheel.read(name) for name in wheel.namelist()}
        (record,) = [name for name in files if name.endswith(".dist-info/RECORD")]
        held.append((sorted(files.pop(record).splitlines()), files))
    assert held[0] == held[1]


def test_what_init_pins_is_installed_from_the_root_of_the_repository(
    installation: Installation, promotions: Path
) -> None:
    """By its path and digest the wheel is taken, and every other pin is what is there."""
    python = str(installation.bin / "python")
    asked = ["install", "--dry-run", "--no-index", "--require-hashes", "--only-binary", ":all:"]
    pinned = ["--requirement", ".github/assent/requirements.txt"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    done = subprocess.run(
        [*pip, *asked, *pinned], cwd=promotions, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (packed,) = (promotions / ".github" / "assent").glob("*.whl")
    assert f"Processing ./.github/assent/{packed.name}" in done.stdout
    assert "Collecting" not in done.stdout
    original = packed.read_bytes()
    try:
        packed.write_bytes(original.replace(b"Model promotions", b"Model demotions!", 1))
        altered = subprocess.run(
            [*pip, *asked, *pinned], cwd=promotions, check=False, capture_output=True, text=True
        )
    finally:
        packed.write_bytes(original)
    assert altered.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in altered.stderr


def test_a_checkout_works_without_installing_it(installation: Installation, valid: Path) -> None:
    """With its requirements there, `PYTHONPATH=scripts` is enough, schemas included."""
    checkout = {"PYTHONPATH": str(ROOT / "scripts")}
    code = "import assent; print(assent.__file__)"
    found = installation.run("python", "-c", code, cwd=valid, environment=checkout)
    assert found.stdout.strip() == str(ROOT / "scripts" / "assent" / "__init__.py")
    shown = installation.run("python", "-m", "assent", "--help", cwd=valid, environment=checkout)
    assert shown.stdout.startswith("Usage: python -m assent ")
    done = installation.run("python", "-m", "assent", "check", cwd=valid, environment=checkout)
    assert (done.returncode, done.stdout) == (0, "no finding; 1 record judged\n")
