"""Inputs as Hypothesis draws them, and makes them smaller: what is left to chance here is drawn from a Random of its own."""

from functools import cache
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.fuzzing import mutations, valid
from tests.fuzzing.inputs import Input, Tree, written

# A run of the program takes as long as it takes (program.py has the limit), and inputs are large: Hypothesis need not mind.
unhurried = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


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


def _anything(random: Random, stack: str | None) -> Input:
    kind = random.random()
    if kind < 0.04 and not stack:
        return _valid(random)
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


def _valid(random: Random) -> Input:
    return written(valid.stack(random), "valid by construction", must_be_accepted=True)


_CHANCE = st.randoms(use_true_random=False)


def anything(stack: str | None = None) -> st.SearchStrategy[Input]:
    """Most have other data; some are valid by construction, have another text or other files, or meet hostile answers. `stack`: changes of
    this shipped one only."""
    return st.builds(_anything, _CHANCE, st.just(stack))


def valid_by_construction() -> st.SearchStrategy[Input]:
    """Stacks that must be accepted."""
    return st.builds(_valid, _CHANCE)


def hostile_answers() -> st.SearchStrategy[Input]:
    """A small stack whose look-ups are answered as they should not be."""
    return st.builds(mutations.hostile, _CHANCE, st.just(written(mutations.small())))
