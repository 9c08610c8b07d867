"""Owned names: the grammar, and that IAM, package groups and the overlap test read one name alike."""

import itertools
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from evaluator import package_groups
from policies.owned_names import Format, OwnedName, allowed, overlaps, parse, suggestion, without_variations
from tests.policies.iam import like
from tests.policies.samples import REGISTRY

GOOD = {
    Format.NPM: [
        "@acme-payments/*",
        "@acme/eslint-config",
        "@acme/billing-*",
        "@a.b/c_d-*",
        "acme",
        "acme-*",
        "a",
        "acme.js",
        "@a.b/c_d",
        "a-b-*",
    ],
    Format.PYPI: ["acme", "acme-payments", "acme-*", "a1", "acme-payments-*"],
    Format.MAVEN: ["com.acme:*", "com.acme.payments:client", "acme:core", "com.acme:core-2.13", "Com_Acme:X"],
    Format.CARGO: ["acme", "acme-core", "acme_core", "Acme", "a", "acme-*", "acme_*", "acme-pay_*", "a" * 64],
    Format.NUGET: ["acme", "acme.core", "acme.core.*", "acme-core", "acme-*", "acme_x", "3m.core", "a" * 100],
    Format.GENERIC: ["acme/*", "acme/firmware", "acme.pay/fw-1.x", "acme/fw-*", "Acme/Fw", "a/b"],
}
BAD = {
    Format.NPM: [
        "*",
        "@*/x",
        "@acme/",
        "@acme",
        "@acme/a*",
        "@acme/a_*",
        "@acme/-*",
        "@acme-*/x",
        "@acme/a-*-b",
        "acme*",
        "Acme",
        "acme/x",
        "-*",
        "a*b",
        "acme-*-x",
        "@acme/*/x",
        "ac me",
        "acme-",
        ".acme",
        "_acme",
        "@acme/**",
        "",
        "a?",
        "${aws:username}",
        "acme\n",
        "a" * 215,
    ],
    Format.PYPI: ["*", "Acme", "acme_x", "acme.x", "acme--x", "acme*", "-acme", "acme-", "@acme/x", "", "acme-*-*", "acme\n", "acmé"],
    Format.MAVEN: [
        "*",
        "com.acme",
        "com.acme:",
        ":x",
        "com.acme.*:x",
        "com.acme*:*",
        "com..acme:*",
        "com.acme:a*",
        "com.acme:x:1",
        "",
        "a b:*",
        "com.acme:*\n",
    ],
    Format.CARGO: [
        "*",
        "acme*",
        "-acme",
        "_acme",
        "1acme",
        "acme-",
        "acme_",
        "ac.me",
        "@acme/x",
        "acme-*-x",
        "",
        "acme\n",
        "a" * 65,
        "acmé",
    ],
    Format.NUGET: ["*", "acme*", "Acme.Core", "acme.", ".acme", "acme..core", "acme.*.x", "acme/x", "", "acme\n", "a" * 101, "acmé", "a?"],
    Format.GENERIC: [
        *("*", "acme", "*/x", "acme/", "/x", "acme/fw*", "acme/fw-*-x", "a b/x", "acme/x/y", "acme#/x", "acme/*\n", ""),
        *("@acme/x", "acme*/*", "acme:x", "${aws:username}/*", "acme/x-", "acme-/x"),
    ],
}


@pytest.mark.parametrize(("format", "text"), [(format, text) for format, texts in GOOD.items() for text in texts])
def test_names_of_the_grammar(format, text):
    assert parse(format, text).format is format


@pytest.mark.parametrize(("format", "text"), [(format, text) for format, texts in BAD.items() for text in texts])
def test_names_outside_the_grammar(format, text):
    with pytest.raises(ValueError, match=re.escape(allowed(format))):
        parse(format, text)


