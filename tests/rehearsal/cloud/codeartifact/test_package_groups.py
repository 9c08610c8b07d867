"""Package group patterns as pure functions, and the groups' operations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator import package_groups as rules
from evaluator.package_groups import Coordinates, PackageGroup, root_group
from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, PREFIX, Scene, refused
from tests.rehearsal.cloud.in_process import allow

PATTERNS = [
    "/*", "/npm/*", "/npm/acme/*", "/npm/acme~", "/npm/acme/client~", "/npm/acme/client$", "/npm//acme-*", "/npm//*", "/pypi//acme-*",
    "/pypi//acme$", "/maven/com.acme~", "/maven/com.acme/*", "/maven/com.acme.payments/*", "/maven/com.acme/ledger$", "/generic/ns/tool$",
]  # fmt: skip


class TestSyntax:
    @pytest.mark.parametrize("text", PATTERNS)
    def test_patterns(self, text: str) -> None:
        assert rules.parse(text).text == text

    @pytest.mark.parametrize(
        "text",
        [
            "/npm//acme-~", "/npm//acme*", "/maven/com.acme.~", "/maven/com.acme*",
            "npm/*", "/", "/*/", "/npm", "/npm/", "/npm/acme", "/npm/acme/client", "/npm/~", "/npm/acme/$", "/python//acme$", "/npm/a*/b$",
            "/npm/acme/cl$ient$", "/pypi/acme/x$", "/pypi/acme~", "/pypi//Acme~", "/pypi//acme_x$", "/maven//ledger$", "//x$",
            "/npm/a/b/c$",
        ],
    )  # fmt: skip
    def test_what_is_no_pattern(self, text: str) -> None:
        with pytest.raises(rules.InvalidPatternError, match="pattern"):
            rules.parse(text)


class TestMatching:
    @pytest.mark.parametrize(
        ("pattern", "package", "matches"),
        [
            ("/*", "npm//react", True),
            ("/npm/*", "npm/acme/client", True),
            ("/npm/*", "pypi//client", False),
            ("/npm/acme/*", "npm/acme/client", True),
            ("/npm/acme/*", "npm/acmecorp/client", False),
            ("/npm/acme/*", "npm//acme", False),
            ("/npm/acme~", "npm/acme-payments/client", True),
            ("/npm/acme~", "npm/acmecorp/client", False),
            ("/maven/com.acme~", "maven/com.acme/ledger", True),
            ("/maven/com.acme~", "maven/com.acme.payments/ledger", True),
            ("/maven/com.acme~", "maven/com.acmecorp/ledger", False),
            ("/maven/com.acme/*", "maven/com.acme.payments/ledger", False),
            ("/pypi//acme-*", "pypi//acme-client", True),
            ("/pypi//acme-*", "pypi//acme", False),
            ("/pypi//acme~", "pypi//acme", True),
            ("/pypi//acme~", "pypi//acmes", False),
            ("/npm/acme/client$", "npm/acme/client", True),
            ("/npm/acme/client$", "npm/acme/client-x", False),
            ("/npm/acme/client~", "npm/acme/client-x", True),
            ("/npm//*", "npm//react", True),
            ("/npm//*", "npm/acme/react", False),
        ],
    )
    def test_matches(self, pattern: str, package: str, matches: bool) -> None:
        assert rules.parse(pattern).matches(Coordinates(*package.split("/"))) is matches

    def test_the_most_specific_group_wins(self) -> None:
        groups = [root_group(), *(PackageGroup(pattern) for pattern in PATTERNS[1:])]
        expected = {
            "npm/acme/client": "/npm/acme/client$", "npm/acme/client-x": "/npm/acme/client~", "npm/acme/other": "/npm/acme/*",
            "npm/acme-x/other": "/npm/acme~", "npm/other/other": "/npm/*", "npm//acme-x": "/npm//acme-*", "npm//react": "/npm//*",
            "cargo//serde": "/*", "maven/com.acme.payments/x": "/maven/com.acme.payments/*", "maven/com.acme.orders/x": "/maven/com.acme~",
        }  # fmt: skip
        found = {path: rules.restricting_groups(groups, Coordinates(*path.split("/"))) for path in expected}
        assert {path: [group.pattern for group in each] for path, each in found.items()} == {p: [only] for p, only in expected.items()}

    @pytest.mark.parametrize("name", ["Acme-Client", "acme_client", "acme.client", "acme--client", "acme-c1ient", "acrne-client"])
    def test_variations_are_weak(self, name: str) -> None:
        groups = [root_group(), PackageGroup("/npm//acme-client$")]
        found = rules.restricting_groups(groups, Coordinates("npm", "", name))
        assert [group.pattern for group in found] == ["/*", "/npm//acme-client$"]

    @given(st.sampled_from(PATTERNS), st.sampled_from(PATTERNS), st.data())
    def test_containing_is_what_matching_says(self, outer: str, inner: str, data: st.DataObject) -> None:
        """Whatever a contained pattern matches, the containing one does."""
        words = st.sampled_from(["acme", "client", "client-x", "acme-x", "com.acme", "com.acme.payments", "ledger", "other", ""])
        package = Coordinates(data.draw(st.sampled_from(["npm", "pypi", "maven", "generic"])), data.draw(words), data.draw(words) or "x")
        first, second = rules.parse(outer), rules.parse(inner)
        if first.contains(second) and second.matches(package):
            assert first.matches(package)
        assert not (first.contains(second) and second.contains(first))


class TestHierarchy:
    GROUPS = (root_group(), *(PackageGroup(pattern) for pattern in PATTERNS[1:]))

    @pytest.mark.parametrize(
        ("pattern", "parent"),
        [
            ("/npm/*", "/*"),
            ("/npm/acme~", "/npm/*"),
            ("/npm/acme/*", "/npm/acme~"),
            ("/npm/acme/client~", "/npm/acme/*"),
            ("/npm/acme/client$", "/npm/acme/client~"),
            ("/npm//acme-*", "/npm//*"),
            ("/pypi//acme-*", "/*"),
            ("/maven/com.acme.payments/*", "/maven/com.acme~"),
        ],
    )
    def test_parents(self, pattern: str, parent: str) -> None:
        found = rules.parent(self.GROUPS, pattern)
        assert found is not None
        assert found.pattern == parent

    def test_inheriting_goes_up_to_the_first_that_decides(self) -> None:
        root, middle, leaf = root_group(), PackageGroup("/npm/*"), PackageGroup("/npm/acme/*")
        package = Coordinates("npm", "acme", "client")
        assert rules.admits([root, middle, leaf], package, "PUBLISH", ["team"])
        middle.modes["PUBLISH"] = "BLOCK"
        assert not rules.admits([root, middle, leaf], package, "PUBLISH", ["team"])
        assert rules.admits([root, middle, leaf], package, "EXTERNAL_UPSTREAM", ["team"])
        leaf.modes["PUBLISH"], leaf.allowed["PUBLISH"] = "ALLOW_SPECIFIC_REPOSITORIES", ["team"]
        assert rules.admits([root, middle, leaf], package, "PUBLISH", ["team"])
        assert not rules.admits([root, middle, leaf], package, "PUBLISH", ["other"])

    @pytest.mark.parametrize("kind", ["PUBLISH", "EXTERNAL_UPSTREAM", "INTERNAL_UPSTREAM"])
    @pytest.mark.parametrize("mode", ["ALLOW", "INHERIT"])
    def test_a_weak_match_blocks(self, kind: str, mode: str) -> None:
        root, owned = root_group(), PackageGroup("/cargo//acme-client$")
        owned.modes[kind] = mode
        assert not rules.admits([root, owned], Coordinates("cargo", "", "Acme_client"), kind, ["payments"])
        assert rules.admits([root, owned], Coordinates("cargo", "", "acme-client"), kind, ["payments"])
        another = PackageGroup("/cargo//Acme_client$")
        assert rules.admits([root, owned, another], Coordinates("cargo", "", "Acme_client"), kind, ["payments"])


class TestOperations:
    def test_a_group_is_created_described_and_deleted(self, scene: Scene) -> None:
        created = scene.admin.create_package_group(
            domain=DOMAIN, packageGroup="/npm/acme/*", description="ours", contactInfo="team", tags=[{"key": "a", "value": "b"}]
        )["packageGroup"]
        assert created["arn"] == f"{PREFIX}:package-group/{DOMAIN}/npm/acme/%2a"
        assert created["parent"]["pattern"] == "/*"
        publish = created["originConfiguration"]["restrictions"]["PUBLISH"]
        assert (publish["mode"], publish["effectiveMode"], publish["inheritedFrom"]["pattern"]) == ("INHERIT", "ALLOW", "/*")
        assert scene.admin.list_tags_for_resource(resourceArn=created["arn"])["tags"] == [{"key": "a", "value": "b"}]
        scene.admin.delete_package_group(domain=DOMAIN, packageGroup="/npm/acme/*")
        with refused("ResourceNotFoundException"):
            scene.admin.describe_package_group(domain=DOMAIN, packageGroup="/npm/acme/*")

    def test_twice_is_a_conflict(self, scene: Scene) -> None:
        scene.admin.create_package_group(domain=DOMAIN, packageGroup="/npm/*")
        with refused("ConflictException"):
            scene.admin.create_package_group(domain=DOMAIN, packageGroup="/npm/*")
        with refused("ValidationException", "pattern"):
            scene.admin.create_package_group(domain=DOMAIN, packageGroup="/npm/acme")

    def test_the_root_stays(self, scene: Scene) -> None:
        with refused("ValidationException", "root"):
            scene.admin.delete_package_group(domain=DOMAIN, packageGroup="/*")
        with refused("ValidationException", "inherit"):
            scene.restrict("/*", PUBLISH="INHERIT")
        scene.restrict("/*", PUBLISH="BLOCK")

    def test_allowed_repositories_belong_to_a_mode(self, scene: Scene) -> None:
        scene.repositories(team="", shared="")
        scene.admin.create_package_group(domain=DOMAIN, packageGroup="/npm/acme/*")
        update = {"domain": DOMAIN, "packageGroup": "/npm/acme/*"}
        entry = {"repositoryName": "team", "originRestrictionType": "PUBLISH"}
        with refused("ValidationException", "INHERIT"):
            scene.admin.update_package_group_origin_configuration(**update, addAllowedRepositories=[entry])
        answer = scene.admin.update_package_group_origin_configuration(
            **update,
            restrictions={"PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES"},
            addAllowedRepositories=[entry, entry | {"repositoryName": "shared"}],
        )
        assert answer["allowedRepositoryUpdates"] == {"PUBLISH": {"ADDED": ["team", "shared"]}}
        listed = scene.admin.list_allowed_repositories_for_group(**update, originRestrictionType="PUBLISH")
        assert listed["allowedRepositories"] == ["shared", "team"]
        assert answer["packageGroup"]["originConfiguration"]["restrictions"]["PUBLISH"]["repositoriesCount"] == 2
        with refused("ResourceNotFoundException", "missing"):
            scene.admin.update_package_group_origin_configuration(**update, addAllowedRepositories=[entry | {"repositoryName": "missing"}])
        answer = scene.admin.update_package_group_origin_configuration(**update, restrictions={"PUBLISH": "ALLOW"})
        assert answer["allowedRepositoryUpdates"] == {"PUBLISH": {"REMOVED": ["team", "shared"]}}

    def test_rights_are_on_the_groups_arn(self, scene: Scene) -> None:
        scene.group("/npm/acme/*")
        scene.group("/npm/other/*")
        arn = f"{PREFIX}:package-group/{DOMAIN}/npm/acme/%2a"
        keeper = scene.api(scene.role(allow("codeartifact:DescribePackageGroup", resource=arn)))
        keeper.describe_package_group(domain=DOMAIN, packageGroup="/npm/acme/*")
        with refused("AccessDeniedException"):
            keeper.describe_package_group(domain=DOMAIN, packageGroup="/npm/other/*")
        with refused("AccessDeniedException", "on resource: *"):
            keeper.create_package_group(domain=DOMAIN, packageGroup="/npm/third/*")

    def test_the_group_of_a_package_is_the_most_specific_one_also_of_one_that_is_not_there(self, scene: Scene) -> None:
        scene.group("/npm/acme/*")
        scene.group("/npm/*")

        def group(**package: str) -> tuple[str, str]:
            answer = scene.admin.get_associated_package_group(domain=DOMAIN, **package)
            return answer["packageGroup"]["pattern"], answer["associationType"]

        assert group(format="npm", namespace="acme", package="none") == ("/npm/acme/*", "STRONG")
        assert group(format="npm", namespace="acme-other", package="none") == ("/npm/*", "STRONG")
        assert group(format="npm", namespace="ACME", package="none") == ("/npm/acme/*", "WEAK")
        assert group(format="pypi", package="none") == ("/*", "STRONG")

    def test_who_sees_one_group_does_not_see_another(self, scene: Scene) -> None:
        scene.group("/npm/acme/*")
        arn = f"{PREFIX}:package-group/{DOMAIN}/npm/acme/%2a"
        keeper = scene.api(scene.role(allow("codeartifact:GetAssociatedPackageGroup", resource=arn)))
        keeper.get_associated_package_group(domain=DOMAIN, format="npm", namespace="acme", package="x")
        with refused("AccessDeniedException"):
            keeper.get_associated_package_group(domain=DOMAIN, format="npm", namespace="other", package="x")
