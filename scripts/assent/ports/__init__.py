"""What the flows need from the world, as small protocols; `adapters/` implements them."""

from assent.ports.aws import (
    Bus,
    EvidenceStore,
    FileBytes,
    Jobs,
    MonitoringRun,
    Notices,
    ObjectFacts,
    Parameters,
    Queue,
    Registry,
    Reports,
    TransformRun,
)
from assent.ports.clock import Clock, Pause
from assent.ports.errors import (
    AlreadyThere,
    CredentialsRefused,
    Missing,
    NoReadableFile,
    NothingToMerge,
    NotThere,
    TooLarge,
    Unavailable,
)
from assent.ports.forge import Deployments, Forge
from assent.ports.git import History, Objects, TreeEntry
from assent.ports.receipts import ReceiptFiles, ReceiptLog, ReceiptVault

__all__ = [
    "AlreadyThere",
    "Bus",
    "Clock",
    "CredentialsRefused",
    "Deployments",
    "EvidenceStore",
    "FileBytes",
    "Forge",
    "History",
    "Jobs",
    "Missing",
    "MonitoringRun",
    "NoReadableFile",
    "NotThere",
    "NothingToMerge",
    "Notices",
    "ObjectFacts",
    "Objects",
    "Parameters",
    "Pause",
    "Queue",
    "ReceiptFiles",
    "ReceiptLog",
    "ReceiptVault",
    "Registry",
    "Reports",
    "TooLarge",
    "TransformRun",
    "TreeEntry",
    "Unavailable",
]
