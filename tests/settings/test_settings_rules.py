"""Rules between files, and problems of whole files. Each refusal has its allowed twin."""

from pathlib import Path

import pytest

import settings
from settings import SettingsError
from tests.settings.builders import ABSENT, CONFIG, PROJECT, ROOT, STACK, STACK_FILE, changed, good, parse, problems


def _told(root: Path, configuration: dict) -> list[str]:
    return [str(one) for one in problems(root, configuration)]


@pytest.mark.parametrize("name", ["shared", "Shared", "npmjs", "maven-central", "crates-io"])
def test_names_of_the_registry_are_reserved(tmp_path: Path, name: str) -> None:
    told = _told(tmp_path, changed(((name,), {"team": name})))
    assert len(told) == 1
    assert told[0].startswith(f"catalog/{name}.yaml: team: got '{name}', allowed: another name: ")


def test_a_name_like_a_reserved_one_is_free(tmp_path: Path) -> None:
    assert _told(tmp_path, changed((("shared-ui",), {"team": "shared-ui"}))) == []


@pytest.mark.parametrize(("name", "good"), [("a", "ab"), ("-ab", "a-b"), ("a b", "a.b"), ("a" * 101, "a" * 100)])
def test_a_team_is_named_as_codeartifact_names_repositories(tmp_path: Path, name: str, good: str) -> None:
    told = _told(tmp_path, changed((("squad",), {"team": name})))
    assert [one for one in told if "team: got" in one and "2 to 100" in one] == told
    assert len(told) == 1
    (tmp_path / "catalog" / "squad.yaml").unlink()
    assert _told(tmp_path, changed(((good,), {"team": good}))) == []


def test_names_that_differ_in_case_alone_are_one_name(tmp_path: Path) -> None:
    told = _told(tmp_path, changed((("Payments",), {"team": "Payments"})))
    assert told == [
        "catalog/payments.yaml: team: got 'payments', allowed: a name that differs from Payments (catalog/Payments.yaml) by more than case"
    ]


def test_nine_upstreams_and_shared_are_the_most(tmp_path: Path) -> None:
    teams = {f"team-{number}": {"team": f"team-{number}", "owns": {"npm": [f"@team-{number}/*"]}} for number in range(10)}
    catalog = changed(*(((name,), team) for name, team in teams.items()))
    ten = changed((("payments", "upstreams"), list(teams)), start=catalog)
    assert _told(tmp_path, ten) == ["catalog/payments.yaml: upstreams: got 10 teams, allowed: at most 9, and shared as the tenth"]
    nine = changed((("payments", "upstreams"), list(teams)[:9]), start=catalog)
    assert _told(tmp_path, nine) == []


def _team(name: str, *upstreams: str) -> dict:
    return {"team": name, "upstreams": list(upstreams), "owns": {"npm": [f"@team-{name}/*"]}}


def test_a_cycle_is_told_once_in_the_order_of_installing(tmp_path: Path) -> None:
    ring = changed((("aa",), _team("aa", "cc")), (("bb",), _team("bb", "aa")), (("cc",), _team("cc", "bb")))
    assert _told(tmp_path, ring) == [
        "catalog/aa.yaml: upstreams: got aa -> cc -> bb -> aa, allowed: no cycle: let one of them install from shared instead"
    ]
    assert _told(tmp_path, changed((("cc", "upstreams"), []), start=ring)) == []


def test_every_cycle_is_told(tmp_path: Path) -> None:
    rings = changed((("aa",), _team("aa", "bb")), (("bb",), _team("bb", "aa")), (("cc",), _team("cc", "dd")), (("dd",), _team("dd", "cc")))
    assert [one.file for one in problems(tmp_path, rings)] == ["catalog/aa.yaml", "catalog/cc.yaml"]


def test_a_repository_stands_in_the_catalog_once(tmp_path: Path) -> None:
    told = _told(tmp_path, changed((("storefront", "repositories", "checkout-web"), {})))
    assert told == [
        "catalog/storefront.yaml: repositories.checkout-web: got a repository listed twice, allowed: one place: it is checkout-web in "
        "catalog/payments.yaml"
    ]
    assert _told(tmp_path, changed((("storefront", "repositories", "checkout-web2"), {}))) != told


