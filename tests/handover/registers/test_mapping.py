"""Bodies: what is in them, how long it may be, and that they are what the published schema asks."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from handover.registers.open_klant import mapping
from handover.registers.open_klant.mapping import Limits, limits_of
from handover.registers.open_klant.rules import Rules
from handover.registers.register import Callback, Contact, Employee

STANDARD = "WEGWIJS_TEST_STANDARD"
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ID = UUID("018f4f2a-0000-7000-8000-000000000001")
RULES = Rules(team_names={"kcc": "Klantcontactcentrum"}, departments={"kcc": "KCC"}, channels={"web": "Webchat"})
TEXTS = st.text(max_size=6000)


def contact(**values: Any) -> Contact:
    given = {"id": ID, "conversation": ID, "number": 1, "reference": "1000000001", "channel": "web", "language": "nl",
             "subject": "paspoort", "started_at": AT, "ended_at": AT + timedelta(minutes=1), "person": ID}  # fmt: skip
    return Contact(**{**given, **values})


SAID, LONG = st.none() | TEXTS, "http://standaarden.overheid.nl/owms/terms/" + "x" * 300
texts = st.builds(
    contact, subject=TEXTS, summary=SAID, question=SAID, answer=SAID, end_reason=SAID, team=SAID, handed_over=st.booleans(),
    language=st.sampled_from(["nl", "en", "xx"]), channel=st.text(min_size=1, max_size=60), upl_uri=st.sampled_from([None, LONG]),
    outcome=st.sampled_from([None, "answered", "abandoned"]), turns=st.integers(0, 10**6),
)  # fmt: skip


@given(texts, st.sampled_from([Limits(), limits_of((0, 7))]))
def test_no_text_is_too_long_or_empty_whatever_was_said(one, limits):
    body = mapping.klantcontact(one, one.reference, Rules(), limits)
    for name, longest in (("kanaal", 50), ("onderwerp", 200), ("inhoud", 1000), ("reactie", limits.reactie), ("hoofdOnderwerpType", 200)):
        if name in body:
            assert 1 <= len(body[name]) <= longest, name
            assert "\x00" not in body[name]
    assert len(body["taal"]) == 3
    assert all(isinstance(value, str) and 1 <= len(value) <= limits.metadata for value in body["metadata"].values())


def test_the_newest_open_klant_only_gets_what_is_new_in_it():
    assert limits_of((0, 9)) == Limits()
    assert limits_of((1, 0)) == Limits()
    assert limits_of((0, 8)) == limits_of(None) == Limits(1000, 100, newest=False)


def test_a_long_report_is_cut_at_a_sentence():
    body = mapping.klantcontact(contact(summary="Dit is een zin. " * 100), "1", RULES, Limits())
    assert len(body["inhoud"]) <= 1000
    assert body["inhoud"].endswith("Dit is een zin.…")


@pytest.mark.parametrize(("channel", "kanaal"), [("web", "Webchat"), ("voice", "Telefoon"), ("balie", "Balie"), ("duif", "duif")])
def test_the_channel(channel, kanaal):
    assert mapping.klantcontact(contact(channel=channel), "1", RULES, Limits())["kanaal"] == kanaal


@pytest.mark.parametrize(
    ("anonymous", "extra", "registered", "full"),
    [
        ("none", {}, False, False),
        ("minimal", {}, True, False),
        ("full", {}, True, True),
        ("none", {"handed_over": True}, True, True),
        ("none", {"person": ID}, True, True),
        ("none", {"by_bot": False}, True, True),
        ("minimal", {"callbacks": (Callback(ID, None, "1"),)}, True, True),
        ("minimal", {"callbacks": (Callback(ID, None, "1", wanted=False),)}, True, False),
    ],
)
def test_who_is_not_known(anonymous, extra, registered, full):
    one, rules = contact(**{"person": None, **extra}), Rules(anonymous=anonymous)
    assert (mapping.registered(one, rules), mapping.full(one, rules)) == (registered, full)


@pytest.mark.parametrize(
    ("given", "sent"),
    [("+31612345678", "+31612345678"), ("+31 (6) 12-345 678", "+31612345678"), ("06 12345678", "0612345678"), (None, None), ("", None)],
)
def test_a_telephone_number_in_the_form_that_is_accepted(given, sent):
    assert mapping.telephone(given) == sent


def test_an_employee_by_mail_address_as_kiss_does_or_else_by_our_own_id():
    assert mapping.employee(Employee(ID, "Anja", "anja@gemeente.example"), RULES)["actoridentificator"]["codeSoortObjectId"] == "email"
    assert mapping.employee(Employee(ID, "Anja", "anja"), RULES)["actoridentificator"]["objectId"] == str(ID)


def test_ours_is_known_by_conversation_and_segment():
    found = {"metadata": {"gesprekId": str(ID), "segment": "2"}}
    assert mapping.is_ours(found, ID, 2)
    assert not mapping.is_ours(found, ID, 1)
    for nothing in (None, {}, {"metadata": None}, {"metadata": []}, [], "x"):
        assert not mapping.is_ours(nothing, ID, 2)


# Against the published description


def standard() -> dict[str, Any]:
    path = Path(os.environ.get(STANDARD, ""))
    if not path.is_file():
        pytest.skip(f"needs Open Klant's description of Klantinteracties (openapi.yaml): set {STANDARD} to its path")
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def as_written(schema: Any) -> Any:
    """What a request must be: without what the server fills in; `nullable` as a type; nothing that is not described."""
    if isinstance(schema, list):
        return [as_written(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: as_written(value) for name, value in schema.items() if name not in ("nullable", "readOnly", "discriminator")}
    properties = schema.get("properties")
    if isinstance(properties, dict):
        given_by_server = {name for name, value in properties.items() if isinstance(value, dict) and value.get("readOnly")}
        made["properties"] = {name: value for name, value in made["properties"].items() if name not in given_by_server}
        made["required"] = [name for name in schema.get("required", []) if name not in given_by_server]
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made


@pytest.fixture(scope="module")
def valid() -> Any:
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    document = as_written(standard())

    def check(name: str, body: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema_rs.validator_for({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}).validate(body)
        known = set(document["components"]["schemas"].get(name, {}).get("properties", body))
        assert set(body) <= known, set(body) - known

    return check


WANTED = Callback(ID, "kcc", "+31612345678", name="Fatma Yilmaz", window="na 17.00", note="spoed")


def test_every_body_is_what_the_standard_asks(valid):
    one = contact(summary="Vraag.", answer="Antwoord.", upl_uri="http://standaarden.overheid.nl/owms/terms/paspoort", turns=4,
                  handed_over=True, team="kcc", end_reason="staff", callbacks=(WANTED,))  # fmt: skip
    made = mapping.klantcontact(one, one.reference, RULES, Limits())
    valid("Klantcontact", made)
    valid(
        "MaakKlantcontact",
        {"klantcontact": made, "onderwerpobject": mapping.onderwerpobject(one, RULES), "betrokkene": mapping.betrokkene(one, ID)},
    )
    valid("MaakKlantcontact", {"klantcontact": made, "betrokkene": mapping.betrokkene(contact(), None)})
    valid("PatchedKlantcontact", mapping.correction(one, RULES, Limits()))
    valid("Betrokkene", {"hadKlantcontact": {"uuid": str(ID)}, **mapping.betrokkene(one, None)})
    valid("DigitaalAdres", mapping.digitaaladres("telefoonnummer", "+31612345678", ID))
    valid("InterneTaak", mapping.internetaak(WANTED, ID, [ID], "1000000002"))
    valid("Bijlage", mapping.bijlage(one, ID, RULES))
    valid("ActorKlantcontact", {"actor": {"uuid": str(ID)}, "klantcontact": {"uuid": str(ID)}})
    valid("geautomatiseerde_actor_ActorSerializer", mapping.assistant(RULES))
    valid("medewerker_ActorSerializer", mapping.employee(Employee(ID, "Anja", "anja@gemeente.example"), RULES))
    valid("organisatorische_eenheid_ActorSerializer", mapping.department("kcc", RULES))
    valid("persoon_PartijSerializer", mapping.partij("111222333"))


def test_the_check_itself_finds_what_is_wrong(valid):
    made = mapping.klantcontact(contact(), "1", RULES, Limits())
    for wrong in ({"onderwerp": "x" * 201}, {"taal": "nl_NL"}, {"vertrouwelijk": "nee"}, {"metadata": {"a": 1}}):
        with pytest.raises(Exception):  # noqa: B017, PT011  the validator's own
            valid("Klantcontact", made | wrong)
    with pytest.raises(AssertionError):
        valid("Klantcontact", made | {"iets": "anders"})


def test_every_filter_that_we_use_is_in_the_standard():
    """Unknown query parameters are refused with 400."""
    paths = standard()["paths"]
    used = {
        "/klantcontacten": {"referentienummer", "pageSize"},
        "/klantcontacten/{uuid}": {"expand"},
        "/betrokkenen": {"hadKlantcontact__uuid"},
        "/actoren": set(mapping.actor_query(mapping.assistant(RULES))),
        "/partijen": set(mapping.partij_query("1")),
        "/digitaleadressen": {"verstrektDoorBetrokkene__uuid", "page"},
        "/internetaken": {"referentienummer"},
        "/bijlagen": {"klantcontact__uuid", "bijlageidentificatorObjectId"},
    }
    for path, names in used.items():
        known = {parameter["name"] for parameter in paths[path]["get"].get("parameters", [])}
        assert names <= known, (path, names - known)
