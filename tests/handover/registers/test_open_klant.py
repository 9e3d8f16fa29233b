"""What is written to Open Klant, call by call, and what is not."""

from uuid import uuid4

import pytest

from handover.registers.open_klant.rules import Rules
from tests.handover.registers.world import ANJA, BSN, callback


async def test_a_closed_segment_becomes_one_klantcontact(world):
    contact = world.contact()
    await world.closes(contact)
    await world.work()
    made = world.fake.one("klantcontacten")
    assert made["referentienummer"] == contact.reference
    assert (made["kanaal"], made["onderwerp"], made["taal"], made["vertrouwelijk"]) == ("Live chat", "paspoort", "nld", False)
    assert made["hoofdOnderwerpType"] == contact.upl_uri
    assert made["plaatsgevondenOp"] == "2026-11-24T09:00:00.000Z"
    assert made["metadata"] == {
        "gesprekId": str(contact.conversation), "segment": "1", "beginTijd": "2026-11-24T09:00:00.000Z",
        "eindTijd": "2026-11-24T09:04:00.000Z", "aantalBeurten": "4", "eindReden": "resident",
    }  # fmt: skip
    about = world.fake.one("onderwerpobjecten")["onderwerpobjectidentificator"]
    assert about == {
        "objectId": str(contact.conversation), "codeObjecttype": "gesprek", "codeRegister": "wegwijs", "codeSoortObjectId": "uuid",
    }  # fmt: skip
    assert world.fake.actors_of(made) == ["Digitale assistent"]
    assert await world.states() == ["sent"]


async def test_of_a_stranger_without_follow_up_only_that_there_was_a_contact(world):
    """anonymous: minimal, the default."""
    await world.closes(world.contact())
    await world.work()
    made = world.fake.one("klantcontacten")
    assert (made["inhoud"], made["reactie"], made["indicatieContactGelukt"]) == ("", "", True)
    assert world.fake.all("betrokkenen") == world.fake.all("bijlagen") == []


async def test_or_nothing_at_all_if_the_municipality_wants_that(world):
    """anonymous: none."""
    world.rules = Rules(anonymous="none")
    world.start()
    await world.closes(world.contact(), world.contact(callbacks=(callback(),)))
    await world.drain()
    assert [row["inhoud"] for row in world.fake.all("klantcontacten")] == ["Vraag over de kosten van een paspoort. Beantwoord."]
    assert await world.states() == ["sent", "sent"]


async def test_or_the_whole_report(world):
    """anonymous: full."""
    world.rules = Rules(anonymous="full")
    world.start()
    contact = world.contact()
    await world.closes(contact)
    await world.work()
    made = world.fake.one("klantcontacten")
    assert (made["inhoud"], made["reactie"]) == (contact.summary, contact.answer)
    assert world.fake.all("betrokkenen") == []
    assert world.fake.one("bijlagen")["bijlageidentificator"]["objectId"] == str(contact.conversation)


async def test_a_handover_stays_one_klantcontact_with_two_actors_and_one_patch(world):
    contact = world.contact(ended_at=None, summary=None, answer=None, end_reason=None, handed_over=True, team="kcc")
    await world.tells(contact)
    await world.work()
    begun = world.fake.one("klantcontacten")
    assert begun["inhoud"] == "Wat kost een paspoort? Doorgezet naar een medewerker."
    assert begun["indicatieContactGelukt"] is None
    world.change(contact, employees=(ANJA,))
    await world.tells(contact, "actor")
    await world.work()
    world.change(contact, ended_at=world.now, summary="Uitgelegd wat een spoedpaspoort kost.", answer="€ 140,90", end_reason="staff")
    await world.tells(contact, "klantcontact")
    await world.work()
    ended = world.fake.one("klantcontacten")
    assert world.fake.actors_of(ended) == ["Digitale assistent", "Anja"]
    assert ended["inhoud"] == "Uitgelegd wat een spoedpaspoort kost. Doorgezet naar een medewerker."
    assert (ended["reactie"], ended["indicatieContactGelukt"], ended["metadata"]["eindReden"]) == ("€ 140,90", True, "staff")
    assert ended["metadata"]["overgedragen"] == "ja"
    assert [call for call in world.fake.calls if call[0] == "PATCH"] == [("PATCH", f"klantcontacten/{ended['uuid']}")]
    (anja,) = [row for row in world.fake.all("actoren") if row["soortActor"] == "medewerker"]
    assert anja["actoridentificator"] == {
        "objectId": "anja@lindewaard.example", "codeObjecttype": "mdw", "codeRegister": "msei", "codeSoortObjectId": "email",
    }  # fmt: skip
    assert len(world.fake.all("bijlagen")) == 1


