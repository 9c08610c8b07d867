"""Whose session is it? usage: IDENTITY_URL=... python session.py SESSION"""

import os
import sys

from acme_identity_api_client import Client  # ty: ignore[import-not-found]  (installed where this repository is built)
from acme_identity_api_client.api.sessions import get_session  # ty: ignore[import-not-found]
from acme_identity_api_client.models import Session  # ty: ignore[import-not-found]

answer = get_session.sync(sys.argv[1], client=Client(base_url=os.environ["IDENTITY_URL"]))
if not isinstance(answer, Session):
    sys.exit(answer.title if answer else "no answer")
print(f"{answer.user}, {answer.state}")
