"""The schemas that travel with Assent, in a wheel, a Lambda zip or a checkout."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from assent.core.errors import AssentError
from assent.core.schema import Schema

__all__ = ["Contracts", "load_contracts", "schema_files"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """The JSON Schemas of everything that Assent reads or writes."""

    promotion: Schema
    config: Schema
    parameter: Schema
    receipt: Schema


class MissingSchema(AssentError):
    """The installation lacks its schemas."""


@cache
def load_contracts() -> Contracts:
    """Read the schemas beside the package, or at the root of the checkout it runs from.

    Raises:
        MissingSchema: Neither place has them.
    """
    return Contracts(
        promotion=_load("promotion"),
        config=_load("config"),
        parameter=_load("parameter"),
        receipt=_load("receipt"),
    )


def schema_files() -> dict[str, bytes]:
    """The schemas as files, by their names.

    Raises:
        MissingSchema: They are not there.
    """
    files = [f"{name}.schema.json" for name in ("promotion", "config", "parameter", "receipt")]
    return {file: _content(file) for file in files}


def _load(name: str) -> Schema:
    return Schema(json.loads(_content(f"{name}.schema.json")))


def _content(file: str) -> bytes:
    packaged = resources.files("assent").joinpath("schemas", file)
    checkout = Path(__file__).parents[2] / "schemas" / file
    for place in (packaged, checkout):
        if place.is_file():
            return place.read_bytes()
    raise MissingSchema(
        f"{file} is missing from this installation of Assent",
        hint="Install it again; the wheel and the repository both hold it.",
    )