async def test_after_that_it_is_not_changed_but_to_correct_it(world):
    contact = world.contact(person=uuid4())
    await world.closes(contact)
    await world.work()
    await world.tells(contact, "actor")
    await world.work()
    assert [call[0] for call in world.fake.calls if call[0] == "PATCH"] == []
    world.change(contact, summary="Verbeterd.")
    await world.tells(contact, "patch")
    await world.work()
    assert world.fake.one("klantcontacten")["inhoud"] == "Verbeterd."


async def test_a_callback_is_an_internetaak_of_the_department_with_a_number_to_call(world):
    wanted = callback()
    contact = world.contact(callbacks=(wanted,))
    await world.closes(contact)
    await world.work()
    made, who, adres = (world.fake.one(name) for name in ("klantcontacten", "betrokkenen", "digitaleadressen"))
    assert (who["rol"], who["initiator"], who["wasPartij"], who["contactnaam"]) == ("klant", True, None, {"achternaam": "Fatma Yilmaz"})
    assert (adres["adres"], adres["soortDigitaalAdres"]) == ("+31612345678", "telefoonnummer")
    assert adres["verstrektDoorBetrokkene"] == {"uuid": who["uuid"]}
    task = world.fake.one("internetaken")
    assert task["aanleidinggevendKlantcontact"] == {"uuid": made["uuid"]}
    assert (task["gevraagdeHandeling"], task["status"]) == ("Contact opnemen met betrokkene", "te_verwerken")
    assert task["toelichting"] == "Voorkeur: na 17.00 uur. Wil weten of het met spoed kan."
    assert task["referentienummer"] != made["referentienummer"]
    (department,) = [row for row in world.fake.all("actoren") if row["soortActor"] == "organisatorische_eenheid"]
    assert task["toegewezenAanActoren"] == [{"uuid": department["uuid"]}]
    assert (department["naam"], department["actoridentificator"]["objectId"]) == ("Klantcontactcentrum", "kcc")
    assert "612345678" not in made["inhoud"] + made["onderwerp"] + task["toelichting"]


async def test_a_callback_that_comes_later_gets_its_betrokkene_then(world):
    contact = world.contact(ended_at=None, handed_over=True)
    await world.tells(contact)
    await world.work()
    assert world.fake.all("betrokkenen") == []
    world.change(contact, callbacks=(callback(),))
    await world.tells(contact, "callback")
    await world.work()
    assert len(world.fake.all("betrokkenen")) == len(world.fake.all("digitaleadressen")) == len(world.fake.all("internetaken")) == 1


async def test_done_here_is_done_there_and_the_other_way_round(world):
    mine, theirs = callback(), callback()
    contact = world.contact(callbacks=(mine, theirs))
    await world.closes(contact)
    await world.work()
    world.change(contact, callbacks=(callback(id=mine.id, done=True), theirs))
    await world.tells(contact, "callback")
    await world.work()
    first, second = world.fake.all("internetaken")
    assert (first["status"], second["status"]) == ("verwerkt", "te_verwerken")
    assert not await world.register.done_elsewhere(theirs.id)
    second["status"] = "verwerkt"
    assert await world.register.done_elsewhere(theirs.id)
    assert not await world.register.done_elsewhere(uuid4())


async def test_who_is_known_is_a_partij_and_their_bsn_is_asked_once(world):
    """PRV-4: after the look-up only the partij's id is in any request."""
    person = uuid4()
    await world.closes(world.contact(person=person), world.contact(person=person))
    await world.drain()
    (partij,) = world.fake.all("partijen")
    who = {"objectId": BSN, "codeObjecttype": "natuurlijk_persoon", "codeRegister": "brp", "codeSoortObjectId": "bsn"}
    assert partij["partijIdentificatoren"] == [{"partijIdentificator": who}]
    assert set(partij) <= {"uuid", "url", "soortPartij", "indicatieActief", "partijIdentificatoren"}
    assert [row["wasPartij"] for row in world.fake.all("betrokkenen")] == [{"uuid": partij["uuid"]}] * 2
    assert sum(BSN in query for query in world.fake.queries) == 1
    assert BSN not in str([body for _, path, body in world.fake.bodies if path != "partijen"])


