"""Who comes from GitHub: every kind of job that may try a role, as the claims of its OIDC token.

A refused attempt is made with everything else right, so that what refuses it is the one thing that is wrong: a job on another branch calls
the publishing workflow, a repository with a recycled name has the release branch, and so on. Each is tried with both forms of subject.
https://docs.github.com/en/actions/reference/security/oidc
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from access.attempts import BY_KEY, STRANGER, Place
from access.attempts import Attempt as Refused
from access.provisioned import Consumer
from policies.arns import GITHUB_OIDC_HOST
from policies.branches import HEADS, TAGS, is_pattern, matches_tag
from policies.names import PROMOTE_ENVIRONMENT

FORMS = ("immutable", "name")
OWN_WORKFLOW = "ci.yml"
UNDECLARED_ENVIRONMENT = "staging"
# What the login action asks GitHub for, and what AWS is to insist on: not read from the policies, which are what is reviewed.
AUDIENCE = "sts.amazonaws.com"
# Ids that no repository of a stack has: of those who take a name that was given up, and of strangers.
_TAKEN_REPOSITORY, _TAKEN_OWNER, _STRANGER, _STRANGER_OWNER = 99_000_000_001, 99_000_000_002, 99_000_000_003, 99_000_000_004
_ACTORS = {"somebody": "90000001", "dependabot[bot]": "49699333"}


@dataclass(frozen=True)
class Identity:
    """A GitHub repository as a token names it."""

    owner: str
    owner_id: int
    name: str
    id: int


@dataclass(frozen=True)
class Token:
    """What a job's token says besides its repository. `workflow` "" is the repository's own, `context` "" the ref or the environment."""

    form: str
    ref: str
    workflow: str = ""
    environment: str = ""
    context: str = ""
    audience: str = AUDIENCE
    actor: str = "somebody"


@dataclass(frozen=True)
class Attempt:
    """Somebody who tries. `key` is stable, `label` short, `note` says what is special; each of `tokens` is one that the job could have."""

    key: str
    label: str
    note: str
    identity: Identity
    tokens: tuple[Token, ...]


def claims(identity: Identity, token: Token) -> dict[str, str]:
    """The claims that AWS makes condition keys of (there is no `enterprise_id`: it says nothing about a repository)."""
    environment = token.environment.replace(":", "%3A")
    context = token.context or (f"environment:{environment}" if environment else f"ref:{token.ref}")
    full = f"{identity.owner}/{identity.name}"
    named = full if token.form == "name" else f"{identity.owner}@{identity.owner_id}/{identity.name}@{identity.id}"
    made = {
        "sub": f"repo:{named}:{context}",
        "aud": token.audience,
        "repository_id": str(identity.id),
        "repository": full,
        "ref": token.ref,
        "environment": token.environment,
        "job_workflow_ref": token.workflow or f"{full}/.github/workflows/{OWN_WORKFLOW}@{token.ref}",
        "workflow": "CI",
        "actor": token.actor,
        "actor_id": _ACTORS[token.actor],
    }
    return {name: value for name, value in made.items() if value}


def condition_keys(identity: Identity, token: Token) -> dict[str, str]:
    """The same as the context of a request to STS."""
    return {f"{GITHUB_OIDC_HOST}:{name}": value for name, value in claims(identity, token).items()}


def tried(attempt: Refused, me: Identity, publishing: Token) -> tuple[Identity, Token]:
    """Who makes an attempt of the table, in its place, and with which token: the publishing job's, but for what differs."""
    who, differs = me, {}
    if attempt.owner:
        who = Identity(attempt.owner, _STRANGER_OWNER, me.name, _STRANGER)
    if attempt.repository:
        who = replace(me, name=attempt.repository, id=_TAKEN_REPOSITORY)
    if attempt.ref:
        differs |= {"ref": f"refs/{attempt.ref}", "context": "pull_request" if attempt.ref.startswith("pull/") else ""}
    if attempt.workflow:
        _, elsewhere, branch = attempt.workflow.partition("@")
        differs["workflow"] = f"{publishing.workflow.partition('@')[0]}@refs/heads/{branch}" if elsewhere else ""
    if attempt.environment is not None:
        differs["environment"] = attempt.environment
    if attempt.audience:
        differs["audience"] = attempt.audience
    return who, replace(publishing, **differs)


def identity(consumer: Consumer) -> Identity:
    """A consuming repository's own identity."""
    return Identity(consumer.owner, consumer.owner_id, consumer.name, consumer.id)


def trusted_workflows(consumers: Iterable[Consumer]) -> tuple[str, ...]:
    """Every workflow that some role of the stack may be bound to; each can be called by every job of the organisation."""
    named = (workflow for one in consumers for workflow in (one.workflow, one.promotion_workflow) if workflow)
    return tuple(dict.fromkeys(named))


def _branch(pattern: str) -> str:
    return f"{pattern.removesuffix('*')}1.0" if is_pattern(pattern) else pattern


