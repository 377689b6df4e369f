"""How GraphQL's answers are read."""

from datetime import UTC, datetime
from typing import Any

import pytest

from assent.adapters.github_queries import login_of, read_conversation
from assent.core.forge import TurnKind


@pytest.mark.parametrize(
    ("actor", "login"),
    [
        (None, "ghost"),
        ({"__typename": "User", "login": "ana"}, "ana"),
        ({"__typename": "Bot", "login": "assent"}, "assent[bot]"),
        ({"__typename": "Bot", "login": "assent[bot]"}, "assent[bot]"),
        ({"__typename": "Mannequin", "login": "imported"}, "imported"),
    ],
)
def test_logins_are_those_of_rest(actor: dict[str, Any] | None, login: str) -> None:
    """GraphQL leaves off what REST adds to a bot's login, and shows no deleted account."""
    assert login_of(actor) == login


@pytest.mark.parametrize(
    ("state", "events", "expected"),
    [
        ("MERGED", ["Closed"], []),
        ("MERGED", [], []),
        ("MERGED", ["Closed", "Reopened", "Closed"], [TurnKind.CLOSED, TurnKind.REOPENED]),
        ("MERGED", ["Closed", "Reopened"], [TurnKind.CLOSED, TurnKind.REOPENED]),
        ("CLOSED", ["Closed"], [TurnKind.CLOSED]),
        ("OPEN", ["Closed", "Reopened"], [TurnKind.CLOSED, TurnKind.REOPENED]),
        ("CLOSED", [], []),
    ],
)
def test_the_close_of_a_merge_is_left_out(
    state: str, events: list[str], expected: list[TurnKind]
) -> None:
    """Whether GitHub writes one or not; and an item of another kind is none of ours."""
    nodes: list[dict[str, Any] | None] = [
        {"__typename": f"{name}Event", "createdAt": "2026-11-22T10:00:00Z", "actor": None}
        for name in events
    ]
    nodes += [None, {"__typename": "MergedEvent"}]
    answer = {"state": state, "timelineItems": {"nodes": nodes}}
    seen = read_conversation(
        {
            **answer,
            "comments": {"nodes": None},
            "reviews": None,
            "files": None,
            "url": "https://github.example/pull/1",
            "labellings": {"nodes": [None, {"__typename": "MergedEvent"}]},
        }
    )
    assert [turn.kind for turn in seen.turns] == expected
    assert (seen.remarks, seen.files, seen.labellings) == ((), (), ())


def test_a_review_that_says_nothing_or_is_not_sent_yet_is_no_remark() -> None:
    """Comments and reviews are one list, by time."""

    def said(text: str, field: str, time: str | None) -> dict[str, Any]:
        author = {"__typename": "User", "login": "ana"}
        return {"author": author, "body": text, field: time, "viewerDidAuthor": False}

    seen = read_conversation(
        {
            "state": "OPEN",
            "timelineItems": {"nodes": []},
            "comments": {
                "nodes": [
                    said("one", "createdAt", "2026-11-22T10:00:00Z"),
                    said("three", "createdAt", "2026-11-22T10:00:02Z"),
                ]
            },
            "reviews": {
                "nodes": [
                    said(" \n", "submittedAt", "2026-11-22T10:00:00Z"),
                    said("two", "submittedAt", "2026-11-22T10:00:01Z"),
                    said("pending", "submittedAt", None),
                ]
            },
            "files": {"nodes": [{"path": "a"}, None]},
            "labellings": {"nodes": []},
            "url": "https://github.example/pull/1",
        }
    )
    assert [remark.text for remark in seen.remarks] == ["one", "two", "three"]
    assert seen.remarks[1].at == datetime(2026, 11, 22, 10, 0, 1, tzinfo=UTC)
    assert seen.files == ("a",)
