"""The audit on a trail made by hand: whole, and with one gap of each kind."""

from tests.flows.trail import promoted

from assent.core.errors import Exit


def test_a_whole_trail_has_no_gaps() -> None:
    """Every decision is found, with who approved it where, and nothing is amiss."""
    found = promoted().judge()
    assert found.audit.gaps == ()
    assert found.exit is Exit.OK
