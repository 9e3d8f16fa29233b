"""What a resident reads, downloads, corrects and erases of their own contacts, on a running service (PRV-6, SEC-13, SEC-14)."""

import json
import re
import sqlite3
import urllib.error
import urllib.request
from typing import Any
from uuid import uuid4

import pytest

from tests.stack.people import Resident, colleague, resident
from tests.stack.running import Stack


def ask(stack: Stack, path: str, token: str | None, method: str = "GET", body: Any = None, **headers: str) -> tuple[int, Any]:
    """(status, what it answers: JSON or text)."""
    given = {"Authorization": f"Bearer {token}"} if token else {}
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{stack.url}/mine{path}", data, {**given, **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, _read(answer)
    except urllib.error.HTTPError as error:
        return error.code, _read(error)


def _read(answer: Any) -> Any:
    assert answer.headers["Cache-Control"] == "no-store"
    text = answer.read().decode()
    return json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text


def audit(stack: Stack) -> list[tuple[str, str, str, str]]:
    with sqlite3.connect(stack.data / "wegwijs.db") as database:
        found = database.execute("SELECT actor, action, object, result FROM audit ORDER BY id").fetchall()
    database.close()
    return found


async def asked_and_closed(stack: Stack, question: str = "Wat kost een paspoort?", **options: Any) -> Resident:
    fatma = await resident(stack, **options)
    await fatma.asks(question)
    await fatma.do(type="close")
    await fatma.close()
    return fatma


async def test_who_has_the_secret_of_a_conversation_reads_that_one(stack: Stack):
    fatma, other = await asked_and_closed(stack), await asked_and_closed(stack)
    status, found = ask(stack, "/contacts", fatma.token)
    assert (status, [one["id"] for one in found["contacts"]], found["person"]) == (200, [fatma.conversation], None)
    [one] = found["contacts"]
    assert one["moments"][0]["subject"]
    assert (one["kept"]["as"], one["stays"]) == ("bot", None)
    assert one["kept"]["words_until"] < one["kept"]["destroyed_at"]
    status, whole = ask(stack, f"/contacts/{fatma.conversation}", fatma.token)
    assert [turn["from"] for turn in whole["turns"]][:3] == ["assistant", "resident", "assistant"]
    assert "held_for" not in whole
    assert ask(stack, f"/contacts/{other.conversation}", fatma.token)[0] == 404
    assert ask(stack, f"/contacts/{other.conversation}", fatma.token, "DELETE")[0] == 404
    assert ("resident", "mine.read", fatma.conversation, "ok") in audit(stack)
    assert ("resident", "mine.read", other.conversation, "denied") in audit(stack)


@pytest.mark.parametrize("token", [None, "nonsense", "m1.nonsense", "m1." + "A" * 96, "a.b.c", "x" * 5000])
async def test_without_a_token_that_holds_nothing_is_shown(stack: Stack, token: str | None):
    for path, method in (("/contacts", "GET"), ("/export", "GET"), (f"/contacts/{uuid4()}", "DELETE"), ("/session", "POST")):
        assert ask(stack, path, token, method)[0] in (401, 413, 400), path


async def test_a_known_resident_sees_all_their_conversations_and_nobody_elses(stack: Stack):
    sub = f"resident-{uuid4()}"
    first = await asked_and_closed(stack, identity=stack.identity(sub))
    second = await asked_and_closed(stack, "Hoe geef ik mijn verhuizing door?", identity=stack.identity(sub))
    await asked_and_closed(stack, identity=stack.identity(f"resident-{uuid4()}"))
    identity = stack.identity(sub, email=f"{sub}@example.nl", email_verified=True)
    status, session = ask(stack, "/session", identity, "POST")
    assert status == 200
    assert ask(stack, "/session", identity, "POST")[0] == 401  # once
    status, found = ask(stack, "/contacts", session["token"])
    assert [one["id"] for one in found["contacts"]] == [second.conversation, first.conversation]
    assert {one["kind"] for one in found["person"]["identities"]} == {"sub", "email"}
    changed = session["token"][:-4] + ("AAAA" if not session["token"].endswith("AAAA") else "BBBB")
    assert ask(stack, "/contacts", changed)[0] == 401


async def test_the_secret_alone_opens_no_conversation_of_a_known_resident(stack: Stack):
    """SEC-13."""
    fatma = await asked_and_closed(stack, identity=stack.identity(f"resident-{uuid4()}"))
    status, problem = ask(stack, "/contacts", fatma.token)
    assert (status, problem["code"]) == (401, "identify")


