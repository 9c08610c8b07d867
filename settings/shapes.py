"""Keys, types and grammar of single values, for stack files and team files. What looks across keys or files is a rule elsewhere."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    WrapValidator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from plan.declared import (
    TRUST_MAX,
    TRUST_MAX_RAISED,
    AnnouncedPackages,
    DeveloperMode,
    Encryption,
    GithubScope,
    OidcProvider,
    Readers,
    ReadRole,
)
from policies.events import PIPELINES_MAX, STATES
from policies.github_tokens import Subjects
from policies.guards import GITHUB_ACTIONS_APP
from policies.names import PUBLIC_SOURCES
from policies.owned_names import Format
from settings import regions
from settings.problems import FINDINGS_MAX, MAPPING, NOTHING, Finding, Words, encodable, misread, one_of
from settings.yaml_files import Spellings

# Stands in a list for an entry that is wrong: the others keep their places, which problems name.
TAKEN_OUT = Words("")


def _refused(allowed: str, kind: Literal["not_text", "refused"] = "refused") -> PydanticCustomError:
    return PydanticCustomError(kind, "{allowed}", {"allowed": allowed})


@dataclass(frozen=True)
class _Grammar(WrapValidator):
    """A check that no JSON Schema can say, with what one can say of it. Editors read that (`python -m schemas`)."""

    said: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(core_schema), **self.said}


def pattern_schema(pattern: str, allowed: str) -> dict[str, Any]:
    """A grammar of Python as JSON Schema, whose patterns are ECMAScript's and not anchored, with the words of the refusal."""
    anchored = pattern.replace(r"\Z", "$")
    return {"pattern": f"^(?:{anchored})$", "patternErrorMessage": f"allowed: {allowed}"}


def _refuse(allowed: str) -> WrapValidator:
    """Whatever the type refuses is refused in these words."""

    def check(value: Any, handler: Any) -> Any:
        try:
            return handler(value)
        except ValidationError:
            raise _refused(allowed) from None

    return WrapValidator(check)


def _text(pattern: str, allowed: str, *, besides: str | None = None) -> WrapValidator:
    """Text that matches the whole pattern. With `besides`: and has nothing that can't be seen or sent, but these characters."""
    grammar = re.compile(pattern)

    def check(value: Any, handler: Any) -> Any:
        if value is TAKEN_OUT:
            return value
        try:
            text = handler(value)
        except ValidationError:
            quotes = "" if value is None or isinstance(value, list | dict | str) else " (put it in quotes)"
            raise _refused(allowed + quotes, "not_text") from None
        unseen = besides is not None and not all(one.isprintable() or one in besides for one in text)
        if unseen or not encodable(text) or not grammar.fullmatch(text):
            raise _refused(allowed)
        return text

    return _Grammar(check, said=pattern_schema(pattern, allowed))


def _checked(check: Callable[[str], str | None]) -> AfterValidator:
    """Text of which `check` says what is allowed instead, or nothing if it is good."""

    def checked(text: str) -> str:
        if text is not TAKEN_OUT and (allowed := check(text)):
            raise _refused(allowed)
        return text

    return AfterValidator(checked)


class _KeySaysAll(BeforeValidator):
    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [handler(core_schema), {"type": "null"}]}


# For what is known by its key alone: `name:` without a value is `name: {}`.
KEY_SAYS_ALL = _KeySaysAll(lambda value: {} if value is None else value)


def _not_actions(id: int) -> int:
    if id == GITHUB_ACTIONS_APP:
        raise ValueError
    return id


def _choice(words: Iterable[str]) -> WrapValidator:
    """One of these words, which the type behind it then takes."""
    listed = [str(word) for word in words]

    def check(value: Any, handler: Any) -> Any:
        if value is TAKEN_OUT:
            return value
        if not (isinstance(value, str) and value in listed):
            raise _refused(one_of(value, listed), "refused" if isinstance(value, str) else "not_text")
        return handler(value)

    return _Grammar(check, said={"enum": listed})


PUBLISHING_WORKFLOW_FILE = "publish-package.yml"
ANY_WORKFLOW = "any"
# https://docs.aws.amazon.com/codeartifact/latest/ug/limits.html: direct upstreams of a repository; a team's last one is always shared
TEAM_UPSTREAMS_MAX = 10 - 1
TOKEN_SECONDS_MIN, TOKEN_SECONDS_MAX = 900, 43_200
# https://docs.aws.amazon.com/singlesignon/latest/userguide/howtosessionduration.html: 1 to 12 hours
SESSION_SECONDS_MIN, SESSION_SECONDS_MAX = 3_600, 43_200
# https://docs.github.com/en/rest/repos/rules: required_approving_review_count
APPROVALS_MAX = 10
# https://docs.github.com/en/rest/deployments/environments: reviewers
REVIEWERS_MAX = 6
# https://docs.github.com/en/rest/deployments/environments#create-or-update-an-environment: wait_timer, 30 days
WAIT_MAX = 43_200

DOMAIN_NAME = "2 to 50 lower-case letters, digits and hyphens, the first a letter, the last no hyphen"
_TEAM_NAME = "2 to 100 letters, digits and . _ -, the first a letter or digit (a CodeArtifact repository is named so)"
GITHUB_OWNER = "a GitHub organisation: 1 to 39 letters, digits and single hyphens"
FOLDER = "a folder with one YAML file a team, relative to Pulumi.yaml"
_WORKFLOW = (
    "OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/heads/BRANCH (or @refs/tags/TAG, or @ a full commit id), each as "
    "GitHub and git take it, or any"
)

