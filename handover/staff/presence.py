"""Who of the staff is there, by the heartbeat of every console; the last one of each is kept in the database."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from handover.conversation.states import STAFF_SILENCE
from handover.history.store import Store

Status = Literal["available", "away", "offline"]
SAVE_EVERY = STAFF_SILENCE / 2  # a heartbeat that changes nothing is written down this often
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
    """What is known of everybody who was on a console since the start."""

    def __init__(self, store: Store, started_at: datetime) -> None:
        self._store = store
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
            await self._store.save_presence(staff, wanted, now)
        return changed

    async def gone(self, staff: UUID, now: datetime) -> None:
        """Their last console was closed; the minute for coming back runs from when they were last seen."""
        if known := self._colleagues.get(staff):
            self._colleagues[staff] = replace(known, status="offline")
            await self._store.save_presence(staff, "offline", known.seen_at)

    def lost(self, staff: UUID, now: datetime) -> bool:
        """Nothing was heard of this owner for a minute."""
        known = self._colleagues.get(staff)
        heard = max(known.seen_at, self._listening_since) if known else self._listening_since
        return now - heard >= STAFF_SILENCE

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
