"""From settings and facts to the plan: the one place where policy documents are put together. Pure."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from graphlib import TopologicalSorter

from plan import organization, parts
from plan.declared import (
    AnnouncedPackages,
    DeveloperMode,
    Developers,
    Encryption,
    Events,
    GithubScope,
    OidcProvider,
    Readers,
    ReadRole,
    Repository,
    Settings,
    Team,
)
from plan.declared import Sandbox as DeclaredSandbox
from plan.facts import Facts, stable_id, widest
from plan.parts import Plan, Role
from plan.shares import capacity, shares
from policies import events, guards
from policies.arns import GITHUB_OIDC_HOST, principal_patterns
from policies.branches import ReleaseBranches
from policies.document import Statement, text
from policies.github_tokens import AUDIENCE, GitHubRepository, Subjects
from policies.names import (
    PROMOTE_ENVIRONMENT,
    PUBLIC_SOURCES,
    SHARED_REPOSITORY,
    RoleKind,
    Variable,
    promote_roles,
    read_policy_name,
    read_role_name,
    role_name,
    variables_of,
)
from policies.owned_names import Format, OwnedName
from policies.resources.domain import domain_policy
from policies.resources.key import domain_key_policy
from policies.resources.public_source import public_source_policy
from policies.resources.sandbox import sandbox_policy
from policies.resources.shared_repository import shared_repository_policy
from policies.resources.sharing import NOBODY
from policies.resources.team_repository import Publishers, closed_policy, open_readers, own_readers, team_repository_policy
from policies.resources.topic import dead_letters_policy, topic_key_policy, topic_policy
from policies.roles.build import read_only_permissions
from policies.roles.dependabot import dependabot_permissions, dependabot_trust
from policies.roles.developer import every_role, permission_set, session_duration
from policies.roles.events import chat_trust, events_permissions, events_trust
from policies.roles.promote import promote_permissions, promote_trust
from policies.roles.publish import publish_permissions, publish_trust
from policies.roles.read import catalog_read_trust, organization_read_trust, read_permissions, repository_read_trust


def plan(settings: Settings, facts: Facts) -> Plan:
    """Everything that a stack registers. `facts` hold every repository, team and group that the settings name."""
    planning = _Planning(settings, facts)
    consumers = tuple(planning.consumer(team, one) for team in settings.teams for one in team.repositories)
    shared = planning.organization(consumers)
    return Plan(
        stack=settings.stack,
        place=facts.registry,
        registry=planning.registry(),
        oidc=planning.oidc(),
        teams=tuple(planning.team(one) for one in _upstreams_first(settings)),
        consumers=tuple(organization.without(shared, one) for one in consumers) if shared else consumers,
        builds=planning.builds(),
        developers=planning.developers(settings.developers) if settings.developers else None,
        events=planning.events(settings.events) if settings.events else None,
        sandbox=planning.sandbox(settings.sandbox) if settings.sandbox else None,
        trust_policy_length=settings.iam.trust_policy_length,
        organization=shared,
    )


def _slugs(team: Team, one: Repository) -> list[str]:
    """The GitHub teams that a repository's guards name."""
    managers = team.release_managers if one.publishes else ()
    return [*managers, *(one.promotes.reviewers if one.promotes else ()), *one.protection.reviewers]


def _upstreams_first(settings: Settings) -> list[Team]:
    """The teams that have a repository, each after the teams that it installs from (settings have no cycle).

    Upstreams that are not among them are left out: of a catalog with problems, the teams without any are judged all the same.
    """
    owning = {team.name: team for team in settings.teams if team.has_repository}
    upstreams = {name: [one for one in team.upstreams if one in owning] for name, team in owning.items()}
    return [owning[name] for name in TopologicalSorter(upstreams).static_order()]


def _owned(team: Team, formats: Iterable[Format]) -> tuple[OwnedName, ...]:
    return tuple(name for format in formats for name in team.owns.get(format, ()))


