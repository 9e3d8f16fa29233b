"""Tells Open Klant of contact moments: wires the outbox, the sender and the register, for the service and for `wegwijs register`."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx
import structlog
from sqlalchemy import select

from handover.content.hours import AMSTERDAM
from handover.conversation.conversation import Insert, Step, Update
from handover.history import tables
from handover.history.outbox import Outbox, RegisterActors, RegisterLinks, Standing, item
from handover.history.store import Store
from handover.history.told import Told, told_by
from handover.registers.open_klant import mapping
from handover.registers.open_klant.client import Client
from handover.registers.open_klant.register import FINAL, REMOVED, OpenKlant
from handover.registers.open_klant.rules import Rules
from handover.registers.register import RegisterError
from handover.registers.sender import LATE, Sender

log = structlog.get_logger()
REGISTER = "open_klant"
SENDERS = 4  # conversations at a time
CALLBACKS_EACH, NIGHTLY_EACH = timedelta(minutes=5), timedelta(hours=20)
NIGHT = range(2, 5)  # hours, Amsterdam
LOOK_BACK = timedelta(days=30)  # of the nightly comparison
SETTLED = timedelta(hours=1)  # what ended after this is still being sent
SAMPLE = 20  # contacts that are read back each night
SENT_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Reconciled:
    """`again`: contacts that the register did not have, and that are sent now; `gone`: that were removed there."""

    looked_at: int = 0
    again: int = 0
    read_back: int = 0
    gone: int = 0


class Teller:
    def __init__(
        self,
        store: Store,
        database_url: str,
        openklant: tuple[str, str],
        rules: Rules,
        team_for: Callable[[str | None], str],
        now: Callable[[], datetime],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`openklant`: its URL and a token."""
        self._store, self._rules, self.now = store, rules, now
        self.outbox = Outbox(store, database_url)
        self.links = RegisterLinks(store, REGISTER, now)
        self.told = Told(store, team_for)
        self._client = Client(*openklant, transport)
        self.register = OpenKlant(
            self._client, rules, self.links, RegisterActors(self.outbox, REGISTER), store.next_reference, self.told.bsn_of
        )
        self.sender = Sender(self.outbox, self.register, self.told.contact, now)
        self.standing = Standing()  # as it was at the last look
        self.callback_done: Callable[[], None] = lambda: None  # one was done elsewhere: consoles show it
        self._late = False

    @property
    def version(self) -> tuple[int, ...] | None:
        """Of the register's API, once it has answered."""
        return self._client.version

    async def start(self) -> None:
        """From the first start on contacts are compared; what is older was never to be sent."""
        await self.links.since("since")

    async def close(self) -> None:
        await self._client.close()
        await self.outbox.close()

    def beside(self, step: Step) -> list[Insert | Update]:
        """The outbox items of a step, for its transaction."""
        return told_by(step, self.now())

    def loops(self) -> list[tuple[Callable[[], Awaitable[None]], float]]:
        """What the service repeats, and after how many seconds. The first sender looks often, the others help when there is much."""
        senders = [(self.sender.work, 1.0 if number == 0 else 3.0) for number in range(SENDERS)]
        return [*senders, (self.watch, 15.0), (self.look_at_callbacks, 30.0), (self.look_back_at_night, 600.0)]

    async def watch(self) -> None:
        """For the metrics, and the alarm when something waits too long."""
        self.standing = await self.outbox.standing()
        late = self.standing.oldest is not None and self.now() - self.standing.oldest > LATE
        if late and not self._late:
            log.error("register.late", register=REGISTER, waiting=self.standing.waiting, condition=self.sender.condition)
        self._late = late

    def oldest_seconds(self) -> float:
        return max(0.0, (self.now() - self.standing.oldest).total_seconds()) if self.standing.oldest else 0.0

    # Call-backs: who does one, here or in the register, need not do it in the other place too

    async def look_at_callbacks(self) -> None:
        if self.sender.condition == "ok" and self.outbox.sends_here() and await self.links.turn("callbacks", CALLBACKS_EACH):
            with contextlib.suppress(RegisterError):  # the sender finds out by itself what is the matter
                await self.compare_callbacks()

    async def compare_callbacks(self) -> None:
        """Raises RegisterError."""
        for row in await self._store.callbacks(changed_since=self.now() - timedelta(days=2)):
            link = await self.links.get("internetaak", str(row["id"]))
            if link is None or link.remote is None or link.state != "te_verwerken":
                continue
            if row["status"] in ("done", "cancelled"):
                await self._tell_again(row["segment_id"], "callback")
            elif await self.register.done_elsewhere(row["id"]):
                done = {"status": "done", "changed_at": self.now(), "done_by": None}
                await self._store.write(Update("callback", row["id"], done, unless=("done", "cancelled")))
                log.info("register.callback_done", register=REGISTER, callback=str(row["id"]))
                self.callback_done()

    async def _tell_again(self, segment: UUID | None, kind: str) -> bool:
        """Adds an item, unless one of this segment waits already."""
        rows, unsent = tables.segment.c, tables.outbox.c
        async with self._store.reading() as connection:
            waiting = select(unsent.id).where(unsent.segment_id == segment, unsent.state.in_(("waiting", "parked")))
            if segment is None or await connection.scalar(waiting.limit(1)) is not None:
                return False
            found = (await connection.execute(select(rows.conversation_id, rows.number).where(rows.id == segment))).first()
        if found:
            await self.outbox.add(item(found.conversation_id, found.number, segment, kind, self.now()))
        return found is not None

    # Each night

    async def look_back_at_night(self) -> None:
        at_night = self.now().astimezone(AMSTERDAM).hour in NIGHT
        if at_night and self.sender.condition == "ok" and self.outbox.sends_here() and await self.links.turn("night", NIGHTLY_EACH):
            with contextlib.suppress(RegisterError):
                await self.reconcile()

    async def reconcile(self, random: Random | None = None) -> Reconciled:
        """Every closed segment that should be there has a link; a sample is read back. Raises RegisterError."""
        now = self.now()
        since = max(await self.links.since("since"), now - LOOK_BACK)
        segments = await self.told.closed_since(since, now - SETTLED)
        links = await self.links.of("klantcontact", [str(segment) for segment in segments])
        again = 0
        for segment in segments:
            link = links.get(str(segment))
            if link is None or link.state not in (FINAL, REMOVED):
                contact = await self.told.contact(segment)
                if contact and mapping.registered(contact, self._rules):
                    again += await self._tell_again(segment, "klantcontact")
        there = [UUID(id) for id, link in links.items() if link.state == FINAL]
        sample = (random or Random()).sample(there, min(SAMPLE, len(there)))  # noqa: S311
        gone = sum([await self.register.missing(segment) for segment in sample])
        await self.outbox.forget_sent(now - SENT_KEPT)
        done = Reconciled(len(segments), again, len(sample), gone)
        tell = log.error if again or gone else log.info
        tell("register.reconciled", register=REGISTER, looked_at=done.looked_at, again=again, read_back=done.read_back, gone=gone)
        return done

    async def drain(self, seconds: float, sleep: Callable[[float], Awaitable[Any]]) -> Standing:
        """Sends until nothing waits but what is parked or behind it, or the time is over."""
        end = self.now() + timedelta(seconds=seconds)
        await self.outbox.hasten(self.now())
        while True:
            await self.sender.work()
            standing = await self.outbox.standing()
            if standing.oldest is None or self.now() >= end or self.sender.condition in ("denied", "too_old"):
                return standing
            await sleep(0.5)
