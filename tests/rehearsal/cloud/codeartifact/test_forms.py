"""Forms, patches and ARNs: the small formats."""

import asyncio

import httpx
import pytest
from starlette.datastructures import FormData, UploadFile

from evaluator import arns
from rehearsal.cloud.codeartifact.asgi import Request
from rehearsal.cloud.codeartifact.errors import ApiError
from rehearsal.cloud.codeartifact.pypi import form


def read(content_type: str, body: bytes) -> FormData:
    return asyncio.run(form(Request("POST", "/", "/", {}, {"content-type": content_type}, body)))


class TestForms:
    def test_what_a_client_encodes_is_read_back(self) -> None:
        long = "x" * 2_000_000
        request = httpx.Request("POST", "http://x", data={"description": long}, files={"content": ("näme.whl", b"\r\n--\0")})
        fields = read(request.headers["content-type"], request.read())
        content = fields["content"]
        assert fields["description"] == long
        assert isinstance(content, UploadFile)
        assert (content.filename, content.file.read()) == ("näme.whl", b"\r\n--\0")

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("application/json", b"{}"),
            ("multipart/form-data", b""),
            ("multipart/form-data; boundary=B", b"--B\r\nX: y\r\n\r\nx\r\n--B--"),
            ("multipart/form-data; boundary=B", b"no form"),
        ],
    )
    def test_what_is_no_form(self, content_type: str, body: bytes) -> None:
        with pytest.raises(ApiError, match=r"form"):
            read(content_type, body)


class TestArns:
    @pytest.mark.parametrize(
        ("pattern", "ending"),
        [("/*", "/%2a"), ("/npm/*", "/npm/%2a"), ("/nuget//alpha$", "/nuget//alpha%24"), ("/npm//a%b~", "/npm//a%25b~")],
    )
    def test_package_groups_are_encoded(self, pattern: str, ending: str) -> None:
        arn = arns.Arns("eu-west-1").package_group("111122223333", "acme", pattern)
        assert arn == f"arn:aws:codeartifact:eu-west-1:111122223333:package-group/acme{ending}"
        parsed = arns.parse(arn)
        assert parsed is not None
        assert (parsed.kind, parsed.domain, parsed.name) == ("package-group", "acme", pattern)

    @pytest.mark.parametrize(("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
    def test_the_partition_is_the_regions(self, region: str, partition: str) -> None:
        assert arns.Arns(region).domain("111122223333", "acme") == f"arn:{partition}:codeartifact:{region}:111122223333:domain/acme"

    @pytest.mark.parametrize("text", ["", "arn:aws:s3:::x", "arn:aws:codeartifact:eu-west-1:111122223333:package/acme/x/npm//y"])
    def test_other_arns(self, text: str) -> None:
        assert arns.parse(text) is None
