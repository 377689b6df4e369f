"""docs/reference/ is what the schemas say, and its examples are what it says."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from assent.contracts import load_contracts
from assent.core.config import parse_config
from assent.core.evidence import evidence_digest
from assent.core.record import ParsedRecord, parse_record
from assent.core.schema import Schema

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
sys.path.append(str(ROOT / "docs" / "_ext"))

import reference  # noqa: E402 - it is a program of docs/, and no package's


def schema_of(about: reference.Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "schemas" / about.schema).read_text("utf-8"))
    return found


def documents(about: reference.Page) -> list[Any]:
    read = yaml.safe_load((REFERENCE / "examples" / about.example).read_text("utf-8"))
    return read if isinstance(read, list) else [read]


def names(schema: object) -> Iterator[str]:
    """Each name below `properties`, however deep, found without what wrote the pages."""
    if isinstance(schema, dict):
        for keyword, value in schema.items():
            if keyword == "if":
                continue  # a condition, and no description of a key
            if keyword == "properties":
                yield from value
            yield from names(value)
    elif isinstance(schema, list):
        for each in schema:
            yield from names(each)


def test_each_schema_has_its_page() -> None:
    """No schema is without a page, and no page stands for none."""
    assert {about.schema for about in reference.PAGES} == {
        path.name for path in (ROOT / "schemas").iterdir()
    }
    assert {about.file for about in reference.PAGES} == {
        path.name for path in REFERENCE.glob("*.md")
    }


@pytest.mark.parametrize("about", reference.PAGES, ids=lambda about: about.file)
def test_a_page_is_what_its_schema_says(about: reference.Page) -> None:
    """What is in the repository is what would be written now; else `make reference` helps."""
    assert (REFERENCE / about.file).read_text("utf-8") == reference.page(about)


@pytest.mark.parametrize("about", reference.PAGES, ids=lambda about: about.file)
def test_every_key_of_a_schema_is_on_its_page(about: reference.Page) -> None:
    """Each name that the schema knows anywhere has its entry, with its description."""
    text = (REFERENCE / about.file).read_text("utf-8")
    expected = set(names(schema_of(about)))
    assert len(expected) > 10
    assert not [name for name in expected if f"- **`{name}`**" not in text]


@pytest.mark.parametrize("about", reference.PAGES, ids=lambda about: about.file)
def test_each_key_of_each_mapping_has_an_example_that_the_schema_accepts(
    about: reference.Page,
) -> None:
    """The whole example is valid, and has a value for every key that the page lists."""
    schema, found = Schema(schema_of(about)), documents(about)
    for document in found:
        assert schema.problems(document) == []
    for section in reference.sections(schema_of(about)):
        for key in section.keys:
            assert reference.examples(found, section, key), (section.path, key.name)


def test_a_value_that_the_schema_refuses_is_no_example() -> None:
    """The check above can fail: a spoiled example has problems."""
    (about,) = [each for each in reference.PAGES if each.file == "configuration.md"]
    (document,) = documents(about)
    document["environments"][0]["approvals"] = 0
    assert Schema(schema_of(about)).problems(document) != []


def test_the_examples_are_read_by_assent_itself() -> None:
    """Its own reader takes configuration and record, and the record's digest is the true one."""
    contracts = load_contracts()
    text = (REFERENCE / "examples" / "configuration.yaml").read_bytes()
    assert [each.name for each in parse_config(text, contracts.config).environments]
    parsed = parse_record(
        (REFERENCE / "examples" / "record.yaml").read_bytes(), contracts.promotion
    )
    assert isinstance(parsed, ParsedRecord)
    record = parsed.record
    assert record.evidence.digest == evidence_digest(record.package, record.evidence)


def test_the_receipts_of_the_example_are_a_chain_of_every_kind() -> None:
    """Each names the digest of the one before, and no kind is missing."""
    from assent.core.canonical import digest  # noqa: PLC0415 - beside its one use

    (about,) = [each for each in reference.PAGES if each.file == "receipt.md"]
    found = documents(about)
    previous = None
    for number, receipt in enumerate(found, 1):
        assert receipt["predicate"]["sequence"] == number
        assert receipt["predicate"]["previous"] == previous
        previous = digest(receipt)
    kinds = schema_of(about)["properties"]["predicate"]["properties"]["kind"]["enum"]
    assert sorted(each["predicate"]["kind"] for each in found) == sorted(kinds)


def test_a_default_that_a_page_gives_is_the_one_that_counts() -> None:
    """What a configuration that says nothing is read as, is what the pages call the default."""
    (about,) = [each for each in reference.PAGES if each.file == "configuration.md"]
    text = (REFERENCE / about.file).read_text("utf-8")
    least = {
        "schema": "assent/config/v1",
        "registry": {"account": "111122223333", "region": "eu-west-1"},
        "github": {"repository": "acme/model-promotions"},
        "environments": [{"name": "dev", "account": "111122223333", "region": "eu-west-1"}],
    }
    config = parse_config(json.dumps(least).encode(), load_contracts().config)
    for name, value in {
        "parameter_prefix": config.parameter_prefix,
        "api_url": config.api_url,
        "event_bus": config.event_bus,
    }.items():
        entry = text.split(f"- **`{name}`**")[1].split("\n- **")[0]
        assert f"Default: `{value}`" in entry
