"""The layers of scripts/assent, held by reading its imports: an arrow only points down."""

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts"

BELOW = {
    "core": {"core"},
    "ports": {"core", "ports"},
    "contracts": {"core"},
    "distribution": set(),
    "flows": {"core", "ports", "contracts", "flows"},
    "adapters": {"core", "ports", "adapters", "version"},
    "resolve": {"core"},
    "scaffold": {"core", "contracts", "distribution", "scaffold", "version"},
    "wiring": {"core", "ports", "contracts", "flows", "adapters"},
    "wiring_doctor": {"core", "flows", "adapters", "wiring"},
    "wiring_backfill": {"flows", "adapters", "wiring"},
    "lambda_handler": {"core", "ports", "wiring", "lambda_telemetry"},
    "lambda_telemetry": {"core"},
    "lambda_zip": {"core", "distribution"},
    "sandbox": {
        *("core", "ports", "contracts", "flows", "adapters", "version"),
        *("resolve", "wiring", "lambda_handler", "sandbox"),
    },
    # It types the commands that it shows, and the command that starts it is one of them.
    "demo": {"core", "adapters", "version", "sandbox", "demo", "lambda_handler", "cli"},
    # It runs what workflows run, by their commands, and one of them starts it.
    "web": {
        *("core", "contracts", "version", "sandbox", "demo", "web", "lambda_handler", "cli"),
    },
    # That it imports demo and web on demand only is a test of its own.
    "cli": {
        *("core", "ports", "contracts", "flows", "adapters", "version"),
        *(
            "resolve",
            "scaffold",
            "wiring",
            "wiring_backfill",
            "wiring_doctor",
            "demo",
            "web",
            "cli",
        ),
        "lambda_zip",
    },
    "__main__": {"cli"},
    "version": set[str](),
}
"""What each layer may import of Assent."""

READERS = {"codeowners", "jsonschema", "rfc8785", "yaml"}
AWS = {"boto3", "botocore"}
GITHUB = {"github", "requests"}
FOREIGN = {
    "core": READERS,
    "ports": set[str](),
    "contracts": set[str](),
    "distribution": set[str](),
    "flows": set[str](),
    "scaffold": {"jinja2"},
    "adapters": AWS | GITHUB,
    "resolve": AWS,
    "wiring": {"github"},  # names PyGithub's kinds of authentication
    "wiring_doctor": set[str](),
    "wiring_backfill": set[str](),
    "lambda_handler": {"aws_lambda_powertools"},
    "lambda_telemetry": {"aws_lambda_powertools"},
    "lambda_zip": set[str](),
    "cli": {"click"},
    "__main__": set[str](),
    "version": set[str](),
}
"""What each layer may import of others; sandbox, demo and web, anything. Type stubs are free."""

DOES = {
    *("asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pathlib"),
    *("random", "secrets", "selectors", "shutil", "signal", "socket", "subprocess", "sys"),
    *("tempfile", "threading", "time", "urllib", "uuid", "warnings"),
}
"""Modules of the standard library that read or change the world; the core has none of them."""

TELLS_THE_TIME = {
    "assent.adapters.system_clock": "it is the clock",
    "assent.sandbox.stage": "the sandbox's default clock",
    "assent.sandbox.github.server": "judges the time stamps that Apps sign",
    "assent.sandbox.aws.events": "SQS stamps its messages",
    "assent.sandbox.aws.registry": "SageMaker stamps its packages",
    "assent.sandbox.faults": "GitHub says when a rate limit ends",
}
"""Everything else is told the time; nothing sleeps."""
CLOCKS = {"now", "utcnow", "today", "time", "time_ns"}


@dataclass(frozen=True)
class Import:
    """One name that a module imports."""

    importer: str
    imported: str
    """The module that it comes from."""
    line: int
    at_start: bool
    """Whether importing the importer imports it: not within a function, not for types alone."""
    for_types: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def _layer(module: str) -> str:
    parts = module.split(".")
    if parts[1:2] == ["sandbox"] and parts[2:3] in (["demo"], ["web"]):
        return parts[2]
    if parts[-1].startswith("cli_"):
        return "cli"
    return parts[1] if len(parts) > 1 else "version"


def _sources() -> dict[str, ast.Module]:
    found = {}
    for path in sorted((SCRIPTS / "assent").rglob("*.py")):
        parts = path.relative_to(SCRIPTS).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return found


def _imports(
    module: str, tree: ast.AST, modules: Iterable[str], *, at_start: bool = True
) -> Iterator[Import]:
    """Each import of a module, wherever it stands."""
    known = set(modules)
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Import():
                for alias in node.names:
                    yield Import(module, alias.name, node.lineno, at_start, for_types=False)
            case ast.ImportFrom(module=str(source)):
                for alias in node.names:
                    # `from assent import cli` imports a module, too.
                    full = f"{source}.{alias.name}"
                    name = full if full in known else source
                    yield Import(module, name, node.lineno, at_start, for_types=False)
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                for each in _imports(module, node, known, at_start=False):
                    yield Import(module, each.imported, each.line, False, for_types=True)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from _imports(module, node, known, at_start=False)
            case _:
                yield from _imports(module, node, known, at_start=at_start)


