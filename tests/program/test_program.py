"""The whole program, both stacks: what it registers, in which order, and what it exports."""

import json
import runpy
from functools import cache
from pathlib import Path

import pytest

import settings as configuration
from lookups import LookupProblems
from plan import sizes
from plan.declared import TRUST_MAX
from policies.names import PUBLIC_SOURCES
from tests.components.recording import Recording, Registration, record
from tests.program.fake import ROOT, Cloud, stack_config
from tests.program.test_lookups import WRITTEN_VARIABLES
from tests.snapshots import lines_of
from tests.snapshots import recorded as recorded_lines

SNAPSHOTS = Path(__file__).parent / "snapshots"
STACKS = ("dev", "prod")
# dev adopts the provider that prod made; on prod's first run there is none.
AUDIENCES = {"dev": ["sts.amazonaws.com"], "prod": None}


def run(stack: str, cloud: Cloud | None = None, *, preview: bool = False, **changed: str) -> Recording:
    config = stack_config(stack) | changed
    return record(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
        invoke=cloud or Cloud(audiences=AUDIENCES[stack]),
        config=config,
        stack=stack,
        preview=preview,
    )


def parsed(stack: str) -> configuration.Settings:
    return configuration.parse(
        configuration.read_project_file(ROOT), configuration.read_stack_file(ROOT / f"Pulumi.{stack}.yaml"), ROOT, "package-flow", stack
    )


@cache
def recorded(stack: str) -> Recording:
    return run(stack)


