"""The JSON that GitHub's REST API shows of what the state holds. Pure: state in, dictionaries out."""

import base64
from typing import Any

from rehearsal.cloud.github import oidc
from rehearsal.cloud.github.openapi import WEB, completed, cut
from rehearsal.cloud.github.rules import applicable
from rehearsal.cloud.github.state import (
    Activity,
    BranchPolicy,
    Environment,
    GitHub,
    Organization,
    Repository,
    Ruleset,
    Secret,
    Team,
    User,
    Variable,
    team_by_id,
)

HEADS = "refs/heads/"


def node_id(kind: str, number: int) -> str:
    return base64.b64encode(f"{kind}{number}".encode()).decode().rstrip("=")


def account(api: str, login: str, account_id: int, kind: str) -> dict[str, Any]:
    """A `simple-user`: the short form of a person or an organisation."""
    known = {"login": login, "id": account_id, "node_id": node_id(kind, account_id), "type": kind}
    return completed("simple-user", {**known, "url": f"{api}/users/{login}", "html_url": f"{WEB}/{login}"})


def user(api: str, person: User) -> dict[str, Any]:
    return account(api, person.login, person.id, "Bot" if person.app_id else "User")


def organization(api: str, organization: Organization, repositories: int, with_plan: bool) -> dict[str, Any]:
    """An `organization-full`; the plan only for those who may see it."""
    known: dict[str, Any] = {
        "login": organization.login,
        "id": organization.id,
        "node_id": node_id("Organization", organization.id),
        "url": f"{api}/orgs/{organization.login}",
        "name": organization.login,
        "html_url": f"{WEB}/{organization.login}",
        "public_repos": repositories,
        "type": "Organization",
    }
    if with_plan:
        people = organization.owners | organization.members
        known["plan"] = {
            "name": organization.plan,
            "space": 976562499,
            "private_repos": 999999,
            "filled_seats": len(people),
            "seats": len(people),
        }
    return completed("organization-full", known)


def team_summary(api: str, owner: Organization, team: Team) -> dict[str, Any]:
    """A `team`, as it stands in an environment's reviewers."""
    known = {
        "id": team.id,
        "node_id": node_id("Team", team.id),
        "name": team.slug,
        "slug": team.slug,
        "privacy": "closed",
        "permission": "pull",
        "url": f"{api}/organizations/{owner.id}/team/{team.id}",
        "html_url": f"{WEB}/orgs/{owner.login}/teams/{team.slug}",
        "type": "organization",
        "organization_id": owner.id,
    }
    return completed("team", known)


def team(api: str, owner: Organization, found: Team, repositories: int, organization_view: dict[str, Any]) -> dict[str, Any]:
    """A `team-full`."""
    known = {**team_summary(api, owner, found), "members_count": len(found.members), "repos_count": repositories}
    return completed("team-full", {**known, "organization": organization_view})


def repository(api: str, repository: Repository, permissions: dict[str, bool]) -> dict[str, Any]:
    """A `full-repository`."""
    owner = account(api, repository.owner.login, repository.owner.id, "User" if repository.owner.personal else "Organization")
    known: dict[str, Any] = {
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "owner": owner,
        "private": repository.visibility != "public",
        "visibility": repository.visibility,
        "url": f"{api}/repos/{repository.full_name}",
        "html_url": f"{WEB}/{repository.full_name}",
        "clone_url": f"{WEB}/{repository.full_name}.git",
        "ssh_url": f"git@github.com:{repository.full_name}.git",
        "fork": repository.fork_of is not None,
        "created_at": repository.created_at,
        "archived": repository.archived,
        "default_branch": repository.default_branch,
        "permissions": permissions,
        "delete_branch_on_merge": repository.delete_branch_on_merge,
    }
    return completed("full-repository", known if repository.owner.personal else {**known, "organization": owner})


def minimal_repository(api: str, repo: Repository) -> dict[str, Any]:
    """A `minimal-repository`, as it stands in the list of an organisation's."""
    return cut("minimal-repository", repository(api, repo, {}))


def branches(api: str, repo: Repository) -> list[dict[str, Any]]:
    """`short-branch` of each branch, by name; protected is what an active ruleset covers."""
    return [
        {
            "name": ref.removeprefix(HEADS),
            "commit": {"sha": sha, "url": f"{api}/repos/{repo.full_name}/commits/{sha}"},
            "protected": any(one.rules for one in applicable(repo.every_ruleset, ref, repo.default_branch)),
        }
        for ref, sha in sorted(repo.refs.items())
        if ref.startswith(HEADS)
    ]


def variable(variable: Variable) -> dict[str, Any]:
    return {"name": variable.name, "value": variable.value, "created_at": variable.created_at, "updated_at": variable.updated_at}


def organization_variable(api: str, owner: Organization, variable_: Variable) -> dict[str, Any]:
    """An `organization-actions-variable`."""
    url = f"{api}/orgs/{owner.login}/actions/variables/{variable_.name}/repositories"
    selected = {"selected_repositories_url": url} if variable_.visibility == "selected" else {}
    return {**variable(variable_), "visibility": variable_.visibility, **selected}


