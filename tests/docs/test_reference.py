"""The reference, the README and the guides say what the program does: keys, defaults, outputs, variables, rights, figures, examples."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

import outputs
import schemas
import settings
from access import __main__ as access_review
from bootstrap import rights
from plan import sizes
from plan.declared import TRUST_MAX
from policies.arns import Registry
from policies.document import text
from policies.events import PIPELINES_MAX, STATES
from policies.names import PUBLIC_SOURCES, STACK_NAME_MAX, VARIABLES
from policies.owned_names import Format
from policy_pack.rules import registry
from rehearsal import clients, facts, seeding, selection
from rehearsal.clients import Credentials
from rehearsal.processes import Child, scrubbed
from rehearsal.program import stack_files
from rehearsal.scenario import Scenario
from schemas import reference
from settings import regions, shapes
from settings.parsing import of_stack
from settings.provider_keys import CREDENTIAL_KEYS
from tests.docs.pages import ROOT, Page, codes, page, pages, table
from tests.docs.shipped import recorded
from tests.docs.test_recipes import RECIPES
from tests.program import team_stacks
from tests.rehearsal.offline import scenarios

REFERENCE = page("docs/reference.md")
STACK_FILE, CATALOG, OUTPUTS = (page(f"docs/reference/{name}.md") for name in ("stack-file", "catalog", "outputs"))
STACK_KEYS = {one.name for one in (*schemas.keys(schemas.provider_keys()), *schemas.keys(schemas.stack_file()))}
CATALOG_KEYS = {one.name for one in schemas.keys(schemas.catalog_file())}
# What others call, below .github/, and what people run.
CALLED = ("workflows/publish-package.yml", "workflows/promote-package.yml", "actions/login/action.yml")
COMMANDS = (
    *("settings check", "rehearsal", "plan", "access", "adopt", "company", "registry_constants"),
    *("rehearsal.bench", "rehearsal.large_stack", "rehearsal.faults"),
)
DEPLOYMENT = page("docs/first-deployment.md")
OPERATIONS = page("docs/operations.md")
README = page("README.md")
PROJECT = settings.read_project_file(ROOT)

# --- keys -----------------------------------------------------------------------------------------------------------------------------


def _rows(page: Page, heading: str) -> dict[str, list[str]]:
    """The rows of a reference table by their first cell, which is one key."""
    rows = table(page.section(heading))
    keyed = {codes(row[0])[0]: row for row in rows}
    assert len(keyed) == len(rows)
    return keyed


PAGES = reference.pages()


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_the_tables_are_up_to_date(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == PAGES[file], "run make reference"


def test_every_table_of_keys_outputs_inputs_and_options_is_generated() -> None:
    """Each kind of table stands somewhere, and each of its subjects."""
    wanted = {
        *("keys providers stack", "keys catalog", "keys bootstrap", "outputs", "variables", "targets", "rules"),
        *(f"{kind} .github/{file}" for kind in ("inputs", "results") for file in CALLED),
        *(f"options {command}" for command in COMMANDS),
    }
    found = [one for file in PAGES for one in re.findall(r"<!-- generated: (.+) -->", file.read_text())]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("table", ["stack_file", "catalog_file", "bootstrap_file", "provider_keys"])
def test_every_key_is_described_for_the_reference(table: str) -> None:
    for key in schemas.keys(getattr(schemas, table)()):
        assert key.types, key
        assert re.fullmatch(r"(?s)[\"`A-Z\[].+[^.]", key.description), key


def test_keys_of_the_project_file_are_those_of_a_stack_file() -> None:
    assert set(PROJECT["config"]) == {key for key in STACK_KEYS if "." not in key and ":" not in key}


def test_words_that_a_key_allows_are_in_its_row() -> None:
    choices = {
        "domain.encryption": (shapes.Encryption.CUSTOMER, shapes.Encryption.AWS),
        "githubOidcProvider": shapes.OidcProvider,
        "readRole": shapes.ReadRole,
        "subjects": shapes.Subjects,
        "developers.mode": shapes.DeveloperMode,
        "events.packages": shapes.AnnouncedPackages,
        "events.states": STATES,
    }
    rows = _rows(STACK_FILE, "Keys")
    for key, words in choices.items():
        assert {str(word) for word in words} <= set(codes(rows[key][3])), key
    rows = _rows(CATALOG, "Keys")
    assert {str(word) for word in shapes.Readers} <= set(codes(rows["readers"][3]))
    for key in ("owns", "repositories.NAME.publishes"):
        assert {str(word) for word in Format} <= set(codes(rows[key][3])), key


def test_regions_with_codeartifact_are_in_their_row() -> None:
    assert set(codes(_rows(STACK_FILE, "Keys")["aws:region"][3])) == set(regions.WITH_CODEARTIFACT)


def test_numbers_that_a_key_allows_are_in_its_row() -> None:
    stack, catalog = _rows(STACK_FILE, "Keys"), _rows(CATALOG, "Keys")
    assert f"{shapes.TOKEN_SECONDS_MIN} to {shapes.TOKEN_SECONDS_MAX}" in stack["tokenDuration"][3]
    assert f"{shapes.SESSION_SECONDS_MIN} to {shapes.SESSION_SECONDS_MAX}" in stack["developers.sessionDuration"][3]
    assert f"at most {PIPELINES_MAX}" in stack["events.pipelines"][3]
    assert f"at most {STACK_NAME_MAX} characters" in STACK_FILE.section("Names of stacks")
    assert f"1 to {shapes.APPROVALS_MAX}" in catalog["repositories.NAME.approvals"][3]
    assert f"1 to {shapes.REVIEWERS_MAX}" in catalog["repositories.NAME.promotes.reviewers"][3]
    assert f"at most {shapes.TEAM_UPSTREAMS_MAX}" in catalog["upstreams"][3]


def test_public_sources() -> None:
    documented = {name: row[1] for row in table(STACK_FILE.section("Public sources")) for name in codes(row[0])}
    assert documented == {name: format for name, (_, format) in PUBLIC_SOURCES.items()}


def test_formats_of_owned_names() -> None:
    assert [codes(row[0])[0] for row in table(CATALOG.section("Owned names"))] == [str(format) for format in Format]


def test_limits() -> None:
    rows = [int(row[1].replace(",", "")) for row in table(REFERENCE.section("Names and limits"))]
    assert rows == [TRUST_MAX, sizes.INLINE_MAX, sizes.MANAGED_MAX, sizes.RESOURCE_MAX]


# --- statements of the stack file's section -------------------------------------------------------------------------------------------


def _changed_stack(tmp_path: Path, changes: dict[str, Any], without: str = "") -> settings.Settings:
    """The shipped stack prod with these keys of the project, and without one."""
    shutil.copytree(ROOT / "catalog", tmp_path / "catalog", dirs_exist_ok=True)
    config = settings.read_stack_file(ROOT / "Pulumi.prod.yaml")
    config |= {key if ":" in key else f"package-flow:{key}": value for key, value in changes.items()}
    config.pop(f"package-flow:{without}", None)
    return settings.parse(PROJECT, config, tmp_path, "package-flow", "prod")


def test_what_a_sandbox_needs(tmp_path: Path) -> None:
    words = _rows(STACK_FILE, "Keys")["sandbox"][3]
    assert "Needs `sandbox.roles` or `developers`. Set `iam.deployers` too" in words
    sandbox: dict[str, Any] = {"sandbox": {"name": "acme-sandbox"}}
    assert not _changed_stack(tmp_path, sandbox | {"iam": {}}).iam.deployers
    with pytest.raises(settings.SettingsError, match="at least one role, or package-flow:developers"):
        _changed_stack(tmp_path, sandbox, without="developers")


def test_the_words_that_yaml_misreads_are_refused_with_the_advice(tmp_path: Path) -> None:
    listed = re.search(r"Words that YAML reads as something else than text \(([^)]+)\)", REFERENCE.text)
    assert listed
    words = codes(listed[1])
    assert len(words) == 3
    for word in words:
        content = f"team: payments\nrelease_managers: [{word}]\n"
        with pytest.raises(settings.SettingsError, match=re.escape(f"got {word}, which YAML reads as a ") + ".*in quotes"):
            _parsed_with(tmp_path, {"catalog/prod/payments.yaml": content})


def test_other_keys_of_the_providers_are_taken_and_the_rehearsal_applies_those_that_are_named(tmp_path: Path) -> None:
    said = re.search(r"any other key of the two providers.*?Credentials are refused:(.*?), because", STACK_FILE.text, re.DOTALL)
    assert said
    applied = re.search(r"The rehearsal applies\s(.*?); it accepts the others", said[0], re.DOTALL)
    assert applied
    read = {f"{namespace}:{name}" for namespace, names in stack_files.APPLIED_KEYS.items() for name in names}
    assert set(codes(applied[1])) == read - {"aws:region", "aws:allowedAccountIds", "github:owner"}
    _changed_stack(tmp_path, {"aws:defaultTags": {"tags": {"team": "platform"}}, "github:baseUrl": "https://github.acme.example/"})
    assert set(codes(said[1])) == CREDENTIAL_KEYS
    for key in CREDENTIAL_KEYS:
        with pytest.raises(settings.SettingsError, match=key):
            _changed_stack(tmp_path, {key: "value"})


# --- outputs and variables ------------------------------------------------------------------------------------------------------------


def _flat(values: Any, prefix: str = "") -> set[str]:
    if not isinstance(values, dict):
        return {prefix.removesuffix(".")}
    return {key for name, value in values.items() for key in _flat(value, f"{prefix}{name}.")}


def test_the_reference_has_every_output_and_no_other() -> None:
    exported = set()
    for stack in ("dev", "prod"):
        recording = dict(recorded(stack).outputs)
        for one in recording.pop("repositories").values():
            exported |= _flat({"repositories": {"NAME": {**one, "endpoints": {"FORMAT": ""}}}})
        for one in recording.pop("consumers").values():
            exported |= _flat({"consumers": {"REPOSITORY": one}})
        developers = dict(recording.pop("developers", {}))
        if developers.pop("teams", {}):
            developers["teams"] = {"TEAM": ""}
        exported |= _flat({"developers": developers} if developers else {}) - {""}
        exported |= _flat(recording)
    # The shipped stacks are too small for a second read role.
    assert set(outputs.DESCRIBED) == exported | {"roles.reads"}


def test_the_reference_has_every_variable_and_no_other() -> None:
    written = {one.inputs["variableName"] for one in recorded("prod").of("ActionsVariable")}
    assert set(VARIABLES) == written


# --- figures --------------------------------------------------------------------------------------------------------------------------


def _writes() -> Counter[str]:
    """GitHub resources of each consuming repository: each is one write."""
    made = [one for one in recorded("prod").registrations if one.type.startswith("github:")]
    return Counter(one.parent.rpartition("::")[2] for one in made)


def test_the_number_of_writes_is_true() -> None:
    writes = _writes()
    stack = settings.parse(PROJECT, settings.read_stack_file(ROOT / "Pulumi.prod.yaml"), ROOT, "package-flow", "prod")
    rows = {row[0]: int(row[1].split(",")[0]) for row in table(DEPLOYMENT.section("5. Preview, then up"))}
    kinds = set()
    for one in stack.repositories:
        branches = len(one.release_branches.names)
        if one.installs_only:
            kind, more = "only installs", 0
        elif one.promotes:
            kind, more = "publishes and promotes", branches
        elif one.environment:
            kind, more = "publishes in an environment", branches
        else:
            kind, more = "publishes", 0
        kinds.add(kind)
        more += 2 if one.release_tags.names else 0
        assert writes[one.name] == rows[kind] + more, one.name
    assert kinds == set(rows)
    assert f"{sum(writes.values())} writes for {len(stack.repositories)} repositories" in DEPLOYMENT.text


def _quick() -> list[Scenario]:
    """The scenarios of `make rehearse`, without acting them: those that neither are slow nor need one that is."""
    every = list(scenarios("prod").values())
    slow = {one.name for one in every if one.slow}
    return [one for one in every if not slow & selection.with_prerequisites(every, [one.name])]


def test_the_rehearsal_output_in_the_readme_is_that_of_the_shipped_stack() -> None:
    shown = README.text.split("<!-- rehearsal output -->")[1].split("```")[1]
    registered = recorded("prod").registrations
    assert re.findall(r"^stack prod: (\d+) resources$", shown, re.MULTILINE) == [str(len(registered))]
    components = {f"{one.name}  {one.type.rpartition(':')[2]}" for one in registered if not one.custom}
    drawn = re.findall(r"^├── (.+)$", shown, re.MULTILINE)
    assert drawn and set(drawn) <= components
    quick = _quick()
    acted = {(one.principal, one.action, one.resource, one.expected, one.expected) for one in quick}
    rows = [tuple(re.split(r" {2,}", line)[1:]) for line in shown.splitlines() if line.startswith("✓")]
    assert len(rows) > 5 and set(rows) <= acted, set(rows) - acted
    denied = sum(one.expected == "deny" for one in quick)
    # Counts and rows, but not how long it took.
    summary = re.search(r"^(\d+) of (\d+) scenarios as expected \((\d+) allowed, (\d+) denied\)", shown, re.MULTILINE)
    assert summary
    assert [int(one) for one in summary.groups()] == [len(quick), len(quick), len(quick) - denied, denied]
    assert f"{len(registry.RULES)} rules of the policy pack: none broken" in shown
    assert "make rehearse ALL=1" in shown


def test_the_access_review_in_the_readme_is_that_of_the_shipped_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = README.text.split("<!-- access output -->")[1].split("```text\n")[1].split("```")[0]
    assert access_review.main(["--output", str(tmp_path)]) == 0
    assert capsys.readouterr().out == shown.replace("access-review", str(tmp_path))


def test_the_readme_is_short() -> None:
    assert len(README.text.split()) < 1_200


# --- rights ---------------------------------------------------------------------------------------------------------------------------

# Variables and secrets of environments, which the program does not write.
UNUSED_PERMISSIONS = {"environments"}


def test_the_permissions_of_the_github_app_are_the_rehearsed_ones() -> None:
    every, _, organization = DEPLOYMENT.section("4. The GitHub App").partition("githubScope: organization")
    documented = [{codes(row[1])[0]: row[2] for row in table(text)} for text in (every, organization)]
    used = {name: level for name, level in seeding.DEPLOYER_PERMISSIONS.items() if name not in UNUSED_PERMISSIONS}
    assert documented == [used, seeding.ORGANIZATION_PERMISSIONS]


def test_the_command_that_prints_the_deploying_policy_works() -> None:
    block = next(block.text for block in DEPLOYMENT.blocks if "import deployer" in block.text)
    script = block.split("<<'EOF'\n")[1].split("EOF\n")[0]
    printed = subprocess.run([sys.executable, "-"], input=script, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    stack = settings.parse(PROJECT, settings.read_stack_file(ROOT / "Pulumi.prod.yaml"), ROOT, "package-flow", "prod")
    registry = Registry("aws", stack.allowed_account_ids[0], stack.region, stack.domain.name)
    assert printed.strip() == text(rights.deployer(stack, registry))
    # An inline policy, as the command after it makes: a managed one could be too small.
    assert "aws iam put-role-policy" in block
    assert len(printed.strip()) <= sizes.INLINE_MAX


# --- examples -------------------------------------------------------------------------------------------------------------------------


def _parsed_with(tmp_path: Path, files: dict[str, str]) -> settings.Settings:
    """The shipped stack prod, with these files (paths from the root) in place of or beside its own."""
    shutil.copytree(ROOT / "catalog", tmp_path / "catalog", dirs_exist_ok=True)
    stack_file = tmp_path / "Pulumi.prod.yaml"
    shutil.copy(ROOT / "Pulumi.prod.yaml", stack_file)
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    return settings.parse(PROJECT, settings.read_stack_file(stack_file), tmp_path, "package-flow", "prod")


def _named_blocks() -> list[tuple[str, str, str]]:
    """YAML blocks with the page that they are on and their first line, which says which file they are.

    All but those of the pages that show files of the examples (test_recipes).
    """
    return [
        (one.name, block.text.splitlines()[0].removeprefix("# "), block.text)
        for one in pages()
        for block in one.blocks
        if block.language == "yaml" and not block.in_list and one.name not in RECIPES
    ]


def _workflows() -> list[str]:
    """YAML blocks of any page that are whole workflows."""
    blocks = [block.text for one in pages() for block in one.blocks if block.language == "yaml"]
    return [one for one in blocks if re.search(r"^jobs:", one, re.MULTILINE)]


@pytest.mark.parametrize(("where", "file", "content"), _named_blocks(), ids=lambda value: value if len(value) < 60 else "")
def test_a_yaml_block_says_which_file_it_is_and_is_a_good_one(tmp_path: Path, where: str, file: str, content: str) -> None:
    if re.fullmatch(r"\.github/workflows/[\w-]+\.yml", file):
        workflow = yaml.safe_load(content)
        called = re.findall(r"uses: acme/package-flow/([\w./-]+)@main", content)
        assert workflow["jobs"]
        assert called and all((ROOT / path).exists() for path in called)
        return
    if file == "github.yaml":
        (tmp_path / file).write_text(content)
        facts.read(tmp_path / file, _parsed_with(tmp_path, {}))
        return
    if team_stack := re.fullmatch(r"Pulumi\.(prod-(\w+))\.yaml", file):
        team_stacks.folder(tmp_path, {team_stack[2]: team_stack[1]})
        (tmp_path / file).write_text(content)
        assert of_stack(tmp_path, team_stack[1]).own_teams
        return
    assert re.fullmatch(r"catalog/prod/[\w-]+\.yaml|Pulumi\.prod\.yaml", file), f"{where}: {file}"
    _parsed_with(tmp_path, {file: content})


def test_the_workflow_examples_give_the_inputs_that_there_are() -> None:
    found = 0
    for content in _workflows():
        jobs = yaml.safe_load(content)["jobs"].values()
        for call in [*jobs, *(step for job in jobs for step in job.get("steps", []))]:
            match = re.fullmatch(r"acme/package-flow/([\w./-]+)@main", call.get("uses", ""))
            if not match:
                continue
            called = ROOT / match[1]
            defined = yaml.safe_load((called / "action.yml" if called.is_dir() else called).read_text())
            inputs = defined["inputs"] if called.is_dir() else defined[True]["workflow_call"]["inputs"]
            assert set(call["with"]) <= set(inputs)
            assert {name for name, one in inputs.items() if one.get("required")} <= set(call["with"])
            found += 1
    assert found >= 5


BROKEN = """\
team: payments
owns:
  npm: ["@Acme-Payments/*"]
