"""Rules between a stack's configuration and its catalog."""

from collections.abc import Iterator, Sequence

from plan.declared import Readers
from policies import namespaces
from policies.names import PUBLIC_SOURCES, SHARED_REPOSITORY
from policies.namespaces import Namespace
from policies.owned_names import Format
from policies.roles.developer import permission_set
from settings.catalog import Catalog, TeamFile
from settings.problems import NOTHING, Problem, one_of
from settings.shapes import ANY_WORKFLOW, TAKEN_OUT
from settings.stack import StackFile, declared_namespaces

Problems = Iterator[Problem]


def _readers(stack: StackFile, catalog: Catalog) -> Problems:
    """What a team lists must exist in the stack: it is the stack that creates permission sets and attaches the read policy."""
    roles = stack.shape.builds.roles
    for team in catalog.teams:
        if team.shape.developer_groups and not stack.shape.developers.groups:
            allowed = f"nothing in a stack without developers: add {stack.project}:developers to {stack.file}"
            yield team.problem("developer_groups", team.shape.developer_groups, allowed)
        for index, role in enumerate(team.shape.build_roles):
            if role is not TAKEN_OUT and role not in roles:
                allowed = f"a role of {stack.project}:builds.roles in {stack.file}, which gets the read policy: {one_of(role, roles)}"
                yield team.problem(f"build_roles.{index}", role, allowed)


def _assignments(stack: StackFile, catalog: Catalog) -> Problems:
    """An assignment is named PERMISSIONSET-GROUP: group `b-c` of the set `a` and group `c` of the set `a-b` would be one resource."""
    taken = {f"{permission_set(stack.stack)}-{group}": group for group in stack.shape.developers.groups}
    for team in catalog.teams:
        for index, group in enumerate(team.shape.developer_groups):
            name = f"{permission_set(stack.stack, team.name)}-{group}"
            if name in taken and group is not TAKEN_OUT:
                allowed = f"another name: its assignment would have the same name, {name}, as that of the group {taken[name]}"
                yield team.problem(f"developer_groups.{index}", group, allowed)
            taken.setdefault(name, group)


def _publishers(stack: StackFile, catalog: Catalog) -> Problems:
    for team in catalog.teams:
        for index, publisher in enumerate(team.shape.publishers):
            allowed = _other_account(stack, publisher.account) if publisher.account else None
            if allowed:
                yield team.problem(f"publishers.{index}.account", publisher.account, allowed)


def _other_account(stack: StackFile, account: str) -> str | None:
    """What is allowed instead of a publisher's account, or None if it is a good one.

    A publisher needs a token, which the domain gives to those shared with.
    """
    sharing = stack.shape.sharing
    if account in stack.providers.allowed_account_ids:
        return "another account: roles of the stack's own publish through GitHub"
    if account in sharing.accounts or sharing.organization_id or sharing.organization_paths:
        return None
    return f"an account shared with: add it to {stack.project}:sharing.accounts in {stack.file}"


def _repository_names(stack: StackFile, catalog: Catalog) -> Problems:
    """Each repository of the domain is called otherwise: two of one name would be one, with the packages and readers of both."""
    named = [(f"{stack.project}:shared", stack.shape.shared, None)]
    named += [(f"{stack.project}:publicSources.{source}", name, None) for source, name in stack.shape.public_sources.items()]
    named += [("repository" if one.shape.repository else "team", one.shape.repository or one.name, one) for one in catalog.teams]
    seen: dict[str, tuple[str, bool]] = {}
    for key, name, team in named:
        if name is TAKEN_OUT or (team is not None and team.owns_nothing):
            continue
        where, is_teams = (key, False) if team is None else (f"{key} of {team.file}", key == "team")
        other, others = seen.setdefault(name.casefold(), (where, is_teams))
        # Names of teams, the catalog's own rule judges.
        reserved = name.casefold() in {SHARED_REPOSITORY, *PUBLIC_SOURCES}
        if other != where and not (is_teams and (others or reserved)):
            allowed = f"another name: {other} has it"
            yield team.problem(key, name, allowed) if team else stack.problem(key, name, allowed)


def _downstream(stack: StackFile, catalog: Catalog) -> Problems:
    names = [SHARED_REPOSITORY, *(team.name for team in catalog.teams if _open(team))]
    for index, name in enumerate(stack.shape.sharing.downstream):
        if name is not TAKEN_OUT and name not in names and name not in catalog.unreadable:
            allowed = f"a repository that is open to the organisation: {one_of(name, names)}"
            yield stack.problem(f"{stack.project}:sharing.downstream.{index}", name, allowed)


def _open(team: TeamFile) -> bool:
    return team.shape.readers is Readers.ORGANIZATION and not team.owns_nothing


def _events(stack: StackFile, catalog: Catalog) -> Problems:
    names = [SHARED_REPOSITORY, *stack.shape.public_sources, *(team.name for team in catalog.teams if not team.owns_nothing)]
    for index, name in enumerate(stack.shape.events.repositories):
        if name is not TAKEN_OUT and name not in names and name not in catalog.unreadable:
            yield stack.problem(f"{stack.project}:events.repositories.{index}", name, f"a repository of the domain: {one_of(name, names)}")


def _namespaces(stack: StackFile, catalog: Catalog) -> Problems:
    """Teams own only what the company may own: their files are theirs to change, the stack file is not."""
    declared, _ = declared_namespaces(stack)
    key = f"{stack.project}:namespaces"
    for format in Format:
        texts = stack.shape.namespaces.of(format)
        owners = [team for team in catalog.teams if team.shape.owns.get(format)]
        if owners and not texts:
            some = ", ".join(team.file for team in owners[:3]) + (f" and {len(owners) - 3} more" if len(owners) > 3 else "")
            allowed = f"the names that teams may own at all ({namespaces.allowed(format)}), because names are owned by {some}"
            yield stack.problem(f"{key}.{format}", NOTHING, allowed)
        # What a wrong entry would have held is not known, so nothing is outside.
        elif len(declared.get(format, ())) == len(texts):
            inside = f"names inside {key}.{format} of {stack.file} ({', '.join(texts)}); own others, or have that list extended"
            yield from _outside(owners, format, declared.get(format, []), inside)


def _outside(owners: Sequence[TeamFile], format: Format, inside: Sequence[Namespace], allowed: str) -> Problems:
    for team in owners:
        for claim in team.claims:
            if claim.name and claim.format is format and not namespaces.holds(inside, claim.name):
                yield team.problem(claim.key, claim.text, allowed)


def _release_tags(stack: StackFile, catalog: Catalog) -> Problems:
    """A tag may be put on any commit; that its commit was reviewed, the publishing workflow alone looks at."""
    if stack.shape.publishing.workflow != ANY_WORKFLOW:
        return
    for team in catalog.teams:
        for name, repository in team.shape.repositories.items():
            if repository.release_tags:
                key = f"{stack.project}:publishing.workflow"
                allowed = f"nothing with {key}: any in {stack.file}: trust one workflow, which checks a tag's commit"
                yield team.problem(f"repositories.{name}.release_tags", repository.release_tags, allowed)


RULES = (_release_tags, _readers, _assignments, _publishers, _repository_names, _downstream, _events, _namespaces)