def environment(api: str, github: GitHub, repo: Repository, environment: Environment) -> dict[str, Any]:
    """An `environment`."""
    return {
        "id": environment.id,
        "node_id": node_id("Environment", environment.id),
        "name": environment.name,
        "url": f"{api}/repos/{repo.full_name}/environments/{environment.name}",
        "html_url": f"{WEB}/{repo.full_name}/deployments/activity_log?environments_filter={environment.name}",
        "created_at": environment.created_at,
        "updated_at": environment.updated_at,
        "can_admins_bypass": environment.can_admins_bypass,
        "protection_rules": list(_protection_rules(api, github, repo, environment)),
        "deployment_branch_policy": None
        if environment.branches == "all"
        else {"protected_branches": environment.branches == "protected", "custom_branch_policies": environment.branches == "custom"},
    }


def _protection_rules(api: str, github: GitHub, repo: Repository, environment: Environment) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    if environment.wait_timer:
        rules.append({"type": "wait_timer", "wait_timer": environment.wait_timer})
    if environment.reviewers:
        reviewers = [_reviewer(api, github, repo, kind, number) for kind, number in environment.reviewers]
        rules.append({"type": "required_reviewers", "prevent_self_review": environment.prevent_self_review, "reviewers": reviewers})
    if environment.branches != "all":
        rules.append({"type": "branch_policy"})
    # An environment keeps at most one rule of a kind, so the ids only have to differ within it.
    return [
        {"id": environment.id * 10 + number, "node_id": node_id("Gate", environment.id * 10 + number), **rule}
        for number, rule in enumerate(rules, 1)
    ]


def _reviewer(api: str, github: GitHub, repo: Repository, kind: str, number: int) -> dict[str, Any]:
    if kind == "Team":
        found = team_by_id(repo.owner, number)
        return {"type": kind, "reviewer": found and team_summary(api, repo.owner, found)}
    person = github.user_by_id(number)
    return {"type": kind, "reviewer": person and user(api, person)}


def branch_policy(policy: BranchPolicy) -> dict[str, Any]:
    return {"id": policy.id, "node_id": node_id("GateBranchPolicy", policy.id), "name": policy.name, "type": policy.type}


def git_ref(api: str, repo: Repository, ref: str) -> dict[str, Any]:
    """A `git-ref`."""
    url, sha = f"{api}/repos/{repo.full_name}/git", repo.refs[ref]
    return {
        "ref": ref,
        "node_id": base64.b64encode(f"{repo.id}:{ref}".encode()).decode().rstrip("="),
        "url": f"{url}/{ref}",
        "object": {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"},
    }


def activity(one: Activity) -> dict[str, Any]:
    """An `activity`; who it was is left out."""
    known = {"id": one.id, "before": one.before, "after": one.after, "ref": one.ref, "timestamp": one.timestamp, "activity_type": one.kind}
    return {"node_id": node_id("Activity", one.id), **known, "actor": None}


def ruleset(api: str, source: Repository | Organization, ruleset: Ruleset, detail: bool, with_bypass_actors: bool) -> dict[str, Any]:
    """A `repository-ruleset`: a list shows no conditions and rules, and only who may write rulesets sees the bypass list."""
    of_organization = isinstance(source, Organization)
    name = source.login if isinstance(source, Organization) else source.full_name
    below = f"orgs/{name}" if of_organization else f"repos/{name}"
    page = f"organizations/{name}/settings" if of_organization else name
    shown: dict[str, Any] = {
        "id": ruleset.id,
        "name": ruleset.name,
        "target": ruleset.target,
        "source_type": "Organization" if of_organization else "Repository",
        "source": name,
        "enforcement": ruleset.enforcement,
        "node_id": node_id("RepositoryRuleset", ruleset.id),
        "_links": {
            "self": {"href": f"{api}/{below}/rulesets/{ruleset.id}"},
            "html": {"href": f"{WEB}/{page}/rules/{ruleset.id}"},
        },
        "created_at": ruleset.created_at,
        "updated_at": ruleset.updated_at,
    }
    if detail:
        shown |= {"conditions": ruleset.conditions, "rules": ruleset.rules, "current_user_can_bypass": "never"}
    if detail and with_bypass_actors:
        shown["bypass_actors"] = ruleset.bypass_actors
    return shown


def branch_rule(repo: Repository, ruleset: Ruleset, rule: dict[str, Any]) -> dict[str, Any]:
    """A `repository-rule-detailed`."""
    inherited = ruleset.id in repo.owner.rulesets
    source = repo.owner.login if inherited else repo.full_name
    return {
        **rule,
        "ruleset_source_type": "Organization" if inherited else "Repository",
        "ruleset_source": source,
        "ruleset_id": ruleset.id,
    }


def secret(one: Secret) -> dict[str, Any]:
    """An `actions-secret`."""
    return {"name": one.name, "created_at": one.created_at, "updated_at": one.updated_at}


def subject(repo: Repository) -> dict[str, Any]:
    """An `oidc-custom-sub-repo`."""
    return {"use_default": True, "use_immutable_subject": oidc.is_immutable(repo), "sub_claim_prefix": oidc.subject_prefix(repo)}
