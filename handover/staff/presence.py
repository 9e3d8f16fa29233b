"""Who of the staff is there, by the heartbeat of every console; the last one of each is kept in the database.

Several processes tell each other what they write down, and read all of it when they may have missed something.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from handover.bus import Alone, Bus
from handover.conversation.states import STAFF_SILENCE
from handover.history.store import Store, Unavailable

Status = Literal["available", "away", "offline"]
SAVE_EVERY = STAFF_SILENCE / 6  # a heartbeat that changes nothing is written down this often
NO_GAP = timedelta(seconds=10)


@dataclass(frozen=True)
class Colleague:
    staff: UUID
    name: str
    teams: tuple[str, ...]
    status: Status
    seen_at: datetime
    saved_at: datetime


class Presence:
    """What is known of everybody who was on a console since the start, on any process."""

    def __init__(
        self, store: Store, started_at: datetime, bus: Bus | None = None, here: Callable[[UUID], bool] = lambda _staff: False
    ) -> None:
        """`here`: whether somebody has a console on this process."""
        self._store, self._bus, self._here = store, bus or Alone(), here
        self._saving: set[asyncio.Task[None]] = set()
        self._bus.on("presence", self._heard)
        self._listening_since = self._ticked_at = started_at  # silence before this was ours, not theirs
        self._colleagues: dict[UUID, Colleague] = {}

    async def seen(self, staff: UUID, name: str, teams: tuple[str, ...], now: datetime, status: Status | None = None) -> bool:
        """A sign of life; with `status` also a change. True if colleagues should be told."""
        known = self._colleagues.get(staff)
        wanted = status or (known.status if known and known.status != "offline" else "away")
        changed = known is None or known.status != wanted or known.teams != teams
        save = changed or known is None or now - known.saved_at >= SAVE_EVERY
        self._colleagues[staff] = Colleague(staff, name, teams, wanted, now, now if save or not known else known.saved_at)
        if save:
            await self._save(staff)
        return changed

    async def gone(self, staff: UUID, now: datetime) -> None:
        """Their last console was closed; the minute for coming back runs from when they were last seen."""
        if known := self._colleagues.get(staff):
            self._colleagues[staff] = replace(known, status="offline")
            saving = asyncio.create_task(self._save(staff))  # a socket that closes cancels who waits here
            self._saving.add(saving)
            saving.add_done_callback(self._saving.discard)
            await asyncio.shield(saving)

    async def _save(self, staff: UUID) -> None:
        known = self._colleagues[staff]
        await self._store.save_presence(staff, known.status, known.seen_at)
        what = {"name": known.name, "teams": known.teams, "status": known.status, "seen_at": known.seen_at}
        self._bus.tell("presence", staff=staff, **what)

    def _heard(self, what: dict[str, Any]) -> Awaitable[None] | None:
        """Another process wrote down how it is with somebody."""
        staff, seen_at = UUID(what["staff"]), datetime.fromisoformat(what["seen_at"])
        return self._learn(staff, what["name"], tuple(what["teams"]), what["status"], seen_at)

    def _learn(self, staff: UUID, name: str, teams: tuple[str, ...], status: Status, seen_at: datetime) -> Awaitable[None] | None:
        known = self._colleagues.get(staff)
        if status == "offline" and known and known.status != "offline" and self._here(staff):
            return self._save(staff)  # their last console there, but not here
        if known is None or seen_at >= known.seen_at:
            self._colleagues[staff] = Colleague(staff, name, teams, status, seen_at, known.saved_at if known else seen_at)
        return None

    async def catch_up(self, now: datetime) -> None:
        """Reads what other processes wrote down while the bus could not tell."""
        for row in await self._store.presence(now - STAFF_SILENCE - SAVE_EVERY):
            known = self._colleagues.get(row.staff_id)
            if known is None or row.seen_at > known.seen_at or (row.seen_at == known.seen_at and row.status != known.status):
                waiting = self._learn(row.staff_id, row.name, tuple(row.teams), row.status, row.seen_at)
                if waiting is not None:
                    await waiting

    async def be_sure(self, now: datetime) -> None:
        """Before a resident is told whether somebody is there: news of another process may still be on its way, and stands in the store."""
        if self._bus.shared:
            with contextlib.suppress(Unavailable):  # then what is known here has to do
                await self.catch_up(now)

    def lost(self, staff: UUID, now: datetime) -> bool:
        """Nothing was heard of this owner for a minute; on another process, where not each heartbeat is told, a little more."""
        known = self._colleagues.get(staff)
        heard = max(known.seen_at, self._listening_since) if known else self._listening_since
        return now - heard >= (STAFF_SILENCE if not self._bus.shared or self._here(staff) else STAFF_SILENCE + SAVE_EVERY)

    def ticked(self, now: datetime) -> None:
        """Called twice a second. After a gap (the machine slept, the clock was set) everybody gets their minute anew."""
        if not timedelta(0) <= now - self._ticked_at <= NO_GAP:
            self._listening_since = now
        self._ticked_at = now

    def colleagues(self, now: datetime) -> list[Colleague]:
        """Everybody who is there, by name."""
        there = [known for known in self._colleagues.values() if known.status != "offline" and now - known.seen_at < STAFF_SILENCE]
        return sorted(there, key=lambda known: known.name)

    def available(self, now: datetime, team: str | None = None) -> list[Colleague]:
        """Who can take a conversation, of `team` or of all."""
        return [known for known in self.colleagues(now) if known.status == "available" and (team is None or team in known.teams)]
