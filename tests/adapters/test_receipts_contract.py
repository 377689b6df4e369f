"""One contract for `ReceiptLog` and `ReceiptVault`, held by the fakes and by the real adapters."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from github import GithubException
from tests.adapters.forges import HubServer, people

from assent.adapters.aws_session import AwsFailed, AwsSession
from assent.adapters.github_errors import GitHubRefused
from assent.adapters.github_receipts import GitHubReceipts
from assent.adapters.memory import SettableClock
from assent.adapters.memory_receipts import MemoryReceiptLog, MemoryReceiptVault
from assent.adapters.receipt_vault import S3ReceiptVault
from assent.ports import AlreadyThere, ReceiptLog, ReceiptVault
from assent.sandbox.github import GitHub, Protection
from assent.sandbox.loopback import LoopbackServer

ODD = '{"said":"é\\u2028💥 {{mutation}}"}'.encode()


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A log, and another one to the same branch."""

    log: ReceiptLog
    other: ReceiptLog


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    """A hub for all tests of the module."""
    clock = SettableClock()
    hub = GitHub(tmp_path_factory.mktemp("hub"), now=clock.now)
    people(hub)
    with LoopbackServer(hub.wsgi) as running:
        made = HubServer(hub=hub, app=hub.add_app("assent"), url=running.url, clock=clock)
        yield made
        for client in made.clients.values():
            client.close()


@pytest.fixture
def name(server: HubServer) -> str:
    """A repository of one's own."""
    return server.new_repository()


@pytest.fixture(params=["memory", "github"])
def branch(request: pytest.FixtureRequest, server: HubServer) -> Branch:
    """A branch that is not there yet."""
    if request.param == "memory":
        memory = MemoryReceiptLog()
        return Branch(log=memory, other=memory)
    name, client = server.new_repository(), server.client(server.bot)
    made = GitHubReceipts(client, name, "receipts")
    return Branch(log=made, other=GitHubReceipts(client, name, "receipts"))


def test_a_branch_begins_and_goes_on(branch: Branch) -> None:
    """Each commit holds all its files, the tip says where it is, and bytes are what they were."""
    assert branch.log.read(["a"]).tip is None
    first = branch.log.append(None, {"README.md": b"# R\n", "dev/head.json": ODD}, "dev: 1\n\nrun")
    found = branch.other.read(["dev/head.json", "dev/none.json", "README.md"])
    assert found.tip == first
    assert found.files == {"README.md": b"# R\n", "dev/head.json": ODD}
    second = branch.log.append(
        first, {"dev/head.json": b"{}", "dev/000/000001.json": ODD}, "dev: 2"
    )
    found = branch.other.read(["dev/head.json", "dev/000/000001.json", "README.md"])
    assert found.tip == second
    assert found.files == {
        "dev/head.json": b"{}",
        "dev/000/000001.json": ODD,
        "README.md": b"# R\n",
    }


def test_of_two_writers_one_is_refused(branch: Branch) -> None:
    """Whoever knew an older tip wrote nothing, at the beginning as later."""
    first = branch.log.append(None, {"a": b"1"}, "m")
    with pytest.raises(AlreadyThere):
        branch.other.append(None, {"a": b"2"}, "m")
    second = branch.log.append(first, {"a": b"3"}, "m")
    with pytest.raises(AlreadyThere):
        branch.other.append(first, {"a": b"4", "b": b""}, "m")
    found = branch.log.read(["a", "b"])
    assert (found.tip, found.files) == (second, {"a": b"3"})


def test_many_files_are_read_as_of_one_commit(branch: Branch) -> None:
    """However many queries that takes."""
    wanted = {f"dev/models/m{number}.json": str(number).encode() for number in range(120)}
    tip = branch.log.append(branch.log.append(None, {"a": b""}, "m"), wanted, "m")
    found = branch.log.read([*wanted, "dev/models/none.json"])
    assert (found.tip, found.files) == (tip, wanted)