# https://docs.aws.amazon.com/codeartifact/latest/APIReference/API_CreateDomain.html and API_CreateRepository.html
DomainName = Annotated[str, _text(r"[a-z][a-z0-9\-]{0,48}[a-z0-9]", DOMAIN_NAME)]
TeamName = Annotated[str, _text(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,99}", _TEAM_NAME)]
AccountId = Annotated[str, _text(r"[0-9]{12}", "an account id of 12 digits")]
_REGION_PATTERN = r"[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}"
_REGIONS = WithJsonSchema({"type": "string", "enum": sorted(regions.WITH_CODEARTIFACT)})
Region = Annotated[str, _text(r"[\s\S]*", regions.ALLOWED), _checked(regions.check), _REGIONS]
# https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
OrganizationId = Annotated[str, _text(r"(o-[a-z0-9]{10,32})?", "an AWS organisation's id: o- and 10 to 32 lower-case letters and digits")]
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalorgpaths
_ORGANIZATION_PATH = "a path of an AWS organisation, such as o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/, with * at the end for what is below"
_ORGANIZATION_PATH_PATTERN = r"o-[a-z0-9]{10,32}/r-[a-z0-9]{4,32}/(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}/)*\*?"
OrganizationPath = Annotated[str, _text(_ORGANIZATION_PATH_PATTERN, _ORGANIZATION_PATH)]
# https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_Group.html
_GROUP = "the display name of a group in IAM Identity Center: text on one line"
GroupName = Annotated[str, _text(r"(?=.*\S).{1,1024}", _GROUP, besides="\u00a0\u3000")]
_OTHER_REGION = "an AWS region, such as eu-west-1"
OtherRegion = Annotated[str, _text(f"({_REGION_PATTERN})?", _OTHER_REGION), _checked(regions.check_partition)]
_ROLE_NAME = r"([A-Za-z0-9._+=,@-]+/)*[A-Za-z0-9._+=,@-]{1,64}"
_ROLE = "a role's name, after its path if it has one, such as build or service-role/build"
BuildRole = Annotated[str, _text(r"(?=.{1,512}\Z)(?!aws-)" + _ROLE_NAME, _ROLE)]
# Of marks alone a pattern says of nobody who is meant.
_SAYS_WHO = r"(?=.*[A-Za-z0-9])"
_ROLE_PATTERN = "a role's name with a letter or digit, after its path if it has one, with * at the end for all that begin so, such as ci-*"
PublisherRole = Annotated[str, _text(_SAYS_WHO + r"(?=.{1,512}\Z)([A-Za-z0-9._+=,@-]+/)*[A-Za-z0-9._+=,@-]{1,64}\*?", _ROLE_PATTERN)]
PUBLISHER = 'an account and a role, such as {account: "444455556666", role: ci-*}'
_ROLE_ARN = 'the ARN of a role, such as arn:aws:iam::222233334444:role/permission-sets, or ""'
RoleArn = Annotated[str, _text(r"(arn:aws[a-z-]*:iam::[0-9]{12}:role/" + _ROLE_NAME + ")?", _ROLE_ARN)]
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html, without the characters that are wildcards in a policy
_IAM_PATH = "/ or names between slashes, such as /package-flow/ (letters, digits and . _ + = , @ -; at most 512 characters; not /aws-...)"
IamPath = Annotated[str, _text(r"(?=.{1,512}\Z)(?!/aws-)/([A-Za-z0-9._+=,@-]+/)*", _IAM_PATH)]
_BOUNDARY = 'the ARN of a managed policy, such as arn:aws:iam::111122223333:policy/boundary, or ""'
_BOUNDARY_ARN = r"(arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/([A-Za-z0-9._+=,@-]+/)*[A-Za-z0-9._+=,@-]{1,128})?"
BoundaryArn = Annotated[str, _text(_BOUNDARY_ARN, _BOUNDARY)]
_OWNER_PATTERN = r"(?=.{1,39}\Z)[A-Za-z0-9]+(-[A-Za-z0-9]+)*"
GitHubOwner = Annotated[str, _text(_OWNER_PATTERN, GITHUB_OWNER)]
# What no token can have: names that GitHub has not (the repository `..`), and refs that git has not.
# https://git-scm.com/docs/git-check-ref-format
_WORKFLOW_OWNER = r"(?=[^/]{1,39}/)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_WORKFLOW_FILE = rf"{_WORKFLOW_OWNER}/(?!\.\.?/)(?![^/]*\.git/)[A-Za-z0-9._-]{{1,100}}/\.github/workflows/[A-Za-z0-9._-]+\.ya?ml"
_REF_PART = r"(?!\.)[A-Za-z0-9._-]+(?<!\.lock)"
_WORKFLOW_REF = rf"(?:refs/(?:heads|tags)/(?!-)(?!.*\.\.){_REF_PART}(?:/{_REF_PART})*(?<!\.)|[0-9a-f]{{40}})"
Workflow = Annotated[str, _text(rf"{ANY_WORKFLOW}|{_WORKFLOW_FILE}@{_WORKFLOW_REF}", _WORKFLOW)]
_REPOSITORY = "a GitHub repository without its owner: 1 to 100 letters, digits and . _ -"
RepositoryName = Annotated[str, _text(r"(?!\.\.?\Z)(?!.*\.git\Z)[A-Za-z0-9._-]{1,100}", _REPOSITORY)]
_FORMER = "the name that GitHub had for the repository before it was renamed, without its owner"
FormerName = Annotated[str, _text(r"((?!\.\.?\Z)(?!.*\.git\Z)[A-Za-z0-9._-]{1,100})?", _FORMER)]
TeamSlug = Annotated[str, _text(r"[a-z0-9_][a-z0-9_-]{0,254}", "a GitHub team's slug: lower-case letters, digits, hyphens and underscores")]
# With the character that joins emoji, which names of jobs have.
CheckName = Annotated[str, _text(r"(?=.*\S).{1,255}", "the name of a check: text on one line", besides="\u200d")]
# Stricter than GitHub: the name becomes part of a token's subject, where other characters are encoded.
_ENVIRONMENT = "the name of a GitHub environment: letters, digits and . _ -, but not . or .. (which addresses leave out)"
EnvironmentName = Annotated[str, _text(r"(?!\.\.?\Z)[A-Za-z0-9._-]{0,255}", _ENVIRONMENT)]
Folder = Annotated[str, _text(r".+", FOLDER, besides="\u00a0\u3000\u200d")]
# What is required of a registry stack is refused in a team stack, so the engine may not require it.
CatalogFolder = Annotated[str, _text(r".*", FOLDER, besides="\u00a0\u3000\u200d")]
# https://www.pulumi.com/docs/iac/concepts/stacks/#create-stack
STACK_NAME = "the name of a stack, without organisation and project: 1 to 100 letters, digits and . _ -"
STACK_NAME_PATTERN = r"[A-Za-z0-9._-]{1,100}"
StackName = Annotated[str, _text(f"({STACK_NAME_PATTERN})?", STACK_NAME)]
PlainText = Annotated[str, _text(r"[\s\S]*", "text")]
YesOrNo = Annotated[bool, _refuse("true or false, without quotes")]
_SECONDS = f"{TOKEN_SECONDS_MIN} to {TOKEN_SECONDS_MAX} (seconds)"
Seconds = Annotated[int, Field(ge=TOKEN_SECONDS_MIN, le=TOKEN_SECONDS_MAX), _refuse(_SECONDS)]
_SESSION = f"{SESSION_SECONDS_MIN} to {SESSION_SECONDS_MAX} (seconds)"
SessionSeconds = Annotated[int, Field(ge=SESSION_SECONDS_MIN, le=SESSION_SECONDS_MAX), _refuse(_SESSION)]
_TRUST_LENGTH = f"{TRUST_MAX} to {TRUST_MAX_RAISED} (characters), the quota that AWS grants your account"
TrustPolicyLength = Annotated[int, Field(ge=TRUST_MAX, le=TRUST_MAX_RAISED), _refuse(_TRUST_LENGTH)]
Approvals = Annotated[int, Field(ge=0, le=APPROVALS_MAX), _refuse(f"0 to {APPROVALS_MAX}, a number without quotes")]
_REPOSITORY_ID = "a number from 1, without quotes (gh api repos/OWNER/REPOSITORY --jq .id)"
RepositoryId = Annotated[int, Field(ge=1, lt=10**18), _refuse(_REPOSITORY_ID)]
_APP_ID = "a GitHub App's id, a number without quotes (its settings page says it), not that of GitHub Actions: every workflow has its token"
AppId = Annotated[int, Field(ge=1, lt=10**18), AfterValidator(_not_actions), _refuse(_APP_ID)]
PublicSource = Annotated[str, _choice(PUBLIC_SOURCES)]
_REPOSITORY_OF_DOMAIN = "a CodeArtifact repository: 2 to 100 letters, digits and . _ -, the first a letter or digit"
DomainRepository = Annotated[str, _text(r"[A-Za-z0-9][A-Za-z0-9._\-]{1,99}", _REPOSITORY_OF_DOMAIN)]
TeamsRepository = Annotated[str, _text(r"([A-Za-z0-9][A-Za-z0-9._\-]{1,99})?", _REPOSITORY_OF_DOMAIN)]
_LISTED_SOURCES = TypeAdapter(list[PublicSource], config=ConfigDict(strict=True))


def _named_sources(value: Any, handler: Any) -> Any:
    """Public sources by the names that their repositories have; of a list, each has its own."""
    if isinstance(value, list):
        return {one: one for one in _LISTED_SOURCES.validate_python(value)}
    if isinstance(value, dict):
        return handler(value)
    raise _refused("a list, such as [npmjs], or a mapping of each to its repository, such as {npmjs: npm-store}", "not_text")


@dataclass(frozen=True)
class _Or(_Grammar):
    """A short form beside the one that the type has."""

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [dict(self.said), handler(core_schema)]}