@pytest.mark.parametrize("team", ["payments", "storefront"])
def test_github_does_not_tell_case_and_neither_does_the_catalog(tmp_path: Path, team: str) -> None:
    told = _told(tmp_path, changed(((team, "repositories", "Checkout-Web"), {})))
    assert len(told) == 1
    assert "one place: it is checkout-web in catalog/payments.yaml" in told[0]


@pytest.mark.parametrize(
    ("role", "good"),
    [("bootstrap/deployer", "bootstrap/deploy"), ("deployer", "deployers"), ("bootstrap/Deployer", "bootstrap-deployer")],
)
def test_a_deployer_is_no_build_role(tmp_path: Path, role: str, good: str) -> None:
    """The read policy would deny it what it deploys with; a role's name is there once, whatever its path and case."""

    def builds(role: str, deployers: list[str]) -> list[str]:
        builds = ((CONFIG, "package-flow:builds"), {"roles": ["codebuild", role]})
        return _told(tmp_path, changed(builds, ((CONFIG, "package-flow:iam"), {"deployers": deployers})))

    assert builds(role, ["bootstrap/deployer"]) == [
        f"{STACK_FILE}: package-flow:builds.roles.1: got '{role}', allowed: roles that are not in package-flow:iam.deployers, which run "
        "pulumi up: the read policy denies every write"
    ]
    assert builds(good, ["bootstrap/deployer"]) == []
    assert builds(role, []) == []


def test_a_stack_whose_roles_have_no_path_of_their_own(tmp_path: Path) -> None:
    def builds(role: str) -> list[str]:
        return _told(tmp_path, changed(((CONFIG, "package-flow:builds"), {"roles": [role]}), ((CONFIG, "package-flow:iam"), {"path": "/"})))

    (problem,) = builds("test-publish-identity-api")
    assert "roles that are not this stack's own (test-...)" in problem
    assert builds("package-flow/test-publish-identity-api") == []


def test_a_pattern_needs_release_managers(tmp_path: Path) -> None:
    without = changed((("payments", "release_managers"), ABSENT))
    assert _told(tmp_path, without) == [
        "catalog/payments.yaml: repositories.payments-api.release_branches.1: got 'release/*', allowed: a pattern only with "
        "release_managers: nobody else may create a branch that matches it"
    ]
    literal = changed((("payments", "repositories", "payments-api", "release_branches"), ["main"]), start=without)
    assert _told(tmp_path, literal) == []


def test_a_release_tag_needs_somebody_who_may_create_it(tmp_path: Path) -> None:
    api = ("payments", "repositories", "payments-api")
    tagged = changed(((*api, "release_tags"), ["v*"]), ((*api, "release_branches"), ["main"]))
    assert _told(tmp_path, tagged) == []
    assert _told(tmp_path, changed((("payments", "release_managers"), ABSENT), start=tagged)) == [
        "catalog/payments.yaml: repositories.payments-api.release_tags.0: got 'v*', allowed: no tag without release_managers or "
        "release_apps: nobody else may create one"
    ]
    assert _told(tmp_path, changed((("payments", "release_managers"), ABSENT), (("payments", "release_apps"), [7]), start=tagged)) == []


def test_a_release_tag_needs_the_workflow_that_looks_at_its_commit(tmp_path: Path) -> None:
    tagged = changed((("payments", "repositories", "payments-api", "release_tags"), ["v*"]))
    (problem,) = _told(tmp_path, changed(((CONFIG, "package-flow:publishing"), {"workflow": "any"}), start=tagged))
    assert problem.startswith("catalog/payments.yaml: repositories.payments-api.release_tags: got ")
    assert "publishing.workflow: any" in problem
    assert _told(tmp_path, changed(((CONFIG, "package-flow:publishing"), {"workflow": "any"}))) == []


def test_a_repository_may_publish_from_tags_alone_and_then_promotes_nothing(tmp_path: Path) -> None:
    api = ("payments", "repositories", "payments-api")
    tags = changed(((*api, "release_branches"), ABSENT), ((*api, "release_tags"), ["v*"]), ((*api, "promotes"), ABSENT))
    assert _told(tmp_path, tags) == []
    (problem,) = _told(tmp_path, changed(((*api, "promotes"), {"reviewers": ["leads"]}), start=tags))
    assert "repositories.payments-api.release_branches: got nothing" in problem
    assert "promoted from release branches" in problem


