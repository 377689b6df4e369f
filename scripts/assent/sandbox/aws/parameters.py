"""Corrections to moto's Parameter Store, each with what the service really does."""

import re
from collections.abc import Iterator
from typing import Any

from assent.sandbox.aws.parameter_store import Parameter, SimpleSystemManagerBackend, SSMException
from assent.sandbox.aws.registry import Correction

__all__ = ["corrections"]

_LIMITS = {"Standard": 4096, "Advanced": 8192}
"""Bytes of a value, by tier."""
_PARAMETERS = {"Standard": 10_000, "Advanced": 100_000}
"""Parameters of an account and region, by tier."""
_LEVELS = 15
_PAGE = 10
_NAME = re.compile(r"[A-Za-z0-9_.\-/]+")

_original_put = SimpleSystemManagerBackend.put_parameter


def corrections() -> Iterator[Correction]:
    """List what is to be replaced."""
    yield SimpleSystemManagerBackend, "put_parameter", _put
    yield SimpleSystemManagerBackend, "get_parameters_by_path", _get_by_path


def _put(  # noqa: PLR0917  # moto's signature
    self: SimpleSystemManagerBackend,
    name: str,
    description: str,
    value: str,
    parameter_type: str,
    allowed_pattern: str,
    keyid: str,
    overwrite: bool,  # noqa: FBT001  # moto's signature
    tags: list[dict[str, str]],
    data_type: str,
    tier: str | None,
    policies: str | None,
) -> Parameter:
    _check_name(name)
    # The service reserves double braces for references; moto stores them.
    if "{{" in value:
        raise _invalid(
            'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.'
        )
    versions = self._parameters[name] if name in self._parameters else []  # noqa: SIM401  # not a plain dict
    chosen = tier or (versions[-1].tier if versions else None) or self.default_parameter_tier
    size = len(value.encode())
    if chosen == "Intelligent-Tiering":
        full = not versions and len(self._parameters) >= _PARAMETERS["Standard"]
        chosen = "Advanced" if full or size > _LIMITS["Standard"] else "Standard"
    # The service refuses longer values; moto stores any.
    if size > _LIMITS[chosen]:
        raise _invalid(
            f"{chosen} tier parameters support a maximum parameter value of "
            f"{_LIMITS[chosen]} characters."
        )
    # The service holds a limited number of parameters; moto any. The count is of both tiers,
    # which is exact as long as one is in use.
    if not versions and len(self._parameters) >= _PARAMETERS[chosen]:
        raise SSMException(
            "ParameterLimitExceeded",
            f"the account holds {_PARAMETERS[chosen]} {chosen} parameters in this region already",
        )
    created: Parameter = _original_put(
        self,
        name,
        description,
        value,
        parameter_type,
        allowed_pattern,
        keyid,
        overwrite,
        tags,
        data_type,
        chosen,
        policies,
    )
    return created


def _invalid(message: str) -> SSMException:
    return SSMException("ValidationException", message)


def _check_name(name: str) -> None:
    # The service's rules for names, of which moto knows only the reserved prefixes.
    if not _NAME.fullmatch(name):
        raise _invalid(
            f"Parameter name {name!r} must consist of letters, digits and the symbols .-_/"
        )
    if "/" in name and not name.startswith("/"):
        raise _invalid(f"Parameter name: must be a fully qualified name: {name!r}")
    if name.count("/") > _LEVELS:
        raise SSMException(
            "HierarchyLevelLimitExceededException",
            f"A hierarchy can have at most {_LEVELS} levels: {name!r}",
        )


def _get_by_path(  # noqa: PLR0917  # moto's signature
    self: SimpleSystemManagerBackend,
    path: str,
    recursive: bool,  # noqa: FBT001  # moto's signature
    filters: list[dict[str, Any]] | None = None,
    next_token: str | None = None,
    max_results: int = _PAGE,
) -> tuple[list[Parameter], str | None]:
    # moto evaluates every parameter under the path anew for each page of ten, and announces a
    # page more after a full last one; the service does neither.
    self._validate_parameter_filters(filters, by_path=True)
    start = path.rstrip("/") + "/"
    names = sorted(
        name
        for name, versions in self._parameters.items()
        if versions
        and (start == "/" or name.startswith(start))
        and (recursive or "/" not in name[len(start) :])
    )
    if filters:
        names = [name for name in names if self._match_filters(self._parameters[name][-1], filters)]
    first = int(next_token or 0)
    end = first + int(max_results)
    page = [self._parameters[name][-1] for name in names[first:end]]
    return page, str(end) if end < len(names) else None