PublicSources = Annotated[dict[PublicSource, DomainRepository], _Or(_named_sources, said=_LISTED_SOURCES.json_schema())]
# Lax, because a strict enum takes its members alone and not their words.
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")
_ENCRYPTION = "customer, aws, or the ARN of a KMS key of this region (arn:aws:kms:REGION:ACCOUNT:key/ID)"


def _encrypted(value: Any, handler: Any) -> Any:
    words = [one.value for one in Encryption if one is not Encryption.KEY]
    if isinstance(value, str) and value in words:
        return Encryption(value)
    if isinstance(value, str) and _KEY_ARN.fullmatch(value):
        return value
    near = one_of(value, words) if isinstance(value, str) and not value.startswith("arn:") else ""
    raise _refused(f"{near}, or the ARN of a KMS key" if near else _ENCRYPTION, "refused" if isinstance(value, str) else "not_text")


_ENCRYPTION_SCHEMA = {"type": "string", **pattern_schema(f"customer|aws|{_KEY_ARN.pattern}", _ENCRYPTION)}
EncryptionWord = Annotated[Encryption | str, WrapValidator(_encrypted), WithJsonSchema(_ENCRYPTION_SCHEMA)]
OidcProviderWord = Annotated[OidcProvider, Field(strict=False), _choice(OidcProvider)]
ReadRoleWord = Annotated[ReadRole, Field(strict=False), _choice(ReadRole)]
GithubScopeWord = Annotated[GithubScope, Field(strict=False), _choice(GithubScope)]
SubjectsWord = Annotated[Subjects, Field(strict=False), _choice(Subjects)]
DeveloperModeWord = Annotated[DeveloperMode, Field(strict=False), _choice(DeveloperMode)]
ReadersWord = Annotated[Readers, Field(strict=False), _choice(Readers)]
# CodeArtifact has eight formats. Of these two nothing is owned or published here; their packages are installed as all others.
_READ_ONLY_FORMATS = {
    "swift": "its scopes have no grammar here, and no job publishes it",
    "ruby": "CodeArtifact has no documented names for its packages' policies, and no job publishes it",
}


