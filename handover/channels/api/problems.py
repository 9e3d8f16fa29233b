"""What is wrong with a request, as problem details (RFC 9457) with the fields that Klantinteracties has; all of it at once."""

from dataclasses import dataclass, field
from typing import Any

from sanic import HTTPResponse, Request, json

TITLES = {
    400: "Ongeldige invoer.", 401: "U bent niet geauthenticeerd.", 403: "Dit token mag dit niet.", 404: "Niet gevonden.",
    405: "Deze methode is hier niet toegestaan.", 413: "De aanvraag is te groot.", 415: "Alleen application/json wordt gelezen.",
    429: "Te veel aanvragen.", 500: "Er ging bij ons iets mis.", 503: "Dit kan nu niet; probeer het later.",
}  # fmt: skip
CODES = {400: "invalid", 401: "not_authenticated", 403: "permission_denied", 404: "not_found", 405: "method_not_allowed",
         413: "too_large", 415: "unsupported_media_type", 429: "throttled", 503: "unavailable"}  # fmt: skip


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong: the parameter or field, a code for programs, and words."""

    name: str
    code: str
    reason: str


@dataclass
class Problem(Exception):
    status: int
    detail: str = ""
    code: str | None = None
    wrong: list[Wrong] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


def problem(request: Request, status: int, detail: str = "", code: str | None = None, wrong: list[Wrong] | None = None) -> dict[str, Any]:
    title = TITLES.get(status, "De aanvraag is niet gelukt.")
    found: dict[str, Any] = {
        "type": "about:blank", "code": code or CODES.get(status, "error"), "title": title, "status": status, "detail": detail or title,
        "instance": f"urn:uuid:{request.id}",
    }  # fmt: skip
    if wrong is not None:
        found["invalidParams"] = [{"name": one.name, "code": one.code, "reason": one.reason} for one in wrong]
    return found


def refused(request: Request, found: Problem) -> HTTPResponse:
    wrong = found.wrong if found.status == 400 else None
    body = problem(request, found.status, found.detail, found.code, wrong)
    return json(body, status=found.status, headers=found.headers, content_type="application/problem+json")