@pytest.fixture(scope="module", params=STACKS)
def stack(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def program(stack) -> Recording:
    return recorded(stack)


@pytest.fixture(scope="module")
def settings(stack) -> configuration.Settings:
    return parsed(stack)


# --- what is registered ---------------------------------------------------------------------------------------------------------------


def test_urns_are_as_recorded(stack, program):
    """A changed URN replaces a resource: rename on purpose, with an alias, and record it with UPDATE_SNAPSHOTS=1."""
    urns = sorted(one.urn for one in program.registrations)
    assert urns == recorded_lines(SNAPSHOTS / f"{stack}.txt", urns)


def documents(program: Recording) -> dict[str, list[object]]:
    """What says who may do what: the statements of every policy, and other texts in JSON, by resource and input; guards as a whole."""
    found: dict[str, list[object]] = {}
    for one in program.registrations:
        name = f"{one.type.rpartition(':')[2]} {one.name}"
        if one.type.rpartition(":")[2] in (*GUARDS, "ActionsRepositoryPermissions"):
            found[name] = [one.inputs]
        for key, value in one.inputs.items():
            if isinstance(value, str) and value.startswith("{"):
                read = json.loads(value)
                found[f"{name} {key}"] = read.get("Statement", [read])
    return found


def test_documents_and_guards_are_as_recorded(stack, program):
    """A right that is widened or a guard that goes is a line of this recording's diff, to be argued for: UPDATE_SNAPSHOTS=1."""
    lines = lines_of(documents(program))
    assert lines == recorded_lines(SNAPSHOTS / f"{stack}-documents.txt", lines)


def test_a_preview_registers_the_same(stack, program):
    """Nothing is read before it is known: keys and decisions come from settings."""
    preview = run(stack, preview=True)
    assert {one.urn for one in preview.registrations} == {one.urn for one in program.registrations}
    assert set(preview.outputs) == set(program.outputs)


def test_lookups_come_before_anything_is_registered(stack):
    cloud = Cloud(audiences=AUDIENCES[stack])
    cloud.missing = {parsed(stack).repositories[0].name}
    with pytest.raises(LookupProblems, match="does not exist or is not visible"):
        run(stack, cloud)


def test_one_explicit_provider_and_only_for_identity_center_elsewhere(program, settings):
    """Explicit providers lose the account guard and the default tags: only what lives in another account has one, with its own guard."""
    explicit = [one for one in program.registrations if one.type.startswith("pulumi:providers")]
    elsewhere = settings.developers.role_arn if settings.developers else ""
    assert [one.name for one in explicit] == (["identity-center"] if elsewhere else [])
    for one in program.registrations:
        assert bool(one.provider) == (bool(elsewhere) and one.type.startswith("aws:ssoadmin/")), one.urn
    for one in explicit:
        assert one.inputs["allowedAccountIds"] == json.dumps([elsewhere.split(":")[4]])


def test_no_secret_no_credential(program):
    assert not any(word in one.type.lower() for one in program.registrations for word in ("secret", "accesskey", "deploykey", "iam/user"))
    assert "1b47061264138c4ac30d75fd1eb44270" not in json.dumps([one.inputs for one in program.registrations]), "a secret input"


def test_protection(stack, program, settings):
    """Key, domain and every repository, each one by one; nothing that has to change."""
    protected = {one.type.rpartition(":")[2] for one in program.registrations if one.protect}
    kinds = {"Key", "Domain", "DomainPermissions", "Repository", "RepositoryPermissionsPolicy"}
    assert protected == (kinds if settings.domain.protect else set())
    if settings.domain.protect:
        assert all(one.protect for one in program.of("aws:codeartifact/repository:Repository"))
    retained = {one.type.rpartition(":")[2] for one in program.registrations if one.options.get("retainOnDelete")}
    assert retained == ({"OpenIdConnectProvider"} if stack == "prod" else set())


def test_only_the_declared_repositories_exist(program, settings):
    names = {one.inputs["repository"] for one in program.of("aws:codeartifact/repository:Repository")}
    assert names == {"shared", *settings.public_sources, *(team.name for team in settings.teams if team.has_repository)}


def test_a_repository_that_only_installs_makes_no_aws_resource(program, settings):
    installing = [
        one
        for team in settings.teams
        if team.readers is configuration.Readers.ORGANIZATION
        for one in team.repositories
        if one.installs_only and not one.dependabot
    ]
    assert installing
    for one in installing:
        (component,) = [each for each in program.of("ConsumingRepository") if each.name == one.name]
        mine = [
            each
            for each in program.registrations
            if each.custom and each.name.startswith(f"{one.name}-") and each.inputs.get("repository") == one.name
        ]
        assert component.custom is False
        assert {each.type.rpartition(":")[2] for each in mine} == {"ActionsVariable", "RepositoryRuleset"}
        assert not [each for each in program.of("Role") if one.name in json.dumps(each.inputs)]


def test_everything_but_components_has_a_component_as_its_parent(program):
    components = {one.urn for one in program.registrations if not one.custom}
    for one in program.registrations:
        if one.type.startswith("pulumi:providers"):
            continue
        assert (
            one.parent in components if one.custom else one.parent.endswith("::package-flow-" + one.urn.split("::")[0].rpartition(":")[2])
        ), one.urn


def assumed_by_jobs(program: Recording) -> list[Registration]:
    """Roles that GitHub's tokens open; the others are for AWS services of the package events."""
    events = {one.urn for one in program.of("PackageEvents")}
    jobs = [one for one in program.of("Role") if "Federated" in one.inputs["assumeRolePolicy"]]
    assert {one.parent for one in program.of("Role") if one not in jobs} <= events
    return jobs


def test_roles_are_named_after_the_stack_and_under_its_path(stack, program, settings):
    for role in program.of("Role"):
        assert role.inputs["name"].startswith(f"{stack}-") and len(role.inputs["name"]) <= 64
        assert role.inputs["path"] == settings.iam.path
        # Only a role that jobs assume has sessions whose length is its own matter: services renew theirs.
        assert role.inputs.get("maxSessionDuration") == (3600 if role in assumed_by_jobs(program) else None)
    assert len({role.inputs["name"] for role in program.of("Role")}) == len(program.of("Role"))


# --- sizes ----------------------------------------------------------------------------------------------------------------------------


def test_every_document_fits(program):
    limits = {
        ("Role", "assumeRolePolicy"): TRUST_MAX,
        ("RolePolicy", "policy"): sizes.INLINE_MAX,
        ("Policy", "policy"): sizes.MANAGED_MAX,
        ("DomainPermissions", "policyDocument"): sizes.RESOURCE_MAX,
        ("RepositoryPermissionsPolicy", "policyDocument"): sizes.RESOURCE_MAX,
    }
    measured = {(kind, key): [len(one.inputs[key]) for one in program.of(kind)] for kind, key in limits}
    assert all(lengths and max(lengths) <= limits[what] for what, lengths in measured.items()), measured


def test_policies_of_a_role_are_inline_and_one(program):
    attached = [one.inputs["role"] for one in program.of("RolePolicy")]
    assert sorted(attached) == sorted(one.inputs["name"] for one in program.of("Role"))


def test_the_read_policy_and_no_other_is_attached_to_the_build_roles_that_the_stack_names(program, settings):
    (policy,) = program.of("Policy")
    attached = {one.inputs["role"]: one.inputs["policyArn"] for one in program.registrations if "PolicyAttachment" in one.type}
    arn = program.outputs["policies"]["read"]
    assert arn.endswith(f":policy{settings.iam.path}{policy.inputs['name']}")
    assert attached == {role.rpartition("/")[2]: arn for role in settings.build_roles}


# --- order of change ------------------------------------------------------------------------------------------------------------------

GUARDS = ("RepositoryRuleset", "WorkflowRepositoryPermissions", "RepositoryEnvironment", "RepositoryEnvironmentDeploymentPolicy")
POLICIES = ("RepositoryPermissionsPolicy", "DomainPermissions")


def test_roles_that_write_come_after_all_that_guards_them(program, settings):
    writing = [one for one in program.of("Role") if "-publish-" in one.inputs["name"] or "-promote-" in one.inputs["name"]]
    publishers = [one for one in settings.repositories if one.publishes]
    assert len(writing) == len(publishers) + len([one for one in publishers if one.promotes])
    for role in writing:
        name = next(one.name for one in settings.repositories if role.inputs["name"].endswith(f"-{one.name}"))
        before = program.everything_before(role)
        promoting = "-promote-" in role.inputs["name"]
        for kind in GUARDS:
            for guard in program.of(kind):
                if guard.inputs["repository"] == name and (promoting or guard.inputs.get("environment") != "promote"):
                    assert guard.urn in before, (role.name, guard.urn)
        team = settings.team(next(one.team for one in settings.repositories if one.name == name))
        needed = {"shared", *settings.public_sources} | ({team.name} if team.readers is configuration.Readers.ORGANIZATION else set())
        for kind in POLICIES:
            for policy in program.of(kind):
                if policy.inputs.get("repository", "shared") in needed and policy.inputs["domain"] == settings.domain.name:
                    assert policy.urn in before, (role.name, policy.urn)


def test_repositories_come_after_the_domain_and_their_upstreams(program, settings):
    """All are in the stack's domain: what is in the sandbox is made by developers."""
    (domain,) = [one for one in program.of("Domain") if one.inputs["domain"] == settings.domain.name]
    assert len(program.of("Domain")) == 1 + (settings.sandbox is not None)
    repositories = {one.inputs["repository"]: one for one in program.of("aws:codeartifact/repository:Repository")}
    for one in repositories.values():
        before = program.everything_before(one)
        assert domain.urn in before and one.inputs["domain"] == settings.domain.name
        assert {repositories[upstream["repositoryName"]].urn for upstream in one.inputs.get("upstreams", [])} <= before


def test_package_groups_come_after_their_repositories(program, settings):
    repositories = {one.inputs["repository"]: one.urn for one in program.of("aws:codeartifact/repository:Repository")}
    groups = program.of("aws:cloudcontrol/resource:Resource")
    owned = [(team.name, format, name.text) for team in settings.teams for format, names in team.owns.items() for name in names]
    assert len(groups) == len(owned)
    for group in groups:
        publishers = json.loads(group.inputs["desiredState"])["OriginConfiguration"]["Restrictions"]["Publish"]["Repositories"]
        assert publishers[-1] == "shared" and len(publishers) == 2
        assert {repositories[one] for one in publishers} <= program.everything_before(group)


def test_consumers_come_after_the_provider(stack, program):
    if stack == "prod":
        (provider,) = program.of("OpenIdConnectProvider")
        assert all(provider.urn in program.everything_before(role) for role in assumed_by_jobs(program))
    else:
        assert program.of("OpenIdConnectProvider") == []


# --- variables ------------------------------------------------------------------------------------------------------------------------


def test_variables_agree_with_the_outputs(program, settings):
    written: dict[str, dict[str, str]] = {}
    for one in program.of("ActionsVariable"):
        assert one.inputs["variableName"] in WRITTEN_VARIABLES
        written.setdefault(one.inputs["repository"], {})[one.inputs["variableName"].removeprefix("CODEARTIFACT_")] = one.inputs["value"]
    assert set(written) == {one.name for one in settings.repositories}
    for name, values in written.items():
        said = program.outputs["consumers"][f"acme/{name}"]
        domain = program.outputs["domain"]
        expected = {
            "DOMAIN": domain["name"],
            "DOMAIN_OWNER": domain["owner"],
            "REGION": domain["region"],
            "REPOSITORY": said["repository"],
            "READ_ROLE_ARN": said["readRole"],
        }
        expected |= {
            key: said[role] for key, role in (("PUBLISH_ROLE_ARN", "publishRole"), ("PROMOTE_ROLE_ARN", "promoteRole")) if role in said
        }
        assert values == expected


# --- outputs: the contract ------------------------------------------------------------------------------------------------------------


def test_output_keys(program, settings):
    always = {"schemaVersion", "domain", "repositories", "roles", "policies", "githubOidcProviderArn", "consumers"}
    given = {"developers": settings.developers, "events": settings.events, "sandbox": settings.sandbox}
    assert set(program.outputs) == always | {key for key, value in given.items() if value}
    assert set(program.outputs["policies"]) == {"read"}
    assert program.outputs["schemaVersion"] == 1
    assert set(program.outputs["domain"]) == {"name", "owner", "arn", "region"}
    assert set(program.outputs["roles"]) == {"read"}


def test_repositories_in_the_outputs(program, settings):
    said = program.outputs["repositories"]
    teams = {team.name: team for team in settings.teams if team.has_repository}
    assert set(said) == {"shared", *settings.public_sources, *teams}
    public_formats = {PUBLIC_SOURCES[source][1] for source in settings.public_sources}
    for name, one in said.items():
        assert set(one) == {"arn", "readers", "endpoints"}
        assert one["arn"].endswith(f":repository/{settings.domain.name}/{name}")
        assert one["readers"] == (teams[name].readers.value if name in teams else "organization")
        assert all(f"/{format}/{name}/" in url for format, url in one["endpoints"].items())
    assert all(set(said[source]["endpoints"]) == {PUBLIC_SOURCES[source][1]} for source in settings.public_sources)
    for name, team in teams.items():
        assert set(said[name]["endpoints"]) == public_formats | {format.value for format in team.owns}
        assert set(said[name]["endpoints"]) <= set(said["shared"]["endpoints"]), "what is promoted can be installed from shared"


def test_developers_in_the_outputs(program, settings):
    said, developers = program.outputs["developers"], settings.developers
    made = developers.mode is configuration.DeveloperMode.IDENTITY_CENTER
    own = {"permissionSetName", "permissionSetArn"} if made else {"permissionSetName", "groups"}
    teams = {team.name for team in settings.teams if team.developer_groups}
    assert set(said) == own | (set() if made else {"policy", "sessionDuration"}) | ({"teams"} if teams else set())
    assert said["permissionSetName"] == f"{settings.stack}-developers"
    assert set(said.get("teams", {})) == teams
    for name, one in said.get("teams", {}).items():
        assert set(one) == own and one["permissionSetName"] == f"{settings.stack}-developers-{name}"
    if made:
        names = {one.inputs["name"] for one in program.of("PermissionSet")}
        assert names == {said["permissionSetName"], *(one["permissionSetName"] for one in said.get("teams", {}).values())}
    else:
        assert not program.of("PermissionSet") and said["groups"] == list(developers.groups)
        assert json.loads(said["policy"])["Version"] == "2012-10-17"


def test_who_reads_a_team_repository(program, settings):
    """Developers and build roles by the repository's own policy: every one where the organisation reads, else those that the team names."""
    for team in settings.teams:
        if not team.has_repository:
            continue
        found = [one for one in program.of("RepositoryPermissionsPolicy") if one.inputs["repository"] == team.name]
        document = found[0].inputs["policyDocument"] if found else ""
        opened = team.readers is configuration.Readers.ORGANIZATION
        name = f"AWSReservedSSO_{settings.stack}-developers"
        assert (f"{name}_*" in document) == opened
        assert (f"{name}-{team.name}_*" in document) == bool(team.developer_groups)
        for role in settings.build_roles:
            assert (f":role/{role}" in document) == (opened or role in team.build_roles), (team.name, role)
        assert ("PublishFromElsewhere" in document) == bool(team.publishers)


def test_consumers_in_the_outputs(program, settings):
    said = program.outputs["consumers"]
    assert set(said) == {f"acme/{one.name}" for one in settings.repositories}
    for one in settings.repositories:
        roles = (
            {"readRole"}
            | ({"dependabotRole"} if one.dependabot else set())
            | ({"publishRole"} if one.publishes else set())
            | ({"promoteRole"} if one.promotes else set())
        )
        consumer = said[f"acme/{one.name}"]
        assert set(consumer) == {"team", "repository"} | roles
        assert consumer["team"] == one.team and consumer["repository"] == settings.team(one.team).codeartifact_repository
        shared_role = settings.team(one.team).readers is configuration.Readers.ORGANIZATION
        assert (consumer["readRole"] == program.outputs["roles"]["read"]) is shared_role


def everything(value):
    yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from everything(each)


def test_what_a_stack_does_not_have_is_absent_and_nothing_is_secret(program):
    values = list(everything(program.raw_outputs))
    assert None not in values and "" not in values and {} not in values
    assert not any(isinstance(one, dict) and "4dabf18193072939515e22adb298388d" in one for one in values), "a secret"
    assert not any(isinstance(one, str) and one == "04da6b54-80e4-46f7-96ec-b56ff0331ba9" for one in values), "an unknown"


def test_the_provider_in_the_outputs(program):
    assert program.outputs["githubOidcProviderArn"] == "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"


# --- the second run -------------------------------------------------------------------------------------------------------------------


def state_of(program: Recording) -> dict[str, dict]:
    return {one.urn: {"type": one.type, "outputs": one.inputs} for one in program.registrations if one.custom}


def test_a_second_run_meets_what_the_first_made(stack, program):
    """The provider and the variables exist now; they are this stack's own, as its state says."""
    again = run(stack, Cloud(audiences=["sts.amazonaws.com"], resources=state_of(program)))
    assert [one.urn for one in again.registrations] and {one.urn for one in again.registrations} == {
        one.urn for one in program.registrations
    }
    by_urn = {one.urn: one.inputs for one in program.registrations}
    assert all(one.inputs == by_urn[one.urn] for one in again.registrations)


def test_the_state_that_is_asked_for_is_the_stacks_own(stack, program):
    (asked,) = [arguments for token, arguments in program.invokes if token == "pulumi:pulumi:readStackResourceOutputs"]
    assert asked == {"stackName": f"acme/package-flow/{stack}"}


def test_without_its_state_the_provider_is_somebody_elses():
    with pytest.raises(LookupProblems, match="say existing"):
        run("prod", Cloud(audiences=["sts.amazonaws.com"]))


# --- two stacks in one account --------------------------------------------------------------------------------------------------------


def test_two_stacks_share_an_account():
    """No name is made twice: roles, key aliases, domains; and a GitHub repository belongs to one stack."""
    dev, prod = recorded("dev"), recorded("prod")
    for kind, key in (("Role", "name"), ("Policy", "name"), ("PermissionSet", "name"), ("Alias", "name"), ("Domain", "domain")):
        assert not {one.inputs[key] for one in dev.of(kind)} & {one.inputs[key] for one in prod.of(kind)}
    assert not set(dev.outputs["consumers"]) & set(prod.outputs["consumers"])


def test_stacks_differ_in_values_and_never_in_code():
    """Nothing in the program asks which stack it is."""
    sources = [
        *ROOT.glob("*.py"),
        *(ROOT / "components").glob("*.py"),
        *(path for path in (ROOT / "plan").glob("*.py") if path.stem != "__main__"),
        *(ROOT / "policies").rglob("*.py"),
    ]
    for path in sources:
        words = path.read_text()
        assert not any(f'"{name}"' in words for name in (*STACKS, "production", "development")), path.name
