"""multipart/form-data, JSON Patch, ARNs: the small formats."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator import arns
from rehearsal.cloud.codeartifact import json_patch, multipart
from rehearsal.cloud.codeartifact.errors import ApiError


class TestMultipart:
    @given(st.binary(max_size=200), st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=30))
    def test_what_a_client_encodes_is_read_back(self, content: bytes, text: str) -> None:
        request = httpx.Request("POST", "http://x", data={"field": text}, files={"content": ("näme.whl", content)})
        parts = multipart.parse(request.headers["content-type"], request.read())
        assert [(part.name, part.filename) for part in parts] == [("field", None), ("content", "näme.whl")]
        assert (parts[0].text, parts[1].content) == (text, content)

    def test_content_may_look_like_a_boundary(self) -> None:
        body = b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx--B\r\ny\r\n--B--\r\n"
        (part,) = multipart.parse("multipart/form-data; boundary=B", body)
        assert part.content == b"x--B\r\ny"

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("application/json", b"{}"),
            ("multipart/form-data", b""),
            ("multipart/form-data; boundary=B", b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx"),
            ("multipart/form-data; boundary=B", b"--B\r\nX: y\r\n\r\nx\r\n--B--"),
            ("multipart/form-data; boundary=B", b"--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--"),
        ],
    )
    def test_what_is_no_form(self, content_type: str, body: bytes) -> None:
        with pytest.raises(ApiError, match=r"form|multipart"):
            multipart.parse(content_type, body)


class TestJsonPatch:
    @pytest.mark.parametrize(
        ("patch", "expected"),
        [
            ('[{"op": "add", "path": "/b", "value": 2}]', {"a": [1, 2], "b": 2}),
            ('[{"op": "add", "path": "/a/1", "value": 9}]', {"a": [1, 9, 2]}),
            ('[{"op": "add", "path": "/a/-", "value": 3}]', {"a": [1, 2, 3]}),
            ('[{"op": "replace", "path": "/a/0", "value": 5}]', {"a": [5, 2]}),
            ('[{"op": "remove", "path": "/a"}]', {}),
            ('[{"op": "test", "path": "/a/1", "value": 2}, {"op": "remove", "path": "/a/1"}]', {"a": [1]}),
            ('[{"op": "add", "path": "/x~1y", "value": 1}]', {"a": [1, 2], "x/y": 1}),
        ],
    )
    def test_operations(self, patch: str, expected: dict) -> None:
        document = {"a": [1, 2]}
        assert json_patch.apply(document, patch) == expected
        assert document == {"a": [1, 2]}

    @pytest.mark.parametrize(
        "patch",
        [
            "no json", "{}", '[{"op": "replace", "path": "/b", "value": 1}]', '[{"op": "remove", "path": "/a/2"}]',
            '[{"op": "add", "path": "/b"}]', '[{"op": "test", "path": "/a/0", "value": 2}]', '[{"op": "add", "path": "b", "value": 1}]',
            '[{"op": "move", "path": "/a", "from": "/b"}]',
            '[{"op": "add", "path": "/a/7", "value": 1}]',
        ],
    )  # fmt: skip
    def test_what_does_not_fit(self, patch: str) -> None:
        with pytest.raises(ApiError):
            json_patch.apply({"a": [1, 2]}, patch)


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