async def test_a_partij_that_somebody_else_makes_meanwhile_is_used(world):
    there = {"objectId": BSN, "codeObjecttype": "natuurlijk_persoon", "codeRegister": "brp", "codeSoortObjectId": "bsn"}

    def somebody_is_first(method: str, path: str) -> None:
        if (method, path) == ("POST", "partijen") and not world.fake.all("partijen"):
            row = {"soortPartij": "persoon", "indicatieActief": True, "partijIdentificatoren": [{"partijIdentificator": there}]}
            world.fake._make("partijen", row)

    world.fake.before = somebody_is_first
    await world.closes(world.contact(person=uuid4()))
    await world.work()
    assert world.fake.one("betrokkenen")["wasPartij"] == {"uuid": world.fake.one("partijen")["uuid"]}


async def test_two_subjects_of_one_conversation_are_two_klantcontacten_found_together(world):
    conversation = uuid4()
    await world.closes(world.contact(conversation, 1), world.contact(conversation, 2, subject="verhuismelding"))
    await world.drain()
    assert [row["onderwerp"] for row in world.fake.all("klantcontacten")] == ["paspoort", "verhuismelding"]
    found = await world.client.page("klantcontacten", onderwerpobject__onderwerpobjectidentificatorObjectId=str(conversation))
    assert {row["metadata"]["segment"] for row in found} == {"1", "2"}


async def test_an_actor_is_made_once_also_by_many_at_a_time_and_after_a_restart(world):
    await world.closes(*(world.contact() for _ in range(6)))
    await world.work(senders=4)
    await world.restart()
    await world.closes(world.contact())
    await world.work()
    assert [row["naam"] for row in world.fake.all("actoren")] == ["Digitale assistent"]


async def test_an_actor_that_is_there_already_is_used(world):
    """The oldest, if somebody made two."""
    mine = {"objectId": "wegwijs-lindewaard", "codeObjecttype": "app", "codeRegister": "wegwijs", "codeSoortObjectId": "naam"}
    for name in ("eerste", "tweede"):
        world.fake._make("actoren", {"naam": name, "soortActor": "geautomatiseerde_actor", "actoridentificator": mine})
    await world.closes(world.contact())
    await world.work()
    assert world.fake.actors_of(world.fake.one("klantcontacten")) == ["eerste"]


async def test_an_actor_that_was_removed_there_is_made_again(world):
    await world.closes(world.contact())
    await world.work()
    world.fake.rows["actoren"].clear()
    await world.closes(world.contact())
    await world.work()
    assert world.fake.actors_of(world.fake.all("klantcontacten")[1]) == ["Digitale assistent"]
    assert await world.states() == ["sent", "sent"]


async def test_what_was_removed_there_on_purpose_is_not_made_anew(world):
    contact = world.contact(ended_at=None, handed_over=True)
    await world.tells(contact)
    await world.work()
    world.fake._delete("klantcontacten", world.fake.one("klantcontacten"))
    world.change(contact, ended_at=world.now)
    await world.tells(contact)
    await world.work()
    assert world.fake.all("klantcontacten") == []
    assert (await world.link("klantcontact", contact)).state == "removed"
    await world.tells(contact, "patch")
    await world.work()
    assert world.fake.all("klantcontacten") == []
    assert await world.states() == ["sent"] * 3


async def test_nor_when_something_was_to_be_added_to_it(world):
    contact = world.contact(ended_at=None, handed_over=True)
    await world.tells(contact)
    await world.work()
    world.fake._delete("klantcontacten", world.fake.one("klantcontacten"))
    world.change(contact, employees=(ANJA,))
    await world.tells(contact, "actor")
    await world.work()
    assert (world.fake.all("klantcontacten"), await world.states()) == ([], ["sent", "sent"])


