"""What guards a ref on GitHub: rulesets and environment settings, as plain data from the same declaration as the trust policy.

https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from policies.branches import HEADS, TAGS, ReleaseBranches, ReleaseTags

# Id of the GitHub Actions app on github.com: a required check must come from it, because anyone with write access can set a commit status.
GITHUB_ACTIONS_APP = 15368

# Free plans have no rulesets on private repositories; required reviewers and the admin-bypass switch there need Enterprise.
# https://docs.github.com/en/get-started/learning-about-github/githubs-plans
PLANS_WITHOUT_PRIVATE_RULESETS = ("free",)
PLANS_WITH_PRIVATE_REVIEWERS = ("enterprise",)

# A ruleset's word for whatever branch is the default one.
DEFAULT_BRANCH = "~DEFAULT_BRANCH"

Rules = dict[str, Any]


def edition(
    kind: str,
    refs: Sequence[str],
    rules: Rules,
    bypass_teams: Sequence[int] = (),
    bypass_apps: Sequence[int] = (),
    repositories: Sequence[int] = (),
) -> str:
    """`KIND-DIGEST`, the digest of everything that a ruleset of this kind says, in whatever order; of an organisation's, also for which
    `repositories` (ids) it holds.

    A ruleset is never changed, because what guards less must not come before the roles that rely on it trust less. One that says something
    else is another resource: the engine creates it before it updates those roles, and deletes the former one after them. GitHub refuses
    two rulesets of one name (422, "Name must be unique"), so the digest is in the name too.
    """
    apps = [sorted(bypass_apps)] if bypass_apps else []
    # Not after `apps`, which may be missing: two lists of ids must not be taken for each other.
    held = [{"repositories": sorted(repositories)}] if repositories else []
    said = json.dumps([sorted(refs), rules, sorted(bypass_teams), *apps, *held], sort_keys=True)
    return f"{kind}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def _required_checks(checks: Sequence[str]) -> Rules:
    """A check that never ran would block the honest creation of a branch, so creation is let through; it has a ruleset of its own."""
    if not checks:
        return {}
    return {
        "required_status_checks": {
            "required_checks": [{"context": check, "integration_id": GITHUB_ACTIONS_APP} for check in checks],
            "do_not_enforce_on_create": True,
        }
    }


def release_refs(default_branch: str, branches: ReleaseBranches) -> list[str]:
    """What `release` covers: the default branch, by name, and the release branches."""
    return list(dict.fromkeys([f"{HEADS}{default_branch}", *branches.ruleset_refs]))


def _pull_request(approvals: int, code_owners: bool = False) -> Rules:
    """A change comes by a pull request that others approved, the last push of it too; with `code_owners` also by an owner of each file."""
    return {
        "pull_request": {
            "required_approving_review_count": approvals,
            "dismiss_stale_reviews_on_push": True,
            "require_last_push_approval": True,
            # Left out where it is off: a ruleset's name follows from what it says.
            **({"require_code_owner_review": True} if code_owners else {}),
        }
    }


def release_rules(approvals: int, checks: Sequence[str], code_owners: bool = False) -> Rules:
    """Rules of `release`: a change comes by a reviewed pull request; nothing is deleted or rewritten. Nobody bypasses it."""
    return {"deletion": True, "non_fast_forward": True, **_pull_request(approvals, code_owners), **_required_checks(checks)}


def create_refs(branches: ReleaseBranches) -> list[str]:
    """What `create` covers. A pull request rule does not stop the push that creates a branch; only `creation` does."""
    return list(branches.ruleset_refs)


def create_rules() -> Rules:
    """Rules of `create`."""
    return {"creation": True}


def release_tag_refs(tags: ReleaseTags) -> list[str]:
    """What `release-tags` and `create-tags` cover."""
    return list(tags.ruleset_refs)


def release_tag_rules() -> Rules:
    """Rules of `release-tags`: a release tag stays what and where it is. Nobody bypasses it."""
    return {"update": True, "deletion": True}


def tag_refs(refs: Sequence[str]) -> list[str]:
    """What `package-flow-tags-...` covers: `refs` that are tags, and of branches (or patterns of them) the tags of their names.

    In `uses: OWNER/REPOSITORY/...@NAME` a tag comes before a branch of the same name.
    https://docs.github.com/en/actions/how-tos/reuse-automations/reuse-workflows
    """
    return list(dict.fromkeys(f"{TAGS}{ref.removeprefix(HEADS).removeprefix(TAGS)}" for ref in refs))


def tag_rules() -> Rules:
    """Rules of `package-flow-tags-...`: nobody creates, moves or deletes such a tag. (A deleted one leaves its name to a branch.)"""
    return {"creation": True, "update": True, "deletion": True}


def default_rules(approvals: int, checks: Sequence[str]) -> Rules:
    """Rules of `default`, of a repository that only installs: nothing that stops a bot's push, unless it declares approvals or
    checks (0 approvals = it does not)."""
    reviewed = _pull_request(approvals) if approvals else {}
    return {"deletion": True, "non_fast_forward": True, **reviewed, **_required_checks(checks)}


def can_require_reviewers(plan: str, visibility: str) -> bool:
    """Whether an environment of such a repository can have required reviewers and refuse that admins bypass them."""
    return visibility == "public" or plan in PLANS_WITH_PRIVATE_REVIEWERS


# Organisation rulesets of one organisation, of everybody who writes some.
# https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/about-rulesets
ORGANIZATION_RULESETS_MAX = 75


def can_have_organization_rulesets(plan: str) -> bool:
    """Whether an organisation of this plan can have rulesets of its own: GitHub Team and Enterprise."""
    return plan not in PLANS_WITHOUT_PRIVATE_RULESETS


def can_have_rulesets(plan: str, visibility: str) -> bool:
    """Whether rulesets are enforced in such a repository."""
    return visibility == "public" or plan not in PLANS_WITHOUT_PRIVATE_RULESETS
