"""The contact moments in the national standard: what a front end of a contact centre (KISS, say) reads, and what other channels record."""

from uuid import UUID, uuid4

import pytest

from handover.conversation import events as ev
from handover.conversation.conversation import decide
from handover.history import tables
from tests.handover.channels.api.conftest import BASE, BSN, KLANTCONTACT, PARTIJ, Api
from tests.handover.history.test_contacts import ANJA, Talks, asked_and_answered, known


@pytest.fixture
def talks(api: Api, library) -> Talks:
    return Talks(api.store, library)


async def test_a_conversation_about_two_subjects_is_two_klantcontacten(api, talks):
    """VNG 7682: one subject each; both name the conversation that they are of."""
    talk = await talks.of(None, *asked_and_answered("paspoort", aspect="kosten"))
    step = decide(talk, ev.Said("En mijn verhuizing?"), talks.at, talks.library, uuid4)
    await api.store.commit(step)
    reply = ev.BotReply([ev.BotTurn(kind="answer", text="Geef het door.", topic="verhuizing")], {"slots": {}, "loop": None}, {})
    await api.store.commit(decide(step.after, ev.BotAnswered(4, 1, reply), talks.at, talks.library, uuid4))
    found = await api.get("klantcontacten", onderwerpobject__onderwerpobjectidentificatorObjectId=str(talk.id))
    assert (found["count"], found["next"], found["previous"]) == (2, None, None)
    second, first = found["results"]
    assert (first["onderwerp"], second["onderwerp"]) == ("paspoort", "verhuismelding")
    assert first["hoofdOnderwerpType"] == "http://standaarden.overheid.nl/owms/terms/paspoort"
    assert (first["kanaal"], first["taal"], first["reactie"]) == ("Live chat", "nld", "Zo zit het.")
    assert first["inhoud"] == "Vraag: Hoe zit het?\nAntwoord: Zo zit het."
    assert first["metadata"]["gesprekId"] == second["metadata"]["gesprekId"] == str(talk.id)
    assert (first["indicatieContactGelukt"], second["indicatieContactGelukt"]) == (True, None)
    assert [actor["soortActor"] for actor in first["hadBetrokkenActoren"]] == ["geautomatiseerde_actor"]
    assert first["url"] == f"{api.url}{BASE}/klantcontacten/{first['uuid']}"
    assert first["plaatsgevondenOp"].endswith("Z")
    assert await api.get(f"klantcontacten/{first['uuid']}") == first
    by_number = await api.get("klantcontacten", referentienummer=first["referentienummer"])
    assert [one["uuid"] for one in by_number["results"]] == [first["uuid"]]


async def test_every_neighbour_that_is_linked_is_there(api, talks):
    fatma = await known(api.store, "fatma")
    talk = await talks.of(
        fatma, *asked_and_answered("paspoort", callback={"phone": "+31612345678"}), ev.HumanAsked("kcc", "request"), ev.Claimed(ANJA)
    )
    names = ["hadBetrokkenen", "hadBetrokkenen.wasPartij", "hadBetrokkenen.digitaleAdressen", "leiddeTotInterneTaken",
             "gingOverOnderwerpobjecten", "omvatteBijlagen"]  # fmt: skip
    [found] = (await api.get("klantcontacten", expand=",".join(names)))["results"]
    more = found["_expand"]
    [betrokkene] = more["hadBetrokkenen"]
    assert betrokkene["wasPartij"]["uuid"] == str(fatma.person)
    assert betrokkene["_expand"]["wasPartij"]["soortPartij"] == "persoon"
    assert [one["adres"] for one in betrokkene["_expand"]["digitaleAdressen"]] == ["+31612345678"]
    [task] = more["leiddeTotInterneTaken"]
    assert (task["status"], task["aanleidinggevendKlantcontact"]["uuid"]) == ("te_verwerken", found["uuid"])
    assert more["gingOverOnderwerpobjecten"][0]["onderwerpobjectidentificator"]["objectId"] == str(talk.id)
    assert more["omvatteBijlagen"][0]["bijlageidentificator"]["codeObjecttype"] == "gesprekstranscript"
    assert [actor["naam"] for actor in found["hadBetrokkenActoren"]] == ["Digitale assistent", "Anja"]
    links = [*found["hadBetrokkenen"], *found["leiddeTotInterneTaken"], *found["gingOverOnderwerpobjecten"], *found["omvatteBijlagen"],
             betrokkene["wasPartij"], *betrokkene["digitaleAdressen"],
             task["toegewezenAanActor"], found["hadBetrokkenActoren"][0]]  # fmt: skip
    for link in links:
        answer = await api.client.get(link["url"])
        assert (answer.status_code, answer.json()["uuid"]) == (200, link["uuid"])


