"""Namespaces: the grammar, what is too wide, and that containment of patterns is containment of every concrete name."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policies import namespaces, owned_names
from policies.namespaces import Namespace
from policies.owned_names import Format, OwnedName

NPM, PYPI, MAVEN = Format.NPM, Format.PYPI, Format.MAVEN
CARGO, NUGET, GENERIC = Format.CARGO, Format.NUGET, Format.GENERIC

GOOD = {
    NPM: ["@acme/*", "@acme-*/*", "@acme/api", "acme-*", "acme", "@hp/*", "@hp-*/*", "ey-*", "3m-*", "hp-x-*", "a-bc-*"],
    PYPI: ["acme-*", "acme", "ey-*", "3m-*", "hp-x-*", "a-bc-*"],
    MAVEN: [
        "com.acme",
        "com.acme.*",
        "com.hp",
        "com.hp.*",
        "net.co.*",
        "co.uk.acme",
        "com.github.acme.*",
        "io.github.acme",
        "uk.co.acme.*",
        "Com.Acme.*",
        "co.acme.*",
        "de.acme.*",
    ],
    CARGO: ["acme-*", "acme_*", "acme", "Ey-*", "hp_x_*", "a-bc-*"],
    NUGET: ["acme.*", "acme-*", "acme", "ey.*", "3m.*", "a.bc.*"],
    GENERIC: ["acme/*", "acme-*/*", "acme/fw", "acme/fw-*", "hp-*/*", "a/*", "acme/f-*"],
}
BAD = {
    NPM: [
        "*", "@*/*", "@acme*/*", "@acme-*/api", "@acme-*", "@acme", "acme*", "@acme/a-*", "Acme-*", "-*", "@-*/*", "", "acme-*\n",
        "@acme/**",
        "@/*", "a" + "-" * 3 + "**",
    ],
    PYPI: ["*", "Acme-*", "acme_*", "acme*", "acme--*", "-*", "", "acme-*\n"],
    MAVEN: ["*", "com.acme:*", "com.acme*", "com.acme.**", "com.*.acme", ".*", "", "com.acme.*\n", "com..acme"],
    CARGO: ["*", "acme*", "-*", "1-*", "", "acme-*\n", "acme.*", "acme-*-*"],
    NUGET: ["*", "Acme.*", "acme*", ".*", "", "acme.*\n", "acme..*", "acme/*"],
    GENERIC: ["*", "*/*", "acme*/*", "acme", "acme-*/fw", "acme/", "/*", "", "acme/*\n", "-*/*", "acme/**", "@acme/*"],
}  # fmt: skip
WIDE = {
    NPM: ["a-*", "1-*", "a_b-*", "a-b-c-*", "@a-*/*", "@a.b-*/*"],
    PYPI: ["a-*", "1-*", "a-b-*", "a-b-c-*"],
    MAVEN: [
        *("com.*", "org.*", "acme.*", "io.github.*", "com.github.*", "IO.GitHub.*", "uk.co.*", "com.gitlab.*", "au.com.*", "co.uk.*"),
        *("com", "org", "acme", "uk", "io.github", "uk.co", "UK.Co", "co.uk", "au.com", "ac.uk", "ac.uk.*", "gov.uk", "jp.ne"),
    ],
    CARGO: ["a-*", "a_*", "a-b-*", "A_b-*"],
    NUGET: ["a.*", "1-*", "a.b.*", "_.*"],
    GENERIC: ["a-*/*", "1-*/*", "a.b-*/*"],
}


def _each(texts: dict[Format, list[str]]) -> list[Any]:
    return [(format, text) for format, every in texts.items() for text in every]


@pytest.mark.parametrize(("format", "text"), _each(GOOD))
def test_patterns_of_the_grammar(format, text):
    assert namespaces.parse(format, text).format is format


@pytest.mark.parametrize(("format", "text"), _each(BAD))
def test_patterns_outside_the_grammar(format, text):
    with pytest.raises(ValueError, match=re.escape(namespaces.allowed(format))):
        namespaces.parse(format, text)


@pytest.mark.parametrize(("format", "text"), _each(WIDE))
def test_a_pattern_that_holds_names_of_others(format, text):
    """Its good twin, in GOOD, has a letter or a part more."""
    with pytest.raises(ValueError, match="at least"):
        namespaces.parse(format, text)


@pytest.mark.parametrize(
    ("format", "text", "meant"),
    [
        (MAVEN, "com.acme:*", "com.acme"), (NPM, "@acme", "@acme/*"), (NPM, "acme*", "acme-*"), (PYPI, "Acme_*", "acme-*"),
        (NPM, "@Acme/*", "@acme/*"),
    ],
)  # fmt: skip
def test_what_was_probably_meant(format, text, meant):
    with pytest.raises(ValueError, match=re.escape(f"(did you mean {meant}?)")):
        namespaces.parse(format, text)


@pytest.mark.parametrize(
    ("format", "declared", "inside", "outside"),
    [
        (NPM, ["@acme/*", "@acme-*/*", "acme-*"], ["@acme/*", "@acme/x", "@acme-pay/*", "acme-*", "acme-x-*"], ["@types/*", "lodash"]),
        (NPM, ["@acme-*/*"], ["@acme-pay/*", "@acme-pay/x"], ["@acme/*", "@acmecorp/*", "acme-pay", "acme-*"]),
        (NPM, ["@acme/api"], ["@acme/api"], ["@acme/*", "@acme/api2", "api"]),
        (NPM, ["acme"], ["acme"], ["acme-*", "acme-x", "@acme/*"]),
        (NPM, ["acme-x-*"], ["acme-x-*", "acme-x-y"], ["acme-*", "acme-x", "acme-xy"]),
        (PYPI, ["acme-*"], ["acme-*", "acme-pay-*", "acme-x"], ["a-*", "acme", "acmes-*", "requests"]),
        (MAVEN, ["com.acme"], ["com.acme:*", "com.acme:core"], ["com.acme.pay:*", "com.acmecorp:*", "org.springframework:*"]),
        (MAVEN, ["com.acme.*"], ["com.acme.pay:*", "com.acme.pay.api:x"], ["com.acme:*", "com.acmecorp:*", "org.springframework:*"]),
        (MAVEN, [], [], ["com.acme:*"]),
        (CARGO, ["acme-*", "acme_core"], ["acme-*", "acme-x", "acme-x_*", "acme_core"], ["acme_*", "acme_x", "acme", "Acme-x", "serde"]),
        (NUGET, ["acme.*"], ["acme.pay.*", "acme.x", "acme.x-*"], ["acme", "acme-x", "acmecorp.x", "newtonsoft.json"]),
        (GENERIC, ["acme/*", "acme-*/*"], ["acme/*", "acme/x", "acme/x-*", "acme-pay/*"], ["acmecorp/*", "other/x"]),
        (GENERIC, ["acme/fw-*", "acme/x"], ["acme/fw-*", "acme/fw-a", "acme/x"], ["acme/*", "acme/fw", "acme/y", "acme-a/fw-a"]),
    ],
)  # fmt: skip
def test_what_lies_inside(format, declared, inside, outside):
    names = [namespaces.parse(format, text) for text in declared]
    for text in inside:
        assert namespaces.holds(names, owned_names.parse(format, text)), text
    for text in outside:
        assert not namespaces.holds(names, owned_names.parse(format, text)), text


def test_an_open_name_does_not_lie_inside_an_exact_one():
    """Whatever the grammar of owned names will let begin so."""
    api = namespaces.parse(NPM, "@acme/api")
    assert api.holds(OwnedName(NPM, "acme", "api", open_ended=False))
    assert not api.holds(OwnedName(NPM, "acme", "api", open_ended=True))


# --- patterns and concrete names ------------------------------------------------------------------------------------------------------

_WORDS = ["abc", "abc-x", "abcd", "abc-x-y", "xabc", "abc.x"]


def _declared(format: Format) -> st.SearchStrategy[str]:
    word = st.sampled_from(_WORDS if format is NPM else ["abc", "abc-x", "abcd", "abc-x-y"])
    if format is NPM:
        shapes = ["@{}/*", "@{}-*/*", "@{}/abc", "{}-*", "{}"]
    elif format is PYPI:
        shapes = ["{}-*", "{}"]
    elif format is CARGO:
        shapes = ["{}-*", "{}_*", "{}"]
    elif format is NUGET:
        shapes = ["{}.*", "{}-*", "{}"]
    elif format is GENERIC:
        shapes = ["{}/*", "{}-*/*", "{}/abc", "{}/abc-*"]
    else:
        groups = [shape.format(word) for word in ("abc.x", "abc.x.y") for shape in ("{}", "{}.z", "com.{}.*")]
        return st.sampled_from([*groups, "abc.z", "com.abc", "com.abc.*"])
    return st.builds(str.format, st.sampled_from(shapes), word)


def _owned(format: Format) -> st.SearchStrategy[str]:
    if format is MAVEN:
        group = st.sampled_from(["abc", "abc.x", "abc.x.y", "com.abc", "com.abc.x", "com.abc.x.y", "com.abc.xy", "abc.z"])
        return st.builds("{}:{}".format, group, st.sampled_from(["*", "abc"]))
    return _declared(format).filter(lambda text: "-*/" not in text)


def concretely(format: Format, text: str, scope: str, name: str) -> bool:
    """Whether a concrete package is meant by the text of a namespace, read as people read it, apart from the parsed form."""
    if format is MAVEN:
        return scope.startswith(text[:-1]) if text.endswith(".*") else scope == text
    shown = f"{'@' if format is NPM else ''}{scope}/{name}" if scope else name
    return re.fullmatch("[^/]*".join(map(re.escape, text.split("*"))), shown) is not None


def _packages(owned: OwnedName) -> list[tuple[str, str]]:
    """Packages that have an owned name, among them one that no namespace of the strategies ends in."""
    ends = ["", "x", "x-y", "-x", "zzz", "abc"] if owned.open_ended else [""]
    return [(owned.namespace, owned.name + end) for end in ends if owned.name + end]


@given(st.data())
def test_containment_of_patterns_is_containment_of_every_package(data):
    format = data.draw(st.sampled_from(list(Format)))
    texts = data.draw(st.lists(_declared(format), min_size=1, max_size=3))
    owned = owned_names.parse(format, data.draw(_owned(format)))
    packages = _packages(owned)
    assert all(owned.owns(*package) for package in packages)
    expected = all(any(concretely(format, text, *package) for text in texts) for package in packages)
    assert namespaces.holds([namespaces.parse(format, text) for text in texts], owned) is expected


@given(st.sampled_from(list(Format)).flatmap(lambda format: st.tuples(st.just(format), st.text("abc1@/-_.:*", max_size=14))))
@example((NPM, "@a-*/*"))
@example((MAVEN, "uk.co.*"))
def test_whatever_is_accepted_holds_no_short_public_name(case):
    """However it is written: what is open has two letters or digits in a row, or two parts of a group."""
    format, text = case
    try:
        one = namespaces.parse(format, text)
    except ValueError as error:
        assert str(error)
        return
    assert isinstance(one, Namespace)
    for scope, name in (("", "a-b"), ("a", "b"), ("ab", "b"), ("com", "b"), ("com.other", "b"), ("io.github.other", "b")):
        package = OwnedName(format, scope, name, open_ended=False)
        if one.open_scope or (one.open_name and not one.scope):
            assert not one.holds(package)
