"""AWS regions in which there is CodeArtifact, so that another one is refused here and not by a failed look-up.

A test holds the table against botocore, which the program itself does not need.
https://docs.aws.amazon.com/general/latest/gr/codeartifact.html
"""

WITH_CODEARTIFACT = (
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-north-1",
    "eu-south-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "us-east-1",
    "us-east-2",
    "us-west-2",
)
ALLOWED = f"an AWS region with CodeArtifact: {', '.join(WITH_CODEARTIFACT)}"

# Partitions of their own, by how the names of their regions begin.
_PARTITIONS = {"us-gov-": "AWS GovCloud (US)", "cn-": "AWS China"}


def _partition(region: str) -> str | None:
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), None)


def check(region: str) -> str | None:
    """What is allowed instead of a stack's region, or None if it is a good one."""
    if region in WITH_CODEARTIFACT:
        return None
    partition = _partition(region)
    return f"{ALLOWED}; {partition} has no CodeArtifact" if partition else ALLOWED


def check_partition(region: str) -> str | None:
    """What is allowed instead of a region in which a stack uses another service, or None if the stack can reach it."""
    partition = _partition(region)
    return f"a region of the stack's partition, such as eu-west-1: {partition} is a partition of its own" if partition else None
