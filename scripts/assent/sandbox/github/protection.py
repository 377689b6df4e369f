"""What a protected branch asks of whoever wants to change it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """The rules of one protected branch, in GitHub's terms."""

    required_approvals: int = 1
    """Approving reviews by people with write access, the author not among them."""
    require_code_owners: bool = True
    """Each changed file that has code owners needs the approval of one of them."""
    dismiss_stale: bool = True
    """A push that changes the difference dismisses the approvals given before it."""
    enforce_admins: bool = False
    """Whether administrators are bound by these rules too."""
    require_last_push_approval: bool = False
    """Whether somebody other than the last pusher has to approve."""
    require_pull_request: bool = True
    """Whether changes have to arrive by pull request at all; False leaves only the checks."""
    required_checks: tuple[str, ...] = ()
    """Contexts of commit statuses that have to be successful on the head."""
    strict_checks: bool = False
    """Whether the head has to contain the tip of the base branch."""
    linear_history: bool = False
    """Whether merge commits are refused."""
    allow_force_pushes: bool = False
    allow_deletions: bool = False
    conversation_resolution: bool = False
    """Kept and shown, not enforced: review threads are not part of this server."""