@pytest.mark.parametrize(
    ("format", "text", "meant"),
    [
        (Format.MAVEN, "com.acme", "com.acme:*"), (Format.MAVEN, "com.acme.*", "com.acme:*"), (Format.MAVEN, "com.acme:", "com.acme:*"),
        (Format.MAVEN, "com.acme.*:*", "com.acme:*"), (Format.MAVEN, "com.acme:x:1.0", "com.acme:x"),
        (Format.MAVEN, "com.acme:a*", "com.acme:*"),
        (Format.NPM, "@acme", "@acme/*"), (Format.NPM, "@acme/", "@acme/*"), (Format.NPM, "@Acme/Api", "@acme/api"),
        (Format.NPM, "@acme/a*", "@acme/a-*"), (Format.NPM, "@Acme/Pay_*", "@acme/pay-*"),
        (Format.NPM, "acme*", "acme-*"), (Format.NPM, "acme-", "acme-*"),
        (Format.NPM, "acme/x", "@acme/x"), (Format.NPM, "acme/*", "@acme/*"), (Format.NPM, " acme", "acme"),
        (Format.PYPI, "Acme_Identity", "acme-identity"), (Format.PYPI, "acme.x", "acme-x"), (Format.PYPI, "acme*", "acme-*"),
        (Format.PYPI, "acme_*", "acme-*"), (Format.PYPI, "acme-", "acme-*"),
        (Format.CARGO, "acme*", "acme-*"), (Format.CARGO, "acme_", "acme_*"), (Format.CARGO, "acme.core", "acme-core"),
        (Format.NUGET, "Acme.Core", "acme.core"), (Format.NUGET, "Acme.Core.*", "acme.core.*"), (Format.NUGET, "acme*", "acme.*"),
        (Format.GENERIC, "acme", "acme/*"), (Format.GENERIC, "@acme/fw", "acme/fw"), (Format.GENERIC, "acme:fw", "acme/fw"),
        (Format.GENERIC, "acme*/*", "acme/*"), (Format.CARGO, "*", None), (Format.NUGET, "", None), (Format.GENERIC, "*", None),
        (Format.NPM, "*", None), (Format.PYPI, "*", None), (Format.MAVEN, "*", None), (Format.NPM, "", None), (Format.MAVEN, "", None),
    ],
)  # fmt: skip
def test_what_was_probably_meant(format, text, meant):
    assert suggestion(format, text) == meant


BAD_TEXTS = [one for texts in BAD.values() for one in texts]


@given(st.sampled_from(list(Format)), st.text("aB1@/-_.:* ", max_size=12) | st.sampled_from(BAD_TEXTS))
def test_a_suggestion_is_a_name_of_the_grammar(format, text):
    meant = suggestion(format, text)
    assert meant is None or parse(format, meant)


def test_the_longest_npm_name_counts_scope_and_slash():
    assert parse(Format.NPM, "@" + "a" * 99 + "/" + "b" * 113)
    with pytest.raises(ValueError, match="npm"):
        parse(Format.NPM, "@" + "a" * 99 + "/" + "b" * 114)


@pytest.mark.parametrize(
    ("format", "text", "arn", "group"),
    [
        (Format.NPM, "@acme-payments/*", "npm/acme-payments/*", "/npm/acme-payments/*"),
        (Format.NPM, "@acme/eslint-config", "npm/acme/eslint-config", "/npm/acme/eslint-config$"),
        (Format.NPM, "@acme/billing-*", "npm/acme/billing-*", "/npm/acme/billing-*"),
        (Format.NPM, "acme", "npm//acme", "/npm//acme$"),
        (Format.NPM, "acme-*", "npm//acme-*", "/npm//acme-*"),
        (Format.PYPI, "acme-payments-*", "pypi//acme-payments-*", "/pypi//acme-payments-*"),
        (Format.PYPI, "acme", "pypi//acme", "/pypi//acme$"),
        (Format.MAVEN, "com.acme.payments:*", "maven/com.acme.payments/*", "/maven/com.acme.payments/*"),
        (Format.MAVEN, "com.acme:core", "maven/com.acme/core", "/maven/com.acme/core$"),
        (Format.CARGO, "acme-*", "cargo//acme-*", "/cargo//acme-*"),
        (Format.CARGO, "acme_core", "cargo//acme_core", "/cargo//acme_core$"),
        (Format.NUGET, "acme.payments.*", "nuget//acme.payments.*", "/nuget//acme.payments.*"),
        (Format.NUGET, "acme", "nuget//acme", "/nuget//acme$"),
        (Format.GENERIC, "acme/*", "generic/acme/*", "/generic/acme/*"),
        (Format.GENERIC, "acme/fw-*", "generic/acme/fw-*", "/generic/acme/fw-*"),
        (Format.GENERIC, "acme/fw", "generic/acme/fw", "/generic/acme/fw$"),
    ],
)
def test_patterns(format, text, arn, group):
    """A prefix ends in no letter or digit, so its package group ends in `*`: AWS takes `~` behind those only."""
    name = parse(format, text)
    assert name.text == text
    assert package_groups.parse(group).text == group
    assert (name.arn_pattern, name.group_pattern) == (arn, group)


# --- three readings of one name -------------------------------------------------------------------------------------------------------

_WORD = r"[^\W_]"


