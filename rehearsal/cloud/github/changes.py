"""What people do to refs and pull requests: push, review, merge. Each changes the state, or raises `Refused` and changes nothing."""

import re
from dataclasses import dataclass

from rehearsal.cloud.github import rules
from rehearsal.cloud.github.state import (
    GITHUB_ACTIONS_BOT,
    Activity,
    Check,
    Commit,
    GitHub,
    NotFound,
    PullRequest,
    Repository,
    Review,
    User,
    has_role,
    new_commit,
    now,
    role_of,
)

# What `git check-ref-format` refuses in a ref name.
BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|\.$|/$")
# Names that GitHub refuses besides (its GH002): what would be taken for a full ref or for a commit.
MISLEADING_REF = re.compile(r"refs/(heads|tags)/(refs/.*|[0-9a-f]{40})")


class Refused(Exception):
    """GitHub says no: HTTP status, its words, and the rules that were violated, if rules are the reason."""

    def __init__(self, status: int, message: str, violations: list[rules.Violation] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.violations = violations or []


@dataclass(frozen=True)
class Push:
    """One ref of a push: a new commit with `content` on top of `parent` (default: the ref's tip, else the default branch's), an existing
    commit `sha`, or the ref's deletion."""

    ref: str
    content: str | None = None
    sha: str | None = None
    parent: str | None = None
    delete: bool = False
    force: bool = False


def push(github: GitHub, repo: Repository, actor: User, wanted: Push) -> str | None:
    """Create, update or delete a ref. Returns the new tip, None after a deletion."""
    _require_write(repo, actor)
    if not wanted.ref.startswith(("refs/heads/", "refs/tags/")) or BAD_REF.search(wanted.ref):
        raise Refused(422, f"{wanted.ref!r} is not the full name of a branch or tag")
    if MISLEADING_REF.fullmatch(wanted.ref):
        raise Refused(422, f"remote: error: GH002: {wanted.ref!r} would be taken for a full ref or for a commit")
    if [wanted.delete, wanted.sha is not None, wanted.content is not None].count(True) != 1:
        raise Refused(422, "a push names exactly one of content, sha and delete")
    if wanted.delete:
        _delete(repo, github, actor, wanted.ref)
        return None
    return _set(repo, github, actor, wanted)


def _set(repo: Repository, github: GitHub, actor: User, wanted: Push) -> str:
    old = repo.refs.get(wanted.ref)
    commit = _pushed_commit(repo, actor, wanted)
    if old == commit.sha:
        return commit.sha
    change = _change(repo, wanted.ref, old, commit)
    if not change.fast_forward and not wanted.force:
        raise Refused(422, f"! [rejected] {wanted.ref} (non-fast-forward): force is needed")
    _check(repo, actor, change)
    repo.refs[wanted.ref] = repo.store(commit).sha
    _log(github, repo, ("push" if change.fast_forward else "force_push") if old else "branch_creation", wanted.ref, old)
    _follow_heads(github, repo, actor, wanted.ref, commit.sha)
    return commit.sha


def _delete(repo: Repository, github: GitHub, actor: User, ref: str) -> None:
    if ref not in repo.refs:
        raise Refused(422, f"Reference does not exist: {ref}")
    if ref == repo.default_ref:
        raise Refused(422, f"refusing to delete the current branch: {ref}")
    _check(repo, actor, rules.Change(ref, "deletion"))
    _drop(github, repo, ref)


def _drop(github: GitHub, repo: Repository, ref: str) -> None:
    del repo.refs[ref]
    for _, pull_request in _open_from(github, repo, ref):
        pull_request.state = "closed"


def _pushed_commit(repo: Repository, actor: User, wanted: Push) -> Commit:
    if wanted.sha is not None:
        if wanted.sha not in repo.commits:
            raise NotFound(f"there is no commit {wanted.sha} in {repo.full_name}")
        return repo.commits[wanted.sha]
    parent = resolve(repo, wanted.parent) if wanted.parent else repo.refs.get(wanted.ref, repo.refs.get(repo.default_ref))
    return new_commit((parent,) if parent else (), actor.login, wanted.content or "")


def _log(github: GitHub, repo: Repository, kind: str, ref: str, before: str | None) -> None:
    if ref.startswith("refs/heads/"):
        repo.activities.append(Activity(github.new_id(), kind, ref, before or "0" * 40, repo.refs[ref], now()))


def resolve(repo: Repository, name: str) -> str:
    """The commit that a full ref or a commit id names. Raises NotFound."""
    if name in repo.refs:
        return repo.refs[name]
    if name in repo.commits:
        return name
    raise NotFound(f"there is no ref or commit {name!r} in {repo.full_name}")


def _change(repo: Repository, ref: str, old: str | None, commit: Commit) -> rules.Change:
    """What setting `ref` to `commit` would be."""
    # git never takes another commit for a tag without force.
    fast_forward = old is None or (old in repo.history(*commit.parents) and ref.startswith("refs/heads/"))
    return rules.Change(ref, "update" if old else "creation", fast_forward, checks=tuple(repo.checks.get(commit.sha, [])))


def _check(repo: Repository, actor: User, change: rules.Change) -> None:
    found = rules.violations(repo.every_ruleset, repo.default_branch, change, acting(repo, actor))
    if found:
        raise Refused(422, push_message(repo, change.ref, found), found)


def push_message(repo: Repository, ref: str, found: list[rules.Violation]) -> str:
    """What git prints of a refused push."""
    url = f"https://github.com/{repo.full_name}/rules?ref={ref.replace('/', '%2F')}"
    lines = [
        f"remote: error: GH013: Repository rule violations found for {ref}.",
        f"remote: Review all repository rules at {url}",
        "remote: ",
    ]
    for message in dict.fromkeys(violation.message for violation in found):
        lines += [f"remote: - {message}", "remote: "]
    name = ref.split("/", 2)[2]
    return "\n".join([*lines, f" ! [remote rejected] {name} -> {name} (push declined due to repository rule violations)"])


def acting(repo: Repository, actor: User) -> rules.Actor:
    """A user, with what the bypass lists of this repository's rulesets could name."""
    teams = frozenset(team.id for team in repo.owner.teams.values() if actor.login in team.members)
    owner = actor.login in repo.owner.owners
    return rules.Actor(actor.login, actor.id, role_of(repo, actor.login), teams, owner, actor.app_id)


def _require_write(repo: Repository, actor: User) -> None:
    if repo.archived:
        raise Refused(403, "This repository was archived so it is read-only.")
    if not has_role(repo, actor.login, "write"):
        raise Refused(403, f"Permission to {repo.full_name}.git denied to {actor.login}.")


def require_read(repo: Repository, actor: User) -> None:
    """Raise NotFound, as GitHub answers, if somebody may not know of the repository."""
    if not has_role(repo, actor.login, "read"):
        raise NotFound(f"there is no repository {repo.full_name!r} for {actor.login}")


# --- pull requests --------------------------------------------------------------------------------------------------------------


def open_pull_request(github: GitHub, repo: Repository, actor: User, head_repo: Repository, head: str, base: str) -> PullRequest:
    """Propose a branch of the repository, or of a fork of it, for one of the repository's branches."""
    require_read(repo, actor)
    if head_repo is not repo and head_repo.fork_of != repo.id:
        raise Refused(422, f"{head_repo.full_name} is not a fork of {repo.full_name}")
    _allow_actions(repo, actor, 403)
    sha = resolve(head_repo, head)
    base_sha = resolve(repo, base)
    if sha in repo.history(base_sha) if sha in repo.commits else False:
        raise Refused(422, f"No commits between {base} and {head}")
    _share(head_repo, repo, sha)
    number = len(repo.pull_requests) + 1
    repo.pull_requests[number] = PullRequest(number, actor.login, base, head_repo.id, head, sha, actor.login)
    return repo.pull_requests[number]


def review(repo: Repository, actor: User, number: int, verdict: str) -> PullRequest:
    """Add a review (APPROVED, CHANGES_REQUESTED, COMMENTED) of the present head."""
    pull_request = open_pull(repo, number)
    require_read(repo, actor)
    if actor.login == pull_request.author and verdict != "COMMENTED":
        raise Refused(
            422, "Can not approve your own pull request" if verdict == "APPROVED" else "Can not request changes on your own pull request"
        )
    if verdict == "APPROVED":
        _allow_actions(repo, actor, 422)
    pull_request.reviews.append(Review(actor.login, pull_request.head_sha, verdict))
    return pull_request


def merge(github: GitHub, repo: Repository, actor: User, number: int) -> str:
    """Merge a pull request by a merge commit, if the rules for its base branch allow it. Returns the base branch's new tip."""
    _require_write(repo, actor)
    pull_request = open_pull(repo, number)
    change = merge_change(repo, pull_request)
    found = rules.violations(repo.every_ruleset, repo.default_branch, change, acting(repo, actor))
    if found:
        messages = dict.fromkeys(violation.message for violation in found)
        raise Refused(405, "Repository rule violations found\n\n" + "\n\n".join(messages), found)
    before = repo.refs[pull_request.base]
    repo.refs[pull_request.base] = repo.store(_merge_commit(repo, pull_request, actor)).sha
    _log(github, repo, "pr_merge", pull_request.base, before)
    pull_request.state = "merged"
    _follow_heads(github, repo, actor, pull_request.base, repo.refs[pull_request.base])
    _delete_merged_branch(github, repo, pull_request)
    return repo.refs[pull_request.base]


def merge_change(repo: Repository, pull_request: PullRequest) -> rules.Change:
    """The change of the base branch that merging would be, with everything that rules ask about it."""
    base_sha, head_sha = resolve(repo, pull_request.base), pull_request.head_sha
    facts = rules.Merge(pull_request.last_pusher, _approvals(repo, pull_request), base_sha in repo.history(head_sha))
    return rules.Change(pull_request.base, "update", checks=tuple(repo.checks.get(head_sha, [])), merge=facts)


def _approvals(repo: Repository, pull_request: PullRequest) -> tuple[rules.Approval, ...]:
    """The last verdict of each reviewer who may write; a comment takes nothing back."""
    latest = {one.reviewer: one for one in pull_request.reviews if one.state != "COMMENTED"}
    return tuple(
        rules.Approval(one.reviewer, one.state, one.sha == pull_request.head_sha)
        for one in latest.values()
        if has_role(repo, one.reviewer, "write")
    )


def _merge_commit(repo: Repository, pull_request: PullRequest, actor: User) -> Commit:
    parents = (repo.refs[pull_request.base], pull_request.head_sha)
    return new_commit(parents, actor.login, f"merge of #{pull_request.number} at {pull_request.head_sha}")


def _delete_merged_branch(github: GitHub, repo: Repository, pull_request: PullRequest) -> None:
    """GitHub's automatic deletion of a merged head branch ignores rulesets."""
    own = pull_request.head_repository == repo.id
    if repo.delete_branch_on_merge and own and pull_request.head != repo.default_ref and pull_request.head in repo.refs:
        _drop(github, repo, pull_request.head)


def open_pull(repo: Repository, number: int) -> PullRequest:
    pull_request = pull(repo, number)
    if pull_request.state != "open":
        raise Refused(422, f"pull request #{number} is {pull_request.state}")
    return pull_request


def pull(repo: Repository, number: int) -> PullRequest:
    if number not in repo.pull_requests:
        raise NotFound(f"there is no pull request #{number} in {repo.full_name}")
    return repo.pull_requests[number]


def _allow_actions(repo: Repository, actor: User, status: int) -> None:
    """GitHub answers 403 to the opening of a pull request, 422 to its approval."""
    if actor.login == GITHUB_ACTIONS_BOT and not repo.can_approve_pull_request_reviews:
        raise Refused(status, "GitHub Actions is not permitted to create or approve pull requests.")


def _open_from(github: GitHub, head_repo: Repository, head: str) -> list[tuple[Repository, PullRequest]]:
    return [
        (repo, pull_request)
        for repo in github.repositories.values()
        for pull_request in repo.pull_requests.values()
        if (pull_request.head_repository, pull_request.head, pull_request.state) == (head_repo.id, head, "open")
    ]


def _follow_heads(github: GitHub, head_repo: Repository, actor: User, head: str, sha: str) -> None:
    """After a push: open pull requests from that branch have a new head, and lose approvals where a rule says so."""
    for repo, pull_request in _open_from(github, head_repo, head):
        _share(head_repo, repo, sha)
        pull_request.head_sha = sha
        pull_request.last_pusher = actor.login
        if rules.dismisses_stale_approvals(repo.every_ruleset, pull_request.base, repo.default_branch):
            for one in pull_request.reviews:
                one.state = "DISMISSED" if one.state == "APPROVED" else one.state


def _share(source: Repository, target: Repository, sha: str) -> None:
    """A fork and its origin have their commits in common."""
    target.commits.update({one: source.commits[one] for one in source.history(sha)})


# --- rulesets -------------------------------------------------------------------------------------------------------------------


def edit_ruleset(repo: Repository, actor: User, name: str, *, delete: bool) -> str:
    """Save a ruleset that holds for the repository as it is, or delete it. The organisation's are its owners' alone.

    https://docs.github.com/en/organizations/managing-organization-settings/managing-rulesets-for-repositories-in-your-organization
    """
    found = next((one for one in repo.every_ruleset if one.name == name), None)
    if found is None:
        raise NotFound(f"there is no ruleset {name!r} in {repo.full_name}")
    inherited = found.id not in repo.rulesets
    if inherited and actor.login not in repo.owner.owners:
        raise Refused(403, f"{actor.login} may not manage rulesets of the organization {repo.owner.login}")
    if not inherited and not has_role(repo, actor.login, "admin"):
        raise Refused(403, f"{actor.login} may not manage rulesets of {repo.full_name}")
    if delete:
        del (repo.owner.rulesets if inherited else repo.rulesets)[found.id]
    else:
        found.updated_at = now()
    return repo.owner.login if inherited else repo.full_name


# --- checks ---------------------------------------------------------------------------------------------------------------------


def report_check(repo: Repository, actor: User, sha: str, context: str, state: str) -> Check:
    """A commit status by a person, or a check run by an App's bot: which App it was, its login says, not the caller."""
    if not has_role(repo, actor.login, "write"):
        raise Refused(403, f"{actor.login} may not write to {repo.full_name}")
    check = Check(context, state, actor.app_id)
    repo.checks.setdefault(resolve(repo, sha), []).append(check)
    return check
