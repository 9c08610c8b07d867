"""`python -m company`: what it writes, what it keeps, what it refuses, and what `--check` says."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bootstrap import declaration
from company import __main__ as command
from company import checking, places, workflows
from settings import OidcProvider, Settings, read_stack_file
from settings.parsing import of_stack
from tests import companies

CONTOSO = {"organization": "Contoso", "domain": "contoso", "account": "555566667777", "region": "eu-central-1"}


def ran(root: Path, *flags: str, **said: str) -> int:
    options = [word for name, value in said.items() for word in (f"--{name.replace('_', '-')}", value)]
    return command.main(["--root", str(root), *flags, *options])


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return companies.copied(tmp_path / "package-flow")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = companies.copied(tmp_path_factory.mktemp("made") / "package-flow")
    assert ran(root, **CONTOSO) == 0
    return root


@pytest.fixture
def contoso(made: Path, tmp_path: Path) -> Path:
    """A company's own copy, to be changed."""
    return companies.copied(tmp_path / "package-flow", made)


def state(root: Path) -> dict[str, bytes]:
    """All that the command may write."""
    return {**places.data(root), **{file.relative_to(root).as_posix(): file.read_bytes() for file in workflows.files(root)}}


def settings(root: Path) -> dict[str, Settings]:
    return {name: of_stack(root, name) for name in places.stacks(root)}


# --- a new company --------------------------------------------------------------------------------------------------------------------


def test_nothing_of_the_example_is_left(made: Path) -> None:
    found = state(made)
    assert {"Pulumi.dev.yaml", "Pulumi.prod.yaml", "bootstrap/Pulumi.contoso.yaml", "catalog/prod/platform.yaml"} <= set(found)
    assert [path for path, content in found.items() if b"acme" in content.lower()] == []
    account = read_stack_file(made / places.EXAMPLE / "Pulumi.prod.yaml")["aws:allowedAccountIds"][0]
    assert [path for path, content in found.items() if account.encode() in content] == []


def test_no_principal_of_the_example_is_let_in(made: Path) -> None:
    """Who the example shares with, and whose groups, roles and addresses it names, are others."""
    for one in settings(made).values():
        assert (one.sharing, one.developers, one.build_roles, one.events, one.sandbox) == (None, None, (), None, None)
        assert [team.publishers for team in one.teams if team.publishers] == []
    # The twin: the example's own file has all of them.
    prod = read_stack_file(made / places.EXAMPLE / "Pulumi.prod.yaml")
    assert {f"package-flow:{key}" for key in ("sharing", "developers", "builds", "events")} <= set(prod)


def test_the_stacks_are_the_companys(made: Path) -> None:
    stacks = settings(made)
    assert {one.github_owner for one in stacks.values()} == {"Contoso"}
    assert {name: one.domain.name for name, one in stacks.items()} == {"dev": "contoso-dev", "prod": "contoso"}
    assert {one.allowed_account_ids for one in stacks.values()} == {("555566667777",)}
    assert {name: one.oidc_provider for name, one in stacks.items()} == {"dev": OidcProvider.EXISTING, "prod": OidcProvider.CREATE}
    assert stacks["prod"].publishing.repository == "Contoso/package-flow"
    assert {one for _, _, one in workflows.repositories(made)} == {"Contoso/package-flow"}


def test_comments_of_stack_files_are_kept(made: Path) -> None:
    assert (
        "permissionsBoundary: arn:aws:iam::555566667777:policy/package-flow-bootstrap/prod-boundary # created by bootstrap/"
        in (made / "Pulumi.prod.yaml").read_text()
    )
    assert "githubOidcProvider: existing # prod's stack created it" in (made / "Pulumi.dev.yaml").read_text()


def test_every_file_names_its_schema(made: Path) -> None:
    for path in (one for one in places.data(made) if one.endswith(".yaml")):
        named = (made / path).read_text().partition("\n")[0].removeprefix("# yaml-language-server: $schema=")
        assert ((made / path).parent / named).resolve().parent == made / "schemas", path