SOURCES = _sources()
IMPORTS = [each for name, tree in SOURCES.items() for each in _imports(name, tree, SOURCES)]


def _top(module: str) -> str:
    return module.partition(".")[0]


def test_every_kind_of_import_is_seen() -> None:
    """The reader of imports sees those in functions, for types, and of modules by `from`."""
    text = (
        "import json\nfrom assent import cli, __version__\n"
        "if TYPE_CHECKING:\n    import boto3\n"
        "def f():\n    try:\n        from assent.sandbox.demo import run\n    finally: ...\n"
    )
    found = _imports("here", ast.parse(text), ["assent.cli", "assent.sandbox.demo"])
    assert [(each.imported, each.at_start, each.for_types) for each in found] == [
        ("json", True, False),
        ("assent.cli", True, False),
        ("assent", True, False),
        ("boto3", False, True),
        ("assent.sandbox.demo", False, False),
    ]


def test_every_module_is_in_a_layer() -> None:
    """A new top-level module needs a place in this table."""
    assert {_layer(name) for name in SOURCES} <= BELOW.keys()


@pytest.mark.parametrize("layer", BELOW)
def test_a_layer_imports_only_what_is_below_it(layer: str) -> None:
    """No import points up, not even one for types or within a function."""
    wrong = [
        str(each)
        for each in IMPORTS
        if _layer(each.importer) == layer
        and _top(each.imported) == "assent"
        and _layer(each.imported) not in BELOW[layer]
    ]
    assert not wrong


@pytest.mark.parametrize("layer", FOREIGN)
def test_a_layer_knows_only_its_own_libraries(layer: str) -> None:
    """Only adapters speak to services; flows and ports use no library at all."""
    free = sys.stdlib_module_names | {"assent"}
    wrong = [
        str(each)
        for each in IMPORTS
        if _layer(each.importer) == layer
        and _top(each.imported) not in free | FOREIGN[layer]
        and not (each.for_types and _top(each.imported).startswith("mypy_boto3_"))
    ]
    assert not wrong


def test_the_core_does_no_input_or_output() -> None:
    """The core computes: it imports nothing that reads or changes the world."""
    wrong = [
        str(each)
        for each in IMPORTS
        if _layer(each.importer) in {"core", "ports"} and _top(each.imported) in DOES
    ]
    assert not wrong
    opens = [
        f"{name}:{node.lineno} calls {node.func.id}"
        for name, tree in SOURCES.items()
        if _layer(name) == "core"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"open", "print", "input", "exec", "eval", "__import__"}
    ]
    assert not opens


def test_the_sandbox_is_only_imported_on_demand() -> None:
    """What runs in production never loads the sandbox, and the command line only on demand."""
    inside = {"sandbox", "demo", "web"}
    users = [
        each
        for each in IMPORTS
        if _layer(each.imported) in inside and _layer(each.importer) not in inside
    ]
    assert {each.importer for each in users} == {"assent.cli_sandbox"}
    assert not [str(each) for each in users if each.at_start]


def test_the_command_line_starts_light() -> None:
    """At its start it imports click and the core; each command brings what it needs."""
    started = {
        each.imported
        for each in IMPORTS
        if _layer(each.importer) == "cli" and each.at_start and _top(each.imported) == "assent"
    }
    assert started <= {
        *("assent", "assent.core.errors"),
        *("assent.cli_audit", "assent.cli_doctor", "assent.cli_drift", "assent.cli_init"),
        *("assent.cli_backfill", "assent.cli_lambda"),
        *("assent.cli_check", "assent.cli_options", "assent.cli_sandbox", "assent.cli_verdicts"),
    }


def test_no_module_needs_itself() -> None:
    """There is no cycle of imports, so that any module can be imported first."""
    graph: dict[str, set[str]] = {name: set() for name in SOURCES}
    for each in IMPORTS:
        if each.at_start and each.imported in SOURCES:
            graph[each.importer].add(each.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" needs ".join(error.args[1]))


def _attributes(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr, node.lineno
        elif isinstance(node, ast.Name):
            yield node.id, node.lineno
        elif isinstance(node, ast.alias):
            yield node.name, node.lineno


def test_the_time_is_asked_in_few_places() -> None:
    """The flows are told the time by a port, so that tests can set it."""
    found = {
        name
        for name, tree in SOURCES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            (
                isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name | ast.Attribute)
                and node.func.attr in CLOCKS
                and _last_name(node.func.value) in {"datetime", "date", "time"}
            )
            or (isinstance(node.func, ast.Name) and node.func.id in CLOCKS)
        )
    }
    assert found == TELLS_THE_TIME.keys()


def _last_name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def test_nothing_sleeps() -> None:
    """Neither Assent nor a test waits by the clock; but for the adapter of a backfill's pauses."""
    files = [*(SCRIPTS / "assent").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    sleeps = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        for name, line in _attributes(ast.parse(path.read_text(encoding="utf-8")))
        if name == "sleep"
    ]
    assert [each.rsplit(":", 1)[0] for each in sleeps] == [
        "scripts/assent/adapters/system_clock.py"
    ]
