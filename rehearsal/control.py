"""The rehearsal's own way into the local cloud: seed GitHub, act as people there, make principals in AWS, read logs."""

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import httpx

from rehearsal.scenario import Denied

_FORBIDDEN = 403
_UNPROCESSABLE = 422


# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html, and what the services' own protocols call the same.
_UNRECOGNISED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_LOCAL_URL = re.compile(r"https?://127\.0\.0\.1:\d+(/[^\s'\"<>)]+)")


@dataclass(frozen=True)
class Refusal:
    """An answer of the local cloud, as its own record has it: 403 or 404, to what. `code` is a header's, or ""."""

    status: int
    method: str
    path: str
    code: str
    body: str

    @property
    def words(self) -> str:
        """The message in the answer, or ""."""
        return self._found("Message", "message", "error")

    @property
    def denial(self) -> bool:
        """Whether a known caller was refused: AWS answers 403 to wrong or expired credentials, too."""
        return self.status == _FORBIDDEN and (self.code or self._found("Code", "__type")) not in _UNRECOGNISED

    def _found(self, *keys: str) -> str:
        """The first of these members of the body, which is XML or JSON, or ""."""
        if found := re.search(f"<{keys[0]}>(.*?)</{keys[0]}>", self.body, re.DOTALL):
            return html.unescape(found[1])
        try:
            body = json.loads(self.body)
        except ValueError:
            return ""
        return next((str(body[key]) for key in keys if body.get(key)), "") if isinstance(body, dict) else ""

    def shown_in(self, output: str) -> bool:
        """Whether a client's output is about this answer: it has its message, or names its status and an address that it is of or below."""
        if self.words and self.words in output:
            return True
        addresses = [unquote(found).rstrip(".,:;") for found in _LOCAL_URL.findall(output)]
        return f"{self.status}" in output and any(len(address) > 1 and self.path.startswith(address) for address in addresses)


class Control:
    """Calls below /_rehearsal/ with the start's key."""

    def __init__(self, endpoint: str, key: str) -> None:
        self.key = key
        self._http = httpx.Client(base_url=f"{endpoint}/_rehearsal/", headers={"x-rehearsal-key": key}, timeout=30, trust_env=False)

    def get(self, path: str) -> Any:
        """Read something."""
        return self._answer(self._http.get(path), denied=False)

    def position(self) -> int:
        """Where the record of refusals ends now."""
        return self.get("refusals")["next"]

    def refusals(self, since: int) -> list[Refusal]:
        """What the local cloud has refused since then, to whomever."""
        return [Refusal(**refusal) for refusal in self.get(f"refusals?since={since}")["refusals"]]

    def refusal_in(self, output: str, since: int) -> str | None:
        """The refusal (403) since then that a client's output is about, in the cloud's own words, or None.

        The record decides and not the client's text: one that is not logged in (401), or fails for another reason, was not denied.
        """
        shown = next((refusal for refusal in self.refusals(since) if refusal.denial and refusal.shown_in(output)), None)
        return f"{shown.status} {shown.words or f'{shown.method} {shown.path}'}" if shown else None

    def post(self, path: str, /, **body: Any) -> Any:
        """Set something up. Raises RuntimeError with the cloud's words if it can't be done."""
        return self._answer(self._http.post(path, json=body), denied=False)

    def put(self, path: str, /, **body: Any) -> Any:
        """Set something, in the place of what was set before. Raises RuntimeError with the cloud's words."""
        return self._answer(self._http.put(path, json=body), denied=False)

    def delete(self, path: str) -> Any:
        """Take something away again."""
        return self._answer(self._http.delete(path), denied=False)

    def act(self, path: str, **body: Any) -> Any:
        """Do something as a person. Raises Denied with GitHub's words if it is not allowed."""
        return self._answer(self._http.post(path, json=body), denied=True)

    def review(self, **body: Any) -> Any:
        """Review a pull request. GitHub refuses an author's approval as unprocessable."""
        answer = self._http.post("github/pull-requests/review", json=body)
        return self._answer(answer, denied=True, refusals=(_FORBIDDEN, _UNPROCESSABLE))

    @staticmethod
    def _answer(response: httpx.Response, *, denied: bool, refusals: Sequence[int] = (_FORBIDDEN,)) -> Any:
        body = response.json()
        if response.is_success:
            return body
        if denied and (response.status_code in refusals or body.get("violations")):
            raise Denied(body.get("message", response.text))
        raise RuntimeError(f"{response.request.method} {response.request.url.path}: {response.status_code} {body.get('message', body)}")

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()
