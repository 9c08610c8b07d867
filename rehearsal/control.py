"""The rehearsal's own way into the local cloud: seed GitHub, act as people there, make principals in AWS, read logs."""

from collections.abc import Sequence
from typing import Any

import httpx

from rehearsal.scenario import Denied

_FORBIDDEN = 403
_UNPROCESSABLE = 422


class Control:
    """Calls below /_rehearsal/ with the start's key."""

    def __init__(self, endpoint: str, key: str) -> None:
        self.key = key
        self._http = httpx.Client(base_url=f"{endpoint}/_rehearsal/", headers={"x-rehearsal-key": key}, timeout=30, trust_env=False)

    def get(self, path: str) -> Any:
        """Read something."""
        return self._answer(self._http.get(path), denied=False)

    def post(self, path: str, /, **body: Any) -> Any:
        """Set something up. Raises RuntimeError with the cloud's words if it can't be done."""
        return self._answer(self._http.post(path, json=body), denied=False)

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
