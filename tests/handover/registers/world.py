"""An outbox, a sender and the fake register, with a clock that only the test moves."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID, uuid4

from handover.history import outbox as outbox_module
from handover.history.outbox import Outbox, RegisterActors, RegisterLinks, item
from handover.history.store import Store
from handover.registers.open_klant.client import Client
from handover.registers.open_klant.register import OpenKlant
from handover.registers.open_klant.rules import Rules
from handover.registers.register import Callback, Contact, Employee
from handover.registers.sender import Sender
from tests.handover.registers.fake import TOKEN, FakeOpenKlant

ANJA = Employee(UUID(int=1), "Anja", "anja@lindewaard.example")
RULES = Rules(assistant="wegwijs-lindewaard", team_names={"kcc": "Klantcontactcentrum", "belastingen": "Belastingen"})
BSN = "111222333"  # passes the eleven-test, and is nobody's


class World:
    def __init__(self, store: Store, database: str, now: datetime, rules: Rules = RULES, fake: FakeOpenKlant | None = None) -> None:
        self.store, self.database, self.now, self.rules = store, database, now, rules
        self.fake = fake or FakeOpenKlant()
        self.url, self.token, self.transport = "http://register.example", TOKEN, self.fake.transport()
        self.contacts: dict[UUID, Contact] = {}
        self._numbers = count(10_000_001)
        self._references = count(99_000_001)
        self._opened: list[tuple[Outbox, Client]] = []
        self.crossing: Callable[[str], None] = lambda _where: None  # called before everything that is kept
        self.start()

    def start(self, seed: int = 0) -> None:
        """A new process: what was in memory is gone, what was stored is there."""
        self.outbox = Outbox(self.store, self.database)
        self.client = Client(self.url, self.token, self.transport)
        self.links = _Crossed(RegisterLinks(self.store, "open_klant", lambda: self.now), lambda where: self.crossing(where))
        self.actors = RegisterActors(self.outbox, "open_klant")
        self.register = OpenKlant(self.client, self.rules, self.links, self.actors, self.new_reference, self.bsn_of)
        self.sender = Sender(self.outbox, self.register, self.contact_of, lambda: self.now, Random(seed))
        self._opened.append((self.outbox, self.client))

    async def restart(self) -> None:
        await self.stop()
        self.start()

    async def stop(self) -> None:
        for outbox, client in self._opened:
            await outbox.close()
            await client.close()
        self._opened.clear()

    async def new_reference(self) -> str:
        return str(next(self._references)).zfill(10)

    async def bsn_of(self, _person: UUID) -> str | None:
        return BSN

    async def contact_of(self, segment: UUID) -> Contact | None:
        return self.contacts.get(segment)

    # What happens here

    def contact(self, conversation: UUID | None = None, number: int = 1, **values: Any) -> Contact:
        """Closed, answered by the assistant, unless the values say otherwise."""
        given = {
            "id": uuid4(), "conversation": conversation or uuid4(), "number": number, "reference": str(next(self._numbers)).zfill(10),
            "channel": "web", "language": "nl", "subject": "paspoort", "topic": "paspoort",
            "upl_uri": "http://standaarden.overheid.nl/owms/terms/paspoort", "started_at": self.now,
            "ended_at": self.now + timedelta(minutes=4), "question": "Wat kost een paspoort?",
            "summary": "Vraag over de kosten van een paspoort. Beantwoord.", "answer": "Een paspoort kost € 83,87.", "turns": 4,
            "end_reason": "resident",
        }  # fmt: skip
        return self.keep(Contact(**{**given, **values}))

    def keep(self, contact: Contact) -> Contact:
        self.contacts[contact.id] = contact
        return contact

    def change(self, contact: Contact, **values: Any) -> Contact:
        return self.keep(replace(self.contacts[contact.id], **values))

    async def tells(self, contact: Contact, kind: str = "klantcontact") -> None:
        """An item for the register, as the step that causes it stores it."""
        await self.store.write(item(contact.conversation, contact.number, contact.id, kind, self.now))

    async def closes(self, *contacts: Contact) -> None:
        for contact in contacts:
            await self.tells(contact)

    # What the sender does

    async def work(self, senders: int = 1) -> None:
        """As long as something is due now."""
        await asyncio.gather(*(self.sender.work() for _ in range(senders)))

    async def drain(self, rounds: int = 400, senders: int = 2) -> None:
        """Until nothing waits that is not parked or behind something parked; time goes by meanwhile."""
        for _ in range(rounds):
            await self.work(senders)
            standing = await self.outbox.standing()
            if standing.oldest is None:
                return
            self.now += timedelta(seconds=20)
        raise AssertionError(f"still waiting after {rounds} rounds: {standing}")

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)

    async def states(self) -> list[str]:
        return [row.state for row in await self.rows()]

    async def rows(self) -> list[Any]:
        async with self.store.reading() as connection:
            return list(await connection.execute(outbox_module.tables.outbox.select().order_by(outbox_module.tables.outbox.c.id)))

    async def link(self, local_type: str, contact: Contact) -> Any:
        return await self.links.get(local_type, str(contact.id))


class _Crossed:
    """Links that tell when something is about to be kept."""

    def __init__(self, links: RegisterLinks, crossing: Callable[[str], None]) -> None:
        self._links, self._crossing = links, crossing

    async def put(self, local_type: str, local_id: str, **values: Any) -> None:
        self._crossing(local_type)
        await self._links.put(local_type, local_id, **values)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        found: Callable[..., Awaitable[Any]] = getattr(self._links, name)
        return found


def callback(**values: Any) -> Callback:
    given = {"id": uuid4(), "team": "kcc", "phone": "+31612345678", "name": "Fatma Yilmaz", "window": "na 17.00 uur",
             "note": "Wil weten of het met spoed kan."}  # fmt: skip
    return Callback(**{**given, **values})
