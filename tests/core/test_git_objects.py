"""Git's objects as bytes: read strictly, and identified as git does it."""

import pytest

from assent.core.git_objects import MalformedObject, object_id, read_commit, read_tree

_ID = bytes.fromhex("ce013625030ba8dba906f756967f9e9ca394464a")


def test_ids_are_those_of_git() -> None:
    """Known ones: an empty tree, and a file with one word, in both of git's formats."""
    assert object_id("tree", b"") == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    assert object_id("blob", b"hello\n") == _ID.hex()
    assert object_id("blob", b"", digits=64) == (
        "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"100644",
        b"100644 name",
        b"100644 name\0",
        b"100644 name\0" + _ID[:19],
        b"100644 name\0" + _ID + b"x",
        b"100644 name\0" + _ID + b"120000 name\0" + _ID,
        b"\xff" * 40,
    ],
)
def test_a_tree_that_readers_could_take_differently_is_refused(content: bytes) -> None:
    """Cut short, trailing bytes, a name twice."""
    with pytest.raises(MalformedObject):
        read_tree(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"tree x",
        b"committer Ana <a> 1 +0000\n\n",
        b"tree a\ntree b\ncommitter Ana <a> 1 +0000\n\n",
        b"tree a\ncommitter Ana\n\n",
        b"tree a\ncommitter Ana <a> x +0000\n\n",
        b"tree a\ncommitter Ana <a> 99999999999999999 +0000\n\n",
        b"\xff\xfe",
    ],
)
def test_what_is_no_commit_is_refused(content: bytes) -> None:
    """Without one tree and a time, or with two."""
    with pytest.raises(MalformedObject):
        read_commit(content)


def test_a_message_says_nothing_of_parents() -> None:
    """Only the lines before the first empty one count."""
    content = b"tree a\nparent b\ncommitter Ana <a> 1 +0000\n\nparent c\n"
    assert read_commit(content).parents == ("b",)