def test_a_missing_folder_and_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        settings.parse(settings.read_project_file(ROOT), changed()[CONFIG], tmp_path, PROJECT, STACK)
    allowed = "allowed: a folder with one YAML file a team, relative to Pulumi.yaml"
    assert [str(one) for one in refused.value.problems] == [
        f"{STACK_FILE}: package-flow:catalog: got catalog, which does not exist, {allowed}"
    ]
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "README.md").write_text("What this is.")
    with pytest.raises(SettingsError) as refused:
        settings.parse(settings.read_project_file(ROOT), changed()[CONFIG], tmp_path, PROJECT, STACK)
    assert [str(one) for one in refused.value.problems] == [
        f"{STACK_FILE}: package-flow:catalog: got catalog, which has no team's file, {allowed}"
    ]
    assert _told(tmp_path, changed()) == []


def test_a_file_that_would_be_overlooked_is_refused(tmp_path: Path) -> None:
    assert _told(tmp_path, changed()) == []
    (tmp_path / "catalog" / "search.yml").write_text("team: search\n")
    (tmp_path / "catalog" / "more").mkdir()
    assert _told(tmp_path, changed()) == [
        "catalog/more: got a folder, allowed: files named TEAM.yaml",
        "catalog/search.yml: got another suffix, allowed: files named TEAM.yaml",
    ]


def test_a_catalog_of_overlooked_files_alone_is_not_called_empty_as_well(tmp_path: Path) -> None:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "search.yml").write_text("team: search\n")
    with pytest.raises(SettingsError) as refused:
        settings.parse(settings.read_project_file(ROOT), changed()[CONFIG], tmp_path, PROJECT, STACK)
    assert [one.file for one in refused.value.problems] == ["catalog/search.yml"]


def test_a_team_whose_file_is_broken_is_not_unknown_as_well(tmp_path: Path) -> None:
    assert [one.file for one in problems(tmp_path, changed((("identity",), "team: [identity\n")))] == ["catalog/identity.yaml"]


def test_a_stack_is_not_named_like_the_roles_of_another(tmp_path: Path) -> None:
    parse(tmp_path, changed())
    config = changed()[CONFIG]
    with pytest.raises(SettingsError, match=r"Pulumi\.prod-promote\.yaml: got the stack prod-promote, allowed: a stack's name without"):
        settings.parse(settings.read_project_file(ROOT), config, tmp_path, PROJECT, "prod-promote")
    assert settings.parse(settings.read_project_file(ROOT), config, tmp_path, PROJECT, "prod-promotions").stack == "prod-promotions"


# ------------------------------------------------------------------------------------------------------------------------ document sizes


def test_a_trust_policy_over_its_size_is_refused(tmp_path: Path) -> None:
    branches = ("payments", "repositories", "payments-api", "release_branches")
    many = [f"support/a-rather-long-name-of-a-branch-{number:02}" for number in range(30)]
    told = _told(tmp_path, changed((branches, many), (("payments", "repositories", "payments-api", "environment"), "")))
    assert [one.split(": got ")[0] for one in told] == ["catalog/payments.yaml: repositories.payments-api.release_branches"] * len(told)
    assert "the publish role's trust policy of " in told[0]
    assert "at most 2,048" in told[0]
    assert _told(tmp_path, changed((branches, many[:3]))) == []


def test_a_publish_policy_over_its_size_is_refused(tmp_path: Path) -> None:
    many = [f"acme-payments-{'x' * 60}-{number:03}" for number in range(120)]
    told = _told(tmp_path, changed((("payments", "owns", "pypi"), many)))
    assert told
    assert all(one.startswith("catalog/payments.yaml: owns: got the p") and "at most 10,240" in one for one in told)
    assert _told(tmp_path, changed((("payments", "owns", "pypi"), many[:10]))) == []


