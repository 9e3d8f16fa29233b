"""Residents who are known by the municipality's site, on a running service (SEC-13)."""

from uuid import uuid4

import pytest

from tests.stack.people import colleague, resident
from tests.stack.running import Stack


def somebody() -> str:
    return f"resident-{uuid4()}"


async def test_a_known_resident_is_known_to_staff_and_to_nobody_else(stack: Stack):
    sub = somebody()
    fatma = await resident(stack, identity=stack.identity(sub))
    await fatma.asks("Wat kost een paspoort?")
    bram = await colleague(stack, "Bram")
    try:
        await fatma.do(type="human")
        packet = (await bram.opens(fatma.conversation))["packet"]
        assert packet["identity"]["level"] == "digid-midden"
    finally:
        await bram.here("away")
        await bram.close()
        await fatma.do(type="close")
        await fatma.close()


@pytest.mark.parametrize("identity", [None, "other", "used", "nonsense"])
async def test_the_token_of_a_known_residents_conversation_alone_opens_nothing(stack: Stack, identity: str | None):
    """SEC-13: on every request of that conversation, not only when it was set."""
    sub = somebody()
    used = stack.identity(sub)
    fatma = await resident(stack, identity=used)
    given = {"other": stack.identity(somebody()), "used": used, "nonsense": "a.b.c"}.get(identity or "")
    thief = await resident(stack, token=fatma.token, identity=given)
    assert thief.frames[-1]["code"] == ("not_found" if identity == "other" else "identify")
    assert await thief.closed() == 1008
    assert thief.turns == []
    again = await resident(stack, token=fatma.token, identity=stack.identity(sub))
    assert [turn["seq"] for turn in again.turns] == [1]
    await again.close()
    await fatma.close()


async def test_whoever_logs_in_later_keeps_the_conversation_and_other_sockets_must_show_who_they_are(stack: Stack):
    fatma = await resident(stack)
    await fatma.asks("Wat kost een paspoort?")
    sub = somebody()
    known = await resident(stack, token=fatma.token, identity=stack.identity(sub))
    assert known.conversation == fatma.conversation
    assert await fatma.closed() == 4003
    assert (await resident(stack, token=fatma.token)).frames[-1]["code"] == "identify"
    await known.close()


async def test_a_token_that_cannot_be_checked_starts_no_conversation(stack: Stack):
    stranger = await resident(stack, identity=stack.identity("x", aud="https://other.example"))
    assert stranger.frames[-1]["code"] == "identify"
    assert await stranger.closed() == 1008


async def test_staff_see_the_earlier_contacts_of_a_known_resident_before_they_answer(stack: Stack):
    """The customer view: over all conversations, newest first, with what was answered; and nobody else's."""
    sub = somebody()
    for question in ("Wat kost een paspoort?", "Hoe geef ik mijn verhuizing door?"):
        earlier = await resident(stack, identity=stack.identity(sub))
        await earlier.asks(question)
        await earlier.do(type="close")
        await earlier.close()
    fatma = await resident(stack, identity=stack.identity(sub, email="fatma@example.nl", email_verified=True))
    bram = await colleague(stack, "Bram")
    try:
        await fatma.do(type="human")
        context = await bram.opens(fatma.conversation)
        assert [one["subject"] for one in context["contacts"]] == [["verhuizing"], ["paspoort"]]
        assert all(one["outcome"] == "answered" and one["channel"] == "web" for one in context["contacts"])
        assert "Vraag: Wat kost een paspoort?\nAntwoord:" in context["contacts"][1]["summary"]
        assert [(one["value"], bool(one["verified_at"])) for one in context["details"]] == [("fatma@example.nl", True)]
        stranger = await resident(stack)
        await stranger.do(type="human")
        assert (await bram.opens(stranger.conversation))["contacts"] == []
        await stranger.do(type="close")
        await stranger.close()
    finally:
        await bram.here("away")
        await bram.close()
        await fatma.do(type="close")
        await fatma.close()
