"""Copies of receipts in a bucket that forgets nothing; what a run did not store, the next does."""

from collections.abc import Mapping

from assent.core.receipt_book import ChainHead
from assent.core.statements import (
    MalformedReceipt,
    read_statement,
    statement_digest,
    statement_path,
)
from assent.flows.wanted import World
from assent.ports import ReceiptLog, ReceiptVault

__all__ = ["keep_copies"]

_A_RUN = 100
"""As many missing copies one run makes up for."""


def keep_copies(
    world: World, environment: str, head: ChainHead, fresh: Mapping[int, bytes]
) -> None:
    """Store copies of receipts, oldest first, so that the last one there vouches for the rest.

    Args:
        world: Where receipts and their copies are; without a bucket nothing is done.
        environment: Whose chain it is.
        head: Its end, as the branch has it.
        fresh: The receipts that this run wrote, by number: the last ones of the chain.

    Raises:
        AssentError: Some could not be read or stored.
    """
    log, vault = world.receipts, world.vault
    if log is None or vault is None or head.sequence == 0:
        return
    earlier = min(fresh, default=head.sequence + 1) - 1
    missing = _missing(vault, environment, earlier)
    for number, content in _read(world, log, environment, missing).items():
        vault.put(statement_path(environment, number), content)
    if missing and missing[-1] < earlier:
        return  # the next run goes on; none is stored before those that come before it
    for number in sorted(fresh):
        vault.put(statement_path(environment, number), fresh[number])


def _missing(vault: ReceiptVault, environment: str, last: int) -> range:
    """The first receipts up to a number that have no copy, as many as one run makes up for."""
    if last == 0 or vault.holds(statement_path(environment, last)):
        return range(0)
    held, lacking = 0, last
    while lacking - held > 1:
        middle = (held + lacking) // 2
        if vault.holds(statement_path(environment, middle)):
            held = middle
        else:
            lacking = middle
    return range(lacking, min(last, lacking + _A_RUN - 1) + 1)


def _read(world: World, log: ReceiptLog, environment: str, numbers: range) -> dict[int, bytes]:
    """Receipts from the branch; each has to be the one that the next names.

    Raises:
        MalformedReceipt: One is missing, or the chain does not hold.
    """
    if not numbers:
        return {}
    paths = {number: statement_path(environment, number) for number in numbers}
    files = log.read(list(paths.values())).files
    found: dict[int, bytes] = {}
    previous: str | None = None
    for number, path in paths.items():
        content = files.get(path, b"")
        statement = read_statement(path, content, world.contracts.receipt)
        follows = number == numbers[0] or statement.previous == previous
        if (statement.environment, statement.sequence) != (environment, number) or not follows:
            raise MalformedReceipt(
                f"{path} on the receipts branch is not the receipt that was written there",
                hint="Run `assent audit`; the branch's history shows what was there.",
            )
        found[number] = content
        previous = statement_digest(content)
    return found
