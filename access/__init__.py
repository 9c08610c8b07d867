"""Access review: who can do what, computed from the policies that a stack provisions, as a page and as Markdown. `python -m access`."""