def _tokens(
    ref: str, workflows: Sequence[str], environments: Sequence[str] = ("",), *, context: str = "", audience: str = AUDIENCE
) -> tuple[Token, ...]:
    return tuple(
        Token(form, ref, workflow, environment, context, audience)
        for environment in environments
        for workflow in workflows
        for form in FORMS
    )


def attempts(one: Consumer, workflows: Sequence[str]) -> list[Attempt]:
    """Everybody who tries as a job of this repository, or as one of its name. `workflows` are the trusted ones."""
    default = [] if one.default_branch in one.release_branches else _default(one, workflows)
    return [*(_publishing(one, workflows) if one.publishes else []), *default, *_everywhere(one, workflows)]


def _default(one: Consumer, workflows: Sequence[str]) -> list[Attempt]:
    """The default branch where it does not publish: schedules, `workflow_run` and `pull_request_target` have its ref."""
    me, ref, branch = identity(one), f"refs/heads/{one.default_branch}", f"branch {one.default_branch}"
    every = ["", *workflows]
    return [
        Attempt("default-branch", branch, "the default branch, any workflow", me, _tokens(ref, every)),
        Attempt(
            "environment", f"{branch}: environment", "a job in an environment, any workflow", me, _tokens(ref, every, _in_environment(one))
        ),
    ]


@dataclass(frozen=True)
class _Release:
    """A declared release branch or tag: `name` as the catalog has it, `ref` one that it covers, `key` and `label` say which it is."""

    name: str
    ref: str
    key: str
    label: str

    def attempt(self, key: str, one: Consumer) -> Refused:
        """An attempt of the table, beside this release."""
        kind, _, release = self.ref.removeprefix("refs/").partition("/")
        return BY_KEY[key].at(Place(one.owner, one.name, release, self.name if self.name.endswith("*") else "", one.environment, kind=kind))

    @property
    def short(self) -> str:
        """Its kind and name: branch release/1.0."""
        return f"{'tag' if self.ref.startswith(TAGS) else 'branch'} {self.ref.removeprefix(HEADS).removeprefix(TAGS)}"


def _releases(one: Consumer) -> list[_Release]:
    branches = [_Release(name, HEADS + _branch(name), f"release:{name}", f"release branch {name}") for name in one.release_branches]
    tags = [_Release(name, f"{TAGS}{_tag(name)}", f"release-tag:{name}", f"release tag {name}") for name in one.release_tags]
    return [*branches, *tags]


def _tag(pattern: str) -> str:
    return f"{pattern.removesuffix('*')}1.0.0" if pattern.endswith("*") else pattern


def _publishing(one: Consumer, workflows: Sequence[str]) -> list[Attempt]:
    found = [attempt for release in _releases(one) for attempt in _release(one, release, workflows)]
    first = _releases(one)[0]
    audience = _tokens(first.ref, [one.workflow], [one.environment], audience=first.attempt("audience", one).audience)
    kind = "release tag" if first.ref.startswith(TAGS) else "release branch"
    return [*found, Attempt("audience", f"{kind}, other audience", "a token that was made for another service", identity(one), audience)]


def _release(one: Consumer, release: _Release, workflows: Sequence[str]) -> list[Attempt]:
    """Whoever tries on a release branch or tag, and on a ref beside it."""
    me, key, label = identity(one), release.key, release.label
    with_environment = f", environment {one.environment}" if one.environment else ""
    publishing, promotion = [one.workflow], [one.promotion_workflow] if one.promotion_workflow else [*workflows] or [""]

    def attempt(what: str, title: str, note: str, tokens: tuple[Token, ...]) -> Attempt:
        return Attempt(f"{key}:{what}", f"{label}: {title}", note, me, tokens)

    found = [
        attempt(
            "publish",
            "publish",
            f"publishing workflow{with_environment}" if one.workflow else f"any workflow{with_environment}",
            _tokens(release.ref, publishing, [one.environment]),
        ),
        attempt(
            "promote",
            "promote",
            f"promotion workflow, approved in environment {PROMOTE_ENVIRONMENT}",
            _tokens(release.ref, promotion, [PROMOTE_ENVIRONMENT]),
        ),
        attempt(
            "own-workflow",
            "another workflow",
            f"its own workflow{with_environment} or environment {PROMOTE_ENVIRONMENT}",
            _tokens(release.ref, [""], [one.environment, PROMOTE_ENVIRONMENT]),
        ),
        attempt(
            "environment",
            "another environment",
            "trusted workflows in an environment that nobody declared",
            _tokens(release.ref, workflows or [""], [UNDECLARED_ENVIRONMENT]),
        ),
    ]
    if one.environment:
        outside = f"trusted workflows, but not in environment {one.environment}"
        found.append(attempt("no-environment", "no environment", outside, _tokens(release.ref, workflows or [""])))
    return [*found, _beside(one, release, workflows)]


def _beside(one: Consumer, release: _Release, workflows: Sequence[str]) -> Attempt:
    """A ref that looks as if the declaration covered it."""
    kind, prefix = ("tag", "tag-") if release.ref.startswith(TAGS) else ("branch", "")
    key, note = ("below", "one level below the pattern") if release.name.endswith("*") else ("beside", f"begins like the release {kind}")
    _, _, name = (ref := release.attempt(key, one).ref).partition("/")
    return _unreviewed(one, f"{prefix}{key}:{release.name}", f"{kind} {name}", note, f"refs/{ref}", workflows)


