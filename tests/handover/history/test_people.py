"""Who is known: the same person again by the same proof; nobody becomes one with somebody else by an address."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from handover.history import tables
from handover.history.people import People, Replayed, Verified
from tests.handover.conftest import MORNING


def proof(scheme="sub", value="8a3f", level="digid-midden", also=(), token=None) -> Verified:
    return Verified(scheme, value, level, token or uuid4().bytes * 2, MORNING + timedelta(minutes=5), tuple(also))


async def test_the_same_person_again(store):
    people = People(store)
    first = await people.known(proof(), MORNING)
    second = await people.known(proof(level="digid-hoog"), MORNING + timedelta(hours=1))
    other = await people.known(proof(value="other"), MORNING)
    assert second.person == first.person != other.person
    assert (second.level, second.verified_at) == ("digid-hoog", MORNING + timedelta(hours=1))
    rows = await store._dicts(tables.identity.select())
    assert {(row["scheme"], row["level"]) for row in rows} == {("sub", "digid-hoog"), ("sub", "digid-midden")}
    assert all(b"8a3f" not in row["value"] for row in rows)


async def test_a_token_counts_once_even_at_the_same_time(store):
    """SEC-13"""
    people, token = People(store), b"t" * 32
    results = await asyncio.gather(*(people.known(proof(token=token), MORNING) for _ in range(5)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Identity", *["Replayed"] * 4]
    with pytest.raises(Replayed):
        await people.known(proof(value="other", token=token), MORNING + timedelta(minutes=5))


async def test_many_proofs_of_one_new_person_at_once_make_one_person(store):
    people = People(store)
    found = await asyncio.gather(*(people.known(proof(), MORNING) for _ in range(8)))
    assert len({one.person for one in found}) == 1


async def test_a_shared_mailbox_does_not_make_two_people_one(store):
    """SEC-13: an address is nobody's proof against a stronger one."""
    people, mail = People(store), ("email", "gezin@example.nl")
    fatma = await people.known(proof(value="fatma", also=[mail]), MORNING)
    joris = await people.known(proof(value="joris", also=[mail]), MORNING)
    by_mail = await people.known(proof("email", "Gezin@Example.nl", "email"), MORNING)
    assert fatma.person != joris.person
    assert by_mail.person == fatma.person


async def test_the_citizen_number_decides_whatever_the_site_calls_them(store):
    people = People(store)
    first = await people.known(proof("bsn", "123456782", also=[("sub", "site one")]), MORNING)
    second = await people.known(proof("bsn", "123456782", also=[("sub", "site two")]), MORNING)
    by_sub = await people.known(proof("sub", "site two"), MORNING)
    assert first.person == second.person == by_sub.person


async def test_used_tokens_are_forgotten_when_they_could_not_be_used_anyway(store):
    people = People(store)
    await people.known(proof(), MORNING)
    await people.known(proof(), MORNING + timedelta(minutes=6))
    assert len(await store._dicts(tables.used_token.select())) == 1
