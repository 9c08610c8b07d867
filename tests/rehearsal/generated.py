"""Any number of legitimate stacks: each key of the stack file and of the catalog is drawn, in every form that the reference allows."""

from random import Random
from typing import Any

from hypothesis import strategies as st

from policies.names import PUBLIC_SOURCES
from settings import regions
from tests.fuzzing import valid
from tests.fuzzing.inputs import Tree
from tests.fuzzing.valid import ACCOUNT, OTHERS

FILE = "package-flow/.github/workflows/publish-package.yml"
_ORGANIZATION = "o-a1b2c3d4e5"
_PATH = f"{_ORGANIZATION}/r-ab12/ou-ab12-11111111/"
# Formats that the fuzzer's stacks leave out, with what a team owns of each; `{}` is the team's own beginning.
_MORE_FORMATS = {
    "cargo": (["own-*", "own_*"], ["{}-*", "{}", "{}-x_y"]),
    "nuget": (["own-*"], ["{}.*", "{}-*", "{}"]),
    "generic": (["own-*/*"], ["{}/*", "{}-x/image", "{}-y/image-*"]),
}
_ELSEWHERE = "af-south-1"  # a region without CodeArtifact
_RECEIVERS: dict[str, Any] = {
    "email": ["platform@acme.example"],
    "https": ["https://hooks.acme.example:8443/a?b=c", "https://10.0.0.1"],
    "slack": {"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"},
    "pipelines": ["release", "a.b@c-d_e", "x" * 100, "four"],
}

Config = dict[str, Any]


def _chance(random: Random, chance: float) -> bool:
    return random.random() < chance


def _some(random: Random, values: list[Any], least: int = 0) -> list[Any]:
    return random.sample(values, random.randint(min(least, len(values)), len(values)))


# --- the stack file ---------------------------------------------------------------------------------------------------------------------


def _providers(random: Random, config: Config) -> None:
    config["aws:region"] = random.choice(sorted(regions.WITH_CODEARTIFACT))
    config["aws:allowedAccountIds"] = [ACCOUNT]
    more = {
        "aws:profile": "deploy",
        "aws:assumeRoles": [{"roleArn": f"arn:aws:iam::{ACCOUNT}:role/deploy"}],
        "aws:ignoreTags": {"keys": ["owner"], "keyPrefixes": ["kubernetes.io/"]},
        "aws:forbiddenAccountIds": [OTHERS[0]],
        "aws:defaultTags": {"tags": {"cost-centre": "4711", "owner": "Plattform Größe"}},
        "github:writeDelayMs": 500,
    }
    config |= {key: more[key] for key in _some(random, list(more)) if _chance(random, 0.3)}


def _names(random: Random, config: Config, stack: str) -> None:
    """Names that exist, as an adopted domain has them."""
    sources = _some(random, list(PUBLIC_SOURCES))
    named = {one: random.choice([one, f"{one}-store"]) for one in sources}
    config["package-flow:publicSources"] = random.choice([sources, named])
    if _chance(random, 0.2):
        config["package-flow:shared"] = random.choice(["all", "Shared.1"])
    if _chance(random, 0.1):
        config["package-flow:adopted"] = "adopted/contoso"
    if _chance(random, 0.2):
        key = f"arn:aws:kms:{config['aws:region']}:{ACCOUNT}:key/1b2c3d4e-aaaa-bbbb-cccc-0123456789ab"
        config["package-flow:domain"] = config["package-flow:domain"] | {"encryption": key}
    if stack != "prod" and _chance(random, 0.3):
        config["package-flow:domain"] = config["package-flow:domain"] | {"protect": False}


def _iam(random: Random, config: Config) -> None:
    iam = dict(config.get("package-flow:iam", {}))
    more = {
        "permissionsBoundary": random.choice(["arn:aws:iam::aws:policy/PowerUserAccess", f"arn:aws:iam::{ACCOUNT}:policy/limits/boundary"]),
        "deployers": random.choice([["package-flow-deployer"], ["platform/deployer", "break-glass"]]),
        "trustPolicyLength": random.choice([2_048, 3_000, 4_096]),
    }
    iam |= {key: value for key, value in more.items() if _chance(random, 0.25)}
    if iam:
        config["package-flow:iam"] = iam


def _workflow(random: Random, config: Config) -> None:
    owner, ref = config["github:owner"], random.choice(["refs/heads/main", "refs/heads/stable", "refs/tags/v1.2"])
    publishing: Config = {"workflow": random.choice(["any", f"{owner}/{FILE}@{ref}", f"a/b/.github/workflows/c.yaml@{'0a' * 20}"])}
    if publishing["workflow"] != "any" and _chance(random, 0.3):
        publishing["repositoryId"] = 910_000
    config.pop("package-flow:publishing", None)
    if _chance(random, 0.5):
        config["package-flow:publishing"] = publishing


def _developers(random: Random, config: Config) -> None:
    developers = config.get("package-flow:developers")
    if developers and _chance(random, 0.3):
        developers.setdefault("mode", "identityCenter")


