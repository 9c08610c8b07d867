"""Stack config and catalog in, typed and frozen settings out, or every problem in one error.

parsing            `load` in the program, `parse` everywhere else
stack, catalog     a stack's config and the team files: reading them, and the rules of each; across: the rules between them
shapes             keys, types and grammar of single values (pydantic); provider_keys: the keys that belong to Pulumi's providers
problems           one problem, all problems in one error
yaml_files         YAML read so that nothing in it is lost
rules_of_the_pack  the policy pack's rules, applied to the plan before anything is registered

The types are those that a plan is built from (plan.declared).
"""

from plan.declared import (
    AnnouncedPackages,
    DeveloperMode,
    Developers,
    DomainSettings,
    Encryption,
    Events,
    GithubScope,
    IamSettings,
    OidcProvider,
    Promotes,
    Publisher,
    PublishingSettings,
    Readers,
    ReadRole,
    Repository,
    Sandbox,
    Settings,
    Slack,
    Team,
)
from policies.github_tokens import Subjects
from policies.owned_names import Format
from policies.resources.sharing import Sharing
from settings.parsing import load, parse, read_project_file, read_stack_file
from settings.problems import Problem, SettingsError

__all__ = [
    "AnnouncedPackages",
    "DeveloperMode",
    "Developers",
    "DomainSettings",
    "Encryption",
    "Events",
    "Format",
    "GithubScope",
    "IamSettings",
    "OidcProvider",
    "Problem",
    "Promotes",
    "Publisher",
    "PublishingSettings",
    "ReadRole",
    "Readers",
    "Repository",
    "Sandbox",
    "Settings",
    "SettingsError",
    "Sharing",
    "Slack",
    "Subjects",
    "Team",
    "load",
    "parse",
    "read_project_file",
    "read_stack_file",
]
