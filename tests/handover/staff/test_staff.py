"""Accounts and their sessions, who is there, and whether anybody can be reached."""

from datetime import timedelta
from uuid import UUID, uuid4

import argon2
import pytest

from handover.bus import Alone
from handover.content.hours import AMSTERDAM
from handover.conversation.conversation import Conversation
from handover.conversation.events import HumanAsked, NobodyAvailable
from handover.conversation.states import State
from handover.staff import accounts as accounts_module
from handover.staff.accounts import ABSOLUTE, IDLE, AccountError, Accounts, Throttle, hashed
from handover.staff.desk import Desk
from handover.staff.presence import Presence

PASSWORD = "correct paard batterij"


@pytest.fixture
async def accounts(store, now, monkeypatch):
    """With Anja. The hash is as strong as it says, and cheap: these tests make many."""
    monkeypatch.setattr(accounts_module, "_hasher", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts_module._nobody.cache_clear()
    found = Accounts(store)
    await found.add("Anja", PASSWORD, "medewerker", ["KCC", "sociaal"], now)
    return found


def test_passwords_are_hashed_with_argon2id_at_no_less_than_the_recommended_cost():
    hasher = accounts_module._hasher
    assert hasher.type is argon2.Type.ID
    assert hasher.memory_cost >= 19 * 1024
    assert hasher.time_cost >= 2


async def test_logging_in_gives_a_session_of_which_only_the_hash_is_kept(accounts, store, now):
    token = await accounts.log_in(" anja ", PASSWORD, now)
    member = await accounts.member(token, now)
    assert (member.name, member.role, member.teams, member.session) == ("Anja", "medewerker", ("kcc", "sociaal"), hashed(token))
    assert (await store.staff(login="anja"))["password_hash"].startswith("$argon2id$")
    assert await accounts.member(token + "x", now) is None


@pytest.mark.parametrize(("name", "password"), [("Anja", "fout"), ("Niemand", PASSWORD), ("Anja", ""), ("", "")])
async def test_a_wrong_pair_gets_nothing(accounts, now, name, password):
    assert await accounts.log_in(name, password, now) is None


async def test_a_hash_is_checked_for_an_unknown_name_and_a_disabled_one_too(accounts, now, monkeypatch):
    """What takes the time is done every time: that is how a wrong name takes as long as a wrong password."""
    await accounts.change("anja", disabled_at=now)
    hasher, checked = accounts_module._hasher, []

    class Counting:
        hash = staticmethod(hasher.hash)

        @staticmethod
        def verify(against: str, given: str) -> bool:
            checked.append(against)
            return hasher.verify(against, given)

    monkeypatch.setattr(accounts_module, "_hasher", Counting())
    for name in ("niemand", "anja"):
        assert await accounts.log_in(name, PASSWORD, now) is None
    assert len(checked) == 2
    assert all(against.startswith("$argon2id$") for against in checked)


async def test_a_session_ends_when_it_is_idle_too_old_logged_out_or_disabled(accounts, store, now):
    token = await accounts.log_in("anja", PASSWORD, now)
    assert await accounts.member(token, now + IDLE)
    assert await accounts.member(token, now + IDLE + timedelta(seconds=1)) is None
    at = now
    while at < now + ABSOLUTE:
        at += IDLE
        await store.touch_sessions([hashed(token)], at)
    assert await accounts.member(token, now + ABSOLUTE)
    assert await accounts.member(token, now + ABSOLUTE + timedelta(seconds=1)) is None
    for end in (lambda given: accounts.log_out(hashed(given), now), lambda _: accounts.change("Anja", disabled_at=now)):
        another = await accounts.log_in("anja", PASSWORD, now)
        await end(another)
        assert await accounts.member(another, now) is None
    assert await accounts.log_in("anja", PASSWORD, now) is None


async def test_a_change_is_seen_at_once(accounts, now):
    token = await accounts.log_in("anja", PASSWORD, now)
    await accounts.change("ANJA", role="teamleider", teams=["belastingen"])
    member = await accounts.member(token, now)
    assert (member.role, member.teams) == ("teamleider", ("belastingen",))
    await accounts.change("anja", password="een heel ander")
    assert await accounts.member(token, now) is None, "whoever knew the old password is out"
    assert await accounts.log_in("anja", PASSWORD, now) is None
    assert await accounts.log_in("anja", "een heel ander", now)


@pytest.mark.parametrize(
    ("name", "password", "role", "problem"),
    [
        ("ANJA", PASSWORD, "medewerker", "there is an account 'ANJA' already"),
        (" ", PASSWORD, "medewerker", "the name should have 1 to 100 characters"),
        ("x" * 101, PASSWORD, "medewerker", "the name should have 1 to 100 characters"),
        ("Bram", "kort", "medewerker", "the password should have 8 characters at least"),
        ("Bram", PASSWORD, "baas", "the role 'baas' should be one of medewerker, teamleider, redacteur, beheerder"),
    ],
)
async def test_an_account_that_cannot_be_says_why(accounts, now, name, password, role, problem):
    with pytest.raises(AccountError, match=problem):
        await accounts.add(name, password, role, ["kcc"], now)


async def test_changing_nobody_says_so(accounts):
    with pytest.raises(AccountError, match="there is no account 'Bram'"):
        await accounts.change("Bram", role="medewerker")
    with pytest.raises(AccountError, match="8 characters at least"):
        await accounts.change("Anja", password="kort")


# Throttle


@pytest.fixture
def clock(monkeypatch):
    passed = [0.0]
    monkeypatch.setattr(accounts_module.time, "monotonic", lambda: passed[0])
    return passed


def test_too_many_failures_within_the_window_are_refused(clock):
    throttle = Throttle(most=3, window=60)
    for _ in range(3):
        assert throttle.allows("anja")
        throttle.tried("anja")
        clock[0] += 10
    assert not throttle.allows("anja")
    assert throttle.allows("bram")
    clock[0] = 60.5
    assert throttle.allows("anja")
    throttle.tried("anja")
    assert not throttle.allows("anja")


def test_many_names_do_not_fill_the_memory(clock):
    throttle = Throttle(most=3, window=60)
    for number in range(10_050):
        throttle.tried(str(number))
    assert len(throttle._tries) == 10_000


# Presence


@pytest.fixture
async def people(accounts, store, now):
    """Presence, and a function that lets somebody be seen."""
    await accounts.add("Bram", PASSWORD, "medewerker", ["sociaal"], now)
    ids = {name: (await store.staff(login=name))["id"] for name in ("anja", "bram")}
    presence = Presence(store, now)

    async def seen(name, at, status=None, teams=("kcc",)):
        return await presence.seen(ids[name], name.title(), teams, at, status)

    return presence, seen, ids


async def test_available_is_who_said_so_and_was_heard_of_within_a_minute(people, now):
    presence, seen, _ = people
    assert await seen("anja", now)  # away until she says otherwise
    assert [(one.name, one.status) for one in presence.colleagues(now)] == [("Anja", "away")]
    assert presence.available(now) == []
    assert await seen("anja", now, "available")
    assert [one.name for one in presence.available(now)] == ["Anja"]
    assert presence.available(now, "sociaal") == []
    assert presence.available(now + timedelta(seconds=59))
    assert presence.available(now + timedelta(seconds=60)) == []


async def test_a_heartbeat_keeps_the_status_and_is_no_news(people, store, now):
    presence, seen, ids = people
    await seen("anja", now, "available")
    assert not await seen("anja", now + timedelta(seconds=50))
    assert presence.available(now + timedelta(seconds=100))
    assert [(row.staff_id, row.seen_at) for row in await store.presence(now)] == [(ids["anja"], now + timedelta(seconds=50))]


async def test_who_closes_the_console_is_away_at_once_and_lost_after_a_minute(people, now):
    presence, seen, ids = people
    await seen("anja", now, "available")
    await presence.gone(ids["anja"], now)
    assert presence.colleagues(now) == []
    assert not presence.lost(ids["anja"], now + timedelta(seconds=59))
    assert presence.lost(ids["anja"], now + timedelta(seconds=60))
    await seen("anja", now + timedelta(seconds=59))
    assert not presence.lost(ids["anja"], now + timedelta(seconds=60))


async def test_our_own_restart_is_not_counted_against_anybody(store, now):
    presence = Presence(store, now)
    assert not presence.lost(uuid4(), now + timedelta(seconds=59))
    assert presence.lost(uuid4(), now + timedelta(seconds=60))


async def test_colleagues_are_listed_by_name(people, now):
    presence, seen, _ = people
    await seen("bram", now, "available", ("sociaal",))
    await seen("anja", now)
    assert [one.name for one in presence.colleagues(now)] == ["Anja", "Bram"]


# The desk


def _asking(now, topic=None, state=State.BOT) -> Conversation:
    return Conversation(
        id=UUID(int=1), reference="1", channel="web", language="nl", created_at=now, last_at=now, topic=topic, state=state
    )  # fmt: skip


async def test_the_topics_own_team_then_the_first_then_whoever_is_there(people, library, now):
    presence, seen, _ = people
    desk = Desk(library, presence, lambda: now)
    welfare = next(topic.id for topic in library.topics.values() if topic.domain == "sociaal_domein")
    assert desk.human_asked(_asking(now), "request") == NobodyAvailable("request", desk.opens_at(), True)
    await seen("bram", now, "available", ("sociaal",))
    assert desk.human_asked(_asking(now, welfare), "request", "knop", "id") == HumanAsked("sociaal", "request", "knop", "id")
    assert desk.human_asked(_asking(now), "request").team == "sociaal"  # nobody else is there
    await seen("anja", now, "available")
    assert desk.human_asked(_asking(now), "request").team == "kcc"
    assert desk.reachable()


class _Silent(Alone):
    """A bus that tells nothing."""

    shared = True


async def test_who_asks_for_a_person_is_told_what_another_process_has_stored(people, store, library, now):
    """Its news may still be on its way."""
    _, seen, _ = people
    desk = Desk(library, Presence(store, now, _Silent()), lambda: now)
    await desk.be_sure()
    assert not desk.reachable()
    await seen("anja", now, "available")
    await desk.be_sure()
    assert desk.reachable()
    await seen("anja", now, "away")
    await desk.be_sure()
    assert not desk.reachable()


async def test_outside_hours_nobody_is_reached_whoever_is_there(people, library, now):
    """BOT-7."""
    presence, seen, _ = people
    night = now.replace(hour=22)
    await seen("anja", night, "available")
    desk = Desk(library, presence, lambda: night)
    assert not desk.open()
    assert not desk.reachable()
    asked = desk.human_asked(_asking(night), "request")
    assert isinstance(asked, NobodyAvailable)
    assert not asked.open
    assert asked.opens_at.astimezone(AMSTERDAM).strftime("%a %H:%M") == "Wed 08:30"


@pytest.mark.parametrize("state", [State.WAITING, State.STAFF])
async def test_who_has_a_person_or_waits_for_one_asks_in_vain(people, library, now, state):
    presence, _, _ = people
    assert Desk(library, presence, lambda: now).human_asked(_asking(now, state=state), "request") is None
