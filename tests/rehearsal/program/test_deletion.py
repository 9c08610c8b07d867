import pytest

from rehearsal.program import deletion
from rehearsal.program.clouds import Clouds
from rehearsal.program.state import Resource, State


def resource(name: str, **fields) -> Resource:
    return Resource(urn=f"urn:{name}", type="github:index/actionsVariable:ActionsVariable", name=name, status="created", **fields)


def names(resources) -> list[str]:
    return [each.name for each in resources]


def test_what_others_depend_on_goes_last():
    domain = resource("domain")
    repository = resource("repository", dependencies=["urn:domain"])
    policy = resource("policy", property_dependencies={"repository": ["urn:repository"]})
    assert names(deletion.order([domain, repository, policy])) == ["policy", "repository", "domain"]


def test_children_go_before_their_parent_and_users_before_their_provider():
    component, provider = resource("component", custom=False), resource("provider")
    child = resource("child", parent="urn:component", provider="urn:provider::id-1")
    assert set(names(deletion.order([component, provider, child])[1:])) == {"component", "provider"}


def test_without_an_edge_the_last_registered_goes_first():
    assert names(deletion.order([resource("a"), resource("b")])) == ["b", "a"]


def test_a_cycle_is_an_error():
    with pytest.raises(ValueError, match="cycle"):
        deletion.order([resource("a", dependencies=["urn:b"]), resource("b", dependencies=["urn:a"])])


def test_a_dependency_outside_the_state_does_not_hold_anything_up():
    assert names(deletion.order([resource("a", dependencies=["urn:elsewhere"])])) == ["a"]


class Recorder:
    def __init__(self, monkeypatch, fails: str = ""):
        self.deleted: list[str] = []
        self.fails = fails
        monkeypatch.setattr("rehearsal.program.provisioning.delete", self.delete)

    def delete(self, each, clouds):
        if each.name == self.fails:
            raise RuntimeError("in use")
        self.deleted.append(each.name)


def delete(resources, **options) -> tuple[State, deletion.Deleted]:
    state, deleted = State("p", "s", {each.urn: each for each in resources}), deletion.Deleted()
    deletion.delete(state, list(state.resources), Clouds("", ""), lambda *_: None, deleted, **options)
    return state, deleted


def test_protection_is_refused_in_the_engines_words_before_anything_is_deleted(monkeypatch):
    cloud = Recorder(monkeypatch)
    with pytest.raises(deletion.Protected, match='resource "urn:domain" cannot be deleted\nbecause it is protected') as refusal:
        delete([resource("domain", protect=True), resource("key", protect=True), resource("alias", dependencies=["urn:key"])])
    assert refusal.value.problems == ["urn:domain is protected", "urn:key is protected"]
    assert refusal.value.resource.name == "domain"
    assert cloud.deleted == []


def test_unprotect_deletes_what_is_protected(monkeypatch):
    cloud = Recorder(monkeypatch)
    state, deleted = delete([resource("key", protect=True), resource("alias", dependencies=["urn:key"])], unprotect=True)
    assert cloud.deleted == ["alias", "key"]
    assert deleted.urns == ["urn:alias", "urn:key"]
    assert state.resources == {}


def test_what_is_retained_stays_in_the_cloud_and_leaves_the_state(monkeypatch):
    cloud = Recorder(monkeypatch)
    state, deleted = delete([resource("provider", retain_on_delete=True), resource("role", dependencies=["urn:provider"])])
    assert cloud.deleted == ["role"]
    assert names(deleted.retained) == ["provider"]
    assert state.resources == {}


def test_components_and_what_was_only_looked_up_are_not_deleted_in_the_cloud(monkeypatch):
    cloud = Recorder(monkeypatch)
    looked_up = resource("looked-up")
    looked_up.status = "read"
    delete([resource("component", custom=False), looked_up, resource("mine")])
    assert cloud.deleted == ["mine"]


def test_deleted_with_skips_the_call_only_if_the_other_goes_too(monkeypatch):
    cloud = Recorder(monkeypatch)
    policy = resource("policy", options={"deletedWith": "urn:repository"})
    delete([resource("repository"), policy])
    assert cloud.deleted == ["repository"]
    delete([policy])
    assert cloud.deleted == ["repository", "policy"]


def test_a_refused_deletion_stops_and_keeps_the_rest_in_the_state(monkeypatch):
    cloud = Recorder(monkeypatch, fails="repository")
    state = State("p", "s", {each.urn: each for each in (resource("repository"), resource("policy", dependencies=["urn:repository"]))})
    deleted = deletion.Deleted()
    with pytest.raises(deletion.DeletionFailed, match="in use"):
        deletion.delete(state, list(state.resources), Clouds("", ""), lambda *_: None, deleted)
    assert cloud.deleted == ["policy"]
    assert list(state.resources) == ["urn:repository"]
    assert deleted.urns == ["urn:policy"]