async def test_a_number_that_somebody_else_used_is_left_to_them(world):
    contact = world.contact()
    foreign = {
        "kanaal": "Telefoon",
        "onderwerp": "iets anders",
        "taal": "nld",
        "vertrouwelijk": False,
        "referentienummer": contact.reference,
    }
    world.fake._make("klantcontacten", foreign)
    await world.closes(contact)
    await world.work()
    theirs, ours = world.fake.all("klantcontacten")
    assert theirs["onderwerp"] == "iets anders"
    assert ours["referentienummer"] == "0099000001"
    assert (await world.link("klantcontact", contact)).reference == "0099000001"


async def test_removing_takes_the_telephone_number_too(world):
    """PRV-6: a klantcontact that is deleted would leave its digitaaladres behind."""
    contact, other = world.contact(callbacks=(callback(),)), world.contact(callbacks=(callback(),))
    await world.closes(contact, other)
    await world.drain()
    del world.contacts[contact.id]
    await world.tells(contact, "delete")
    await world.work()
    for name in ("klantcontacten", "betrokkenen", "digitaleadressen", "internetaken", "onderwerpobjecten", "bijlagen"):
        assert len(world.fake.all(name)) == 1, name
    assert world.fake.one("klantcontacten")["referentienummer"] == other.reference
    order = [path.partition("/")[0] for method, path in world.fake.calls if method == "DELETE"]
    assert order == ["digitaleadressen", "internetaken", "klantcontacten"]
    await world.tells(contact, "delete")
    await world.tells(contact)
    await world.drain()
    assert len(world.fake.all("klantcontacten")) == 1


async def test_removing_also_what_is_left_of_a_klantcontact_that_was_removed_by_hand(world):
    contact = world.contact(callbacks=(callback(),))
    await world.closes(contact)
    await world.work()
    world.fake._delete("klantcontacten", world.fake.one("klantcontacten"))
    assert len(world.fake.all("digitaleadressen")) == 1
    await world.tells(contact, "delete")
    await world.work()
    assert world.fake.all("digitaleadressen") == []


async def test_what_was_never_sent_is_removed_without_a_call(world):
    contact = world.contact()
    await world.closes(contact)
    await world.tells(contact, "delete")
    await world.work()
    assert world.fake.all("klantcontacten") == []
    assert [call for call in world.fake.calls if call[0] != "GET"] == []
    assert await world.states() == ["sent", "sent"]


async def test_deleted_here_before_it_was_sent_is_not_sent(world):
    contact = world.contact()
    await world.closes(contact)
    del world.contacts[contact.id]
    await world.work()
    assert (world.fake.all("klantcontacten"), await world.states()) == ([], ["sent"])


@pytest.mark.parametrize(("version", "longest", "uri"), [("0.9.0", 4000, True), ("0.8.0", 1000, False), ("0.7.0", 1000, False)])
async def test_an_older_open_klant_gets_what_it_knows(world, version, longest, uri):
    world.fake.version = version
    await world.closes(world.contact(person=uuid4(), answer="Zo gaat dat. " * 400))
    await world.work()
    made = world.fake.one("klantcontacten")
    assert longest - 20 <= len(made["reactie"]) <= longest
    assert ("hoofdOnderwerpType" in made) is uri


async def test_nothing_is_sent_twice_when_it_is_told_twice(world):
    contact = world.contact(person=uuid4(), callbacks=(callback(),))
    await world.closes(contact)
    await world.work()
    before = len(world.fake.calls)
    await world.closes(contact)
    await world.work()
    assert world.fake.calls[before:] == []


async def test_texts_leave_without_numbers_of_a_person(world):
    """PRV-3, at the last moment before it leaves."""
    said = "BSN 111222333, rekening NL91ABNA0417164300, bel 06-12345678 of fatma@voorbeeld.nl, Dorpsstraat 12, 1234 AB."
    wanted = callback(note=said)
    await world.closes(world.contact(subject=f"paspoort {said}", summary=said, answer=said, callbacks=(wanted,)))
    await world.work()
    made, task = world.fake.one("klantcontacten"), world.fake.one("internetaken")
    for text in (made["onderwerp"], made["inhoud"], task["toelichting"]):
        for secret in ("111222333", "ABNA", "12345678", "fatma@", "1234 AB"):
            assert secret not in text
    assert "111222333" not in made["reactie"]  # where the municipality's own telephone number may stand
    assert "ABNA" not in made["reactie"]