@pytest.mark.parametrize(
    ("format", "theirs", "own", "apart"),
    [
        ("npm", "acme-*", "acme.x", "acmex"),
        ("npm", "@acme-pay/ui", "@acme.pay/*", "@acmepay/*"),
        ("maven", "com.acme:*", "Com.Acme:core", "com.acme.core:core"),
        ("cargo", "acme-*", "Acme_x", "acmex"),
        ("nuget", "acme.*", "acme-x", "acmex"),
        ("generic", "acme/fw-*", "Acme/fw_x", "acme/fwx"),
    ],
)
def test_no_team_owns_a_variation_of_anothers_name(tmp_path: Path, format: str, theirs: str, own: str, apart: str) -> None:
    """CodeArtifact would block packages of the one team for the other's package group."""

    def owning(name: str) -> list[str]:
        each = [theirs, own, apart] if format != "maven" else ["com.acme", "Com.Acme", "com.acme.core"]
        there = good()[CONFIG]["package-flow:namespaces"].get(format, [])
        return _told(
            tmp_path,
            changed(
                ((CONFIG, "package-flow:namespaces", format), list(dict.fromkeys([*there, *each]))),
                (("identity", "owns", format), [theirs]),
                (("identity", "repositories", "identity-api", "publishes"), [format]),
                (("research", "owns", format), [name]),
                (("payments",), {"team": "payments"}),
            ),
        )

    (problem,) = owning(own)
    assert problem.startswith(f"catalog/research.yaml: owns.{format}.0: got '{own}', allowed: names that identity does not own: {theirs}")
    assert problem.endswith("for a variation, and blocks it")
    assert owning(apart) == []


def test_a_domain_policy_over_its_size_is_refused(tmp_path: Path) -> None:
    accounts = [f"{number:012}" for number in range(200)]
    told = _told(tmp_path, changed(((CONFIG, "package-flow:sharing"), {"accounts": accounts})))
    assert told
    assert all(one.startswith(f"{STACK_FILE}: package-flow:sharing.accounts: got ") and "at most 7,168" in one for one in told)
    assert _told(tmp_path, changed(((CONFIG, "package-flow:sharing"), {"accounts": accounts[:20]}))) == []


def test_a_large_catalog_is_no_read_roles_size(tmp_path: Path) -> None:
    """There are as many as it takes (tests/plan/test_shares.py)."""
    many = {f"service-{number:03}": {} for number in range(200)}
    assert _told(tmp_path, changed((("storefront", "repositories"), many))) == []


# --------------------------------------------------------------------------------------------------------------------------- one error


def test_every_problem_is_in_one_error(tmp_path: Path) -> None:
    """Shape, grammar, rules of the stack, rules between files, broken YAML and a size: one error, each problem on a line of its own."""
    bad = changed(
        ((CONFIG, "package-flow:tokenDuration"), 60),
        ((CONFIG, "package-flow:evnts"), {}),
        ((CONFIG, "package-flow:domain", "name"), "Acme"),
        ((CONFIG, "github:owner"), ABSENT),
        (("identity", "upstreams"), ["payments"]),
        (("payments", "repositories", "payments-api", "approvals"), 0),
        (("payments", "repositories", "payments-api", "release_branches"), [True, "a b", "main"]),
        (("research", "owns", "npm"), ["@acme-identity/api"]),
        (("storefront",), "team: storefront\nrepositories:\n  storefront-web: {\n"),
    )
    with pytest.raises(SettingsError) as refused:
        parse(tmp_path, bad)
    owned_by = "names that identity does not own: @acme-identity/* (catalog/identity.yaml, owns.npm.0)"
    branch = "a branch, or a branch and /* at the end: only A-Z a-z 0-9 . _ / - and, at the very end, /*"
    expected = [
        f"{STACK_FILE}: package-flow:domain.name: got 'Acme', allowed: 2 to 50 lower-case letters, digits and hyphens, the first a letter, "
        "the last no hyphen",
        f"{STACK_FILE}: package-flow:tokenDuration: got 60, allowed: 900 to 43200 (seconds)",
        f"{STACK_FILE}: package-flow:evnts: got an unknown key, allowed: one of 19 (did you mean events?)",
        f"{STACK_FILE}: github:owner: got nothing, allowed: a GitHub organisation: 1 to 39 letters, digits and single hyphens",
        "catalog/identity.yaml: upstreams: got identity -> payments -> identity, allowed: no cycle: let one of them install from "
        "shared instead",
        "catalog/payments.yaml: repositories.payments-api.release_branches.0: got true, which YAML reads as a boolean, allowed: text (put "
        "it in quotes)",
        f"catalog/payments.yaml: repositories.payments-api.release_branches.1: got 'a b', allowed: {branch}",
        "catalog/payments.yaml: repositories.payments-api.approvals: got 0, allowed: 1 to 10 (a publishing repository needs a review)",
        f"catalog/research.yaml: owns.npm.0: got '@acme-identity/api', allowed: {owned_by}",
        "catalog/storefront.yaml: got broken YAML (line 4, column 1: expected the node content, but found '<stream end>'), allowed: one "
        "YAML document",
    ]
    heading, *lines = str(refused.value).splitlines()
    assert heading == f"{len(expected)} problems in the configuration; nothing was changed:"
    assert sorted(line.strip() for line in lines) == sorted(expected)
    assert len(refused.value.problems) == len(expected)


