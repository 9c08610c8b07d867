"""Legitimate stacks by name: each failed to rehearse once, or is like none of the others. Any number of them: generated.py."""

from pathlib import Path
from typing import Any

from policies.names import PUBLIC_SOURCES
from tests.fuzzing.inputs import Tree, write, written

OWNER, ACCOUNT = "contoso", "111122223333"
_FILE = "package-flow/.github/workflows/publish-package.yml"
_NPM = {"publishes": ["npm"], "release_branches": ["main"]}
_WEB: dict[str, Any] = {"team": "web", "owns": {"npm": ["@contoso-web/*"]}, "repositories": {"ui-kit": _NPM, "www": {}}}


def stack(*teams: dict[str, Any], **config: Any) -> Tree:
    """contoso's stack with these teams (default: one that publishes and installs npm packages) and these keys of the project."""
    listed = teams or (_WEB,)
    namespaces = {"npm": ["@contoso-*/*", "@contoso/*"], "pypi": ["contoso-*"], "maven": ["com.contoso.*"], "cargo": ["contoso-*"]}
    values = {
        "aws:region": "us-east-1",
        "aws:allowedAccountIds": [ACCOUNT],
        "github:owner": OWNER,
        "package-flow:domain": {"name": OWNER},
        "package-flow:catalog": "catalog",
        "package-flow:namespaces": namespaces,
    }
    keys = {key if ":" in key else f"package-flow:{key}": value for key, value in config.items()}
    return Tree("live", values | keys, {team["team"]: team for team in listed})


def _web(**changed: Any) -> dict[str, Any]:
    return _WEB | changed


def _publishing(*branches: str, **more: Any) -> dict[str, Any]:
    kit = {**_NPM, "release_branches": list(branches), **more}
    return _web(release_managers=["web-leads"], repositories={"ui-kit": kit, "www": {}})


_SINGLE = [f"@contoso/ui-{number}" for number in range(25)]
_JVM = {
    "team": "jvm",
    "owns": {"maven": ["com.contoso.jvm:*"]},
    "repositories": {"jvm-lib": {"publishes": ["maven"], "release_branches": ["main"]}, "jvm-app": {}},
}
_RESEARCH = {
    "team": "research",
    "readers": "team",
    "owns": {"pypi": ["contoso-research-*"]},
    "repositories": {"scoring": {"publishes": ["pypi"], "release_branches": ["main"]}, "notebooks": {}},
}
_SAME_NAME = {
    "team": "web",
    "owns": {"npm": ["contoso-*"], "pypi": ["contoso-*"]},
    "repositories": {"ui-kit": {"publishes": ["npm", "pypi"], "release_branches": ["main"]}},
}
_MONOREPO = {
    "publishes": ["npm", "pypi", "maven"],
    "release_branches": ["master", "release/*"],
    "release_tags": ["@contoso/ui@*", "v*"],
    "required_checks": ["build (ubuntu-latest, 20)", "Prüfung ✓"],
    "approvals": 2,
    "environment": "production",
    "promotes": {"reviewers": ["leads"]},
}
_CHAIN = [
    {
        "team": f"team-{number:02}",
        "owns": {"npm": [f"@contoso-{number:02}/*"]},
        "upstreams": [f"team-{before:02}" for before in range(number)[-3:]],
        "repositories": {f"lib-{number:02}": _NPM, f"app-{number:02}": {}},
    }
    for number in range(5)
]
_QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:releases"

