"""How versions come into repositories: upstreams, retention, a package's controls, package groups' controls."""

import pytest

from tests.rehearsal.cloud.codeartifact.scene import DOMAIN, Person, Scene, refused, repository_arn
from tests.rehearsal.cloud.in_process import allow

OWNED = "@acme-payments/client"
SCOPE = "acme-payments"


@pytest.fixture
def chain(scene: Scene) -> Scene:
    """payments and orders -> shared -> npmjs -> the public registry"""
    scene.repositories(npmjs="public:npmjs", shared="npmjs", payments="shared", orders="payments shared")
    return scene


def restrictions(scene: Scene, repository: str, package: str, namespace: str = "") -> dict[str, str]:
    found = scene.admin.list_packages(domain=DOMAIN, repository=repository, format="npm", packagePrefix=package)["packages"]
    (controls,) = (one["originConfiguration"]["restrictions"] for one in found if one.get("namespace", "") == namespace)
    return controls


class TestUpstreams:
    def test_a_reader_needs_nothing_on_upstream_repositories(self, chain: Scene) -> None:
        reader = chain.person(allow("codeartifact:ReadFromRepository", resource=repository_arn("payments")))
        assert reader.npm_versions("payments", "public-greeting") == ["1.0.0", "1.1.0"]
        assert reader.npm_tarball("payments", "public-greeting", "1.1.0").status_code == 200
        assert reader.npm_tarball("shared", "public-greeting", "1.1.0").status_code == 403

    def test_a_public_version_stays_at_both_ends(self, chain: Scene, administrator: Person) -> None:
        administrator.npm_tarball("payments", "public-greeting", "1.1.0")
        kept = {name: list(chain.versions(name, "npm", "public-greeting")) for name in ("payments", "shared", "npmjs")}
        assert kept == {"payments": ["1.1.0"], "shared": [], "npmjs": ["1.1.0"]}
        described = chain.admin.describe_package_version(
            domain=DOMAIN, repository="payments", format="npm", package="public-greeting", packageVersion="1.1.0"
        )["packageVersion"]
        assert described["origin"] == {"originType": "EXTERNAL", "domainEntryPoint": {"externalConnectionName": "public:npmjs"}}

    def test_an_internal_version_stays_in_the_repository_asked(self, chain: Scene, administrator: Person) -> None:
        administrator.npm_publish("shared", OWNED, "1.0.0")
        administrator.npm_tarball("orders", OWNED, "1.0.0")
        assert chain.versions("orders", "npm", "client", SCOPE) == {"1.0.0": "Published"}
        assert chain.versions("payments", "npm", "client", SCOPE) == {}
        chain.admin.delete_repository(domain=DOMAIN, repository="shared")
        chain.admin.update_repository(domain=DOMAIN, repository="orders", upstreams=[])
        assert administrator.npm_tarball("orders", OWNED, "1.0.0").status_code == 200

    def test_the_first_in_order_is_taken(self, scene: Scene, administrator: Person) -> None:
        scene.repositories(first="", second="", deep="", third="deep", reader="first third second")
        for repository, text in (("second", "second"), ("deep", "deep")):
            administrator.npm_publish(repository, OWNED, "1.0.0", description=text)
        taken = administrator.request("GET", "npm", "reader", OWNED).json()["versions"]["1.0.0"]["description"]
        assert taken == "deep"
        scene.admin.update_repository(domain=DOMAIN, repository="reader", upstreams=[{"repositoryName": n} for n in ("second", "third")])
        assert administrator.request("GET", "npm", "reader", OWNED).json()["versions"]["1.0.0"]["description"] == "second"

    def test_a_deleted_upstream_breaks_what_needs_it(self, chain: Scene, administrator: Person) -> None:
        administrator.npm_publish("payments", OWNED, "1.0.0")
        chain.admin.delete_repository(domain=DOMAIN, repository="shared")
        assert administrator.request("GET", "npm", "payments", "public-greeting").status_code == 404
        assert administrator.npm_versions("payments", OWNED) == ["1.0.0"]  # its package blocks upstreams: none is asked

    def test_what_is_stored_stays_when_the_public_registry_is_down(self, chain: Scene, administrator: Person) -> None:
        administrator.npm_tarball("payments", "public-greeting", "1.0.0")
        chain.service.public.base_url = "http://127.0.0.1:9"
        chain.service.public._urls.clear()
        assert administrator.npm_versions("payments", "public-greeting") == ["1.0.0"]
        assert administrator.npm_tarball("payments", "public-greeting", "1.0.0").status_code == 200
        assert administrator.npm_tarball("payments", "public-greeting", "1.1.0").status_code == 503
        assert administrator.request("GET", "npm", "payments", "public-punctuation").status_code == 503


