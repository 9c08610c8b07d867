"""Inputs by number: the same seed and number always give the same input."""

from functools import cache
from random import Random

from tests.fuzzing import mutations, valid
from tests.fuzzing.inputs import Input, Tree, written


@cache
def _shipped(stack: str) -> Tree:
    return mutations.shipped(stack)


def _start(random: Random, stack: str | None) -> Tree:
    """What a change starts from: mostly small stacks, which are quick; the shipped ones (or only the one that is asked for) sometimes."""
    if stack:
        return _shipped(stack)
    kind = random.random()
    if kind < 0.03:
        return _shipped(random.choice(["dev", "prod"]))
    if kind < 0.50:
        return mutations.small() if kind < 0.15 else mutations.minimal()
    return valid.stack(random)


def generate(seed: int, number: int, stack: str | None = None) -> Input:
    """An input: most have other data, some are valid by construction, have another text or other files, or meet hostile answers."""
    return generated(Random(f"{seed}:{number}"), stack)


def generated(random: Random, stack: str | None = None) -> Input:
    """An input from any source of chance."""
    kind = random.random()
    if kind < 0.04 and not stack:
        tree = valid.stack(random)
        return written(tree, "valid by construction", must_be_accepted=True)
    tree = _start(random, stack)
    if random.random() < 0.08:
        tree = mutations.stack_name(random, tree)
    if kind < 0.70:
        tree, story = mutations.changed_tree(random, tree)
        return written(tree, f"stack {tree.stack}", *story)
    made = written(tree, f"stack {tree.stack}")
    if kind < 0.82:
        return mutations.changed_text(random, made)
    return mutations.changed_files(random, made) if kind < 0.90 else mutations.hostile(random, made)
