"""The key of the domain."""

from policies.actions import SERVICE_NAME
from policies.arns import Registry
from policies.document import Statement, statement


def domain_key_policy(registry: Registry) -> list[Statement]:
    """The KMS key of the domain: managed by the account's IAM, used through CodeArtifact by principals of the account.

    https://docs.aws.amazon.com/codeartifact/latest/ug/domain-create.html#create-domain-kms-key-policy-example
    """
    account = {"AWS": registry.account_root_arn}
    service = SERVICE_NAME.replace("codeartifact", f"codeartifact.{registry.region}")
    return [
        statement("AccountAdministers", "kms:*", "*", principal=account),
        statement(
            "UsedThroughCodeArtifact",
            ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"),
            "*",
            principal=account,
            conditions={"StringEquals": {"kms:CallerAccount": registry.account, "kms:ViaService": service}},
        ),
    ]
