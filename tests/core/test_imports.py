"""Whether a version may be imported, case by case; and the page that asks for it."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.command_line import package_of
from tests.core.test_backfill_selection import CONFIG, NEW, OLD, history, version

from assent.contracts import load_contracts
from assent.core.config import Config, InvalidConfig, parse_config
from assent.core.evidence import Evidence, EvidenceSource, UnreadPart
from assent.core.imports import early_setting, import_doubt, import_objection, is_own_role
from assent.core.metrics import Metric
from assent.core.names import RecordId
from assent.core.package import ModelVersion, RegistryApproval
from assent.core.parameters import History
from assent.core.record import Decision, Record
from assent.core.rendering.imports import (
    Imported,
    ImportPage,
    import_body,
    import_branch,
    import_notice,
)
from assent.core.rendering.pull_request import MAX_BODY

KEY = ("churn", 1)
ROLE = "arn:aws:sts::111122223333:assumed-role/assent-apply-dev/GitHubActions"
OTHER_SESSION = "arn:aws:sts::111122223333:assumed-role/assent-apply-dev/run-2"
PULL = "https://forge.example/acme/model-promotions/pull/9"
OURS = replace(
    version(KEY, RegistryApproval.APPROVED),
    written_at=NEW + timedelta(days=1),
    written_by=OTHER_SESSION,
    metadata={"dev": "Approved", "dev.by": "ben", "dev.pull-request": PULL},
    approval_description=f"Approved in dev by ben: {PULL}",
)


def record(
    model: str = "churn", number: int = 1, environment: str = "dev", *, late: bool = False
) -> Record:
    """An import."""
    package = replace(package_of(model, number), created=NEW if late else OLD)
    return Record(
        id=RecordId(environment, model, number),
        decision=Decision.APPROVED,
        package=package,
        evidence=Evidence(
            source=EvidenceSource.IMPORT, collected=NEW, metrics={"auc": Metric(value=0.9)}
        ),
    )


def objection(
    seen: ModelVersion,
    made: Record | None = None,
    *,
    decided: History | None = None,
    elsewhere: str = "",
    config: Config = CONFIG,
    role: str = ROLE,
) -> str | None:
    """Why it may not take effect."""
    made = made or record()
    return import_objection(
        made,
        decided or History(id=made.id),
        seen,
        config=config,
        decided_otherwise=elsewhere,
        role=role,
    )


def test_what_was_approved_before_and_left_alone_is_imported() -> None:
    """Old, approved, untouched, and unknown to Assent."""
    assert objection(version(KEY, RegistryApproval.APPROVED)) is None


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("no imports.registered_before", objection(OURS, config=replace(CONFIG, imports=None))),
        ("not before", objection(OURS, record(late=True))),
        ("Assent decided on it in dev", objection(OURS, decided=history(KEY))),
        ("in uat", objection(OURS, elsewhere="in uat, and not by an import")),
        ("says Rejected", objection(version(KEY, RegistryApproval.REJECTED))),
        ("says PendingManualApproval", objection(version(KEY))),
        ("user/zoe", objection(version(KEY, RegistryApproval.APPROVED, touched=True))),
        ("was written", objection(replace(OURS, metadata={}))),
        ("was written", objection(OURS, role="")),
        ("somebody it does not name", objection(replace(OURS, written_by=None))),
    ],
)
def test_each_thing_that_is_wrong_is_said(said: str, found: str | None) -> None:
    """By the first that is: nothing else has to be wrong with it."""
    assert found is not None
    assert said in found


def test_what_assent_itself_wrote_does_not_count_against_it() -> None:
    """A run that died after it had written the registry is gone on with, in whatever session."""
    assert objection(OURS) is None
    assert doubt(OURS) is None


def test_a_writer_that_is_only_expected_is_not_assent() -> None:
    """`registry.writers` says who may write; what they wrote, nobody proved."""
    config = replace(CONFIG, writers=("*/assent-apply-*", "*"))
    assert "was written" in (objection(OURS, role="", config=config) or "")
    other = replace(OURS, written_by=ROLE.replace("apply-dev", "apply-test"))
    assert "apply-test" in (objection(other, config=config) or "")
    assert "apply-test" in (doubt(other) or "")


def doubt(
    seen: ModelVersion,
    *,
    environment: str = "dev",
    before: datetime | None = NEW,
    brought_below: str = PULL,
) -> str | None:
    """Why its pull request does not carry it."""
    return import_doubt(
        RecordId(environment, *KEY),
        seen,
        before=before,
        role=ROLE,
        pull_request=PULL,
        rung_below=None if environment == "dev" else "dev",
        brought_below=brought_below,
    )


@pytest.mark.parametrize(
    "seen",
    [
        replace(OURS, metadata={**OURS.metadata, "dev.pull-request": f"{PULL}9"}),
        replace(OURS, metadata={**OURS.metadata, "dev": "PendingManualApproval"}),
        replace(OURS, approval_description=f"Approved in test by ben: {PULL}"),
        replace(OURS, approval_description=f"Approved in dev by ben: {PULL}9"),
        replace(OURS, approval_description="Rejected in test: no approval is in effect there"),
        replace(OURS, approval_description=""),
        replace(OURS, written_by="arn:aws:iam::111122223333:user/zoe"),
        replace(OURS, written_by=None),
    ],
)
def test_any_other_last_writing_hides_who_wrote_before(seen: ModelVersion) -> None:
    """Also Assent's own, for another environment, decision or pull request."""
    assert "who approved it, and when, nobody can tell" in (doubt(seen) or "")