class TestPackageControls:
    def test_defaults_come_from_the_first_version(self, chain: Scene, administrator: Person) -> None:
        administrator.npm_publish("payments", OWNED, "1.0.0")
        administrator.npm_tarball("payments", "public-greeting", "1.1.0")
        administrator.npm_tarball("orders", OWNED, "1.0.0")
        assert restrictions(chain, "payments", "client", SCOPE) == {"publish": "ALLOW", "upstream": "BLOCK"}
        assert restrictions(chain, "payments", "public-greeting") == {"publish": "BLOCK", "upstream": "ALLOW"}
        assert restrictions(chain, "npmjs", "public-greeting") == {"publish": "BLOCK", "upstream": "ALLOW"}
        assert restrictions(chain, "orders", "client", SCOPE) == {"publish": "BLOCK", "upstream": "ALLOW"}

    def test_a_published_package_takes_nothing_from_upstream(self, chain: Scene, administrator: Person) -> None:
        administrator.npm_publish("payments", "public-greeting", "7.0.0")
        assert administrator.npm_versions("payments", "public-greeting") == ["7.0.0"]
        assert administrator.npm_tarball("payments", "public-greeting", "1.1.0").status_code == 404
        chain.controls("payments", "public-greeting", "ALLOW", "ALLOW")
        assert sorted(administrator.npm_versions("payments", "public-greeting")) == ["1.0.0", "1.1.0", "7.0.0"]

    def test_an_ingested_package_takes_no_publication(self, chain: Scene, administrator: Person) -> None:
        administrator.npm_tarball("payments", "public-greeting", "1.1.0")
        assert administrator.npm_publish("payments", "public-greeting", "7.0.0").status_code == 403
        chain.controls("payments", "public-greeting", "ALLOW", "ALLOW")
        assert administrator.npm_publish("payments", "public-greeting", "7.0.0").status_code == 200

    def test_they_can_be_set_before_there_is_a_version(self, chain: Scene, administrator: Person) -> None:
        chain.controls("payments", "public-greeting", "BLOCK", "BLOCK")
        assert administrator.npm_versions("payments", "public-greeting") == []
        assert administrator.npm_versions("shared", "public-greeting") == ["1.0.0", "1.1.0"]
        chain.controls("payments", "public-greeting", "ALLOW", "ALLOW")
        assert administrator.npm_versions("payments", "public-greeting") == ["1.0.0", "1.1.0"]