def test_commits_on_github_are_signed_and_follow_each_other(server: HubServer, name: str) -> None:
    """The App is the author, GitHub commits, and the beginning has no parent."""
    client = server.client(server.bot)
    log = GitHubReceipts(client, name, "receipts")
    tip = log.append(log.append(None, {"a": b"1"}, "begin"), {"a": b"2"}, "dev: receipt 1\n\nrun")
    commits = list(client.get_repo(name).get_commits(sha="receipts"))
    assert [each.sha for each in commits] == [tip, commits[1].sha]
    assert [len(each.parents) for each in commits] == [1, 0]
    assert commits[0].commit.message == "dev: receipt 1\n\nrun"
    assert commits[0].author.login == "assent[bot]"
    assert commits[0].committer.login == "web-flow"


def test_a_branch_of_others_is_not_written(server: HubServer, name: str) -> None:
    """What a rule of the branch forbids is a refusal, and no success."""
    log = GitHubReceipts(server.client(server.bot), name, "receipts")
    tip = log.append(None, {"a": b"1"}, "begin")
    server.hub.protect(name, "receipts", Protection())
    with pytest.raises(GitHubRefused, match="through a pull request"):
        log.append(tip, {"a": b"2"}, "m")
    assert log.read(["a"]).files == {"a": b"1"}


def test_what_is_not_shown_whole_is_not_read(server: HubServer, name: str) -> None:
    """A file that GitHub cuts or does not show is no file that says nothing."""
    log = GitHubReceipts(server.client(server.bot), name, "receipts")
    log.append(None, {"long": b"x" * 600_000, "folder/file": b"1"}, "begin")
    for path in ("long", "folder"):
        with pytest.raises(GitHubRefused, match="does not show"):
            log.read([path])


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ({"type": "STALE_DATA", "message": "Expected branch to point to x"}, AlreadyThere),
        ({"type": "FORBIDDEN", "message": "Resource not accessible"}, GitHubRefused),
    ],
)
def test_only_a_moved_tip_is_somebody_elses_word(
    server: HubServer,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    error: dict[str, str],
    raised: type[Exception],
) -> None:
    """Anything else that GitHub refuses is not tried again in the same run."""
    client = server.client(server.bot)

    def refuse(*_: object) -> Any:  # noqa: ANN401 - never returns
        raise GithubException(400, {"data": None, "errors": [error]}, {})

    monkeypatch.setattr(client.requester, "graphql_query", refuse)
    with pytest.raises(raised):
        GitHubReceipts(client, name, "receipts").append("a" * 40, {"a": b""}, "m")


def _locked(aws: AwsSession) -> ReceiptVault:
    client = aws.s3()
    client.create_bucket(
        Bucket="receipts",
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
        ObjectLockEnabledForBucket=True,
    )
    client.put_object_lock_configuration(
        Bucket="receipts",
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 3650}},
        },
    )
    return S3ReceiptVault(client, "receipts")


@pytest.mark.parametrize("make", [lambda _: MemoryReceiptVault(), _locked], ids=["memory", "moto"])
def test_a_vault_keeps_what_it_was_given_first(
    aws: AwsSession, make: Callable[[AwsSession], ReceiptVault]
) -> None:
    """Storing again what is there is harmless, and something else is refused."""
    vault = make(aws)
    assert not vault.holds("dev/000/000001.json")
    vault.put("dev/000/000001.json", b"{}")
    vault.put("dev/000/000001.json", b"{}")
    assert vault.holds("dev/000/000001.json")
    with pytest.raises(AlreadyThere):
        vault.put("dev/000/000001.json", b"{ }")


def test_copies_are_locked_by_the_buckets_default(aws: AwsSession) -> None:
    """There is one version of each, which nobody can delete before its time."""
    _locked(aws).put("dev/000/000001.json", b"{}")
    client = aws.s3()
    (version,) = client.list_object_versions(Bucket="receipts")["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket="receipts", Key=version["Key"], VersionId=version["VersionId"])


def test_a_bucket_that_is_not_there_says_so(aws: AwsSession) -> None:
    """It is a setting to correct, and not a copy that is there."""
    with pytest.raises(AwsFailed, match="no bucket 'gone'"):
        S3ReceiptVault(aws.s3(), "gone").put("a", b"")
