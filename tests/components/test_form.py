"""The form of the program: what every component and every module keeps to, read from the source."""

import ast
import sys
from dataclasses import is_dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from plan import parts

ROOT = Path(__file__).resolve().parents[2]

# Class -> type token, and where it lives. A token is part of every URN: changing one replaces what it names.
TOKENS = {
    "BuildAccess": ("builds.py", "package-flow:index:BuildAccess"),
    "ConsumingRepository": ("consumer.py", "package-flow:index:ConsumingRepository"),
    "DeveloperAccess": ("developers.py", "package-flow:index:DeveloperAccess"),
    "GitHubOidc": ("github_oidc.py", "package-flow:index:GitHubOidc"),
    "GitHubOrganization": ("github_organization.py", "package-flow:index:GitHubOrganization"),
    "PackageEvents": ("events.py", "package-flow:index:PackageEvents"),
    "PackageRegistry": ("registry.py", "package-flow:index:PackageRegistry"),
    "Sandbox": ("sandbox.py", "package-flow:index:Sandbox"),
    "Team": ("team.py", "package-flow:index:Team"),
}

COMPONENT_FILES = sorted((ROOT / "components").glob("*.py"))
POLICY_FILES = sorted((ROOT / "policies").rglob("*.py"))
PLAN_FILES = sorted((ROOT / "plan").glob("*.py"))
TOP_FILES = sorted(ROOT.glob("*.py"))
SETTINGS_FILES = sorted((ROOT / "settings").glob("*.py"))
PROGRAM_FILES = [*TOP_FILES, *COMPONENT_FILES, *SETTINGS_FILES, *PLAN_FILES, *POLICY_FILES]
# Every folder with modules of the project, but for its tests.
PACKAGES = sorted({path.relative_to(ROOT).parts[0] for path in ROOT.glob("*/*.py")} - {"tests", "venv"})


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def called(node: ast.AST) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def calls(node: ast.AST) -> list[ast.Call]:
    return [one for one in ast.walk(node) if isinstance(one, ast.Call)]


def components() -> dict[str, tuple[Path, ast.ClassDef]]:
    return {
        node.name: (path, node)
        for path in COMPONENT_FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("ComponentResource") for base in node.bases)
    }


def constructor(node: ast.ClassDef) -> ast.FunctionDef:
    (found,) = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
    return found


def test_every_component_has_its_file_and_token():
    """The table is pinned, so that the guards below can't go blind."""
    found = {}
    for name, (path, node) in components().items():
        (super_call,) = [one for one in calls(constructor(node)) if called(one) == "super().__init__"]
        found[name] = (path.name, ast.literal_eval(super_call.args[0]))
    assert found == TOKENS


@pytest.mark.parametrize("name", TOKENS)
def test_register_outputs_is_called_once_and_last(name):
    _, node = components()[name]
    assert [called(one) for one in ast.walk(node)].count("self.register_outputs") == 1
    last = constructor(node).body[-1]
    assert isinstance(last, ast.Expr) and called(last.value) == "self.register_outputs"


@pytest.mark.parametrize("name", TOKENS)
def test_super_comes_first(name):
    _, node = components()[name]
    first = constructor(node).body[0]
    assert isinstance(first, ast.Expr) and called(first.value) == "super().__init__"


@pytest.mark.parametrize("name", TOKENS)
def test_a_component_takes_its_part_of_the_plan(name):
    """And besides it nothing but what has to be there first: outputs of it, or guards."""
    _, node = components()[name]
    arguments = [(one.arg, ast.unparse(one.annotation) if one.annotation else "") for one in constructor(node).args.args[1:]]
    (first, part, *inputs, last) = arguments
    assert first == ("name", "str") and last == ("opts", "pulumi.ResourceOptions | None")
    assert part[0] == "planned" and part[1].removeprefix("parts.") in {one.__name__ for one in vars(parts).values() if is_dataclass(one)}
    assert all("pulumi.Input[str]" in annotation or annotation == "Sequence[pulumi.Resource]" for _, annotation in inputs)


def test_parts_are_frozen():
    found = [one for one in vars(parts).values() if is_dataclass(one)]
    assert len(found) > 15
    assert all(one.__dataclass_params__.frozen for one in found)


@pytest.mark.parametrize("path", COMPONENT_FILES, ids=lambda path: path.name)
def test_components_read_no_configuration(path):
    assert not [one for one in ast.walk(tree(path)) if isinstance(one, ast.Attribute) and ast.unparse(one) == "pulumi.Config"]
    assert "get_stack" not in path.read_text() and "get_project" not in path.read_text() and "os.environ" not in path.read_text()


def resource_calls(node: ast.ClassDef) -> list[ast.Call]:
    """Calls that make a resource: a class of a provider's SDK, but for those of values inside a resource (`...Args`, `...ArgsDict`)."""
    sdk = [one for one in calls(node) if called(one).split(".")[0] in ("aws", "github")]
    return [one for one in sdk if called(one).rpartition(".")[2][:1].isupper() and not called(one).endswith(("Args", "ArgsDict"))]


