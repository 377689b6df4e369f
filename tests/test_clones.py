"""A promotion applied from the kinds of clone that lack something, over HTTP."""

from pathlib import Path

from benchmarks.clones import KINDS, clone_and_apply

RECORDS = 36


def test_a_partial_clone_applies_as_a_whole_one_does(tmp_path: Path) -> None:
    """With credentials in git's environment it asks for what it lacks, few times, and decides.

    Without them, and from a shallow clone, nothing is decided: what could not be read is neither a
    yes nor a no.
    """
    names = ("blob:none, few files", "the same, no credentials", "shallow")
    kinds = [kind for kind in KINDS if kind.name in names]
    partial, *others = clone_and_apply(RECORDS, tmp_path, kinds)
    assert (partial.applied, partial.decided) == (0, ("decided", "current"))
    assert partial.files < RECORDS
    assert 0 < partial.fetches <= 5
    assert partial.whole_tree is not None
    assert partial.whole_tree <= 3  # for all records at once, not one by one
    assert [each.kind for each in others] == list(names[1:])
    assert [(each.applied, each.decided) for each in others] == [(1, ()), (1, ())]
