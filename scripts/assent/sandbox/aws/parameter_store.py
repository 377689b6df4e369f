"""moto's Parameter Store, imported without its EC2, which takes most of a second to read.

Only its maintenance windows, which nothing here uses, look at EC2. Where moto's EC2 is loaded
already, nothing is saved and nothing done.
"""

import sys
from types import ModuleType

_EC2 = "moto.ec2"

if _EC2 in sys.modules:
    import moto.ssm.exceptions
    import moto.ssm.models
else:
    stand_in = ModuleType(_EC2)
    vars(stand_in)["ec2_backends"] = {}
    sys.modules[_EC2] = stand_in
    try:
        import moto.ssm.exceptions
        import moto.ssm.models
    finally:
        del sys.modules[_EC2]

Parameter = moto.ssm.models.Parameter
SSMException = moto.ssm.exceptions.SSMException
SimpleSystemManagerBackend = moto.ssm.models.SimpleSystemManagerBackend

__all__ = ["Parameter", "SSMException", "SimpleSystemManagerBackend"]