async def test_what_a_front_end_of_a_contact_centre_asks_for(api, talks):
    """The requests of a KISS-like front end: person by number, their contacts, and what hangs on each."""
    party = await api.post("partijen", PARTIJ)
    person = UUID(party["uuid"])
    await talks.of(ev.Identity(person, "digid", api.now), *asked_and_answered("woz", callback={"phone": "+31612345678"}))
    await talks.of(None, *asked_and_answered("paspoort"))
    asked = {f"partijIdentificator__{name}": value for name, value in BSN.items()}
    [found] = (
        await api.get("partijen", soortPartij="persoon", expand="digitaleAdressen,betrokkenen,betrokkenen.hadKlantcontact", **asked)
    )["results"]
    assert found["uuid"] == party["uuid"]
    assert found["partijIdentificatoren"][0]["partijIdentificator"] == BSN
    assert found["_expand"]["betrokkenen"][0]["_expand"]["hadKlantcontact"]["onderwerp"] == talks.library.upl_name("woz")
    contacts = await api.get(
        "klantcontacten", hadBetrokkene__wasPartij__uuid=party["uuid"], expand="leiddeTotInterneTaken,gingOverOnderwerpobjecten"
    )
    assert contacts["count"] == 1
    [contact] = contacts["results"]
    for name, value in (
        ("hadBetrokkene__wasPartij__url", party["url"]),
        ("hadBetrokkene__wasPartij__partijIdentificator__objectId", "123456782"),
        ("hadBetrokkene__uuid", contact["hadBetrokkenen"][0]["uuid"]),
        ("hadBetrokkene__digitaaladres__adres__icontains", "06 12345678"),
        ("leiddeTotInterneTaken", "true"),
        ("onderwerpobject__uuid", contact["gingOverOnderwerpobjecten"][0]["uuid"]),
        ("hadBetrokkene__wasPartij", "true"),
        ("plaatsgevondenOp", contact["plaatsgevondenOp"]),
    ):
        assert [one["uuid"] for one in (await api.get("klantcontacten", **{name: value}))["results"]] == [contact["uuid"]], name
    for path, name in (
        ("betrokkenen", "hadKlantcontact__uuid"),
        ("internetaken", "klantcontact__uuid"),
        ("onderwerpobjecten", "klantcontact__uuid"),
    ):
        assert (await api.get(path, **{name: contact["uuid"]}))["count"] == 1, path
    addresses = await api.get("digitaleadressen", verstrektDoorBetrokkene__uuid=contact["hadBetrokkenen"][0]["uuid"])
    assert [one["adres"] for one in addresses["results"]] == ["+31612345678"]
    assert (await api.get("internetaken", status="verwerkt"))["count"] == 0
    assert (await api.get("actoren", soortActor="geautomatiseerde_actor"))["results"][0]["naam"] == "Digitale assistent"
    assert (await api.get("internetaken", actoren__naam="Klantcontactcentrum"))["count"] == 1


async def test_a_contact_at_the_counter_is_recorded_and_read_back(api):
    """Contact moments that other channels record come in through the same store."""
    party = await api.post("partijen", PARTIJ)
    case = {"objectId": "zaak-1", "codeObjecttype": "zaak", "codeRegister": "open-zaak", "codeSoortObjectId": "uuid"}
    body = {
        "klantcontact": {**KLANTCONTACT, "referentienummer": "2000000001"},
        "betrokkene": {
            "rol": "klant",
            "initiator": True,
            "wasPartij": {"uuid": party["uuid"]},
            "contactnaam": {"voornaam": "Fatma", "achternaam": "Demir"},
        },
        "onderwerpobject": {"onderwerpobjectidentificator": case},
    }
    made = await api.post("maak-klantcontact", body)
    stored = made["klantcontact"]
    for name in ("kanaal", "onderwerp", "inhoud", "reactie", "taal", "vertrouwelijk", "indicatieContactGelukt", "hoofdOnderwerpType"):
        assert stored[name] == KLANTCONTACT[name], name
    assert (stored["referentienummer"], stored["plaatsgevondenOp"]) == ("2000000001", "2026-11-20T09:15:00Z")
    assert [(actor["naam"], actor["soortActor"]) for actor in stored["hadBetrokkenActoren"]] == [("Bram", "medewerker")]
    assert stored["metadata"]["loket"] == "3"
    assert made["betrokkene"]["wasPartij"]["uuid"] == party["uuid"]
    assert made["onderwerpobject"]["onderwerpobjectidentificator"] == case
    assert stored["omvatteBijlagen"] == []  # nobody kept what was said
    assert (await api.client.get(made["onderwerpobject"]["url"])).status_code == 200
    assert (await api.client.get(stored["hadBetrokkenActoren"][0]["url"])).json()["naam"] == "Bram"
    found = await api.get("klantcontacten", onderwerpobject__onderwerpobjectidentificatorObjectId="zaak-1")
    assert [one["uuid"] for one in found["results"]] == [stored["uuid"]]
    again = await api.post("maak-klantcontact", body, expect=400)
    assert again["invalidParams"][0] | {"reason": ""} == {"name": "klantcontact.referentienummer", "code": "unique", "reason": ""}
    assert (await api.get("klantcontacten"))["count"] == 1  # nothing of the second is left


