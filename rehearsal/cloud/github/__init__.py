"""A small, strict model of github.com: the REST paths that the program uses, rulesets on pushes and merges, OIDC tokens."""
