"""What was found, for people. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from adopt.program import Found, Resource
from existing.there import There
from plan import parts


def page(stack: str, found: Found, planned: parts.Plan | None) -> str:
    """Markdown: what stands in the way, what changes, what is taken over unchanged, what else to know, and how to go on."""
    adoption = found.adoption
    if adoption is None:
        return ""
    there = adoption.there
    blocked = [f"{one.where}: {one.what}: {one.blocked}{_or(one)}" for one in there if one.in_the_way]
    changed = [one for one in there if one.adoptable and one.changes]
    same = [one for one in there if one.adoptable and not one.changes]
    removed = [one for one in there if one.removal]
    return "\n".join(
        [
            f"# Adopting what stack {stack} finds",
            *_section("In the way", [*adoption.problems, *blocked], "Nothing."),
            *_changes(changed),
            *_section("Taken over unchanged", [f"{one.what} ({one.id})" for one in same], "Nothing."),
            *_section("Deleted and made again", [f"{one.where}: {one.what}: {one.blocked}" for one in removed], "Nothing."),
            *_section("Stays as it is or changes without an import", adoption.notes, "Nothing to say."),
            *_section("Who has published what", list(_owned(planned, found.resources)) if planned else [], "The catalog owns no names."),
            *_section(
                "Next", _next(stack, bool(blocked or adoption.problems), bool(changed or same), [one.removal for one in removed]), ""
            ),
            "",
        ]
    )


def _or(one: There) -> str:
    return f"; or rename: {one.rename}" if one.rename else ""


def _section(title: str, lines: Sequence[str], otherwise: str) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    yield from ([f"- {line}" for line in lines] or [otherwise])


def _changes(changed: Iterable[There]) -> Iterator[str]:
    yield from ("", "## Taken over and changed", "")
    listed = list(changed)
    for one in listed:
        yield f"- {one.what} ({one.id})"
        yield from (f"  - {change}" for change in one.changes)
    if not listed:
        yield "Nothing."


def _owned(planned: parts.Plan, resources: Sequence[Resource]) -> Iterator[str]:
    """How to see who published an owned name elsewhere: nothing that the program may ask lists packages."""
    domain = planned.place.domain
    for team in planned.teams:
        for one in team.owns:
            namespace = f" --namespace {one.namespace}" if one.namespace else ""
            prefix = f" --package-prefix {one.name}" if one.name else ""
            yield (
                f"{one.format}:{one.text} is {team.name}'s: from the first pulumi up it is published in {team.repository.name} alone, and "
                "what other repositories have of it stays there. List it: for repository in $(aws codeartifact list-repositories-in-domain "
                f"--domain {domain} --query 'repositories[].name' --output text); do aws codeartifact list-packages --domain {domain} "
                f"--repository $repository --format {one.format}{namespace}{prefix}; done"
            )


def _next(stack: str, blocked: bool, any: bool, removals: Sequence[str]) -> list[str]:
    if blocked:
        return ["Settle what is in the way, then run this again: no import file was written."]
    if not any:
        return [f"There is nothing to adopt: pulumi up --stack {stack}"]
    now = [f"just before, while nothing else publishes or installs there: {one}" for one in removals]
    return [
        f"pulumi import --stack {stack} --file adopted/{stack}.import.json --protect=false --generate-code=false",
        f"commit adopted/{stack}.json, by which what was there stays when this stack goes",
        *now,
        f"pulumi preview --stack {stack} --diff shows the changes above and no replacement; then pulumi up --stack {stack}",
    ]