def _sharing(random: Random, config: Config) -> None:
    sharing = config.get("package-flow:sharing")
    if sharing and "organizationId" not in sharing and _chance(random, 0.4):
        sharing["organizationPaths"] = random.choice([[_PATH], [f"{_PATH}*"], [_PATH, f"{_ORGANIZATION}/*"]][:2])
    if sharing and _chance(random, 0.2):
        del sharing["accounts"]
        if not sharing.keys() & {"organizationId", "organizationPaths"}:
            sharing["organizationId"] = _ORGANIZATION


def _events(random: Random, config: Config, opened: list[str]) -> None:
    queue = f":{ACCOUNT}:announcements"
    region = config["aws:region"]
    queues = [f"arn:aws:sqs:{region}{queue}", f"arn:aws:sqs:{_ELSEWHERE}{queue}", f"arn:aws:sqs:{region}:{OTHERS[0]}:theirs"]
    events: Config = {key: value for key, value in _RECEIVERS.items() if _chance(random, 0.4)}
    if "pipelines" in events:
        events["pipelines"] = _some(random, events["pipelines"], 1)
    if _chance(random, 0.7):
        events["sqs"] = _some(random, queues, 1)
    if _chance(random, 0.4) or not events:
        events["repositories"] = _some(random, ["shared", *config["package-flow:publicSources"], *opened], 1) or ["shared"]
    if _chance(random, 0.5):
        events["packages"] = random.choice(["owned", "all"])
    if _chance(random, 0.5):
        events["states"] = _some(random, ["Unfinished", "Published", "Unlisted", "Archived", "Disposed"], 1)
    config["package-flow:events"] = events


# --- the catalog ------------------------------------------------------------------------------------------------------------------------


def _owned(random: Random, number: int, team: Config, config: Config) -> None:
    """Names of the formats that the fuzzer's teams do not own."""
    for format, (held, names) in _MORE_FORMATS.items():
        if _chance(random, 0.2):
            config["package-flow:namespaces"] = config["package-flow:namespaces"] | {format: held}
            own = [one.format(f"own-{number}q{format}") for one in _some(random, names, 1)]
            team["owns"] = {**team.get("owns", {}), format: own}


def _publishing(random: Random, team: Config, one: Config, config: Config) -> None:
    if "publishes" not in one:
        return
    one["publishes"] = _some(random, list(team["owns"]), 1)
    literal = [branch for branch in one["release_branches"] if not branch.endswith("*")]
    if literal and _chance(random, 0.2):
        one["accepted_branches"] = _some(random, literal, 1)
    if "environment" in one and _chance(random, 0.5):
        protected = {"wait_timer": random.choice([0, 30, 43_200]), "reviewers": ["leads", "release_crew"]}
        chosen = {key: protected[key] for key in _some(random, list(protected))}
        one["environment"] = {"name": one["environment"], **chosen}
        if "reviewers" in chosen:
            one["environment"]["prevent_self_review"] = _chance(random, 0.5)
    tagging = team.get("release_managers") or team.get("release_apps")
    if tagging and config.get("package-flow:publishing", {}).get("workflow") != "any" and _chance(random, 0.3):
        one["release_tags"] = _some(random, ["v*", "release-*", "@acme/ui@*", "nightly"], 1)
        if "promotes" not in one and "accepted_branches" not in one and _chance(random, 0.3):
            one["release_branches"] = []


def _repositories(random: Random, team: Config, config: Config) -> None:
    for name, one in team.get("repositories", {}).items():
        if _chance(random, 0.2):
            one["dependabot"] = _chance(random, 0.8)
        if _chance(random, 0.15):
            one["subjects"] = random.choice(["both", "immutable", None])
        if _chance(random, 0.1):
            one["renamed_from"] = f"before-{name}"[:100].removesuffix(".git")
        _publishing(random, team, one, config)
    if _chance(random, 0.2):
        team["repositories"] = {name: one or None for name, one in team.get("repositories", {}).items()}


def _team(random: Random, number: int, team: Config, config: Config) -> None:
    _owned(random, number, team, config)
    if _chance(random, 0.2):
        team.setdefault("readers", "organization")
    if _chance(random, 0.3):
        team["release_apps"] = random.choice([[4242], [4242, 99_999_999]])
    if team.get("owns") and _chance(random, 0.2):
        team["repository"] = f"store-{number}.Packages"
    _repositories(random, team, config)


def drawn(random: Random) -> Tree:
    """One of them."""
    tree = valid.stack(random)
    config, teams = dict(tree.config), dict(tree.teams)
    _providers(random, config)
    _names(random, config, tree.stack)
    for part in (_iam, _workflow, _sharing, _developers):
        part(random, config)
    for number, team in enumerate(teams.values()):
        _team(random, number, team, config)
    config.pop("package-flow:events", None)
    if _chance(random, 0.5):
        _events(random, config, [name for name, team in teams.items() if team.get("owns") and team.get("readers") != "team"])
    if _chance(random, 0.3):
        config["package-flow:githubScope"] = random.choice(["organization", "repository"])
    first = next(iter(teams.values()))
    if _chance(random, 0.2) and not any("package-flow" in each.get("repositories", {}) for each in teams.values()):
        first["repositories"] = {**first.get("repositories", {}), "package-flow": {}}
    return Tree(tree.stack, config, teams)


def legitimate() -> st.SearchStrategy[Tree]:
    """Stacks that settings accept, but for documents that are too long."""
    return st.builds(drawn, st.randoms(use_true_random=False))