# Each did not rehearse: what is legitimate has to.
CASES: dict[str, Tree] = {
    "a team without repositories": stack({"team": "web"}),
    "no public source": stack(publicSources=[]),
    "Maven only": stack(_JVM, publicSources=["maven-central", "maven-gradleplugins"]),
    "nuget.org": stack(publicSources=["npmjs", "nuget-org"]),
    "RubyGems": stack(publicSources=["npmjs", "ruby-gems-org"]),
    "crates.io": stack(publicSources=["npmjs", "crates-io"]),
    "every public source": stack(publicSources=list(PUBLIC_SOURCES)),
    "readers: team alone": stack(_RESEARCH),
    "readers: team alone, without repositories": stack({"team": "research", "readers": "team", "owns": {"pypi": ["contoso-research-*"]}}),
    "only a pattern of branches": stack(_publishing("release/*")),
    "a pattern of branches that a usual branch has": stack(_publishing("main", "feature/*")),
    "default branch trunk": stack(_publishing("trunk")),
    "default branch trunk and an environment": stack(_publishing("trunk", "release/*", environment="packages")),
    "immutable subjects": stack(subjects="immutable"),
    "immutable subjects of the catalog's readers": stack(subjects="immutable", readRole="catalog"),
    "immutable subjects of a repository": stack(_web(repositories={"ui-kit": {**_NPM, "subjects": "immutable"}, "www": {}})),
    "any workflow": stack(publishing={"workflow": "any"}),
    "any workflow on trunk": stack(_publishing("trunk"), publishing={"workflow": "any"}),
    "a workflow at a tag": stack(publishing={"workflow": f"{OWNER}/{_FILE}@refs/tags/v1"}),
    "a workflow at a commit": stack(publishing={"workflow": f"{OWNER}/packages/.github/workflows/release.yaml@{'0a' * 20}"}),
    "a workflow on another branch": stack(publishing={"workflow": f"{OWNER}/{_FILE}@refs/heads/stable"}),
    "the program's own repository": stack(_web(repositories={"ui-kit": _NPM, "www": {}, "package-flow": {}})),
    "the program's own repository alone": stack(_web(repositories={"package-flow": _NPM})),
    "many single names": stack(_web(owns={"npm": _SINGLE})),
    "one single name": stack(_web(owns={"npm": _SINGLE[:1]})),
    "a single name before a pattern": stack(_web(owns={"npm": [*_SINGLE[:1], "@contoso-web/*"]})),
    "one name in two formats": stack(
        _SAME_NAME, namespaces={"npm": ["contoso-*"], "pypi": ["contoso-*"]}, events={"sqs": [_QUEUE], "packages": "owned"}
    ),
    "a Slack channel": stack(
        events={"slack": {"workspace": "T07EA123LEP", "channel": "C07EZ1ABC23"}}, **{"aws:defaultTags": {"tags": {"owner": "web"}}}
    ),
    "a key that is there": stack(domain={"name": OWNER, "encryption": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1b2c3d4e-aaaa-bbbb"}),
    "a release tag without a *": stack(_publishing("main", release_tags=["nightly"])),
    "release tags of an App alone": stack(
        _web(release_apps=[4242], repositories={"ui-kit": {"publishes": ["npm"], "release_tags": ["v*"]}, "www": {}})
    ),
    "an environment whose job is reviewed and waits": stack(
        _publishing("main", environment={"name": "packages", "wait_timer": 30, "reviewers": ["web-leads"], "prevent_self_review": True})
    ),
    "trust policies of the account's raised quota": stack(
        _publishing(*(f"release/{number}.x" for number in range(20))), iam={"trustPolicyLength": 4_096}
    ),
    "names that the rehearsal has, and the shipped stack": Tree(
        "prod",
        {
            **stack().config,
            "package-flow:domain": {"name": "acme"},
            "package-flow:developers": {"groups": ["Engineering"]},
        },
        {
            "administrator": _WEB
            | {"team": "administrator", "repositories": {"developer": _NPM, "administrator": {}, "package-flow-outside": {}}}
        },
    ),
    "a monorepo": stack(
        {
            "team": "platform",
            "owns": {"npm": ["@contoso/*"], "pypi": ["contoso-*"], "maven": ["com.contoso.libs:*", "com.contoso.apps:*"]},
            "release_managers": ["leads"],
            "repositories": {"Mono.Repo": _MONOREPO, ".github": {}, "_docs-": {}},
        },
    ),
    "teams in a chain of upstreams": stack(*_CHAIN),
    "the id of the workflow's repository": stack(
        _web(repositories={"ui-kit": _NPM, "package-flow": {}}),
        publishing={"workflow": f"{OWNER}/{_FILE}@refs/heads/main", "repositoryId": 910_000},
    ),
    "an HTTPS subscriber, who has to confirm": stack(events={"https": ["https://hooks.contoso.example/packages"]}),
    "release tags with another prefix than v": stack(_publishing("main", release_tags=["release-*"])),
    "the longest tokens": stack(tokenDuration=43_200),
    "provider keys, and an account that begins with 0": stack(
        sharing={"accounts": ["012345678901"]},
        **{
            "aws:profile": "deploy",
            "aws:assumeRoles": [{"roleArn": f"arn:aws:iam::{ACCOUNT}:role/deploy"}],
            "aws:ignoreTags": {"keys": ["owner"]},
            "github:writeDelayMs": 500,
        },
    ),
    "what is the same, once in the organisation": stack(
        _publishing("main", "release/*", release_tags=["v*"], environment="packages"), _RESEARCH, githubScope="organization"
    ),
    "only installing, in the organisation": stack(_web(repositories={"www": {}, "shop": {}}), githubScope="organization"),
    "the organisation, with immutable subjects": stack(subjects="immutable", githubScope="organization"),
    "a profile": stack(**{"aws:profile": "deploy"}),
    "roles to assume": stack(**{"aws:assumeRoles": [{"roleArn": f"arn:aws:iam::{ACCOUNT}:role/deploy"}]}),
    "tags to ignore": stack(**{"aws:ignoreTags": {"keys": ["owner"], "keyPrefixes": ["kubernetes.io/"]}}),
}


def placed(tree: Tree, folder: Path, environment: Any = None) -> tuple[Path, Path]:
    """Its files in a folder, which is made: stack file and catalog. `environment`: of Pulumi ESC, which the stack file imports."""
    folder.mkdir(exist_ok=True)
    write(written(tree), folder)
    file = folder / f"Pulumi.{tree.stack}.yaml"
    if environment:
        file.write_text(f"environment: {environment}\n{file.read_text()}")
    return file, folder / "catalog"
