"""What comes in from outside: addresses, origins, frames. What never goes out: what a button does."""

import json
from types import SimpleNamespace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sanic.compat import Header

from handover.channels import connection
from handover.channels.connection import BadFrame, Bucket, id_of
from handover.channels.console.messages import FromStaff, from_staff
from handover.channels.limits import Budget, client_address
from handover.channels.pages import allowed_origin
from handover.channels.web import messages as web
from handover.channels.wire import encode, moment, turn_for_resident, turn_for_staff
from handover.conversation.conversation import Turn
from handover.settings import read_settings

TRUSTED = read_settings({"WEGWIJS_TRUSTED_PROXIES": "10.0.0.0/8 2001:db8::/32"}).trusted_proxies


def request(peer: str, *forwarded: str):
    return SimpleNamespace(ip=peer, headers=Header([("x-forwarded-for", value) for value in forwarded]))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),  # forged by the client itself
        ("10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("1.2.3.4, 198.51.100.1",), "198.51.100.1"),  # what stood there before the proxy is the client's word
        ("10.0.0.1", ("1.2.3.4", "198.51.100.1"), "198.51.100.1"),  # in two headers
        ("10.0.0.1", ("198.51.100.1, 10.9.9.9",), "198.51.100.1"),  # two of our own in a row
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("10.0.0.2",), "10.0.0.2"),
        ("2001:db8::1", ("2001:db9::5",), "2001:db9::5"),
        ("127.0.0.1", ("198.51.100.1",), "127.0.0.1"),  # loopback is no proxy unless it is named
    ],
)
def test_forwarded_addresses_are_believed_from_trusted_proxies_only(peer, forwarded, address):
    """SEC-16."""
    assert client_address(request(peer, *forwarded), TRUSTED) == address


def test_without_trusted_proxies_nobody_is_believed():
    assert client_address(request("10.0.0.1", "198.51.100.1"), ()) == "10.0.0.1"


@pytest.fixture
def clock(monkeypatch):
    passed = [0.0]
    monkeypatch.setattr(connection.time, "monotonic", lambda: passed[0])
    return passed


def test_a_bucket_holds_a_burst_and_fills_up_again(clock):
    bucket = Bucket(burst=2, per_second=0.5)
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    clock[0] += 2
    assert [bucket.take() for _ in range(2)] == [True, False]
    clock[0] += 1000
    assert [bucket.take() for _ in range(3)] == [True, True, False]


async def test_each_address_has_a_budget_and_the_memory_is_bounded(clock, monkeypatch):
    budget = Budget("starts", burst=1, per_second=0)
    monkeypatch.setattr(budget, "AT_MOST", 3)
    assert [await budget.take(f"203.0.113.{last}") for last in (7, 7, 8)] == [True, False, True]
    for number in range(10):
        await budget.take(f"198.51.100.{number}")
    assert len(budget._buckets) == 3


ALLOWED = frozenset({"https://www.gemeente.nl", "http://localhost:8080", "https://chat.gemeente.nl:8443"})


@pytest.mark.parametrize("origin", [*sorted(ALLOWED), "https://www.gemeente.nl:443", "HTTPS://WWW.Gemeente.NL"])
def test_our_own_origins(origin):
    assert allowed_origin(origin, ALLOWED)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://www.gemeente.nl",
        "https://gemeente.nl",
        "https://www.gemeente.nl.evil.example",
        "https://evil-www.gemeente.nl",
        "https://wwwXgemeente.nl",
        "https://www.gemeente.nl@evil.example",
        "https://evil.example/https://www.gemeente.nl",
        "https://evil.example#https://www.gemeente.nl",
        "https://evil.example?https://www.gemeente.nl",
        "https://www.gemeente.nl/",
        "https://www.gemeente.nl.",
        "https://www.gemeente.nl:444",
        "https://www.gemeente.nl:443:443",
        "https://www.gemeente.nl:99999",
        "https://www.gemeente.nl, https://evil.example",
        "https://chat.gemeente.nl",
        "http://localhost",
        "http://localhost:80",
        "http://127.0.0.1:8080",
        "https://www.gem\u0435ente.nl",  # a Cyrillic letter
        "https://xn--www.gemeente.nl",
        "wss://www.gemeente.nl",
        "file://",
        "https://[www.gemeente.nl",
        "https://www.gemeente.nl\n",
    ],
)
def test_what_only_looks_like_it(origin):
    """SEC-5."""
    assert not allowed_origin(origin, ALLOWED)


# Frames


ID = str(uuid4())