release_manager: [payments-leads]
repositories:
  payments-api:
    publishes: [npm]
    release_branches: [main, "release/**"]
    approvals: 0
"""


def test_the_error_in_the_reference_is_a_real_one(tmp_path: Path) -> None:
    shown = next(block.text for block in REFERENCE.blocks if "problems in the configuration" in block.text)
    stack_file = (ROOT / "Pulumi.prod.yaml").read_text() + "  package-flow:tokenDuration: 90000\n"
    with pytest.raises(settings.SettingsError) as refused:
        _parsed_with(tmp_path, {"catalog/prod/payments.yaml": BROKEN, "Pulumi.prod.yaml": stack_file})
    assert str(refused.value) == shown.strip()


@pytest.mark.skipif(not all(shutil.which(tool) for tool in ("bash", "jq")), reason="needs bash and jq")
def test_the_break_glass_commands_lift_one_statement_and_put_it_back(tmp_path: Path) -> None:
    """With the AWS CLI against the local cloud, as an administrator."""
    original = next(one for one in recorded("prod").of("RepositoryPermissionsPolicy") if one.name == "shared").inputs["policyDocument"]
    block = next(block.text for block in OPERATIONS.blocks if "open.json" in block.text)
    show = "shared get-repository-permissions-policy --query policy.document --output text"
    script = block.replace("# ... what must be done ...", f"{show} > between.json") + f"{show} > after.json\n"
    command = [sys.executable, "-m", "rehearsal.cloud", "--account", "111122223333", "--region", "eu-west-1"]
    cloud = Child(command, env=scrubbed({"REHEARSAL_KEY": "key-of-the-test"}), cwd=ROOT, log=tmp_path / "cloud.log")
    try:
        ready = cloud.first_line()
        root = Credentials(ready["root"]["access_key_id"], ready["root"]["secret_access_key"])
        codeartifact = clients.aws(ready["url"], "eu-west-1", "codeartifact", root)
        codeartifact.create_domain(domain="acme")
        codeartifact.create_repository(domain="acme", repository="shared")
        codeartifact.put_repository_permissions_policy(domain="acme", repository="shared", policyDocument=original)
        where = {"AWS_ENDPOINT_URL": ready["url"], "AWS_DEFAULT_REGION": "eu-west-1", "HOME": str(tmp_path)}
        environment = scrubbed({**root.environment(), **where})
        subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env=environment, check=True, stdout=subprocess.DEVNULL)
    finally:
        cloud.close()
    before, between, after = (
        json.loads(one) for one in (original, *((tmp_path / f"{name}.json").read_text() for name in ("between", "after")))
    )
    sids = [one["Sid"] for one in before["Statement"]]
    assert [one["Sid"] for one in between["Statement"]] == [sid for sid in sids if sid != "NobodyDeletes"] != sids
    assert after == before
    denies = {one["Sid"] for one in before["Statement"] if one["Effect"] == "Deny"}
    assert denies == set(re.findall(r"`((?:Nobody|Only)\w+)`", OPERATIONS.section("Break-glass: writing to shared by hand")))
