"""Fixture public registries: small npm, PyPI and Maven registries that external connections read instead of the real ones."""
