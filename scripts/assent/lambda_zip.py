"""Build the Lambda's zip: the handler, what it imports, and nothing else; the same bytes each time.

Of Assent it takes the modules that the handler reaches by its imports; of other packages those that
`requirements/lambda.txt` pins, as wheels for the runtime, without what only people and tools read.
"""

import ast
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import metadata
from pathlib import Path

from assent.core.errors import AssentError
from assent.core.names import shown
from assent.distribution import DISTRIBUTION, distributed_files

__all__ = [
    "ARCHITECTURES",
    "RUNTIMES",
    "Built",
    "IndexUnreachable",
    "Unbuildable",
    "build_lambda",
    "handler_modules",
]

RUNTIMES: Mapping[str, int] = {"python3.11": 26, "python3.12": 34, "python3.13": 34}
"""Lambda's runtimes, and which glibc 2.x each has: Amazon Linux 2, or Amazon Linux 2023."""
ARCHITECTURES: Mapping[str, str] = {"x86_64": "x86_64", "arm64": "aarch64"}
"""As Lambda names them, and as wheels do."""
HANDLER = "assent.lambda_handler"
SERVICES = ("events", "s3", "secretsmanager", "sagemaker", "sns", "sqs", "ssm", "sts")
"""What the handler may ask of AWS; botocore describes some four hundred services."""
LARGEST_UPLOAD = 50 * 1024 * 1024
"""Bytes of a zip that Lambda takes directly; larger ones go by way of S3."""
LARGEST_UNPACKED = 250 * 1024 * 1024
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can hold; with a real one, no two builds would be equal."""

_LEFT_OUT = (
    "bin/*",  # commands
    "*/tests/*",
    "*.pyi",
    "*/py.typed",
    "*.h",
    "boto3/data/*",  # of resources, where only clients are used
    "boto3/examples/*",
    "aws_lambda_powertools/event_handler/*",  # answers HTTP, with a user interface of its own
)
_KEPT_OF_METADATA = re.compile(
    r"[^/]+\.dist-info/(METADATA|(licenses|sboms)/.+|(LICEN[CS]E|NOTICE|COPYING|AUTHORS)[^/]*)",
    re.IGNORECASE,
)
"""Licences, and the names and versions by which scanners know what is inside."""
_WHEELS_SINCE = 17
"""Wheels for glibc 2.17 and later exist; older ones carry older names."""
_UNREACHED = re.compile("NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError")
_PROBE = "import sys; print(sys.implementation.name, '.'.join(map(str, sys.version_info[:3])))"
_COMPILE = """
import py_compile, sys
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
for name in sys.stdin.read().split("\\0"):
    py_compile.compile(name, dfile=name, doraise=True, invalidation_mode=mode, optimize=0)
"""


class Unbuildable(AssentError):
    """The zip cannot be built here."""


class IndexUnreachable(Unbuildable):
    """pip could not ask for the packages; another time it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A zip that was built."""

    path: Path
    architecture: str
    runtime: str
    size: int
    """Bytes of the zip."""
    unpacked: int
    """Bytes of what is in it."""
    files: int
    python: str | None
    """The version of CPython that compiled the bytecode; None where there is none."""
    sha256: str
    """Of the zip, in hexadecimal digits."""
    content: str
    """SHA-256 over names and contents alone: whatever compressed them."""


def build_lambda(
    target: Path,
    *,
    architecture: str = "x86_64",
    runtime: str = "python3.13",
    python: str | None = None,
    bytecode: bool = True,
    compressed: bool = True,
) -> Built:
    """Write the zip to a file; what was there is replaced once the new one is complete.

    Args:
        target: The file.
        architecture: One of `ARCHITECTURES`.
        runtime: One of `RUNTIMES`.
        python: The interpreter that compiles, of the runtime's version; found unless given.
        bytecode: Whether to compile; without it each cold start does.
        compressed: Whether to deflate. Other builds of zlib give other bytes; stored ones depend on
            nothing.

    Raises:
        Unbuildable: pip, or an interpreter of that version, is missing; or a package is.
    """
    compiler = _interpreter(runtime, python) if bytecode else None
    with tempfile.TemporaryDirectory(prefix="assent-lambda-") as scratch:
        folder = Path(scratch)
        _install(folder, architecture, runtime)
        content = {
            name: (folder / name).read_bytes() for name in _names_below(folder) if _is_kept(name)
        }
        content |= _own()
        if compiler is not None:
            content |= _compiled(content, compiler[0])
    _pack(content, target, compressed=compressed)
    built = Built(
        path=target,
        architecture=architecture,
        runtime=runtime,
        size=target.stat().st_size,
        unpacked=sum(map(len, content.values())),
        files=len(content),
        python=None if compiler is None else compiler[1],
        sha256=hashlib.sha256(target.read_bytes()).hexdigest(),
        content=_digest(content),
    )
    if built.unpacked > LARGEST_UNPACKED:
        raise Unbuildable(
            f"the content has {built.unpacked} bytes; Lambda takes {LARGEST_UNPACKED}",
            hint="Look at what has grown in it: unzip -lv shows the size of each file.",
        )
    return built


def handler_modules(files: Mapping[str, bytes]) -> set[str]:
    """The files of Assent that the handler reaches by its imports, wherever those stand.

    Args:
        files: As `distribution.distributed_files` returns them.
    """
    known = {_module_name(name): name for name in files if name.endswith(".py")}
    found: set[str] = set()
    waiting = [HANDLER]
    while waiting:
        module = waiting.pop()
        if module in known and module not in found:
            found.add(module)
            waiting.append(module.rpartition(".")[0])
            waiting += _imported(ast.parse(files[known[module]]))
    return {known[module] for module in found}


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imported(tree: ast.AST) -> Iterator[str]:
    """What may be modules among the names that are imported, but for types alone."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield module
                yield from (f"{module}.{alias.name}" for alias in node.names)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                for each in node.orelse:
                    yield from _imported(each)
            case _:
                yield from _imported(node)


