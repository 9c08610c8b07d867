"""checkout-builds: another project's stack, which reads the registry's outputs.

It creates a role for AWS CodeBuild that installs what the application's team installs, and nothing more, and tells people where to log in.
Every output is required: one that is missing stops the program before AWS is asked for anything.
"""

import json

import pulumi
import pulumi_aws as aws

# The version of the contract that this program was written for.
SCHEMA_VERSION = 1
# Seconds. A token must not outlive the build by much; a build requests one with --duration-seconds.
TOKEN_SECONDS = 3600

config = pulumi.Config()
registry = pulumi.StackReference(config.require("registry"))


def known(version: float) -> int:
    """The version (numbers of other stacks come as floats), if this program knows it."""
    if version != SCHEMA_VERSION:
        raise pulumi.RunError(f"the registry's outputs have schemaVersion {version:g}, this program reads {SCHEMA_VERSION}")
    return int(version)


def policy(outputs: list) -> str:
    """A capped token of the domain, and reading from one repository: what is upstream of it comes through it."""
    domain, repository = outputs
    statements = [
        {"Effect": "Allow", "Action": "codeartifact:GetAuthorizationToken", "Resource": domain["arn"]},
        {
            "Effect": "Allow",
            "Action": "sts:GetServiceBearerToken",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"},
                "NumericLessThanEquals": {"sts:DurationSeconds": str(TOKEN_SECONDS)},
            },
        },
        {
            "Effect": "Allow",
            "Action": ["codeartifact:GetRepositoryEndpoint", "codeartifact:ReadFromRepository"],
            "Resource": repository["arn"],
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def login(outputs: list) -> str:
    """The command with which npm is logged in."""
    domain, repository = outputs
    where = f"--domain {domain['name']} --domain-owner {domain['owner']} --region {domain['region']} --repository {repository}"
    return f"aws codeartifact login --tool npm {where} --duration-seconds {TOKEN_SECONDS}"


version = registry.require_output("schemaVersion").apply(known)
domain = registry.require_output("domain")
consumer = registry.require_output("consumers")[config.require("repository")]
repository = pulumi.Output.all(registry.require_output("repositories"), consumer["repository"]).apply(lambda both: both[0][both[1]])

trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "codebuild.amazonaws.com"}}
role = aws.iam.Role(
    "builds",
    name="checkout-builds",
    path="/applications/",
    description="Builds of checkout install packages",
    # Waits for the version: nothing is created for a contract that this program does not know.
    assume_role_policy=version.apply(lambda _: json.dumps({"Version": "2012-10-17", "Statement": [trust]})),
)
aws.iam.RolePolicy("builds", name="packages", role=role.name, policy=pulumi.Output.all(domain, repository).apply(policy))

pulumi.export("buildRoleArn", role.arn)
pulumi.export("npmRegistry", repository["endpoints"]["npm"])
pulumi.export("login", pulumi.Output.all(domain, consumer["repository"]).apply(login))
# GitHub builds of the repository assume this one. With `readers: team` it is the repository's own, otherwise everybody's.
pulumi.export("githubBuildRoleArn", consumer["readRole"])
own = pulumi.Output.all(consumer["readRole"], registry.require_output("roles")["read"]).apply(lambda both: both[0] != both[1])
pulumi.export("ownReadRole", own)
