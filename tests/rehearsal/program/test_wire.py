from google.protobuf import struct_pb2

from rehearsal.program import wire


def struct(**values):
    message = struct_pb2.Struct()
    message.update(values)
    return message


def test_whole_numbers_come_back_as_integers_and_nulls_are_dropped():
    values = wire.from_struct(struct(count=3, ratio=0.5, nothing=None, inner={"list": [1, {"size": 2}], "gone": None}))
    assert values == {"count": 3, "ratio": 0.5, "inner": {"list": [1, {"size": 2}]}}
    assert type(values["count"]) is int


def test_a_secret_is_bare_for_a_provider_and_masked_in_a_report():
    value = {"token": wire.secret("hush"), "list": [wire.secret({"deep": "hush"})], "open": "a"}
    assert wire.plain(value) == {"token": "hush", "list": [{"deep": "hush"}], "open": "a"}
    assert wire.shown(value) == {"token": "[secret]", "list": ["[secret]"], "open": "a"}
    assert wire.has_secret(value)
    assert not wire.has_secret({"open": "a"})


def test_a_resource_is_its_id():
    reference = {wire.SIGNATURE: wire.RESOURCE, "urn": "urn:pulumi:dev::p::t::n", "id": "role-1"}
    assert wire.plain({"role": reference}) == {"role": "role-1"}
    assert wire.plain({"role": {**reference, "id": ""}}) == {"role": wire.UNKNOWN}


def test_unknowns_are_found_and_named():
    value = {"arns": ["a", wire.UNKNOWN]}
    assert wire.has_unknown(value)
    assert wire.shown(value) == {"arns": ["a", "[unknown]"]}


def test_internal_members_are_left_out():
    assert wire.plain({"__internal": {}, "name": "a"}) == {"name": "a"}


def test_there_and_back():
    values = {"a": 1, "b": [True, {"c": "d"}], "secret": wire.secret("x")}
    assert wire.from_struct(wire.to_struct(values)) == values
