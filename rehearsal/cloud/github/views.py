"""The JSON that GitHub's REST API shows of what the state holds. Pure: state in, dictionaries out."""

import base64
from typing import Any

from rehearsal.cloud.github import oidc
from rehearsal.cloud.github.openapi import WEB, completed
from rehearsal.cloud.github.rules import applicable
from rehearsal.cloud.github.state import (
    BranchPolicy,
    Environment,
    GitHub,
    Organization,
    Repository,
    Ruleset,
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


def organization(api: str, one: Organization, repositories: int, with_plan: bool) -> dict[str, Any]:
    """An `organization-full`; the plan only for those who may see it."""
    known: dict[str, Any] = {
        "login": one.login,
        "id": one.id,
        "node_id": node_id("Organization", one.id),
        "url": f"{api}/orgs/{one.login}",
        "name": one.login,
        "html_url": f"{WEB}/{one.login}",
        "public_repos": repositories,
        "type": "Organization",
    }
    if with_plan:
        people = one.owners | one.members
        known["plan"] = {"name": one.plan, "space": 976562499, "private_repos": 999999, "filled_seats": len(people), "seats": len(people)}
    return completed("organization-full", known)


def team_summary(api: str, one: Organization, team: Team) -> dict[str, Any]:
    """A `team`, as it stands in an environment's reviewers."""
    known = {
        "id": team.id,
        "node_id": node_id("Team", team.id),
        "name": team.slug,
        "slug": team.slug,
        "privacy": "closed",
        "permission": "pull",
        "url": f"{api}/organizations/{one.id}/team/{team.id}",
        "html_url": f"{WEB}/orgs/{one.login}/teams/{team.slug}",
        "type": "organization",
        "organization_id": one.id,
    }
    return completed("team", known)


def team(api: str, one: Organization, found: Team, repositories: int, organization_view: dict[str, Any]) -> dict[str, Any]:
    """A `team-full`."""
    known = {**team_summary(api, one, found), "members_count": len(found.members), "repos_count": repositories}
    return completed("team-full", {**known, "organization": organization_view})


def repository(api: str, one: Repository, permissions: dict[str, bool]) -> dict[str, Any]:
    """A `full-repository`."""
    owner = account(api, one.owner.login, one.owner.id, "User" if one.owner.personal else "Organization")
    known: dict[str, Any] = {
        "id": one.id,
        "node_id": node_id("Repository", one.id),
        "name": one.name,
        "full_name": one.full_name,
        "owner": owner,
        "private": one.visibility != "public",
        "visibility": one.visibility,
        "url": f"{api}/repos/{one.full_name}",
        "html_url": f"{WEB}/{one.full_name}",
        "clone_url": f"{WEB}/{one.full_name}.git",
        "ssh_url": f"git@github.com:{one.full_name}.git",
        "fork": one.fork_of is not None,
        "created_at": one.created_at,
        "archived": one.archived,
        "default_branch": one.default_branch,
        "permissions": permissions,
        "delete_branch_on_merge": one.delete_branch_on_merge,
    }
    return completed("full-repository", known if one.owner.personal else {**known, "organization": owner})


def branches(api: str, repo: Repository) -> list[dict[str, Any]]:
    """`short-branch` of each branch, by name; protected is what an active ruleset covers."""
    return [
        {
            "name": ref.removeprefix(HEADS),
            "commit": {"sha": sha, "url": f"{api}/repos/{repo.full_name}/commits/{sha}"},
            "protected": any(one.rules for one in applicable(repo.rulesets.values(), ref, repo.default_branch)),
        }
        for ref, sha in sorted(repo.refs.items())
        if ref.startswith(HEADS)
    ]


def variable(one: Variable) -> dict[str, Any]:
    return {"name": one.name, "value": one.value, "created_at": one.created_at, "updated_at": one.updated_at}


def environment(api: str, github: GitHub, repo: Repository, one: Environment) -> dict[str, Any]:
    """An `environment`."""
    return {
        "id": one.id,
        "node_id": node_id("Environment", one.id),
        "name": one.name,
        "url": f"{api}/repos/{repo.full_name}/environments/{one.name}",
        "html_url": f"{WEB}/{repo.full_name}/deployments/activity_log?environments_filter={one.name}",
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "can_admins_bypass": one.can_admins_bypass,
        "protection_rules": list(_protection_rules(api, github, repo, one)),
        "deployment_branch_policy": None
        if one.branches == "all"
        else {"protected_branches": one.branches == "protected", "custom_branch_policies": one.branches == "custom"},
    }


def _protection_rules(api: str, github: GitHub, repo: Repository, one: Environment) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    if one.wait_timer:
        rules.append({"type": "wait_timer", "wait_timer": one.wait_timer})
    if one.reviewers:
        reviewers = [_reviewer(api, github, repo, kind, number) for kind, number in one.reviewers]
        rules.append({"type": "required_reviewers", "prevent_self_review": one.prevent_self_review, "reviewers": reviewers})
    if one.branches != "all":
        rules.append({"type": "branch_policy"})
    # An environment keeps at most one rule of a kind, so the ids only have to differ within it.
    return [{"id": one.id * 10 + number, "node_id": node_id("Gate", one.id * 10 + number), **rule} for number, rule in enumerate(rules, 1)]


def _reviewer(api: str, github: GitHub, repo: Repository, kind: str, number: int) -> dict[str, Any]:
    if kind == "Team":
        found = team_by_id(repo.owner, number)
        return {"type": kind, "reviewer": found and team_summary(api, repo.owner, found)}
    person = github.user_by_id(number)
    return {"type": kind, "reviewer": person and user(api, person)}


def branch_policy(one: BranchPolicy) -> dict[str, Any]:
    return {"id": one.id, "node_id": node_id("GateBranchPolicy", one.id), "name": one.name, "type": one.type}


def git_ref(api: str, repo: Repository, ref: str) -> dict[str, Any]:
    """A `git-ref`."""
    url, sha = f"{api}/repos/{repo.full_name}/git", repo.refs[ref]
    return {
        "ref": ref,
        "node_id": base64.b64encode(f"{repo.id}:{ref}".encode()).decode().rstrip("="),
        "url": f"{url}/{ref}",
        "object": {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"},
    }


def ruleset(api: str, repo: Repository, one: Ruleset, detail: bool, with_bypass_actors: bool) -> dict[str, Any]:
    """A `repository-ruleset`: a list shows no conditions and rules, and only who may write rulesets sees the bypass list."""
    shown: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "target": one.target,
        "source_type": "Repository",
        "source": repo.full_name,
        "enforcement": one.enforcement,
        "node_id": node_id("RepositoryRuleset", one.id),
        "_links": {
            "self": {"href": f"{api}/repos/{repo.full_name}/rulesets/{one.id}"},
            "html": {"href": f"{WEB}/{repo.full_name}/rules/{one.id}"},
        },
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    }
    if detail:
        shown |= {"conditions": one.conditions, "rules": one.rules, "current_user_can_bypass": "never"}
    if detail and with_bypass_actors:
        shown["bypass_actors"] = one.bypass_actors
    return shown


def subject(repo: Repository) -> dict[str, Any]:
    """An `oidc-custom-sub-repo`."""
    return {"use_default": True, "use_immutable_subject": oidc.is_immutable(repo), "sub_claim_prefix": oidc.subject_prefix(repo)}
