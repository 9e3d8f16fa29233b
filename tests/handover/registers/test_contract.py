"""The same against the fake and against a real Open Klant: what our writing relies on.

A real one is used when its URL and a token are given. Use one for tests: what is made there is removed again.
"""

import os
import secrets
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from handover.registers.open_klant.client import Client
from handover.registers.open_klant.rules import Rules
from handover.registers.register import RegisterError
from tests.handover.registers.world import ANJA, World, callback

URL, GIVEN_TOKEN = "WEGWIJS_TEST_OPENKLANT_URL", "WEGWIJS_TEST_OPENKLANT_TOKEN"
HOW = f"needs a real Open Klant: set {URL} and {GIVEN_TOKEN}"
REAL = pytest.param("real", marks=[] if os.environ.get(URL) and os.environ.get(GIVEN_TOKEN) else [pytest.mark.skip(reason=HOW)])
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(params=["fake", REAL])
async def register(request: pytest.FixtureRequest, store, database, now) -> AsyncIterator[World]:
    """A world whose register may be a real one. What it makes is removed afterwards."""
    world = World(store, database, now, rules=Rules(assistant=f"wegwijs-test-{secrets.token_hex(4)}", team_names={"kcc": "Wegwijs test"}))
    if request.param == "real":
        world.url, world.token, world.transport = os.environ[URL], os.environ[GIVEN_TOKEN], None
    first = secrets.randbelow(10**9 - 10_000) + 9 * 10**9
    world._references, world._numbers = iter(range(first, first + 5_000)), iter(range(first + 5_000, first + 10_000))
    world.start()
    world.made = []
    yield world
    for path, uuid in reversed(world.made):
        await world.client.delete(path, uuid)
    for contact in list(world.contacts.values()):
        await world.register.remove(contact.conversation, contact.number, contact.id)
    actor = {"actoridentificatorObjectId": world.rules.assistant}
    for row in await world.client.page("actoren", **actor):
        await world.client.delete("actoren", row["uuid"])
    await world.stop()


async def make(world: World, path: str, body: dict[str, Any]) -> dict[str, Any]:
    made = await world.client.post(path, body)
    world.made.append((path, made["uuid"]))
    return made


def contact_body(**values: Any) -> dict[str, Any]:
    return {"kanaal": "Live chat", "onderwerp": "Wegwijs test", "taal": "nld", "vertrouwelijk": False, **values}


async def refused(world: World, path: str, body: dict[str, Any]) -> RegisterError:
    with pytest.raises(RegisterError) as caught:
        await make(world, path, body)
    assert caught.value.kind == "refused"
    return caught.value


async def test_it_speaks_a_version_that_we_know(register):
    await register.client.probe()
    assert register.client.version >= (0, 7)


async def test_a_reference_is_unique_and_finds_its_contact(register):
    reference = await register.new_reference()
    made = await make(register, "klantcontacten", contact_body(referentienummer=reference))
    assert (await refused(register, "klantcontacten", contact_body(referentienummer=reference))).has("unique", "referentienummer")
    (found,) = await register.client.page("klantcontacten", referentienummer=reference)
    assert found["uuid"] == made["uuid"]


async def test_also_in_maak_klantcontact_and_then_nothing_is_left(register):
    reference, conversation = await register.new_reference(), str(uuid4())
    await make(register, "klantcontacten", contact_body(referentienummer=reference))
    about = {"wasKlantcontact": None, "onderwerpobjectidentificator": {
        "objectId": conversation, "codeObjecttype": "gesprek", "codeRegister": "wegwijs", "codeSoortObjectId": "uuid"}}  # fmt: skip
    body = {"klantcontact": contact_body(referentienummer=reference), "onderwerpobject": about}
    with pytest.raises(RegisterError) as caught:
        await register.client.post("maak-klantcontact", body)
    assert caught.value.has("unique", "referentienummer")
    assert await register.client.page("onderwerpobjecten", onderwerpobjectidentificatorObjectId=conversation) == []


async def test_a_pair_of_actor_and_contact_is_unique(register):
    made = await make(register, "klantcontacten", contact_body())
    actor = await make(register, "actoren", {"naam": "Wegwijs test", "soortActor": "medewerker", "indicatieActief": True})
    pair = {"actor": {"uuid": actor["uuid"]}, "klantcontact": {"uuid": made["uuid"]}}
    await make(register, "actorklantcontacten", pair)
    assert (await refused(register, "actorklantcontacten", pair)).has("unique")


async def test_two_actors_may_have_one_identifier(register):
    mine = {"objectId": str(uuid4()), "codeObjecttype": "app", "codeRegister": "wegwijs", "codeSoortObjectId": "naam"}
    body = {"naam": "Wegwijs test", "soortActor": "geautomatiseerde_actor", "indicatieActief": True, "actoridentificator": mine}
    body["actorIdentificatie"] = {"functie": "test"}
    first, second = await make(register, "actoren", body), await make(register, "actoren", body)
    found = await register.client.page("actoren", actoridentificatorObjectId=mine["objectId"])
    assert [row["uuid"] for row in found] == [second["uuid"], first["uuid"]]  # newest first


