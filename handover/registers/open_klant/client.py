"""The wire to Open Klant: one call at a time, with time limits, and every failure as a RegisterError."""

import asyncio
from types import TracebackType
from typing import Any, Self

import httpx

from handover.registers.register import RegisterError

PATH = "/klantinteracties/api/v1"
CONNECT, READ = 5.0, 15.0  # seconds
PAGES_AT_MOST = 20
ANSWER_AT_MOST = 20_000_000  # bytes
OLDEST = (0, 7)  # API version: has referentienummer, metadata and reactie


class Client:
    """`url`: where Open Klant is, with or without the path of the API."""

    def __init__(self, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/").removesuffix(PATH) + PATH,
            headers={"Authorization": f"Token {token}", "Accept": "application/json"},
            timeout=httpx.Timeout(READ, connect=CONNECT),
            follow_redirects=False,  # a redirect of a POST would lose it, and could take the token elsewhere
            transport=transport,
        )
        self.version: tuple[int, ...] | None = None  # of its API, once it has answered

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def probe(self) -> None:
        await self.page("klantcontacten", pageSize=1)
        if self.version is not None and self.version < OLDEST:
            raise RegisterError("too_old", f"API {'.'.join(map(str, self.version))}, {'.'.join(map(str, OLDEST))} or later is needed")

    async def page(self, path: str, **params: Any) -> list[dict[str, Any]]:
        return (await self._page(path, params))[0]

    async def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every page of a list."""
        found: list[dict[str, Any]] = []
        for number in range(1, PAGES_AT_MOST + 1):
            results, more = await self._page(path, {**params, "page": number} if number > 1 else params)
            found += results
            if not more:
                break
        return found

    async def _page(self, path: str, params: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
        body = await self._call("GET", path, params=params)
        if isinstance(body, dict) and isinstance(results := body.get("results"), list) and all(isinstance(row, dict) for row in results):
            return results, bool(body.get("next"))
        raise RegisterError("nonsense", f"GET {path}", 200)

    async def get(self, path: str, uuid: Any, **params: Any) -> dict[str, Any] | None:
        """The one with this uuid; None if there is none (any more)."""
        try:
            return self._object(await self._call("GET", f"{path}/{uuid}", params=params), f"GET {path}")
        except RegisterError as error:
            if error.status == 404:
                return None
            raise

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._object(await self._call("POST", path, json=body), f"POST {path}")

    async def patch(self, path: str, uuid: Any, body: dict[str, Any]) -> bool:
        """False if there is no such thing (any more)."""
        try:
            self._object(await self._call("PATCH", f"{path}/{uuid}", json=body), f"PATCH {path}")
        except RegisterError as error:
            if error.status == 404:
                return False
            raise
        return True

    async def delete(self, path: str, uuid: Any) -> None:
        """It is gone afterwards, whoever removed it."""
        try:
            await self._call("DELETE", f"{path}/{uuid}")
        except RegisterError as error:
            if error.status != 404:
                raise

    def _object(self, body: Any, where: str) -> dict[str, Any]:
        if isinstance(body, dict):
            return body
        raise RegisterError("nonsense", where, 200)

    async def _call(self, method: str, path: str, **what: Any) -> Any:
        where = f"{method} {path.partition('/')[0]}"
        try:
            async with asyncio.timeout(CONNECT + READ + READ):  # one that sends a byte now and then is not there either
                answer = await self._answer(method, path, where, what)
        except (httpx.HTTPError, TimeoutError) as error:
            raise RegisterError("unreachable", f"{where} ({type(error).__name__})") from error
        self._see_version(answer)
        if answer.status_code == 204:
            return None
        if answer.is_success:
            try:
                return answer.json()
            except ValueError:
                raise RegisterError("nonsense", where, answer.status_code) from None
        raise _error(answer, where)

    async def _answer(self, method: str, path: str, where: str, what: dict[str, Any]) -> httpx.Response:
        """Read whole, unless it is larger than any answer can be."""
        async with self._http.stream(method, f"/{path}", **what) as answer:
            size = 0
            parts = []
            async for part in answer.aiter_bytes():
                size += len(part)
                if size > ANSWER_AT_MOST:
                    raise RegisterError("nonsense", where, answer.status_code)
                parts.append(part)
        return httpx.Response(answer.status_code, headers=_plain(answer.headers), content=b"".join(parts))

    def _see_version(self, answer: httpx.Response) -> None:
        parts = answer.headers.get("API-version", "").split(".")
        if len(parts) > 1 and all(part.isascii() and part.isdigit() for part in parts[:2]):
            self.version = (int(parts[0]), int(parts[1]))


def _error(answer: httpx.Response, where: str) -> RegisterError:
    status = answer.status_code
    if status in (401, 403):
        return RegisterError("denied", where, status)
    if status in (429, 502, 503, 504):
        return RegisterError("busy", where, status, retry_after=_seconds(answer.headers.get("Retry-After")))
    if status >= 500:
        return RegisterError("broken", where, status)
    if status >= 400:
        return RegisterError("refused", where, status, _params(answer))
    return RegisterError("nonsense", where, status)


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Without what tells how the body was packed: it is not any more."""
    return {name: value for name, value in headers.items() if name not in ("content-encoding", "content-length", "transfer-encoding")}


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None


def _params(answer: httpx.Response) -> tuple[tuple[str, str], ...]:
    """(name, code) of each parameter that was refused; what was sent and the Dutch reason stay out."""
    try:
        given = answer.json().get("invalidParams") or []
        found = tuple((_word(item.get("name")), _word(item.get("code"))) for item in given if isinstance(item, dict))
        return found or (("", _word(answer.json().get("code"))),)
    except (ValueError, AttributeError, TypeError):
        return ()


def _word(value: Any) -> str:
    """At most 80 characters that a name or a code is made of: whatever a server sends, it is no text of a person."""
    return "".join(char for char in str(value or "") if char.isalnum() or char in "._-[]")[:80]