def test_two_accounts(copy: Path) -> None:
    """Each creates its provider and has a bootstrap of its own."""
    assert ran(copy, **CONTOSO, account_of="dev=999988887777") == 0
    stacks = settings(copy)
    assert {name: one.allowed_account_ids for name, one in stacks.items()} == {"dev": ("999988887777",), "prod": ("555566667777",)}
    assert {one.oidc_provider for one in stacks.values()} == {OidcProvider.CREATE}
    assert "prod's stack created it" not in (copy / "Pulumi.dev.yaml").read_text()
    assert [file.name for file in places.bootstraps(copy)] == ["Pulumi.contoso-dev.yaml", "Pulumi.contoso-prod.yaml"]
    for file in places.bootstraps(copy):
        config = {**declaration.defaults(copy / "bootstrap"), **read_stack_file(file)}
        declared = declaration.parse(config, copy, f"bootstrap/{file.name}")
        assert [one.name for one in declared.stacks] == [file.name.split("-")[1].removesuffix(".yaml")]


def test_the_organisation_of_pulumi_cloud_is_said(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It may deploy: whoever owns that name there."""
    assert ran(copy, **CONTOSO, pulumi_organization="contoso-platform") == 0
    assert "trust Pulumi Cloud's organization contoso-platform" in capsys.readouterr().out
    config = read_stack_file(copy / "bootstrap" / "Pulumi.contoso.yaml")
    assert config[f"{declaration.PROJECT}:pulumiCloud"] == {"organization": "contoso-platform"}
    # Said again, it is compared, by the check too.
    before = state(copy)
    for flags in ((), ("--check",)):
        assert ran(copy, *flags, pulumi_organization="contoso-platform") == 0
        capsys.readouterr()
        assert ran(copy, *flags, pulumi_organization="somebody-else") == 1
        assert "PULUMI_ORGANIZATION: got somebody-else; expected contoso-platform, as " in capsys.readouterr().err
    assert state(copy) == before


def test_an_organisation_of_pulumi_cloud_that_nobody_said_is_shown_as_such(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(copy, **CONTOSO) == 0
    assert "trust Pulumi Cloud's organization contoso (PULUMI_ORGANIZATION was not given" in capsys.readouterr().out


@pytest.mark.parametrize("missing", [list(CONTOSO), ["account"], ["domain", "region"]], ids=", ".join)
def test_what_is_missing_is_one_error_where_nobody_can_be_asked(missing: list[str], copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = state(copy)
    assert ran(copy, **{name: value for name, value in CONTOSO.items() if name not in missing}) == 2
    assert f"got no {', '.join(name.upper() for name in missing)}; expected each of them; say make company" in capsys.readouterr().err
    assert state(copy) == before


def test_a_terminal_is_asked_for_what_is_missing(copy: Path) -> None:
    controller, terminal = pty.openpty()
    arguments = [sys.executable, "-m", "company", "--organization", "Contoso", "--region", "eu-central-1"]
    with subprocess.Popen(arguments, cwd=copy, stdin=terminal, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        os.write(controller, b"contoso\n555566667777\ncontoso-cloud\n")
        printed = b""
        try:
            while chunk := os.read(controller, 4096):
                printed += chunk
        except OSError:  # the terminal's other end is closed
            pass
    os.close(controller)
    assert process.returncode == 0, printed.decode()
    assert b"CodeArtifact domain" in printed and b"AWS account" in printed and b"AWS region" not in printed
    assert settings(copy)["prod"].allowed_account_ids == ("555566667777",)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("organization", "con toso", "github:owner: got 'con toso'"),
        ("organization", "acme/contoso", "github:owner: got 'acme/contoso'"),
        ("domain", "Contoso", "package-flow:domain.name: got 'Contoso'"),
        ("account", "5555", "aws:allowedAccountIds.0: got '5555'"),
        ("region", "mars-north-1", "aws:region: got 'mars-north-1'"),
        ("pulumi_organization", "Con Toso", "pulumiCloud.organization: got 'Con Toso'"),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(
    name: str, value: str, message: str, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = state(copy)
    assert ran(copy, **{**CONTOSO, name: value}) == 1
    error = capsys.readouterr().err
    assert message in error and error.endswith("nothing was written\n")
    assert state(copy) == before


def test_an_account_of_a_stack_that_is_not_there(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        ran(copy, **CONTOSO, account_of="staging=999988887777")
    assert "got staging; expected a stack that has a file: dev, prod" in capsys.readouterr().err


# --- again ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [CONTOSO, {}], ids=["with the same words", "without any"])
def test_a_second_run_changes_nothing(contoso: Path, said: Mapping[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    before = state(contoso)
    assert ran(contoso, **said) == 0
    assert state(contoso) == before
    assert "nothing to write: all agrees" in capsys.readouterr().out


def edited(root: Path) -> dict[str, bytes]:
    """A company's own edits: another domain with a comment of its own, a team, a file beside the teams."""
    replace(root / "Pulumi.prod.yaml", "name: contoso\n", "name: packages # as it was called before\n")
    (root / "catalog" / "prod" / "search.yaml").write_text("team: search\nrepositories:\n  search-api: {}\n")
    (root / "catalog" / "dev" / "platform.yaml").unlink()
    (root / "catalog" / "dev" / "search.yaml").write_text("team: search\nrepositories:\n  search-pilot: {}\n")
    return {path: content for path, content in places.data(root).items() if path != places.CONSTANTS}


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new))


