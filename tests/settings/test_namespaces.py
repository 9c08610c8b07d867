"""What teams own lies inside what the company may own at all."""

from pathlib import Path

import pytest

from policies import namespaces
from settings import Format
from tests.settings.builders import ABSENT, CONFIG, STACK_FILE, changed, parse, problems

NAMESPACES = (CONFIG, "package-flow:namespaces")
GIVEN = {"npm": ["@acme-*/*"], "pypi": ["acme-*"], "maven": ["com.acme", "com.acme.*"]}


def told(root: Path, *changes) -> list[str]:
    return [str(one) for one in problems(root, changed((NAMESPACES, dict(GIVEN)), *changes))]


@pytest.mark.parametrize(
    ("format", "bad", "good"),
    [
        ("npm", "lodash", "@acme-x/lodash"),
        ("npm", "@types/*", "@acme-types/*"),
        ("npm", "react-*", "@acme-react/*"),
        ("npm", "@acme/*", "@acme-a/*"),
        ("pypi", "a-*", "acme-a-*"),
        ("pypi", "acme", "acme-1"),
        ("maven", "org.springframework:*", "com.acme.springframework:*"),
        ("maven", "com.acmecorp:*", "com.acme:*"),
    ],
)
def test_a_name_outside_is_refused_at_its_place(tmp_path: Path, format: str, bad: str, good: str) -> None:
    inside = ", ".join(GIVEN[format])
    assert told(tmp_path, (("storefront", "owns"), {format: [good, bad]})) == [
        f"catalog/storefront.yaml: owns.{format}.1: got '{bad}', allowed: names inside package-flow:namespaces.{format} of {STACK_FILE} "
        f"({inside}); own others, or have that list extended"
    ]
    assert told(tmp_path, (("storefront", "owns"), {format: [good]})) == []


def test_every_name_outside_is_in_one_error(tmp_path: Path) -> None:
    outside = ((("identity", "owns"), {"npm": ["@other/*", "lodash"]}), (("research", "owns", "pypi"), ["requests"]))
    keys = [(one.file, one.key) for one in problems(tmp_path, changed((NAMESPACES, dict(GIVEN)), *outside))]
    assert keys == [
        ("catalog/identity.yaml", "owns.npm.0"),
        ("catalog/identity.yaml", "owns.npm.1"),
        ("catalog/research.yaml", "owns.pypi.0"),
    ]


def test_they_are_required_as_soon_as_a_team_owns_something(tmp_path: Path) -> None:
    npm, pypi = (
        f"{STACK_FILE}: package-flow:namespaces.{format}: got nothing, allowed: the names that teams may own at all "
        f"({namespaces.allowed(format)}), because names are owned by {files}"
        for format, files in (
            (Format.NPM, "catalog/identity.yaml, catalog/payments.yaml"),
            (Format.PYPI, "catalog/payments.yaml, catalog/research.yaml"),
        )
    )
    assert [str(one) for one in problems(tmp_path, changed((NAMESPACES, ABSENT)))] == [npm, pypi]
    assert told(tmp_path, ((*NAMESPACES, "pypi"), [])) == [pypi]


def test_a_catalog_that_owns_nothing_needs_none(tmp_path: Path) -> None:
    base = changed()
    only = {CONFIG: base[CONFIG], "storefront": base["storefront"]}
    assert problems(tmp_path, changed((NAMESPACES, ABSENT), start=only)) == []
    assert parse(tmp_path, changed((NAMESPACES, ABSENT), start=only)).namespaces == ()


@pytest.mark.parametrize(
    ("format", "bad", "good", "words"),
    [
        ("npm", "acme*", "acme-*", "(did you mean acme-*?)"),
        ("npm", "a-*", "ab-*", "at least 2 letters and digits in a row before -*: names of others begin with a- too"),
        ("npm", 7, "v7", "got 7, which YAML reads as a number"),
        ("pypi", "a-*", "acme-a-*", "at least 2 letters and digits"),
        ("maven", "com.acme:*", "com.acme2", "(did you mean com.acme?)"),
        ("maven", "com.*", "com.acme2.*", "a group of at least two parts before .*"),
        ("maven", "com", "com.acme2", "a group of at least two parts, such as com.acme: com is nobody's alone"),
        ("maven", "co.uk.*", "uk.co.acme.*", "a group of at least three parts here, such as co.uk.acme.*"),
        ("maven", "uk.co", "uk.co.acme", "a group of at least three parts here, such as uk.co.acme"),
        ("maven", "io.github.*", "io.github.acme.*", "a group of at least three parts here, such as io.github.acme.*"),
    ],
)
def test_a_wrong_entry_is_told_and_hides_nothing_else(tmp_path: Path, format: str, bad: object, good: str, words: str) -> None:
    """What it would have held is not known, so no name is outside because of it."""
    place = (*NAMESPACES, format)
    (one,) = problems(tmp_path, changed((NAMESPACES, dict(GIVEN)), (place, [*GIVEN[format][1:], bad])))
    assert (one.file, one.key) == (STACK_FILE, f"package-flow:namespaces.{format}.{len(GIVEN[format]) - 1}")
    assert words in str(one)
    assert told(tmp_path, (place, [*GIVEN[format], good])) == []


def test_the_engine_hands_them_over_as_text(tmp_path: Path) -> None:
    text = '{"npm": ["@acme-*/*"], "pypi": ["acme-*"], "maven": ["com.acme", "com.acme.*"]}'
    assert parse(tmp_path, changed((NAMESPACES, text))) == parse(tmp_path, changed((NAMESPACES, dict(GIVEN))))
    for wrong in ('["@acme-*/*"]', "null", "@acme-*/*"):
        (one,) = problems(tmp_path, changed((NAMESPACES, wrong)))
        assert (one.file, one.key) == (STACK_FILE, "package-flow:namespaces")
        assert "allowed: a mapping" in str(one)
