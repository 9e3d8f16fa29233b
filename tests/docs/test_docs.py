"""The generated documents say what the code says, and hold together."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest

from handover import docs
from handover.channels import frames
from handover.channels.api.description import gesprekken_api, klantinteracties_api
from handover.channels.api.gesprekken import BASE as TURNS_BASE
from handover.channels.api.klantinteracties import Klantinteracties
from handover.channels.api.routes import is_api
from handover.channels.api.shapes import BASE
from handover.channels.console.messages import FromStaff
from handover.channels.web.messages import FromResident
from handover.content.library import Library
from handover.history.people import People
from handover.history.store import Store
from handover.settings import ROOT

WEGWIJS = ROOT / ".venv" / "bin" / "wegwijs"


def references(document: Any) -> list[str]:
    if isinstance(document, list):
        return [found for item in document for found in references(item)]
    if isinstance(document, dict):
        own = [document["$ref"]] if isinstance(document.get("$ref"), str) else []
        return own + [found for value in document.values() for found in references(value)]
    return []


def at(document: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part.replace("~1", "/")]
    return document


def test_the_files_in_docs_are_what_the_code_says() -> None:
    assert docs.out_of_date() == [], "run 'wegwijs docs'"


def test_check_says_in_one_line_which_file_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docs.write(tmp_path)
    assert docs.out_of_date(tmp_path) == []
    (tmp_path / "states.md").write_text("something else")
    assert docs.out_of_date(tmp_path) == ["states.md"]
    assert docs.write(tmp_path) == ["states.md"]

    monkeypatch.setattr(docs, "out_of_date", lambda: ["states.md"])
    from handover.cli import docs as command

    with pytest.raises(SystemExit, match=r"docs/states\.md"):
        command(check=True)


def test_the_command_is_there() -> None:
    done = subprocess.run([WEGWIJS, "docs", "--check"], capture_output=True, text=True, check=False, timeout=180)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("document", [docs.asyncapi(), docs.openapi()], ids=["asyncapi", "openapi"])
def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = references(document)
    assert found
    for reference in found:
        assert at(document, reference)


def test_every_frame_is_in_the_document_with_its_meaning() -> None:
    described = docs.asyncapi()["components"]["messages"]
    wanted = [("resident.from", FromResident), ("resident.to", frames.ToResident), ("staff.from", FromStaff), ("staff.to", frames.ToStaff)]
    names = {f"{prefix}.{kind.__struct_config__.tag}" for prefix, union in wanted for kind in get_args(union)}
    assert set(described) == names
    assert all(message["summary"] for message in described.values())


def test_clients_are_free_to_ignore_what_is_added() -> None:
    assert "additionalProperties" not in json.dumps(docs.asyncapi())


def test_a_frame_without_a_meaning_stops_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(docs.FROM_STAFF, "claim")
    with pytest.raises(docs.Undescribed, match="claim"):
        docs.asyncapi()


def test_a_time_limit_without_a_meaning_stops_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(docs.LIMITS, "LONG_WAIT")
    with pytest.raises(docs.Undescribed, match="LONG_WAIT"):
        docs.state_page()


def test_every_variable_of_the_settings_is_in_the_readme() -> None:
    code = (ROOT / "handover" / "settings.py").read_text()
    readme = (ROOT / "README.md").read_text()
    variables = set(re.findall(r"WEGWIJS_[A-Z_]+", code))
    assert variables
    assert [name for name in sorted(variables) if f"`{name}`" not in readme] == []


def test_every_theming_property_is_in_the_manual() -> None:
    sources = [path.read_text() for path in (ROOT / "web" / "widget").iterdir() if path.suffix in (".js", ".css")]
    used = {name for text in sources for name in re.findall(r"--gemeente-chat-[a-z-]*[a-z]", text)}
    manual = (ROOT / "docs" / "embed.md").read_text()
    assert used
    assert [name for name in sorted(used) if f"`{name}`" not in manual] == []


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    local = [link for link in links if not link.startswith(("http:", "https:", "mailto:")) and not link.endswith(".png")]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_every_route_over_http_is_in_openapi_or_is_known_not_to_be() -> None:
    from tests.docs.routes import routes

    elsewhere = {
        ("GET", "/"), ("GET", "/en"), ("GET", "/console"), ("GET", "/mine"), ("GET", "/web/v1/<name:path>"),  # pages and their files
        ("GET", "/chat/ws"), ("GET", "/console/ws"),  # asyncapi.json
        ("POST", "/internal/actions"),  # Rasa's, with a token of its own
    }  # fmt: skip
    described = {(method.upper(), path) for path, item in docs.openapi()["paths"].items() for method in item}
    served = {(method, re.sub(r"<(\w+):str>", r"{\1}", path)) for method, path in routes() if not is_api(path)}
    gateways = {(method, path) for method, path in served if path.startswith("/voice/")}  # as their vendors describe them
    plain = {(method, re.sub(r"<(\w+):[^>]+>", r"{\1}", path)) for method, path in served - elsewhere - gateways}
    assert plain == described


def test_every_route_of_the_apis_is_in_the_files_that_they_serve(tmp_path: Path) -> None:
    """API-1: OpenAPI, at a fixed place."""
    from tests.docs.routes import routes

    library = Library(ROOT / "data", ROOT / "data" / "municipality.yml", "municipality")
    store = Store(f"sqlite+aiosqlite:///{tmp_path / 'nothing.db'}")
    moments = Klantinteracties(store, library, People(store), "http://127.0.0.1:8080", "10")
    described = {
        (method.upper(), f"{base}{path}")
        for base, api in ((BASE, klantinteracties_api(moments)), (TURNS_BASE, gesprekken_api()))
        for path, item in api["paths"].items()
        for method in item
    }
    served = {(method, path.replace("<id:str>", "{uuid}")) for method, path in routes() if is_api(path)}
    assert served == described | {("GET", f"{BASE}/openapi.json"), ("GET", f"{TURNS_BASE}/openapi.json")}
