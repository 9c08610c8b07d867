"""Every handler against the SDK that the program is written with: types, inputs and outputs must be its own."""

import importlib
import inspect
import re
from pathlib import Path

import pulumi_aws
import pulumi_github
import pulumi_pulumiservice
import pytest
from pulumi import _types

from rehearsal.program.handlers import Defaults, Existing
from rehearsal.program.inputs import Inputs
from rehearsal.program.invokes import AWS_FUNCTIONS, GITHUB_FUNCTIONS
from rehearsal.program.provisioning import HANDLERS


def sdk_class(token: str):
    """The class of a type token, found by the token that the class itself registers."""
    package, module_and_name, name = token.split(":")
    module = module_and_name.split("/")[0]
    root = {"aws": pulumi_aws, "github": pulumi_github, "pulumiservice": pulumi_pulumiservice}[package]
    return getattr(root if module == "index" else importlib.import_module(f"pulumi_{package}.{module}"), name)


def sdk_inputs(token: str) -> set[str]:
    kind = sdk_class(token)
    arguments = getattr(importlib.import_module(kind.__module__), f"{kind.__name__}Args")
    return set(_types.input_type_py_to_pulumi_names(arguments).values())


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_the_type_token_is_the_sdks(token):
    assert f"'{token}'" in inspect.getsource(importlib.import_module(sdk_class(token).__module__))


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_no_input_is_read_that_the_sdk_cannot_send(token):
    handler, inputs = HANDLERS[token], Inputs({}, auto_name=lambda: "name")
    handler.read(inputs, Defaults(tags={}))
    assert inputs.read
    assert inputs.read <= sdk_inputs(token)
    assert handler.create_only <= inputs.read


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_missing_required_inputs_are_named(token):
    """What the SDK cannot be constructed without, the handler requires too."""
    kind = sdk_class(token)
    arguments = getattr(importlib.import_module(kind.__module__), f"{kind.__name__}Args")
    names = _types.input_type_py_to_pulumi_names(arguments)
    signature = inspect.signature(arguments.__init__).parameters.values()
    required = {names[each.name] for each in signature if each.name != "__self__" and each.default is inspect.Parameter.empty}
    inputs = Inputs({}, auto_name=lambda: "name")
    HANDLERS[token].read(inputs, Defaults(tags={}))
    assert {f"{name} is required" for name in required} <= set(inputs.problems())


@pytest.mark.parametrize("token", sorted([*AWS_FUNCTIONS, *GITHUB_FUNCTIONS]))
def test_the_function_token_is_the_sdks(token):
    package, module_and_name, name = token.split(":")
    module = module_and_name.split("/")[0]
    words = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    # The file is read, not imported: importing it by name would put the module where the SDK's package has the function.
    folder = Path(inspect.getfile({"aws": pulumi_aws, "github": pulumi_github}[package])).parent
    file = folder / f"{words}.py" if module == "index" else folder / module / f"{words}.py"
    assert f"'{token}'" in file.read_text(encoding="utf-8")


def test_a_masked_secret_of_a_state_file_is_not_used():
    existing = Existing("id", {"name": "[secret]", "path": "/"}, {})
    assert existing["path"] == "/"
    with pytest.raises(Exception, match="name is a secret, which the state file does not hold"):
        existing["name"]