def in_group(pattern: str, format: str, namespace: str, name: str) -> bool:
    """Whether a package strongly matches a group's pattern, as the User Guide words it. Raises ValueError where `~` may not stand.

    `$` the whole coordinate; `~` a prefix, after a word character, ending at a word boundary; `*` every value that starts so, after a
    character that is no word character (the slash included).
    """
    path, prefix, suffix = f"/{format}/{namespace}/{name}", pattern[:-1], pattern[-1]
    ends_in_word = re.fullmatch(_WORD, prefix[-1]) is not None
    if suffix == "$":
        return path == prefix
    if suffix == "~":
        if not ends_in_word:
            raise ValueError(f"{pattern}: ~ stands after a letter or digit; after anything else it is *")
        return path == prefix or (path.startswith(prefix) and re.match(_WORD, path[len(prefix)]) is None)
    if suffix == "*":
        if ends_in_word:
            raise ValueError(f"{pattern}: * stands after a character that is no letter or digit; after one it is ~")
        return path.startswith(prefix)
    raise ValueError(pattern)


PARTS = st.text("ab1-", min_size=1, max_size=4)
NAMESPACES = st.sampled_from(["", "a", "ab", "a-b", "a.b", "b"])


def _texts(format: Format) -> st.SearchStrategy[str]:
    word = st.sampled_from(["a", "b", "1", "ab", "aa", "a1", "a-b", "a-a", "a-1", "aba", "a-b-a", "ab-a"])
    if format is Format.NPM:
        scope = st.sampled_from(["a", "ab", "a-b"])
        named = st.builds("@{}/{}{}".format, scope, word, st.sampled_from(["", "-*"]))
        return st.one_of(scope.map("@{}/*".format), named, word, word.map("{}-*".format))
    if format is Format.PYPI:
        return st.one_of(word, word.map("{}-*".format))
    if format is Format.CARGO:
        crate = st.sampled_from(["a", "a-b", "a_b", "A-b", "ab", "a_b-a"])
        return st.one_of(crate, crate.map("{}-*".format), crate.map("{}_*".format))
    if format is Format.NUGET:
        return st.one_of(word, word.map("{}.*".format), word.map("{}-*".format))
    if format is Format.GENERIC:
        space = st.sampled_from(["a", "ab", "a-b"])
        return st.one_of(space.map("{}/*".format), st.builds("{}/{}".format, space, word), st.builds("{}/{}-*".format, space, word))
    group = st.sampled_from(["a", "a.b", "ab"])
    return st.one_of(group.map("{}:*".format), st.builds("{}:{}".format, group, word))


NAMES = st.sampled_from(list(Format)).flatmap(lambda format: _texts(format).map(lambda text: parse(format, text)))


@st.composite
def near(draw, name: OwnedName) -> tuple[str, str]:
    """The coordinates of a package that is often, and sometimes just not, one of `name`'s."""
    namespace = draw(st.one_of(st.just(name.namespace), NAMESPACES))
    part = draw(
        st.one_of(
            st.just(name.name),
            st.builds(lambda end: name.name + end, PARTS),
            st.builds(lambda start: start + name.name + "x", PARTS),
            PARTS,
            st.just(name.name[:-1]),
        )
    )
    assume(part)
    return namespace, part


@given(st.data())
def test_iam_package_groups_and_owns_agree(data):
    name = data.draw(NAMES)
    namespace, part = data.draw(near(name))
    owned = name.owns(namespace, part)
    arn = REGISTRY.package_arn("payments", f"{name.format}/{namespace}/{part}")
    assert like(REGISTRY.package_arn("payments", name.arn_pattern), arn) == owned
    assert in_group(name.group_pattern, name.format, namespace, part) == owned
    assert not like(REGISTRY.package_arn("payment", name.arn_pattern), arn)


def conflict(one: OwnedName, other: OwnedName) -> bool:
    """As the catalog compares names of two teams."""
    return overlaps(without_variations(one), without_variations(other))


def _spellings(text: str) -> set[str]:
    """Variations of a text, each with as many separators as it has."""
    parts = [{one.lower(), one.upper()} if one.isalpha() else set("-_.") if one in "-_." else {one} for one in text]
    return {"".join(one) for one in itertools.product(*parts)}


def _contested(one: OwnedName, other: OwnedName) -> bool:
    """Whether some package is, in some spelling, of both names' package groups, found by trying.

    A common one starts with each prefix, so the prefixes and a longer one do.
    """
    groups = [package_groups.parse(name.group_pattern) for name in (one, other)]
    ends = {end for name in (one, other) for end in (name.name, f"{name.name}x", f"{name.name}-x") if end} | {"x"}
    namespaces, names = ({s for text in texts for s in _spellings(text)} for texts in ([one.namespace, other.namespace], ends))
    packages = [package_groups.Coordinates(one.format, *each) for each in itertools.product(namespaces, names)]
    return any(all(group.canonical().matches(_canonical(package)) for group in groups) for package in packages)