def _environments(one: Consumer) -> list[str]:
    return list(dict.fromkeys(["", one.environment, *([PROMOTE_ENVIRONMENT] if one.publishes else [])]))


def _in_environment(one: Consumer) -> list[str]:
    """Environments that a job may name: those that roles trust, and one that nobody declared."""
    return list(dict.fromkeys([*filter(None, [one.environment]), PROMOTE_ENVIRONMENT, UNDECLARED_ENVIRONMENT]))


def _unreviewed(one: Consumer, key: str, label: str, note: str, ref: str, workflows: Sequence[str]) -> Attempt:
    """With every workflow and in every environment: trust must hold where an environment's branch policy should not."""
    return Attempt(key, label, f"{note}; any workflow, any environment", identity(one), _tokens(ref, ["", *workflows], _environments(one)))


# https://docs.github.com/en/organizations/managing-organization-settings/disabling-or-limiting-github-actions-for-your-organization
_FORK_PULL_REQUEST = "GitHub gives it no token, unless the repository sends write tokens to forks, as private ones can"


def _everywhere(one: Consumer, workflows: Sequence[str]) -> list[Attempt]:
    me, every = identity(one), ["", *workflows]
    release = one.release_branches[0] if one.release_branches else one.default_branch
    ref = _releases(one)[0].ref if one.publishes else f"{HEADS}{release}"
    merge, environments = f"refs/{BY_KEY['pull-request'].ref}", _environments(one)
    taken, stranger = replace(me, id=_TAKEN_REPOSITORY), Identity(STRANGER, _STRANGER_OWNER, one.name, _STRANGER)
    fork = Identity("contributor", _STRANGER_OWNER + 1, one.name, _STRANGER + 1)
    as_release = _tokens(ref, every, environments)
    return [
        Attempt(
            "pull-request",
            "pull request",
            "of a branch of this repository; any workflow, any environment",
            me,
            (*_tokens(merge, every, context="pull_request"), *_tokens(merge, every, _in_environment(one))),
        ),
        _unreviewed(one, "other-branch", "any other branch", "feature/x", f"refs/{BY_KEY['other-branch'].ref}", workflows),
        *_tag_named_as_the_branch(one, release, workflows),
        *(_dependabot(one) if one.dependabot else []),
        Attempt("fork-pull-request", "fork's pull request", _FORK_PULL_REQUEST, me, ()),
        Attempt("fork", "fork", "a job of the fork itself", fork, as_release),
        Attempt("recycled-name", "recycled name", "another repository of the organisation that has taken this name", taken, as_release),
        Attempt("other-organisation", "other organisation", "a repository of the same name there", stranger, as_release),
    ]


def _dependabot(one: Consumer) -> list[Attempt]:
    """An update job, on the default branch."""
    tokens = _tokens(f"{HEADS}{one.default_branch}", [f"{one.owner}/{one.name}/dynamic/dependabot/dependabot-updates"])
    updates = tuple(replace(token, actor="dependabot[bot]") for token in tokens)
    return [Attempt("dependabot", "Dependabot", "an update job", identity(one), updates)]


def _tag_named_as_the_branch(one: Consumer, branch: str, workflows: Sequence[str]) -> list[Attempt]:
    if matches_tag(_branch(branch), one.release_tags):
        return []
    label, ref = f"tag {branch.removesuffix('/*')}", f"{TAGS}{_branch(branch)}"
    return [_unreviewed(one, "tag", label, "a tag named as the branch", ref, workflows)]


def outside(owner: str, owner_id: int, workflows: Sequence[str]) -> list[Attempt]:
    """Repositories that no catalog names."""
    ref, every = "refs/heads/main", ["", *workflows]
    tokens = _tokens(ref, every, ["", PROMOTE_ENVIRONMENT])
    ours, taken = (
        Identity(owner, owner_id, "not-in-the-catalog", _TAKEN_REPOSITORY + 9),
        Identity(owner, _TAKEN_OWNER, "recycled", _STRANGER + 9),
    )
    immutable = tuple(one for one in tokens if one.form == "immutable")
    named = tuple(one for one in tokens if one.form == "name")
    pull = _tokens(f"refs/{BY_KEY['pull-request'].ref}", every, context="pull_request")
    return [
        Attempt("organisation-immutable", "organisation's repository", "in no catalog; immutable subject", ours, immutable),
        Attempt("organisation-name", "organisation's repository, older", "in no catalog; subject without ids", ours, named),
        Attempt("organisation-pull-request", "its pull request", "in no catalog; either subject", ours, pull),
        Attempt("recycled-organisation", "recycled organisation", "somebody who has taken the organisation's name", taken, tokens),
        Attempt(
            "strangers", "other organisation", "any repository there", Identity(STRANGER, _STRANGER_OWNER, "anything", _STRANGER), tokens
        ),
    ]
