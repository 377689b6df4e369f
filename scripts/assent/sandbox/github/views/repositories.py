"""Repositories, branches and protections as JSON."""

from assent.sandbox.github.access import role_of
from assent.sandbox.github.accounts import Role
from assent.sandbox.github.calls import Call, Json, RepositoryCall
from assent.sandbox.github.protection import Protection
from assent.sandbox.github.repositories import Repository
from assent.sandbox.github.views.people import account_json, node_id, timestamp

_ADDRESSES = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def repository_url(call: Call, repository: Repository) -> str:
    """Return the address of a repository in the API."""
    return call.links.api(f"/repos/{repository.full_name}")


def repository_json(call: Call, repository: Repository) -> Json:
    """Show a repository."""
    url = repository_url(call, repository)
    page = call.links.web(f"/{repository.full_name}")
    role = role_of(call.state, call.actor, repository)
    open_issues = sum(issue.state == "open" for issue in list(repository.issues.values()))
    return {
        "id": repository.id,
        "node_id": node_id("R", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
        "owner": account_json(call, call.state.account(repository.owner)),
        "html_url": page,
        "description": None,
        "fork": False,
        "url": url,
        **{field: url + rest for field, rest in _ADDRESSES.items()},
        "git_url": f"{page}.git",
        "ssh_url": f"{page}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "size": 0,
        "default_branch": repository.default_branch,
        "forks_count": 0,
        "forks": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "watchers": 0,
        "open_issues_count": open_issues,
        "open_issues": open_issues,
        "is_template": False,
        "topics": [],
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": False,
        "has_discussions": False,
        "archived": False,
        "disabled": False,
        "visibility": "private" if repository.private else "public",
        "pushed_at": timestamp(repository.pushed_at),
        "created_at": timestamp(repository.created_at),
        "updated_at": timestamp(repository.pushed_at),
        "permissions": {
            "admin": role >= Role.ADMIN,
            "maintain": role >= Role.MAINTAIN,
            "push": role >= Role.WRITE,
            "triage": role >= Role.TRIAGE,
            "pull": role >= Role.READ,
        },
        "allow_rebase_merge": repository.settings.allow_rebase,
        "allow_squash_merge": True,
        "allow_merge_commit": True,
        "allow_auto_merge": False,
        "delete_branch_on_merge": False,
        "allow_update_branch": True,
        "allow_forking": False,
        "web_commit_signoff_required": False,
        "network_count": 0,
        "subscribers_count": 0,
    }


def branch_url(call: RepositoryCall, branch: str) -> str:
    """Return the address of a branch."""
    return call.links.api(f"/repos/{call.repository.full_name}/branches/{branch}")


def short_branch(call: RepositoryCall, branch: str, sha: str) -> Json:
    """Show a branch as the list of branches does."""
    protection = call.repository.protections.get(branch)
    return {
        "name": branch,
        "commit": {
            "sha": sha,
            "url": call.links.api(f"/repos/{call.repository.full_name}/commits/{sha}"),
        },
        "protected": protection is not None,
        "protection": {
            "enabled": protection is not None,
            "required_status_checks": {
                "enforcement_level": _enforcement(protection),
                "contexts": list(protection.required_checks) if protection else [],
                "checks": [],
            },
        },
        "protection_url": branch_url(call, branch) + "/protection",
    }


def protection_json(call: RepositoryCall, branch: str, protection: Protection) -> Json:
    """Show a branch's protection."""
    url = branch_url(call, branch) + "/protection"
    shown: Json = {
        "url": url,
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": protection.enforce_admins},
        "required_linear_history": {"enabled": protection.linear_history},
        "allow_force_pushes": {"enabled": protection.allow_force_pushes},
        "allow_deletions": {"enabled": protection.allow_deletions},
        "block_creations": {"enabled": False},
        "required_conversation_resolution": {"enabled": protection.conversation_resolution},
        "lock_branch": {"enabled": False},
        "allow_fork_syncing": {"enabled": False},
    }
    if protection.require_pull_request:
        shown["required_pull_request_reviews"] = required_reviews_json(call, branch, protection)
    if protection.required_checks or protection.strict_checks:
        shown["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": protection.strict_checks,
            "contexts": list(protection.required_checks),
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [
                {"context": context, "app_id": None} for context in protection.required_checks
            ],
        }
    return shown


def required_reviews_json(call: RepositoryCall, branch: str, protection: Protection) -> Json:
    """Show the part of a protection that is about reviews."""
    return {
        "url": branch_url(call, branch) + "/protection/required_pull_request_reviews",
        "dismiss_stale_reviews": protection.dismiss_stale,
        "require_code_owner_reviews": protection.require_code_owners,
        "required_approving_review_count": protection.required_approvals,
        "require_last_push_approval": protection.require_last_push_approval,
    }


def _enforcement(protection: Protection | None) -> str:
    if protection is None or not protection.required_checks:
        return "off"
    return "everyone" if protection.enforce_admins else "non_admins"
