"""The local cloud with a small registry in it, whose team payments owns @acme-payments/*, acme-payments-* and com.acme.payments:*."""

from tests.workflows.conftest import cloud

__all__ = ["cloud"]