def _format(value: Any, handler: Any) -> Any:
    if isinstance(value, str) and value in _READ_ONLY_FORMATS:
        why = _READ_ONLY_FORMATS[value]
        raise _refused(f"{one_of('', Format)}; {value} packages can be installed, not owned or published: {why}")
    return handler(value)


FormatWord = Annotated[Format, Field(strict=False), _choice(Format), WrapValidator(_format)]


# https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
_EMAIL = "a mail address, such as platform@acme.example"
EmailAddress = Annotated[str, _text(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", _EMAIL)]
_HTTPS = "an https:// address without user, password or white space, such as https://hooks.acme.example/packages"
HttpsEndpoint = Annotated[str, _text(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^\s@]*)?", _HTTPS)]
_QUEUE = "the ARN of a standard queue, such as arn:aws:sqs:eu-west-1:111122223333:package-versions (a FIFO queue takes no such messages)"
QueueArn = Annotated[str, _text(rf"arn:aws[a-z-]*:sqs:{_REGION_PATTERN}:[0-9]{{12}}:[A-Za-z0-9_-]{{1,80}}", _QUEUE)]
# https://docs.aws.amazon.com/chatbot/latest/APIReference/API_CreateSlackChannelConfiguration.html
_SLACK = "an id of letters and digits, such as T07EA123LEP of a workspace (capital letters) or C07EZ1ABC23 of a channel"
SlackWorkspace = Annotated[str, _text(r"[0-9A-Z]{0,255}", _SLACK)]
SlackChannel = Annotated[str, _text(r"[0-9A-Za-z]{0,255}", _SLACK)]
# https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineDeclaration.html
PipelineName = Annotated[str, _text(r"[A-Za-z0-9.@_-]{1,100}", "a pipeline of the stack's account: 1 to 100 letters, digits and . @ _ -")]
PackageState = Annotated[str, _choice(STATES)]
SandboxName = Annotated[str, _text(r"([a-z][a-z0-9\-]{0,48}[a-z0-9])?", DOMAIN_NAME)]
_ROLE_WITH_WILDCARD = (
    "a role's name with a letter or digit, after its path if it has one, with * for what may differ, such as engineers/* (not every role)"
)
RolePattern = Annotated[str, _text(_SAYS_WHO + r"(?=.{1,512}\Z)([A-Za-z0-9._+=,@*-]+/)*[A-Za-z0-9._+=,@*-]{1,64}", _ROLE_WITH_WILDCARD)]
AnnouncedPackagesWord = Annotated[AnnouncedPackages, Field(strict=False), _choice(AnnouncedPackages)]


class _CatalogShape(BaseModel):
    """Keys in snake_case. An empty default stands for a required key that is missing, which a rule reports."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _StackShape(BaseModel):
    """Keys in camelCase."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)


def _words(words: Iterable[str]) -> str:
    return ", ".join(f"`{one}`" for one in words)


def described(description: str, default: Any = ..., *, required: bool = False, shown: str = "", **field: Any) -> Any:
    """A key of a file, with what the reference and the editors' schemas say of it (`python -m schemas`).

    `description` is Markdown without a full stop at its end; its links start from the page that has the key's table. `required`: the empty
    default stands for a missing key, which a rule reports. `shown`: the default in words, where its value says too little.
    """
    return Field(default, description=description, json_schema_extra={"needed": required, "shown": shown}, **field)


class DomainShape(_StackShape):
    name: DomainName = described(
        "The domain's name: 2 to 50 lower-case letters, digits and hyphens. It starts with a letter and does not end with a hyphen",
        "",
        required=True,
    )
    encryption: EncryptionWord = described(
        "The KMS key that encrypts the domain: `customer` (a key that the stack creates and AWS rotates yearly), `aws` (the AWS managed "
        "key) or the ARN of an existing key ([what its policy needs](../adoption.md#the-key-of-a-domain)). [You can't change it "
        "later](../adr/0004-the-key-of-a-domain-is-for-ever.md)",
        Encryption.CUSTOMER,
    )
    protect: YesOrNo = described(
        "`true` protects the key, the domain and every repository from deletion. A stack named `prod` or `production` can't set `false`. "
        "Write it without quotes",
        True,
    )


class IamShape(_StackShape):
    path: IamPath = described(
        "The path of every role: `/`, or names between slashes. Together with the stack's name it must not match the bootstrap's roles or "
        "another stack's",
        "/package-flow/",
    )
    permissions_boundary: BoundaryArn = described(
        'The ARN of a managed policy, of the stack\'s account or of AWS, that bounds every role. `""` sets none', ""
    )
    deployers: list[BuildRole] = described(
        "Roles of this account that run `pulumi up`: names, each after its path if it has one. If you list any, no other role can create "
        "repositories in the domain",
        [],
    )
    trust_policy_length: TrustPolicyLength = described(
        f"The account's quota *Role trust policy length*: {TRUST_MAX} to {TRUST_MAX_RAISED} characters. Set it if AWS raised the quota; a "
        "read role then holds more repositories",
        TRUST_MAX,
    )


class PublishingShape(_StackShape):
    workflow: Workflow = described(
        "The only workflow that may publish: `OWNER/REPOSITORY/.github/workflows/FILE.yml@REF`. REF is `refs/heads/BRANCH`, "
        "`refs/tags/TAG` or a full commit id (no commit id for `publish-package.yml`, which runs actions from `main`). `any` pins no "
        "workflow. The default is `publish-package.yml` of the repository `package-flow` in `github:owner`, on `main`. Refused: a value "
        "that no token can have (the repository `..`, a ref that git rejects) and, by the "
        "[bootstrap](../deployments.md#what-starts-what), a ref of this repository that nothing guards",
        "",
        shown="this project's",
    )
    repository_id: RepositoryId = described(
        "The GitHub id of the workflow's repository. Set it if the stack's credential can't see that repository (it is private or "
        "internal, and the App is not installed on it); the [bootstrap](../deployments.md#what-starts-what), whose credential sees it, "
        "compares name and id. If the repository is visible, another one that took its name is refused",
        0,
    )


class SharingShape(_StackShape):
    organization_id: OrganizationId = described("The id of an AWS organisation: `o-` and 10 to 32 lower-case letters and digits", "")
    organization_paths: list[OrganizationPath] = described(
        "Parts of AWS organisations, such as `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`. `*` at the end includes everything below. Not "
        "together with `organizationId`",
        [],
    )
    accounts: list[AccountId] = described("Account ids in quotes, other than the stack's own", [])
    downstream: list[PlainText] = described(
        "Repositories that those accounts may use as upstreams of their own repositories: `shared`, and team repositories that are open "
        "to the organisation. Only if you share with somebody",
        [],
    )


class SlackShape(_StackShape):
    workspace: SlackWorkspace = described(
        "The id of the Slack workspace, which you authorise by hand once. Set it together with `channel`", ""
    )
    channel: SlackChannel = described("The id of a channel in that workspace", "")


class EventsShape(_StackShape):
    repositories: list[PlainText] = described(
        "The repositories to watch. `[]` means `shared` and the team repositories that are open to the organisation", []
    )
    packages: AnnouncedPackagesWord = described("`owned` (packages whose names a team owns) or `all`", AnnouncedPackages.OWNED)
    states: list[PackageState] = described(f"The states to report: {_words(STATES)}. At least one", ["Published"])
    email: list[EmailAddress] = described("Mail addresses", [])
    https: list[HttpsEndpoint] = described("`https://` addresses, without user and password", [])
    sqs: list[QueueArn] = described("ARNs of standard queues", [])
    slack: SlackShape = described("A Slack channel", SlackShape())
    pipelines: list[PipelineName] = described(
        f"CodePipeline pipelines of the stack's account, which each event starts; at most {PIPELINES_MAX}", []
    )


class SandboxShape(_StackShape):
    name: SandboxName = described("The second domain's name, in the form of `domain.name` but different from it", "", required=True)
    roles: list[RolePattern] = described(
        "Roles of this account that may use it besides developers: names, each after its path, with `*` as a wildcard. A pattern without "
        "a letter or digit (`*`, `**`, `*/*`) would match every role and is refused",
        [],
    )


class DevelopersShape(_StackShape):
    groups: list[GroupName] = described("Display names of groups in IAM Identity Center, at least one", [], required=True)
    mode: DeveloperModeWord = described(
        "`identityCenter` (the stack creates the permission set and its assignments) or `policy` (the stack outputs what the people who "
        "create them need)",
        DeveloperMode.IDENTITY_CENTER,
    )
    region: OtherRegion = described('The region of Identity Center. `""` means the stack\'s. Not with `mode: policy`', "")
    role_arn: RoleArn = described(
        'The ARN of a role in the account that administers Identity Center. `""` means the stack\'s own account. Not with `mode: policy`',
        "",
    )
    session_duration: SessionSeconds = described(
        f"How long a developer's session lasts: {SESSION_SECONDS_MIN} to {SESSION_SECONDS_MAX} seconds", 28_800
    )


class BuildsShape(_StackShape):
    roles: list[BuildRole] = described(
        "Roles of this account that your builds on AWS run with: names, each after its path if it has one. They get the read policy, "
        "which denies every write. Refused: the stack's own roles (below `iam.path`, named `STACK-...`), `iam.deployers` and the "
        "bootstrap's roles",
        [],
    )


class NamespacesShape(_StackShape):
    """By format, as `owns` of the catalog."""

    npm: list[PlainText] = described("`@scope/*`, `@prefix-*/*` (every scope that starts so), `@scope/name`, `prefix-*`, `name`", [])
    pypi: list[PlainText] = described("`prefix-*`, `name`, normalised as in PEP 503", [])
    maven: list[PlainText] = described("`group` (that group alone), `group.*` (every group below it)", [])
    cargo: list[PlainText] = described("`prefix-*`, `prefix_*`, `name`, as in the crate's manifest", [])
    nuget: list[PlainText] = described("`prefix.*`, `prefix-*`, `name`, in lower case", [])
    generic: list[PlainText] = described(
        "`namespace/*`, `prefix-*/*` (every namespace that starts so), `namespace/name`, `namespace/prefix-*`", []
    )

    def of(self, format: Format) -> list[str]:
        return getattr(self, format)


class StackShape(_StackShape):
    """The project's keys of a stack file. Their defaults are in Pulumi.yaml and nowhere else; rules say which must be given."""

    domain: DomainShape = described("The CodeArtifact domain", required=True)
    catalog: CatalogFolder = described("The folder of the catalog, with one YAML file per team, relative to `Pulumi.yaml`", required=True)
    public_sources: PublicSources = described(
        "The [public registries](#public-sources) that `shared` reads, in order of priority. As an object, it also names the repository "
        "of each: `{npmjs: npm-store}`"
    )
    shared: DomainRepository = described(
        "The name of the shared repository. Change it only if the domain already has one under another name. No other repository may have "
        "it"
    )
    adopted: Folder = described(
        "The folder, relative to `Pulumi.yaml`, of the records of what each stack [adopted](../adoption.md), `STACK.json`"
    )
    token_duration: Seconds = described(
        f"The longest lifetime of a token that a role may request: {TOKEN_SECONDS_MIN} to {TOKEN_SECONDS_MAX} seconds"
    )
    github_oidc_provider: OidcProviderWord = described(
        "`create` GitHub's OIDC provider, or use the account's `existing` one. An account can have only one"
    )
    read_role: ReadRoleWord = described(
        "Whose builds may read: `organization` (every repository of the GitHub organisation; a repository whose tokens still have "
        "name-only subjects only if the catalog names it) or `catalog` (the catalog's repositories)"
    )
    github_scope: GithubScopeWord = described(
        "Where rulesets and Actions variables are: in each `repository`, or in the `organization` for what repositories have in common "
        "([what it means](#githubscope))"
    )
    subjects: SubjectsWord = described(
        "Which forms of a GitHub token's subject are trusted: `both`, or `immutable` alone ([ADR "
        "3](../adr/0003-trust-by-id-in-both-subject-forms.md))"
    )
    iam: IamShape = described("The stack's IAM roles")
    publishing: PublishingShape = described("The workflow that may publish")
    sharing: SharingShape = described("Readers outside the account. By default there are none")
    developers: DevelopersShape = described("Developers who sign in through IAM Identity Center. By default they have no access")
    builds: BuildsShape = described("Builds that run on AWS")
    events: EventsShape = described("Notifications of new package versions. By default there are none")
    sandbox: SandboxShape = described(
        "A second domain, in which developers create repositories and publish. Needs `sandbox.roles` or `developers`. Set `iam.deployers` "
        "too: otherwise [only the last deployer's role](../sandbox.md#the-main-domain) creates repositories in the main domain"
    )
    namespaces: NamespacesShape = described(
        "[What teams may own at all](#namespaces). Required for each format of which a team owns a name"
    )
    registry_stack: StackName = described(
        "In the file of a [team stack](#team-stacks): the name of its registry stack, which has the domain. All other keys are read from "
        "that stack's file"
    )


class ProviderShape(BaseModel):
    """The keys of the providers that this program reads too."""

    model_config = ConfigDict(strict=True, frozen=True)

    region: Region = described(
        f"The domain's region: {_words(sorted(regions.WITH_CODEARTIFACT))}. AWS GovCloud (US) and AWS China have no CodeArtifact",
        "",
        required=True,
        alias="aws:region",
    )
    allowed_account_ids: list[AccountId] = described(
        "The stack's account: 12 digits, in quotes. Set it: the AWS provider then refuses to work in any other account",
        [],
        alias="aws:allowedAccountIds",
    )
    github_owner: GitHubOwner = described("Your GitHub organisation, spelled as GitHub spells it", "", required=True, alias="github:owner")


class PromotesShape(_CatalogShape):
    reviewers: list[TeamSlug] = described(
        f"Slugs of 1 to {REVIEWERS_MAX} GitHub teams. A member of one of them approves each promotion", [], required=True
    )


Minutes = Annotated[int, Field(ge=0, le=WAIT_MAX), _refuse(f"0 to {WAIT_MAX} (minutes), a number without quotes")]
_ENVIRONMENT_NAME = TypeAdapter(EnvironmentName, config=ConfigDict(strict=True))


class EnvironmentShape(_CatalogShape):
    """The environment of the publish job: its name or, where it protects more, a mapping."""

    name: EnvironmentName = described("The environment's name, as above", "", required=True)
    wait_timer: Minutes = described(f"How long a publish job waits: 0 to {WAIT_MAX} minutes", 0)
    reviewers: list[TeamSlug] = described(
        f"Slugs of at most {REVIEWERS_MAX} GitHub teams. A member of one of them approves each publish job. Needs a GitHub plan with "
        "required reviewers",
        [],
    )
    prevent_self_review: YesOrNo = described("`true`: whoever started the job can't approve it. Only with `reviewers`", False)

    @property
    def said(self) -> Any:
        """What the file says, for a message; nothing where it says nothing."""
        return self.model_dump(exclude_unset=True) if self.model_fields_set - {"name"} else self.name


def _environment(value: Any, handler: Any) -> Any:
    if isinstance(value, dict | EnvironmentShape):
        return handler(value)
    return EnvironmentShape.model_construct({"name"}, name=_ENVIRONMENT_NAME.validate_python(value))


class RepositoryShape(_CatalogShape):
    publishes: list[FormatWord] = described(
        f"The formats that the repository publishes: {_words(Format)}. The team owns names of each. An empty list: the repository only "
        "installs",
        [],
    )
    release_branches: list[PlainText] = described(
        "The branches that publish, such as `main` or `release/*`: each a branch, or a branch and `/*` at the end (one level). A "
        "repository that publishes needs at least one branch or release tag. A pattern needs `release_managers`",
        [],
    )
    required_checks: list[CheckName] = described(
        "Names of checks that GitHub Actions reports and that must pass before a merge. A check that never ran blocks merging", []
    )
    approvals: Approvals = described(f"The approvals that a pull request needs: 1 to {APPROVALS_MAX} on a repository that publishes", 1)
    environment: Annotated[EnvironmentShape, _Or(_environment, said=_ENVIRONMENT_NAME.json_schema())] = described(
        "The GitHub environment of the publish job: its name, or an object with its rules. The name has letters, digits and `. _ -`, and "
        "is not `.` or `..`. In upper or lower case, `promote` (promotions run in it) and `private-dependencies` (the publishing workflow "
        "fetches private dependencies in it) are taken",
        EnvironmentShape(),
    )
    promotes: PromotesShape = described("Promotion of this repository's packages to `shared`. By default there is none", PromotesShape())
    accepted_branches: list[PlainText] = described(
        "Existing branches that `release_branches` newly covers and that may publish as they are ([adding a release "
        "branch](../operations.md#adding-a-release-branch)). No patterns",
        [],
    )
    renamed_from: FormerName = described(
        "The repository's previous name in this stack, after you [renamed it on GitHub](../operations.md#renaming-a-repository). Not the "
        "name of another repository, and not the same name in another case. Remove the key after `pulumi up`",
        "",
    )
    release_tags: list[PlainText] = described(
        "The tags that publish: each a tag, or the start of one and `*` at the end, which stops at a slash. Examples: `v*`, `ui-v*`, "
        "`@acme/ui@*`. Needs `release_managers` or `release_apps`, and a `publishing.workflow` other than `any`",
        [],
    )
    dependabot: YesOrNo = described(
        "`true` creates a role with which [Dependabot](../installing.md#dependabot) reads packages for this repository alone", False
    )
    subjects: SubjectsWord | None = described(
        "`both` or `immutable`, for this repository alone. For `immutable`, opt the repository in on GitHub first: its `sub` then changes "
        "for *every* cloud that trusts it",
        None,
        shown="as the stack",
    )


class PublisherShape(_CatalogShape):
    """Roles of another account that may publish to a team's repository."""

    account: AccountId = described("The account's id in quotes, not the stack's own", "", required=True)
    role: PublisherRole = described(
        "The role's name, after its path if it has one. `*` at the end matches every role that starts so. It has a letter or digit",
        "",
        required=True,
    )


class TeamShape(_CatalogShape):
    """One file of the catalog."""

    team: TeamName = described(
        "The team's name, which is the file's name without `.yaml` and, unless you set `repository`, the name of its CodeArtifact "
        "repository: 2 to 100 letters, digits and `. _ -`. `shared` and the names of public sources are taken",
        "",
        required=True,
    )
    repository: TeamsRepository = described(
        "The name of the team's CodeArtifact repository, if it already exists under a name other than the team's. No other repository may "
        "have it",
        "",
    )
    readers: ReadersWord = described(
        "Who reads the team's repository: `organization`, or `team` (only the builds of the team's repositories, each with its own read "
        "role)",
        Readers.ORGANIZATION,
    )
    upstreams: list[PlainText] = described(
        f"Other teams of the catalog whose packages this team installs, in order of priority; at most {TEAM_UPSTREAMS_MAX}, without a "
        "cycle. `shared` always comes last by itself. Refused: a team that owns nothing, a team with `readers: team`, and any upstream "
        "for a team with `readers: team`",
        [],
    )
    owns: dict[FormatWord, list[PlainText]] = described(
        f"The package names that only this team may publish, by format: {_words(Format)} ([grammar](#owned-names)). They lie inside the "
        "stack's [namespaces](stack-file.md#namespaces)",
        {},
    )
    release_managers: list[TeamSlug] = described("Slugs of GitHub teams whose members may create release branches and release tags", [])
    release_apps: list[AppId] = described(
        "Ids of GitHub Apps, such as a release bot's, that may also create release tags. They create no release branches and bypass "
        f"nothing else. Not GitHub Actions ({GITHUB_ACTIONS_APP})",
        [],
    )
    developer_groups: list[GroupName] = described(
        "With `readers: team`: groups of IAM Identity Center that also read the team's repository. Needs `developers` in the stack file", []
    )
    build_roles: list[BuildRole] = described(
        "With `readers: team`: roles among the stack's `builds.roles` that also read the team's repository", []
    )
    publishers: list[PublisherShape] = described(
        "Roles of other accounts that publish the team's names to its repository. The stack [shares](../sharing.md) with their account", []
    )
    stack: StackName = described(
        "The [team stack](stack-file.md#team-stacks) that registers what the team gets. By default, the registry stack, which names this "
        "catalog. A team of the registry stack has no upstreams in team stacks, and no two stacks wait for each other",
        "",
    )
    repositories: dict[RepositoryName, Annotated[RepositoryShape, KEY_SAYS_ALL]] = described(
        "The team's GitHub repositories, by name without the owner. Each belongs to one team and one stack. `{}`, or no value at all, "
        "means that the repository only installs",
        {},
    )


# Keys that later versions will read. Refused until then: a key without effect would promise something.
NOT_YET = frozenset({"organizationVariables"})


def keys_of(shape: type[BaseModel]) -> list[str]:
    """The keys of a shape, as files spell them."""
    return [one.alias or name for name, one in shape.model_fields.items()]


def _shape_at(annotation: Any, path: Sequence[Any]) -> type[BaseModel] | None:
    """The shape that stands at `path` inside `annotation`, or None."""
    if get_origin(annotation) is Annotated:
        return _shape_at(get_args(annotation)[0], path)
    if get_origin(annotation) in (dict, list):
        return _shape_at(get_args(annotation)[-1], path[1:]) if path else None
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return None
    fields = {one.alias or name: one.annotation for name, one in annotation.model_fields.items()}
    return _shape_at(fields.get(path[0]), path[1:]) if path else annotation


_STRUCTURE = {
    "list_type": "a list, such as [one, two]",
    "dict_type": MAPPING,
    "model_type": MAPPING,
    "model_attributes_type": MAPPING,
    "invalid_key": "text as a key (in quotes)",
    "missing": "a value, here or as the default in Pulumi.yaml",
}


def _place(error: ErrorDetails) -> tuple[Any, ...]:
    """Where the value is that has to be taken out; what is wrong with a key is reported at its value's place."""
    path = tuple(error["loc"])
    return path[:-1] if path and path[-1] == "[key]" else path


def _finding(error: ErrorDetails, shape: type[BaseModel], spellings: Spellings) -> Finding:
    path, value = _place(error), error["input"]
    if path != tuple(error["loc"]):
        return Finding(path, misread(value) or value, error["msg"])
    if error["type"] == "extra_forbidden":
        key, parent = str(path[-1]), _shape_at(shape, path[:-1])
        known = keys_of(parent) if parent else []
        return Finding(path, Words("an unknown key"), "leave it out, it is not available yet" if key in NOT_YET else one_of(key, known))
    allowed = _STRUCTURE.get(error["type"], error["msg"])
    if error["type"] == "missing":
        return Finding(path, NOTHING, allowed)
    # A number is no misreading where a number is expected.
    number = error["type"] == "refused" and isinstance(value, int | float) and not isinstance(value, bool)
    return Finding(path, value if number else misread(value, spellings.get(path)) or value, allowed)


def _without(data: Any, paths: Sequence[tuple[Any, ...]]) -> Any:
    """`data` without what stands at these paths; in lists TAKEN_OUT stands there."""
    gone = {path[0] for path in paths if len(path) == 1}
    deeper: dict[Any, list[tuple[Any, ...]]] = {}
    for path in paths:
        if len(path) > 1:
            deeper.setdefault(path[0], []).append(path[1:])
    if isinstance(data, dict):
        return {key: _without(value, deeper.get(key, [])) for key, value in data.items() if key not in gone}
    if isinstance(data, list):
        return [TAKEN_OUT if index in gone else _without(value, deeper.get(index, [])) for index, value in enumerate(data)]
    return data


Shape = TypeVar("Shape", bound=BaseModel)


def fit(shape: type[Shape], data: dict[Any, Any], spellings: Spellings, defaults: Mapping[str, Any]) -> tuple[Shape | None, list[Finding]]:
    """`data` in its shape and what is wrong with it.

    What is wrong is taken out (or set to its default), so that the rules still look at the rest and one error holds every problem. None if
    nothing is left.
    """
    try:
        return shape.model_validate(data), []
    except ValidationError as error:
        every = error.errors(include_url=False)
    # The first ones are reported; what is wrong in the others is taken out all the same.
    findings = [_finding(one, shape, spellings) for one in every[:FINDINGS_MAX]]
    taken_out = [_place(one) for one in every]
    try:
        return shape.model_validate({**defaults, **_without(data, taken_out)}), findings
    except ValidationError:
        return None, findings


_REPEATED = 100


def repeated(data: Any, path: tuple[Any, ...] = ()) -> Iterator[Finding]:
    """Every list of the configuration names things, so each of its entries stands in it once."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from repeated(value, (*path, key))
    if isinstance(data, list):
        for text, count in Counter(one for one in data if isinstance(one, str)).items():
            if count > 1:
                yield Finding(path, Words(f"{text[:_REPEATED]!r} {count} times"), "each entry once")