async def test_a_recorded_contact_says_nothing_that_identifies_anybody(api):
    """PRV-3 and section 5: taken out of subject and report."""
    made = await api.post("klantcontacten", {**KLANTCONTACT, "onderwerp": "BSN 123456782", "inhoud": "Bel 06 12345678 of mail a@b.nl"})
    assert made["onderwerp"] == "BSN [BSN verwijderd]"
    assert made["inhoud"] == "Bel [telefoonnummer verwijderd] of mail [e-mailadres verwijderd]"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"kanaal": None, "onderwerp": "x" * 201}, {"kanaal": "null", "onderwerp": "max_length"}),
        ({"taal": "nl\0", "vertrouwelijk": "nee"}, {"taal": "null_characters_not_allowed", "vertrouwelijk": "invalid"}),
        ({"plaatsgevondenOp": "gisteren", "metadata": {"a": 1}}, {"plaatsgevondenOp": "invalid", "metadata": "invalid"}),
        ({"referentienummer": "12a"}, {"referentienummer": "invalid"}),
        ({"referentienummer": "1000000001"}, {"klantcontact.referentienummer": "invalid"}),  # a number that we give out ourselves
        ({"inhoud": "x" * 1001, "kanaal": ""}, {"kanaal": "blank", "inhoud": "max_length"}),
    ],
)
async def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_stored(api, change, wrong):
    """API-2: 400 with all errors together, as problem details."""
    answer = await api.client.post(f"{BASE}/klantcontacten", json={**KLANTCONTACT, **change})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert {one["name"]: one["code"] for one in answer.json()["invalidParams"]} == wrong
    assert (await api.get("klantcontacten"))["count"] == 0


async def test_lists_have_pages_as_the_standard_has_them(api):
    for number in range(5):
        await api.post(
            "klantcontacten", {**KLANTCONTACT, "onderwerp": f"Nummer {number}", "plaatsgevondenOp": f"2026-11-2{number}T10:00:00Z"}
        )
    first = await api.get("klantcontacten", pageSize=2, kanaal="Balie")
    assert (first["count"], first["previous"]) == (5, None)
    assert [one["onderwerp"] for one in first["results"]] == ["Nummer 4", "Nummer 3"]
    second = (await api.client.get(first["next"])).json()
    third = (await api.client.get(second["next"])).json()
    assert [one["onderwerp"] for one in second["results"] + third["results"]] == ["Nummer 2", "Nummer 1", "Nummer 0"]
    assert third["next"] is None
    assert (await api.client.get(third["previous"])).json() == second
    assert (await api.get("klantcontacten", expect=404, page=4, pageSize=2))["status"] == 404
    assert (await api.get("klantcontacten", kanaal="Telefoon"))["results"] == []
    assert (await api.get("klantcontacten", onderwerp="mmer 3"))["count"] == 1


@pytest.mark.parametrize(
    ("path", "parameters", "code"),
    [
        ("klantcontacten", {"plaatsgevondenOp__gte": "2026-01-01"}, "unknown-parameters"),
        ("klantcontacten", {"expand": "alles"}, "invalid_choice"),
        ("klantcontacten", {"hadBetrokkene__uuid": "x"}, "invalid"),
        ("klantcontacten", {"page": "0"}, "invalid"),
        ("klantcontacten", {"pageSize": "501"}, "invalid"),
        ("internetaken", {"status": "klaar"}, "invalid_choice"),
        ("partijen", {"ordering": "naam"}, "unknown-parameters"),
        ("actoren", {"x": "y"}, "unknown-parameters"),
    ],
)
async def test_what_a_list_does_not_know_is_refused(api, path, parameters, code):
    found = await api.get(path, expect=400, **parameters)
    assert [one["code"] for one in found["invalidParams"]] == [code]