class _Planning:
    """One plan in the making: settings, facts, and what several parts have in common."""

    def __init__(self, settings: Settings, facts: Facts) -> None:
        self.settings, self.facts, self.place = settings, facts, facts.registry
        self.shared, self.sources = settings.shared, tuple(settings.source(one) for one in settings.public_sources)
        self.public = (self.shared, *self.sources)
        self.sharing = settings.sharing or NOBODY
        self.program_roles = self.place.role_arn(settings.iam.path, f"{settings.stack}-*")
        # The same for builds on AWS and for every permission set.
        self.read_policy = text(read_only_permissions(self.place, settings.token_duration, self.public))
        self.github = {one.name: self._github(one.name) for one in settings.repositories}
        self.trusting: Callable = organization_read_trust if settings.read_role is ReadRole.ORGANIZATION else catalog_read_trust
        self.shares = self._shares()
        self.share_of = {name: number for number, share in enumerate(self.shares) for name in share}

    def _github(self, name: str) -> GitHubRepository:
        seen = self.facts.repositories[name]
        return GitHubRepository(self.facts.owner, seen.name, seen.id)

    def _shares(self) -> tuple[tuple[str, ...], ...]:
        """The repositories of each read role. Measured with the widest that may come, so that what is looked up moves no repository."""
        settings, wide = self.settings, widest(replace(self.settings, teams=()))
        forms = {self._forms(one) for one in settings.repositories}
        kinds = [GitHubRepository(wide.owner, form, stable_id("repository", form)) for form in forms]
        if not kinds:
            return ((),)
        strict = [one.id for one in kinds if one.name == Subjects.IMMUTABLE]
        most = capacity(lambda every: self.trusting(wide.registry, wide.owner, every, strict), kinds, settings.iam.trust_policy_length)
        return shares([one.name for one in settings.repositories], most)

    def _forms(self, one: Repository) -> Subjects:
        return one.subjects or self.settings.subjects

    def _role(self, name: str, description: str, trusted: list[Statement], policy_name: str, allowed: Iterable[Statement]) -> Role:
        iam, listed = self.settings.iam, list(allowed)
        return Role(
            name=name,
            arn=self.place.role_arn(iam.path, name),
            path=iam.path,
            description=description,
            boundary=iam.permissions_boundary,
            trust=text(trusted),
            policy_name=policy_name,
            permissions=text(listed) if listed else "",
        )

    # --- the domain -------------------------------------------------------------------------------------------------------------------

    def _repository(self, key: str, description: str, policy: list[Statement], **more) -> parts.Repository:
        """By its name in the configuration: shared, a public source or a team."""
        name = self.settings.called(key)
        document = text(policy) if policy else ""
        return parts.Repository(name, self.place.repository_arn(name), description, document, **more, key=key if key != name else "")

    def registry(self) -> parts.PackageRegistry:
        """Domain, key, public sources, shared."""
        settings, place = self.settings, self.place
        promoters = place.role_arn(settings.iam.path, promote_roles(settings.stack))
        downstream = SHARED_REPOSITORY in self.sharing.downstream
        key = parts.Key(
            description=f"Packages of the CodeArtifact domain {place.domain}",
            alias=f"alias/codeartifact/{place.domain}",
            policy=text(domain_key_policy(place)),
        )
        return parts.PackageRegistry(
            stack=settings.stack,
            place=place,
            sharing=self.sharing,
            policy=text(domain_policy(place, self.program_roles, self.sharing, self._deployers())),
            key=key if settings.domain.encryption is Encryption.CUSTOMER else None,
            protect=settings.domain.protect,
            public_sources=tuple(self._public_source(one) for one in settings.public_sources),
            shared=self._repository(
                SHARED_REPOSITORY,
                "Packages that everybody reads; first-party versions come by promotion",
                shared_repository_policy(place, promoters, self.sharing, downstream),
                upstreams=self.sources,
            ),
            encryption_key=settings.domain.key,
        )

    def _deployers(self) -> list[str]:
        """Who creates repositories in the domain: the roles that the stack names or, with a sandbox for all others, whoever deploys."""
        named = [self.place.role_arn("/", role) for role in self.settings.iam.deployers]
        return named or (principal_patterns(self.facts.caller) if self.settings.sandbox else [])

    def _public_source(self, source: str) -> parts.Repository:
        connection, _ = PUBLIC_SOURCES[source]
        return self._repository(source, f"Packages of {connection}", public_source_policy(), external_connection=connection)

    # --- teams ------------------------------------------------------------------------------------------------------------------------

    def team(self, team: Team) -> parts.TeamRepository:
        """A team that owns names."""
        settings = self.settings
        opened = team.readers is Readers.ORGANIZATION
        publishers = tuple(replace(self.place, account=one.account).role_arn("/", one.role) for one in team.publishers)
        owned = _owned(team, team.owns)
        policy = team_repository_policy(
            self.place,
            self._readers(team),
            self.sharing if opened else NOBODY,
            downstream=opened and team.name in self.sharing.downstream,
            publishers=Publishers(team.own_repository, publishers, [one.arn_pattern for one in owned]) if publishers else None,
        )
        if settings.adopted and not policy:
            # Without a policy the engine would forget an adopted one, and whom that lets in would stay in.
            policy = closed_policy(self.place)
        upstreams = (*(settings.called(one) for one in team.upstreams), self.shared)
        return parts.TeamRepository(
            name=team.name,
            file=team.file,
            upstreams=team.upstreams,
            repository=self._repository(team.name, f"Packages that team {team.name} publishes", policy, upstreams=upstreams),
            package_groups=tuple(
                parts.PackageGroup(self.place.domain, one, (team.own_repository, self.shared), self.shared) for one in owned
            ),
            protect=self.settings.domain.protect,
            open_to_organization=opened,
            publishers=publishers,
            build_roles=team.build_roles,
        )

    def _readers(self, team: Team) -> list[str]:
        settings = self.settings
        if team.readers is Readers.TEAM:
            return own_readers(self.place, settings.stack, team.name, bool(team.developer_groups), team.build_roles)
        people, builds = bool(settings.developers), settings.build_roles
        dependabot, several = any(one.dependabot for one in settings.repositories), len(self.shares) > 1
        return open_readers(self.place, settings.stack, settings.iam.path, people, builds, dependabot, several)

    # --- GitHub -----------------------------------------------------------------------------------------------------------------------

    def oidc(self) -> parts.GitHubOidc:
        """The provider, and the role of every build."""
        settings, place = self.settings, self.place
        strict = {self.github[one.name].id for one in settings.repositories if self._forms(one) is Subjects.IMMUTABLE}
        return parts.GitHubOidc(
            provider_arn=place.github_oidc_provider_arn,
            creates_provider=settings.oidc_provider is OidcProvider.CREATE,
            audience=AUDIENCE,
            url=f"https://{GITHUB_OIDC_HOST}",
            read_roles=tuple(
                self._role(
                    read_role_name(settings.stack, number),
                    "Builds read packages",
                    self.trusting(place, self.facts.owner, [self.github[name] for name in share], strict),
                    RoleKind.READ,
                    read_permissions(place, settings.token_duration, self.public),
                )
                for number, share in enumerate(self.shares, 1)
            ),
        )

    def consumer(self, team: Team, one: Repository) -> parts.ConsumingRepository:
        """One repository of the catalog."""
        publishes = self._publishing(team, one) if one.publishes else None
        promotes = self._promotion(team, one, one.promotes.reviewers) if one.publishes and one.promotes else None
        own = self._own_read_role(team, one) if team.readers is Readers.TEAM else None
        dependabot = self._dependabot_role(team, one) if one.dependabot else None
        shared = self.share_of[one.name]
        return parts.ConsumingRepository(
            name=one.name,
            file=team.file,
            renamed_from=one.renamed_from,
            place=self.place,
            repository=self.github[one.name],
            default_branch=self.facts.repositories[one.name].default_branch,
            team_repository=team.name if team.has_repository else "",
            codeartifact_repository=team.codeartifact_repository,
            rulesets=self._rulesets(team, one),
            read_role=shared,
            own_read_role=own,
            dependabot_role=dependabot,
            publishing=publishes,
            promotion=promotes,
            variables=self._variables(team, shared, own, publishes.role if publishes else None, promotes.role if promotes else None),
            teams={slug: self.facts.teams[slug] for slug in _slugs(team, one)},
        )

    def _rulesets(self, team: Team, one: Repository) -> tuple[parts.Ruleset, ...]:
        """Two for a repository that publishes, because a bypass covers a whole ruleset, and two more for its release tags."""
        branch, branches = self.facts.repositories[one.name].default_branch, one.release_branches
        if not one.publishes:
            rules = guards.default_rules(one.approvals, one.required_checks)
            return (parts.Ruleset("default", self._default_refs(branch, branches), rules),)
        managers = tuple(self.facts.teams[slug] for slug in team.release_managers)
        release = guards.release_rules(one.approvals, one.required_checks)
        changed = parts.Ruleset("release", tuple(guards.release_refs(branch, branches)), release)
        created = parts.Ruleset("create", tuple(guards.create_refs(branches)), guards.create_rules(), managers)
        return (changed, *([created] if branches.names else []), *self._tag_rulesets(team, one, managers))

    def _default_refs(self, branch: str, branches: ReleaseBranches) -> tuple[str, ...]:
        """The default branch of a repository that only installs, in the organisation by what it is, so that those of other names fold.

        No role trusts it, so it may follow when the default branch becomes another. What publishes keeps its name: the trust policy has it.
        """
        if self.settings.github_scope is GithubScope.ORGANIZATION:
            return (guards.DEFAULT_BRANCH, *branches.ruleset_refs)
        return tuple(guards.release_refs(branch, branches))

    def _tag_rulesets(self, team: Team, one: Repository, managers: tuple[int, ...]) -> list[parts.Ruleset]:
        refs = tuple(guards.release_tag_refs(one.release_tags))
        if not refs:
            return []
        return [
            parts.Ruleset("release-tags", refs, guards.release_tag_rules(), target="tag"),
            parts.Ruleset("create-tags", refs, guards.create_rules(), managers, team.release_apps, target="tag"),
        ]

    def _readable(self, team: Team) -> list[str]:
        return [*([team.own_repository] if team.has_repository else []), *self.public]

    def _own_read_role(self, team: Team, one: Repository) -> Role:
        settings, github = self.settings, self.github[one.name]
        return self._role(
            role_name(settings.stack, RoleKind.READ, github.name),
            f"Builds of {github.name} read packages, also their team's",
            repository_read_trust(self.place, github, self._forms(one)),
            RoleKind.READ,
            read_permissions(self.place, settings.token_duration, self._readable(team)),
        )

    def _dependabot_role(self, team: Team, one: Repository) -> Role:
        settings, github = self.settings, self.github[one.name]
        return self._role(
            role_name(settings.stack, RoleKind.DEPENDABOT, github.name),
            f"Dependabot reads packages for {github.name}",
            dependabot_trust(self.place, github, self._forms(one)),
            RoleKind.READ,
            dependabot_permissions(self.place, self._readable(team)),
        )

    def _environment(self, one: Repository, name: str, tags: tuple[str, ...] = (), reviewers: tuple[int, ...] = ()) -> parts.Environment:
        switch = guards.can_require_reviewers(self.facts.plan, self.facts.repositories[one.name].visibility)
        return parts.Environment(
            name, one.release_branches.environment_patterns, switch, reviewers, tags, prevents_self_review=bool(reviewers)
        )

    def _publishing_environment(self, one: Repository) -> parts.Environment:
        protection = one.protection
        reviewers = tuple(self.facts.teams[slug] for slug in protection.reviewers)
        unprotected = self._environment(one, one.environment, one.release_tags.environment_patterns, reviewers)
        return replace(unprotected, wait_timer=protection.wait_timer, prevents_self_review=protection.prevent_self_review)

    def _publishing(self, team: Team, one: Repository) -> parts.Publishing:
        settings, github, owned = self.settings, self.github[one.name], _owned(team, one.publishes)
        workflow = settings.publishing.workflow
        return parts.Publishing(
            owned=owned,
            branches=one.release_branches,
            tags=one.release_tags,
            accepted_branches=one.accepted_branches,
            trusted_before=tuple(self.facts.trusted_before.get(one.name, ())),
            workflow=workflow,
            environment=self._publishing_environment(one) if one.environment else None,
            role=self._role(
                role_name(settings.stack, RoleKind.PUBLISH, github.name),
                f"Release branches of {github.name} publish to {team.own_repository}",
                publish_trust(self.place, github, one.release_branches, one.environment, workflow, self._forms(one), one.release_tags),
                RoleKind.PUBLISH,
                publish_permissions(self.place, settings.token_duration, team.own_repository, owned, self._readable(team)),
            ),
        )

    def _promotion(self, team: Team, one: Repository, reviewers: tuple[str, ...]) -> parts.Promotion:
        settings, github = self.settings, self.github[one.name]
        workflow = settings.publishing.promotion_workflow
        return parts.Promotion(
            workflow=workflow,
            environment=self._environment(one, PROMOTE_ENVIRONMENT, reviewers=tuple(self.facts.teams[slug] for slug in reviewers)),
            role=self._role(
                role_name(settings.stack, RoleKind.PROMOTE, github.name),
                f"Reviewed promotions of {github.name} copy to {self.shared}",
                promote_trust(self.place, github, one.release_branches, workflow, self._forms(one)),
                RoleKind.PROMOTE,
                promote_permissions(self.place, settings.token_duration, team.own_repository, _owned(team, one.publishes), self.shared),
            ),
        )

    def _variables(self, team: Team, shared: int, own: Role | None, publish: Role | None, promote: Role | None) -> dict[str, str]:
        """Where to log in and as whom. A convenience, not trust: whoever may write to the repository may change them."""
        shared_read = self.place.role_arn(self.settings.iam.path, read_role_name(self.settings.stack, shared + 1))
        values = {
            Variable.DOMAIN: self.place.domain,
            Variable.DOMAIN_OWNER: self.place.account,
            Variable.REGION: self.place.region,
            Variable.REPOSITORY: team.codeartifact_repository,
            Variable.READ_ROLE_ARN: own.arn if own else shared_read,
            Variable.PUBLISH_ROLE_ARN: publish.arn if publish else "",
            Variable.PROMOTE_ROLE_ARN: promote.arn if promote else "",
        }
        return {name: values[name] for name in variables_of(publish is not None, promote is not None)}

    def organization(self, consumers: tuple[parts.ConsumingRepository, ...]) -> parts.GitHubOrganization | None:
        """What is written once for these repositories, which are planned as if each had everything of its own."""
        if self.settings.github_scope is not GithubScope.ORGANIZATION or not consumers:
            return None
        read = self.place.role_arn(self.settings.iam.path, read_role_name(self.settings.stack, 1))
        values = {
            Variable.DOMAIN: self.place.domain,
            Variable.DOMAIN_OWNER: self.place.account,
            Variable.REGION: self.place.region,
            Variable.REPOSITORY: self.shared,
            Variable.READ_ROLE_ARN: read,
        }
        # A repository of no value of its own has these and no others.
        return organization.once(self.facts.owner.login, consumers, {name: values[name] for name in variables_of(False, False)})

    # --- who else reads ---------------------------------------------------------------------------------------------------------------

    def builds(self) -> parts.BuildAccess:
        """Builds that run on AWS."""
        name, path = read_policy_name(self.settings.stack), self.settings.iam.path
        return parts.BuildAccess(
            parts.ReadPolicy(name, self.place.policy_arn(path, name), path, self.read_policy), self.settings.build_roles
        )

    def developers(self, developers: Developers) -> parts.DeveloperAccess:
        """The permission set of everybody, and one for each team that keeps its packages to its own."""
        teams = [team for team in self.settings.teams if team.developer_groups]
        return parts.DeveloperAccess(
            creates=developers.mode is DeveloperMode.IDENTITY_CENTER,
            stack=self.settings.stack,
            account=self.place.account,
            instance_arn=self.facts.identity_center.instance_arn,
            region=developers.region,
            session_duration=session_duration(developers.session),
            policy=self.read_policy,
            permission_sets=(
                self._permission_set(developers.groups),
                *(self._permission_set(team.developer_groups, team.name) for team in teams),
            ),
        )

    def _permission_set(self, groups: tuple[str, ...], team: str = "") -> parts.PermissionSet:
        ids = self.facts.identity_center.groups
        return parts.PermissionSet(
            name=permission_set(self.settings.stack, team),
            team=team,
            description=f"Packages of {self.settings.domain.name}, read only" + (f", also team {team}'s" if team else ""),
            groups=tuple(parts.Group(group, ids.get(group) or "") for group in groups),
        )

    # --- events and sandbox -----------------------------------------------------------------------------------------------------------

    def events(self, announced: Events) -> parts.PackageEvents:
        """Topic, rule and who may use them."""
        settings, place = self.settings, self.place
        names = events.Names(place, settings.stack, settings.iam.path)
        owned_only = announced.packages is AnnouncedPackages.OWNED
        owned = [name for team in settings.teams for name in _owned(team, team.owns)] if owned_only else []
        repositories = [settings.called(one) for one in announced.repositories]
        pattern = events.pattern(place.domain, repositories, announced.states, owned)
        topic_key = f"arn:{place.partition}:kms:{place.region}:{place.account}:key/{events.KEY_TO_COME}"
        allowed = events_permissions(names, topic_key, announced.pipelines)
        chat = "The chat channel that shows package events; it may do nothing"
        return parts.PackageEvents(
            names=names,
            role=self._role(names.role, "EventBridge tells of package versions", events_trust(names), "events", allowed),
            topic_key=topic_key,
            key=parts.Key(f"Messages on the topic {names.rule}", names.key_alias, text(topic_key_policy(names))),
            topic_policy=text(topic_policy(names)),
            dead_letters_policy=text(dead_letters_policy(names)),
            pattern=json.dumps(pattern, separators=(",", ":")),
            owned_only=bool(owned),
            email=announced.email,
            https=announced.https,
            sqs=announced.sqs,
            slack=announced.slack,
            chat_role=self._role(names.chat_role, chat, chat_trust(names), "", ()) if announced.slack else None,
            pipelines=announced.pipelines,
        )

    def sandbox(self, one: DeclaredSandbox) -> parts.Sandbox:
        """Developers' roles are let in by pattern, whether or not this stack creates their permission set."""
        developers = every_role(self.place, self.settings.stack) if self.settings.developers else []
        roles = [*developers, *(self.place.role_arn("/", role) for role in one.roles)]
        return parts.Sandbox(one.name, text(sandbox_policy(self.program_roles, roles)))
