"""The house rules that a machine can hold: of tests, files, requirements, schemas and documents."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from assent import __version__
from assent.cli import main
from assent.contracts import load_contracts
from assent.core.config import CONFIG_PATH, parse_config
from assent.core.errors import Exit
from assent.core.record import ParsedRecord, parse_record
from assent.core.strict_yaml import Document, read_yaml

ROOT = Path(__file__).parents[1]
LONGEST_MODULE = 550
SCHEMAS = sorted((ROOT / "schemas").glob("*.json"))
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
# In brackets, so that this file does not name what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.~$}>])/(?:[w]ork|[r]oot|[h]ome|[U]sers|[t]mp)/")
REGISTRY = re.compile(
    r"(?<!no-emit-)[i]ndex-url|[f]iles\.pythonhosted|[p]ypi\.org/simple|[r]egistry\.npmjs"
)
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\((?P<target>[^)#\s]+)(?:#[^)]*)?\)")


@cache
def _files() -> dict[str, str]:
    """Every text file that is, or is about to be, part of the repository."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
    ).stdout.decode()
    found = {}
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if b"\0" not in content:
                found[name] = content.decode("utf-8", "replace")
    assert "pyproject.toml" in found
    return found


def _matches(pattern: re.Pattern[str], prefix: str = "") -> list[str]:
    return [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for name, text in _files().items()
        if name.startswith(prefix)
        for match in pattern.finditer(text)
    ]


def _markdown() -> dict[str, str]:
    return {
        name: text
        for name, text in _files().items()
        if name.endswith(".md") and not name.startswith("tests/")
    }


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_the_threat_model_names_tests_that_there_are() -> None:
    """Each test and file that SECURITY.md names as showing something exists."""
    named = set(re.findall(r"`((?:test_|tests/)[\w/.]+)`", _files()["SECURITY.md"]))
    tests = {
        function.name
        for name, text in _files().items()
        if name.startswith("tests/") and name.endswith(".py")
        for function in _functions(ast.parse(text))
    }
    assert len(named) > 50
    assert (
        sorted(
            each
            for each in named
            if each not in tests and not (each.startswith("tests/") and (ROOT / each).exists())
        )
        == []
    )


def test_every_test_says_what_it_holds() -> None:
    """Each test function has a docstring; its name alone is no sentence."""
    silent = [
        f"{path.relative_to(ROOT)}:{each.lineno}: {each.name}"
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for each in _functions(ast.parse(path.read_text(encoding="utf-8")))
        if each.name.startswith("test_") and not (ast.get_docstring(each) or "").strip()
    ]
    assert not silent


def test_no_module_outgrows_a_head() -> None:
    """A module under scripts/assent has at most a few hundred lines."""
    long = {
        name: lines
        for name, text in _files().items()
        if name.startswith("scripts/assent/") and name.endswith(".py")
        if (lines := text.count("\n")) > LONGEST_MODULE
    }
    assert not long


def test_no_file_knows_the_machine_that_it_was_written_on() -> None:
    """No file names a folder that only exists somewhere; temporary ones are asked for."""
    assert not _matches(MACHINE_PATH)


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is the installation's business."""
    assert not _matches(REGISTRY)


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_by_hash(path: Path) -> None:
    """Each requirement names one version and at least one SHA-256."""
    lines = [line for line in path.read_text().replace("\\\n", " ").splitlines() if line.strip()]
    required = [line for line in lines if not line.lstrip().startswith("#")]
    assert required
    form = re.compile(
        r"[A-Za-z0-9._-]+(\[[a-z0-9,_-]+\])?==[^ ;]+( ;.*?)?( +--hash=sha256:\w{64})+"
    )
    assert not [line for line in required if not form.fullmatch(line.strip())]


def _schemas_within(schema: object, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each schema of a field, an item or a definition, at any depth."""
    if not isinstance(schema, dict):
        return
    for keyword in ("properties", "$defs"):
        for name, each in schema.get(keyword, {}).items():
            yield f"{place}/{name}", each
            yield from _schemas_within(each, f"{place}/{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield f"{place}/{keyword}", schema[keyword]
            yield from _schemas_within(schema[keyword], f"{place}/{keyword}")


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_schema_is_one_and_describes_each_field(path: Path) -> None:
    """It satisfies the metaschema, has an identity, and each field says what it means."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"$id", "title", "description"} <= schema.keys()
    fields = dict(_schemas_within(schema, ""))
    assert fields
    assert not [place for place, each in fields.items() if not each.get("description")]


def _examples() -> Iterator[Any]:
    """Each whole document of ours that the documents show, and the files that are one."""
    for name, text in _markdown().items():
        for block in FENCE.finditer(text):
            if re.search(r"""^["{ ]*schema"?: *"?assent/""", block["text"], re.MULTILINE):
                line = text.count("\n", 0, block.start()) + 1
                yield pytest.param(block["text"], id=f"{name}:{line}")
    for name, text in _files().items():
        if name == "docs/reference/examples/receipts.json":
            continue  # several receipts, which tests/docs/test_reference.py reads
        if name == CONFIG_PATH or re.fullmatch(r"(docs|promotions)/.*\.(yaml|json)", name):
            yield pytest.param(text, id=name)


@pytest.mark.parametrize("text", list(_examples()))
def test_an_example_is_what_it_claims_to_be(text: str) -> None:
    """Records, configurations and parameters in the documents are valid ones."""
    contracts = load_contracts()
    document = read_yaml(text.encode())  # JSON is YAML as well
    assert isinstance(document, Document), document
    match document.value["schema"]:
        case "assent/config/v1":
            assert parse_config(text.encode(), contracts.config).environments
        case "assent/promotion/v1":
            assert isinstance(parse_record(text.encode(), contracts.promotion), ParsedRecord)
        case "assent/parameter/v1":
            assert contracts.parameter.problems(document.value) == []
        case other:
            pytest.fail(f"nothing reads {other}")


def test_the_documents_link_to_what_is_there() -> None:
    """Every relative link leads to a file or folder of the repository."""
    broken = [
        f"{name}: {match['target']}"
        for name, text in _markdown().items()
        for match in LINK.finditer(CODE.sub("", FENCE.sub("", text)))
        if "://" not in match["target"] and not match["target"].startswith("mailto:")
        if not (ROOT / name).parent.joinpath(match["target"]).exists()
    ]
    assert not broken


def test_the_documents_quote_the_help() -> None:
    """docs/cli.md shows what `assent --help` prints, to the letter."""
    shown = CliRunner().invoke(main, ["--help"], prog_name="assent", terminal_width=80).output
    assert f"$ assent --help\n{shown}```\n" in (ROOT / "docs/cli.md").read_text(encoding="utf-8")


def test_the_documents_list_each_exit_code() -> None:
    """The table of docs/cli.md has a row for each member of Exit, and no other row."""
    page = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| *`?(\d+)`? *\| *`?([A-Z_]+)`? *\| *\S", page, re.MULTILINE)
    assert rows == [(str(int(code)), code.name) for code in Exit]


def test_the_changelog_tells_of_this_version() -> None:
    """CHANGELOG.md keeps to its form: what is unreleased, or this version, comes first."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.startswith("# Changelog\n")
    headings = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    assert headings[0] in {"Unreleased", __version__}


def test_make_lists_its_targets() -> None:
    """A newcomer who types `make` learns of demo and test, each with what it does."""
    done = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    targets = re.findall(r"^make ([a-z-]+) +\S", done.stdout, re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert sorted(targets) == sorted(phony.split())