async def test_what_does_not_exist_is_named(register):
    nobody = {"actor": {"uuid": str(uuid4())}, "klantcontact": {"uuid": str(uuid4())}}
    error = await refused(register, "actorklantcontacten", nobody)
    assert error.about("actor")
    assert error.about("klantcontact")


@pytest.mark.parametrize(
    "wrong", [{"onderwerp": "x" * 201}, {"inhoud": "x" * 1001}, {"taal": "nederlands"}, {"kanaal": ""}, {"referentienummer": "geen getal"}]
)
async def test_what_is_too_long_or_not_right_is_refused_with_its_name(register, wrong):
    assert (await refused(register, "klantcontacten", contact_body(**wrong))).about(next(iter(wrong)))


async def test_characters_are_counted_not_bytes(register):
    await make(register, "klantcontacten", contact_body(inhoud="é" * 1000))


async def test_unknown_query_parameters_are_refused(register):
    with pytest.raises(RegisterError) as caught:
        await register.client.page("klantcontacten", iets="anders")
    assert (caught.value.kind, caught.value.status) == ("refused", 400)


async def test_a_page_past_the_end_is_404(register):
    with pytest.raises(RegisterError) as caught:
        await register.client.page("klantcontacten", page=10**6)
    assert caught.value.status == 404


async def test_a_wrong_token_is_denied(register):
    async with Client(register.url, "0" * 40, register.transport) as stranger:
        with pytest.raises(RegisterError) as caught:
            await stranger.probe()
    assert caught.value.halts


async def test_a_klantcontact_that_is_deleted_leaves_its_address(register):
    made = await register.client.post(
        "maak-klantcontact", {"klantcontact": contact_body(), "betrokkene": {"rol": "klant", "initiator": True}}
    )
    contact, who = made["klantcontact"]["uuid"], made["betrokkene"]["uuid"]
    body = {
        "verstrektDoorBetrokkene": {"uuid": who},
        "verstrektDoorPartij": None,
        "soortDigitaalAdres": "telefoonnummer",
        "adres": "+31612345678",
    }
    adres = await make(register, "digitaleadressen", body)
    shown = await register.client.get("klantcontacten", contact, expand="hadBetrokkenen,hadBetrokkenen.digitaleAdressen")
    assert shown["_expand"]["hadBetrokkenen"][0]["digitaleAdressen"][0]["uuid"] == adres["uuid"]
    await register.client.delete("klantcontacten", contact)
    assert await register.client.get("betrokkenen", who) is None
    assert await register.client.get("digitaleadressen", adres["uuid"]) is not None


async def test_a_whole_story_and_that_nothing_of_it_is_left(register):
    """Handed over, with a call-back, closed; done there; and removed."""
    wanted = callback()
    contact = register.contact(ended_at=None, handed_over=True, summary=None, answer=None, callbacks=(wanted,))
    await register.tells(contact)
    await register.drain()
    (begun,) = await register.client.page("klantcontacten", referentienummer=contact.reference)
    register.change(contact, ended_at=register.now, employees=(ANJA,), summary="Klaar.", answer="Ja.")
    await register.tells(contact)
    await register.drain()
    (ended,) = await register.client.page("klantcontacten", referentienummer=contact.reference)
    assert ended["uuid"] == begun["uuid"]
    assert ended["inhoud"].startswith("Klaar.")
    assert ended["metadata"]["gesprekId"] == str(contact.conversation)
    assert {actor["soortActor"] for actor in ended["hadBetrokkenActoren"]} == {"geautomatiseerde_actor", "medewerker"}
    (task,) = await register.client.page("internetaken", klantcontact__uuid=ended["uuid"])
    assert task["status"] == "te_verwerken"
    await register.client.patch("internetaken", task["uuid"], {"status": "verwerkt"})
    assert await register.register.done_elsewhere(wanted.id)
    (who,) = await register.client.page("betrokkenen", hadKlantcontact__uuid=ended["uuid"])
    del register.contacts[contact.id]
    await register.tells(contact, "delete")
    await register.drain()
    assert await register.client.page("klantcontacten", referentienummer=contact.reference) == []
    assert await register.client.page("digitaleadressen", verstrektDoorBetrokkene__uuid=who["uuid"]) == []


async def test_a_lost_answer_is_found_again_by_its_reference(register):
    contact = register.contact(person=None, handed_over=True)
    await register.closes(contact)
    post = register.client.post

    async def loses(path: str, body: dict[str, Any]) -> dict[str, Any]:
        made = await post(path, body)
        if path == "maak-klantcontact":
            register.client.post = post
            raise RegisterError("unreachable", "POST maak-klantcontact")
        return made

    register.client.post = loses
    await register.drain()
    assert len(await register.client.page("klantcontacten", referentienummer=contact.reference)) == 1
