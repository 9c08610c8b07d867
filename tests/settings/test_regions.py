"""The table of regions is botocore's, and the words name what is refused."""

import botocore.session
import pytest

from settings import regions

SESSION = botocore.session.get_session()


def test_the_table_is_botocores() -> None:
    assert list(regions.WITH_CODEARTIFACT) == sorted(SESSION.get_available_regions("codeartifact"))


def test_no_other_partition_has_codeartifact() -> None:
    """Otherwise ARNs and endpoints of another partition have to be looked at before its regions are accepted."""
    others = [one for one in SESSION.get_available_partitions() if one != "aws"]
    assert {"aws-cn", "aws-us-gov"} <= set(others)
    assert [one for one in others if SESSION.get_available_regions("codeartifact", partition_name=one)] == []


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_regions_of_other_partitions_are_refused_by_name(partition: str) -> None:
    name = {"aws-cn": "AWS China", "aws-us-gov": "AWS GovCloud (US)"}[partition]
    there = SESSION.get_available_regions("ec2", partition)
    assert there
    for region in there:
        assert str(regions.check(region)).endswith(f"; {name} has no CodeArtifact")
        assert name in str(regions.check_partition(region))


@pytest.mark.parametrize("region", SESSION.get_available_regions("ec2"))
def test_a_region_is_accepted_where_codeartifact_is(region: str) -> None:
    assert (regions.check(region) is None) == (region in regions.WITH_CODEARTIFACT)
    assert regions.check_partition(region) is None
