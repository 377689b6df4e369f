"""The summary of a check: the pages of what it judged, from git alone, and what was found."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.flows.test_check import CONTRACTS, Told, record
from tests.flows.test_check_promotions import DEV, FLOOR, TEST, House

from assent.core.findings import CheckReport, Finding, Severity
from assent.core.record import ParsedRecord, Record, parse_record
from assent.core.rendering import summary
from assent.core.rendering.pull_request import pull_request_body
from assent.core.rendering.summary import MOST_PAGES, job_summary
from assent.core.review import Champion, Review
from assent.flows.check_summary import summarise

ROOM = 1024 * 1024


def finding(number: int = 1, message: str = "it is wrong") -> Finding:
    return Finding(
        path=f"promotions/dev/churn/{number}.yaml",
        line=number,
        place="status",
        rule="transition",
        severity=Severity.ERROR,
        message=message,
        remedy="Mend it.",
    )


def reported(*findings: Finding) -> CheckReport:
    return CheckReport(findings=findings, records_read=1, head="1" * 40, base="2" * 40)


def promoted(paths: Mapping[str, Mapping[str, Any]], house: House) -> CheckReport:
    """Check one pull request that brings several records."""
    house.repository.create_branch("many", house.repository.tip())
    house.repository.push(
        {path: record(path, given) for path, given in paths.items()}, branch="many"
    )
    return house.judged(house.repository.open_pull_request("many", "t", "b").number, Told())


def test_it_is_the_same_page_without_what_only_aws_knows() -> None:
    """Champion, rung below, earlier versions and owners are the base's; AWS is not asked."""
    house = House({"demands": {"test": {"gates": [FLOOR]}}})
    owners = b"/promotions/test/ @acme/approvers @Ana qa@example.com\n"
    house.repository.push(
        {
            ".github/CODEOWNERS": owners,
            "CODEOWNERS": b"* @nobody\n",
            DEV: record(DEV),
            **{
                path: record(path, {"auc": 0.8 + version / 100})
                for version in (1, 2, 3, 9)
                if (path := f"promotions/dev/churn/{version}.yaml")
            },
            "promotions/dev/churn/4.yaml": b"nonsense",
            "promotions/dev/other/5.yaml": record("promotions/dev/other/5.yaml"),
            "promotions/test/churn/3.yaml": record("promotions/test/churn/3.yaml"),
        }
    )
    report = house.judged(house.proposed(TEST))
    text = summarise(house.repository, CONTRACTS, report, room=ROOM)
    (review,) = report.reviews
    assert isinstance(review.champion, Champion)
    assert review.champion.version == 3
    one, two, three, below = (
        on_main(house, f"promotions/dev/churn/{version}.yaml") for version in (1, 2, 3, 7)
    )
    page = pull_request_body(
        replace(
            review,
            below=below,
            earlier=(one, two, three),
            owners=("@acme/approvers", "@ana", "qa@example.com"),
        )
    )
    assert text == f"# assent check: no finding; 1 record judged\n\n{page.strip()}\n"


def on_main(house: House, path: str) -> Record:
    content = house.repository.file(path, "main")
    assert content is not None
    parsed = parse_record(content, CONTRACTS.promotion)
    assert isinstance(parsed, ParsedRecord)
    return parsed.record


@pytest.mark.parametrize("paths", [{}, {DEV: {"status": "Rejected", "reason": "too weak"}}])
def test_without_a_promotion_there_are_only_findings(
    paths: Mapping[str, Mapping[str, Any]],
) -> None:
    """A pull request that asks for no approval has no page."""
    house = House({})
    house.repository.create_branch("other", house.repository.tip())
    house.repository.push(
        {"README.md": b"x", **{path: record(path, given) for path, given in paths.items()}},
        branch="other",
    )
    report = house.judged(house.repository.open_pull_request("other", "t", "b").number)
    text = summarise(house.repository, CONTRACTS, report, room=ROOM)
    assert text.startswith("# assent check: no finding; ")
    assert len(text.splitlines()) == 1


def test_a_promotion_that_fails_has_its_page_and_its_finding() -> None:
    """The page says which gate fails; the table repeats what the log says."""
    house = House({"demands": {"dev": {"gates": [FLOOR]}}})
    report = house.judged(house.proposed(DEV, {"auc": 0.5}))
    text = summarise(house.repository, CONTRACTS, report, room=ROOM)
    head, _, found = text.partition("## Findings")
    assert head.startswith("# assent check: 1 error; 1 record judged\n\n")
    assert pull_request_body(replace(report.reviews[0], owners=None)).strip() in head
    assert (
        "| error | `gate` | `promotions/dev/churn/7.yaml:20` | `the gate auc-floor fails" in found
    )


def test_few_pages_are_shown_and_the_others_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody decides on many promotions at once; some are named, and the rest is counted."""

    def page(review: Review) -> str:
        return f"page of {review.record.id.version}"

    monkeypatch.setattr(summary, "pull_request_body", page)
    house = House({})
    report = promoted({f"promotions/dev/churn/{n}.yaml": {} for n in range(1, 13)}, house)
    text = summarise(house.repository, CONTRACTS, report, room=ROOM)
    assert re.findall(r"page of (\d+)", text) == ["1", "2", "3", "4", "5"]
    assert text.endswith(
        "\n\nWithout a page here: `churn 6 in dev`, `churn 7 in dev`, `churn 8 in dev`, "
        "`churn 9 in dev`, `churn 10 in dev` and 2 more.\n"
    )
    assert MOST_PAGES == 5


def test_it_fits_whatever_room_there_is() -> None:
    """Pages make room first, then findings; nothing is cut, and what is left out is counted."""
    house = House({})
    report = promoted({f"promotions/dev/churn/{n}.yaml": {} for n in (1, 2, 3)}, house)
    report = replace(report, findings=tuple(finding(n, "w" * 500) for n in range(1, 301)))
    sizes = []
    for room in (ROOM, 120_000, 60_000, 8_000, 1_000, 300, 10, 0, -5):
        text = job_summary(report, report.reviews, room=room)
        assert len(text.encode()) <= max(room, 0)
        sizes.append(len(text))
        if text:
            assert text.startswith("# assent check: 300 errors; 3 records judged\n")
            rows = text.count("| error |")
            left = re.search(r"(?m)^([0-9]+) more (is|are) in the job's log\.$", text)
            assert rows + int(left[1] if left else 0) == 300
            assert text.endswith("\n")
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 100_000
    assert sizes[-3:] == [0, 0, 0]


HOSTILE = "</td> | `x` @ana #12 <img src=x> ::error::y ##[error]z \u202e\x1b[2J\n## Approved\n"


def test_hostile_findings_stay_in_their_cells() -> None:
    """Each finding is one row of four cells, and all of its text is in code spans."""
    bad = replace(finding(message=HOSTILE), path=HOSTILE, remedy=HOSTILE, rule="path")
    text = job_summary(reported(bad), (), room=ROOM)
    (row,) = [line for line in text.splitlines() if line.startswith("| error |")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", row)
    assert outside == "| error |  |  | <br> |"
    assert all(line.startswith(("#", "|")) or not line for line in text.splitlines())
    assert "\x1b" not in text
    assert "\u202e" not in text
