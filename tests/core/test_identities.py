"""Who stands behind an IAM principal."""

from assent.core.identities import Identities, Principal, Registrar, RegistrarKind

_IDENTITIES = Identities(
    principals=(
        Principal(match="arn:aws:sts::*:assumed-role/training/ana", login="ana"),
        Principal(match="arn:aws:sts::*:assumed-role/training/*", login=None),
    )
)


def test_the_first_match_counts() -> None:
    """A person's session is listed before the role that pipelines use."""
    person = _IDENTITIES.registrar("arn:aws:sts::111122223333:assumed-role/training/ana")
    machine = _IDENTITIES.registrar("arn:aws:sts::111122223333:assumed-role/training/SageMaker")
    assert person == Registrar(kind=RegistrarKind.PERSON, login="ana")
    assert machine == Registrar(kind=RegistrarKind.MACHINE)


def test_what_is_not_listed_is_unknown() -> None:
    """Neither a principal that no line matches, nor the lack of one, is taken for a machine."""
    assert _IDENTITIES.registrar("arn:aws:iam::111122223333:user/eve").kind is RegistrarKind.UNKNOWN
    assert _IDENTITIES.registrar(None).kind is RegistrarKind.UNKNOWN
    assert Identities().registrar(None).kind is RegistrarKind.UNKNOWN