def test_sizes_are_told_beside_problems_of_other_teams(tmp_path: Path) -> None:
    many = [f"acme-payments-{'x' * 60}-{number:03}" for number in range(120)]
    found = problems(
        tmp_path, changed((("payments", "owns", "pypi"), many), (("identity", "repositories", "identity-api", "approvals"), 0))
    )
    assert {(one.file, one.key) for one in found} == {
        ("catalog/payments.yaml", "owns"),
        ("catalog/identity.yaml", "repositories.identity-api.approvals"),
    }


def test_a_credential_in_the_stack_file_is_refused_without_being_told(tmp_path: Path) -> None:
    told = _told(tmp_path, changed(((CONFIG, "github:token"), "value-of-a-token")))
    assert told == [
        f"{STACK_FILE}: github:token: got a credential, allowed: credentials in the environment, because a provider's configuration is "
        "written into the state"
    ]


@pytest.mark.parametrize(
    ("bad", "good"), [("release/*", "release/1.0"), ("next", "main"), ("release/1/2", "release/1"), (".x", "release/x")]
)
def test_a_branch_is_accepted_by_name_where_it_may_publish(tmp_path: Path, bad: str, good: str) -> None:
    key = ("payments", "repositories", "payments-api", "accepted_branches")
    (told,) = _told(tmp_path, changed((key, ["release/0", bad])))
    assert told.startswith(
        f"catalog/payments.yaml: repositories.payments-api.accepted_branches.1: got '{bad}', allowed: the name of one branch"
    )
    assert _told(tmp_path, changed((key, ["release/0", good]))) == []


def test_an_installing_repository_accepts_no_branch(tmp_path: Path) -> None:
    (told,) = _told(tmp_path, changed((("payments", "repositories", "checkout-web"), {"accepted_branches": ["main"]})))
    assert "repositories.checkout-web.accepted_branches: got" in told and "nothing, because checkout-web publishes nothing" in told


@pytest.mark.parametrize(
    ("former", "words"),
    [
        ("Checkout-web", "to change only the case, rename twice"),
        ("identity-api", "a name that no other repository has or had: catalog/identity.yaml, repositories.identity-api"),
        ("Scoring", "a name that no other repository has or had: catalog/research.yaml, repositories.scoring"),
        ("a/b", "the name that GitHub had for the repository before it was renamed"),
        ("..", "the name that GitHub had for the repository before it was renamed"),
    ],
)
def test_a_former_name_is_nobody_elses(tmp_path: Path, former: str, words: str) -> None:
    key = ("payments", "repositories", "checkout-web")
    (told,) = _told(tmp_path, changed((key, {"renamed_from": former})))
    assert told.startswith(f"catalog/payments.yaml: repositories.checkout-web.renamed_from: got '{former}'") and words in told
    assert _told(tmp_path, changed((key, {"renamed_from": "checkout"}))) == []


def test_two_repositories_were_not_the_same_one(tmp_path: Path) -> None:
    both = [
        (("payments", "repositories", "checkout-web"), {"renamed_from": "web"}),
        (("storefront", "repositories", "storefront-web"), {"renamed_from": "Web"}),
    ]
    (told,) = _told(tmp_path, changed(*both))
    assert told.startswith("catalog/storefront.yaml: repositories.storefront-web.renamed_from") and "checkout-web.renamed_from" in told
    assert _told(tmp_path, changed(*both[:1])) == []