async def test_turns_of_a_conversation(api, talks):
    talk = await talks.of(
        None, *asked_and_answered("paspoort"), ev.HumanAsked("kcc", "request"), ev.Claimed(ANJA), ev.Noted(ANJA, "belde eerder")
    )
    found = (await api.client.get(f"/gesprekken/v1/{talk.id}/beurten", params={"pageSize": 4})).json()
    assert found["count"] == talk.pos
    assert [turn["pos"] for turn in found["results"]] == [1, 2, 3, 4]
    rest = (await api.client.get(found["next"])).json()["results"]
    assert [turn["note"] for turn in rest] == [False, True]
    shown = (await api.client.get(f"/gesprekken/v1/{talk.id}")).json()
    assert [(one["soort"], one["naam"]) for one in shown["deelnemers"]] == [
        ("inwoner", "U"), ("assistent", "Digitale assistent"), ("medewerker", "Anja")
    ]  # fmt: skip
    assert len(shown["klantcontacten"]) == 1
    for wrong in (uuid4(), "x", f"{talk.id}x"):
        assert (await api.client.get(f"/gesprekken/v1/{wrong}/beurten")).status_code == 404


# Who may, and what is written down


async def test_who_has_no_token_or_not_the_right_one(api):
    """A token without the scope: 403; none or an ended one: 401 (SEC-14: denials are on record)."""
    path = f"{BASE}/klantcontacten"
    reading, ended = await api.token("klantinteracties:lezen"), await api.token(days=1)
    for header in ({"Authorization": ""}, {"Authorization": "Token x"}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer a.b.c"}):
        answer = await api.client.get(path, headers=header)
        assert (answer.status_code, answer.json()["code"]) in ((401, "not_authenticated"), (401, "authentication_failed"))
    assert (await api.client.get(path, headers=reading)).status_code == 200
    assert (await api.client.post(path, headers=reading, json=KLANTCONTACT)).status_code == 403
    assert (await api.client.get(f"/gesprekken/v1/{uuid4()}/beurten", headers=reading)).status_code == 403
    assert (await api.client.get(path, headers=ended)).status_code == 200
    row = (await api.tokens.everything())[0]
    for token in await api.tokens.everything():
        await api.tokens.revoke(token["name"], api.now)
    assert (await api.client.get(path)).status_code == 401
    denied = [line for line in await api.store.rows(tables.audit.select()) if line["result"] == "denied"]
    assert [line["action"] for line in denied] == ["api.post", "api.get"]
    assert row["token_hash"]
    assert ended["Authorization"].split()[1] not in str(await api.store.rows(tables.api_token.select()))


async def test_a_resident_sees_their_own_and_nobody_elses(api, talks):
    """SEC-14: another person's record is not there."""
    from tests.stack import site

    def header() -> dict[str, str]:
        return {"Authorization": f"Bearer {site.token(api.url, 'fatma')}"}

    await api.client.get(f"{BASE}/klantcontacten", headers=header())  # the person is known from now on
    [row] = await api.store.rows(tables.identity.select())
    fatma = ev.Identity(row["person_id"], "digid", api.now)
    mine = await talks.of(fatma, *asked_and_answered("paspoort", callback={"phone": "+31612345678"}))
    other = await talks.of(await known(api.store, "joris"), *asked_and_answered("woz", callback={"phone": "+31687654321"}))
    for path, count in (("klantcontacten", 1), ("betrokkenen", 1), ("internetaken", 1), ("digitaleadressen", 1), ("partijen", 1),
                        ("onderwerpobjecten", 1), ("bijlagen", 1), ("partij-identificatoren", 0)):  # fmt: skip
        assert (await api.client.get(f"{BASE}/{path}", headers=header())).json()["count"] == count, path
        everything = (await api.get(path))["results"]
        for one in everything:
            theirs = (await api.client.get(one["url"], headers=header())).status_code
            assert theirs in (200, 404)
        assert sum([(await api.client.get(one["url"], headers=header())).status_code == 200 for one in everything]) == count, path
    assert (await api.client.get(f"/gesprekken/v1/{mine.id}/beurten", headers=header())).status_code == 200
    assert (await api.client.get(f"/gesprekken/v1/{other.id}/beurten", headers=header())).status_code == 404
    assert (await api.client.post(f"{BASE}/klantcontacten", headers=header(), json=KLANTCONTACT)).status_code == 403
    used = header()
    assert (await api.client.get(f"{BASE}/klantcontacten", headers=used)).status_code == 200
    assert (await api.client.get(f"{BASE}/klantcontacten", headers=used)).status_code == 401


async def test_every_reading_is_written_down_by_whose_data_it_was(api, talks):
    """Logboek Dataverwerkingen: one record a person, in the caller's trace, without who read it; that is in the audit log."""
    fatma = await known(api.store, "fatma")
    await talks.of(fatma, *asked_and_answered("paspoort"))
    await talks.of(await known(api.store, "joris"), *asked_and_answered("woz"))
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    await api.client.get(f"{BASE}/klantcontacten", headers={"traceparent": f"00-{trace}-{parent}-01"})
    records = await api.store.rows(tables.processing.select())
    assert {(one["trace_id"], one["parent_operation_id"], one["name"], one["status"]) for one in records} == {
        (trace, parent, "klantcontacten.lijst", "Ok")
    }
    people = {api.store.vault.decrypt(one["subject"], "processing") for one in records}
    assert len(records) == len(people) == 2
    assert str(fatma.person) in people
    assert all(one["activity_id"] == "urn:wegwijs:verwerking:klantcontacten" for one in records)
    [line] = await api.store.rows(tables.audit.select())
    assert (line["action"], line["result"], line["actor"].split(":")[0]) == ("klantcontacten.lijst", "ok", "token")
    await api.client.get(f"{BASE}/klantcontacten?referentienummer=1", headers={"traceparent": "nonsense"})
    last = (await api.store.rows(tables.processing.select()))[-1]
    assert (last["subject"], last["parent_operation_id"]) == (None, None)
    assert last["trace_id"] not in ("", trace)


async def test_a_number_in_a_query_is_in_no_log(api):
    """PRV-4: the standard puts the BSN into the query; it stays out of what is written down."""
    await api.get("partijen", partijIdentificator__objectId="123456782")
    for table in (tables.audit, tables.processing):
        assert "123456782" not in str(await api.store.rows(table.select()))


async def test_answers_carry_what_the_rules_ask_for(api):
    """API-1, API-2: version, problem details, no trailing slash, methods, an OpenAPI file with a contact at a fixed place."""
    answer = await api.client.get(f"{BASE}/klantcontacten")
    assert answer.headers["API-version"] == "0.9.0"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for path, method, status in (
        (f"{BASE}/klantcontacten/", "GET", 404),
        (f"{BASE}/klantcontacten", "DELETE", 405),
        (f"{BASE}/x", "GET", 404),
    ):
        wrong = await api.client.request(method, path)
        assert (wrong.status_code, wrong.headers["content-type"]) == (status, "application/problem+json")
        assert {"type", "code", "title", "status", "detail", "instance"} <= wrong.json().keys()
    described = (await api.client.get(f"{BASE}/openapi.json", headers={"Authorization": ""})).json()
    assert described["openapi"] == "3.0.3"
    assert described["info"]["contact"]
    assert {path for path in described["paths"] if path.count("/") == 1} == {
        "/klantcontacten", "/betrokkenen", "/bijlagen", "/onderwerpobjecten", "/internetaken", "/partijen", "/partij-identificatoren",
        "/digitaleadressen", "/actoren", "/maak-klantcontact",
    }  # fmt: skip
    assert (await api.client.get("/gesprekken/v1/openapi.json")).json()["info"]["version"] == "1.0.0"
    answer = await api.client.post(f"{BASE}/klantcontacten", content="{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


async def test_step_of_a_recording_is_given_to_whoever_stores_something_beside_it(api):
    """A register's outbox sees contact moments of other channels too."""
    seen = []
    api.performer.beside = lambda step: seen.append(step.segments[0].reference) or []
    made = await api.post("klantcontacten", KLANTCONTACT)
    assert seen == [made["referentienummer"]]


async def test_pages_of_sites_that_we_know_may_call_it_and_no_others(api):
    """API-2, SEC-12: CORS by an allow-list."""
    from tests.stack.site import ISSUER

    path = f"{BASE}/klantcontacten"
    answer = await api.client.get(path, headers={"Origin": ISSUER})
    assert (answer.headers["Access-Control-Allow-Origin"], answer.headers["Vary"]) == (ISSUER, "Origin")
    asked = await api.client.options(path, headers={"Origin": ISSUER, "Access-Control-Request-Method": "GET"})
    assert asked.status_code == 204
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    for answer in (await api.client.get(path, headers={"Origin": "https://other.example"}), await api.client.get(path)):
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert (await api.client.options(path, headers={"Origin": "https://other.example"})).status_code == 405
