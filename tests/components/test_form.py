"""The form of the program: what every component and every module keeps to, read from the source."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Class -> type token, and where it lives. A token is part of every URN: changing one replaces what it names.
TOKENS = {
    "BuildAccess": ("builds.py", "package-flow:index:BuildAccess"),
    "ConsumingRepository": ("consumer.py", "package-flow:index:ConsumingRepository"),
    "DeveloperAccess": ("developers.py", "package-flow:index:DeveloperAccess"),
    "GitHubOidc": ("github_oidc.py", "package-flow:index:GitHubOidc"),
    "PackageEvents": ("events.py", "package-flow:index:PackageEvents"),
    "PackageRegistry": ("registry.py", "package-flow:index:PackageRegistry"),
    "Sandbox": ("sandbox.py", "package-flow:index:Sandbox"),
    "Team": ("team.py", "package-flow:index:Team"),
}

COMPONENT_FILES = sorted((ROOT / "components").glob("*.py"))
POLICY_FILES = sorted((ROOT / "policies").glob("*.py"))
TOP_FILES = sorted(ROOT.glob("*.py"))
CONFIGURATION_FILES = sorted((ROOT / "configuration").glob("*.py"))
PROGRAM_FILES = [*TOP_FILES, *COMPONENT_FILES, *CONFIGURATION_FILES, *POLICY_FILES]


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
def test_arguments_are_packageable(name):
    """A packaged component needs TypedDict Args in a parameter named exactly `args`."""
    path, node = components()[name]
    parameters = {one.arg: ast.unparse(one.annotation) if one.annotation else "" for one in constructor(node).args.args[1:]}
    assert parameters == {"name": "str", "args": f"{name}Args", "opts": "pulumi.ResourceOptions | None"}
    assert f"{name}Args" in {one.name for one in tree(path).body if isinstance(one, ast.ClassDef)}


def argument_classes() -> list[tuple[str, ast.ClassDef]]:
    return [
        (path.name, node)
        for path in COMPONENT_FILES
        for node in tree(path).body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "TypedDict" for base in node.bases)
    ]


def test_fields_of_arguments_are_documented_and_typed():
    classes = argument_classes()
    assert {f"{name}Args" for name in TOKENS} <= {node.name for _, node in classes}
    for file, node in classes:
        fields = [
            (one, following) for one, following in zip(node.body, [*node.body[1:], None], strict=True) if isinstance(one, ast.AnnAssign)
        ]
        assert fields, f"{file}: {node.name}"
        for field, following in fields:
            what = f"{file}: {node.name}.{ast.unparse(field.target)}"
            assert isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant), f"{what} has no docstring"
            named = [one for one in ast.walk(field.annotation) if isinstance(one, ast.Name)]
            subscripted = {id(one.value) for one in ast.walk(field.annotation) if isinstance(one, ast.Subscript)}
            assert not any(one.id in ("dict", "list") and id(one) not in subscripted for one in named), f"{what}: a bare dict or list"
            assert not any(one.id in ("Any", "Literal", "object") for one in named), what


@pytest.mark.parametrize("path", COMPONENT_FILES, ids=lambda path: path.name)
def test_what_breaks_packaging(path):
    source = tree(path)
    imported = {f"{node.module}.{name.name}" for node in ast.walk(source) if isinstance(node, ast.ImportFrom) for name in node.names}
    assert not imported & {"__future__.annotations", "typing.Literal"}


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

OWN = {path.stem for path in TOP_FILES} | {"components", "configuration", "policies", "policy_pack", "rehearsal", "tests"}
# Who may import which of the project's own modules.
MAY_IMPORT = {
    "policies": {"policies"},
    "components": {"components", "policies"},
    # The pack's rules are shared: they know nothing of the program (tests/policy_pack holds that), so no circle comes of it.
    "configuration": {"configuration", "policies", "policy_pack"},
    "settings": {"configuration", "policies"},
    "lookups": {"configuration", "policies", "settings"},
    "wiring": {"components", "lookups", "policies", "settings"},
    "outputs": {"components", "lookups", "policies", "settings"},
    "__main__": {"components", "lookups", "outputs", "settings", "wiring"},
    # A tool beside the program, which imports none of it but its settings.
    "registry_constants": {"settings"},
}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(str(node.module).split(".")[0])
    return found


def test_every_module_of_the_program_has_its_directions():
    assert {path.stem for path in TOP_FILES} | {"components", "configuration", "policies"} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", PROGRAM_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    module = path.parent.name if path.parent != ROOT else path.stem
    assert imports(path) & OWN <= MAY_IMPORT[module]


@pytest.mark.parametrize("path", POLICY_FILES, ids=lambda path: path.name)
def test_policies_need_nothing_but_the_standard_library(path):
    assert imports(path) <= set(sys.stdlib_module_names) | {"policies"}


@pytest.mark.parametrize(
    "path", [one for one in PROGRAM_FILES if "policies" not in one.parts], ids=lambda path: str(path.relative_to(ROOT))
)
def test_what_the_program_needs_is_what_it_ships_with(path):
    runtime = {"pulumi", "pulumi_aws", "pulumi_github", "pydantic", "pydantic_core", "yaml"}
    assert imports(path) <= set(sys.stdlib_module_names) | OWN | runtime


def test_the_program_is_short():
    """`__main__.py` has no logic: settings -> lookups -> components -> exports."""
    main = tree(ROOT / "__main__.py")
    assert not [one for one in ast.walk(main) if isinstance(one, ast.FunctionDef | ast.ClassDef | ast.Try | ast.While)]
    assert len((ROOT / "__main__.py").read_text().splitlines()) <= 70
