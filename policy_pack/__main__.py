"""What the engine starts: serves the rules until it is ended."""

from pulumi_policy import PolicyPack
from rules import crossguard  # ty: ignore[import-not-found]  # the engine puts this folder on the path

PolicyPack("package-flow", policies=crossguard.policies())
