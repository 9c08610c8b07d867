"""A session is looked up by its id."""

import unittest

import httpx
from acme_identity_api_client import Client  # ty: ignore[import-not-found]  (installed where this repository is built)
from acme_identity_api_client.api.sessions import get_session  # ty: ignore[import-not-found]


def answer(request: httpx.Request) -> httpx.Response:
    """The API's, for one session."""
    assert request.url == "https://identity.test/sessions/s-1"
    return httpx.Response(200, json={"id": "s-1", "user": "ada", "state": "open"})


class SessionTest(unittest.TestCase):
    def test_look_up(self) -> None:
        client = Client("https://identity.test", httpx_args={"transport": httpx.MockTransport(answer)})
        session = get_session.sync("s-1", client=client)
        self.assertEqual(session.user, "ada")
