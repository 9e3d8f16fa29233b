"""Who of the staff is there: a heartbeat of every console, kept in the database so that every process knows it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from handover.conversation.states import STAFF_SILENCE
from handover.history.store import Store

Status = Literal["available", "away", "offline"]
SAVE_EVERY = STAFF_SILENCE / 6  # a heartbeat that changes nothing is written down this often


@dataclass(frozen=True)
class Colleague:
    staff: UUID
    name: str
    teams: tuple[str, ...]
    status: Status
    seen_at: datetime
    saved_at: datetime


class Presence:
    """What is known of everybody who was on a console since the start, or within the last minute on another process."""

    def __init__(self, store: Store, started_at: datetime) -> None:
        self._store = store
        self._started_at = started_at  # silence before this was ours, not theirs
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
        return now - (known.seen_at if known else self._started_at) >= STAFF_SILENCE

    def colleagues(self, now: datetime) -> list[Colleague]:
        """Everybody who is there, by name."""
        there = [known for known in self._colleagues.values() if known.status != "offline" and now - known.seen_at < STAFF_SILENCE]
        return sorted(there, key=lambda known: known.name)

    def available(self, now: datetime, team: str | None = None) -> list[Colleague]:
        """Who can take a conversation, of `team` or of all."""
        return [known for known in self.colleagues(now) if known.status == "available" and (team is None or team in known.teams)]