class TestGroupControls:
    def own(self, scene: Scene) -> None:
        """The names of a team, as the design has them."""
        scene.group(f"/npm/{SCOPE}/*", PUBLISH=["payments", "shared"], EXTERNAL_UPSTREAM="BLOCK", INTERNAL_UPSTREAM="ALLOW")

    def test_dependency_confusion(self, chain: Scene, administrator: Person) -> None:
        chain.public("npm", OWNED, "9.9.9")
        assert administrator.npm_versions("orders", OWNED) == ["9.9.9"]
        self.own(chain)
        assert administrator.npm_versions("orders", OWNED) == []
        assert administrator.npm_tarball("orders", OWNED, "9.9.9").status_code == 404
        administrator.npm_publish("payments", OWNED, "1.0.0")
        assert administrator.npm_versions("orders", OWNED) == ["1.0.0"]
        assert administrator.npm_tarball("orders", OWNED, "1.0.0").status_code == 200

    def test_what_came_in_before_does_not_spread(self, chain: Scene, administrator: Person) -> None:
        chain.public("npm", OWNED, "9.9.9")
        administrator.npm_tarball("shared", OWNED, "9.9.9")
        self.own(chain)
        assert administrator.npm_versions("shared", OWNED) == ["9.9.9"]
        assert administrator.npm_versions("payments", OWNED) == []

    def test_only_named_repositories_are_published_to(self, chain: Scene, administrator: Person) -> None:
        self.own(chain)
        assert administrator.npm_publish("orders", OWNED, "1.0.0").status_code == 403
        assert administrator.npm_publish("payments", OWNED, "1.0.0").status_code == 200
        assert administrator.npm_publish("orders", "@acme-orders/client", "1.0.0").status_code == 200

    def test_internal_upstreams_can_be_named(self, chain: Scene, administrator: Person) -> None:
        administrator.npm_publish("shared", OWNED, "1.0.0")
        chain.group(f"/npm/{SCOPE}/*", INTERNAL_UPSTREAM=["orders"])
        assert administrator.npm_versions("payments", OWNED) == []
        assert administrator.npm_versions("orders", OWNED) == ["1.0.0"]

    def test_external_upstreams_can_be_named(self, chain: Scene, administrator: Person) -> None:
        chain.group("/npm//public-greeting$", EXTERNAL_UPSTREAM=["shared"])
        assert administrator.npm_versions("payments", "public-greeting") == []
        chain.restrict("/npm//public-greeting$", EXTERNAL_UPSTREAM=["npmjs"])
        assert administrator.npm_versions("payments", "public-greeting") == ["1.0.0", "1.1.0"]

    def test_a_block_always_wins(self, chain: Scene, administrator: Person) -> None:
        administrator.npm_publish("payments", OWNED, "1.0.0")
        chain.group(f"/npm/{SCOPE}/*", PUBLISH="BLOCK")
        assert administrator.npm_publish("payments", OWNED, "1.0.1").status_code == 403
        chain.restrict(f"/npm/{SCOPE}/*", PUBLISH="ALLOW")
        assert administrator.npm_publish("payments", OWNED, "1.0.1").status_code == 200
        chain.controls("payments", OWNED, "BLOCK", "BLOCK")
        assert administrator.npm_publish("payments", OWNED, "1.0.2").status_code == 403

    def test_creating_and_deleting_take_a_moment(self, chain: Scene, administrator: Person) -> None:
        chain.admin.create_package_group(domain=DOMAIN, packageGroup=f"/npm/{SCOPE}/*")
        chain.restrict(f"/npm/{SCOPE}/*", PUBLISH="BLOCK")
        assert administrator.npm_publish("payments", OWNED, "1.0.0").status_code == 200
        chain.clock.now += chain.service.group_delay
        assert administrator.npm_publish("payments", OWNED, "1.0.1").status_code == 403
        chain.admin.delete_package_group(domain=DOMAIN, packageGroup=f"/npm/{SCOPE}/*")
        assert administrator.npm_publish("payments", OWNED, "1.0.1").status_code == 403
        chain.clock.now += chain.service.group_delay
        assert administrator.npm_publish("payments", OWNED, "1.0.1").status_code == 200

    def test_generic_packages_obey_too(self, chain: Scene) -> None:
        content = {
            "assetContent": b"x",
            "assetName": "x",
            "assetSHA256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        }
        named = {"domain": DOMAIN, "format": "generic", "namespace": "tools", "package": "cli", "packageVersion": "1"}
        chain.group("/generic/tools/*", PUBLISH=["shared"])
        with refused("AccessDeniedException", "PUBLISH"):
            chain.admin.publish_package_version(repository="payments", **named, **content)
        chain.admin.publish_package_version(repository="shared", **named, **content)
