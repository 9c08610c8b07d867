"""The shipped stacks as the program registers them, with AWS and GitHub as the tests of the program play them."""

import runpy
from functools import cache

from tests.components.recording import Recording, record
from tests.program.fake import ROOT, Cloud, stack_config

# dev adopts the provider that prod makes.
AUDIENCES = {"dev": ["sts.amazonaws.com"], "prod": None}


@cache
def recorded(stack: str) -> Recording:
    """What a shipped stack registers and exports."""
    return record(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
        invoke=Cloud(audiences=AUDIENCES[stack]),
        config=stack_config(stack),
        stack=stack,
    )
