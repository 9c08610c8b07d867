"""One thing that is there already."""

from dataclasses import dataclass

from leftovers import key


@dataclass(frozen=True)
class There:
    """A thing that is there, that this stack would create, and that its state does not have.

    type, identity   the resource of the program that stands for it, as `leftovers.key` names it
    what, where      what it is for people; the file and key that lead to it
    id               of an import; "" = the provider imports none of this type
    changes          what this stack would change in it once it is adopted, a line each; none = it is taken over unchanged
    blocked          why it may not be adopted as it is, and what to do; "" = it may
    rename           how this stack takes another name; "" = it can't
    before           the document of a policy, with which it can be given back
    removal          the command that removes it just before this stack makes its own, of what can't be imported and holds nothing
    """

    type: str
    identity: tuple[str, ...]
    what: str
    where: str
    id: str
    changes: tuple[str, ...] = ()
    blocked: str = ""
    rename: str = ""
    before: str = ""
    removal: str = ""

    @property
    def key(self) -> str:
        return key(self.type, *self.identity)

    @property
    def adoptable(self) -> bool:
        return bool(self.id) and not self.blocked

    @property
    def in_the_way(self) -> bool:
        """Whether something has to be settled before anything is imported."""
        return not self.adoptable and not self.removal

    def problem(self, stack: str) -> str:
        """The line of the error: what is there, and the ways on."""
        adopt = f"adopt it: make adopt STACK={stack} (import id {self.id})" if self.adoptable else self.blocked
        ways = [adopt, *([f"or rename: {self.rename}"] if self.rename else [])]
        return f"{self.where}: {self.what} is there already and not in this stack's state; {'; '.join(ways)}"