def _own() -> dict[str, bytes]:
    """Assent's part: modules, schemas and licence."""
    files = distributed_files()
    modules = handler_modules(files)
    content = {
        name: text
        for name, text in files.items()
        if name in modules or name.startswith("assent/schemas/")
    }
    return {"assent/LICENSE": _licence(), **content}


def _licence() -> bytes:
    checkout = Path(__file__).parents[2]
    if (checkout / "pyproject.toml").is_file():
        return (checkout / "LICENSE").read_bytes()
    for file in metadata.files(DISTRIBUTION) or ():
        if file.name == "LICENSE":
            return file.read_binary()
    raise Unbuildable(
        "this installation of Assent lacks its licence", hint="Install the wheel again."
    )


def _install(folder: Path, architecture: str, runtime: str) -> None:
    """Install the pinned requirements into a folder: wheels only, as the runtime takes them."""
    machine = ARCHITECTURES[architecture]
    tags = [f"manylinux_2_{n}_{machine}" for n in range(RUNTIMES[runtime], _WHEELS_SINCE - 1, -1)]
    pins = folder / "lambda.txt"
    pins.write_bytes(distributed_files()["assent/requirements/lambda.txt"])
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    command += ["--require-hashes", "--only-binary", ":all:", "--no-compile", "--no-deps"]
    command += ["--implementation", "cp", "--python-version", runtime.removeprefix("python")]
    for tag in (*tags, f"manylinux2014_{machine}"):
        command += ["--platform", tag]
    command += ["--requirement", str(pins), "--target", str(folder)]
    _run(command, "the packages could not be installed", hint="See that pip reaches its index.")
    pins.unlink()


def _is_kept(name: str) -> bool:
    if ".dist-info/" in name:
        return _KEPT_OF_METADATA.fullmatch(name) is not None
    service = re.match(r"botocore/data/(?P<name>[^/]+)/", name)
    if service is not None:
        return service["name"] in SERVICES
    return not any(fnmatchcase(name, pattern) for pattern in _LEFT_OUT)


def _interpreter(runtime: str, given: str | None) -> tuple[str, str]:
    """An interpreter of the runtime's version, and which it is exactly.

    Bytecode is of use to one version of Python only, and unchecked it would be refused by others.
    """
    wanted = runtime.removeprefix("python")
    for candidate in [given] if given else [sys.executable, shutil.which(runtime)]:
        if candidate:
            name, _, version = _probe(candidate).partition(" ")
            if name == "cpython" and version.rpartition(".")[0] == wanted:
                return candidate, version
    raise Unbuildable(
        f"{shown(given)} is no CPython {wanted}"
        if given
        else f"bytecode for {runtime} takes a CPython {wanted}, and there is none on PATH",
        hint=f"Install Python {wanted}, or name it: --python PATH. Or leave the bytecode out "
        "(--no-bytecode), which makes each cold start slower.",
    )


def _probe(program: str) -> str:
    try:
        done = subprocess.run(
            [program, "-I", "-c", _PROBE], check=False, capture_output=True, text=True
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _compiled(content: Mapping[str, bytes], compiler: str) -> dict[str, bytes]:
    """The bytecode of all modules.

    A zip's fixed timestamps would make every bytecode file look stale; with hashes that are not
    checked, the cold start reads it as it is. One process compiles all, in order and under a fixed
    seed, since what else it interned shows in the bytes.
    """
    modules = sorted(name for name in content if name.endswith(".py"))
    with tempfile.TemporaryDirectory(prefix="assent-lambda-") as scratch:
        folder = Path(scratch)
        for name in modules:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content[name])
        _run(
            [compiler, "-S", "-s", "-P", "-c", _COMPILE],
            "the modules could not be compiled",
            folder=folder,
            given="\0".join(modules),
            environment={"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
        )
        return {
            name: (folder / name).read_bytes()
            for name in _names_below(folder)
            if name.endswith(".pyc")
        }


def _run(
    command: Sequence[str],
    what: str,
    *,
    folder: Path | None = None,
    given: str | None = None,
    environment: Mapping[str, str] | None = None,
    hint: str = "",
) -> None:
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        input=given,
        env=None if environment is None else dict(environment),
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        if "No module named pip" in done.stderr:
            hint = "Give this environment pip: python -m ensurepip, or uv pip install pip."
        if _UNREACHED.search(done.stderr):
            raise IndexUnreachable(f"{what}: pip did not reach its index", hint=hint)
        raise Unbuildable(f"{what}: {shown(lines[-1], 600)}", hint=hint)


def _names_below(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    )


def _digest(content: Mapping[str, bytes]) -> str:
    lines = (f"{hashlib.sha256(content[name]).hexdigest()}  {name}\n" for name in sorted(content))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _pack(content: Mapping[str, bytes], target: Path, *, compressed: bool) -> None:
    """Zip it: sorted, without timestamps, and with the rights that Lambda asks for."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.part")
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(unfinished, "w", method) as archive:
        for name in sorted(content):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3  # Unix, wherever it is built
            info.external_attr = 0o644 << 16
            info.compress_type = method
            archive.writestr(info, content[name], compresslevel=9 if compressed else None)
    unfinished.replace(target)
