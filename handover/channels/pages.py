"""Pages, static files, probes, and the headers that every answer carries."""

import hmac
import mimetypes
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from prometheus_client import CONTENT_TYPE_LATEST
from sanic import HTTPResponse, Request, Sanic, json, text
from sanic.exceptions import SanicException
from sanic.response import raw

from handover.channels.api.routes import failed as api_failed
from handover.channels.api.routes import is_api
from handover.content.library import Library
from handover.settings import ROOT, Settings

log = structlog.get_logger()
WEB = ROOT / "web"
PUBLIC = ("widget", "shared")  # folders of web/ that pages of other origins load the widget from
YEAR = 365 * 24 * 3600


def add_pages(
    app: Sanic, settings: Settings, library: Library, *, is_open: Callable[[], bool],
    health: Callable[[], tuple[int, dict[str, str]]], metrics: Callable[[], Awaitable[bytes]], metrics_token: str,
) -> None:  # fmt: skip
    """The routes of this module on `app`."""
    files = {str(path.relative_to(WEB)): path for path in sorted(WEB.rglob("*")) if path.is_file()}
    sockets = " ".join(origin.replace("http", "ws", 1) for origin in sorted(settings.own_origins))  # Safari wants them named
    policy = "; ".join([
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "font-src 'self'", "worker-src 'self'",
        f"connect-src 'self' {sockets}", "base-uri 'none'", "object-src 'none'", "form-action 'self'",
        "frame-ancestors 'none'", "require-trusted-types-for 'script'",
    ])  # fmt: skip

    def page(name: str) -> HTTPResponse:
        if name not in files:
            return text("not found", status=404)
        return raw(files[name].read_bytes(), content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": policy})

    @app.get("/")
    async def demo(_request: Request) -> HTTPResponse:
        return page("demo/index.html")

    @app.get("/en")
    async def demo_in_english(_request: Request) -> HTTPResponse:
        return page("demo/en.html")

    @app.get("/console")
    async def console(_request: Request) -> HTTPResponse:
        return page("console/index.html")

    @app.get("/mine")
    async def mine(_request: Request) -> HTTPResponse:
        return page("mine/index.html")

    @app.get("/web/v1/<name:path>")
    async def static(request: Request, name: str) -> HTTPResponse:
        path = files.get(name)  # only what was there at the start: no path of a client's ever touches the disk
        if path is None or path.suffix == ".html":
            return text("not found", status=404)
        stat = path.stat()
        tag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache", **_sharing(request, settings, name)}
        if request.headers.get("if-none-match") == tag:
            return HTTPResponse(status=304, headers=headers)
        return raw(path.read_bytes(), content_type=_content_type(path), headers=headers)

    @app.get("/chat/info")
    async def info(request: Request) -> HTTPResponse:
        language = "en" if request.args.get("language") == "en" else "nl"
        facts = library.facts
        shown = {
            "municipality": facts["name"], "assistant": facts.value("assistant", language), "open": is_open(),
            "phone": {"label": str(facts["phone"]), "href": facts["phone_href"]}, "hours": facts.value("phone_hours", language),
            "privacy_url": facts["privacy_url"], "contact_url": facts["contact_url"], "kept_days": facts.kept_days,
            "calls": settings.calls,
        }  # fmt: skip
        return json(shown, headers={"Cache-Control": "max-age=60", **_sharing(request, settings, "shared/")})

    @app.get("/health")
    async def probe(_request: Request) -> HTTPResponse:
        status, shown = health()
        return json(shown, status=status, headers={"Cache-Control": "no-store"})

    @app.get("/metrics")
    async def figures(request: Request) -> HTTPResponse:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        local = request.ip in ("127.0.0.1", "::1") and not request.headers.get("x-forwarded-for")
        if not local or not hmac.compare_digest(given, metrics_token.encode()):
            return text("not allowed", status=403)
        return raw(await metrics(), content_type=CONTENT_TYPE_LATEST)

    @app.get("/.well-known/security.txt")
    async def security(_request: Request) -> HTTPResponse:
        expires = (datetime.now(UTC) + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
        lines = [f"Contact: mailto:{library.facts['email']}", f"Expires: {expires}", "Preferred-Languages: nl, en",
                 f"Canonical: {settings.public_url}/.well-known/security.txt"]  # fmt: skip
        return text("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")

    @app.on_response
    async def headers(_request: Request, response: HTTPResponse) -> None:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if settings.secure:
            response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}; includeSubDomains")

    @app.exception(Exception)
    async def failed(request: Request, error: Exception) -> HTTPResponse:
        """Generic, with a reference that stands in the log (SEC-19)."""
        if is_api(request.path):
            return api_failed(request, error)
        status = error.status_code if isinstance(error, SanicException) else 500
        if status >= 500:
            log.error("request.failed", request_id=str(request.id), path=request.path, error=type(error).__name__, exc_info=error)
        problem = {"status": status, "title": "not found" if status == 404 else "request failed", "reference": str(request.id)}
        return json(problem, status=status, content_type="application/problem+json")


def allowed_origin(origin: str | None, allowed: frozenset[str]) -> bool:
    """The browser's word for where a page is from must be one of ours, to the letter."""
    if not origin or origin == "null":
        return False
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    if parts.path or parts.query or parts.username or parts.fragment:
        return False
    default = {"http": 80, "https": 443}.get(parts.scheme)
    plain = origin.removesuffix(f":{port}") if port == default else origin
    return plain.lower() in allowed


def _sharing(request: Request, settings: Settings, name: str) -> dict[str, str]:
    """CORS for what widgets on other sites load: modules are always fetched with it."""
    origin = request.headers.get("origin")
    if name.split("/")[0] not in PUBLIC:
        return {"Cross-Origin-Resource-Policy": "same-origin"}
    found = {"Vary": "Origin", "Cross-Origin-Resource-Policy": "cross-origin"}
    if origin and allowed_origin(origin, settings.origins | settings.own_origins):
        found["Access-Control-Allow-Origin"] = origin
    return found


def _content_type(path: Path) -> str:
    if path.suffix in (".js", ".mjs"):
        return "text/javascript; charset=utf-8"
    found = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found