@pytest.mark.parametrize("said", [CONTOSO, {}], ids=["with the same words", "without any"])
def test_own_edits_are_kept_and_what_follows_is_written(contoso: Path, said: Mapping[str, str]) -> None:
    own = edited(contoso)
    assert ran(contoso, **said) == 0
    assert {path: content for path, content in places.data(contoso).items() if path != places.CONSTANTS} == own
    constants = json.loads((contoso / places.CONSTANTS).read_text())
    assert [one["domain"] for one in constants] == ["packages", "contoso-dev"]
    assert checking.disagreements(contoso) == []


def test_what_is_said_otherwise_than_the_companys_file_is_not_taken(contoso: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = state(contoso)
    assert ran(contoso, **{**CONTOSO, "region": "eu-west-1"}) == 0
    assert "kept Pulumi.prod.yaml, which is yours: it says eu-central-1, REGION says eu-west-1" in capsys.readouterr().out
    assert state(contoso) == before


def test_another_organisation_is_another_company(contoso: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = state(contoso)
    assert ran(contoso, organization="fabrikam") == 1
    assert "ORGANIZATION: got fabrikam; expected Contoso, as github:owner of Pulumi.prod.yaml" in capsys.readouterr().err
    assert state(contoso) == before
    assert ran(contoso, organization="Contoso") == 0


def test_a_new_versions_workflows_and_example_become_the_companys(contoso: Path) -> None:
    """What a merge brings: workflows that name the example, and teams of it."""
    before = state(contoso)
    companies_own = {path: content for path, content in places.data(companies.PROJECT).items() if path not in before}
    for path, content in companies_own.items():
        (contoso / path).write_bytes(content)
    for file in workflows.files(companies.PROJECT):
        (contoso / file.relative_to(companies.PROJECT)).write_bytes(file.read_bytes())
    assert checking.disagreements(contoso)
    assert ran(contoso) == 0
    assert state(contoso) == before


def test_a_stack_that_the_program_refuses_stops_it(contoso: Path, capsys: pytest.CaptureFixture[str]) -> None:
    replace(contoso / "Pulumi.prod.yaml", "protect: true", "protect: perhaps")
    (contoso / places.CONSTANTS).write_text("[]\n")
    before = state(contoso)
    assert ran(contoso) == 1
    assert "Pulumi.prod.yaml: package-flow:domain.protect: got 'perhaps'" in capsys.readouterr().err
    assert state(contoso) == before


# --- CHECK=1 --------------------------------------------------------------------------------------------------------------------------


def test_the_products_own_checkout_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(companies.PROJECT, "--check") == 0
    assert "the example company's, as shipped" in capsys.readouterr().out


def test_a_company_agrees(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(made, "--check") == 0
    assert "a company's own" in capsys.readouterr().out


def _workflow(root: Path) -> None:
    replace(
        root / ".github/workflows/publish-package.yml",
        "Contoso/package-flow/.github/actions/pack@",
        "acme/package-flow/.github/actions/pack@",
    )


def _constant(root: Path) -> None:
    replace(
        root / places.CONSTANTS, '"region": "eu-central-1", "tokenDuration": 3600}\n', '"region": "eu-west-1", "tokenDuration": 3600}\n'
    )


def _stack_without_a_constant(root: Path) -> None:
    replace(root / places.CONSTANTS, (root / places.CONSTANTS).read_text().splitlines()[2], "")
    replace(root / places.CONSTANTS, "},\n", "}\n")


def _owner(root: Path) -> None:
    replace(root / "Pulumi.dev.yaml", "github:owner: Contoso", "github:owner: fabrikam")


def _no_account(root: Path) -> None:
    replace(root / "Pulumi.dev.yaml", '["555566667777"]', '["555566667777", "999988887777"]')


def _example(root: Path) -> None:
    (root / "catalog/prod/storefront.yaml").write_bytes((root / places.EXAMPLE / "catalog/prod/storefront.yaml").read_bytes())


def _check(root: Path) -> None:
    replace(root / "bootstrap/Pulumi.contoso.yaml", "config:\n", "config:\n  package-flow-bootstrap:checks: [check, test]\n")


def _bootstrapped(root: Path) -> None:
    replace(root / "bootstrap/Pulumi.contoso.yaml", "555566667777", "999988887777")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (
            _workflow,
            ": got acme/package-flow; expected Contoso/package-flow; run make company",
        ),
        (
            _constant,
            'registry.json: dev: got {"domain": "contoso-dev", "domainOwner": "555566667777", "region": "eu-west-1"',
        ),
        (_stack_without_a_constant, ".github/actions/registry/registry.json: dev: got no such entry; expected {"),
        (_owner, "github:owner: got Contoso; expected fabrikam, as in Pulumi.dev.yaml; give another organisation a copy of its own"),
        (_no_account, "aws:allowedAccountIds: got ['555566667777', '999988887777']; expected the stack's one account"),
        (_example, "catalog/prod/storefront.yaml: got the example company's file; expected the company's own, or none"),
        (_check, "package-flow-bootstrap:checks: got test; expected a job that runs on every pull request: check, rehearse"),
        (_bootstrapped, "Pulumi.dev.yaml: aws:allowedAccountIds: got ['555566667777'], allowed: ['999988887777'], as the bootstrap's"),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_what_disagrees_is_said(contoso: Path, broken: Callable[[Path], None], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    broken(contoso)
    before = state(contoso)
    assert ran(contoso, "--check") == 1
    assert message in capsys.readouterr().err
    assert state(contoso) == before


def test_a_workflow_of_others_is_theirs(contoso: Path) -> None:
    """Only what this checkout has is called by its repository's name."""
    (contoso / ".github/workflows/lint.yml").write_text(
        "on: push\njobs:\n  lint:\n    uses: fabrikam/ci/.github/workflows/lint-all.yml@main\n"
    )
    assert checking.disagreements(contoso) == []
    replace(contoso / ".github/workflows/lint.yml", "lint-all.yml", "publish-package.yml")
    assert ["got fabrikam/ci" in one for one in checking.disagreements(contoso)] == [True]


def test_the_programs_repository_may_have_another_name(contoso: Path) -> None:
    replace(contoso / "bootstrap/Pulumi.contoso.yaml", "config:\n", "config:\n  package-flow-bootstrap:repository: packages\n")
    replace(contoso / "Pulumi.prod.yaml", "Contoso/package-flow/", "Contoso/packages/")
    replace(contoso / "Pulumi.dev.yaml", "config:\n", "config:\n  package-flow:publishing:\n    workflow: any\n")
    assert ran(contoso) == 0
    assert {one for _, _, one in workflows.repositories(contoso)} == {"Contoso/packages"}
    assert checking.disagreements(contoso) == []