def _canonical(package: package_groups.Coordinates) -> package_groups.Coordinates:
    return package._replace(namespace=package_groups.variation(package.namespace), name=package_groups.variation(package.name))


@given(NAMES, NAMES)
@example(parse(Format.CARGO, "a-b"), parse(Format.CARGO, "A_b"))
@example(parse(Format.CARGO, "a_*"), parse(Format.CARGO, "a-b"))
@example(parse(Format.NUGET, "a.*"), parse(Format.NUGET, "a-b"))
@example(parse(Format.NPM, "a-*"), parse(Format.NPM, "a-b-*"))
@example(parse(Format.NPM, "a"), parse(Format.NPM, "a-*"))
@example(parse(Format.NPM, "@a.b/*"), parse(Format.NPM, "@a-b/c"))
@example(parse(Format.NPM, "@a/b-*"), parse(Format.NPM, "@a/b.c"))
@example(parse(Format.MAVEN, "a:*"), parse(Format.MAVEN, "a.b:*"))
@example(parse(Format.MAVEN, "a.b:*"), parse(Format.MAVEN, "a-B:x"))
def test_overlap_is_symmetric_and_means_a_package_that_not_one_of_them_has_alone(one, other):
    assert conflict(one, other) == conflict(other, one) == _contested(one, other)
    assert conflict(one, one)
    assert conflict(one, other) or not overlaps(one, other)


@given(st.data())
def test_names_of_two_teams_that_do_not_overlap_block_no_package_of_either(data):
    """As the local CodeArtifact judges it, for any package of one of them, in the presence of both package groups."""
    one, other = data.draw(NAMES), data.draw(NAMES)
    namespace, part = data.draw(near(one))
    assume(one.owns(namespace, part) and not conflict(one, other))
    groups = [package_groups.root_group(), *(package_groups.PackageGroup(name.group_pattern) for name in (one, other))]
    found = package_groups.restricting_groups(groups, package_groups.Coordinates(one.format, namespace, part))
    assert [group.pattern for group in found] == [one.group_pattern]


@pytest.mark.parametrize(
    ("format", "one", "blocking", "apart"),
    [
        (Format.NPM, "acme-*", "acme.x", "acmex"),
        (Format.NPM, "acme-*", "acme.x-*", "acmex-*"),
        (Format.NPM, "@acme/ui_kit", "@acme/ui-kit", "@acme/uikit"),
        (Format.NPM, "@acme/billing-*", "@acme/*", "@acmes/*"),
        (Format.NPM, "@acme/billing-*", "@acme/billing-ui", "@acme/billing"),
        (Format.NPM, "@acme/billing-*", "@acme/billing.ui", "@acme/billings"),
        (Format.NPM, "@acme/billing-*", "@acme/billing-*", "@acme/bill-*"),
        (Format.NPM, "@acme/billing-*", "@acme/billing-eu-*", "@acme/billings-*"),
        (Format.NPM, "@acme/billing-*", "@acme/billing-eu", "billing-*"),
        (Format.NPM, "@acme-pay/*", "@acme.pay/ui", "@acmepay/ui"),
        (Format.NPM, "@acme/modern-*", "@acme/modem-x", "@acme/model-x"),
        (Format.PYPI, "acme-*", "acme-x", "acmex"),
        (Format.PYPI, "acme-lib1", "acme-libl", "acme-lib2"),
        (Format.PYPI, "acme-go-*", "acme-g0-x", "acme-g8-x"),
        (Format.MAVEN, "com.acme:*", "Com.Acme:*", "com.acme.pay:*"),
        (Format.MAVEN, "com.acme:core", "com-acme:Core", "com-acme:api"),
        (Format.MAVEN, "com.acme:core-2.13", "com.acme:core_2.13", "com.acme:core_2.12"),
        (Format.CARGO, "acme-*", "Acme_x", "acmex"),
        (Format.NUGET, "acme.*", "acme-*", "acmes.*"),
        (Format.NUGET, "acme.*", "acme_x", "acmex"),
        (Format.GENERIC, "acme/*", "Acme/fw", "acmes/fw"),
        (Format.GENERIC, "acme/fw-*", "acme/fw.x", "acme/fwx"),
    ],
)  # fmt: skip
def test_names_that_block_each_other(format, one, blocking, apart):
    """Each beside a name of another team's that does not."""
    assert conflict(parse(format, one), parse(format, blocking))
    assert not conflict(parse(format, one), parse(format, apart))