async def test_it_is_downloaded_as_data_and_as_text(stack: Stack):
    """PRV-6: JSON and readable, staff by role."""
    bram = await colleague(stack, "Bram")
    fatma = await resident(stack)
    await fatma.asks("Wat kost een paspoort?")
    await fatma.do(type="human")
    await bram.takes(fatma.conversation)
    await bram.says(fatma.conversation, "Goedemiddag, u spreekt met Bram.")
    await bram.do(type="note", conversation=fatma.conversation, text="Geheim onder ons")
    await fatma.turn(**{"from": "staff"})
    assert ask(stack, "/contacts", fatma.token)[1]["contacts"][0]["stays"] == "running"
    status, problem = ask(stack, f"/contacts/{fatma.conversation}", fatma.token, "DELETE")
    assert (status, problem["code"]) == (409, "running")
    await bram.do(type="close", conversation=fatma.conversation, outcome="resolved", summary="Prijs verteld", subjects=["paspoort"])
    for accept in ("application/json", "text/plain"):
        status, found = ask(stack, "/export", fatma.token, Accept=accept)
        text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
        assert status == 200
        assert "u spreekt met een medewerker" in text
        assert "Prijs verteld" in text
        assert "Bram" not in text
        assert "Geheim" not in text
    assert "What Gemeente Lindewaard keeps" in ask(stack, "/export", fatma.token, Accept="text/plain", **{"Accept-Language": "en"})[1]
    await bram.here("away")
    await bram.close()
    await fatma.close()


async def test_contact_details_are_corrected_and_a_running_call_back_cannot_be_erased(stack: Stack):
    fatma = await resident(stack)
    await fatma.asks("Ik wil teruggebeld worden")
    await fatma.asks("0612345678")
    await fatma.do(type="close")
    await fatma.close()
    [one] = ask(stack, "/contacts", fatma.token)[1]["contacts"]
    assert one["stays"] == "callback"
    status, problem = ask(stack, f"/contacts/{fatma.conversation}", fatma.token, "DELETE")
    assert (status, problem["code"]) == (409, "callback")
    [detail] = one["details"]
    for wrong in ("123", "", "bel mij maar", "123456782", "0" * 300):
        assert ask(stack, f"/details/{detail['id']}", fatma.token, "PATCH", {"value": wrong})[0] == 400, wrong
    assert ask(stack, f"/details/{detail['id']}", fatma.token, "PATCH", {"other": "x"})[0] == 400
    assert ask(stack, f"/details/{detail['id']}", fatma.token, "PATCH", {"value": "06 87654321"}) == (
        200, {"id": detail["id"], "value": "+31687654321"},
    )  # fmt: skip
    [one] = ask(stack, "/contacts", fatma.token)[1]["contacts"]
    assert (one["details"][0]["value"], one["callbacks"][0]["phone"]) == ("+31687654321", "+31687654321")
    stranger = await asked_and_closed(stack)
    assert ask(stack, f"/details/{detail['id']}", stranger.token, "PATCH", {"value": "0612345678"})[0] == 404


async def test_what_is_erased_is_gone_for_everybody(stack: Stack):
    """PRV-6: from the database, from the memory of the service, and from the page that had it open."""
    fatma = await resident(stack)
    await fatma.asks("Wat kost een paspoort?")
    assert ask(stack, f"/contacts/{fatma.conversation}", fatma.token, "DELETE") == (204, "")
    assert await fatma.closed() == 1008
    assert ask(stack, "/contacts", fatma.token)[0] == 401
    again = await resident(stack, token=fatma.token)
    assert again.frames[-1]["code"] == "not_found"
    with sqlite3.connect(stack.data / "wegwijs.db") as database:
        assert database.execute(
            "SELECT count(*) FROM turn WHERE conversation_id = ?", [fatma.conversation.replace("-", "")]
        ).fetchone() == (0,)
    database.close()
    assert ("resident", "conversation.erase", fatma.conversation, "ok") in audit(stack)
    assert stack.command("history", "verify").returncode == 0


async def test_another_site_may_not_ask(stack: Stack):
    fatma = await asked_and_closed(stack)
    assert ask(stack, "/contacts", fatma.token, Origin="https://evil.example")[0] == 403
    assert ask(stack, "/contacts", fatma.token, Origin=stack.origin)[0] == 200


async def test_no_token_stands_in_an_address_or_a_log(stack: Stack):
    """SEC-6, SEC-18."""
    fatma = await asked_and_closed(stack)
    ask(stack, "/contacts", fatma.token)
    ask(stack, f"/contacts?token={fatma.token[:8]}", None)
    logged = "".join(path.read_text(errors="replace") for path in (stack.data / "logs").glob("*.log"))
    assert fatma.token not in logged


def test_the_page_may_not_be_framed_and_tells_nobody_where_it_is_from(stack: Stack):
    with urllib.request.urlopen(f"{stack.url}/mine", timeout=60) as answer:
        page = answer.read().decode()
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"<style|style=|onclick", page)
