"""How a stack is deployed: names of what an administrator creates once an account, and the boundary of every role that the program creates.

What deploys is never created by what is deployed: these roles, the boundary and the keys' secrets belong to the program in `bootstrap/`,
under an IAM path of their own, which no deployer's rights reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from policies.actions import COPY, PACKAGE_READ, PUBLISH, REPOSITORY_READ, SEE_OWNER, SERVICE_NAME
from policies.arns import Registry
from policies.document import Statement, statement
from policies.events import Names

BOOTSTRAP_PATH = "/package-flow-bootstrap/"
# Secrets Manager puts a hyphen and six characters behind a secret's name in its ARN.
# https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html#auth-and-access_examples_wildcards
_SECRET_SUFFIX = "-??????"


class Access(StrEnum):
    """With which rights a run of the program comes: reading for a preview, writing for everything else."""

    PREVIEW = "preview"
    DEPLOY = "deploy"


def role_name(stack: str, access: Access) -> str:
    """STACK-preview or STACK-deployer."""
    return f"{stack}-{'deployer' if access is Access.DEPLOY else access}"


@dataclass(frozen=True)
class Deployed:
    """One deployed stack: where its domain is, and its name. All names and ARNs are known before anything is created."""

    registry: Registry
    stack: str

    @property
    def boundary_name(self) -> str:
        return f"{self.stack}-boundary"

    @property
    def boundary_arn(self) -> str:
        """The policy that bounds every role of the stack; the stack file names it as `iam.permissionsBoundary`."""
        one = self.registry
        return f"arn:{one.partition}:iam::{one.account}:policy{BOOTSTRAP_PATH}{self.boundary_name}"

    def role_name(self, access: Access) -> str:
        return role_name(self.stack, access)

    def role_arn(self, access: Access) -> str:
        return self.registry.role_arn(BOOTSTRAP_PATH, self.role_name(access))

    def app_secret_name(self, access: Access) -> str:
        """The secret that holds the key of the GitHub App with these rights."""
        return f"package-flow/{self.stack}/github-app-{access}"

    def app_secret_arn(self, access: Access) -> str:
        """Its ARN, up to the six characters that AWS chooses."""
        one = self.registry
        name = self.app_secret_name(access)
        return f"arn:{one.partition}:secretsmanager:{one.region}:{one.account}:secret:{name}{_SECRET_SUFFIX}"


def boundary(names: Names, pipelines: Sequence[str] = ()) -> list[Statement]:
    """The most that any role of a stack can ever do, whatever its own policies say: use packages of the domain, and tell of them.

    `names` are those of the stack's events, `pipelines` the pipelines that they start.
    """
    registry = names.registry
    everywhere = [registry.repository_arn("*"), registry.package_arn("*")]
    keys = f"arn:{registry.partition}:kms:{registry.region}:{registry.account}:key/*"
    starting = [names.pipeline_arn(one) for one in pipelines]
    return [
        statement("Token", "codeartifact:GetAuthorizationToken", registry.domain_arn),
        statement("TokenService", "sts:GetServiceBearerToken", "*", conditions={"StringEquals": {"sts:AWSServiceName": SERVICE_NAME}}),
        statement("SeeOwner", SEE_OWNER, f"{registry.domain_arn.replace(':domain/', ':package-group/')}/*"),
        statement("Packages", (*REPOSITORY_READ, *PACKAGE_READ, *PUBLISH, COPY), everywhere),
        statement("Tell", "sns:Publish", names.topic_arn),
        # The id of the topic's key is not known here. Each key's own policy has to let the role in as well.
        statement("TellEncrypted", ("kms:Decrypt", "kms:GenerateDataKey*"), keys),
        *([statement("StartPipelines", "codepipeline:StartPipelineExecution", starting)] if starting else []),
    ]


def app_key(stack: Deployed, access: Access) -> list[Statement]:
    """Identity policy: read the key of one GitHub App."""
    return [statement("GitHubAppKey", "secretsmanager:GetSecretValue", stack.app_secret_arn(access))]


def app_secret(stack: Deployed, access: Access) -> list[Statement]:
    """Resource policy of the secret: nobody but the one role reads it, an administrator of the account neither.

    Whoever puts the key there needs no right to read it. `*` is the secret that the policy is attached to.
    """
    others = {"ArnNotEquals": {"aws:PrincipalArn": stack.role_arn(access)}}
    readers = ("secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue")
    return [statement("OnlyTheRoleReads", readers, "*", effect="Deny", principal="*", conditions=others)]


# Of a self-managed backend: checkpoints, what becomes of them, locks. pulumi/pulumi, pkg/backend/diy (store.go, lock.go)
STATE_FOLDERS = ("stacks", "history", "backups", "locks/organization")


def state_files(bucket: str, stack: Deployed, project: str) -> list[str]:
    """ARN patterns of what a stack has in a self-managed backend, however its checkpoint is stored (`.json`, `.json.gz`, `.json.bak`)."""
    folder, own = f"arn:{stack.registry.partition}:s3:::{bucket}/.pulumi", f"{project}/{stack.stack}"
    kept = [f"{folder}/stacks/{own}.json{ending}" for ending in ("", ".*")]
    return [*kept, *(f"{folder}/{kind}/{own}/*" for kind in STATE_FOLDERS[1:])]


def state(bucket: str, key: str, stack: Deployed, project: str, access: Access, referred: Sequence[str] = ()) -> list[Statement]:
    """Rights to a self-managed backend: an S3 bucket, and the KMS key (ARN) that encrypts the stack's secrets.

    `referred` are stacks whose outputs it reads (StackReference), from their checkpoints. A preview takes no lock and writes no checkpoint.
    Whoever creates the stack (`pulumi stack init`) needs more, once.
    Paths: pulumi/pulumi, pkg/backend/diy (store.go, lock.go). https://www.pulumi.com/docs/iac/concepts/state-and-backends/#aws-s3
    """
    root = f"arn:{stack.registry.partition}:s3:::{bucket}"
    folder, own = f"{root}/.pulumi", f"{project}/{stack.stack}"
    kept = [f"{folder}/stacks/{own}.json*", *(f"{folder}/{kind}/{own}/*" for kind in ("history", "backups"))]
    locks = f"{folder}/locks/organization/{own}/*"
    # Compressed or not. A name is not followed by `*`: it would be every stack whose name begins so.
    checkpoints = [f"{folder}/stacks/{project}/{one}.json{ending}" for one in referred for ending in ("", ".gz")]
    writing = [statement("WriteState", ("s3:DeleteObject", "s3:PutObject"), [*kept, locks])] if access is Access.DEPLOY else []
    return [
        statement("StateBucket", "s3:ListBucket", root),
        statement("ReadState", "s3:GetObject", [f"{folder}/meta.yaml", *kept, locks]),
        *([statement("ReadOutputs", "s3:GetObject", checkpoints)] if checkpoints else []),
        statement("StateKey", "kms:Decrypt", key),
        *writing,
    ]