@pytest.mark.parametrize(
    ("frame", "id"),
    [
        ("", None),
        ("geen json", None),
        ("[]", None),
        ("null", None),
        ('"hello"', None),
        ("{}", None),
        ('{"type": "restart"}', None),
        (f'{{"type": "message", "id": "{ID}"}}', ID),
        (f'{{"type": "message", "id": "{ID}", "text": ""}}', ID),
        (f'{{"type": "message", "id": "{ID}", "text": 5}}', ID),
        ('{"type": "message", "id": "1", "text": "Hallo"}', None),
        ('{"type": "message", "text": "Hallo"}', None),
        (f'{{"type": "rate", "id": "{ID}", "score": 6}}', ID),
        (f'{{"type": "rate", "id": "{ID}", "score": "5"}}', ID),
        (f'{{"type": "choose", "id": "{ID}", "turn": -1, "choice": "a"}}', ID),
        (f'{{"type": "language", "id": "{ID}", "language": "de"}}', ID),
        ('{"type": "hello", "after": -1}', None),
        ('{"type": "typing", "on": "yes"}', None),
        ("[" * 50_000, None),
        ('{"type": "message", "text": "\\ud800"', None),
    ],
)
def test_a_frame_that_is_wrong_is_a_bad_frame_with_its_id_if_it_has_one(frame, id):
    with pytest.raises(BadFrame) as wrong:
        web.from_resident(frame)
    assert (wrong.value.code, wrong.value.id) == ("bad_frame", id)


@given(st.text() | st.dictionaries(st.text(), st.none() | st.integers() | st.text()).map(json.dumps))
def test_no_frame_does_anything_but_decode_or_be_refused(frame):
    id_of(frame)
    for decode in (web.from_resident, from_staff):
        try:
            decode(frame)
        except BadFrame:
            continue


def test_unknown_fields_are_ignored():
    found = web.from_resident(f'{{"type": "message", "id": "{ID}", "text": "Hallo", "payload": "/restart"}}')
    assert found.text == "Hallo"


def test_every_frame_of_the_protocol_is_known():
    """protocol.md sections 4 and 5, and what docs add to them."""
    tags = {frame.__struct_config__.tag for frame in web.FromResident.__args__}
    assert tags == {"hello", "message", "choose", "human", "leave", "typing", "language", "rate", "close", "call", "code"}
    tags = {frame.__struct_config__.tag for frame in FromStaff.__args__}
    assert tags >= {"presence", "open", "claim", "reply", "note", "transfer", "return", "close", "typing", "callbacks"}


def test_what_residents_write_is_masked_and_bounded_before_anything_else():
    """PRV-3."""
    assert web.checked("Mijn BSN is 123456782", uuid4()) == "Mijn BSN is [BSN verwijderd]"
    assert web.checked("\u200b\x00", uuid4()) == "…"
    assert len(web.checked("x" * 2000, uuid4())) == 2000
    with pytest.raises(BadFrame) as wrong:
        web.checked("x" * 2001, ID)
    assert (wrong.value.code, wrong.value.id) == ("too_long", ID)


# Out


def turn(now, **rest) -> Turn:
    data = {
        "id": ID,
        "choices": [{"id": "2-1", "label": "Terugbellen", "do": {"intent": "callback", "entities": {"geheim": 1}}}],
        "link": {"url": "https://x.example", "title": "X"},
        "understanding": {"intent": {"name": "vraag", "confidence": 0.9}},
        "confidence": 0.8,
        "author_id": "geheim",
        "reason": "geheim",
        "opens_at": "geheim",
    }
    return Turn(
        **{"pos": 4, "seq": 2, "author": "bot", "name": "Assistent", "text": "Hallo", "at": now, "language": "nl", "data": data, **rest}
    )


def test_what_a_button_does_never_leaves(now):
    for frame in (turn_for_resident(turn(now)), turn_for_staff(turn(now))):
        sent = encode(frame)
        assert "geheim" not in sent
        assert '"do"' not in sent
        assert frame["choices"] == [{"id": "2-1", "label": "Terugbellen"}]


def test_what_residents_and_what_staff_see(now):
    shown = turn_for_resident(turn(now, kind="answer", topic="paspoort", aspect="kosten"))
    assert set(shown) == {"seq", "from", "name", "text", "at", "language", "id", "choices", "kind", "topic", "aspect", "link"}
    assert shown["at"] == "2026-11-24T09:00:00.000Z"
    seen = turn_for_staff(turn(now, seq=None, note=True))
    assert (seen["pos"], seen["seq"], seen["note"], seen["suppressed"]) == (4, None, True, False)
    assert {"understanding", "confidence"} <= set(seen)


def test_prv3_staff_are_told_of_special_data_in_what_a_resident_says(now):
    said = turn(now, author="resident", text="Mijn moeder is dement en mijn broer zit vast.")
    assert turn_for_staff(said)["special"] == ["health", "criminal"]
    assert "special" not in turn_for_resident(said)
    assert "special" not in turn_for_staff(turn(now, author="staff", text="Uw moeder is dement."))


def test_frames_are_text_and_moments_are_utc(now):
    assert encode({"a": "é"}) == '{"a":"é"}'
    assert moment(None) is None