def test_what_was_touched_is_judged_by_the_earlier_time() -> None:
    """The time before which nobody may have written is the proof's, and without one it is no."""
    seen = replace(version(KEY, RegistryApproval.APPROVED), written_at=NEW)
    assert doubt(seen, before=NEW + timedelta(seconds=1)) is None
    assert "was written" in (doubt(seen) or "")
    assert doubt(version(KEY, RegistryApproval.APPROVED), before=None) is not None


def test_higher_up_it_comes_by_the_pull_request_of_the_rung_below() -> None:
    """Another pull request would spare it the gates there, long after it was taken over."""
    assert doubt(OURS, environment="test") is None
    for other in ("", f"{PULL}9"):
        found = doubt(OURS, environment="test", brought_below=other)
        assert "an import brings all of its environments at once" in (found or "")


def test_a_time_that_is_not_over_opens_nothing() -> None:
    """Until it is over, what is registered and approved by hand would be imported afterwards."""
    assert CONFIG.imports is not None
    at = CONFIG.imports.registered_before
    assert early_setting(CONFIG, at) is None
    assert "was not over" in (early_setting(CONFIG, at - timedelta(seconds=1)) or "")
    assert early_setting(replace(CONFIG, imports=None), at) is None


def test_higher_up_it_is_assent_that_wrote() -> None:
    """What was proven on the first rung is not asked again where that approval shows."""
    above = record(environment="test")
    assert objection(replace(OURS, written_by="somebody else"), above) is None


def test_sessions_of_a_role_are_one_writer() -> None:
    """Another role, a user, and nobody are not."""
    assert is_own_role(OTHER_SESSION, ROLE)
    for writer in (None, ROLE.replace("apply-dev", "read"), "arn:aws:iam::111122223333:user/zoe"):
        assert not is_own_role(writer, ROLE)
        assert not is_own_role(writer, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('imports: {registered_before: "2026-02-31T00:00:00Z"}\n', "there is no such time"),
        ("imports: {}\n", "registered_before"),
        ('imports: {registered_before: "yesterday"}\n', "does not have the form"),
        ('imports: {registered_before: "2026-01-01T00:00:00Z", gates: false}\n', "unknown field"),
    ],
)
def test_the_setting_is_read_strictly(text: str, said: str) -> None:
    """A time that there is none of, or a setting that nobody enforces, is refused."""
    whole = (Path(__file__).parents[2] / "assent.yaml").read_text() + text
    with pytest.raises(InvalidConfig, match=said):
        parse_config(whole.encode(), load_contracts().config)


def page(models: int, versions: int, name: str = "model-{:04}") -> ImportPage:
    """An import of so many."""
    imported = []
    for number in range(models):
        for each in range(1, versions + 1):
            model = name.format(number)
            made = record(model, each)
            seen = version((model, each), RegistryApproval.APPROVED)
            imported.append(Imported(version=seen, record=made))
    return ImportPage(imported=imported, environments=("dev", "test", "uat", "prod"), config=CONFIG)


@pytest.mark.parametrize(
    ("models", "versions", "name"),
    [
        (2, 3, "model-{:04}"),
        (500, 1, "model-{:04}"),
        (625, 4, "a-rather-long-name-of-a-model-{:04}"),
        (2500, 1, "m" * 59 + "{:04}"),
    ],
)
def test_the_page_stays_under_its_limit(models: int, versions: int, name: str) -> None:
    """However many there are: each model is named while there is room, and the rest counted."""
    made = page(models, versions, name)
    body = import_body(made)
    assert len(body) <= MAX_BODY
    assert "**No gate and no soak is judged here.**" in body
    assert "### How to decide" in body
    shown = sum(name.format(number) in body for number in range(models))
    left = models - shown
    assert (f"**{left} more models are not named here" in body) == bool(left)
    assert shown > 500 or not left


def test_the_page_says_what_could_not_be_read() -> None:
    """Approvers see how many versions have no number at all."""
    made = page(1, 2)
    first, second = made.imported
    silent = replace(
        second.record,
        evidence=replace(
            second.record.evidence, metrics={}, unread=(UnreadPart(where="a", why="b"),)
        ),
    )
    body = import_body(replace(made, imported=[first, replace(second, record=silent)]))
    assert "**Of 1 of 2 no metric could be read.**" in body
    assert "Of 1 something could not be used" in body


def test_what_strangers_wrote_stays_text() -> None:
    """A metric's name and a writer's are code on the page, and nothing else."""
    made = page(1, 1)
    (only,) = made.imported
    evil = "`x` <!-- @ana #12 ![](https://evil.example) |"
    hostile = replace(only.record.evidence, metrics={evil: Metric(value=1.0)})
    seen = replace(only.version, written_by=evil, written_at=OLD)
    imported = Imported(version=seen, record=replace(only.record, evidence=hostile))
    body = import_body(replace(made, imported=[imported]))
    assert "@ana" not in body
    assert "#12" not in body
    assert body.count("<!--") == 2  # the marks around the page


def test_the_same_set_has_the_same_branch() -> None:
    """Whatever the order; another package, environment or set has another."""
    some = [version((model, 1)) for model in ("churn", "fraud")]
    name = import_branch(some, ["dev", "test"])
    assert name == import_branch(some[::-1], ["dev", "test"])
    others = {
        import_branch(some, ["dev"]),
        import_branch(some[:1], ["dev", "test"]),
        import_branch([some[0], version(("fraud", 1), late=True)], ["dev", "test"]),
    }
    assert len({name, *others}) == 4


def test_a_topic_is_told_in_a_short_text() -> None:
    """Once for each environment, with the address."""
    notice = import_notice(page(2, 3), "prod", "https://forge.example/pull/9")
    assert notice.subject == "Decision wanted: import 6 versions into prod"
    assert "https://forge.example/pull/9" in notice.text