# Names for options that are made once in a constructor and used for several children.
OPTION_NAMES = {"self._child", "self._kept"}


@pytest.mark.parametrize("name", TOKENS)
def test_children_get_options_of_their_own(name):
    """`parent=self`, never the component's own options: those would be applied twice, aliases and all."""
    _, node = components()[name]
    resources = resource_calls(node)
    assert resources
    for call in resources:
        (options,) = [one.value for one in call.keywords if one.arg == "opts"]
        assert called(options) == "pulumi.ResourceOptions" or ast.unparse(options) in OPTION_NAMES, ast.unparse(call)[:100]
    for one in ast.walk(node):
        if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) in OPTION_NAMES:
            assert called(one.value) == "pulumi.ResourceOptions", ast.unparse(one)
    made = [one for one in calls(node) if called(one) == "pulumi.ResourceOptions"]
    assert made and all("parent=self" in [f"{key.arg}={ast.unparse(key.value)}" for key in one.keywords] for one in made)
    assert not any(key.arg in ("provider", "providers") for one in made for key in one.keywords)


# --- directions of imports ------------------------------------------------------------------------------------------------------------

OWN = {path.stem for path in TOP_FILES} | set(PACKAGES) | {"tests"}
# Who may import which of the project's own modules.
MAY_IMPORT = {
    "policies": {"policies"},
    "plan": {"plan", "policies"},
    # The pack's rules are shared: they know nothing of the program (tests/policy_pack holds that).
    "settings": {"plan", "policies", "policy_pack", "settings"},
    "components": {"components", "plan", "policies"},
    "leftovers": {"plan", "policies"},
    "existing": {"existing", "leftovers", "plan", "policies"},
    "lookups": {"existing", "leftovers", "plan", "policies", "registry_stack", "settings"},
    "outputs": {"components", "plan", "policies", "settings"},
    "registry_stack": {"existing", "leftovers", "outputs", "plan", "policies", "settings"},
    "registration": {"components", "outputs", "plan", "registry_stack", "settings"},
    "__main__": {"components", "existing", "leftovers", "lookups", "plan", "registration", "settings"},
    # A tool beside the program, which imports none of it but its settings.
    "registry_constants": {"policies", "settings"},
    # Of the repository, not of the program.
    "release": set(),
}
# Started by hand and imported by nobody, so that they may use what is built on their package.
COMMANDS = {ROOT / "plan" / "__main__.py"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(path.relative_to(ROOT).parts[0] if node.level else str(node.module).split(".")[0])
    return found


def test_every_module_of_the_program_has_its_directions():
    assert {path.stem for path in TOP_FILES} | {"components", "existing", "plan", "policies", "settings"} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", PROGRAM_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    assert not [one for one in ast.walk(tree(path)) if isinstance(one, ast.ImportFrom) and one.level], "a relative import"
    module = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert imports(path) & OWN <= MAY_IMPORT[module] | ({"settings"} if path in COMMANDS else set())


def test_no_packages_import_each_other_in_a_circle():
    """Functions' own imports count as well. Raises CycleError, which names the circle."""
    graph = {}
    for package in PACKAGES:
        files = [path for path in (ROOT / package).rglob("*.py") if path not in COMMANDS]
        graph[package] = {one for path in files for one in imports(path)} & set(PACKAGES) - {package}
    assert {"access", "bootstrap", "plan", "policies", "rehearsal", "settings"} <= set(graph)
    assert graph["settings"] == {"plan", "policies", "policy_pack"}, "imports are seen"
    order = list(TopologicalSorter(graph).static_order())
    assert order.index("policies") < order.index("plan") < order.index("settings") < order.index("access") < order.index("rehearsal")


@pytest.mark.parametrize("path", POLICY_FILES, ids=lambda path: path.name)
def test_policies_need_nothing_but_the_standard_library(path):
    assert imports(path) <= set(sys.stdlib_module_names) | {"policies"}


@pytest.mark.parametrize("path", sorted({*PLAN_FILES} - COMMANDS), ids=lambda path: path.name)
def test_the_plan_is_pure(path):
    assert imports(path) <= set(sys.stdlib_module_names) | {"plan", "policies"}


@pytest.mark.parametrize(
    "path", [one for one in PROGRAM_FILES if "policies" not in one.parts], ids=lambda path: str(path.relative_to(ROOT))
)
def test_what_the_program_needs_is_what_it_ships_with(path):
    runtime = {"pulumi", "pulumi_aws", "pulumi_github", "pydantic", "pydantic_core", "yaml"}
    assert imports(path) <= set(sys.stdlib_module_names) | OWN | runtime


def test_the_program_is_short():
    """`__main__.py` has no logic: settings -> facts -> plan -> components -> outputs."""
    main = tree(ROOT / "__main__.py")
    assert not [one for one in ast.walk(main) if isinstance(one, ast.FunctionDef | ast.ClassDef | ast.Try | ast.While)]
    assert len((ROOT / "__main__.py").read_text().splitlines()) <= 70
